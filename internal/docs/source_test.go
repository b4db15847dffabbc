package docs_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// edit puts a Go block into a file as its reader does. A block with a package
// clause is the whole file. Of any other, each declaration takes the place of
// the one of the same name, or is new; imports are added.
func edit(file, text string) (string, error) {
	if _, err := parser.ParseFile(token.NewFileSet(), "block.go", text, parser.PackageClauseOnly); err == nil {
		return text, nil
	}
	changes, err := declarations("package p\n\n" + text)
	if err != nil {
		return "", err
	}
	for _, change := range changes {
		there, err := declarations(file)
		if err != nil {
			return "", fmt.Errorf("the file so far: %w", err)
		}
		at := declaration{from: len(file), to: len(file)}
		before, after := "\n", "\n"
		for _, d := range there {
			switch {
			case change.imports && d.imports:
				at.from, at.to = d.to, d.to // the last of them
			case slices.ContainsFunc(change.names, func(name string) bool { return slices.Contains(d.names, name) }):
				at, before, after = d, "", ""
			}
		}
		file = file[:at.from] + before + change.text + after + file[at.to:]
	}
	return file, nil
}

// declaration is one of a file, with the comment that belongs to it.
type declaration struct {
	names    []string // methods with their type
	imports  bool
	from, to int
	text     string
}

func declarations(source string) ([]declaration, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "block.go", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	list := make([]declaration, 0, len(file.Decls))
	for _, decl := range file.Decls {
		var d declaration
		var comment *ast.CommentGroup
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			comment = decl.Doc
			d.names = []string{receiver(decl) + decl.Name.Name}
		case *ast.GenDecl:
			comment = decl.Doc
			d.imports = decl.Tok == token.IMPORT
			d.names = specNames(decl)
		}
		from := decl.Pos()
		if comment != nil {
			from = comment.Pos()
		}
		d.from, d.to = set.Position(from).Offset, set.Position(decl.End()).Offset
		d.text = source[d.from:d.to]
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b declaration) int { return cmp.Compare(a.from, b.from) })
	return list, nil
}

func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	on := f.Recv.List[0].Type
	if star, ok := on.(*ast.StarExpr); ok {
		on = star.X
	}
	return fmt.Sprint(on) + "."
}

func specNames(decl *ast.GenDecl) []string {
	var names []string
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			names = append(names, spec.Name.Name)
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

func TestEdit(t *testing.T) {
	t.Parallel()
	const file = "package a\n\nimport \"fmt\"\n\n// T is old.\ntype T struct{}\n\n// M is old.\nfunc (t *T) M() { fmt.Println() }\n\nfunc M() {}\n"
	for name, tc := range map[string]struct{ block, want string }{
		"whole file": {"// Package b is.\npackage b\n", "// Package b is.\npackage b\n"},
		"type":       {"// T is new.\ntype T int\n", strings.Replace(file, "// T is old.\ntype T struct{}", "// T is new.\ntype T int", 1)},
		"method":     {"func (t T) M() {}\n", strings.Replace(file, "// M is old.\nfunc (t *T) M() { fmt.Println() }", "func (t T) M() {}", 1)},
		"function":   {"func M() int { return 1 }\n", strings.Replace(file, "func M() {}", "func M() int { return 1 }", 1)},
		"new":        {"const c = 1\n", file + "\nconst c = 1\n"},
		"import":     {"import \"os\"\n", strings.Replace(file, "\"fmt\"\n", "\"fmt\"\nimport \"os\"\n\n", 1)},
	} {
		if got, err := edit(file, tc.block); err != nil || got != tc.want {
			t.Errorf("%s: got %v and\n%s\nwant\n%s", name, err, got, tc.want)
		}
	}
	if _, err := edit(file, "x := 1\n"); err == nil {
		t.Error("a statement: got no error")
	}
}
