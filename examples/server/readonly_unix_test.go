//go:build unix

package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReadOnlyData starts the server on a folder that it may not write. Root may
// write everywhere, so as root the server runs as another user.
func TestReadOnlyData(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(folder, "server")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, program, self)
	for _, name := range []string{filepath.Dir(folder), folder, program} {
		if err := os.Chmod(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(folder, "data")
	if err := os.Mkdir(data, 0o555); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, nil, "-addr", "localhost:0", "-data", data)
	cmd.Path = program
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	expectFailure(t, cmd, exitFailed, "data")
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}
