package dashboardtest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing" //nolint:depguard // it is for tests

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

// Run is the conformance test of a module: what it owes a dashboard whatever it
// does. Fresh returns a new module at each call; options may add the modules
// that it requires. Run checks that
//
//   - the manifest is constant and the module starts and becomes enabled;
//   - no endpoint answers somebody without credentials, or without its
//     permission, unless its author said Public or Authenticated;
//   - no endpoint panics or answers 500, whatever it is sent, and every panel
//     has data on an empty database;
//   - every job can be run, event streams and jobs end when the module is
//     disabled, and nothing panics on the way;
//   - it can be disabled, enabled, uninstalled, installed and purged, more than
//     once, its install hook may run again, and a purge leaves no table;
//   - nothing of it is left when the dashboard has shut down: no goroutine and
//     no open file.
//
// Endpoints are called with made-up input and jobs are run, so do not let them
// reach the world outside of the test. Run sets an error reporter of its own. It
// looks for what is left in the whole process, so no other test may run beside it:
// do not call t.Parallel.
func Run(t *testing.T, fresh func() dashboard.Module, opts ...dashboard.Option) {
	t.Helper()
	m := fresh()
	manifest := m.Manifest()
	if again := fresh().Manifest(); !reflect.DeepEqual(manifest, m.Manifest()) || !reflect.DeepEqual(manifest, again) {
		t.Fatalf("the manifest is not constant: got %+v and %+v", manifest, again)
	}
	for _, check := range []struct {
		name string
		run  func(*testing.T, *subject)
	}{
		{"closed by default", closedByDefault},
		{"senseless input", senselessInput},
		{"panels", panels},
		{"jobs and streams", jobsAndStreams},
		{"lifecycle", lifecycleTwice},
	} {
		t.Run(check.name, func(t *testing.T) {
			leaktest.Check(t)
			m, seen := fresh(), &panics{}
			s := New(t, slices.Concat([]dashboard.Option{dashboard.WithModules(m)}, opts, []dashboard.Option{dashboard.WithErrorReporter(seen)})...)
			check.run(t, &subject{Server: s, module: m, id: manifest.ID})
			seen.check(t)
		})
	}
}

// subject is a module under test.
type subject struct {
	*Server
	module dashboard.Module
	id     string
}

// panics is told of errors and keeps what the module panicked with.
type panics struct {
	mu   sync.Mutex
	list []string
}

// Report implements [dashboard.ErrorReporter].
func (p *panics) Report(_ context.Context, err error, _ ...slog.Attr) {
	if _, ok := errors.AsType[interface {
		error
		Stack() []byte
	}](err); !ok {
		return // an error that is answered 500 is found by its answer
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, err.Error())
}

// check fails t where there was a panic.
func (p *panics) check(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range slices.Compact(p.list) {
		t.Errorf("%s; the stack is in the log", text)
	}
}

// operation is an endpoint of the module, as its API document tells.
type operation struct {
	method, path string
	permission   string
	public       bool
	stream       bool
}

// operations lists the module's endpoints.
func (s *subject) operations() []operation {
	s.t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Permission string                 `json:"x-permission"`
			Security   *[]map[string][]string `json:"security"`
			Responses  map[string]struct {
				Content map[string]any
			}
		}
	}
	s.Owner().Get("/api/v1/openapi.json").Want(http.StatusOK).JSON(&doc)
	var list []operation
	for path, methods := range doc.Paths {
		if !strings.HasPrefix(path, "/api/v1/m/"+s.id+"/") {
			continue
		}
		for method, o := range methods {
			op := operation{method: strings.ToUpper(method), path: path, permission: o.Permission,
				public: o.Security != nil && len(*o.Security) == 0}
			for _, r := range o.Responses {
				_, stream := r.Content["text/event-stream"]
				op.stream = op.stream || stream
			}
			list = append(list, op)
		}
	}
	return list
}

// at is the operation's path with a value in place of each parameter.
func (o operation) at(value string) string {
	var b strings.Builder
	for rest := o.path; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			break
		}
		b.WriteString(url.PathEscape(value))
		_, rest, _ = strings.Cut(after, "}")
	}
	return b.String()
}

func closedByDefault(t *testing.T, s *subject) {
	stranger := s.As()
	for _, o := range s.operations() {
		if o.public {
			t.Logf("%s %s is public", o.method, o.path)
			continue
		}
		if a := s.Anonymous().Do(o.method, o.at("1"), nil); a.Status != http.StatusUnauthorized {
			t.Errorf("%s %s without credentials: got status %d, want 401", o.method, o.path, a.Status)
		}
		if o.permission == "" {
			t.Logf("%s %s is for everybody who is signed in", o.method, o.path)
			continue
		}
		if a := stranger.Do(o.method, o.at("1"), nil); a.Status != http.StatusNotFound && a.Status != http.StatusForbidden {
			t.Errorf("%s %s without permission %s: got status %d, want 403 or 404", o.method, o.path, o.permission, a.Status)
		}
	}
}

func senselessInput(t *testing.T, s *subject) {
	values := []string{"1", "0", "-1", "9223372036854775808", "nothing", "\u00e4 b", strings.Repeat("x", 300), "'; --", "%", "\U0001F4A5"}
	bodies := [][]byte{nil, []byte("{}"), []byte("null"), []byte("[]"), []byte("{"), []byte(`"text"`), []byte(`{"unknown":1}`)}
	for _, o := range s.operations() {
		if o.stream {
			continue // it answers for as long as it likes
		}
		for i, value := range values {
			path := o.at(value)
			if i%2 == 1 {
				path += "?limit=" + url.QueryEscape(value) + "&cursor=" + url.QueryEscape(value) + "&unknown=" + url.QueryEscape(value)
			}
			var body any
			if o.method != http.MethodGet && o.method != http.MethodDelete {
				if raw := bodies[i%len(bodies)]; raw != nil {
					body = raw
				}
			}
			if a := s.Owner().Do(o.method, path, body); a.Status == http.StatusInternalServerError {
				t.Errorf("%s %s with body %q: got %s", o.method, path, body, a.Body)
			}
		}
	}
	if state := s.State(s.id); state != "enabled" {
		t.Errorf("after senseless input the module is %s, want enabled", state)
	}
}

func panels(t *testing.T, s *subject) {
	var list struct {
		Items []struct {
			Module, ID string
			Ranges     []string
		}
	}
	s.Owner().Get("/api/v1/panels").Want(http.StatusOK).JSON(&list)
	for _, p := range list.Items {
		if p.Module != s.id {
			continue
		}
		for _, r := range append([]string{""}, p.Ranges...) {
			path := "/api/v1/m/" + p.Module + "/panels/" + p.ID
			if r != "" { // a panel without ranges knows no such parameter
				path += "?range=" + r
			}
			a := s.Owner().Get(path)
			if a.Status != http.StatusOK {
				t.Errorf("panel %s, range %q: got status %d: %s", p.ID, r, a.Status, a.Body)
			}
		}
	}
}

func lifecycleTwice(t *testing.T, s *subject) {
	for range 2 {
		s.Act(s.id, "disable", "installed")
		for _, o := range s.operations() {
			t.Errorf("a disabled module still offers %s %s", o.method, o.path)
		}
		s.Act(s.id, "enable", "enabled")
		s.Act(s.id, "disable", "installed")
		s.Act(s.id, "uninstall", "available")
		s.Act(s.id, "enable", "enabled")
	}
	if hook, ok := s.module.(dashboard.Installer); ok {
		if err := hook.Install(t.Context()); err != nil {
			t.Errorf("the install hook, run again: %v", err)
		}
	}
	s.Act(s.id, "disable", "installed")
	s.Act(s.id, "uninstall?purge=true", "available")
	for _, table := range s.tables(t) {
		t.Errorf("a purge left table %s", table)
	}
	s.Act(s.id, "enable", "enabled")
}

// tables lists the module's tables.
func (s *subject) tables(t *testing.T) []string {
	t.Helper()
	prefix := strings.ReplaceAll(s.id, "-", "_") + "__"
	rows, err := s.DB.Query(context.Background(), "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, $1) = $2", len(prefix), prefix)
	if err != nil {
		t.Fatalf("list tables: %v", err)
	}
	defer func() { _ = rows.Close() }() // Err tells
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatalf("list tables: %v", err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("list tables: %v", err)
	}
	return names
}
