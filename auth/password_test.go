package auth_test

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t), auth.WithIssuer("https://ops.acmecorp.example"))
	for _, c := range []struct{ password, code string }{
		{"", "required"},
		{"short", "too_short"},
		{"fourteen chars", "too_short"},
		{"üüüü éééé õõõõ", "too_short"}, // 14 characters in 26 bytes
		{strings.Repeat("long ", 60), "too_long"},
		{strings.Repeat("ü", 513), "too_long"},
		{"null\x00in the middle", "format"},
		{"tab\tin the middle of it", "format"},
		{"not utf-8 \xff at all", "format"},
		{"aaaaaaaaaaaaaaa", "common"},
		{"123456789012345", "common"},
		{"987654321098765", "common"},
		{"abcdefghijklmnop", "common"},
		{"qwertyuiopasdfghjkl", "common"},
		{"poiuytrewqlkjhgfdsa", "common"},
		{"passwordpassword", "common"},
		{"PasswordPassword1", "common"},
		{"P@ssw0rdP@ssw0rd!", "common"},
		{"password1234567!", "common"},
		{"xkq1xkq1xkq1xkq1", "common"},
		{"iloveyou2iloveyou2", "common"},
		{"Welcome2024Summer!", "common"},
		{"letmeinletmeinletmein", "common"},
		{"jane.doe@initech.test", "context"},
		{"janedoejanedoe99", "context"},
		{"initechjane2026!", "context"},
		{"acmecorpacmecorp1", "context"},
		{"Jane Doe Initech", "context"},
		{"plum kettle 47 orbits", ""},
		{"correct horse battery staple", ""},
		{"tr0ub4dor&3-zebra", ""},
		{"größe über alles Ω", ""},
		{"パスワードは長いほうがいいですよね", ""},
		{"               xyz", "common"},
		{"plum      kettle      orbit", ""}, // spaces count
		{"kT9#vLm2$Qx7&zR", ""},
	} {
		err := a.CheckPassword(c.password, "jane.doe@initech.test", "Jane Doe")
		got := ""
		if input, ok := errors.AsType[*auth.InputError](err); ok {
			got = input.Code
			if input.Field != "password" || strings.Contains(err.Error(), c.password) && c.password != "" {
				t.Errorf("%q: the error is %v", c.password, err)
			}
		} else if err != nil {
			got = err.Error()
		}
		if got != c.code {
			t.Errorf("%q: got %q, want %q", c.password, got, c.code)
		}
	}
}

func TestMinPasswordLength(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t), auth.WithMinPasswordLength(8))
	if err := a.CheckPassword("zj4 plum"); err != nil {
		t.Errorf("8 characters: got %v", err)
	}
	if err := a.CheckPassword("zj4 plu"); err == nil {
		t.Error("7 characters: got no error")
	}
	if got := a.MinPassword(); got != 8 {
		t.Errorf("MinPassword: got %d, want 8", got)
	}
	input, _ := errors.AsType[*auth.InputError](a.CheckPassword("short"))
	if got, want := input.Params, map[string]string{"value": "8", "of": "characters"}; !maps.Equal(got, want) {
		t.Errorf("params: got %v, want %v", got, want)
	}
}

// Every composition of the same characters is the same password.
func TestPasswordIsNormalized(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	_, err := a.CreateUser(t.Context(), auth.NewUser{Email: "n@example.org", Password: "Caf\u00e9 plum kettle 47"})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"Caf\u00e9 plum kettle 47", "Cafe\u0301 plum kettle 47"} {
		if _, err := a.Login(t.Context(), auth.Credentials{Email: "n@example.org", Password: p}); err != nil {
			t.Errorf("%+q: %v", p, err)
		}
	}
}

// Unknown, disabled and passwordless accounts and wrong passwords all reach the
// hash, which is where the work is: while no hash can be computed, none of them
// is answered.
func TestEqualWork(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	user(t, a, "known@example.org")
	u := user(t, a, "disabled@example.org")
	yes := true
	if _, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.CreateUser(t.Context(), auth.NewUser{Email: "none@example.org"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []auth.Credentials{
		{Email: "known@example.org", Password: "wrong"},
		{Email: "known@example.org", Password: ""},
		{Email: "disabled@example.org", Password: password},
		{Email: "none@example.org", Password: password},
		{Email: "none@example.org", Password: ""},
		{Email: "unknown@example.org", Password: password},
		{Email: "not an address", Password: password},
	} {
		release := a.HoldHashes()
		done := make(chan error, 1)
		go func() {
			_, err := a.Login(t.Context(), c)
			done <- err
		}()
		eventually(t, c.Email+" to reach the hash", func() bool { return a.HashWaiters() == 1 || len(done) == 1 })
		if len(done) == 1 {
			t.Errorf("%s: answered without the work of a hash", c.Email)
		}
		release()
		wantErr(t, c.Email+" while held", <-done, auth.ErrInvalidCredentials)
		_, err := a.Login(t.Context(), c)
		if !errors.Is(err, auth.ErrInvalidCredentials) || err.Error() != auth.ErrInvalidCredentials.Error() {
			t.Errorf("%s: got %v, want exactly %v", c.Email, err, auth.ErrInvalidCredentials)
		}
	}
}

func TestHashQueueIsBounded(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	release := a.HoldHashes()
	ctx, cancel := context.WithCancel(t.Context())
	var busy, canceled atomic.Int32
	var group sync.WaitGroup
	const extra = 10
	for range auth.MaxHashWaiters + extra {
		group.Go(func() {
			_, err := a.Login(ctx, auth.Credentials{Email: "x@example.org", Password: password})
			switch {
			case errors.Is(err, context.Canceled):
				canceled.Add(1)
			case errors.Is(err, auth.ErrUnavailable):
				busy.Add(1)
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	eventually(t, "the queue to refuse", func() bool { return busy.Load() == extra })
	cancel()
	group.Wait()
	release()
	if got := canceled.Load(); got != auth.MaxHashWaiters {
		t.Errorf("got %d waiting, want %d", got, auth.MaxHashWaiters)
	}
}

func TestRehash(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	u := user(t, a, "r@example.org")
	stored := func() (s string) {
		t.Helper()
		if err := db.QueryRow(t.Context(), `SELECT password FROM auth_users WHERE id = $1`, u.ID).Scan(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := stored()
	login(t, a, "r@example.org")
	if got := stored(); got != before {
		t.Errorf("same cost: the hash changed from %s to %s", before, got)
	}
	b := start(t, db, auth.WithArgon2(auth.Argon2{MemoryKiB: 128, Passes: 2, Threads: 1}))
	if _, err := b.Login(t.Context(), auth.Credentials{Email: "r@example.org", Password: "wrong"}); err == nil || stored() != before {
		t.Errorf("a failed login: got %v and %s", err, stored())
	}
	login(t, b, "r@example.org")
	if got := stored(); !strings.HasPrefix(got, "$argon2id$v=19$m=128,t=2,p=1$") {
		t.Errorf("other cost: got %s", got)
	}
	login(t, b, "r@example.org")
}

func TestDamagedHashRefuses(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	u := user(t, a, "d@example.org")
	for _, stored := range []string{"", "x", "$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "$2b$10$abcdefghijklmnopqrstuv"} {
		exec(t, db, `UPDATE auth_users SET password = $1 WHERE id = $2`, stored, u.ID)
		for _, p := range []string{"", password} {
			_, err := a.Login(t.Context(), auth.Credentials{Email: "d@example.org", Password: p})
			wantErr(t, stored, err, auth.ErrInvalidCredentials)
		}
	}
}

func TestArgon2Options(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	for _, c := range []auth.Argon2{{MemoryKiB: 1}, {MemoryKiB: 2 << 20}, {Passes: 65}, {Threads: 65}, {MemoryKiB: 64, Threads: 64}} {
		if _, err := auth.New(db, auth.WithMasterKeys(key1), auth.WithArgon2(c)); err == nil {
			t.Errorf("%+v: got no error", c)
		}
	}
}

const goodPHC = "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8"

func TestParsePHC(t *testing.T) {
	t.Parallel()
	if got, err := auth.ParsePHC(goodPHC); err != nil || got != goodPHC {
		t.Errorf("got %q, %v", got, err)
	}
	for _, s := range []string{
		"", "$", "$$$$$", goodPHC + "$", goodPHC + "=", "x" + goodPHC, " " + goodPHC, goodPHC + "\n",
		strings.Replace(goodPHC, "argon2id", "argon2i", 1),
		strings.Replace(goodPHC, "v=19", "v=16", 1),
		strings.Replace(goodPHC, "$v=19", "", 1),
		strings.Replace(goodPHC, "m=65536", "m=065536", 1),
		strings.Replace(goodPHC, "m=65536", "m=+65536", 1),
		strings.Replace(goodPHC, "m=65536", "m=4194304", 1),
		strings.Replace(goodPHC, "m=65536", "m=0", 1),
		strings.Replace(goodPHC, "t=3", "t=0", 1),
		strings.Replace(goodPHC, "t=3", "t=65", 1),
		strings.Replace(goodPHC, "p=4", "p=256", 1),
		strings.Replace(goodPHC, "p=4", "p=65", 1),
		strings.Replace(goodPHC, "m=65536,t=3,p=4", "t=3,m=65536,p=4", 1),
		strings.Replace(goodPHC, "p=4", "p=4,keyid=x", 1),
		strings.Replace(goodPHC, "AAECAwQFBgcICQoLDA0ODw$", "AAECAwQ$", 1),
		strings.Replace(goodPHC, "DA0ODw$", "DA0ODx$", 1), // not the canonical last bits
	} {
		if got, err := auth.ParsePHC(s); err == nil {
			t.Errorf("%q: got %q, want an error", s, got)
		}
	}
}

func FuzzPHC(f *testing.F) {
	f.Add(goodPHC)
	f.Add("$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := auth.ParsePHC(s); err == nil && got != s {
			t.Errorf("%q is written as %q", s, got)
		}
	})
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, openDB(t), auth.WithLimiter(auth.NewMemoryLimiter()))
		user(t, a, "t@example.org")
		attempt := func(email, address string) error {
			_, err := a.Login(t.Context(), auth.Credentials{Email: email, Password: "wrong", Client: auth.Client{Address: address}})
			return err
		}
		var throttled *auth.ThrottledError
		tries := 0
		for ; tries < 200 && !errors.As(attempt("T@Example.org", "192.0.2."+string(rune('0'+tries%10))), &throttled); tries++ {
		}
		if tries < 5 || tries > 60 {
			t.Errorf("one account from many addresses: %d attempts, want a bound", tries)
		}
		if throttled == nil || throttled.RetryAfter <= 0 || throttled.RetryAfter > 5*60e9 {
			t.Fatalf("got %v", throttled)
		}
		wantErr(t, "another account", attempt("other@example.org", "198.51.100.1"), auth.ErrInvalidCredentials)
		wait(throttled.RetryAfter)
		wantErr(t, "after RetryAfter", attempt("t@example.org", "198.51.100.1"), auth.ErrInvalidCredentials)

		tries, throttled = 0, nil
		for ; tries < 200 && !errors.As(attempt(string(rune('a'+tries%26))+"x@example.org", "2001:db8::"+string(rune('0'+tries%10))), &throttled); tries++ {
		}
		if tries < 5 || tries > 60 {
			t.Errorf("many accounts from one /64: %d attempts, want a bound", tries)
		}
	})
}

func TestThrottledKnownAndUnknownAlike(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t), auth.WithLimiter(auth.NewMemoryLimiter()))
	user(t, a, "known@example.org")
	tries := func(email string) (n int) {
		for ; n < 200; n++ {
			_, err := a.Login(t.Context(), auth.Credentials{Email: email, Password: "wrong", Client: auth.Client{Address: "10.0." + strconv.Itoa(int(email[0])) + "." + strconv.Itoa(n)}})
			if _, ok := errors.AsType[*auth.ThrottledError](err); ok {
				return n
			}
		}
		return n
	}
	if known, unknown := tries("known@example.org"), tries("unknown@example.org"); known != unknown {
		t.Errorf("got %d and %d attempts, want as many", known, unknown)
	}
}

type brokenLimiter struct{}

func (brokenLimiter) Allow(context.Context, string, int) (bool, time.Duration, error) {
	return false, 0, errors.New("limiter is down")
}

func TestBrokenLimiter(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t), auth.WithLimiter(brokenLimiter{}))
	_, err := a.Login(t.Context(), auth.Credentials{Email: "x@example.org", Password: password})
	wantErr(t, "Login", err, auth.ErrUnavailable)
}

func TestMemoryLimiterIsBounded(t *testing.T) {
	t.Parallel()
	l := auth.NewMemoryLimiter()
	_, limit := auth.LimiterSize(l)
	// Half empty buckets of people whom the flood must not set free.
	for range 10 {
		if ok, _, _ := l.Allow(t.Context(), "login-account:victim", 1); !ok {
			t.Fatal("the victim is throttled early")
		}
	}
	for i := range 2 * limit {
		if _, _, err := l.Allow(t.Context(), "login-address:"+strconv.Itoa(i), 1); err != nil {
			t.Fatal(err)
		}
	}
	if n, _ := auth.LimiterSize(l); n > limit {
		t.Errorf("got %d buckets, want at most %d", n, limit)
	}
	refused := false
	for range 40 {
		ok, _, _ := l.Allow(t.Context(), "login-account:victim", 1)
		refused = refused || !ok
	}
	if !refused {
		t.Error("the flood reset the bucket of another key")
	}
	if ok, _, _ := l.Allow(t.Context(), "login-account:new", 1); !ok {
		t.Error("an account is refused because of a flood of addresses")
	}
}

func TestAddressKey(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"192.0.2.1", "login-address:192.0.2.1"},
		{"::ffff:192.0.2.1", "login-address:192.0.2.1"},
		{"2001:db8:1:2:3:4:5:6", "login-address:2001:db8:1:2::/64"},
		{"fe80::1%eth0", "login-address:fe80::/64"},
		{"", "login-address:unknown"},
		{"evil\nkey", "login-address:unknown"},
		{"192.0.2.1:80", "login-address:unknown"},
	} {
		if got := auth.AddressKey(c[0]); got != c[1] {
			t.Errorf("%q: got %q, want %q", c[0], got, c[1])
		}
	}
}
