package dashboard_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/modular-dashboard/dashboard"
)

// report offers a table as a file. A Blob may as well be an open file or a pipe:
// its reader is closed when it has been sent.
func report(context.Context, struct{}) (dashboard.Blob, error) {
	var text strings.Builder
	rows := csv.NewWriter(&text)
	err := rows.WriteAll([][]string{{"month", "sold"}, {"January", "12"}})
	return dashboard.Blob{
		ContentType: "text/csv; charset=utf-8",
		Name:        "sales für 2026.csv",
		Size:        int64(text.Len()),
		Body:        strings.NewReader(text.String()),
	}, err
}

// An endpoint that returns a Blob sends bytes that are not JSON.
func ExampleBlob() {
	read := dashboard.NewPermission("report.read", "Read reports")
	d, stop := startDemo(dashboard.Func(dashboard.Manifest{
		ID: "sales", Version: "1.0.0", Permissions: []dashboard.Permission{read},
	}, func(r *dashboard.Router) error {
		dashboard.Get(r, "/report.csv", report, dashboard.Require(read))
		return nil
	}))
	defer stop()

	a := d.show(d.owner, "GET", "/api/v1/m/sales/report.csv", "")
	fmt.Println(a.Header().Get("Content-Type"))
	fmt.Println(a.Header().Get("Content-Disposition"))
	fmt.Println(a.Header().Get("Content-Length"))
	// Output:
	// 200 month,sold
	// January,12
	// text/csv; charset=utf-8
	// attachment; filename*=utf-8''sales%20f%C3%BCr%202026.csv
	// 22
}
