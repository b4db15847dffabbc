package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage"
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

func TestAPIKeyInput(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	_, owner := person(t, a, "o@example.org", auth.RoleOwner)
	for _, c := range []struct {
		key         auth.NewAPIKey
		field, code string
	}{
		{auth.NewAPIKey{Permissions: []string{"*"}}, "name", "required"},
		{auth.NewAPIKey{Name: " \t", Permissions: []string{"*"}}, "name", "required"},
		{auth.NewAPIKey{Name: strings.Repeat("é", 101), Permissions: []string{"*"}}, "name", "too_long"},
		{auth.NewAPIKey{Name: "a\x00b", Permissions: []string{"*"}}, "name", "format"},
		{auth.NewAPIKey{Name: "\xff", Permissions: []string{"*"}}, "name", "format"},
		{auth.NewAPIKey{Name: "x"}, "permissions", "required"},
		{auth.NewAPIKey{Name: "x", Permissions: []string{"M.a"}}, "permissions", "format"},
		{auth.NewAPIKey{Name: "x", Permissions: []string{""}}, "permissions", "format"},
		{auth.NewAPIKey{Name: "x", Permissions: slices.Repeat([]string{"a.b"}, 201)}, "permissions", "too_long"},
		{auth.NewAPIKey{Name: "x", Permissions: []string{"*"}, ExpiresAt: time.Now().Add(-time.Second)}, "expires_at", "past"},
		{auth.NewAPIKey{Name: "x", Permissions: []string{"*"}, ExpiresAt: time.Unix(1, 0)}, "expires_at", "past"},
		{auth.NewAPIKey{Name: "x", Permissions: []string{"*"}, ExpiresAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "expires_at", "format"},
	} {
		_, secret, err := a.CreateAPIKey(t.Context(), owner, c.key)
		input, ok := errors.AsType[*auth.InputError](err)
		if !ok || input.Field != c.field || input.Code != c.code || secret != "" {
			t.Errorf("%+v: got %v, want %s %s", c.key, err, c.field, c.code)
		}
	}
	for _, name := range []string{"Schlüssel für Größe Ω", "キー 🔑", "<script>alert(1)</script>", `"; DROP TABLE auth_api_keys; --`, "  trimmed  "} {
		k, _, err := a.CreateAPIKey(t.Context(), owner, auth.NewAPIKey{Name: name, Permissions: []string{"b.*", "a.b", "a.b"}})
		if err != nil || k.Name != strings.TrimSpace(name) || !slices.Equal(k.Permissions, []string{"a.b", "b.*"}) {
			t.Errorf("%q: got %+v, %v", name, k, err)
		}
		page, err := a.APIKeys(t.Context(), auth.APIKeyQuery{OwnerID: owner.ID, Limit: 1})
		if err != nil || len(page.Keys) != 1 || page.Keys[0].Name != k.Name || page.Keys[0].OwnerEmail != "o@example.org" {
			t.Errorf("%q: listed as %+v, %v", name, page, err)
		}
	}
	_, _, err := a.CreateAPIKey(t.Context(), nil, auth.NewAPIKey{Name: "x", Permissions: []string{"*"}})
	wantErr(t, "nobody's", err, auth.ErrInvalidToken)
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
}

func TestAPIKeyEndsOnEveryInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _ := pair(t)
		read, write := "m.thing.read", "m.thing.write"
		for _, x := range []*auth.Authority{a, b} {
			register(t, x, read, write)
		}
		on, off := true, false
		for i, c := range []struct {
			name   string
			change func(u auth.User, p *auth.Principal, k auth.APIKey) error
			alive  bool
			want   []string
		}{
			{"nothing", func(auth.User, *auth.Principal, auth.APIKey) error { return nil }, true, []string{read, write}},
			{"revoked", func(u auth.User, _ *auth.Principal, k auth.APIKey) error {
				return a.RevokeAPIKey(t.Context(), u.ID, k.ID)
			}, false, nil},
			{"revoked by anybody", func(_ auth.User, _ *auth.Principal, k auth.APIKey) error {
				return a.RevokeAPIKey(t.Context(), "", k.ID)
			}, false, nil},
			{"owner disabled", func(u auth.User, _ *auth.Principal, _ auth.APIKey) error {
				_, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Disabled: &on})
				return err
			}, false, nil},
			{"owner disabled and enabled", func(u auth.User, _ *auth.Principal, _ auth.APIKey) error {
				_, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Disabled: &on})
				if err == nil {
					_, err = a.UpdateUser(t.Context(), u.ID, auth.UserChange{Disabled: &off})
				}
				return err
			}, true, []string{read, write}},
			{"owner demoted", func(u auth.User, _ *auth.Principal, _ auth.APIKey) error {
				_, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Roles: &[]string{auth.RoleViewer}})
				return err
			}, true, []string{read}},
			{"owner without roles", func(u auth.User, _ *auth.Principal, _ auth.APIKey) error {
				_, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Roles: &[]string{}})
				return err
			}, true, []string{}},
			{"role of the owner edited", func(u auth.User, _ *auth.Principal, _ auth.APIKey) error {
				return a.PutRole(t.Context(), auth.Role{Name: u.Roles[0], Permissions: []string{write}})
			}, true, []string{write}},
			{"role of the owner emptied", func(u auth.User, _ *auth.Principal, _ auth.APIKey) error {
				return a.PutRole(t.Context(), auth.Role{Name: u.Roles[0]})
			}, true, []string{}},
			{"owner promoted", func(u auth.User, _ *auth.Principal, _ auth.APIKey) error {
				_, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Roles: &[]string{auth.RoleOwner}})
				return err
			}, true, []string{read, write}},
			{"password of the owner", func(u auth.User, _ *auth.Principal, _ auth.APIKey) error {
				return a.SetPassword(t.Context(), u.ID, "another 9 long password")
			}, true, []string{read, write}},
			{"signing keys thrown away", func(auth.User, *auth.Principal, auth.APIKey) error {
				return a.RotateKeys(t.Context(), true)
			}, true, []string{read, write}},
		} {
			role := fmt.Sprintf("editor%d", i)
			if err := a.PutRole(t.Context(), auth.Role{Name: role, Permissions: []string{"m.*"}}); err != nil {
				t.Fatal(err)
			}
			wait(time.Second)
			u, p := person(t, a, fmt.Sprintf("u%d@example.org", i), role)
			k, secret := apiKey(t, a, p, "m.thing.*")
			for _, x := range []*auth.Authority{a, b} { // known to both, at once
				if _, err := x.VerifyAPIKey(t.Context(), secret); err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
			}
			if err := c.change(u, p, k); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			for _, where := range []struct {
				name string
				x    *auth.Authority
				wait time.Duration
			}{{"here at once", a, 0}, {"there after a second", b, time.Second}} {
				wait(where.wait)
				got, err := where.x.VerifyAPIKey(t.Context(), secret)
				if (err == nil) != c.alive || c.alive && !slices.Equal(got.Permissions(), c.want) {
					t.Errorf("%s, %s: got %v, %v, want alive %v with %v", c.name, where.name, got.Permissions(), err, c.alive, c.want)
				}
				if err != nil && !errors.Is(err, auth.ErrInvalidToken) {
					t.Errorf("%s, %s: got %v", c.name, where.name, err)
				}
			}
		}
	})
}

func TestAPIKeyExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, db := pair(t)
		_, owner := person(t, a, "o@example.org", auth.RoleOwner)
		k, secret, err := a.CreateAPIKey(t.Context(), owner, auth.NewAPIKey{Name: "x", Permissions: []string{"*"}, ExpiresAt: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		p, err := a.VerifyAPIKey(t.Context(), secret)
		if err != nil || !p.SessionExpiresAt.Equal(k.ExpiresAt) {
			t.Fatalf("got %+v, %v", p, err)
		}
		wait(time.Hour - time.Second)
		if _, err := a.VerifyAPIKey(t.Context(), secret); err != nil {
			t.Errorf("a second before: %v", err)
		}
		wait(time.Second)
		for name, x := range map[string]*auth.Authority{"known": a, "unknown": b} {
			_, err := x.VerifyAPIKey(t.Context(), secret)
			wantErr(t, name, err, auth.ErrInvalidToken)
		}
		_, err = a.Recheck(t.Context(), p)
		wantErr(t, "Recheck", err, auth.ErrInvalidToken)
		// It is listed for 90 days, and then deleted.
		for _, want := range []int{1, 0} {
			if err := a.Housekeep(t.Context()); err != nil {
				t.Fatal(err)
			}
			var n int
			if err := db.QueryRow(t.Context(), `SELECT count(*) FROM auth_api_keys`).Scan(&n); err != nil || n != want {
				t.Errorf("got %d keys, %v, want %d", n, err, want)
			}
			exec(t, db, `UPDATE auth_api_keys SET expires_at = expires_at - $1`, (91 * 24 * time.Hour).Microseconds())
		}
		_, err = b.VerifyAPIKey(t.Context(), secret)
		wantErr(t, "deleted", err, auth.ErrInvalidToken)
	})
}

// A known key asks the database nothing, nor does one that we did not make, and
// one that is gone asks once.
func TestAPIKeyAsksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		a := start(t, db)
		_, owner := person(t, a, "o@example.org", auth.RoleOwner)
		_, known := apiKey(t, a, owner, "*")
		gone, goneKey := apiKey(t, a, owner, "*")
		revoked, revokedKey := apiKey(t, a, owner, "*")
		_, unknown := apiKey(t, a, owner, "*")
		if err := a.RevokeAPIKey(t.Context(), "", revoked.ID); err != nil {
			t.Fatal(err)
		}
		exec(t, db, `DELETE FROM auth_api_keys WHERE id = $1`, gone.ID)
		for _, key := range []string{known, goneKey, revokedKey} {
			_, err := a.VerifyAPIKey(t.Context(), key)
			if (err == nil) != (key == known) {
				t.Fatal(err)
			}
		}
		exec(t, db, `ALTER TABLE auth_api_keys RENAME TO away`)
		if p, err := a.VerifyAPIKey(t.Context(), known); err != nil || p.Email != "o@example.org" {
			t.Errorf("known: got %+v, %v", p, err)
		}
		for name, key := range map[string]string{
			"gone": goneKey, "revoked": revokedKey, "wrong checksum": flip(unknown, len(unknown)-1),
			"made up, with the right checksum": auth.ForgeAPIKey("0123456789abcdefABCDEF"), "cut": unknown[:20], "empty": "", "long": strings.Repeat("x", 5000),
		} {
			_, err := a.VerifyAPIKey(t.Context(), key)
			if !errors.Is(err, auth.ErrInvalidToken) || errors.Is(err, auth.ErrUnavailable) {
				t.Errorf("%s: got %v, want a refusal without the database", name, err)
			}
		}
		_, err := a.VerifyAPIKey(t.Context(), unknown)
		wantErr(t, "unknown and ours", err, auth.ErrUnavailable) // the one that has to ask
		exec(t, db, `ALTER TABLE away RENAME TO auth_api_keys`)
		if _, err := a.VerifyAPIKey(t.Context(), unknown); err != nil {
			t.Errorf("unknown, with the database: %v", err)
		}
	})
}

func TestAPIKeyLastUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, db := pair(t)
		_, owner := person(t, a, "o@example.org", auth.RoleOwner)
		k, secret := apiKey(t, a, owner, "*")
		used := func() time.Time {
			t.Helper()
			page, err := a.APIKeys(t.Context(), auth.APIKeyQuery{OwnerID: owner.ID})
			if err != nil || len(page.Keys) != 1 || page.Keys[0].ID != k.ID {
				t.Fatalf("got %+v, %v", page, err)
			}
			return page.Keys[0].LastUsedAt
		}
		exec(t, db, `CREATE TABLE writes (n BIGINT)`)
		exec(t, db, `CREATE TRIGGER count_writes AFTER UPDATE OF last_used_at ON auth_api_keys BEGIN INSERT INTO writes VALUES (1); END`)
		began := time.Now()
		for range 600 { // ten minutes on both instances
			for _, x := range []*auth.Authority{a, b} {
				if _, err := x.VerifyAPIKey(t.Context(), secret); err != nil {
					t.Fatal(err)
				}
			}
			wait(time.Second)
		}
		wait(time.Minute)
		if got := used(); got.Before(began.Add(9*time.Minute)) || got.After(began.Add(10*time.Minute)) {
			t.Errorf("used at %s, want within the tenth minute after %s", got, began)
		}
		var n int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM writes`).Scan(&n); err != nil || n < 8 || n > 11 {
			t.Errorf("got %d writes in ten minutes, %v", n, err)
		}
		// What was noted last is written when the instance stops.
		if _, err := b.VerifyAPIKey(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
		last := time.Now()
		if err := b.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := used(); !got.Equal(last.Truncate(time.Microsecond)) {
			t.Errorf("used at %s, want %s", got, last)
		}
	})
}

func TestAPIKeysInPages(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	ada, adaP := person(t, a, "ada@example.org", auth.RoleOwner)
	_, bobP := person(t, a, "bob@example.org", auth.RoleViewer)
	var want []string
	for i := range 25 {
		k, _ := apiKey(t, a, adaP, "a.b")
		want = append([]string{k.ID}, want...)
		if i%5 == 0 {
			apiKey(t, a, bobP, "a.b.read")
		}
	}
	var got []string
	q := auth.APIKeyQuery{OwnerID: ada.ID, Limit: 10}
	for {
		page, err := a.APIKeys(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range page.Keys {
			if i > 0 && page.Keys[i-1].CreatedAt.Before(k.CreatedAt) {
				t.Error("not newest first")
			}
			got = append(got, k.ID)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %d keys, want %d", len(got), len(want))
	}
	page, err := a.APIKeys(t.Context(), auth.APIKeyQuery{Limit: 10})
	if err != nil || len(page.Keys) != 10 {
		t.Fatalf("all: got %+v, %v", page, err)
	}
	for _, cursor := range []string{page.Next, "x", page.Next + "x"} {
		_, err := a.APIKeys(t.Context(), auth.APIKeyQuery{OwnerID: ada.ID, Cursor: cursor})
		if input, ok := errors.AsType[*auth.InputError](err); !ok || input.Field != "cursor" {
			t.Errorf("%q: got %v", cursor, err)
		}
	}
	if page, err := a.APIKeys(t.Context(), auth.APIKeyQuery{OwnerID: "nobody\x00"}); err != nil || len(page.Keys) != 0 {
		t.Errorf("nobody: got %+v, %v", page, err)
	}
}

func TestAPIKeyBounds(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	_, owner := person(t, a, "o@example.org", auth.RoleOwner)
	k, _ := apiKey(t, a, owner, "*")
	copies(t, db, k.ID, 499)
	_, _, err := a.CreateAPIKey(t.Context(), owner, auth.NewAPIKey{Name: "x", Permissions: []string{"*"}})
	wantErr(t, "one more", err, auth.ErrTooManyAPIKeys)
	if err := a.RevokeAPIKey(t.Context(), "", k.ID); err != nil {
		t.Fatal(err)
	}
	apiKey(t, a, owner, "*")
	err = a.RevokeAPIKey(t.Context(), "", k.ID)
	wantErr(t, "revoke twice", err, auth.ErrNotFound)
	err = a.RevokeAPIKey(t.Context(), owner.ID, "x'; --")
	wantErr(t, "revoke none", err, auth.ErrNotFound)
}

// copies makes n more keys like one, whose texts nobody knows.
func copies(t testing.TB, db *storage.DB, id string, n int) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *storage.Tx) error {
		for i := range n {
			if _, err := tx.Exec(t.Context(), `INSERT INTO auth_api_keys SELECT 'copy' || $1 || substr(id, 11), user_id, name, prefix, 'copy' || $1,
				permissions, created_at, expires_at, last_used_at, revoked_at FROM auth_api_keys WHERE id = $2`, fmt.Sprintf("%06d", i), id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPIKeyRevokedByWhom(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	if err := a.PutRole(t.Context(), auth.Role{Name: "support", Permissions: []string{"m.*"}}); err != nil {
		t.Fatal(err)
	}
	ada, adaP := person(t, a, "ada@example.org", auth.RoleOwner)
	bob, bobP := person(t, a, "bob@example.org", "support")
	big, _ := apiKey(t, a, adaP, "*")
	small, _ := apiKey(t, a, adaP, "m.thing.read")
	asBob := auth.NewContext(t.Context(), bobP)
	err := a.RevokeAPIKey(asBob, bob.ID, small.ID)
	wantErr(t, "not one's own", err, auth.ErrNotFound)
	err = a.RevokeAPIKey(asBob, "", big.ID)
	if _, beyond := errors.AsType[*auth.BeyondError](err); !beyond {
		t.Errorf("beyond own rights: got %v", err)
	}
	if err := a.RevokeAPIKey(asBob, "", small.ID); err != nil {
		t.Errorf("within own rights: %v", err)
	}
	// One's own goes also after one's rights have.
	mine, _ := apiKey(t, a, bobP, "m.*")
	if _, err := a.UpdateUser(t.Context(), bob.ID, auth.UserChange{Roles: &[]string{}}); err != nil {
		t.Fatal(err)
	}
	if err := a.RevokeAPIKey(asBob, bob.ID, mine.ID); err != nil {
		t.Errorf("one's own: %v", err)
	}
	if err := a.RevokeAPIKey(auth.NewContext(t.Context(), adaP), ada.ID, big.ID); err != nil {
		t.Errorf("one's own: %v", err)
	}
}

func TestAPIKeyInHeaders(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	perm := register(t, a, "m.thing.read")[0]
	_, owner := person(t, a, "o@example.org", auth.RoleOwner)
	grant := login(t, a, "o@example.org")
	_, key := apiKey(t, a, owner, "m.*")
	_, weak := apiKey(t, a, owner, "n.*")
	handler := a.Middleware(a.Require(perm)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := auth.FromContext(r.Context())
		fmt.Fprint(w, p.KeyName)
	})))
	for _, c := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"bearer", []string{"Authorization", "Bearer " + key}, 200},
		{"bearer in lower case", []string{"Authorization", "bearer " + key}, 200},
		{"X-API-Key", []string{"X-API-Key", key}, 200},
		{"too little", []string{"X-API-Key", weak}, 403},
		{"both", []string{"X-API-Key", key, "Authorization", "Bearer " + key}, 401},
		{"twice", []string{"X-API-Key", key, "X-API-Key", key}, 401},
		{"an access token as a key", []string{"X-API-Key", grant.AccessToken}, 401},
		{"basic", []string{"Authorization", "Basic " + key}, 401},
		{"space", []string{"X-API-Key", " " + key + " "}, 401},
		{"cut", []string{"X-API-Key", key[:len(key)-1]}, 401},
		{"empty", []string{"X-API-Key", ""}, 401},
		{"long", []string{"X-API-Key", key + strings.Repeat("0", 1<<16)}, 401},
		{"a bad key beside a good cookie", []string{"X-API-Key", key[:len(key)-1], "Cookie", "dashboard-access=" + grant.AccessToken}, 401},
	} {
		for _, method := range []string{"GET", "POST"} {
			r := httptest.NewRequest(method, "http://localhost/", strings.NewReader("x"))
			for i := 0; i < len(c.headers); i += 2 {
				r.Header.Add(c.headers[i], c.headers[i+1])
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Errorf("%s %s: got %d, want %d: %s", method, c.name, w.Code, c.status, w.Body)
			}
			if c.status == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s: no challenge", c.name)
			}
			if strings.Contains(w.Body.String(), key) {
				t.Errorf("%s: the answer has the key", c.name)
			}
		}
	}
}

// The key itself is nowhere but with whoever made it.
func TestAPIKeyIsNotStored(t *testing.T) {
	t.Parallel()
	var audited []auth.AuditEvent
	db := openDB(t)
	a := start(t, db, auth.WithAudit(func(_ context.Context, _ *storage.Tx, e auth.AuditEvent) error {
		audited = append(audited, e)
		return nil
	}))
	u, owner := person(t, a, "o@example.org", auth.RoleOwner)
	k, secret := apiKey(t, a, owner, "*")
	if err := a.RevokeAPIKey(auth.NewContext(t.Context(), owner), u.ID, k.ID); err != nil {
		t.Fatal(err)
	}
	var row string
	err := db.QueryRow(t.Context(), `SELECT id || user_id || name || prefix || hash || permissions FROM auth_api_keys`).Scan(&row)
	if err != nil || strings.Contains(row, secret) || strings.Contains(row, secret[4:26]) {
		t.Errorf("got %s, %v", row, err)
	}
	kinds := []string{}
	for _, e := range audited {
		if strings.Contains(fmt.Sprintf("%+v", e), secret[:20]) {
			t.Errorf("the audit has the key: %+v", e)
		}
		if e.Target == k.ID {
			kinds = append(kinds, e.Action)
			if e.Actor != u.ID || e.Detail["name"] != "deploy" {
				t.Errorf("got %+v", e)
			}
		}
	}
	if !slices.Equal(kinds, []string{"api-key.create", "api-key.revoke"}) {
		t.Errorf("got %v", kinds)
	}
}

func TestRecheckAPIKey(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	perm := register(t, a, "m.thing.write")[0]
	u, owner := person(t, a, "o@example.org", auth.RoleOwner)
	person(t, a, "p@example.org", auth.RoleOwner)
	k, secret := apiKey(t, a, owner, "m.*")
	p, err := a.VerifyAPIKey(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	if now, err := a.Recheck(t.Context(), p); err != nil || !now.Can(perm) || now.KeyID != k.ID {
		t.Errorf("got %+v, %v", now, err)
	}
	heard := make(chan auth.Change, 10)
	defer a.OnChange(func(c auth.Change) { heard <- c })()
	if _, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Roles: &[]string{auth.RoleViewer}}); err != nil {
		t.Fatal(err)
	}
	if now, err := a.Recheck(t.Context(), p); err != nil || now.Can(perm) {
		t.Errorf("demoted: got %+v, %v", now, err)
	}
	<-heard
	if err := a.RevokeAPIKey(t.Context(), "", k.ID); err != nil {
		t.Fatal(err)
	}
	if c := <-heard; c.KeyID != k.ID || c.UserID != u.ID || c.SessionID != "" {
		t.Errorf("heard %+v", c)
	}
	_, err = a.Recheck(t.Context(), p)
	wantErr(t, "revoked", err, auth.ErrInvalidToken)
}

// A known key costs the one allocation of its principal, a made-up one little
// more, among as many keys as an instance remembers.
func TestAPIKeyAllocations(t *testing.T) {
	a := start(t, openDB(t))
	_, owner := person(t, a, "o@example.org", auth.RoleOwner)
	_, key := apiKey(t, a, owner, "*")
	forged := auth.ForgeAPIKey("0123456789abcdefABCDEF")
	for _, c := range []struct {
		name, key string
		good      bool
		most      float64
	}{{"known", key, true, 1}, {"made up", forged, false, 12}, {"wrong checksum", flip(forged, 42), false, 4}} {
		r := httptest.NewRequest("GET", "http://localhost/", nil)
		r.Header.Set("Authorization", "Bearer "+c.key)
		n := testing.AllocsPerRun(100, func() {
			if _, err := a.Authenticate(r); (err == nil) != c.good {
				t.Fatal(err)
			}
		})
		if n > c.most {
			t.Errorf("%s: got %v allocations, want at most %v", c.name, n, c.most)
		}
	}
}

func BenchmarkVerifyAPIKey(b *testing.B) {
	a := start(b, openDB(b))
	_, owner := person(b, a, "o@example.org", auth.RoleOwner)
	_, key := apiKey(b, a, owner, "*")
	for name, c := range map[string]struct {
		key  string
		good bool
	}{"known": {key, true}, "made up": {auth.ForgeAPIKey("0123456789abcdefABCDEF"), false}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.VerifyAPIKey(b.Context(), c.key); (err == nil) != c.good {
					b.Fatal(err)
				}
			}
		})
	}
}

// Many keys of some people, each used: all are known then, whoever makes keys up,
// and all uses are written.
func TestManyAPIKeys(t *testing.T) {
	t.Parallel()
	const people, each = 4, 200
	db := openDB(t)
	a := start(t, db)
	var keys []string
	for i := range people {
		_, owner := person(t, a, fmt.Sprintf("u%d@example.org", i), auth.RoleViewer)
		for range each {
			_, key := apiKey(t, a, owner, "*.*.read")
			keys = append(keys, key)
		}
	}
	for range 2 {
		for i, key := range keys {
			p, err := a.VerifyAPIKey(t.Context(), key)
			if err != nil || p.Email != fmt.Sprintf("u%d@example.org", i/each) {
				t.Fatalf("key %d: got %+v, %v", i, p, err)
			}
		}
	}
	for i := range 3 * 10_000 { // made up ones push none of them out
		if _, err := a.VerifyAPIKey(t.Context(), auth.ForgeAPIKey(fmt.Sprintf("%022d", i))); !errors.Is(err, auth.ErrInvalidToken) {
			t.Fatal(err)
		}
	}
	if known, gone := a.KnownKeys(); known < len(keys)*9/10 || gone != 0 {
		t.Errorf("got %d known and %d gone", known, gone)
	}
	a.WriteUses(t.Context())
	var n int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM auth_api_keys WHERE last_used_at > 0`).Scan(&n); err != nil || n != len(keys) {
		t.Errorf("got %d used, %v", n, err)
	}
}
