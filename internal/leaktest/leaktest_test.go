package leaktest_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

// kind tells a second process of this test what to leave behind.
const kind = "LEAKTEST_KIND"

func TestMain(m *testing.M) { leaktest.Main(m) }

// leave makes a leak and returns how to undo it.
func leave(t *testing.T, kind string) (undo func()) {
	switch kind {
	case "goroutine":
		stop := make(chan struct{})
		go func() { <-stop }()
		return func() { close(stop) }
	case "file":
		f, err := os.Create(filepath.Join(t.TempDir(), "leaktest-left"))
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	case "socket":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	return func() {}
}

// TestChild leaks in the second process only.
func TestChild(t *testing.T) {
	kept = leave(t, os.Getenv(kind))
}

// kept holds what TestChild left, as a leak in a global would.
var kept func()

func TestMainReports(t *testing.T) {
	cases := []struct{ kind, want string }{
		{"none", ""},
		{"goroutine", "found unexpected goroutines"},
		{"file", "leaktest-left"},
		{"socket", "files left open: [socket:"},
	}
	for _, c := range cases {
		if runtime.GOOS != "linux" && (c.kind == "file" || c.kind == "socket") {
			continue
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
		cmd.Env = append(os.Environ(), kind+"="+c.kind, leaktest.Patience+"=1s")
		out, err := cmd.CombinedOutput()
		if failed := err != nil; failed != (c.want != "") {
			t.Errorf("%s: %v\n%s", c.kind, err, out)
		}
		if !strings.Contains(string(out), c.want) {
			t.Errorf("%s: output %q lacks %q", c.kind, out, c.want)
		}
	}
}

// recorder is a test that only remembers.
type recorder struct {
	testing.TB
	cleanup func()
	errs    []error
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanup = f }
func (r *recorder) Error(args ...any) {
	r.errs = append(r.errs, errors.New("goroutine"))
}
func (r *recorder) Errorf(string, ...any) { r.errs = append(r.errs, errors.New("file")) }

func TestCheck(t *testing.T) {
	t.Setenv(leaktest.Patience, "1s")
	for _, kind := range []string{"none", "goroutine", "socket"} {
		if runtime.GOOS != "linux" && kind == "socket" {
			continue
		}
		r := &recorder{TB: t}
		leaktest.Check(r)
		undo := leave(t, kind)
		r.cleanup()
		undo()
		if got, want := len(r.errs), min(len(strings.TrimPrefix(kind, "none")), 1); got != want {
			t.Errorf("%s: %d complaints %v, want %d", kind, got, r.errs, want)
		}
	}
}
