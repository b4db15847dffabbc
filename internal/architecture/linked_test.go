package architecture_test

import (
	"slices"
	"strings"
	"testing"
)

// rootModules is the most third-party modules that the root package may link.
const rootModules = 26

// linked names the third-party modules a package links, sorted.
func linked(tree tree, p pkg) []string {
	var names []string
	for _, path := range p.Deps {
		dep := tree.all[path]
		if !dep.Standard && !dep.ours() && dep.Module != nil {
			names = append(names, dep.Module.Path)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Who imports a public package pays for these modules and no others.
func TestLinkedModules(t *testing.T) {
	tree := load(t)
	seen := map[string]bool{}
	for _, p := range tree.ours {
		if !p.public() {
			continue
		}
		seen[fileName(p)] = true
		names := linked(tree, p)
		got := ""
		if len(names) > 0 {
			got = strings.Join(names, "\n") + "\n"
		}
		pinned(t, "deps", fileName(p), got)
	}
	noStale(t, "deps", seen)
}

// Who calls models alone pays for little beyond what the root links.
func TestModelsLinkWhatTheRootLinks(t *testing.T) {
	tree := load(t)
	root := linked(tree, tree.all[module])
	var more []string
	for _, path := range []string{"ai", "ai/openai", "ai/anthropic", "ai/gemini", "ai/ollama", "ai/typed"} {
		p, ok := tree.all[module+"/"+path]
		if !ok {
			t.Fatalf("no package %s", path)
		}
		for _, name := range linked(tree, p) {
			if !slices.Contains(root, name) && !slices.Contains(more, name) {
				more = append(more, name)
			}
		}
	}
	if len(more) > 1 {
		t.Errorf("package ai and its adapters link %v beyond the root's modules, want one at most", more)
	}
}

// Drivers, exporters and reporters come by an adapter that the host imports.
func TestRootLinksNoAdapter(t *testing.T) {
	tree := load(t)
	root, ok := tree.all[module]
	if !ok {
		t.Fatal("no root package")
	}
	names := linked(tree, root)
	if len(names) > rootModules {
		t.Errorf("the root links %d modules, want at most %d:\n%s", len(names), rootModules, strings.Join(names, "\n"))
	}
	for _, path := range append([]string{module}, pillars(tree)...) {
		for _, name := range linked(tree, tree.all[path]) {
			for _, never := range []string{
				"modernc.org/sqlite", "github.com/jackc/", "github.com/lib/pq", "github.com/mattn/go-sqlite3",
				"github.com/redis/", "go.opentelemetry.io/otel/sdk", "go.opentelemetry.io/otel/exporters",
				"go.opentelemetry.io/contrib", "go.opentelemetry.io/proto", "github.com/prometheus/",
				"github.com/getsentry/", "google.golang.org/grpc", "go.uber.org/goleak", "github.com/stretchr/testify",
			} {
				if strings.HasPrefix(name, never) {
					t.Errorf("%s links %s", path, name)
				}
			}
		}
	}
}

func pillars(tree tree) []string {
	var paths []string
	for _, p := range tree.ours {
		if name := layer(p.rel()); name == "pillar" || name == "storage" {
			paths = append(paths, p.ImportPath)
		}
	}
	return paths
}
