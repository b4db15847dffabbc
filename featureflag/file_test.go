package featureflag_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
)

func write(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.json")
	if _, err := featureflag.Open(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: got %v", err)
	}
	write(t, path, `{"flags":{"f":3}}`)
	if _, err := featureflag.Open(path); err == nil || errorsOf(t, err)[0].Pointer != "/flags/f" {
		t.Errorf("a bad file: got %v", err)
	}
	write(t, path, `{"flags":{"f":`+on("")+`}}`)
	reports := make(chan error, 10)
	file, err := featureflag.Open(path, featureflag.WithPoll(10*time.Millisecond), featureflag.WithErrorHandler(func(err error) { reports <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	flags := file.Flags()
	if flags.Bool(t.Context(), "f", true) {
		t.Error("the flag is not what the file says")
	}
	changed := make(chan []string, 10)
	defer flags.Watch(func(keys []string) { changed <- keys })()

	write(t, path, `{"flags":{"f":`+strings.Replace(on(""), `"off"}`, `"on"}`, 1)+`,"g":`+on("")+`}}`)
	if keys := <-changed; len(keys) == 0 {
		t.Errorf("changed: %v", keys)
	}
	write(t, path, `{"flags":{"f":`)
	for err := range reports { // half a file may be seen before
		if err != nil {
			break
		}
	}
	if _, ok := flags.Snapshot().Flag("g"); !ok {
		t.Error("the last good set is gone")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for err := range reports {
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	write(t, path, `{"flags":{"h":`+on("")+`}}`)
	for err := range reports {
		if err == nil {
			break
		}
	}
	if _, ok := flags.Snapshot().Flag("h"); !ok {
		t.Error("the file that is good again is not in use")
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// A host that sets no logger learns of a file that went bad all the same.
func TestFileLogsByDefault(t *testing.T) {
	var out bytes.Buffer
	before, writer, bits := slog.Default(), log.Writer(), log.Flags()
	defer func() { slog.SetDefault(before); log.SetOutput(writer); log.SetFlags(bits) }()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))

	path := filepath.Join(t.TempDir(), "flags.json")
	write(t, path, `{"flags":{"f":`+on("")+`}}`)
	reports := make(chan error, 10)
	file, err := featureflag.Open(path, featureflag.WithPoll(10*time.Millisecond), featureflag.WithErrorHandler(func(err error) { reports <- err }))
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, `{"flags":{"f":3}}`)
	if err := <-reports; err == nil {
		t.Error("the file that went bad is reported as good")
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "cannot reload flags") || !strings.Contains(out.String(), path) {
		t.Errorf("got %q, want a line that names the file", out.String())
	}
}

func TestFileOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.json")
	write(t, path, `{"flags":{"f":`+on("")+`}}`)
	for name, option := range map[string]featureflag.Option{
		"nil": nil, "nil logger": featureflag.WithLogger(nil), "nil handler": featureflag.WithErrorHandler(nil),
	} {
		if _, err := featureflag.Open(path, option); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
