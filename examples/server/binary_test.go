//go:build !race

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxBinary is the bar for the stripped server. A third of it is the Redis client,
// 1.2 MiB are feature flags with the SDK of OpenFeature, 0.5 MiB four providers of models.
const maxBinary = 36 << 20

// TestBinary builds the server as a person installs it, which says nothing new with
// the race detector.
func TestBinary(t *testing.T) {
	program := filepath.Join(t.TempDir(), "server")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the stripped server has %.1f MiB", float64(info.Size())/(1<<20))
	if info.Size() > maxBinary {
		t.Errorf("the stripped server has %d bytes, want at most %d", info.Size(), maxBinary)
	}
	out, err := exec.CommandContext(t.Context(), program, "-h").Output()
	if err != nil || !strings.Contains(string(out), "DASHBOARD_ADDR") {
		t.Errorf("server -h: %v: %s", err, out)
	}
}
