package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	if _, err := auth.New(nil, auth.WithMasterKeys(key1)); err == nil {
		t.Error("no database: got no error")
	}
	if _, err := auth.New(db); err == nil || !strings.Contains(err.Error(), "WithMasterKeys") {
		t.Errorf("no key: got %v", err)
	}
	for name, o := range map[string]auth.Option{
		"nil":             nil,
		"no keys":         auth.WithMasterKeys(),
		"short key":       auth.WithMasterKeys(auth.MasterKey{ID: "a", Key: []byte("short")}),
		"nil source":      auth.WithKeySource(nil),
		"nil logger":      auth.WithLogger(nil),
		"no issuer":       auth.WithIssuer(""),
		"no audience":     auth.WithAudience(""),
		"access too long": auth.WithAccessTTL(2 * time.Hour),
		"access none":     auth.WithAccessTTL(0),
		"refresh none":    auth.WithRefreshTTL(0, time.Hour),
		"idle > absolute": auth.WithRefreshTTL(2*time.Hour, time.Hour),
		"rotation":        auth.WithKeyRotation(time.Minute),
		"nil limiter":     auth.WithLimiter(nil),
		"nil bus":         auth.WithBus(nil),
		"nil audit":       auth.WithAudit(nil),
		"nil cookies":     auth.WithCookies(nil),
		"origin path":     auth.WithTrustedOrigins("https://ops.example/admin"),
		"origin":          auth.WithTrustedOrigins("ops.example"),
		"password length": auth.WithMinPasswordLength(7),
	} {
		if _, err := auth.New(db, auth.WithMasterKeys(key1), o); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestBeforeStartAndAfterShutdown(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a, err := auth.New(db, auth.WithMasterKeys(key1), cheap)
	if err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		ctx := t.Context()
		_, err1 := a.Login(ctx, auth.Credentials{Email: "x@example.org", Password: password})
		_, err2 := a.Verify(ctx, "x")
		_, err3 := a.Refresh(ctx, "x", auth.Client{})
		_, err4 := a.Users(ctx, "", 1)
		_, err5 := a.SetupToken(ctx)
		_, err6 := a.Recheck(ctx, &auth.Principal{SessionID: "x"})
		_, err7 := a.Roles(ctx)
		for i, err := range []error{err1, err2, err3, err4, err5, err6, err7, a.Logout(ctx, "x"), a.RotateKeys(ctx, true), a.PutRole(ctx, auth.Role{Name: "x"})} {
			wantErr(t, fmt.Sprintf("%s %d", when, i), err, auth.ErrUnavailable)
		}
		if got := string(a.JWKS()); when == "before" && got != `{"keys":[]}` {
			t.Errorf("JWKS: got %s", got)
		}
	}
	check("before")
	if _, err := a.RegisterPermission("m.thing.read"); err != nil {
		t.Errorf("before: RegisterPermission: %v", err)
	}
	if err := errors.Join(a.Start(t.Context()), a.Start(t.Context())); err != nil {
		t.Fatalf("Start twice: %v", err)
	}
	if err := errors.Join(a.Shutdown(t.Context()), a.Shutdown(t.Context())); err != nil {
		t.Fatalf("Shutdown twice: %v", err)
	}
	check("after")
	if err := a.Start(t.Context()); err == nil {
		t.Error("Start after Shutdown: got no error")
	}
	never, err := auth.New(db, auth.WithMasterKeys(key1))
	if err != nil {
		t.Fatal(err)
	}
	if err := never.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown without Start: %v", err)
	}
}

func TestKeySource(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	fail := true
	a, err := auth.New(db, cheap, auth.WithKeySource(func(context.Context) ([]auth.MasterKey, error) {
		if fail {
			return nil, errors.New("vault is sealed")
		}
		return []auth.MasterKey{key1}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "vault is sealed") {
		t.Errorf("Start: got %v", err)
	}
	fail = false
	if err := a.Start(t.Context()); err != nil {
		t.Errorf("Start again: %v", err)
	}
	if err := a.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// Nothing that people print or log shows a secret.
func TestPrintingHidesSecrets(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a := start(t, openDB(t), auth.WithLogger(log))
	user(t, a, "p@example.org")
	g := login(t, a, "p@example.org")
	key := auth.MasterKey{ID: "k", Key: []byte("0123456789abcdef0123456789abcdef")}
	credentials := auth.Credentials{Email: "p@example.org", Password: password}
	newUser := auth.NewUser{Email: "p@example.org", Password: password}
	log.Info("all", "key", key, "grant", g, "credentials", credentials, "user", newUser)
	fmt.Fprintf(&out, "%v %+v %#v", key, key, key)
	for _, value := range []any{g, credentials, newUser} {
		fmt.Fprintf(&out, "%v %+v %#v", value, value, value)
	}
	refreshed := refresh(t, a, refresh(t, a, g.RefreshToken).RefreshToken)
	refused(t, "reuse is logged", a, g.RefreshToken, true)
	_, err := a.Login(t.Context(), auth.Credentials{Email: "p@example.org", Password: "wrong " + password})
	out.WriteString(err.Error())
	for _, secret := range []string{password, g.AccessToken, g.RefreshToken, refreshed.RefreshToken, "0123456789abcdef", "48, 49", "48 49", "0x30"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("printed %q in %s", secret, out.String())
		}
	}
}

func TestHousekeeping(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	u := user(t, a, "h@example.org")
	gone, kept := login(t, a, "h@example.org"), login(t, a, "h@example.org")
	if err := a.RevokeSession(t.Context(), u.ID, gone.SessionID); err != nil {
		t.Fatal(err)
	}
	counts := func() (n [2]int) {
		t.Helper()
		err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM auth_sessions), (SELECT count(*) FROM auth_changes)`).Scan(&n[0], &n[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := counts()
	if err := a.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := counts(); got != before {
		t.Errorf("young rows: got %v, want %v", got, before)
	}
	exec(t, db, `UPDATE auth_sessions SET revoked_at = revoked_at - 90000000000 WHERE revoked_at > 0`)
	exec(t, db, `INSERT INTO auth_sessions SELECT 'old' || n, user_id, created_at, last_used_at, 1, absolute_at, 0, '', '', 0, '', ''
		FROM auth_sessions, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1200) SELECT n FROM c) AS numbers WHERE id = $1`, kept.SessionID)
	exec(t, db, `UPDATE auth_changes SET at = at - 4000000000`)
	if err := a.Housekeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(), [2]int{1, 0}; got != want {
		t.Errorf("old rows: got %v, want %v", got, want)
	}
	refresh(t, a, kept.RefreshToken)
}
