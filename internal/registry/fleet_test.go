package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// journal notes what hooks did.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, ", ")
}

func (j *journal) count(line string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, l := range j.lines {
		if l == line {
			n++
		}
	}
	return n
}

// unit is a module whose hooks note their calls and do nothing else.
func (j *journal) unit(id, version string, needs ...string) registry.Unit {
	note := func(what string) func(context.Context) error {
		return func(context.Context) error { j.add("%s %s", what, id); return nil }
	}
	u := registry.Unit{
		Manifest: lifecycle.Manifest{ID: id, Version: version},
		Install:  note("install"),
		Upgrade: func(_ context.Context, from string) error {
			j.add("upgrade %s from %s to %s", id, from, version)
			return nil
		},
		Uninstall: func(_ context.Context, purge bool) error { j.add("uninstall %s %v", id, purge); return nil },
		Purge: func(ctx context.Context, tx *storage.Tx) error {
			j.add("purge %s", id)
			return nil
		},
		Enable:  note("enable"),
		Drain:   note("drain"),
		Disable: note("disable"),
	}
	for _, n := range needs {
		q := lifecycle.Requirement{}
		q.ID, q.Optional = strings.CutPrefix(n, "?")
		q.ID, q.Constraint, _ = strings.Cut(q.ID, " ")
		u.Manifest.Requires = append(u.Manifest.Requires, q)
	}
	return u
}

func openMemory(t *testing.T) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// testLog shows what the registry logged when the test fails.
func testLog(t *testing.T) *slog.Logger {
	var mu sync.Mutex
	var b bytes.Buffer
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		if t.Failed() {
			t.Log(b.String())
		}
	})
	return slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return b.Write(p)
	}), nil))
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

var _ io.Writer = writer(nil)

type options = registry.Options

// start returns a running registry that is stopped when the test ends.
func start(t *testing.T, db *storage.DB, o options, units ...registry.Unit) *registry.Registry {
	t.Helper()
	r := startOnly(t, db, o, units...)
	t.Cleanup(func() { stop(t, r) })
	return r
}

// startOnly leaves stopping to the test.
func startOnly(t *testing.T, db *storage.DB, o options, units ...registry.Unit) *registry.Registry {
	t.Helper()
	if o.Log == nil {
		o.Log = testLog(t)
	}
	if o.InstanceID == "" {
		o.InstanceID = "i1"
	}
	r, err := registry.New(db, nil, storage.NewLocker(db), units, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

func stop(t *testing.T, r *registry.Registry) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func settle(t *testing.T, rs ...*registry.Registry) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, r := range rs {
		if err := r.Settle(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// act asks for an operation, as "uninstall! billing" for one with cascade.
func act(t *testing.T, r *registry.Registry, op lifecycle.Op, id string, req registry.Request) registry.Result {
	t.Helper()
	result, err := r.Act(t.Context(), id, op, req)
	if err != nil {
		t.Fatalf("%s %s: %v", op, id, err)
	}
	return result
}

func view(t *testing.T, r *registry.Registry, id string) registry.View {
	t.Helper()
	v, err := r.View(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wantState(t *testing.T, r *registry.Registry, id string, want lifecycle.State) {
	t.Helper()
	if got := r.Actual(id); got != want {
		v := view(t, r, id)
		t.Errorf("actual state of %s: got %s, want %s (%+v, failure %+v)", id, got, want, v, v.Failure)
	}
}

var errBroken = errors.New("broken on purpose")
