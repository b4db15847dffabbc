package architecture_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The layers, from the bottom: a package's layer is the first whose pattern
// its path below the module matches.
//
//	storage ← pillars ← root ← modules;  adapters → what they are below, and that one's internal/*;  internal/* below the root
var layers = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"root", regexp.MustCompile(`^$`)},
	{"storage", regexp.MustCompile(`^storage$`)},
	{"pillar", regexp.MustCompile(`^(auth|ratelimit|featureflag|ai)$`)},
	{"adapter", regexp.MustCompile(`^(storage|auth|ratelimit|featureflag|ai|telemetry)/`)},
	{"telemetry", regexp.MustCompile(`^telemetry$`)},
	{"test", regexp.MustCompile(`^dashboardtest$`)},
	{"module", regexp.MustCompile(`^modules/`)},
	{"internal", regexp.MustCompile(`^internal/`)},
	{"example", regexp.MustCompile(`^examples/`)},
}

func layer(rel string) string {
	for _, l := range layers {
		if l.pattern.MatchString(rel) {
			return l.name
		}
	}
	return ""
}

// allowed tells which of our own packages a package may import. leaf tells
// whether an internal package links the standard library only.
func allowed(from, to string, leaf bool) bool {
	target := layer(to)
	switch layer(from) {
	case "storage":
		return target == "internal" && leaf
	case "pillar":
		return target == "storage" || target == "internal" && leaf
	case "root":
		return target == "storage" || target == "pillar" || target == "internal"
	case "module":
		return target == "root" || target == "storage" || target == "pillar" || within(to, unit(from))
	case "adapter":
		return to != "" && within(from, to) || target == "internal" && leaf || shared(from, to)
	case "telemetry":
		return target == "internal" && leaf
	case "test":
		return target == "root" || target == "pillar" || target == "storage" || to == "storage/sqlite" || to == "internal/leaktest"
	case "internal":
		return target == "internal" || target == "storage" || target == "pillar"
	case "example":
		return target != "internal" && target != "example" || within(to, unit(from))
	}
	return false
}

// unit is the folder of one module or example: the first two elements.
func unit(rel string) string {
	parts := strings.SplitN(rel, "/", 3)
	return strings.Join(parts[:min(2, len(parts))], "/")
}

// shared tells whether a package is what the adapters of one pillar have in
// common.
func shared(from, to string) bool {
	pillar, _, _ := strings.Cut(from, "/")
	return within(to, pillar+"/internal")
}

// within tells whether a package is below a folder, for its use alone.
func within(rel, folder string) bool { return strings.HasPrefix(rel, folder+"/") }

func TestImportArrows(t *testing.T) {
	tree := load(t)
	for _, p := range tree.ours {
		if layer(p.rel()) == "" {
			t.Errorf("%s is in no layer: name it in the design and here", p.ImportPath)
		}
		for _, path := range p.Imports {
			to, ok := tree.all[path]
			if !ok || !to.ours() {
				continue
			}
			if !allowed(p.rel(), to.rel(), standardOnly(tree, to)) {
				t.Errorf("%s (%s) imports %s (%s)", p.ImportPath, layer(p.rel()), path, layer(to.rel()))
			}
		}
	}
}

// standardOnly tells whether a package links nothing but the standard library
// and packages of ours that do the same.
func standardOnly(tree tree, p pkg) bool {
	return !slices.ContainsFunc(p.Deps, func(path string) bool {
		dep := tree.all[path]
		return !dep.Standard && (!dep.ours() || layer(dep.rel()) != "internal")
	})
}

// The table above says what it should: a wrong arrow is seen.
func TestArrowTable(t *testing.T) {
	for _, test := range []struct {
		from, to string
		leaf     bool
		want     bool
	}{
		{"storage", "internal/seal", true, true},
		{"storage", "internal/registry", false, false},
		{"storage", "auth", true, false},
		{"auth", "storage", false, true},
		{"auth", "ratelimit", true, false},
		{"auth", "", true, false},
		{"auth", "internal/bind", false, false},
		{"", "auth", false, true},
		{"", "internal/registry", false, true},
		{"", "storage/sqlite", false, false},
		{"", "telemetry", false, false},
		{"", "modules/system", false, false},
		{"modules/system", "", false, true},
		{"modules/system", "internal/bind", true, false},
		{"modules/system", "storage/sqlite", false, false},
		{"modules/system", "modules/system/internal/proc", true, true},
		{"modules/system/internal/history", "modules/system/internal/proc", true, true},
		{"modules/system", "modules/traffic", false, false},
		{"storage/sqlite", "storage", false, true},
		{"storage/sqlite", "auth", false, false},
		{"ratelimit/redislimit/rueidislimit", "ratelimit/redislimit", false, true},
		{"ratelimit/redislimit/rueidislimit", "ratelimit", false, true},
		{"ratelimit/redislimit/rueidislimit", "ratelimit/redislimit/goredislimit", false, false},
		{"ratelimit/redislimit", "ratelimit/redislimit/rueidislimit", false, false},
		{"auth/oidc", "", false, false},
		{"ai/openai", "ai/internal/wire", false, true},
		{"ai/openai", "ai/gemini", false, false},
		{"ai/openai", "auth/internal/x", false, false},
		{"ai", "ai/internal/wire", false, false},
		{"telemetry", "internal/redact", true, true},
		{"telemetry", "", false, false},
		{"dashboardtest", "", false, true},
		{"dashboardtest", "storage/sqlite", false, true},
		{"dashboardtest", "internal/registry", false, false},
		{"", "dashboardtest", false, false},
		{"internal/registry", "", false, false},
		{"internal/registry", "storage", false, true},
		{"examples/server", "storage/sqlite", false, true},
		{"examples/server", "internal/ui", true, false},
		{"examples/server", "examples/server/internal/hello", false, true},
		{"examples/server", "examples/minimal", true, false},
	} {
		if got := allowed(test.from, test.to, test.leaf); got != test.want {
			t.Errorf("%q imports %q (standard library only: %t): got %t, want %t", test.from, test.to, test.leaf, got, test.want)
		}
	}
}

// Packages that promise to be pure.
func TestPurePackages(t *testing.T) {
	tree := load(t)
	for _, test := range []struct {
		path      string
		never     []string // standard packages it must not reach
		outsiders []string // third-party modules it may
	}{
		{"internal/lifecycle", []string{"net/http", "database/sql", "os/exec"}, []string{"github.com/Masterminds/semver/v3"}},
		{"internal/ui", []string{"database/sql", "os/exec"}, nil},
		{"internal/problem", []string{"database/sql"}, nil},
		{"internal/seal", []string{"net/http", "database/sql"}, nil},
	} {
		p, ok := tree.all[module+"/"+test.path]
		if !ok {
			continue
		}
		for _, path := range test.never {
			if slices.Contains(p.Deps, path) {
				t.Errorf("%s reaches %s", test.path, path)
			}
		}
		for _, name := range linked(tree, p) {
			if !slices.Contains(test.outsiders, name) {
				t.Errorf("%s links %s", test.path, name)
			}
		}
	}
}

func TestPackageNamesSaySomething(t *testing.T) {
	for _, p := range load(t).ours {
		switch p.Name {
		case "util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "core", "lib", "pkg", "types":
			t.Errorf("%s: package %s says nothing about what it holds", p.ImportPath, p.Name)
		}
	}
}
