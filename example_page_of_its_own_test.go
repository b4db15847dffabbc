package dashboard_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/modular-dashboard/dashboard"
)

var seeMap = dashboard.NewPermission("map.read", "See the map")

// atlas draws its own page.
type atlas struct{}

func (atlas) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "map", Version: "1.0.0", Title: "Map", Permissions: []dashboard.Permission{seeMap}}
}

func (atlas) Routes(*dashboard.Router) error { return nil }

// Assets would be a folder of an embed.FS. index.js is the module's page.
func (atlas) Assets() fs.FS {
	return fstest.MapFS{"index.js": {Data: []byte(`
export const apiVersion = 1
export function mount(el, ctx) { el.textContent = "A map." }
`)}}
}

var _ dashboard.Assets = atlas{}

// A module that wants more than panels ships an ES module, which the UI loads
// for those who hold one of the module's permissions.
func ExampleAssets() {
	d, stop := startDemo(atlas{})
	defer stop()
	a := d.do(d.owner, "GET", "/m/map/assets/index.js", "")
	fmt.Println(a.Code, a.Header().Get("Content-Type"))
	fmt.Println(strings.TrimSpace(a.Body.String()))
	d.show("", "GET", "/m/map/assets/index.js", "")
	// Output:
	// 200 text/javascript; charset=utf-8
	// export const apiVersion = 1
	// export function mount(el, ctx) { el.textContent = "A map." }
	// 401 unauthenticated: Sign in, or send a valid token.
}
