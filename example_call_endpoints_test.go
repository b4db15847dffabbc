package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/modular-dashboard/dashboard"
)

var askAround = dashboard.NewPermission("question.ask", "Ask around")

// concierge does for people what other modules offer, with their rights.
type concierge struct{ host *dashboard.Host }

func (c *concierge) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "concierge", Version: "1.0.0", Permissions: []dashboard.Permission{askAround}}
}

func (c *concierge) Provision(h *dashboard.Host) error {
	c.host = h
	return nil
}

func (c *concierge) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/weather", c.weather, dashboard.Require(askAround))
	return nil
}

// weather looks for the endpoint among those that the caller may call.
func (c *concierge) weather(ctx context.Context, _ struct{}) (json.RawMessage, error) {
	for _, e := range c.host.Endpoints(ctx) {
		if e.Module != "weather" || e.Writes {
			continue
		}
		fmt.Println(e.Method, e.Path, string(e.Arguments))
		answer, err := c.host.Call(ctx, e, json.RawMessage(`{"city":"Łódź"}`))
		return answer.Body, err
	}
	return nil, dashboard.Errorf(404, "no-weather", "Nobody tells you the weather.")
}

// A module calls the endpoints of others on behalf of who asks it.
func ExampleHost_Call() {
	read := dashboard.NewPermission("forecast.read", "Read forecasts")
	type in struct {
		City string `path:"city"`
	}
	weather := dashboard.Func(dashboard.Manifest{ID: "weather", Version: "1.0.0", Permissions: []dashboard.Permission{read}},
		func(r *dashboard.Router) error {
			dashboard.Get(r, "/forecasts/{city}", func(_ context.Context, in in) (string, error) {
				return "Sunny in " + in.City, nil
			}, dashboard.Require(read))
			return nil
		})
	d, stop := startDemo(&concierge{}, weather)
	defer stop()
	d.show(d.owner, "GET", "/api/v1/m/concierge/weather", "")
	// Output:
	// GET /forecasts/{city} {"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}
	// 200 "Sunny in Łódź"
}
