package auth_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/auth"
)

// person makes an account and returns it signed in.
func person(t testing.TB, a *auth.Authority, email string, roles ...string) (auth.User, *auth.Principal) {
	t.Helper()
	u := user(t, a, email, roles...)
	p, err := a.Verify(t.Context(), login(t, a, email).AccessToken)
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	return u, p
}

// apiKey makes a key of a person.
func apiKey(t testing.TB, a *auth.Authority, owner *auth.Principal, permissions ...string) (auth.APIKey, string) {
	t.Helper()
	k, secret, err := a.CreateAPIKey(t.Context(), owner, auth.NewAPIKey{Name: "deploy", Permissions: permissions})
	if err != nil {
		t.Fatalf("CreateAPIKey: %v", err)
	}
	return k, secret
}

func register(t testing.TB, a *auth.Authority, names ...string) (perms []auth.Permission) {
	t.Helper()
	if err := a.RegisterPermissions(names...); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		perms = append(perms, a.Permission(name))
	}
	return perms
}

func TestAPIKeyForm(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	_, owner := person(t, a, "o@example.org", auth.RoleOwner)
	form := regexp.MustCompile(`^dsh_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}$`)
	seen := map[string]bool{}
	for range 50 {
		k, secret := apiKey(t, a, owner, "*")
		if !form.MatchString(secret) || !auth.LooksLikeAPIKey(secret) || seen[secret] || !strings.HasPrefix(secret, k.Prefix) || len(k.Prefix) != 10 {
			t.Fatalf("got %q with prefix %q", secret, k.Prefix)
		}
		seen[secret] = true
	}
	// One key by hand, so that other scanners agree.
	if !auth.LooksLikeAPIKey("dsh_00000000000000000000000000000000_" + "3NeBQM") {
		t.Error("the checksum changed")
	}
}

func TestAPIKeyLooks(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	_, owner := person(t, a, "o@example.org", auth.RoleOwner)
	_, key := apiKey(t, a, owner, "*")
	for i := range len(key) {
		for _, c := range "0zA_-. \x00é" {
			if other := key[:i] + string(c) + key[i+1:]; other != key && auth.LooksLikeAPIKey(other) {
				t.Errorf("%q passes for a key", other)
			}
		}
		if auth.LooksLikeAPIKey(key[:i]) || auth.LooksLikeAPIKey(key[i+1:]) {
			t.Errorf("cut at %d it passes for a key", i)
		}
	}
	for _, text := range []string{"", "dsh_", key + "0", " " + key, strings.ToUpper(key), strings.Repeat(key, 1000)} {
		if auth.LooksLikeAPIKey(text) {
			t.Errorf("%.60q passes for a key", text)
		}
	}
}

func FuzzLooksLikeAPIKey(f *testing.F) {
	for _, seed := range []string{"", "dsh_", "dsh_00000000000000000000000000000000_3NeBQM", "dsh_0000000000000000000000000000000é_3NeBQM"} {
		f.Add(seed)
	}
	form := regexp.MustCompile(`^dsh_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}$`)
	f.Fuzz(func(t *testing.T, text string) {
		if auth.LooksLikeAPIKey(text) && !form.MatchString(text) {
			t.Errorf("%q passes for a key", text)
		}
		if auth.OurKey([]byte("secret"), text) && !auth.LooksLikeAPIKey(text) {
			t.Errorf("%q is ours without looking like it", text)
		}
	})
}

// A key holds what it and its owner both hold, whatever patterns say.
func TestAPIKeyRights(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	register(t, a, "m.thing.read", "m.thing.write", "m.other.read", "n.thing.read")
	if err := a.PutRole(t.Context(), auth.Role{Name: "editor", Permissions: []string{"m.*"}}); err != nil {
		t.Fatal(err)
	}
	u, editor := person(t, a, "e@example.org", "editor", auth.RoleViewer)
	for _, c := range []struct {
		patterns, want []string
	}{
		{[]string{"m.thing.read"}, []string{"m.thing.read"}},
		{[]string{"m.thing.*"}, []string{"m.thing.read", "m.thing.write"}},
		{[]string{"m.*"}, []string{"m.other.read", "m.thing.read", "m.thing.write"}},
		{[]string{"n.*.read", "m.thing.write"}, []string{"m.thing.write", "n.thing.read"}},
		{[]string{"*.*.read"}, []string{"m.other.read", "m.thing.read", "n.thing.read"}},
		{[]string{"m.later.read"}, []string{}},
	} {
		k, secret := apiKey(t, a, editor, c.patterns...)
		p, err := a.VerifyAPIKey(t.Context(), secret)
		if err != nil {
			t.Fatalf("%v: %v", c.patterns, err)
		}
		if got := p.Permissions(); !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.patterns, got, c.want)
		}
		if p.Kind != auth.KindAPIKey || p.ID != u.ID || p.KeyID != k.ID || p.KeyName != "deploy" || len(p.Roles) != 0 || p.SessionID != "" || !p.ViaHeader {
			t.Errorf("got %+v", p)
		}
		for _, perm := range a.PermissionNames() {
			if want := slices.Contains(c.want, perm); p.Can(a.Permission(perm)) != want || p.Has(perm) != want {
				t.Errorf("%v: %s: got %v and %v, want %v", c.patterns, perm, p.Can(a.Permission(perm)), p.Has(perm), want)
			}
		}
	}
	for _, pattern := range []string{"*", "n.thing.write", "n.*", "*.thing.write", "*.*", "m.*.*.x", "*.read"} {
		_, _, err := a.CreateAPIKey(t.Context(), editor, auth.NewAPIKey{Name: "x", Permissions: []string{pattern}})
		if beyond, ok := errors.AsType[*auth.BeyondError](err); (!ok || beyond.Permission != pattern) && pattern != "m.*.*.x" {
			t.Errorf("%s: got %v, want it to be beyond", pattern, err)
		}
	}
	// A permission that is registered later is the key's too.
	_, secret := apiKey(t, a, editor, "m.*")
	if _, err := a.VerifyAPIKey(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	late := register(t, a, "m.late.write")[0]
	if p, err := a.VerifyAPIKey(t.Context(), secret); err != nil || !p.Can(late) {
		t.Errorf("a later permission: got %v, %v", p.Permissions(), err)
	}
}

// What would outlive a key, a key cannot do.
func TestAPIKeyMakesNoCredentials(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	u, owner := person(t, a, "o@example.org", auth.RoleOwner)
	k, secret := apiKey(t, a, owner, "*")
	p, err := a.VerifyAPIKey(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	ctx := auth.NewContext(t.Context(), p)
	for name, do := range map[string]func() error{
		"mint": func() error {
			_, _, err := a.CreateAPIKey(t.Context(), p, auth.NewAPIKey{Name: "x", Permissions: []string{"*"}})
			return err
		},
		"mint in the name of a person": func() error {
			_, _, err := a.CreateAPIKey(ctx, owner, auth.NewAPIKey{Name: "x", Permissions: []string{"*"}})
			return err
		},
		"revoke":       func() error { return a.RevokeAPIKey(ctx, u.ID, k.ID) },
		"set password": func() error { return a.SetPassword(ctx, u.ID, "another 9 long password") },
		"end session":  func() error { return a.RevokeSession(ctx, u.ID, owner.SessionID) },
		"account with a password": func() error {
			_, err := a.CreateUser(ctx, auth.NewUser{Email: "n@example.org", Password: password})
			return err
		},
	} {
		wantErr(t, name, do(), auth.ErrAPIKey)
	}
	if _, err := a.CreateUser(ctx, auth.NewUser{Email: "n@example.org", Roles: []string{auth.RoleViewer}}); err != nil {
		t.Errorf("an account without a password: %v", err)
	}
}

// A key's rights bound what it gives, not its owner's.
func TestAPIKeyGivesNoMoreThanItHas(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	_, owner := person(t, a, "o@example.org", auth.RoleOwner)
	_, secret := apiKey(t, a, owner, "users.account.manage", "m.*")
	p, err := a.VerifyAPIKey(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	ctx := auth.NewContext(t.Context(), p)
	for _, role := range []auth.Role{
		{Name: "all", Permissions: []string{"*"}},
		{Name: "mine", Permissions: []string{"m.thing.read"}},
	} {
		err := a.PutRole(ctx, role)
		_, beyond := errors.AsType[*auth.BeyondError](err)
		if want := role.Name == "all"; beyond != want || !want && err != nil {
			t.Errorf("role %s: got %v", role.Name, err)
		}
		if got := a.Beyond(p, role.Permissions, nil) != ""; got != (role.Name == "all") {
			t.Errorf("Beyond of %s: got %v", role.Name, got)
		}
	}
	for role, want := range map[string]bool{auth.RoleOwner: true, auth.RoleViewer: true, "mine": false} {
		_, err := a.CreateUser(ctx, auth.NewUser{Email: role + "@example.org", Roles: []string{role}})
		if _, beyond := errors.AsType[*auth.BeyondError](err); beyond != want {
			t.Errorf("an account with %s: got %v", role, err)
		}
	}
	off := true
	_, err = a.UpdateUser(ctx, owner.ID, auth.UserChange{Disabled: &off})
	if _, beyond := errors.AsType[*auth.BeyondError](err); !beyond {
		t.Errorf("disable the owner: got %v", err)
	}
	// What was begun with a key whose owner is disabled meanwhile, is not done.
	user(t, a, "other@example.org", auth.RoleOwner)
	if _, err = a.UpdateUser(t.Context(), owner.ID, auth.UserChange{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	err = a.PutRole(ctx, auth.Role{Name: "mine", Permissions: []string{"m.thing.read"}})
	wantErr(t, "with a disabled owner", err, auth.ErrInvalidToken)
}

// A known key asks the database nothing, nor does one that we did not make, and
// one that is gone asks once.
// copies makes n more keys like one, whose texts nobody knows.
// The key itself is nowhere but with whoever made it.
// A known key costs the one allocation of its principal, a made-up one little
// more, among as many keys as an instance remembers.
// Many keys of some people, each used: all are known then, whoever makes keys up,
// and all uses are written.
