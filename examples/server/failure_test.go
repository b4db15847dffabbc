package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCannotStart starts the server in ways that cannot work. Each ends with a
// code other than zero and one line that says why.
func TestCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	folder := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(folder, name)
		write(t, name, text)
		return name
	}
	corrupt := filepath.Join(folder, "corrupt")
	if err := os.Mkdir(corrupt, 0o700); err != nil {
		t.Fatal(err)
	}
	file("corrupt/dashboard.db", strings.Repeat("this is no database ", 1000))
	tests := []struct {
		name string
		env  []string
		args []string
		code int
		want string // part of the line
	}{
		{"port taken", nil, []string{"-addr", taken.Addr().String()}, exitFailed, "another program uses this port"},
		{"no such host", nil, []string{"-addr", "256.1.1.1:80"}, exitFailed, "listen on 256.1.1.1:80"},
		{"address without port", nil, []string{"-addr", "localhost"}, exitUsage, `-addr "localhost" is not of the form host:port`},
		{"unknown flag", nil, []string{"-couleur"}, exitUsage, "flag provided but not defined: -couleur"},
		{"argument", nil, []string{"start"}, exitUsage, `unexpected argument "start"`},
		{"log format", nil, []string{"-log-format", "xml"}, exitUsage, `-log-format "xml" is neither text nor json`},
		{"postgres", nil, []string{"-database", "postgres://ada:hunter2@db/ops"}, exitUsage, "-database: postgres:// is not supported by this build yet"},
		{"postgres variable", []string{"DASHBOARD_DATABASE_URL=postgres://db/ops"}, nil, exitUsage, "-database: postgres:// is not supported"},
		{"database no URL", nil, []string{"-database", "ops.db"}, exitUsage, "-database is not a URL"},
		{"redis no URL", nil, []string{"-redis", "cache"}, exitFailed, "-redis: rueidislimit: read URL"},
		{"redis of another kind", nil, []string{"-redis", "http://ada:hunter2@cache"}, exitFailed, "-redis: rueidislimit: read URL"},
		{"public URL", nil, []string{"-public-url", "http://ops.example.com"}, exitFailed, "plain http is for loopback names only"},
		{"prefix", nil, []string{"-prefix", "admin//"}, exitFailed, "is not a clean absolute path"},
		{"half an account", []string{envEmail + "=" + testEmail}, nil, exitUsage, "go together"},
		{"weak password", []string{envEmail + "=" + testEmail, envPassword + "=x"}, nil, exitFailed, "assword"},
		{"master key", []string{envMasterKey + "=c2hvcnQ="}, nil, exitUsage, "DASHBOARD_MASTER_KEY is not 32 bytes of base64"},
		{"no configuration", nil, []string{"-config", filepath.Join(folder, "none.yaml")}, exitUsage, "no such file"},
		{"unknown key", nil, []string{"-config", file("key.yaml", "couleur: red\ntitle: Ops\n")}, exitUsage, "line 1: key couleur is unknown"},
		{"unknown module", nil, []string{"-config", file("module.yaml", "modules: [billing]\n")}, exitUsage, `there is no module "billing"`},
		{"data is a file", nil, []string{"-data", file("plain", "")}, exitFailed, "data folder"},
		{"corrupt database", nil, []string{"-data", corrupt}, exitFailed, "server: file " + filepath.Join(corrupt, "dashboard.db")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"-addr", "localhost:0", "-data", filepath.Join(t.TempDir(), "data")}, tt.args...)
			expectFailure(t, command(t, tt.env, args...), tt.code, tt.want)
		})
	}
}

func expectFailure(t *testing.T, cmd *exec.Cmd, code int, want string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	failed, ok := errors.AsType[*exec.ExitError](err)
	if !ok || failed.ExitCode() != code {
		t.Fatalf("ended with %v, want exit code %d: %s", err, code, &stderr)
	}
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "server: ") || !strings.Contains(last, want) {
		t.Errorf("got %q, want a line with %q", last, want)
	}
	for _, line := range lines[:len(lines)-1] {
		if !strings.HasPrefix(line, "time=") { // the log of what it did before it failed
			t.Errorf("more than one line: %q", line)
		}
	}
	if strings.Contains(stderr.String(), "hunter2") || strings.Contains(stderr.String(), "goroutine") {
		t.Errorf("a secret or a stack in %s", &stderr)
	}
	if stdout.Len() > 0 {
		t.Errorf("printed %q though it cannot start", &stdout)
	}
}
