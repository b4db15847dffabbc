package architecture_test

import (
	"go/ast"
	"path"
	"strconv"
	"strings"
	"testing"
)

// No struct has a field of a generic type of another module: the compiler makes
// the methods of such a type again in every package that sees the struct, so
// that each module of a host would take seconds to build. An interface ends that.
func TestNoForeignGenericFields(t *testing.T) {
	for _, p := range load(t).ours {
		if p.Name == "main" || len(p.GoFiles) == 0 {
			continue
		}
		set, files := parse(t, p, p.GoFiles)
		for _, file := range files {
			foreign := foreignNames(file)
			ast.Inspect(file, func(node ast.Node) bool {
				structure, ok := node.(*ast.StructType)
				if !ok {
					return true
				}
				for _, field := range structure.Fields.List {
					if generic := foreignGeneric(field.Type, foreign); generic != nil {
						t.Errorf("%s: a field of a generic type of another module; hold it by an interface", at(set, generic.Pos()))
					}
				}
				return true
			})
		}
	}
}

// foreignNames are the names by which a file knows packages of other modules.
func foreignNames(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		first, _, _ := strings.Cut(name, "/")
		if err != nil || !strings.Contains(first, ".") || name == module || strings.HasPrefix(name, module+"/") {
			continue
		}
		if spec.Name != nil {
			names[spec.Name.Name] = true
			continue
		}
		base := path.Base(name)
		if version, ok := strings.CutPrefix(base, "v"); ok {
			if _, err := strconv.Atoi(version); err == nil {
				base = path.Base(path.Dir(name))
			}
		}
		names[strings.TrimSuffix(base, "-go")] = true
	}
	return names
}

// foreignGeneric finds an instance of a generic type of one of the packages.
func foreignGeneric(field ast.Expr, foreign map[string]bool) (found ast.Expr) {
	ast.Inspect(field, func(node ast.Node) bool {
		var generic ast.Expr
		switch node := node.(type) {
		case *ast.IndexExpr:
			generic = node.X
		case *ast.IndexListExpr:
			generic = node.X
		case *ast.InterfaceType, *ast.FuncType:
			return false // what is behind them is not known
		}
		if selector, ok := generic.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok && foreign[name.Name] {
				found = generic
			}
		}
		return found == nil
	})
	return found
}
