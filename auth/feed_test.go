package auth_test

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage"
)

// pair returns two authorities that share one database file, as two processes
// would, in a synctest bubble.
func pair(t *testing.T, opts ...auth.Option) (a, b *auth.Authority, db *storage.DB) {
	t.Helper()
	path := t.TempDir() + "/auth.db"
	db = openPath(t, path)
	return start(t, db, opts...), start(t, openPath(t, path), opts...), db
}

func TestChangesReachEveryInstanceWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _ := pair(t)
		perm := map[*auth.Authority]auth.Permission{}
		for _, x := range []*auth.Authority{a, b} {
			p, err := x.RegisterPermission("m.thing.write")
			if err != nil {
				t.Fatal(err)
			}
			perm[x] = p
		}
		if err := a.PutRole(t.Context(), auth.Role{Name: "editor", Permissions: []string{"m.thing.write"}}); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		for _, c := range []struct {
			name   string
			change func(u auth.User, g auth.Grant) error
			alive  bool
			may    bool
		}{
			{"nothing", func(auth.User, auth.Grant) error { return nil }, true, true},
			{"logout", func(_ auth.User, g auth.Grant) error { return a.Logout(t.Context(), g.RefreshToken) }, false, false},
			{"revoke", func(u auth.User, g auth.Grant) error { return a.RevokeSession(t.Context(), u.ID, g.SessionID) }, false, false},
			{"revoke all", func(u auth.User, _ auth.Grant) error { return a.RevokeUser(t.Context(), u.ID) }, false, false},
			{"disable", func(u auth.User, _ auth.Grant) error {
				yes := true
				_, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Disabled: &yes})
				return err
			}, false, false},
			{"password", func(u auth.User, _ auth.Grant) error {
				return a.SetPassword(t.Context(), u.ID, "another 9 long password")
			}, false, false},
			{"take the role", func(u auth.User, _ auth.Grant) error {
				_, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Roles: &[]string{}})
				return err
			}, true, false},
			{"empty the role", func(auth.User, auth.Grant) error {
				return a.PutRole(t.Context(), auth.Role{Name: "editor"})
			}, true, false},
			{"fill the role", func(auth.User, auth.Grant) error {
				return a.PutRole(t.Context(), auth.Role{Name: "editor", Permissions: []string{"m.*"}})
			}, true, true},
		} {
			email := slices.Concat([]byte(c.name[:3]), []byte("@example.org"))
			u := user(t, a, string(email)+string(rune('a'+len(c.name))), "editor")
			g := login(t, a, u.Email)
			for _, x := range []*auth.Authority{a, b} { // known to both
				if _, err := x.Verify(t.Context(), g.AccessToken); err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
			}
			if err := c.change(u, g); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			for where, x := range map[string]*auth.Authority{"here at once": a, "there after a second": b} {
				if x == b {
					wait(time.Second)
				}
				p, err := x.Verify(t.Context(), g.AccessToken)
				if alive := err == nil; alive != c.alive || p.Can(perm[x]) != c.may {
					t.Errorf("%s, %s: alive %v, may %v, want %v and %v: %v", c.name, where, alive, p.Can(perm[x]), c.alive, c.may, err)
				}
			}
		}
	})
}

func TestBusWakesInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := storage.NewMemoryBus()
		defer bus.Close()
		a, b, _ := pair(t, auth.WithBus(bus))
		u := user(t, a, "b@example.org")
		g := login(t, a, "b@example.org")
		if _, err := b.Verify(t.Context(), g.AccessToken); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := a.RevokeUser(t.Context(), u.ID); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // what the message set off is done; no time has passed
		_, err := b.Verify(t.Context(), g.AccessToken)
		wantErr(t, "Verify", err, auth.ErrInvalidToken)
		if took := time.Since(began); took > 50*time.Millisecond {
			t.Errorf("took %s, want no poll", took)
		}
	})
}

// While the feed is read, a known token asks the database nothing: the tables
// it would ask are gone.
func TestKnownTokenAsksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		a := start(t, db)
		user(t, a, "k@example.org", auth.RoleViewer)
		known, unknown := login(t, a, "k@example.org"), login(t, a, "k@example.org")
		if _, err := a.Verify(t.Context(), known.AccessToken); err != nil {
			t.Fatal(err)
		}
		exec(t, db, `ALTER TABLE auth_sessions RENAME TO away`)
		wait(30 * time.Second)
		if p, err := a.Verify(t.Context(), known.AccessToken); err != nil || p.Email != "k@example.org" {
			t.Errorf("known: got %+v, %v", p, err)
		}
		_, err := a.Verify(t.Context(), unknown.AccessToken)
		wantErr(t, "unknown", err, auth.ErrUnavailable)
		exec(t, db, `ALTER TABLE away RENAME TO auth_sessions`)
		if _, err := a.Verify(t.Context(), unknown.AccessToken); err != nil {
			t.Errorf("unknown, the database is back: %v", err)
		}
	})
}

// Forged tokens ask nothing either, whichever key they name: the table that
// would be asked is gone. What asks for a key that may be new is bounded.
func TestForgedTokensAskNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		a := start(t, db)
		user(t, a, "f@example.org")
		id, _ := signer(t, db)
		_, theirs, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		g := login(t, a, "f@example.org")
		wait(1201 * time.Millisecond)
		synctest.Wait() // the feed was read just now
		exec(t, db, `ALTER TABLE auth_feed RENAME TO away`)
		exec(t, db, `ALTER TABLE auth_sessions RENAME TO away_sessions`)
		forged := map[string]string{
			"another signature": forge(t, theirs, map[string]any{"alg": "EdDSA", "typ": "at+jwt", "kid": id}, jwt.MapClaims{"sub": "x"}),
			"another algorithm": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30." + strings.Repeat("A", 43),
			"cut":               g.AccessToken[:len(g.AccessToken)-4],
			"no token":          "nonsense",
		}
		for i := range 100 {
			kid := fmt.Sprintf("key-%d", i)
			forged[kid] = forge(t, theirs, map[string]any{"alg": "EdDSA", "typ": "at+jwt", "kid": kid}, jwt.MapClaims{"sub": "x"})
		}
		for what, token := range forged {
			_, err := a.Verify(t.Context(), token)
			wantErr(t, what, err, auth.ErrInvalidToken)
		}
		exec(t, db, `ALTER TABLE away RENAME TO auth_feed`)
		exec(t, db, `ALTER TABLE away_sessions RENAME TO auth_sessions`)
	})
}

func TestLostFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		a := start(t, db)
		user(t, a, "l@example.org")
		g := login(t, a, "l@example.org")
		verify := func() error {
			_, err := a.Verify(t.Context(), g.AccessToken)
			return err
		}
		if err := verify(); err != nil {
			t.Fatal(err)
		}
		exec(t, db, `ALTER TABLE auth_feed RENAME TO away`)
		wait(4 * time.Second)
		if err := verify(); err != nil {
			t.Errorf("lost for 4 s: %v", err)
		}
		wait(2 * time.Second)
		wantErr(t, "lost for 6 s", verify(), auth.ErrUnavailable)
		wantErr(t, "and at once again", verify(), auth.ErrUnavailable)
		exec(t, db, `UPDATE auth_sessions SET revoked_at = 1`)
		exec(t, db, `UPDATE away SET seq = seq + 1`)
		exec(t, db, `INSERT INTO auth_changes (seq, at, kind, session_id, user_id) SELECT seq, 1, 'session', $1, '' FROM away`, g.SessionID)
		exec(t, db, `ALTER TABLE away RENAME TO auth_feed`)
		wait(time.Second)
		wantErr(t, "found, revoked meanwhile", verify(), auth.ErrInvalidToken)
	})
}

// What happened when nobody listened: rows cleaned up, an older copy of the
// database put back. Everything is asked again.
func TestMissedChanges(t *testing.T) {
	for name, lose := range map[string]string{
		"gap":       `UPDATE auth_feed SET seq = seq + 100`,
		"backwards": `UPDATE auth_feed SET seq = 0`, // with the changes that it had then
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := openDB(t)
				a := start(t, db)
				u := user(t, a, "m@example.org")
				gone, kept := login(t, a, "m@example.org"), login(t, a, "m@example.org")
				for _, g := range []auth.Grant{gone, kept} {
					if _, err := a.Verify(t.Context(), g.AccessToken); err != nil {
						t.Fatal(err)
					}
				}
				var heard []auth.Change
				var mu sync.Mutex
				defer a.OnChange(func(c auth.Change) {
					mu.Lock()
					defer mu.Unlock()
					heard = append(heard, c)
				})()
				exec(t, db, `UPDATE auth_sessions SET revoked_at = 1 WHERE id = $1`, gone.SessionID)
				exec(t, db, `DELETE FROM auth_changes`)
				exec(t, db, lose)
				wait(time.Second)
				_, err := a.Verify(t.Context(), gone.AccessToken)
				wantErr(t, "revoked", err, auth.ErrInvalidToken)
				if _, err := a.Verify(t.Context(), kept.AccessToken); err != nil {
					t.Errorf("kept: %v", err)
				}
				mu.Lock()
				if want := []auth.Change{{}}; !slices.Equal(heard, want) {
					t.Errorf("listeners heard %+v, want %+v", heard, want)
				}
				mu.Unlock()
				if err := a.RevokeUser(t.Context(), u.ID); err != nil { // the feed goes on
					t.Fatal(err)
				}
				_, err = a.Verify(t.Context(), kept.AccessToken)
				wantErr(t, "revoked after", err, auth.ErrInvalidToken)
			})
		})
	}
}

func TestChangesInMemoryAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		a := start(t, db)
		user(t, a, "b@example.org")
		gone, kept := login(t, a, "b@example.org"), login(t, a, "b@example.org")
		for _, g := range []auth.Grant{gone, kept} {
			if _, err := a.Verify(t.Context(), g.AccessToken); err != nil {
				t.Fatal(err)
			}
		}
		_, limit := a.RecentChanges()
		n := 2*limit + 10
		// One revocation that matters, then a flood that pushes it out.
		exec(t, db, `UPDATE auth_sessions SET revoked_at = 1 WHERE id = $1`, gone.SessionID)
		exec(t, db, `INSERT INTO auth_changes (seq, at, kind, session_id, user_id)
			SELECT f.seq + n, 1, 'session', CASE n WHEN 1 THEN $1 ELSE 'session' || n END, '' FROM auth_feed f,
			(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < $2) SELECT n FROM c) AS numbers`, gone.SessionID, n)
		exec(t, db, `UPDATE auth_feed SET seq = seq + $1`, n)
		wait(time.Second)
		if got, _ := a.RecentChanges(); got > limit || got < limit/2 {
			t.Errorf("got %d changes in memory, want about %d", got, limit)
		}
		_, err := a.Verify(t.Context(), gone.AccessToken)
		wantErr(t, "pushed out", err, auth.ErrInvalidToken)
		if _, err := a.Verify(t.Context(), kept.AccessToken); err != nil {
			t.Errorf("kept: %v", err)
		}
	})
}

func TestOnChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _ := pair(t)
		u := user(t, a, "o@example.org", auth.RoleViewer)
		g := login(t, a, "o@example.org")
		p, err := b.Verify(t.Context(), g.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var heard []auth.Change
		stop := b.OnChange(func(c auth.Change) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, c)
		})
		hears := func(what string, want ...auth.Change) {
			t.Helper()
			wait(time.Second)
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(heard, want) {
				t.Errorf("%s: got %+v, want %+v", what, heard, want)
			}
			heard = nil
		}
		if _, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Roles: &[]string{auth.RoleOwner}}); err != nil {
			t.Fatal(err)
		}
		hears("roles of an account", auth.Change{UserID: u.ID})
		if p, err = b.Recheck(t.Context(), p); err != nil || !slices.Equal(p.Roles, []string{auth.RoleOwner}) {
			t.Errorf("Recheck: got %+v, %v", p, err)
		}
		if err := a.PutRole(t.Context(), auth.Role{Name: "r"}); err != nil {
			t.Fatal(err)
		}
		hears("a role", auth.Change{})
		if err := a.Logout(t.Context(), g.RefreshToken); err != nil {
			t.Fatal(err)
		}
		hears("a session", auth.Change{SessionID: g.SessionID, UserID: u.ID})
		_, err = b.Recheck(t.Context(), p)
		wantErr(t, "Recheck", err, auth.ErrInvalidToken)
		stop()
		stop()
		if err := a.RevokeUser(t.Context(), u.ID); err != nil {
			t.Fatal(err)
		}
		hears("after stop")
	})
}

func TestKnownTokensAreBounded(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	user(t, a, "n@example.org")
	g := login(t, a, "n@example.org")
	kid, key := signer(t, db)
	header, claims := good(kid, g)
	const limit = 100
	a.SetMaxKnown(limit)
	for i := range 3 * limit {
		claims["jti"] = fmt.Sprint(i)
		if _, err := a.Verify(t.Context(), forge(t, key, header, claims)); err != nil {
			t.Fatal(err)
		}
		claims["iss"] = "refused"
		if _, err := a.Verify(t.Context(), forge(t, key, header, claims)); err == nil {
			t.Fatal("another issuer's token was accepted")
		}
		claims["iss"] = "dashboard"
	}
	if got := a.KnownTokens(); got > limit || got < limit/2 {
		t.Errorf("got %d remembered, want about %d", got, limit)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	u, other := user(t, a, "s@example.org"), user(t, a, "t@example.org")
	var ids []string
	for range 105 {
		g, err := a.LoginUser(t.Context(), u.ID, auth.Client{Address: "192.0.2.5", UserAgent: string(make([]byte, 1000)) + "\xff"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, g.SessionID)
	}
	sessions, err := a.Sessions(t.Context(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(sessions) != 100 || sessions[0].ID != ids[104] {
		t.Errorf("got %d sessions, the first %+v, want the newest 100", len(sessions), sessions[0])
	}
	for _, s := range sessions {
		if s.UserID != u.ID || s.Address != "192.0.2.5" || len(s.UserAgent) > 256 || s.CreatedAt.IsZero() || s.ExpiresAt.Before(s.LastUsedAt) {
			t.Fatalf("got %+v", s)
		}
	}
	wantErr(t, "another's session", a.RevokeSession(t.Context(), other.ID, ids[104]), auth.ErrNotFound)
	if err := a.RevokeSession(t.Context(), u.ID, ids[104]); err != nil {
		t.Error(err)
	}
	wantErr(t, "revoked twice", a.RevokeSession(t.Context(), u.ID, ids[104]), auth.ErrNotFound)
	if got, err := a.Sessions(t.Context(), other.ID); err != nil || got == nil || len(got) != 0 {
		t.Errorf("nobody's: got %v, %v, want an empty list", got, err)
	}
}
