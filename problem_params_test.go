package dashboard_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard"
)

// Where the sentence about a field is the usual one, its values are there to say it
// in another language; a module's own sentence stands for itself.
func TestProblemsOfFieldsHaveParameters(t *testing.T) {
	t.Parallel()
	type in struct {
		Name string `json:"name" validate:"min=3"`
	}
	s := newServer(t, dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "guest", Version: "1.0.0"}, func(r *dashboard.Router) error {
		dashboard.Post(r, "/guests", func(_ context.Context, in in) (struct{}, error) {
			return struct{}{}, dashboard.Invalid(dashboard.FieldError{Pointer: "/name", Code: "min", Detail: in.Name + " is not invited"})
		}, dashboard.Authenticated())
		return nil
	})))
	for _, tt := range []struct {
		path string
		body map[string]any
		want string
	}{
		{"/api/v1/users", map[string]any{"email": "x@example.com", "password": "short"}, "too_short map[of:characters value:15]"},
		{"/api/v1/users", map[string]any{"email": "", "password": ""}, "required map[]"},
		{"/api/v1/roles", map[string]any{"name": "night", "permissions": []string{}, "inherits": []string{"ghost"}}, "unknown map[of:role value:ghost]"},
		{"/api/v1/m/guest/guests", map[string]any{"name": "ab"}, "min map[of:characters value:3]"},
		{"/api/v1/m/guest/guests", map[string]any{"name": "abc"}, "min <nil>"},
	} {
		var problem struct{ Errors []map[string]any }
		s.owner().do("POST", tt.path, tt.body).decode(&problem)
		if len(problem.Errors) == 0 {
			t.Errorf("%s: no errors", tt.path)
			continue
		}
		if got := fmt.Sprint(problem.Errors[0]["code"], " ", problem.Errors[0]["params"]); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.path, got, tt.want)
		}
	}
}

// The page says beforehand how long a password must be.
func TestPageHasMinPassword(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if a := s.owner().get("/").wantStatus(http.StatusOK); !strings.Contains(string(a.body), "minPassword&#34;:15") {
		t.Errorf("got %s", a.body)
	}
}
