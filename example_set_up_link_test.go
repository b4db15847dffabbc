package dashboard_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"strings"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// The first account is made by whoever holds the set-up link, once. It goes to
// standard error unless somewhere safer is named.
func ExampleWithSetupLink() {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	var link string
	d, err := dashboard.New(db, dashboard.WithPublicURL("https://ops.example.com"),
		dashboard.WithSetupLink(func(s string) { link = s }),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		log.Fatal(err)
	}
	defer d.Shutdown(context.Background())
	if err := d.Start(context.Background()); err != nil {
		log.Fatal(err)
	}
	page, token, _ := strings.Cut(link, "#") // what follows # reaches no server's log
	fmt.Println(page, len(token) >= 26)

	for range 2 { // what the page of the link sends
		r := httptest.NewRequest("POST", "http://localhost/api/v1/setup", strings.NewReader(
			`{"token":"`+token+`","email":"ada@example.com","name":"Ada","password":"correct horse battery staple"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// https://ops.example.com/setup true
	// 201
	// 409
}
