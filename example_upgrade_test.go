package dashboard_test

import (
	"context"
	"fmt"

	"github.com/modular-dashboard/dashboard"
)

// shelf is a module at two points of its life.
type shelf struct{ version string }

func (s shelf) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "shelf", Version: s.version}
}

func (shelf) Routes(*dashboard.Router) error { return nil }

func (s shelf) Install(context.Context) error {
	fmt.Println("install", s.version)
	return nil
}

func (s shelf) Upgrade(_ context.Context, from string) error {
	fmt.Println("upgrade from", from, "to", s.version)
	return nil
}

var (
	_ dashboard.Installer = shelf{}
	_ dashboard.Upgrader  = shelf{}
)

// Hooks run once per fleet: one when the module is seen for the first time, the
// other when a program brings a newer version of it. A restart runs neither.
func ExampleUpgrader() {
	db := exampleDB()
	defer db.Close()
	for _, version := range []string{"1.0.0", "1.0.0", "1.1.0"} {
		fmt.Println("start", version)
		d, stop := startDemoOn(db, shelf{version})
		d.do(d.owner, "POST", "/api/v1/modules/shelf/upgrade", "")
		d.wait("/api/v1/modules/shelf", `"installed_version":"`+version+`"`)
		stop()
	}
	// Output:
	// start 1.0.0
	// install 1.0.0
	// start 1.0.0
	// start 1.1.0
	// upgrade from 1.0.0 to 1.1.0
}
