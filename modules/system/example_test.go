package system_test

import (
	"fmt"
	"log"
	"os"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/modules/system"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// In a container that has the machine's /proc mounted at /host/proc, the module
// shows the machine and not the container.
func ExampleWithProc() {
	store, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	module := system.New(system.WithProc(os.DirFS("/host/proc")), system.WithCgroup(nil))
	_, err = dashboard.New(store, dashboard.WithModules(module))
	fmt.Println(module.Manifest().Title, err)
	// Output: System <nil>
}
