package auth_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/auth"
)

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "a.b", true},
		{"*", "a.b.c.d", true},
		{"a.b.c", "a.b.c", true},
		{"a.b.c", "a.b.cc", false},
		{"a.b.c", "a.b", false},
		{"a.b", "a.b.c", false},
		{"a.*", "a.b", true},
		{"a.*", "a.b.c", true},
		{"a.*", "ab.c", false},
		{"a.*", "b.a.c", false},
		{"a.*.c", "a.b.c", true},
		{"a.*.c", "a.b.d", false},
		{"a.*.c", "a.b.b.c", false},
		{"a.*.c", "a.c", false},
		{"*.*.read", "a.b.read", true},
		{"*.*.read", "a.b.write", false},
		{"*.*.read", "a.read", false},
		{"*.*.read", "a.b.c.read", false},
		{"*.b.*", "a.b.c", true},
		{"*.b.*", "a.b.c.d", true},
		{"*.b.*", "a.b", false},
		{"*.*", "a.b", true},
		{"*.*", "a.b.c", true},
	} {
		if got := auth.MatchPattern(c.pattern, c.name); got != c.want {
			t.Errorf("%s on %s: got %v, want %v", c.pattern, c.name, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text                string
		permission, pattern bool
	}{
		{"a.b", true, true},
		{"billing.invoice.refund", true, true},
		{"a1.b-c.d_e", true, true},
		{"a.b.c.d.e.f.g.h", true, true},
		{"a.b.c.d.e.f.g.h.i", false, false},
		{"*", false, true},
		{"a.*", false, true},
		{"*.*.read", false, true},
		{"", false, false},
		{"a", false, false},
		{".", false, false},
		{"a.", false, false},
		{".a", false, false},
		{"a..b", false, false},
		{"A.b", false, false},
		{"1.b", false, false},
		{"a.b*", false, false},
		{"a.**", false, false},
		{"a b.c", false, false},
		{"a.ü", false, false},
		{"a." + strings.Repeat("b", 41), false, false},
	} {
		if got := auth.ValidPermission(c.text); got != c.permission {
			t.Errorf("permission %q: got %v, want %v", c.text, got, c.permission)
		}
		if got := auth.ValidPattern(c.text); got != c.pattern {
			t.Errorf("pattern %q: got %v, want %v", c.text, got, c.pattern)
		}
	}
}

func TestCoversPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		have, asked string
		want        bool
	}{
		{"*", "*", true}, {"*", "a.*", true}, {"*", "*.*.read", true}, {"*", "a.b", true},
		{"a.*", "a.b.c", true}, {"a.*", "a.*", true}, {"a.*", "a.*.c", true}, {"a.*", "b.c", false}, {"a.*", "*", false}, {"a.*", "*.b", false},
		{"a.b", "a.b", true}, {"a.b", "a.*", false}, {"a.b", "a.b.c", false}, {"a.b.c", "a.b", false},
		{"*.*.read", "*.*.read", true}, {"*.*.read", "a.*.read", true}, {"*.*.read", "a.b.read", true}, {"*.*.read", "a.*", false}, {"*.*.read", "*.*.*", false},
	} {
		if got := auth.CoversPattern(c.have, c.asked); got != c.want {
			t.Errorf("%s covers %s: got %v, want %v", c.have, c.asked, got, c.want)
		}
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	names := []string{"billing.invoice.read", "billing.invoice.refund", "crm.contact.read", "crm.contact.write", "crm.list.export"}
	if err := a.RegisterPermissions(names...); err != nil {
		t.Fatal(err)
	}
	for _, r := range []auth.Role{
		{Name: "support", Permissions: []string{"crm.*"}, Inherits: []string{"viewer"}},
		{Name: "lead", Permissions: []string{"billing.*.refund"}, Inherits: []string{"support"}},
		{Name: "nothing"},
	} {
		if err := a.PutRole(t.Context(), r); err != nil {
			t.Fatalf("PutRole %s: %v", r.Name, err)
		}
	}
	for _, c := range []struct {
		roles []string
		want  []string
	}{
		{nil, []string{}},
		{[]string{"nothing"}, []string{}},
		{[]string{"owner"}, names},
		{[]string{"viewer"}, []string{"billing.invoice.read", "crm.contact.read"}},
		{[]string{"support"}, []string{"billing.invoice.read", "crm.contact.read", "crm.contact.write", "crm.list.export"}},
		{[]string{"lead"}, names},
		{[]string{"nothing", "viewer"}, []string{"billing.invoice.read", "crm.contact.read"}},
	} {
		email := "u" + strings.Join(c.roles, "") + "@example.org"
		user(t, a, email, c.roles...)
		p, err := a.Verify(t.Context(), login(t, a, email).AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Permissions(); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.roles, got, c.want)
		}
		for _, name := range names {
			want := slices.Contains(c.want, name)
			if got := p.Can(a.Permission(name)); got != want {
				t.Errorf("%v can %s: got %v, want %v", c.roles, name, got, want)
			}
			if got := p.Has(name); got != want {
				t.Errorf("%v has %s: got %v, want %v", c.roles, name, got, want)
			}
		}
		anyUnder := slices.ContainsFunc(c.want, func(n string) bool { return strings.HasPrefix(n, "billing.") })
		if got := p.HasAnyUnder("billing"); got != anyUnder {
			t.Errorf("%v has any under billing: got %v, want %v", c.roles, got, anyUnder)
		}
		if p.HasAnyUnder("unknown") || p.HasAnyUnder("") || p.Has("unknown.x.read") || p.Can(auth.Permission{}) {
			t.Errorf("%v: got a right that nobody has", c.roles)
		}
	}
}

func TestPermissionsRegisteredLater(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	user(t, a, "v@example.org", auth.RoleViewer)
	g := login(t, a, "v@example.org")
	before, err := a.Verify(t.Context(), g.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	perm, err := a.RegisterPermission("late.thing.read")
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.RegisterPermission("late.thing.read")
	if err != nil || again != perm {
		t.Errorf("registered again: got %v, %v, want %v", again, err, perm)
	}
	if before.Can(perm) {
		t.Error("an older principal holds the new permission")
	}
	after, err := a.Verify(t.Context(), g.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if !after.Can(perm) || !after.HasAnyUnder("late") {
		t.Error("a new principal does not hold the new permission")
	}
	if err := a.RegisterPermissions("ok.ok.ok", "Not.ok"); err == nil || !a.Permission("ok.ok.ok").IsZero() {
		t.Errorf("a bad name: got %v, want an error and nothing registered", err)
	}
	if got, want := a.PermissionNames(), []string{"late.thing.read"}; !slices.Equal(got, want) {
		t.Errorf("PermissionNames: got %v, want %v", got, want)
	}
}

func TestForeignPermission(t *testing.T) {
	t.Parallel()
	a, b := start(t, openDB(t)), start(t, openDB(t))
	_, err := a.RegisterPermission("a.thing.write")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := b.RegisterPermission("b.thing.write") // the same bit
	if err != nil {
		t.Fatal(err)
	}
	user(t, a, "o@example.org", auth.RoleOwner)
	p, err := a.Verify(t.Context(), login(t, a, "o@example.org").AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if p.Can(foreign) {
		t.Error("a principal of one authority holds a permission of another")
	}
	var nobody *auth.Principal
	if nobody.Can(foreign) || nobody.Has("a.thing.write") || nobody.HasAnyUnder("a") || len(nobody.Permissions()) != 0 {
		t.Error("a nil principal holds something")
	}
}

func TestPutRoleRefuses(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	for _, r := range []auth.Role{{Name: "a"}, {Name: "b", Inherits: []string{"a"}}, {Name: "c", Inherits: []string{"b"}}} {
		if err := a.PutRole(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	err := a.PutRole(t.Context(), auth.Role{Name: "a", Inherits: []string{"c"}})
	cycle, ok := errors.AsType[*auth.CycleError](err)
	if !ok || !slices.Equal(cycle.Path, []string{"a", "c", "b", "a"}) {
		t.Errorf("circle: got %v, want a → c → b → a", err)
	}
	err = a.PutRole(t.Context(), auth.Role{Name: "a", Inherits: []string{"a"}})
	if _, ok := errors.AsType[*auth.CycleError](err); !ok {
		t.Errorf("self: got %v, want a CycleError", err)
	}
	for name, c := range map[string]struct {
		role  auth.Role
		field string
	}{
		"bad name":         {auth.Role{Name: "A B"}, "name"},
		"no name":          {auth.Role{}, "name"},
		"long title":       {auth.Role{Name: "x", Title: strings.Repeat("x", 101)}, "title"},
		"bad pattern":      {auth.Role{Name: "x", Permissions: []string{"a.b", "a.b*"}}, "permissions"},
		"too many":         {auth.Role{Name: "x", Permissions: make([]string, 1001)}, "permissions"},
		"unknown parent":   {auth.Role{Name: "x", Inherits: []string{"nobody"}}, "inherits"},
		"too many parents": {auth.Role{Name: "x", Inherits: make([]string, 101)}, "inherits"},
	} {
		err := a.PutRole(t.Context(), c.role)
		if input, ok := errors.AsType[*auth.InputError](err); !ok || input.Field != c.field {
			t.Errorf("%s: got %v, want an InputError of %s", name, err, c.field)
		}
	}
	wantErr(t, "built-in put", a.PutRole(t.Context(), auth.Role{Name: "owner"}), auth.ErrBuiltInRole)
	wantErr(t, "built-in deleted", a.DeleteRole(t.Context(), "viewer"), auth.ErrBuiltInRole)
	wantErr(t, "inherited deleted", a.DeleteRole(t.Context(), "a"), auth.ErrRoleInUse)
	user(t, a, "c@example.org", "c")
	wantErr(t, "assigned deleted", a.DeleteRole(t.Context(), "c"), auth.ErrRoleInUse)
	wantErr(t, "missing deleted", a.DeleteRole(t.Context(), "zzz"), auth.ErrNotFound)
	roles, err := a.Roles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range roles {
		names = append(names, r.Name)
		if len(r.Inherits) > 1 || r.Permissions == nil || r.Inherits == nil || r.Title == "" {
			t.Errorf("role %+v", r)
		}
	}
	if want := []string{"a", "b", "c", "owner", "viewer"}; !slices.Equal(names, want) {
		t.Errorf("got roles %v, want %v", names, want)
	}
}

func TestBeyond(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	if err := a.RegisterPermissions("crm.contact.read", "crm.contact.write", "billing.invoice.read"); err != nil {
		t.Fatal(err)
	}
	for _, r := range []auth.Role{{Name: "crm", Permissions: []string{"crm.*"}}, {Name: "sub", Inherits: []string{"crm"}}, {Name: "billing", Permissions: []string{"billing.*.read"}}} {
		if err := a.PutRole(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	principal := func(roles ...string) *auth.Principal {
		email := strings.Join(roles, ".") + "@example.org"
		user(t, a, email, roles...)
		p, err := a.Verify(t.Context(), login(t, a, email).AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	crm, owner := principal("sub"), principal("owner")
	for _, c := range []struct {
		p               *auth.Principal
		patterns, roles []string
		want            string
	}{
		{crm, []string{"crm.contact.read", "crm.*", "crm.later.x"}, []string{"crm", "sub"}, ""},
		{crm, []string{"crm.a.b", "billing.invoice.read"}, nil, "billing.invoice.read"},
		{crm, []string{"*"}, nil, "*"},
		{crm, nil, []string{"owner"}, "*"},
		{crm, nil, []string{"viewer"}, "*.*.read"},
		{crm, nil, []string{"billing"}, "billing.*.read"},
		{crm, nil, []string{"unknown"}, ""},
		{owner, []string{"*", "a.b"}, []string{"owner", "viewer", "crm"}, ""},
		{nil, []string{"a.b"}, nil, "a.b"},
	} {
		if got := a.Beyond(c.p, c.patterns, c.roles); got != c.want {
			t.Errorf("beyond %v %v: got %q, want %q", c.patterns, c.roles, got, c.want)
		}
	}
}

// wide returns a principal among many roles, with the last 100 of them, over
// many permissions.
func wide(t testing.TB, roles int) (*auth.Principal, auth.Permission) {
	t.Helper()
	a := start(t, openDB(t))
	var names, held []string
	for i := range roles {
		name := fmt.Sprintf("m%d.thing.read", i)
		names = append(names, name)
		role := fmt.Sprintf("r%d", i)
		if err := a.PutRole(t.Context(), auth.Role{Name: role, Permissions: []string{name}}); err != nil {
			t.Fatal(err)
		}
		held = append(held, role)
	}
	if err := a.RegisterPermissions(names...); err != nil {
		t.Fatal(err)
	}
	user(t, a, "w@example.org", held[max(0, len(held)-100):]...)
	p, err := a.Verify(t.Context(), login(t, a, "w@example.org").AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	return p, a.Permission(names[len(names)-1])
}

func TestCanAllocatesNothing(t *testing.T) {
	p, perm := wide(t, 80)
	ok := true
	if n := testing.AllocsPerRun(100, func() {
		ok = ok && p.Can(perm) && p.Has("m0.thing.read") && p.HasAnyUnder("m5")
	}); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
	if !ok {
		t.Error("a held permission was refused")
	}
}

func BenchmarkCan(b *testing.B) {
	for _, roles := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("roles=%d", roles), func(b *testing.B) {
			p, perm := wide(b, roles)
			b.ReportAllocs()
			for b.Loop() {
				if !p.Can(perm) {
					b.Fatal("refused")
				}
			}
		})
	}
}

func FuzzPattern(f *testing.F) {
	for _, c := range [][2]string{{"*", "a.b"}, {"a.*.c", "a.b.c"}, {"*.*.read", "x.y.read"}, {"a..b", "a.b"}, {"", ""}} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		matched := auth.MatchPattern(pattern, name)
		if !auth.ValidPattern(pattern) || !auth.ValidPermission(name) {
			return
		}
		if got := auth.MatchPattern(name, name); !got {
			t.Errorf("%s does not match itself", name)
		}
		if !auth.MatchPattern("*", name) {
			t.Errorf("* does not match %s", name)
		}
		if want := slowMatch(strings.Split(pattern, "."), strings.Split(name, ".")); matched != want {
			t.Errorf("%s on %s: got %v, want %v", pattern, name, matched, want)
		}
		if auth.CoversPattern(pattern, name) != matched {
			t.Errorf("%s on %s: covering a name differs from matching it", pattern, name)
		}
	})
}

// slowMatch is the definition, word by word.
func slowMatch(pattern, name []string) bool {
	if len(pattern) == 0 || len(name) == 0 {
		return len(pattern) == len(name)
	}
	if len(pattern) == 1 && pattern[0] == "*" {
		return true
	}
	return (pattern[0] == "*" || pattern[0] == name[0]) && slowMatch(pattern[1:], name[1:])
}
