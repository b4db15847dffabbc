package dashboard_test

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/modular-dashboard/dashboard"
)

// Lamp is switched by people.
type Lamp struct {
	ID string `json:"id" resource:"key"`
	On bool   `json:"on" resource:"filter"`
}

// lamps is a collection of what is in memory; it could as well ask another
// service.
type lamps struct {
	mu  sync.Mutex
	all []Lamp
}

func (l *lamps) List(_ context.Context, q dashboard.Query) (dashboard.Page[Lamp], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return dashboard.PageOf(q, l.all)
}

func (l *lamps) Read(_ context.Context, id string) (Lamp, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := l.find(id); i >= 0 {
		return l.all[i], nil
	}
	return Lamp{}, dashboard.ErrNotFound
}

// Update makes lamps changeable: without it there is no PATCH.
func (l *lamps) Update(_ context.Context, id string, change func(*Lamp) error) (Lamp, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(id)
	if i < 0 {
		return Lamp{}, dashboard.ErrNotFound
	}
	lamp := l.all[i]
	if err := change(&lamp); err != nil {
		return Lamp{}, err
	}
	l.all[i] = lamp
	return lamp, nil
}

func (l *lamps) find(id string) int {
	return slices.IndexFunc(l.all, func(one Lamp) bool { return one.ID == id })
}

func (l *lamps) blink(_ context.Context, id string, _ struct{}) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(id)
	if i < 0 {
		return dashboard.ErrNotFound
	}
	if !l.all[i].On {
		return dashboard.Errorf(http.StatusConflict, "lamp-off", "%s is off.", id)
	}
	return nil
}

// A collection is two methods, and up to three more for what else it can do.
func ExampleCollection() {
	seeLamps := dashboard.NewPermission("lamp.read", "See lamps")
	switchLamps := dashboard.NewPermission("lamp.switch", "Switch lamps")
	house := &lamps{all: []Lamp{{ID: "attic"}, {ID: "hall", On: true}, {ID: "porch"}}}
	d, stop := startDemo(dashboard.Func(dashboard.Manifest{
		ID: "house", Version: "1.0.0", Permissions: []dashboard.Permission{seeLamps, switchLamps},
	}, func(r *dashboard.Router) error {
		dashboard.Resource[Lamp](r, "lamps", house, dashboard.ReadWith(seeLamps), dashboard.WriteWith(switchLamps),
			dashboard.Without(dashboard.OpExport), dashboard.Action("blink", "Blink", house.blink))
		return nil
	}))
	defer stop()
	const lamps = "/api/v1/m/house/lamps"
	d.show(d.owner, http.MethodGet, lamps+"?filter=on%20%3D%20false&sort=-id", "")
	d.show(d.owner, http.MethodPatch, lamps+"/porch", `{"on":true}`)
	d.show(d.owner, http.MethodPost, lamps+"/actions/blink", `{"ids":["porch","attic"]}`)
	d.show(d.owner, http.MethodPost, lamps, `{"id":"cellar"}`)
	d.show(d.owner, http.MethodGet, lamps+".csv", "")
	// Output:
	// 200 {"items":[{"id":"porch","on":false},{"id":"attic","on":false}]}
	// 200 {"id":"porch","on":true}
	// 200 {"results":[{"id":"porch","ok":true},{"id":"attic","ok":false,"error":{"code":"lamp-off","detail":"attic is off."}}]}
	// 405 method-not-allowed: Use GET, HEAD here.
	// 404 not-found: There is nothing here that you may see.
}
