package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/ratelimit"
)

// A Router collects what a module serves. It is handed to [Module].Routes and
// must not be kept. Registration calls return nothing: their errors collect and
// come back together when Routes has returned.
type Router struct {
	module     string // the id; coreModule for the dashboard's own endpoints
	declared   map[string]Permission
	binder     *bind.Binder
	permission func(name string) auth.Permission
	limits     sizes
	timeout    time.Duration // of endpoints that do not say; zero: none

	endpoints []*endpoint
	panels    []*Panel
	resources []*hostedResource
	home      *Dashboard
	limit     ratelimit.Policy
	flags     []string // of the whole module
	gating    []string // of all that is being registered
	inPanel   bool     // registering below /panels is allowed
	errs      []error
}

// sizes bound what is read and written, in bytes.
type sizes struct{ body, answer int64 }

// coreModule prefixes the dashboard's own permissions.
const coreModule = "dashboard"

func newRouter(module string, permissions []Permission, b *bind.Binder, l sizes, resolve func(string) auth.Permission) *Router {
	r := &Router{module: module, binder: b, permission: resolve, limits: l, declared: map[string]Permission{}}
	for _, p := range permissions {
		r.declared[p.name] = p
	}
	return r
}

func (r *Router) fail(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

// err returns what went wrong in all registrations.
func (r *Router) err() error { return errors.Join(r.errs...) }

func (r *Router) resolveAccess(what string, rules []access) (access, auth.Permission, bool) {
	rule, err := single(rules)
	if err != nil {
		r.fail("%s %w", what, err)
		return access{}, auth.Permission{}, false
	}
	if rule.kind != accessPermission {
		return rule, auth.Permission{}, true
	}
	if declared, ok := r.declared[rule.permission.name]; !ok || declared != rule.permission {
		r.fail("%s requires permission %q, which the manifest does not list", what, rule.permission.name)
		return access{}, auth.Permission{}, false
	}
	return rule, r.permission(r.module + "." + rule.permission.name), true
}

// Panel registers a panel. Its data is served at panels/{id} below the module's
// own path.
func (r *Router) Panel(p Panel) {
	what := fmt.Sprintf("panel %q", p.id)
	switch {
	case !isShortSlug(p.id):
		r.fail("%s: the id is not of the form [a-z][a-z0-9-]{0,39}", what)
		return
	case p.serve == nil:
		r.fail("%s has no data function", what)
		return
	}
	for _, other := range r.panels {
		if other.id == p.id {
			r.fail("%s is registered twice", what)
			return
		}
	}
	rule, _, ok := r.resolveAccess(what, p.config.access)
	if !ok {
		return
	}
	for _, key := range p.config.flags {
		if err := checkFlag(key); err != nil {
			r.fail("%s: %w", what, err)
			return
		}
	}
	if p.title == "" {
		p.title = p.id
	}
	p.access = rule
	r.panels = append(r.panels, &p)
	r.inPanel, r.gating = true, p.config.flags
	defer func() { r.inPanel, r.gating = false, nil }()
	defer r.timing(p.config.timeout)()
	path := "/panels/" + p.id
	register(r, http.MethodGet, path, p.in, p.out, p.serve,
		[]EndpointOption{accessOption{rule}, Summary("Panel " + p.title), ID("panel-" + p.id)})
	if p.submit != nil {
		p.submit(r, path, accessOption{rule})
	}
}

// Handle registers a plain handler for a pattern such as "GET /report.csv" (a
// method and a path below the module's own). What it answers is its own affair,
// so it appears in OpenAPI with its summary only.
func (r *Router) Handle(pattern string, h http.Handler, opts ...EndpointOption) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok || method == "" || h == nil {
		r.fail("handler %q: want a method, a path and a handler", pattern)
		return
	}
	register(r, method, path, nil, nil, func(w http.ResponseWriter, req *http.Request, _ *endpoint) error {
		h.ServeHTTP(w, req)
		return nil
	}, opts)
}

// reserved reports whether a module may not register below the path itself.
func reserved(path string) bool {
	return path == "/panels" || strings.HasPrefix(path, "/panels/")
}
