package architecture_test

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strings"
	"testing"
)

// exceptions are package-level variables that may change, with the reason.
var exceptions = map[string]string{}

// Nothing registers itself and nothing is shared behind the caller's back:
// there is no init function, and no package-level variable changes after the
// program started.
func TestNoPackageState(t *testing.T) {
	for _, p := range load(t).ours {
		set, files := parse(t, p, p.GoFiles)
		info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
		config := types.Config{
			Error:    func(error) {}, // imports are not loaded, and names of the package resolve without them
			Importer: nothing{},
		}
		checked, _ := config.Check(p.ImportPath, set, files, info)
		for _, file := range files {
			for _, found := range initializers(file) {
				t.Errorf("%s: init function", at(set, found.Pos()))
			}
			for _, found := range stateful(file) {
				if exceptions[p.rel()+"."+found.Name] == "" {
					t.Errorf("%s: package-level %s can only be there to change", at(set, found.Pos()), found.Name)
				}
			}
			ast.Inspect(file, func(node ast.Node) bool {
				for _, target := range written(node) {
					use := root(target)
					if use == nil {
						continue
					}
					object, ok := info.Uses[use].(*types.Var)
					if ok && object.Parent() == checked.Scope() && exceptions[p.rel()+"."+use.Name] == "" {
						t.Errorf("%s: package-level %s changes", at(set, use.Pos()), use.Name)
					}
				}
				return true
			})
		}
	}
}

// nothing imports no package.
type nothing struct{}

func (nothing) Import(string) (*types.Package, error) { return nil, errors.New("not loaded") }

func initializers(file *ast.File) []*ast.FuncDecl {
	var found []*ast.FuncDecl
	for _, declaration := range file.Decls {
		if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil && function.Name.Name == "init" {
			found = append(found, function)
		}
	}
	return found
}

// stateful names the package-level variables whose declaration shows that they
// are there to change: a lock, a counter, a channel, or nothing yet.
func stateful(file *ast.File) []*ast.Ident {
	var found []*ast.Ident
	for _, declaration := range file.Decls {
		declaration, ok := declaration.(*ast.GenDecl)
		if !ok || declaration.Tok != token.VAR || strings.HasPrefix(comments(declaration), "//go:embed") {
			continue
		}
		for _, spec := range declaration.Specs {
			spec, ok := spec.(*ast.ValueSpec)
			if !ok || spec.Names[0].Name == "_" {
				continue
			}
			source := types.ExprString(orIdent(spec.Type))
			for _, value := range spec.Values {
				if _, isFunction := value.(*ast.FuncLit); !isFunction {
					source += " " + types.ExprString(value)
				}
			}
			if len(spec.Values) == 0 || regexp.MustCompile(`\b(sync|atomic)\.(Mutex|RWMutex|Map|Pool|Once|WaitGroup|Bool|U?[Ii]nt(32|64|ptr)|Pointer|Value)\b|\bchan\b`).MatchString(source) {
				found = append(found, spec.Names...)
			}
		}
	}
	return found
}

func comments(declaration *ast.GenDecl) string {
	if declaration.Doc == nil {
		return ""
	}
	return declaration.Doc.List[len(declaration.Doc.List)-1].Text
}

func orIdent(expression ast.Expr) ast.Expr {
	if expression == nil {
		return ast.NewIdent("")
	}
	return expression
}

// written returns what a node assigns to, empties, sends to, or takes the
// address of.
func written(node ast.Node) []ast.Expr {
	switch node := node.(type) {
	case *ast.AssignStmt:
		if node.Tok != token.DEFINE {
			return node.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{node.X}
	case *ast.RangeStmt:
		if node.Tok == token.ASSIGN {
			return []ast.Expr{orIdent(node.Key), orIdent(node.Value)}
		}
	case *ast.UnaryExpr:
		if node.Op == token.AND {
			return []ast.Expr{node.X}
		}
	case *ast.SendStmt:
		return []ast.Expr{node.Chan}
	case *ast.CallExpr:
		if name, ok := node.Fun.(*ast.Ident); ok && (name.Name == "delete" || name.Name == "clear") && len(node.Args) > 0 {
			return node.Args[:1]
		}
	}
	return nil
}

// root is the variable that an expression such as v.field[i] belongs to.
func root(expression ast.Expr) *ast.Ident {
	for {
		switch inner := expression.(type) {
		case *ast.Ident:
			return inner
		case *ast.SelectorExpr:
			expression = inner.X
		case *ast.IndexExpr:
			expression = inner.X
		case *ast.ParenExpr:
			expression = inner.X
		case *ast.StarExpr:
			expression = inner.X
		default:
			return nil
		}
	}
}
