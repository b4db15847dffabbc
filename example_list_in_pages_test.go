package dashboard_test

import (
	"context"
	"net/http"
	"sort"

	"github.com/modular-dashboard/dashboard"
)

var readCities = dashboard.NewPermission("city.read", "Read cities")

// CitiesIn asks for a page: the cursor is the last name of the page before.
type CitiesIn struct {
	Cursor string `query:"cursor" validate:"max=100"`
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
}

func cities(_ context.Context, in CitiesIn) (dashboard.Page[string], error) {
	all := []string{"Accra", "Bergen", "Cusco", "Dakar", "Essen"} // of a table, by an index
	first := sort.SearchStrings(all, in.Cursor)
	if first < len(all) && all[first] == in.Cursor {
		first++
	}
	page := dashboard.Page[string]{Items: all[first:min(first+in.Limit, len(all))]}
	if first+in.Limit < len(all) {
		page.NextCursor = page.Items[len(page.Items)-1]
	}
	return page, nil
}

// Lists are pages. An empty one is [], never null. The header Link of a page leads
// to the next one.
func ExamplePage() {
	d, stop := startDemo(dashboard.Func(dashboard.Manifest{
		ID: "atlas", Version: "1.0.0", Permissions: []dashboard.Permission{readCities},
	}, func(r *dashboard.Router) error {
		dashboard.Get(r, "/cities", cities, dashboard.Require(readCities))
		return nil
	}))
	defer stop()
	d.show(d.owner, http.MethodGet, "/api/v1/m/atlas/cities?limit=2", "")
	d.show(d.owner, http.MethodGet, "/api/v1/m/atlas/cities?cursor=Bergen", "")
	d.show(d.owner, http.MethodGet, "/api/v1/m/atlas/cities?cursor=Essen", "")
	// Output:
	// 200 {"items":["Accra","Bergen"],"next_cursor":"Bergen"}
	// 200 {"items":["Cusco","Dakar","Essen"]}
	// 200 {"items":[]}
}
