package dashboardtest_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/dashboardtest"
)

// greeting is the module of the example.
func greeting() dashboard.Module {
	read := dashboard.NewPermission("greeting.read", "Read greetings")
	type out struct {
		Text string `json:"text"`
	}
	return dashboard.Func(dashboard.Manifest{ID: "hello", Version: "1.0.0", Permissions: []dashboard.Permission{read}},
		func(r *dashboard.Router) error {
			dashboard.Get(r, "/greeting", func(context.Context, struct{}) (out, error) {
				return out{Text: "Hello"}, nil
			}, dashboard.Require(read))
			return nil
		})
}

// The tests of a module: what it owes every dashboard, and what it does.
func Example() {
	TestConformance := func(t *testing.T) {
		dashboardtest.Run(t, greeting)
	}
	TestGreeting := func(t *testing.T) {
		s := dashboardtest.New(t, dashboard.WithModules(greeting()))
		var out struct{ Text string }
		s.As("hello.greeting.read").Get("/api/v1/m/hello/greeting").Want(http.StatusOK).JSON(&out)
		if out.Text != "Hello" {
			t.Errorf("got %q, want Hello", out.Text)
		}
		s.As().Get("/api/v1/m/hello/greeting").Want(http.StatusNotFound)
	}

	fmt.Println(testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{
		{Name: "TestConformance", F: TestConformance}, {Name: "TestGreeting", F: TestGreeting},
	}))
	// Output: true
}
