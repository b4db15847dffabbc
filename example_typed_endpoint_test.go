package dashboard_test

import (
	"context"
	"strings"

	"github.com/modular-dashboard/dashboard"
)

var readGreetings = dashboard.NewPermission("greeting.read", "Read greetings")

// GreetingIn is filled from the path and the query, and checked, before the
// endpoint's function is called.
type GreetingIn struct {
	Name  string `path:"name" validate:"max=10"`
	Times int    `query:"times" default:"1" validate:"min=1,max=3"`
}

// Greeting is the answer, as JSON.
type Greeting struct {
	Text string `json:"text"`
}

func greet(_ context.Context, in GreetingIn) (Greeting, error) {
	return Greeting{Text: strings.Repeat("Hello ", in.Times) + in.Name}, nil
}

func greetings() dashboard.Module {
	return dashboard.Func(dashboard.Manifest{
		ID: "hello", Version: "1.0.0", Title: "Hello",
		Permissions: []dashboard.Permission{readGreetings},
	}, func(r *dashboard.Router) error {
		dashboard.Get(r, "/greetings/{name}", greet, dashboard.Require(readGreetings))
		return nil
	})
}

// A typed endpoint: what comes in and what goes out are Go types, which are
// validated and appear in the API's documentation.
func ExampleGet() {
	d, stop := startDemo(greetings())
	defer stop()
	d.show(d.owner, "GET", "/api/v1/m/hello/greetings/Ada", "")
	d.show(d.owner, "GET", "/api/v1/m/hello/greetings/Ada?times=2", "")
	d.show(d.owner, "GET", "/api/v1/m/hello/greetings/Ada?times=7", "")
	// Output:
	// 200 {"text":"Hello Ada"}
	// 200 {"text":"Hello Hello Ada"}
	// 422 invalid-input: The request was understood, but some of its values cannot be accepted.
	//     #/query/times must be at most 3
}
