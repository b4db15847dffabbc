package ui_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/ui"
)

// The committed page works below a prefix, and every file it names is there.
func TestCommittedBuild(t *testing.T) {
	h, err := ui.New(ui.Config{})
	if err != nil {
		t.Fatal(err)
	}
	page := body(t, request(t, h, ui.Page{Base: "/admin/", Host: "dash.test"}, "GET"))
	if got := config(t, page)["base"]; got != "/admin/" {
		t.Errorf("base: got %q, want /admin/", got)
	}
	if strings.Contains(page, "{{") {
		t.Errorf("page keeps a mark:\n%s", page)
	}
	for _, found := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		name, below := strings.CutPrefix(found[1], "/admin/")
		if !below {
			t.Errorf("%s is not below the mount", found[1])
			continue
		}
		if got := request(t, h, ui.Page{Path: name}, "GET").StatusCode; got != 200 {
			t.Errorf("%s: got %d, want 200", found[1], got)
		}
	}
}

// The committed files are the ones that SHA256.json names, and what is cached
// for ever has a hashed name.
func TestCommittedFiles(t *testing.T) {
	dist := ui.Committed()
	content, err := fs.ReadFile(dist, "SHA256.json")
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	if err := json.Unmarshal(content, &sums); err != nil {
		t.Fatal(err)
	}
	hashed := regexp.MustCompile(`-[A-Za-z0-9_-]{8}\.[a-z0-9]+$`)
	for name, want := range sums {
		if path.Dir(name) == "assets" && !hashed.MatchString(name) {
			t.Errorf("%s is cached for ever and has no hash in its name", name)
		}
		packed, err := fs.ReadFile(dist, name+".gz")
		if err != nil {
			t.Error(err)
			continue
		}
		reader, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, reader); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != want {
			t.Errorf("%s: got hash %s, want %s", name, got, want)
		}
	}
	err = fs.WalkDir(dist, ".", func(name string, entry fs.DirEntry, err error) error {
		plain := strings.TrimSuffix(name, path.Ext(name))
		if err == nil && !entry.IsDir() && sums[plain] == "" && name != "SHA256.json" {
			t.Errorf("%s is not in SHA256.json", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
