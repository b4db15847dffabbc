package architecture_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxLines is the length at which a Go file holds two ideas.
const maxLines = 450

// goFiles calls fn for every Go file of the repository, of nested modules too.
func goFiles(t *testing.T, fn func(name string, content []byte)) {
	t.Helper()
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			switch entry.Name() {
			case ".git", "node_modules", "testdata":
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		fn(filepath.ToSlash(name), content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreShort(t *testing.T) {
	generated := regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
	goFiles(t, func(name string, content []byte) {
		if count := bytes.Count(content, []byte("\n")); count > maxLines && !generated.Match(content) {
			t.Errorf("%s has %d lines, at most %d are easy to read", name, count, maxLines)
		}
	})
}

// A missing service fails a test, and no test waits for a clock.
func TestTestsNeitherSkipNorSleep(t *testing.T) {
	skip := regexp.MustCompile(`\b(t|b|f|tb)\.Skip(f|Now)?\(|\btime\.Sleep\(`)
	goFiles(t, func(name string, content []byte) {
		if !strings.HasSuffix(name, "_test.go") {
			return
		}
		for number, line := range strings.Split(string(content), "\n") {
			if found := skip.FindString(line); found != "" {
				t.Errorf("%s:%d: %s…)", name, number+1, found)
			}
		}
	})
}

// The linker keeps every method of every type once something calls methods by a
// name that it does not know; see docs/adr/010-what-a-binary-carries.md.
func TestNothingCallsMethodsByName(t *testing.T) {
	byName := regexp.MustCompile(`\bMethodByName\(|"(text|html)/template"`)
	goFiles(t, func(name string, content []byte) {
		if found := byName.Find(content); found != nil && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s: %s", name, found)
		}
	})
}

// Every package's tests end with a look at what they left behind.
func TestEveryPackageLooksForLeaks(t *testing.T) {
	for _, p := range load(t).ours {
		names := append(append([]string{}, p.TestGoFiles...), p.XTestGoFiles...)
		if len(names) == 0 {
			continue
		}
		found := false
		for _, name := range names {
			content, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			found = found || bytes.Contains(content, []byte("leaktest.Main(m)")) || bytes.Contains(content, []byte("leaktest.Check("))
		}
		if !found && p.rel() != "internal/leaktest" {
			t.Errorf("%s: no test calls leaktest.Main", p.ImportPath)
		}
	}
}
