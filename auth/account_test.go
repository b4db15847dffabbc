package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage"
)

func TestCreateUserRefuses(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	user(t, a, "taken@example.org")
	for name, c := range map[string]struct {
		user  auth.NewUser
		field string
		code  string
	}{
		"no address":     {auth.NewUser{}, "email", "required"},
		"no at":          {auth.NewUser{Email: "example.org"}, "email", "format"},
		"a name in it":   {auth.NewUser{Email: "Ada <ada@example.org>"}, "email", "format"},
		"two":            {auth.NewUser{Email: "a@example.org,b@example.org"}, "email", "format"},
		"space":          {auth.NewUser{Email: "a b@example.org"}, "email", "format"},
		"line":           {auth.NewUser{Email: "a@example.org\nBcc: b@example.org"}, "email", "format"},
		"long":           {auth.NewUser{Email: strings.Repeat("a", 250) + "@example.org"}, "email", "too_long"},
		"long name":      {auth.NewUser{Email: "x@example.org", Name: strings.Repeat("ü", 101)}, "name", "too_long"},
		"control name":   {auth.NewUser{Email: "x@example.org", Name: "a\nb"}, "name", "format"},
		"weak password":  {auth.NewUser{Email: "x@example.org", Password: "123456789012345"}, "password", "common"},
		"own address":    {auth.NewUser{Email: "x.somebody@example.org", Password: "x.somebody@example.org"}, "password", "context"},
		"unknown role":   {auth.NewUser{Email: "x@example.org", Roles: []string{"nobody"}}, "roles", "unknown"},
		"too many roles": {auth.NewUser{Email: "x@example.org", Roles: manyRoles(101)}, "roles", "too_long"},
	} {
		_, err := a.CreateUser(t.Context(), c.user)
		if input, ok := errors.AsType[*auth.InputError](err); !ok || input.Field != c.field || input.Code != c.code {
			t.Errorf("%s: got %v, want %s %s", name, err, c.field, c.code)
		}
	}
	for _, same := range []string{"taken@example.org", "TAKEN@example.ORG", "  taken@example.org "} {
		_, err := a.CreateUser(t.Context(), auth.NewUser{Email: same})
		wantErr(t, same, err, auth.ErrEmailTaken)
	}
	if _, err := a.UserByEmail(t.Context(), "x@example.org"); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("a refused account is there: %v", err)
	}
}

func manyRoles(n int) []string {
	roles := make([]string, n)
	for i := range roles {
		roles[i] = strings.Repeat("r", i+1)
	}
	return roles
}

func TestUsers(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	var want []string
	for _, email := range []string{"a@example.org", "b@example.org", "c@example.org"} {
		want = append(want, user(t, a, email, auth.RoleViewer, auth.RoleOwner, auth.RoleOwner).ID)
	}
	slices.Sort(want)
	var got []string
	after := ""
	for {
		page, err := a.Users(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, u := range page {
			got = append(got, u.ID)
			if !slices.Equal(u.Roles, []string{auth.RoleOwner, auth.RoleViewer}) || u.CreatedAt.IsZero() {
				t.Errorf("got %+v", u)
			}
		}
		after = got[len(got)-1]
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, id := range []string{"nobody", "", "\x00", "\xff", strings.Repeat("a", 26), strings.Repeat("a", 1000)} {
		_, err := a.User(t.Context(), id)
		wantErr(t, "User", err, auth.ErrNotFound)
		wantErr(t, "RevokeSession", a.RevokeSession(t.Context(), want[0], id), auth.ErrNotFound)
		wantErr(t, "DeleteRole", a.DeleteRole(t.Context(), id), auth.ErrNotFound)
	}
	u, err := a.UserByEmail(t.Context(), "B@Example.org")
	if err != nil || u.Email != "b@example.org" {
		t.Errorf("UserByEmail: got %+v, %v", u, err)
	}
}

func TestLastOwnerStays(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	x, y := user(t, a, "x@example.org", auth.RoleOwner), user(t, a, "y@example.org", auth.RoleOwner)
	yes, no, none := true, false, []string{}
	if _, err := a.UpdateUser(t.Context(), x.ID, auth.UserChange{Disabled: &yes}); err != nil {
		t.Fatalf("one of two: %v", err)
	}
	_, err := a.UpdateUser(t.Context(), y.ID, auth.UserChange{Disabled: &yes})
	wantErr(t, "disable the last", err, auth.ErrLastOwner)
	_, err = a.UpdateUser(t.Context(), y.ID, auth.UserChange{Roles: &none})
	wantErr(t, "take the role of the last", err, auth.ErrLastOwner)
	name := "Y"
	if _, err := a.UpdateUser(t.Context(), y.ID, auth.UserChange{Name: &name}); err != nil {
		t.Errorf("rename the last: %v", err)
	}
	if _, err := a.UpdateUser(t.Context(), x.ID, auth.UserChange{Disabled: &no}); err != nil {
		t.Fatal(err)
	}
	// Both at once: one of them must stay.
	var group sync.WaitGroup
	for _, id := range []string{x.ID, y.ID} {
		group.Go(func() {
			if _, err := a.UpdateUser(t.Context(), id, auth.UserChange{Roles: &none}); err != nil && !errors.Is(err, auth.ErrLastOwner) {
				t.Errorf("got %v", err)
			}
		})
	}
	group.Wait()
	users, err := a.Users(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	owners := 0
	for _, u := range users {
		if slices.Contains(u.Roles, auth.RoleOwner) {
			owners++
		}
	}
	if owners != 1 {
		t.Errorf("got %d owners, want 1", owners)
	}
	_, err = a.UpdateUser(t.Context(), "nobody", auth.UserChange{Name: &name})
	wantErr(t, "missing", err, auth.ErrNotFound)
}

func TestDisableAndEnable(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	u := user(t, a, "d@example.org")
	g := login(t, a, "d@example.org")
	yes, no := true, false
	if _, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	ended := func(what string) {
		t.Helper()
		_, err := a.Verify(t.Context(), g.AccessToken)
		wantErr(t, what+": Verify", err, auth.ErrInvalidToken)
		_, err = a.Refresh(t.Context(), g.RefreshToken, auth.Client{})
		wantErr(t, what+": Refresh", err, auth.ErrInvalidToken)
	}
	ended("disabled")
	_, err := a.LoginUser(t.Context(), u.ID, auth.Client{})
	wantErr(t, "LoginUser", err, auth.ErrInvalidCredentials)
	if _, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Disabled: &no}); err != nil {
		t.Fatal(err)
	}
	ended("enabled again")
	login(t, a, "d@example.org")
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	u := user(t, a, "p@example.org")
	g := login(t, a, "p@example.org")
	const other = "another 9 long password"
	if err := a.SetPassword(t.Context(), u.ID, "short"); err == nil {
		t.Error("weak: got no error")
	}
	if _, err := a.Verify(t.Context(), g.AccessToken); err != nil {
		t.Errorf("a refused change ended the session: %v", err)
	}
	if err := a.SetPassword(t.Context(), u.ID, other); err != nil {
		t.Fatal(err)
	}
	_, err := a.Verify(t.Context(), g.AccessToken)
	wantErr(t, "old session", err, auth.ErrInvalidToken)
	_, err = a.Login(t.Context(), auth.Credentials{Email: "p@example.org", Password: password})
	wantErr(t, "old password", err, auth.ErrInvalidCredentials)
	if _, err := a.Login(t.Context(), auth.Credentials{Email: "p@example.org", Password: other}); err != nil {
		t.Errorf("new password: %v", err)
	}
	wantErr(t, "missing", a.SetPassword(t.Context(), "nobody", other), auth.ErrNotFound)
}

// Whoever changes a password says the one they have; guesses at it count as
// sign-ins to the account do.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t), auth.WithLimiter(auth.NewMemoryLimiter()))
	u := user(t, a, "c@example.org")
	g := login(t, a, "c@example.org")
	const other = "another 9 long password"
	wantErr(t, "wrong", a.ChangePassword(t.Context(), u.ID, "wrong", other), auth.ErrInvalidCredentials)
	wantErr(t, "empty", a.ChangePassword(t.Context(), u.ID, "", other), auth.ErrInvalidCredentials)
	wantErr(t, "endless", a.ChangePassword(t.Context(), u.ID, strings.Repeat("x", 1<<20), other), auth.ErrInvalidCredentials)
	if _, ok := errors.AsType[*auth.InputError](a.ChangePassword(t.Context(), u.ID, password, "short")); !ok {
		t.Error("weak: got no InputError")
	}
	if _, err := a.Verify(t.Context(), g.AccessToken); err != nil {
		t.Errorf("a refused change ended the session: %v", err)
	}
	if err := a.ChangePassword(t.Context(), u.ID, password, other); err != nil {
		t.Fatal(err)
	}
	_, err := a.Verify(t.Context(), g.AccessToken)
	wantErr(t, "old session", err, auth.ErrInvalidToken)
	wantErr(t, "old password", a.ChangePassword(t.Context(), u.ID, password, other), auth.ErrInvalidCredentials)
	wantErr(t, "missing", a.ChangePassword(t.Context(), "nobody", password, other), auth.ErrNotFound)

	var throttled *auth.ThrottledError
	for range 100 {
		if err = a.ChangePassword(t.Context(), u.ID, "wrong", password); errors.As(err, &throttled) {
			break
		}
	}
	if throttled == nil {
		t.Errorf("a hundred guesses: got %v, want a ThrottledError", err)
	}
	_, err = a.Login(t.Context(), auth.Credentials{Email: "c@example.org", Password: other})
	if !errors.As(err, &throttled) {
		t.Errorf("sign-in after them: got %v, want a ThrottledError", err)
	}
}

// Of two who change a password with the same old one, the second is refused.
func TestChangePasswordAtOnce(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	u := user(t, a, "once@example.org")
	results := make(chan error, 2)
	for i := range 2 {
		go func() {
			results <- a.ChangePassword(t.Context(), u.ID, password, fmt.Sprintf("another %d long password", i))
		}()
	}
	first, second := <-results, <-results
	if first != nil {
		first, second = second, first
	}
	if first != nil {
		t.Fatal(first)
	}
	wantErr(t, "second", second, auth.ErrInvalidCredentials)
}

// auditLog keeps what an authority audits.
type auditLog struct {
	mu     sync.Mutex
	events []auth.AuditEvent
}

func (l *auditLog) keep(_ context.Context, _ *storage.Tx, e auth.AuditEvent) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
	return nil
}

// find returns the events of an action.
func (l *auditLog) find(action string) []auth.AuditEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.events), func(e auth.AuditEvent) bool { return e.Action != action })
}

func TestAuditEvents(t *testing.T) {
	t.Parallel()
	var log auditLog
	a := start(t, openDB(t), auth.WithAudit(log.keep))
	token, err := a.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	owner, err := a.Setup(t.Context(), token, first, auth.Client{Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	g := login(t, a, first.Email)
	p, err := a.Verify(t.Context(), g.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	ctx := auth.NewContext(t.Context(), p)
	u, err := a.CreateUser(ctx, auth.NewUser{Email: "u@example.org", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	name := "U"
	_, err = a.UpdateUser(ctx, u.ID, auth.UserChange{Name: &name})
	second := login(t, a, "u@example.org")
	err = errors.Join(err, a.SetPassword(ctx, u.ID, "another 9 long password"), a.PutRole(ctx, auth.Role{Name: "r"}),
		a.DeleteRole(ctx, "r"), a.RevokeUser(ctx, u.ID), a.RotateKeys(ctx, false), a.Logout(t.Context(), g.RefreshToken))
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]auth.AuditEvent{
		"account.setup":      {Actor: owner.ID, Target: owner.ID},
		"account.create":     {Actor: owner.ID, Target: u.ID},
		"account.update":     {Actor: owner.ID, Target: u.ID},
		"account.password":   {Actor: owner.ID, Target: u.ID},
		"session.login":      {Actor: owner.ID, Target: g.SessionID},
		"session.logout":     {Actor: owner.ID, Target: g.SessionID},
		"session.revoke-all": {Actor: owner.ID, Target: u.ID},
		"role.put":           {Actor: owner.ID, Target: "r"},
		"role.delete":        {Actor: owner.ID, Target: "r"},
	} {
		got := log.find(action)
		if len(got) == 0 || got[0].Actor != want.Actor || got[0].Target != want.Target {
			t.Errorf("%s: got %+v, want actor %s, target %s", action, got, want.Actor, want.Target)
		}
	}
	if got := log.find("key.rotate"); len(got) != 2 {
		t.Errorf("key.rotate: got %d, want the first and one more", len(got))
	}
	for _, e := range log.events {
		for _, secret := range []string{password, token, g.AccessToken, g.RefreshToken, second.RefreshToken} {
			for _, text := range e.Detail {
				if strings.Contains(text, secret) {
					t.Errorf("%s tells a secret: %q", e.Action, text)
				}
			}
		}
	}
}
