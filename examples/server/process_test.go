package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	testEmail    = "ada@example.com"
	testPassword = "correct horse battery staple"
)

// patience bounds every wait: generous, because machines are shared.
const patience = time.Minute

// process is a server that runs.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	base   string // its address as printed, with a slash at the end
	output *buffer
	ended  chan struct{}
	client *http.Client
}

// buffer is what a process has said so far.
type buffer struct {
	address chan string // gets the dashboard's address when its line is whole
	mu      sync.Mutex
	text    bytes.Buffer
	told    bool
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.text.Write(p)
	if _, rest, ok := strings.Cut(b.text.String(), "Dashboard at "); ok && !b.told {
		if address, _, whole := strings.Cut(rest, "\n"); whole {
			b.told = true
			b.address <- address
		}
	}
	return n, err
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append([]string{envRun + "=1", "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}, env...)
	return cmd
}

// launch starts a server on a free port and waits for the line with its address.
func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, output: &buffer{address: make(chan string, 1)}, ended: make(chan struct{}),
		client: &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}}
	p.cmd = command(t, env, append([]string{"-addr", "localhost:0"}, args...)...)
	// One pipe for both, so that what was printed before the address is there with it.
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
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
	select {
	case p.base = <-p.output.address:
	case <-p.ended:
		t.Fatalf("the server ended at once: %s", p.output)
	case <-time.After(patience):
		t.Fatalf("no address after %s: %s", patience, p.output)
	}
	return p
}

// stop sends SIGTERM and expects a clean end.
func (p *process) stop() {
	p.t.Helper()
	p.signal()
	p.wait()
}

func (p *process) signal() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) wait() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatalf("still running %s after SIGTERM: %s", patience, p.output)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Fatalf("exit code %d, want 0: %s", code, p.output)
	}
}

// call sends a request as an API client does and decodes the answer.
func (p *process) call(method, path, token string, body, out any) int {
	p.t.Helper()
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, in)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		p.t.Fatal(err)
	}
	if out != nil && answer.StatusCode < 300 {
		if err := json.Unmarshal(text, out); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return answer.StatusCode
}

// login returns an access token.
func (p *process) login() string {
	p.t.Helper()
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	status := p.call("POST", "api/v1/auth/login", "",
		map[string]string{"email": testEmail, "password": testPassword, "delivery": "token"}, &grant)
	if status != http.StatusOK || grant.AccessToken == "" {
		p.t.Fatalf("log in: status %d: %s", status, p.output)
	}
	return grant.AccessToken
}

// setupLink is the link printed, "" where there is none.
func (p *process) setupLink() string {
	for line := range strings.Lines(p.output.String()) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "http") && strings.Contains(line, "/setup#") {
			return line
		}
	}
	return ""
}

func withAccount() []string {
	return []string{envEmail + "=" + testEmail, envPassword + "=" + testPassword}
}
