package auth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage"
)

var first = auth.NewUser{Email: "first@example.org", Name: "First", Password: password}

func TestSetup(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	required := func(want bool) {
		t.Helper()
		if got, err := a.SetupRequired(t.Context()); err != nil || got != want {
			t.Errorf("SetupRequired: got %v, %v, want %v", got, err, want)
		}
	}
	required(true)
	old, err := a.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.SetupToken(t.Context())
	if err != nil || token == old || len(token) < 26 {
		t.Fatalf("got token %q then %q, %v", old, token, err)
	}
	var stored string
	if err := db.QueryRow(t.Context(), `SELECT token_hash FROM auth_setup`).Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(stored, token) || len(stored) != 64 {
		t.Errorf("the token is stored as %q, want a hash", stored)
	}
	for _, bad := range []string{"", old, token + "x", strings.ToUpper(token), stored, strings.Repeat("x", 10_000)} {
		_, err := a.Setup(t.Context(), bad, first, auth.Client{})
		wantErr(t, fmt.Sprintf("token %.40q", bad), err, auth.ErrInvalidToken)
	}
	weak := first
	weak.Password = "short"
	_, err = a.Setup(t.Context(), token, weak, auth.Client{})
	if input, ok := errors.AsType[*auth.InputError](err); !ok || input.Field != "password" {
		t.Errorf("weak password: got %v", err)
	}
	required(true)
	u, err := a.Setup(t.Context(), token, first, auth.Client{})
	if err != nil {
		t.Fatalf("Setup: %v", err)
	}
	if len(u.Roles) != 1 || u.Roles[0] != auth.RoleOwner {
		t.Errorf("got roles %v, want owner", u.Roles)
	}
	required(false)
	if _, err := a.LoginUser(t.Context(), u.ID, auth.Client{}); err != nil {
		t.Errorf("LoginUser: %v", err)
	}
	login(t, a, first.Email)

	// For ever, also when the account is gone.
	exec(t, db, `DELETE FROM auth_sessions`)
	exec(t, db, `DELETE FROM auth_user_roles`)
	exec(t, db, `DELETE FROM auth_users`)
	b := start(t, db)
	for name, authority := range map[string]*auth.Authority{"same": a, "restarted": b} {
		_, err := authority.SetupToken(t.Context())
		wantErr(t, name+" SetupToken", err, auth.ErrSetupDone)
		for _, tok := range []string{token, old, ""} {
			_, err = authority.Setup(t.Context(), tok, first, auth.Client{})
			wantErr(t, name+" Setup", err, auth.ErrSetupDone)
		}
		created, err := authority.EnsureAccount(t.Context(), first)
		if created || err != nil {
			t.Errorf("%s EnsureAccount: got %v, %v, want false", name, created, err)
		}
	}
}

func TestSetupTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		a := start(t, db)
		token, err := a.SetupToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Shutdown(t.Context()); err != nil { // so that a day is short
			t.Fatal(err)
		}
		wait(auth.SetupTTL + time.Second)
		b := start(t, db)
		_, err = b.Setup(t.Context(), token, first, auth.Client{})
		wantErr(t, "after 24 h", err, auth.ErrInvalidToken)
		token, err = b.SetupToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wait(time.Minute)
		if _, err := b.Setup(t.Context(), token, first, auth.Client{}); err != nil {
			t.Errorf("within 24 h: %v", err)
		}
	})
}

func TestSetupOnceOfMany(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/auth.db"
	a, b := start(t, openPath(t, path)), start(t, openPath(t, path))
	token, err := a.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var done, refused atomic.Int32
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			u := first
			u.Email = fmt.Sprintf("first%d@example.org", i)
			_, err := []*auth.Authority{a, b}[i%2].Setup(t.Context(), token, u, auth.Client{})
			switch {
			case err == nil:
				done.Add(1)
			case errors.Is(err, auth.ErrSetupDone):
				refused.Add(1)
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	group.Wait()
	if done.Load() != 1 || refused.Load() != 19 {
		t.Errorf("got %d done and %d refused, want 1 and 19", done.Load(), refused.Load())
	}
	users, err := a.Users(t.Context(), "", 50)
	if err != nil || len(users) != 1 {
		t.Errorf("got %d accounts, %v, want 1", len(users), err)
	}
}

func TestEnsureAccountOnceOfMany(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/auth.db"
	a, b := start(t, openPath(t, path)), start(t, openPath(t, path))
	var created atomic.Int32
	var group sync.WaitGroup
	for i := range 10 {
		group.Go(func() {
			u := first
			u.Email = fmt.Sprintf("first%d@example.org", i)
			ok, err := []*auth.Authority{a, b}[i%2].EnsureAccount(t.Context(), u)
			if err != nil {
				t.Errorf("got %v", err)
			}
			if ok {
				created.Add(1)
			}
		})
	}
	group.Wait()
	if created.Load() != 1 {
		t.Errorf("got %d created, want 1", created.Load())
	}
	_, err := a.SetupToken(t.Context())
	wantErr(t, "SetupToken", err, auth.ErrSetupDone)
	if ok, err := start(t, openDB(t)).EnsureAccount(t.Context(), auth.NewUser{Email: "x@example.org"}); ok || err == nil {
		t.Errorf("without a password: got %v, %v, want an error", ok, err)
	}
}

// An error of the audit undoes what it should have told.
func TestAuditIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	broken := errors.New("audit is full")
	var fail atomic.Bool
	a := start(t, openDB(t), auth.WithAudit(func(context.Context, *storage.Tx, auth.AuditEvent) error {
		if fail.Load() {
			return broken
		}
		return nil
	}))
	u := user(t, a, "a@example.org", auth.RoleOwner)
	g := login(t, a, "a@example.org")
	fail.Store(true)
	_, err := a.CreateUser(t.Context(), auth.NewUser{Email: "b@example.org"})
	wantErr(t, "CreateUser", err, broken)
	name := "New"
	_, err = a.UpdateUser(t.Context(), u.ID, auth.UserChange{Name: &name})
	wantErr(t, "UpdateUser", err, broken)
	wantErr(t, "SetPassword", a.SetPassword(t.Context(), u.ID, "another long password 9"), broken)
	wantErr(t, "RevokeUser", a.RevokeUser(t.Context(), u.ID), broken)
	wantErr(t, "RevokeSession", a.RevokeSession(t.Context(), u.ID, g.SessionID), broken)
	wantErr(t, "PutRole", a.PutRole(t.Context(), auth.Role{Name: "r"}), broken)
	wantErr(t, "RotateKeys", a.RotateKeys(t.Context(), true), broken)
	_, err = a.Login(t.Context(), auth.Credentials{Email: "a@example.org", Password: password})
	wantErr(t, "Login", err, broken)
	fail.Store(false)
	if _, err := a.Verify(t.Context(), g.AccessToken); err != nil {
		t.Errorf("the session ended all the same: %v", err)
	}
	if got, err := a.User(t.Context(), u.ID); err != nil || got.Name != "a@example.org" {
		t.Errorf("got %+v, %v", got, err)
	}
	if roles, err := a.Roles(t.Context()); err != nil || len(roles) != 2 {
		t.Errorf("got %v, %v", roles, err)
	}
}
