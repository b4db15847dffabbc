package docs_test

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait: generous, because machines are shared.
const patience = 2 * time.Minute

// program is a server that a document starts. It ends with the test.
type program struct {
	cmd    *exec.Cmd
	output output
	ended  chan struct{}
}

// output is what a program has said so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// build makes a program of the main package in a folder as go run does, which
// leaves out what debuggers need.
func build(t *testing.T, folder, pkg, binary string, env []string) {
	t.Helper()
	run(t, folder, env, "go", "build", "-ldflags=-s -w", "-o", binary, pkg)
}

// run runs a command to its end and returns what it says.
func run(t *testing.T, folder string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// start runs a program until it is stopped, or the test ends.
func start(t *testing.T, folder, binary string, env []string) *program {
	t.Helper()
	p := &program{cmd: exec.CommandContext(t.Context(), binary), ended: make(chan struct{})}
	p.cmd.Dir = folder
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // the state says it
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended where the test went well
		<-p.ended
	})
	return p
}

// stop is Ctrl-C. It returns the exit code, -1 where the signal ended it.
func (p *program) stop(t *testing.T) int {
	t.Helper()
	signal := p.cmd.Process.Signal
	if runtime.GOOS == "windows" {
		signal = func(os.Signal) error { return p.cmd.Process.Kill() }
	}
	if err := signal(os.Interrupt); err != nil {
		t.Fatalf("stop: %v\n%s", err, &p.output)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("still running %s after an interrupt\n%s", patience, &p.output)
	}
	return p.cmd.ProcessState.ExitCode()
}

// until repeats try until it is true. What it said last is the failure.
func (p *program) until(t *testing.T, what string, try func() (bool, string)) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, last := try()
		if ok {
			return
		}
		select {
		case <-p.ended:
			t.Fatalf("%s: the program has ended\n%s", what, &p.output)
		case <-deadline.C:
			t.Fatalf("%s, after %s:\n%s\nthe program says\n%s", what, patience, last, &p.output)
		case <-tick.C:
		}
	}
}
