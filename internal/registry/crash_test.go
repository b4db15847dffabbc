package registry_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// roleVariable makes the test binary another process of a fleet.
const roleVariable = "REGISTRY_TEST_ROLE"

// role is what the other process does: it runs a registry on the folder's
// database, does Acts one after the other and kills itself at the point.
type role struct {
	Folder  string
	Version string
	Acts    []lifecycle.Op
	Purge   bool
	Point   string // "billing/install/hook/effect"; empty: follow until stdin ends
}

// look is how often the processes look. They keep their leases for long, so that
// none loses one because its machine is slow; see forgetTheDead.
const look = 25 * time.Millisecond

func (a role) options() options {
	return options{Lease: 10 * time.Minute, Poll: look, Log: slog.New(slog.DiscardHandler)}
}

// forgetTheDead has the leases of killed processes end now instead of in a while.
func forgetTheDead(t *testing.T, folder string) {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(folder, "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, change := range []string{`UPDATE lifecycle_instances SET beat = 0`, `UPDATE dashboard_leases SET expires_at = 0`} {
		if _, err := db.Exec(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
}

// unit is a module with two migrations, and a third with version 2, whose hooks
// write to the folder's journal.
func (a role) unit() registry.Unit {
	note := func(what string) error {
		f, err := os.OpenFile(filepath.Join(a.Folder, "journal"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(f, what); err != nil {
			return err
		}
		return f.Close()
	}
	hook := func(what string) func(context.Context) error {
		return func(context.Context) error { return note(what) }
	}
	u := registry.Unit{
		Manifest:  lifecycle.Manifest{ID: "billing", Version: a.Version},
		Install:   hook("install"),
		Upgrade:   func(context.Context, string) error { return note("upgrade") },
		Uninstall: func(context.Context, bool) error { return note("uninstall") },
		Enable:    hook("enable"), Drain: hook("drain"), Disable: hook("disable"),
	}
	if a.Version == "2.0.0" {
		return migrated(u, 3)
	}
	return migrated(u, 2)
}

// childMain is the other process.
func childMain(text string) int {
	var a role
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		fmt.Println(err)
		return 2
	}
	if err := a.run(); err != nil {
		fmt.Println(err)
		return 3
	}
	return 0
}

func (a role) run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	db, err := sqlite.Open(filepath.Join(a.Folder, "test.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	o := a.options()
	o.StepHook = func(point string) {
		if point == a.Point {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
	}
	r, err := registry.New(db, nil, storage.NewLocker(db), []registry.Unit{a.unit()}, o)
	if err != nil {
		return err
	}
	if err := r.Start(ctx); err != nil {
		return err
	}
	defer r.Stop(ctx)
	if a.Point == "" {
		return follow(r)
	}
	for _, op := range a.Acts {
		if err := r.Settle(ctx); err != nil {
			return err
		}
		if _, err := r.Act(ctx, "billing", op, registry.Request{Purge: a.Purge}); err != nil {
			return err
		}
	}
	if err := r.Settle(ctx); err != nil {
		return err
	}
	return fmt.Errorf("was not killed at %s", a.Point)
}

// follow prints each state of the module until stdin ends.
func follow(r *registry.Registry) error {
	defer r.Subscribe(func(e registry.Event) { fmt.Println(e.State) })()
	fmt.Println(r.Actual("billing"))
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// spawn starts the test binary in the role.
func spawn(t *testing.T, a role) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), roleVariable+"="+string(text))
	cmd.WaitDelay = time.Second
	return cmd
}

// crash is one operation to be killed in.
type crash struct {
	name    string
	from    lifecycle.State // with version 1, in peace; empty: a new database
	before  []lifecycle.Op  // on the way there
	version string          // of the process that is killed
	acts    []lifecycle.Op
	purge   bool
	op      lifecycle.Op
	work    lifecycle.Work

	state lifecycle.State // where the next start comes to rest
	rows  string          // what the migrations left
	hooks []string        // that ran once or twice
}

func crashes() []crash {
	const installed = "1 2"
	return []crash{
		{name: "install", version: "1.0.0", op: lifecycle.OpInstall, work: lifecycle.Work{Migrations: []int{1, 2}, Hook: true},
			state: lifecycle.Enabled, rows: installed, hooks: []string{"install"}},
		{name: "upgrade", from: lifecycle.Enabled, version: "2.0.0", op: lifecycle.OpUpgrade,
			work:  lifecycle.Work{Migrations: []int{3}, Hook: true},
			state: lifecycle.Enabled, rows: "1 2 3", hooks: []string{"install", "upgrade"}},
		{name: "enable", from: lifecycle.Installed, before: []lifecycle.Op{lifecycle.OpDisable}, version: "1.0.0", acts: []lifecycle.Op{lifecycle.OpEnable},
			op: lifecycle.OpEnable, work: lifecycle.Work{Hook: true},
			state: lifecycle.Enabled, rows: installed, hooks: []string{"install"}},
		{name: "disable", from: lifecycle.Enabled, version: "1.0.0", acts: []lifecycle.Op{lifecycle.OpDisable},
			op: lifecycle.OpDisable, work: lifecycle.Work{Drain: true, Hook: true},
			state: lifecycle.Installed, rows: installed, hooks: []string{"install"}},
		{name: "uninstall", from: lifecycle.Enabled, version: "1.0.0", acts: []lifecycle.Op{lifecycle.OpUninstall},
			op: lifecycle.OpUninstall, work: lifecycle.Work{Hook: true},
			state: lifecycle.Available, rows: installed, hooks: []string{"install", "uninstall"}},
		{name: "purge", from: lifecycle.Enabled, version: "1.0.0", acts: []lifecycle.Op{lifecycle.OpUninstall},
			purge: true, op: lifecycle.OpUninstall, work: lifecycle.Work{Hook: true, Purge: true},
			state: lifecycle.Available, hooks: []string{"install", "uninstall"}},
	}
}

// TestCrash kills a process at every named point of every operation; the next
// start must come to rest where the document says.
func TestCrash(t *testing.T) {
	for _, c := range crashes() {
		for _, point := range lifecycle.Points(lifecycle.Steps(c.op, c.work)) {
			t.Run(c.name+"/"+strings.ReplaceAll(point, "/", " "), func(t *testing.T) {
				t.Parallel()
				c.test(t, point)
			})
		}
	}
}

func (c crash) test(t *testing.T, point string) {
	folder := t.TempDir()
	if c.from != "" {
		inPeace(t, role{Folder: folder, Version: "1.0.0"}, c.from, c.before...)
	}
	killed := role{Folder: folder, Version: c.version, Acts: c.acts, Purge: c.purge, Point: "billing/" + point}
	out, err := spawn(t, killed).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Exited() {
		t.Fatalf("the process was to be killed at %s: %v, %s", point, err, out)
	}
	forgetTheDead(t, folder)
	inPeace(t, killed, c.state)
	db, err := sqlite.Open(filepath.Join(folder, "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if c.rows != "" {
		if got := rows(t, db, "billing"); got != c.rows {
			t.Errorf("migrations: got %s, want %s", got, c.rows)
		}
	} else if _, err := db.Query(t.Context(), "SELECT n FROM billing__rows"); err == nil {
		t.Error("the data is still there")
	}
	written, _ := os.ReadFile(filepath.Join(folder, "journal"))
	for _, hook := range c.hooks {
		if n := strings.Count("\n"+string(written), "\n"+hook+"\n"); n < 1 || n > 2 {
			t.Errorf("hook %s ran %d times, want once or twice: %q", hook, n, written)
		}
	}
}

// inPeace runs a registry in this process, does what is asked, waits until the
// fleet, without who is dead, comes to the state, and stops it.
func inPeace(t *testing.T, a role, want lifecycle.State, acts ...lifecycle.Op) {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(a.Folder, "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	o := a.options()
	o.InstanceID, o.Log = "peace", testLog(t)
	r := startOnly(t, db, o, a.unit())
	defer stop(t, r)
	settle(t, r)
	for _, op := range acts {
		act(t, r, op, "billing", registry.Request{})
		settle(t, r)
	}
	deadline := time.After(time.Minute)
	for {
		v := view(t, r, "billing")
		if v.State == want && r.Actual("billing") == want && v.Failure == nil {
			return
		}
		select {
		case <-time.After(look):
		case <-deadline:
			t.Fatalf("came to %+v, failure %+v, want %s", v, v.Failure, want)
		}
	}
}

// TestTwoProcesses toggles a module in one process and sees another one follow.
func TestTwoProcesses(t *testing.T) {
	folder := t.TempDir()
	a := role{Folder: folder, Version: "1.0.0"}
	cmd := spawn(t, a)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	states := make(chan string)
	go func() {
		defer close(states)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			states <- lines.Text()
		}
	}()
	db, err := sqlite.Open(filepath.Join(folder, "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r := startOnly(t, db, options{InstanceID: "here", Log: testLog(t)}, a.unit())
	defer stop(t, r)
	settle(t, r)
	await(t, states, "enabled")
	var slowest time.Duration
	for range 5 {
		for op, want := range map[lifecycle.Op]string{lifecycle.OpDisable: "installed", lifecycle.OpEnable: "enabled"} {
			begin := time.Now()
			if act(t, r, op, "billing", registry.Request{}).Changed {
				await(t, states, want)
				slowest = max(slowest, time.Since(begin))
			}
			settle(t, r)
		}
	}
	t.Logf("the other process followed within %v", slowest.Round(time.Millisecond))
	act(t, r, lifecycle.OpUninstall, "billing", registry.Request{Purge: true})
	await(t, states, "available")
	in.Close()
	for range states {
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if list := view(t, r, "billing").Instances; slices.ContainsFunc(list, func(in registry.Instance) bool { return !in.Current }) {
		t.Errorf("instances after the other stopped: got %+v", list)
	}
}

// await reads until the state comes, with a generous deadline.
func await(t *testing.T, states <-chan string, want string) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case got, ok := <-states:
			if !ok {
				t.Fatalf("the other process ended before it was %s", want)
			}
			if got == want {
				return
			}
		case <-deadline:
			t.Fatalf("the other process was not %s within a minute", want)
		}
	}
}
