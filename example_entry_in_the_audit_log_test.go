package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/modular-dashboard/dashboard"
)

var openDoors = dashboard.NewPermission("door.open", "Open doors")

// doors must be able to say who opened which.
type doors struct{ host *dashboard.Host }

func (*doors) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "doors", Version: "1.0.0", Permissions: []dashboard.Permission{openDoors}}
}

func (m *doors) Provision(h *dashboard.Host) error {
	m.host = h
	return nil
}

func (m *doors) Routes(r *dashboard.Router) error {
	dashboard.Post(r, "/doors/{id}/open", m.open, dashboard.Require(openDoors))
	return nil
}

// Door names a door, and why it is to be opened.
type Door struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" validate:"required,max=100"`
}

func (m *doors) open(ctx context.Context, in Door) (struct{}, error) {
	return struct{}{}, m.host.Audit(ctx, "open", in.ID, map[string]string{"reason": in.Reason})
}

// What a module writes to the audit log carries the caller, the address and the
// request by itself.
func ExampleHost_Audit() {
	d, stop := startDemo(&doors{})
	defer stop()
	d.show(d.owner, "POST", "/api/v1/m/doors/doors/7/open", `{"reason":"delivery"}`)

	var log struct {
		Items []struct {
			ActorName      string `json:"actor_name"`
			Action, Target string
			Detail         map[string]string
		}
	}
	a := d.do(d.owner, "GET", "/api/v1/audit?action=doors.open", "")
	err := json.Unmarshal(a.Body.Bytes(), &log)
	fmt.Printf("%+v %v\n", log.Items, err)
	// Output:
	// 204
	// [{ActorName:ada@example.com Action:doors.open Target:7 Detail:map[reason:delivery]}] <nil>
}
