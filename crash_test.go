package dashboard_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// crashEnv makes the test binary a dashboard server, see crashServer.
const crashEnv = "DASHBOARD_TEST_CRASH_SERVER"

// crashConfig is what the parent tells the child.
type crashConfig struct {
	Database, Journal, Version, StopAt string
}

// ledger is a module whose hooks and migrations leave traces.
type ledger struct {
	c    crashConfig
	host *dashboard.Host
}

func (m *ledger) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "ledger", Version: m.c.Version, Permissions: []dashboard.Permission{permRead}}
}

func (m *ledger) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/ping", func(context.Context, none) (note, error) { return note{Text: m.c.Version}, nil }, dashboard.Require(permRead))
	dashboard.Post(r, "/entries", m.enter, dashboard.Require(permRead))
	return nil
}

func (m *ledger) Provision(h *dashboard.Host) error { m.host = h; return nil }

func (m *ledger) Migrations() []storage.Migration {
	// Neither is idempotent: running one twice would fail.
	out := []storage.Migration{{Version: 1, Name: "make", SQL: "CREATE TABLE ledger__entries (id BIGINT PRIMARY KEY)"}}
	if m.c.Version == "2.0.0" {
		out = append(out, storage.Migration{Version: 2, Name: "grow", SQL: "ALTER TABLE ledger__entries ADD COLUMN amount BIGINT"})
	}
	return out
}

func (m *ledger) note(what string) error {
	f, err := os.OpenFile(m.c.Journal, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, what)
	return firstError(err, f.Close())
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *ledger) Install(context.Context) error                { return m.note("install") }
func (m *ledger) Upgrade(_ context.Context, from string) error { return m.note("upgrade from " + from) }
func (m *ledger) Uninstall(_ context.Context, purge bool) error {
	return m.note(fmt.Sprint("uninstall ", purge))
}
func (m *ledger) Enable(context.Context) error  { return m.note("enable") }
func (m *ledger) Disable(context.Context) error { return m.note("disable") }

// crashServer runs in the child: a real server that says where it listens, and
// stands still at the named point, to be killed there.
func crashServer(raw string) error {
	var c crashConfig
	if err := json.Unmarshal([]byte(raw), &c); err != nil {
		return err
	}
	db, err := sqlite.Open(c.Database)
	if err != nil {
		return err
	}
	d, err := dashboard.New(db, dashboard.WithModules(&ledger{c: c}), dashboard.WithFastPasswords(),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFirstAccount(ownerEmail, ownerPassword),
		dashboard.WithLease(time.Second), dashboard.WithStepHook(func(point string) {
			if c.StopAt != "" && point == "ledger/"+c.StopAt {
				fmt.Println("reached")
				select {}
			}
		}))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("listening", l.Addr())
	if err := d.Start(context.Background()); err != nil {
		return err
	}
	return http.Serve(l, d)
}

// child is a running crash server.
type child struct {
	*server
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startChild(t *testing.T, c crashConfig) *child {
	t.Helper()
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), crashEnv+"="+string(raw))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ch := &child{cmd: cmd, lines: bufio.NewScanner(out)}
	t.Cleanup(ch.kill)
	addr, ok := strings.CutPrefix(ch.line(t), "listening ")
	if !ok {
		t.Fatal("the child does not listen")
	}
	ch.server = remoteServer(t, "http://"+addr)
	return ch
}

func (c *child) line(t *testing.T) string {
	t.Helper()
	if !c.lines.Scan() {
		t.Fatalf("the child ended: %v", c.lines.Err())
	}
	return c.lines.Text()
}

// kill ends the child as SIGKILL does. It may have been killed already.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// signIn waits until the child answers and signs its owner in.
func (c *child) signIn() {
	c.t.Helper()
	eventually(c.t, "the child is ready", func() bool {
		res, err := c.Client().Get(c.URL + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	c.token = c.login(ownerEmail, ownerPassword)
}

// The real server is killed at every named point of every operation, started
// again, and comes to where it was going.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	type operation struct {
		op      lifecycle.Op
		work    lifecycle.Work
		version string // of the code that is killed and started again
		path    string // what is asked for; "" happens at the start
		want    string
	}
	operations := []operation{
		{lifecycle.OpInstall, lifecycle.Work{Migrations: []int{1}, Hook: true}, "1.0.0", "", "enabled"},
		{lifecycle.OpEnable, lifecycle.Work{Hook: true}, "1.0.0", "enable", "enabled"},
		{lifecycle.OpDisable, lifecycle.Work{Drain: true, Hook: true}, "1.0.0", "disable", "installed"},
		{lifecycle.OpUpgrade, lifecycle.Work{Migrations: []int{2}, Hook: true}, "2.0.0", "", "enabled"},
		{lifecycle.OpUninstall, lifecycle.Work{Hook: true, Purge: true}, "1.0.0", "uninstall?purge=true", "available"},
		{lifecycle.OpUninstall, lifecycle.Work{Hook: true}, "1.0.0", "uninstall", "available"},
	}
	for _, o := range operations {
		for _, point := range lifecycle.Points(lifecycle.Steps(o.op, o.work)) {
			t.Run(fmt.Sprintf("%s purge=%v", point, o.work.Purge), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				c := crashConfig{Database: filepath.Join(dir, "d.db"), Journal: filepath.Join(dir, "journal"), Version: "1.0.0"}
				if o.op != lifecycle.OpInstall {
					prepare(t, c, o.op)
				}
				c.Version = o.version
				stopped := c
				stopped.StopAt = point
				killAt(t, stopped, o.path)
				after := startChild(t, c)
				after.signIn()
				after.waitState("ledger", o.want)
				checkLedger(t, c, after, o.want)
				after.kill()
			})
		}
	}
}

// prepare brings the module to where the operation begins.
func prepare(t *testing.T, c crashConfig, op lifecycle.Op) {
	t.Helper()
	p := startChild(t, c)
	p.signIn()
	p.waitState("ledger", "enabled")
	if op == lifecycle.OpEnable {
		p.act("ledger", "disable", "installed")
	}
	p.kill()
}

// killAt starts a child, asks for the operation and kills it at the point.
func killAt(t *testing.T, c crashConfig, path string) {
	t.Helper()
	victim := startChild(t, c)
	if path != "" {
		// Enabling happens again at every start: it may stand still before it
		// was asked for.
		victim.signIn()
		victim.owner().do("POST", "/api/v1/modules/ledger/"+path, nil)
	}
	if got := victim.line(t); got != "reached" {
		t.Fatalf("the child says %q, want reached", got)
	}
	victim.kill()
}

// checkLedger compares what is left behind with what was asked for.
func checkLedger(t *testing.T, c crashConfig, s *child, state string) {
	t.Helper()
	if state == "enabled" {
		var out note
		s.owner().get("/api/v1/m/ledger/ping").wantStatus(http.StatusOK).decode(&out)
		if out.Text != c.Version {
			t.Errorf("version: got %s, want %s", out.Text, c.Version)
		}
	}
	raw, err := os.ReadFile(c.Journal)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(string(raw)), "\n") {
		once := strings.HasPrefix(line, "install") || strings.HasPrefix(line, "upgrade") || strings.HasPrefix(line, "uninstall")
		if n := strings.Count(string(raw), line+"\n"); once && n > 2 {
			t.Errorf("hook %q ran %d times for one crash, want at most twice", line, n)
		}
	}
}
