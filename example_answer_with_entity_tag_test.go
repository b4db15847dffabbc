package dashboard_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/modular-dashboard/dashboard"
)

// Catalog is large and changes rarely, so that clients better keep it.
type Catalog struct {
	Edition int      `json:"edition"`
	Titles  []string `json:"titles"`
}

// ETag changes whenever the catalog does.
func (c Catalog) ETag() string { return fmt.Sprintf(`"%d"`, c.Edition) }

// SetHeader lets clients keep the answer, if they ask before they use it.
func (Catalog) SetHeader(h http.Header) { h.Set("Cache-Control", "private, no-cache") }

var (
	_ dashboard.ETagger      = Catalog{}
	_ dashboard.HeaderSetter = Catalog{}
)

// An answer with an entity tag is sent again only when it has changed.
func ExampleETagger() {
	read := dashboard.NewPermission("catalog.read", "Read the catalog")
	d, stop := startDemo(dashboard.Func(dashboard.Manifest{
		ID: "shop", Version: "1.0.0", Permissions: []dashboard.Permission{read},
	}, func(r *dashboard.Router) error {
		dashboard.Get(r, "/catalog", func(context.Context, struct{}) (Catalog, error) {
			return Catalog{Edition: 7, Titles: []string{"Ropes", "Sails"}}, nil
		}, dashboard.Require(read))
		return nil
	}))
	defer stop()
	const path = "/api/v1/m/shop/catalog"
	tag := d.show(d.owner, "GET", path, "").Header().Get("ETag")
	d.show(d.owner, "GET", path, "", "If-None-Match", tag)
	d.show(d.owner, "GET", path, "", "If-None-Match", `"6"`)
	// Output:
	// 200 {"edition":7,"titles":["Ropes","Sails"]}
	// 304
	// 200 {"edition":7,"titles":["Ropes","Sails"]}
}
