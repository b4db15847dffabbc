package dashboard_test

import (
	"net/http"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
)

// Plant is a row of a table, an item of the API and a form of the UI.
type Plant struct {
	ID    string `json:"id" validate:"max=20" resource:"key,createonly"`
	Name  string `json:"name" validate:"required,max=100" resource:"label,sort=default,search"`
	Light string `json:"light" validate:"oneof=sun shade" resource:"filter"`
	Water int    `json:"water" title:"Water a week" doc:"In liters." resource:"sort,filter"`
}

var (
	readPlants  = dashboard.NewPermission("plant.read", "See plants")
	writePlants = dashboard.NewPermission("plant.write", "Add, change and remove plants")
)

// garden is a module that manages one table.
type garden struct{ plants *dashboard.SQLTable[Plant] }

func (*garden) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "garden", Version: "1.0.0", Permissions: []dashboard.Permission{readPlants, writePlants}}
}

func (g *garden) Provision(h *dashboard.Host) (err error) {
	g.plants, err = dashboard.NewSQLTable[Plant](h, "plants")
	return err
}

func (g *garden) Migrations() []storage.Migration { return g.plants.Migrations() }

func (g *garden) Routes(r *dashboard.Router) error {
	dashboard.Resource(r, "plants", g.plants, dashboard.ReadWith(readPlants), dashboard.WriteWith(writePlants))
	return nil
}

// One call lists, reads, creates, changes, deletes and exports the rows of a
// table; each change is in the audit log.
func ExampleResource() {
	d, stop := startDemo(&garden{})
	defer stop()
	const plants = "/api/v1/m/garden/plants"
	d.show(d.owner, http.MethodPost, plants, `{"id":"fig","name":"Fig","light":"sun","water":7}`)
	d.show(d.owner, http.MethodPost, plants, `{"id":"fern","name":"Fern","light":"shade","water":2}`)
	d.show(d.owner, http.MethodPost, plants, `{"id":"moss","name":"Moss","light":"dark"}`)
	d.show(d.owner, http.MethodGet, plants+"?filter=water%20%3E%203%20AND%20light%20%3D%20sun", "")
	d.show(d.owner, http.MethodGet, plants+"?q=F&limit=1&sort=-water", "")
	read := d.show(d.owner, http.MethodGet, plants+"/fern", "")
	d.show(d.owner, http.MethodPatch, plants+"/fern", `{"water":3}`, "If-Match", read.Header().Get("ETag"))
	d.show(d.owner, http.MethodDelete, plants+"/fern", "", "If-Match", read.Header().Get("ETag"))
	d.show(d.owner, http.MethodPost, plants+"/actions/delete", `{"ids":["fig","rose"]}`)
	d.show(d.owner, http.MethodGet, plants+".ndjson", "")
	// Output:
	// 201 {"id":"fig","name":"Fig","light":"sun","water":7}
	// 201 {"id":"fern","name":"Fern","light":"shade","water":2}
	// 422 invalid-input: The request was understood, but some of its values cannot be accepted.
	//     /light must be one of sun, shade
	// 200 {"items":[{"id":"fig","name":"Fig","light":"sun","water":7}]}
	// 200 {"items":[{"id":"fig","name":"Fig","light":"sun","water":7}],"next_cursor":"Z71gBkqti1W8_PxyTUNx9QIJWzcsImZpZyJd"}
	// 200 {"id":"fern","name":"Fern","light":"shade","water":2}
	// 200 {"id":"fern","name":"Fern","light":"shade","water":3}
	// 412 changed-meanwhile: Someone changed this since you read it. Read it again.
	// 200 {"results":[{"id":"fig","ok":true},{"id":"rose","ok":false,"error":{"code":"not-found","detail":"There is nothing here that you may see."}}]}
	// 200 {"id":"fern","name":"Fern","light":"shade","water":3}
}
