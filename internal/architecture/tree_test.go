package architecture_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

const (
	module = "github.com/modular-dashboard/dashboard"
	top    = "../.."
)

var update = flag.Bool("update", false, "write the files below testdata anew")

func TestMain(m *testing.M) { leaktest.Main(m) }

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath   string
	Name         string
	Dir          string
	Standard     bool
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	EmbedFiles   []string
	Imports      []string
	Deps         []string
	Module       *struct{ Path string }
	Error        *struct{ Err string }
}

// rel is the path below the module, "" for the root package.
func (p pkg) rel() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

func (p pkg) ours() bool { return p.Module != nil && p.Module.Path == module }

// public tells whether others import the package.
func (p pkg) public() bool {
	return p.ours() && p.Name != "main" && !regexp.MustCompile(`(^|/)(internal|examples|cmd)(/|$)`).MatchString(p.rel())
}

type tree struct {
	all  map[string]pkg
	ours []pkg
}

// loaded asks the go command once, for one platform, so that the answers are
// the same on every machine.
var loaded = sync.OnceValues(func() (tree, error) {
	command := exec.Command("go", "list", "-e", "-deps",
		"-json=ImportPath,Name,Dir,Standard,GoFiles,TestGoFiles,XTestGoFiles,EmbedFiles,Imports,Deps,Module,Error", "./...")
	command.Dir = top
	command.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOWORK=off")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return tree{}, fmt.Errorf("go list: %w", err)
	}
	t := tree{all: map[string]pkg{}}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return t, nil
		} else if err != nil {
			return tree{}, fmt.Errorf("go list: %w", err)
		}
		if p.Error != nil {
			return tree{}, fmt.Errorf("go list: %s: %s", p.ImportPath, p.Error.Err)
		}
		t.all[p.ImportPath] = p
		if p.ours() {
			t.ours = append(t.ours, p)
		}
	}
})

func load(t *testing.T) tree {
	t.Helper()
	loaded, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded.ours) == 0 {
		t.Fatal("go list found no package of ours")
	}
	return loaded
}

// parse reads files of a package with their comments.
func parse(t *testing.T, p pkg, names []string) (*token.FileSet, []*ast.File) {
	t.Helper()
	set := token.NewFileSet()
	files := make([]*ast.File, 0, len(names))
	for _, name := range names {
		file, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return set, files
}

// at names a position the way the go command does, from the top of the tree.
func at(set *token.FileSet, pos token.Pos) string {
	position := set.Position(pos)
	absolute, err := filepath.Abs(top)
	if err != nil {
		return position.String()
	}
	if name, err := filepath.Rel(absolute, position.Filename); err == nil {
		position.Filename = name
	}
	return position.String()
}

// pinned compares got with a reviewed file, or writes it.
func pinned(t *testing.T, folder, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", folder, name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if missing, extra := compare(got, string(content)); len(missing)+len(extra) > 0 {
		t.Errorf("%s is not what the code says; if the change is meant, run with -update and commit it\n%s%s",
			file, lines("+ ", extra), lines("- ", missing))
	} else if got != string(content) {
		t.Errorf("%s has the right lines in another order; run with -update", file)
	}
}

// compare returns the lines that only want has, and those that only got has.
func compare(got, want string) (missing, extra []string) {
	count := map[string]int{}
	for line := range strings.Lines(want) {
		count[line]++
	}
	for line := range strings.Lines(got) {
		if count[line]--; count[line] < 0 {
			extra = append(extra, line)
		}
	}
	for line := range strings.Lines(want) {
		if count[line] > 0 {
			count[line]--
			missing = append(missing, line)
		}
	}
	return missing, extra
}

func lines(mark string, lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(mark + strings.TrimSuffix(line, "\n") + "\n")
	}
	return b.String()
}

// noStale reports reviewed files that no package has any more.
func noStale(t *testing.T, folder string, names map[string]bool) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("testdata", folder, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		if names[strings.TrimSuffix(filepath.Base(file), ".txt")] {
			continue
		}
		if *update {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			continue
		}
		t.Errorf("%s: no such package; run with -update", file)
	}
}

// fileName is the name of a package's reviewed file.
func fileName(p pkg) string {
	if p.rel() == "" {
		return "dashboard"
	}
	return strings.ReplaceAll(p.rel(), "/", "_")
}
