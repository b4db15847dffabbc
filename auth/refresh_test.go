package auth_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage"
)

// refresh refreshes and fails the test if it cannot.
func refresh(t testing.TB, a *auth.Authority, token string) auth.Grant {
	t.Helper()
	g, err := a.Refresh(t.Context(), token, auth.Client{Address: "192.0.2.9"})
	if err != nil {
		t.Fatalf("Refresh: %v", err)
	}
	return g
}

// refused fails unless the token is refused, as reused or not.
func refused(t testing.TB, what string, a *auth.Authority, token string, reused bool) {
	t.Helper()
	_, err := a.Refresh(t.Context(), token, auth.Client{Address: "192.0.2.66"})
	wantErr(t, what, err, auth.ErrInvalidToken)
	if got := errors.Is(err, auth.ErrReused); got != reused {
		t.Errorf("%s: reused %v, want %v", what, got, reused)
	}
}

// dump returns every text of the tables of sessions.
func dump(t testing.TB, db *storage.DB) string {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT id || user_id || refresh_hash || previous_hash || address || user_agent FROM auth_sessions`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all.WriteString(s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestRefreshChain(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	user(t, a, "c@example.org")
	g := login(t, a, "c@example.org")
	seen := map[string]bool{g.RefreshToken: true}
	for range 20 {
		next := refresh(t, a, g.RefreshToken)
		if seen[next.RefreshToken] || next.SessionID != g.SessionID || next.AccessToken == g.AccessToken {
			t.Fatalf("got %q in session %s", next.RefreshToken, next.SessionID)
		}
		seen[next.RefreshToken] = true
		g = next
	}
	if _, err := a.Verify(t.Context(), g.AccessToken); err != nil {
		t.Error(err)
	}
	stored := dump(t, db)
	for token := range seen {
		secret := token[strings.LastIndex(token[:40], "_")+1:]
		if strings.Contains(stored, token) || strings.Contains(stored, secret[:20]) {
			t.Errorf("%q is stored in clear", token)
		}
	}
	var rows int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM auth_sessions`).Scan(&rows); err != nil || rows != 1 {
		t.Errorf("got %d rows, %v, want 1 however often it is refreshed", rows, err)
	}
}

func TestRefreshGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir() + "/auth.db"
		a, b := start(t, openPath(t, path)), start(t, openPath(t, path))
		user(t, a, "g@example.org")
		g := login(t, a, "g@example.org")
		next := refresh(t, a, g.RefreshToken)
		for range 3 { // a second tab, a lost answer, another instance
			wait(3 * time.Second)
			for _, instance := range []*auth.Authority{a, b} {
				again := refresh(t, instance, g.RefreshToken)
				if again.RefreshToken != next.RefreshToken {
					t.Fatalf("got another successor: %q and %q", again.RefreshToken, next.RefreshToken)
				}
				if _, err := b.Verify(t.Context(), again.AccessToken); err != nil {
					t.Error(err)
				}
			}
		}
		wait(900 * time.Millisecond)
		refresh(t, a, g.RefreshToken)    // 9.9 s
		refresh(t, b, next.RefreshToken) // the successor is used
		refresh(t, a, next.RefreshToken) // and in its own grace
		refused(t, "after the successor was used", a, g.RefreshToken, true)
		refused(t, "the successor's successor", a, next.RefreshToken, false)
	})
}

func TestRefreshReuse(t *testing.T) {
	for _, c := range []struct {
		name string
		act  func(t *testing.T, a *auth.Authority, token string) // before the first token comes again
	}{
		{"after the grace", func(t *testing.T, a *auth.Authority, token string) {
			refresh(t, a, token)
			wait(10*time.Second + time.Millisecond)
		}},
		{"at once, the successor used", func(t *testing.T, a *auth.Authority, token string) {
			refresh(t, a, refresh(t, a, token).RefreshToken)
		}},
		{"many generations later", func(t *testing.T, a *auth.Authority, token string) {
			for range 50 {
				token = refresh(t, a, token).RefreshToken
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := t.TempDir() + "/auth.db"
				var log auditLog
				a, b := start(t, openPath(t, path), auth.WithAudit(log.keep)), start(t, openPath(t, path))
				u := user(t, a, "r@example.org")
				g, bystander := login(t, a, "r@example.org"), login(t, a, "r@example.org")
				c.act(t, a, g.RefreshToken)
				wait(time.Second)
				current := refreshable(t, b, g.SessionID)
				if _, err := b.Verify(t.Context(), g.AccessToken); err != nil || !current {
					t.Fatalf("the session ended early: %v", err)
				}
				refused(t, "reuse", a, g.RefreshToken, true)
				if _, err := a.Verify(t.Context(), g.AccessToken); !errors.Is(err, auth.ErrInvalidToken) {
					t.Errorf("here, the access token: %v", err)
				}
				wait(time.Second)
				if _, err := b.Verify(t.Context(), g.AccessToken); !errors.Is(err, auth.ErrInvalidToken) {
					t.Errorf("elsewhere, the access token after a second: %v", err)
				}
				if refreshable(t, b, g.SessionID) {
					t.Error("the family lives on")
				}
				refused(t, "again", b, g.RefreshToken, false)
				events := log.find("session.reuse")
				if len(events) != 1 || events[0].Target != g.SessionID || events[0].Detail["account"] != u.ID || events[0].Address != "192.0.2.66" {
					t.Errorf("audited %+v, want the one reuse", events)
				}
				refresh(t, b, bystander.RefreshToken)
			})
		})
	}
}

// refreshable reports whether a session is alive.
func refreshable(t testing.TB, a *auth.Authority, session string) bool {
	t.Helper()
	users, err := a.Users(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		sessions, err := a.Sessions(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sessions {
			if s.ID == session {
				return true
			}
		}
	}
	return false
}

func TestRefreshTogether(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/auth.db"
	authorities := []*auth.Authority{start(t, openPath(t, path)), start(t, openPath(t, path))}
	user(t, authorities[0], "m@example.org")
	g := login(t, authorities[0], "m@example.org")
	for range 3 {
		grants := make([]auth.Grant, 50)
		var group sync.WaitGroup
		for i := range grants {
			group.Go(func() {
				var err error
				grants[i], err = authorities[i%2].Refresh(t.Context(), g.RefreshToken, auth.Client{})
				if err != nil {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		group.Wait()
		access := map[string]bool{}
		for i, grant := range grants {
			if grant.RefreshToken != grants[0].RefreshToken || grant.RefreshToken == g.RefreshToken {
				t.Errorf("%d: got %q, want %q", i, grant.RefreshToken, grants[0].RefreshToken)
			}
			access[grant.AccessToken] = true
		}
		if len(access) != len(grants) {
			t.Errorf("got %d access tokens for %d answers", len(access), len(grants))
		}
		g = grants[0]
	}
}

// An attacker and the owner race with one token and its successor, over and
// over: whatever the order, no token ever has two successors that live.
func TestRefreshRaceOfTheft(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	user(t, a, "s@example.org")
	for range 10 {
		g := login(t, a, "s@example.org")
		var mu sync.Mutex
		live := map[string]bool{}
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				token := g.RefreshToken
				for range 5 {
					next, err := a.Refresh(t.Context(), token, auth.Client{})
					if err != nil {
						wantErr(t, "race", err, auth.ErrInvalidToken)
						return
					}
					token = next.RefreshToken
				}
				mu.Lock()
				live[token] = true
				mu.Unlock()
			})
		}
		group.Wait()
		if len(live) > 1 {
			t.Fatalf("%d tokens of one family live", len(live))
		}
	}
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	user(t, a, "u@example.org")
	g := login(t, a, "u@example.org")
	other := login(t, a, "u@example.org")
	token := g.RefreshToken
	for name, text := range map[string]string{
		"empty":             "",
		"garbage":           "x",
		"prefix":            "dsr_",
		"other prefix":      "xsr_" + token[4:],
		"longer":            token + "A",
		"shorter":           token[:len(token)-1],
		"upper":             strings.ToUpper(token),
		"padding":           token[:len(token)-1] + "=",
		"newline":           token[:40] + "\n" + token[41:],
		"other session":     "dsr_" + other.SessionID + token[30:],
		"unknown session":   "dsr_" + strings.Repeat("a", 26) + token[30:],
		"random":            token[:31] + strings.Repeat("A", 64),
		"flipped secret":    flip(token, 35),
		"flipped tag":       flip(token, len(token)-3),
		"access token":      g.AccessToken,
		"stored hash":       strings.Repeat("0", 64),
		"enormous":          strings.Repeat(token, 1000),
		"of another master": start(t, openDB(t), auth.WithMasterKeys(masterKey("k1", 9))).MintForTest(g.SessionID),
	} {
		refused(t, name, a, text, false)
	}
	refresh(t, a, token) // none of it harmed the family
	refresh(t, a, other.RefreshToken)

	// A token of ours whose session is gone.
	exec(t, db, `DELETE FROM auth_sessions WHERE id = $1`, g.SessionID)
	refused(t, "deleted session", a, token, false)
	if err := a.RevokeSession(t.Context(), other.User.ID, other.SessionID); err != nil {
		t.Fatal(err)
	}
	refused(t, "revoked session", a, other.RefreshToken, false)

	// One that we would have made, and did not: an older copy of the database.
	third := login(t, a, "u@example.org")
	refused(t, "authentic but not of the chain", a, a.MintForTest(third.SessionID), true)
}

func flip(s string, i int) string {
	c := byte('A')
	if s[i] == c {
		c = 'B'
	}
	return s[:i] + string(c) + s[i+1:]
}

func TestRefreshExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		opts := []auth.Option{auth.WithRefreshTTL(time.Hour, 150*time.Minute)}
		a := start(t, db, opts...)
		user(t, a, "e@example.org")
		idle, kept := login(t, a, "e@example.org"), login(t, a, "e@example.org")
		// sleep stops the authority meanwhile, which would poll through it.
		sleep := func(d time.Duration) {
			t.Helper()
			if err := a.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			wait(d)
			a = start(t, db, opts...)
		}
		sleep(50 * time.Minute)
		kept = refresh(t, a, kept.RefreshToken)
		sleep(11 * time.Minute)
		refused(t, "idle for an hour", a, idle.RefreshToken, false)
		sleep(45 * time.Minute)
		kept = refresh(t, a, kept.RefreshToken)
		if left := time.Until(kept.RefreshExpires); left > 45*time.Minute {
			t.Errorf("expires in %s, want no later than 150m after the login", left)
		}
		sleep(43*time.Minute + 30*time.Second)
		kept = refresh(t, a, kept.RefreshToken)
		if left := time.Until(kept.AccessExpires); left > time.Minute {
			t.Errorf("the access token outlives the session by %s", left-time.Minute)
		}
		sleep(2 * time.Minute)
		refused(t, "after 150m", a, kept.RefreshToken, false)
		if err := a.Housekeep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM auth_sessions`).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("got %d rows, %v, want none after housekeeping", rows, err)
		}
	})
}

func TestRefreshAcrossMasterKeys(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/auth.db"
	k2 := masterKey("k2", 2)
	old := start(t, openPath(t, path), auth.WithMasterKeys(key1, k2)) // knows the next one already
	user(t, old, "k@example.org")
	first, second := login(t, old, "k@example.org"), login(t, old, "k@example.org")
	rotated := start(t, openPath(t, path), auth.WithMasterKeys(k2, key1))

	// The old key's token on the new instance, and again on the old one.
	next := refresh(t, rotated, first.RefreshToken)
	if again := refresh(t, old, first.RefreshToken); again.RefreshToken != next.RefreshToken {
		t.Errorf("got %q, want %q", again.RefreshToken, next.RefreshToken)
	}
	// And the other way around.
	next = refresh(t, old, second.RefreshToken)
	if again := refresh(t, rotated, second.RefreshToken); again.RefreshToken != next.RefreshToken {
		t.Errorf("got %q, want %q", again.RefreshToken, next.RefreshToken)
	}
	next = refresh(t, rotated, next.RefreshToken)
	if _, err := rotated.Verify(t.Context(), next.AccessToken); err != nil {
		t.Error(err)
	}
}

func FuzzRefreshToken(f *testing.F) {
	a := start(f, openDB(f))
	user(f, a, "f@example.org")
	token := login(f, a, "f@example.org").RefreshToken
	for _, s := range []string{token, "", "dsr_", token[:94], token + "=", flip(token, 60)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		// Only a token of ours has a tag, and only in one text.
		session, ok := a.ParseRefresh(s)
		if !ok {
			return
		}
		if !strings.HasPrefix(s, "dsr_"+session+"_") || len(s) != len(token) {
			t.Errorf("accepted %q of session %s", s, session)
		}
		for i := range len(s) {
			if _, ok := a.ParseRefresh(flip(s, i)); ok {
				t.Errorf("accepted %q with byte %d changed", s, i)
			}
		}
	})
}

func BenchmarkRefresh(b *testing.B) {
	a := start(b, openDB(b))
	user(b, a, "b@example.org")
	token := login(b, a, "b@example.org").RefreshToken
	b.ReportAllocs()
	for b.Loop() {
		g, err := a.Refresh(b.Context(), token, auth.Client{})
		if err != nil {
			b.Fatal(err)
		}
		token = g.RefreshToken
	}
}
