package registry_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// TestModel does random things to a fleet of up to three instances on one
// database file: actions, hooks that fail, quarantine, stops, starts with old and
// new code, and crashes at random points. After each action what is desired must
// be what a simple model says; hooks watch that nothing is up without what it
// requires; in the end, when everything is healed, all must come to rest where
// the model says, with each migration applied exactly once.
//
// A failure names its seed: REGISTRY_MODEL_SEED=7 runs that one alone, and
// REGISTRY_MODEL_RUNS=1000 a thousand from there.
func TestModel(t *testing.T) {
	first, runs := number("REGISTRY_MODEL_SEED", 0), number("REGISTRY_MODEL_RUNS", seeds())
	if os.Getenv("REGISTRY_MODEL_SEED") != "" {
		runs = number("REGISTRY_MODEL_RUNS", 1)
	}
	for seed := first; seed < first+runs; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, seed)
				defer w.end()
				for range 30 {
					w.step()
				}
				w.heal()
				w.check()
			})
		})
	}
}

// seeds is how many worlds there are: fewer in short tests.
func seeds() uint64 {
	if testing.Short() {
		return 6
	}
	return 20
}

// number reads an environment variable.
func number(name string, otherwise uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// required is who needs whom in the world.
var required = map[string][]string{"base": nil, "app": {"base"}, "top": {"app"}, "wish": nil, "solo": nil}

var modules = []string{"base", "app", "top", "wish", "solo"}

// world is the fleet, the model of it, and what hooks have seen.
type world struct {
	t       *testing.T
	seed    uint64
	rand    *rand.Rand
	path    string
	newest  int            // major version that some instance had
	desired map[string]int // the model: 0 available, 1 installed, 2 enabled
	runs    []*run         // the live ones; changed under mu

	notes sync.Mutex
	log   []string // what was done, for the report of a failure

	mu     sync.Mutex
	broken map[string]bool // "base/enable": the hook fails
	inside map[string]int  // hooks of the fleet that are running
}

// run is one process of the fleet.
type run struct {
	w       *world
	name    string
	version int
	db      *storage.DB
	r       *registry.Registry
	die     int // points until it dies, 0: it does not
	dead    bool
	up      map[string]bool
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 0)), path: filepath.Join(t.TempDir(), "model.db"),
		newest: 1, desired: make(map[string]int), broken: make(map[string]bool), inside: make(map[string]int)}
	for _, id := range modules {
		w.desired[id] = 2
	}
	w.start(1)
	return w
}

func (w *world) note(format string, args ...any) {
	w.notes.Lock()
	defer w.notes.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

func (w *world) errorf(format string, args ...any) {
	w.t.Helper()
	w.notes.Lock()
	defer w.notes.Unlock()
	w.t.Errorf(format+"\nafter %s", append(args, strings.Join(w.log, "; "))...)
}

func (w *world) start(version int) {
	w.newest = max(w.newest, version)
	u := &run{w: w, name: fmt.Sprintf("i%d", len(w.log)), version: version, up: make(map[string]bool)}
	w.note("start %s v%d", u.name, version)
	var err error
	if u.db, err = sqlite.Open(w.path, sqlite.WithReaders(2)); err != nil {
		w.t.Fatal(err)
	}
	var units []registry.Unit
	for _, id := range modules {
		units = append(units, u.unit(id))
	}
	o := options{InstanceID: u.name, Log: testLog(w.t), StepHook: u.point}
	if u.r, err = registry.New(u.db, nil, storage.NewLocker(u.db), units, o); err != nil {
		w.t.Fatal(err)
	}
	if err := u.r.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs = append(w.runs, u)
}

// point counts down to the crash.
func (u *run) point(string) {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	if u.die > 0 {
		if u.die--; u.die == 0 {
			u.dead, u.up = true, make(map[string]bool)
			registry.Die(u.r)
		}
	}
}

func (u *run) unit(id string) registry.Unit {
	version := 1
	if id == "base" || id == "solo" {
		version = u.version
	}
	m := lifecycle.Manifest{ID: id, Version: fmt.Sprintf("%d.0.0", version)}
	for _, dep := range required[id] {
		m.Requires = append(m.Requires, lifecycle.Requirement{ID: dep})
	}
	if id == "wish" {
		m.Requires = []lifecycle.Requirement{{ID: "base", Optional: true}}
	}
	fleet := func(hook string) func(context.Context) error {
		return func(context.Context) error { return u.fleet(id, hook) }
	}
	return migrated(registry.Unit{
		Manifest:  m,
		Install:   fleet("install"),
		Upgrade:   func(ctx context.Context, _ string) error { return u.fleet(id, "upgrade") },
		Uninstall: func(ctx context.Context, _ bool) error { return u.fleet(id, "uninstall") },
		Enable:    func(context.Context) error { return u.enable(id) },
		Drain:     func(context.Context) error { return u.down(id, "drain") },
		Disable:   func(context.Context) error { return u.down(id, "disable") },
	}, version+1)
}

// fleet is a hook that runs once per fleet: alone, and uninstall with nobody up.
func (u *run) fleet(id, hook string) error {
	w := u.w
	w.mu.Lock()
	if w.inside[id]++; w.inside[id] > 1 {
		w.errorf("two hooks of %s at once", id)
	}
	for _, other := range w.runs {
		if hook == "uninstall" && other.up[id] {
			w.errorf("%s is uninstalled by %s while %s has it up", id, u.name, other.name)
		}
	}
	w.mu.Unlock()
	<-time.After(time.Duration(len(id)) * 10 * time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inside[id]--
	return u.result(id, hook)
}

func (u *run) result(id, hook string) error {
	if u.w.broken[id+"/"+hook] {
		return errBroken
	}
	return nil
}

func (u *run) enable(id string) error {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	if u.up[id] {
		u.w.errorf("%s is enabled twice on %s", id, u.name)
	}
	for _, dep := range required[id] {
		if !u.up[dep] {
			u.w.errorf("%s is enabled on %s without %s", id, u.name, dep)
		}
	}
	err := u.result(id, "enable")
	u.up[id] = err == nil && !u.dead
	return err
}

func (u *run) down(id, hook string) error {
	u.w.mu.Lock()
	defer u.w.mu.Unlock()
	for other, deps := range required {
		if slices.Contains(deps, id) && u.up[other] {
			u.w.errorf("%s of %s on %s while %s is up", hook, id, u.name, other)
		}
	}
	u.up[id] = false
	return u.result(id, hook)
}

// step does one random thing.
func (w *world) step() {
	switch n := w.rand.IntN(20); {
	case n < 9:
		w.act()
	case n < 11:
		id := modules[w.rand.IntN(len(modules))]
		hook := []string{"install", "upgrade", "uninstall", "enable", "drain", "disable"}[w.rand.IntN(6)]
		w.mu.Lock()
		broken := w.rand.IntN(2) == 0
		w.broken[id+"/"+hook] = broken
		w.mu.Unlock()
		w.note("%s/%s broken %v", id, hook, broken)
	case n < 12:
		id := modules[w.rand.IntN(len(modules))]
		u := w.runs[w.rand.IntN(len(w.runs))]
		w.note("quarantine %s on %s: %v", id, u.name, u.r.Quarantine(id, "model"))
	case n < 15:
		w.arm()
	case n < 17 && len(w.runs) < 3:
		w.start(1 + w.rand.IntN(2))
	case n < 18:
		w.settle()
	default:
		d := time.Duration(w.rand.IntN(3000)) * time.Millisecond
		w.note("wait %v", d)
		pass(d)
	}
	w.bury()
}

// arm lets an instance crash soon, or stops it.
func (w *world) arm() {
	u := w.runs[w.rand.IntN(len(w.runs))]
	if n := w.rand.IntN(12); n > 2 {
		w.note("%s dies after %d points", u.name, n)
		w.mu.Lock()
		u.die = n
		w.mu.Unlock()
		return
	}
	w.retire(u)
}

// retire stops a run, which does not die meanwhile but may have before.
func (w *world) retire(u *run) {
	w.mu.Lock()
	u.die = 0
	dead := u.dead
	w.mu.Unlock()
	if dead {
		w.kill(u)
		return
	}
	w.note("stop %s", u.name)
	stop(w.t, u.r)
	w.remove(u)
}

// bury removes who died; one instance at least lives on.
func (w *world) bury() {
	for _, u := range slices.Clone(w.runs) {
		w.mu.Lock()
		dead := u.dead
		w.mu.Unlock()
		if dead {
			w.kill(u)
		}
	}
	if len(w.runs) == 0 {
		w.start(1 + w.rand.IntN(2))
	}
}

func (w *world) kill(u *run) {
	w.note("%s is dead", u.name)
	registry.Kill(u.r)
	w.remove(u)
}

func (w *world) remove(u *run) {
	w.mu.Lock()
	u.up = make(map[string]bool)
	w.runs = slices.DeleteFunc(w.runs, func(x *run) bool { return x == u })
	w.mu.Unlock()
	if err := u.db.Close(); err != nil {
		w.errorf("close: %v", err)
	}
}

func (w *world) end() {
	for _, u := range slices.Clone(w.runs) {
		w.retire(u)
	}
}

// settle gives every instance a good while to come to rest.
func (w *world) settle() {
	w.note("settle")
	for _, u := range w.runs {
		ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
		_ = u.r.Settle(ctx) // those that died or wait for a dead one do not
		cancel()
	}
}
