package architecture_test

import (
	"go/ast"
	"go/doc"
	"go/printer"
	"go/token"
	"strings"
	"testing"
)

// The public API is a reviewed file for each package: a name that comes, goes
// or changes shows in the diff.
func TestPublicAPI(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range load(t).ours {
		if !p.public() {
			continue
		}
		seen[fileName(p)] = true
		pinned(t, "api", fileName(p), surface(t, p))
	}
	noStale(t, "api", seen)
}

// surface prints the exported declarations of a package without comments and
// bodies, in the order of go doc.
func surface(t *testing.T, p pkg) string {
	t.Helper()
	set, files := parse(t, p, p.GoFiles)
	documented, err := doc.NewFromFiles(set, files, p.ImportPath)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("package " + p.ImportPath + "\n")
	show := func(declaration ast.Decl) {
		b.WriteString("\n" + render(t, set, declaration) + "\n")
	}
	values := func(list []*doc.Value) {
		for _, value := range list {
			show(value.Decl)
		}
	}
	functions := func(list []*doc.Func) {
		for _, function := range list {
			show(function.Decl)
		}
	}
	values(documented.Consts)
	values(documented.Vars)
	functions(documented.Funcs)
	for _, named := range documented.Types {
		show(named.Decl)
		values(named.Consts)
		values(named.Vars)
		functions(named.Funcs)
		functions(named.Methods)
	}
	return b.String()
}

func render(t *testing.T, set *token.FileSet, declaration ast.Decl) string {
	t.Helper()
	ast.Inspect(declaration, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.GenDecl:
			node.Doc = nil
		case *ast.FuncDecl:
			node.Doc, node.Body = nil, nil
		case *ast.TypeSpec:
			node.Doc, node.Comment = nil, nil
		case *ast.ValueSpec:
			node.Doc, node.Comment = nil, nil
		case *ast.Field:
			node.Doc, node.Comment = nil, nil
		}
		return true
	})
	var b strings.Builder
	// Raw, so that a longer name does not move its neighbors to new columns.
	if err := (&printer.Config{Mode: printer.RawFormat}).Fprint(&b, set, declaration); err != nil {
		t.Fatal(err)
	}
	return plain(strings.NewReplacer("\v", "\t", "\f", "\n", "\xff", "").Replace(b.String()))
}

// plain keeps indentation, puts one space where columns were aligned, and drops
// the lines where comments stood.
func plain(s string) string {
	var kept []string
	for line := range strings.Lines(s) {
		text := strings.TrimLeft(line, "\t")
		indent := len(line) - len(text)
		if fields := strings.FieldsFunc(text, func(r rune) bool { return r == '\t' || r == '\n' }); len(fields) > 0 {
			kept = append(kept, strings.Repeat("    ", indent)+strings.Join(fields, " "))
		}
	}
	return strings.Join(kept, "\n")
}
