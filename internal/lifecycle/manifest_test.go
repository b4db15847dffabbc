package lifecycle_test

import (
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
)

func need(id, constraint string) lifecycle.Requirement {
	return lifecycle.Requirement{ID: id, Constraint: constraint}
}

func want(id, constraint string) lifecycle.Requirement {
	return lifecycle.Requirement{ID: id, Constraint: constraint, Optional: true}
}

func manifest(id, version string, requires ...lifecycle.Requirement) lifecycle.Manifest {
	return lifecycle.Manifest{ID: id, Version: version, Requires: requires}
}

func TestValidateManifest(t *testing.T) {
	long := strings.Repeat("x", 40)
	for _, tt := range []struct {
		name string
		m    lifecycle.Manifest
		want string // empty: valid
	}{
		{"plain", manifest("billing", "1.2.3"), ""},
		{"shortest id", manifest("ab", "0.0.1-rc.1+b.7"), ""},
		{"requirements", manifest("reports", "1.0.0", need("billing", "^1.2 || ~2.1, !=2.1.3"), want("crm", "")), ""},
		{"short id", manifest("a", "1.0.0"), `id "a" does not match`},
		{"long id", manifest("a"+long, "1.0.0"), "does not match"},
		{"upper case", manifest("Billing", "1.0.0"), "does not match"},
		{"line end", manifest("billing\n", "1.0.0"), "does not match"},
		{"no version", manifest("billing", ""), "not a semantic version"},
		{"v prefix", manifest("billing", "v1.0.0"), "not a semantic version"},
		{"two numbers", manifest("billing", "1.0"), "not a semantic version"},
		{"long version", manifest("billing", "1.0.0-"+long+long), "longer than 64"},
		{"itself", manifest("billing", "1.0.0", need("billing", "")), "requires itself"},
		{"twice", manifest("reports", "1.0.0", need("billing", ""), want("billing", "")), "requires billing twice"},
		{"bad required id", manifest("reports", "1.0.0", need("no way", "")), `required id "no way"`},
		{"bad constraint", manifest("reports", "1.0.0", need("billing", "about 3")), `constraint "about 3"`},
		{"long constraint", manifest("reports", "1.0.0", need("billing", ">1,"+strings.Repeat(long, 8))), "longer than 256"},
		{"bad dashboard", lifecycle.Manifest{ID: "billing", Version: "1.0.0", Dashboard: "x.y.z?"}, "on the dashboard"},
		{"everything at once", manifest("", "", need("", "")), "not a semantic version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := lifecycle.ValidateManifest(tt.m)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestTooManyRequirements(t *testing.T) {
	m := manifest("reports", "1.0.0")
	for range 65 {
		m.Requires = append(m.Requires, need("billing", ""))
	}
	if err := lifecycle.ValidateManifest(m); err == nil || !strings.Contains(err.Error(), "at most 64") {
		t.Errorf("got %v, want at most 64", err)
	}
}

func TestSatisfies(t *testing.T) {
	for _, tt := range []struct {
		version, constraint string
		want                bool
	}{
		{"1.2.0", "^1.2", true}, {"1.1.9", "^1.2", false}, {"2.0.0", "^1.2", false},
		{"1.2.0", "", true}, {"0.0.1-beta", "", true}, {"1.3.0-beta", "^1.2", false},
		{"", "", false}, {"1.0.0", "nonsense", false},
	} {
		if got := lifecycle.Satisfies(tt.version, tt.constraint); got != tt.want {
			t.Errorf("%q meets %q: got %v, want %v", tt.version, tt.constraint, got, tt.want)
		}
	}
}

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"1.0.0", "1.0.0", 0}, {"1.0.0+a", "1.0.0+b", 0}, {"1.0.0-rc.1", "1.0.0", -1},
		{"1.10.0", "1.9.0", 1}, {"", "1.0.0", -1}, {"1.0.0", "", 1}, {"", "x", 0},
	} {
		if got := lifecycle.Compare(tt.a, tt.b); got != tt.want {
			t.Errorf("%q and %q: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func FuzzValidateManifest(f *testing.F) {
	f.Add("billing", "1.2.3", "crm", "^1.2", ">=0.1")
	f.Add("a-1", "1.0.0-rc.1+x", "b2", "1.2 - 2.3 || >4, !=5.*", "")
	f.Add("Billing", "v1", "billing", "~> x", "*")
	f.Add("billing", "1.0.0", "billing", "", "")
	f.Add("ab", "18446744073709551616.0.0", "cd", "=<>!~^", "1.x")
	f.Fuzz(func(t *testing.T, id, version, required, constraint, dashboard string) {
		m := manifest(id, version, need(required, constraint))
		m.Dashboard = dashboard
		if lifecycle.ValidateManifest(m) != nil {
			return
		}
		if len(id) < 2 || len(id) > 40 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || id == required {
			t.Errorf("id %q requiring %q was accepted", id, required)
		}
		v, err := lifecycle.ParseVersion(version)
		if err != nil || v.String() != version {
			t.Errorf("version %q was accepted and reads %v, %v", version, v, err)
		}
		if lifecycle.Compare(version, version) != 0 {
			t.Errorf("version %q is not itself", version)
		}
		lifecycle.Satisfies(version, constraint)
		if !lifecycle.Satisfies(version, "") || !lifecycle.Satisfies(version, "="+version) && v.Metadata() == "" {
			t.Errorf("version %q does not meet any version, or its own", version)
		}
	})
}

func FuzzParseOp(f *testing.F) {
	for _, op := range lifecycle.Ops() {
		f.Add(string(op))
	}
	f.Add("Enable ")
	f.Fuzz(func(t *testing.T, name string) {
		op, err := lifecycle.ParseOp(name)
		if (err == nil) != (string(op) == name && name != "") {
			t.Errorf("parse %q: got %q, %v", name, op, err)
		}
	})
}
