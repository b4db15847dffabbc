package auth_test

import (
	"testing"

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
