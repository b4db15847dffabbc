package auth_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
)

func TestLoginVerifyRefreshLogout(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	perm, err := a.RegisterPermission("report.page.read")
	if err != nil {
		t.Fatal(err)
	}
	u := user(t, a, "Ada@Example.org", auth.RoleViewer)
	g := login(t, a, "ada@example.ORG")
	p, err := a.Verify(t.Context(), g.AccessToken)
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	if p.ID != u.ID || p.Email != "Ada@Example.org" || p.SessionID != g.SessionID || !p.Can(perm) {
		t.Errorf("got %+v, can %v", p, p.Can(perm))
	}
	next, err := a.Refresh(t.Context(), g.RefreshToken, auth.Client{})
	if err != nil {
		t.Fatalf("Refresh: %v", err)
	}
	if next.RefreshToken == g.RefreshToken || next.SessionID != g.SessionID {
		t.Errorf("got %q in session %s", next.RefreshToken, next.SessionID)
	}
	if err := a.Logout(t.Context(), next.RefreshToken); err != nil {
		t.Fatalf("Logout: %v", err)
	}
	_, err = a.Verify(t.Context(), g.AccessToken)
	wantErr(t, "Verify after Logout", err, auth.ErrInvalidToken)
	_, err = a.Refresh(t.Context(), next.RefreshToken, auth.Client{})
	wantErr(t, "Refresh after Logout", err, auth.ErrInvalidToken)
}

// Who signs in often does not use up the attempts of their account, and who
// guesses does.
func TestGoodSignInsAreNotThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, openDB(t), auth.WithLimiter(auth.NewMemoryLimiter()))
		user(t, a, "u@example.org")
		sign := func(i int, password string) error {
			// From another address each time, so that the account's limit decides.
			_, err := a.Login(t.Context(), auth.Credentials{Email: "u@example.org", Password: password,
				Client: auth.Client{Address: fmt.Sprintf("192.0.2.%d", i%250)}})
			return err
		}
		for i := range 100 {
			if err := sign(i, password); err != nil {
				t.Fatalf("sign-in %d: %v", i, err)
			}
		}
		for i := range 20 {
			wantErr(t, "guess", sign(i, "a wrong password 11"), auth.ErrInvalidCredentials)
			if i < 19 {
				if err := sign(i, password); err != nil {
					t.Fatalf("between guesses: %v", err)
				}
			}
		}
		for _, password := range []string{"a wrong password 11", password} {
			if _, throttled := errors.AsType[*auth.ThrottledError](sign(100, password)); !throttled {
				t.Error("after 20 guesses: not throttled")
			}
		}
		wait(time.Minute + time.Second)
		if err := sign(101, password); err != nil {
			t.Errorf("a minute later: %v", err)
		}
		// Refunds never add up to more than was there.
		for i := range 25 {
			err := sign(i, "a wrong password 11")
			_, throttled := errors.AsType[*auth.ThrottledError](err)
			if throttled != (i > 0) {
				t.Errorf("guess %d: got %v", i, err)
			}
		}
	})
}
