package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
)

// gadgets is a collection that can do what its fields say.
type gadgets[T any] struct{ items []T }

func (g gadgets[T]) List(_ context.Context, q dashboard.Query) (dashboard.Page[T], error) {
	return dashboard.PageOf(q, g.items)
}

func (g gadgets[T]) Read(context.Context, string) (item T, err error) {
	return item, dashboard.ErrNotFound
}

// deletable is a collection that also deletes.
type deletable[T any] struct{ gadgets[T] }

func (deletable[T]) Delete(context.Context, string, func(T) error) error { return nil }

type gadget struct {
	ID   string `json:"id" resource:"key"`
	Name string `json:"name" resource:"sort"`
}

func TestResourceRegistrationErrors(t *testing.T) {
	t.Parallel()
	seeIt := dashboard.NewPermission("gadget.read", "See gadgets")
	other := dashboard.NewPermission("other.read", "Not listed")
	read := dashboard.ReadWith(seeIt)
	plain := gadgets[gadget]{}
	tests := []struct {
		name   string
		routes func(r *dashboard.Router)
		want   string
	}{
		{"closed", func(r *dashboard.Router) { dashboard.Resource(r, "gadgets", plain) },
			"resource gadgets: list names neither a permission nor Authenticated nor Public"},
		{"writes closed", func(r *dashboard.Router) {
			dashboard.Resource(r, "gadgets", deletable[gadget]{}, read)
		}, "delete names neither"},
		{"action closed", func(r *dashboard.Router) {
			dashboard.Resource(r, "gadgets", plain, read, dashboard.Action("x", "", func(context.Context, string, struct{}) error { return nil }))
		}, "action x names neither"},
		{"not listed", func(r *dashboard.Router) { dashboard.Resource(r, "gadgets", plain, dashboard.ReadWith(other)) }, `"other.read", which the manifest does not list`},
		{"name", func(r *dashboard.Router) { dashboard.Resource(r, "Gadgets", plain, read) }, `resource "Gadgets": the name`},
		{"reserved", func(r *dashboard.Router) { dashboard.Resource(r, "panels", plain, read) }, "reserved"},
		{"no data", func(r *dashboard.Router) { dashboard.Resource[gadget](r, "gadgets", nil, read) }, "has no data"},
		{"twice", func(r *dashboard.Router) {
			dashboard.Resource(r, "gadgets", plain, read)
			dashboard.Resource(r, "gadgets", plain, read)
		}, "GET /gadgets is registered twice"},
		{"type", func(r *dashboard.Router) { dashboard.Resource(r, "gadgets", gadgets[note]{}, read) }, "no field is the key"},
		{"order", func(r *dashboard.Router) { dashboard.Resource(r, "gadgets", plain, read, dashboard.OrderBy("size")) }, "There is no field size to sort by"},
		{"cannot", func(r *dashboard.Router) {
			dashboard.Resource(r, "gadgets", plain, read, dashboard.Allow(dashboard.Public(), dashboard.OpDelete))
		}, "delete is allowed, but the data cannot"},
		{"action name", func(r *dashboard.Router) {
			dashboard.Resource(r, "gadgets", plain, read, dashboard.Action("delete", "", func(context.Context, string, struct{}) error { return nil }))
		}, `action "delete": the name`},
		{"create of another type", func(r *dashboard.Router) {
			dashboard.Resource(r, "gadgets", plain, read, dashboard.WriteWith(seeIt), dashboard.CreateWith(func(context.Context, none) (note, error) { return note{}, nil }))
		}, "CreateWith returns"},
		{"audit of another type", func(r *dashboard.Router) {
			dashboard.Resource(r, "gadgets", plain, read, dashboard.AuditWith(func(context.Context, *storage.Tx, dashboard.Change[note]) error { return nil }))
		}, "AuditWith has a function of another type"},
		{"nil option", func(r *dashboard.Router) { dashboard.Resource(r, "gadgets", plain, read, nil) }, "nil option"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := dashboard.New(memory(t), dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "bad", Version: "1.0.0",
				Permissions: []dashboard.Permission{seeIt}}, func(r *dashboard.Router) error { tt.routes(r); return nil })))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// The description and the API document come of the same registration.
func TestResourceDescription(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var info struct {
		Module, Name, Title, Singular, Path, Key, Label string
		SearchHint                                      string `json:"search_hint"`
		DefaultSort                                     string `json:"default_sort"`
		Search                                          bool
		May                                             struct{ Create, Update, Delete, Export bool }
		Fields                                          []struct {
			Name, Type, Title string
			List, Filter      bool
			Operators, Values []string
			ReadOnly          bool `json:"read_only"`
		}
		Actions []struct {
			Name, Confirm string
			Danger        bool
			InputSchema   json.RawMessage `json:"input_schema"`
		}
		Export []string
	}
	raw := s.owner().get("/api/v1/resources/shop/customers").wantStatus(http.StatusOK)
	raw.decode(&info)
	var schemas struct {
		Create struct{ Required []string } `json:"create_schema"`
		Update struct {
			Properties map[string]any
		} `json:"update_schema"`
	}
	raw.decode(&schemas)
	if info.Path != "api/v1/m/shop/customers" || info.Key != "id" || info.Label != "name" || info.DefaultSort != "-created_at" || !info.Search ||
		info.SearchHint != "Name, Email" || info.Singular != "Customer" || !slices.Equal(info.Export, []string{"csv", "ndjson"}) {
		t.Errorf("got %s", raw.body)
	}
	kinds := map[string]string{}
	for _, f := range info.Fields {
		kinds[f.Name] = f.Type
		switch f.Name {
		case "plan":
			if !slices.Equal(f.Values, []string{"free", "pro"}) || !slices.Equal(f.Operators, []string{"=", "!=", ":"}) {
				t.Errorf("got %+v", f)
			}
		case "orders", "created_at":
			if !f.ReadOnly {
				t.Errorf("got %+v", f)
			}
		}
	}
	if got, want := fmt.Sprint(kinds), "map[address:object balance:number blocked:boolean created_at:time email:text every:duration id:text "+
		"name:text orders:integer plan:enum referrer:text seen:time tags:list updated_at:time]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !slices.Equal(schemas.Create.Required, []string{"name", "email"}) || schemas.Update.Properties["referrer"] != nil || schemas.Update.Properties["name"] == nil {
		t.Errorf("got %+v", schemas)
	}
	if len(info.Actions) != 2 || info.Actions[0].Name != "block" || !info.Actions[0].Danger || info.Actions[0].Confirm != "Block them?" ||
		info.Actions[0].InputSchema == nil || info.Actions[1].Name != "delete" || info.Actions[1].InputSchema != nil {
		t.Errorf("got %+v", info.Actions)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		}
	}
	s.owner().get("/api/v1/openapi.json").wantStatus(http.StatusOK).decode(&doc)
	for path, methods := range map[string][]string{"": {"get", "post"}, "/{id}": {"get", "patch", "delete"}, ".csv": {"get"}, ".ndjson": {"get"},
		"/actions/block": {"post"}, "/actions/delete": {"post"}} {
		for _, method := range methods {
			if doc.Paths[customers+path][method].OperationID == "" {
				t.Errorf("%s %s is not in the API document", method, customers+path)
			}
		}
	}
}

// Without leaves a part out, and an endpoint of the module's own takes its place.
func TestResourceReplacedPart(t *testing.T) {
	t.Parallel()
	see := dashboard.NewPermission("gadget.read", "See gadgets")
	s := newServer(t, dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "lab", Version: "1.0.0", Permissions: []dashboard.Permission{see}},
		func(r *dashboard.Router) error {
			dashboard.Resource(r, "gadgets", gadgets[gadget]{items: []gadget{{ID: "1", Name: "b"}, {ID: "2", Name: "a"}}}, dashboard.ReadWith(see),
				dashboard.Without(dashboard.OpRead), dashboard.OrderBy("-name"), dashboard.Titles("Gizmo", "Gizmos"))
			dashboard.Get(r, "/gadgets/{id}", func(_ context.Context, in struct {
				ID string `path:"id"`
			}) (gadget, error) {
				return gadget{ID: in.ID, Name: "my own"}, nil
			}, dashboard.Require(see))
			return nil
		})))
	s.waitState("lab", "enabled")
	const path = "/api/v1/m/lab/gadgets"
	if got, want := string(s.owner().get(path+"/7").wantStatus(http.StatusOK).body), `{"id":"7","name":"my own"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := string(s.owner().get(path).body), `{"items":[{"id":"1","name":"b"},{"id":"2","name":"a"}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s.owner().do("POST", path, map[string]any{}).wantProblem(http.StatusMethodNotAllowed, "method-not-allowed")
	if a := s.owner().get("/api/v1/resources/lab/gadgets"); !strings.Contains(string(a.body), `"singular":"Gizmo"`) {
		t.Errorf("got %s", a.body)
	}
}
