package dashboard

import (
	"bytes"
	"context"
	"flag"
	"os"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/openapi"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

var update = flag.Bool("update", false, "write generated files anew")

const apiTypes = "internal/ui/web/src/api/schema.gen.ts"

// The UI's types are generated from the same model as the API document: this
// test holds the committed file to it, and writes it anew with -update.
func TestUITypesAreCurrent(t *testing.T) {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	every := Func(Manifest{ID: "every", Version: "1.0.0"}, func(r *Router) error {
		r.Panel(Stat("stat", "", func(context.Context) (StatData, error) { return StatData{}, nil }, Authenticated()))
		r.Panel(Timeseries("timeseries", "", func(context.Context) (TimeseriesData, error) { return TimeseriesData{}, nil }, Authenticated()))
		r.Panel(Table("table", "", func(context.Context) (TableData, error) { return TableData{}, nil }, Authenticated()))
		r.Panel(Bar("bar", "", func(context.Context) (BarData, error) { return BarData{}, nil }, Authenticated()))
		r.Panel(Markdown("markdown", "", func(context.Context) (MarkdownData, error) { return MarkdownData{}, nil }, Authenticated()))
		return nil
	})
	d, err := New(db, WithModules(every))
	if err != nil {
		t.Fatal(err)
	}
	operations := d.operations(t.Context())
	r, err := d.route(d.modules["every"])
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.endpoints {
		operations = append(operations, e.operation("/api/v1/m/every", "every-"))
	}
	doc, err := openapi.Build(openapi.Info{Title: "Dashboard", Version: "1"}, operations)
	if err != nil {
		t.Fatal(err)
	}
	want := append([]byte("// Generated from the API's Go types: go test -run TestUITypesAreCurrent -update . Do not edit.\n\n"), openapi.TypeScript(doc)...)
	if *update {
		if err := os.WriteFile(apiTypes, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(apiTypes)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the Go types say: run go test -run TestUITypesAreCurrent -update .", apiTypes)
	}
}
