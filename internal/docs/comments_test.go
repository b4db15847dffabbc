package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Name, Dir, Export string
	GoFiles                       []string
	Module                        *struct{ Main bool }
}

func (p listed) ours() bool { return p.Module != nil && p.Module.Main }

// The code in the comments of public packages fits the packages that it uses. Names
// that its reader brings, and what "…" stands for, are left out.
func TestPackageComments(t *testing.T) {
	t.Parallel()
	all := list(t)
	exports, names := map[string]string{}, map[string]string{}
	for _, p := range all {
		exports[p.ImportPath] = p.Export
		if _, taken := names[p.Name]; !taken || p.ours() {
			names[p.Name] = p.ImportPath
		}
	}
	set := token.NewFileSet()
	known := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	found := 0
	for _, p := range all {
		if !p.ours() || p.Name == "main" || strings.Contains(p.ImportPath, "/internal/") {
			continue
		}
		for _, name := range p.GoFiles {
			for _, code := range commentCode(t, filepath.Join(p.Dir, name)) {
				found++
				if err := fits(set, known, names, code); err != nil {
					t.Errorf("%s, %s: %v in\n%s", p.ImportPath, name, err, code)
				}
			}
		}
	}
	if found < 8 {
		t.Errorf("got %d blocks of code: they are not found any more", found)
	}
}

func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-export", "-json=ImportPath,Name,Dir,Export,GoFiles,Module", "./...")
	cmd.Dir = top
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
}

// commentCode lists the blocks of Go of a file's package comment.
func commentCode(t *testing.T, name string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var code []string
	for _, part := range new(comment.Parser).Parse(file.Doc.Text()).Content {
		if part, ok := part.(*comment.Code); ok && !strings.HasPrefix(part.Text, "go ") {
			code = append(code, part.Text)
		}
	}
	return code
}

// fits checks the types of a block, which is declarations or statements.
func fits(set *token.FileSet, known types.Importer, names map[string]string, code string) error {
	code = regexp.MustCompile(`(?m)^(\s*)…$`).ReplaceAllString(code, "$1")
	code = strings.ReplaceAll(code, "{ … }", `{ panic("…") }`)
	if !strings.HasPrefix(code, "func ") {
		code = "func _() error {\n" + code + "\npanic(0)\n}\n"
	}
	bare, err := parser.ParseFile(set, "comment.go", "package p\n"+code, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	imports := ""
	ast.Inspect(bare, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok && names[name.Name] != "" && !strings.Contains(imports, "import "+name.Name+" ") {
				imports += fmt.Sprintf("import %s %q\n", name.Name, names[name.Name])
			}
		}
		return true
	})
	file, err := parser.ParseFile(set, "comment.go", "package p\n"+imports+code, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	var wrong []error
	config := types.Config{Importer: known, Error: func(err error) {
		e, ok := errors.AsType[types.Error](err)
		if ok && (e.Soft || regexp.MustCompile(`^undefined: [a-z]\w*$`).MatchString(e.Msg)) {
			return // a name of the reader's, or one that is not used further
		}
		wrong = append(wrong, err)
	}}
	if _, err := config.Check("p", set, []*ast.File{file}, nil); err != nil {
		return errors.Join(wrong...)
	}
	return nil
}

func TestFits(t *testing.T) {
	t.Parallel()
	set := token.NewFileSet()
	known := importer.ForCompiler(set, "source", nil)
	names := map[string]string{"strconv": "strconv"}
	for code, want := range map[string]string{
		"n, err := strconv.Atoi(text)\n…\nx := n + 1\n": "",
		"func f() error { … }\n":                        "",
		"n := strconv.Itoa(\"1\")\n":                    "cannot use",
		"strconv.Nothing()\n":                           "undefined: strconv.Nothing",
		"n := )\n":                                      "expected operand",
	} {
		err := fits(set, known, names, code)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", code, err, want)
		}
	}
}
