package architecture_test

import (
	"go/ast"
	"go/doc"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every exported name says what it is, in public and internal packages alike.
func TestExportedNamesAreDocumented(t *testing.T) {
	for _, p := range load(t).ours {
		if p.Name == "main" || len(p.GoFiles) == 0 {
			continue
		}
		set, files := parse(t, p, p.GoFiles)
		if !slices.ContainsFunc(files, func(file *ast.File) bool { return file.Doc != nil }) {
			t.Errorf("package %s has no package comment", p.ImportPath)
		}
		documented, err := doc.NewFromFiles(set, files, p.ImportPath)
		if err != nil {
			t.Fatal(err)
		}
		say := func(pos token.Pos, name, comment string) {
			if strings.TrimSpace(comment) == "" {
				t.Errorf("%s: exported %s has no comment", at(set, pos), name)
			}
		}
		values := func(list []*doc.Value) {
			for _, value := range list {
				valuesDocumented(value, say)
			}
		}
		functions := func(list []*doc.Func) {
			for _, function := range list {
				say(function.Decl.Pos(), function.Name, function.Doc)
			}
		}
		values(documented.Consts)
		values(documented.Vars)
		functions(documented.Funcs)
		for _, named := range documented.Types {
			say(named.Decl.Pos(), named.Name, named.Doc)
			values(named.Consts)
			values(named.Vars)
			functions(named.Funcs)
			functions(named.Methods)
			interfaceDocumented(named, say)
		}
	}
}

// valuesDocumented wants a comment on a group or on each exported name in it.
func valuesDocumented(value *doc.Value, say func(token.Pos, string, string)) {
	if value.Doc != "" {
		return
	}
	for _, spec := range value.Decl.Specs {
		spec, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for _, name := range spec.Names {
			if name.IsExported() {
				say(name.Pos(), name.Name, spec.Doc.Text()+spec.Comment.Text())
			}
		}
	}
}

// interfaceDocumented wants every method of an interface explained, by a
// comment of its own or in that of the interface: the contract is there.
func interfaceDocumented(named *doc.Type, say func(token.Pos, string, string)) {
	for _, spec := range named.Decl.Specs {
		spec, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		contract, ok := spec.Type.(*ast.InterfaceType)
		if !ok || contract.Methods.NumFields() < 2 {
			continue
		}
		for _, method := range contract.Methods.List {
			for _, name := range method.Names {
				if name.IsExported() && !strings.Contains(strings.ToLower(named.Doc), strings.ToLower(name.Name)) {
					say(name.Pos(), named.Name+"."+name.Name, method.Doc.Text()+method.Comment.Text())
				}
			}
		}
	}
}

// Who opens a package's documentation sees code that runs.
func TestPublicPackagesHaveExamples(t *testing.T) {
	example := regexp.MustCompile(`(?m)^func Example[A-Z_a-z0-9]*\(\)`)
	for _, p := range load(t).ours {
		if !p.public() {
			continue
		}
		names := slices.Concat(p.TestGoFiles, p.XTestGoFiles)
		if !slices.ContainsFunc(names, func(name string) bool {
			content, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			return example.Match(content)
		}) {
			t.Errorf("%s has no Example", p.ImportPath)
		}
	}
}
