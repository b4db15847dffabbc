package dashboard_test

import (
	"fmt"
	"net/http"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/auth"
)

var readStatus = dashboard.NewPermission("status.read", "Read the status")

// status is written as for any other server. The request is signed in and
// allowed when it arrives; its body is bounded.
func status(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	p, _ := auth.FromContext(r.Context())
	fmt.Fprintf(w, "All is well, %s.", p.Email)
}

// A handler that is there already can stay as it is.
func ExampleRouter_Handle() {
	d, stop := startDemo(dashboard.Func(dashboard.Manifest{
		ID: "legacy", Version: "1.0.0", Permissions: []dashboard.Permission{readStatus},
	}, func(r *dashboard.Router) error {
		r.Handle("GET /status", http.HandlerFunc(status), dashboard.Require(readStatus))
		return nil
	}))
	defer stop()
	d.show(d.owner, "GET", "/api/v1/m/legacy/status", "")
	d.show("", "GET", "/api/v1/m/legacy/status", "")
	d.show(d.owner, "POST", "/api/v1/m/legacy/status", "")
	// Output:
	// 200 All is well, ada@example.com.
	// 401 unauthenticated: Sign in, or send a valid token.
	// 405 method-not-allowed: Use GET, HEAD here.
}
