package sqlite_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

// The tests start this binary again to have a second process.
const (
	childRole = "DASHBOARD_TEST_CHILD"
	childPath = "DASHBOARD_TEST_PATH"
)

func TestMain(m *testing.M) {
	role := os.Getenv(childRole)
	if role == "" {
		leaktest.Main(m)
	}
	run, ok := children()[role]
	if !ok {
		fmt.Fprintln(os.Stderr, "unknown role", role)
		os.Exit(2)
	}
	if err := run(os.Getenv(childPath)); err != nil {
		fmt.Fprintln(os.Stderr, role+":", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// children are what a second process can be told to do.
func children() map[string]func(path string) error {
	roles := map[string]func(string) error{"load": childLoad, "acknowledge": childAcknowledge}
	maps.Copy(roles, systemChildren())
	return roles
}

// child is a second process.
type child struct {
	*exec.Cmd
	out *bufio.Scanner
	in  io.WriteCloser
}

// start runs this binary as role, with its output to read. It is killed at
// the end of the test if it still runs.
func start(t *testing.T, role, path string, prepare ...func(*exec.Cmd)) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role, childPath+"="+path)
	cmd.Stderr = os.Stderr
	for _, p := range prepare {
		p(cmd)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			t.Log("still running, killed:", errors.Join(cmd.Process.Kill(), cmd.Wait()))
		}
	})
	return &child{Cmd: cmd, out: bufio.NewScanner(out), in: in}
}

// lines returns what the child prints until it ends, which must be well.
func (c *child) lines(t *testing.T) []string {
	t.Helper()
	var lines []string
	for c.out.Scan() {
		lines = append(lines, c.out.Text())
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("child: %v; it printed %q", err, lines)
	}
	return lines
}
