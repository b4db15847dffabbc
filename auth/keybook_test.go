package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
)

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

func TestManyAPIKeys(t *testing.T) {
	t.Parallel()
	people, each, forged := 4, 200, 30_000
	if testing.Short() {
		each, forged = 50, 11_000
	}
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
	for i := range forged { // made up ones push none of them out
		if _, err := a.VerifyAPIKey(t.Context(), auth.ForgeAPIKey(fmt.Sprintf("%022d", i))); !errors.Is(err, auth.ErrInvalidToken) {
			t.Fatal(err)
		}
	}
	if known, gone := a.KnownKeys(); known < len(keys)*9/10 || gone != 0 {
		t.Errorf("got %d known and %d gone", known, gone)
	}
	a.WriteUses(t.Context())
	eventually(t, "all uses are written", func() bool { // the background may be at some of them
		var n int
		err := db.QueryRow(t.Context(), `SELECT count(*) FROM auth_api_keys WHERE last_used_at > 0`).Scan(&n)
		return err == nil && n == len(keys)
	})
	for _, key := range keys { // within the minute
		if _, err := a.VerifyAPIKey(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if n := a.PendingUses(); n != 0 {
		t.Errorf("got %d uses noted within a minute of the last", n)
	}
}
