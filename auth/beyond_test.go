package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage"
)

func isBeyond(err error) bool {
	_, ok := errors.AsType[*auth.BeyondError](err)
	return ok
}

// What somebody may give and take is what they hold when it is written, not when
// their request began.
func TestNobodyGivesMoreThanTheyHold(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	for _, r := range []auth.Role{
		{Name: "support", Permissions: []string{"m.thing.*", "users.account.manage"}},
		{Name: "small", Permissions: []string{"m.thing.read"}},
		{Name: "big", Permissions: []string{"m.other.read"}},
		{Name: "heir", Inherits: []string{"big"}},
	} {
		if err := a.PutRole(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	owner := user(t, a, "o@example.org", auth.RoleOwner)
	peer := user(t, a, "peer@example.org", "small")
	over := user(t, a, "over@example.org", "small", "heir")
	me, p := person(t, a, "me@example.org", "support")
	ctx := auth.NewContext(t.Context(), p)
	n := 0
	fresh := func() string { n++; return fmt.Sprintf("n%d@example.org", n) }
	acts := []struct {
		name   string
		beyond bool
		later  bool // beyond, once all one has is big
		do     func() error
	}{
		{"make with small", false, true, func() error {
			return made(a.CreateUser(ctx, auth.NewUser{Email: fresh(), Roles: []string{"small"}}))
		}},
		{"make with heir", true, false, func() error {
			return made(a.CreateUser(ctx, auth.NewUser{Email: fresh(), Roles: []string{"heir"}}))
		}},
		{"make an owner", true, true, func() error {
			return made(a.CreateUser(ctx, auth.NewUser{Email: fresh(), Roles: []string{auth.RoleOwner}}))
		}},
		{"rename a peer", false, true, func() error { return made(a.UpdateUser(ctx, peer.ID, auth.UserChange{Name: new("Peer")})) }},
		{"rename who is over", true, true, func() error { return made(a.UpdateUser(ctx, over.ID, auth.UserChange{Name: new("Over")})) }},
		{"disable an owner", true, true, func() error { return made(a.UpdateUser(ctx, owner.ID, auth.UserChange{Disabled: new(true)})) }},
		{"take big", true, true, func() error { return made(a.UpdateUser(ctx, over.ID, auth.UserChange{Roles: &[]string{"small"}})) }},
		{"give big", true, true, func() error { return made(a.UpdateUser(ctx, peer.ID, auth.UserChange{Roles: &[]string{"big"}})) }},
		{"give oneself big", true, true, func() error {
			return made(a.UpdateUser(ctx, me.ID, auth.UserChange{Roles: &[]string{"support", "big"}}))
		}},
		{"rename oneself", false, false, func() error { return made(a.UpdateUser(ctx, me.ID, auth.UserChange{Name: new("Me")})) }},
		{"password of a peer", false, true, func() error { return a.SetPassword(ctx, peer.ID, "another 9 long password") }},
		{"password of an owner", true, true, func() error { return a.SetPassword(ctx, owner.ID, "another 9 long password") }},
		{"role within", false, true, func() error { return a.PutRole(ctx, auth.Role{Name: "small", Permissions: []string{"m.thing.*"}}) }},
		{"role beyond", true, true, func() error { return a.PutRole(ctx, auth.Role{Name: "small", Permissions: []string{"m.*"}}) }},
		{"role that inherits", true, false, func() error { return a.PutRole(ctx, auth.Role{Name: "new", Inherits: []string{"heir"}}) }},
		{"one's own role", true, true, func() error { return a.PutRole(ctx, auth.Role{Name: "support", Permissions: []string{"*"}}) }},
		{"delete a role beyond", true, false, func() error { return a.DeleteRole(ctx, "heir") }},
		{"empty a role beyond", true, false, func() error { return a.PutRole(ctx, auth.Role{Name: "big"}) }},
	}
	for _, act := range acts {
		if err := act.do(); isBeyond(err) != act.beyond || !act.beyond && err != nil {
			t.Errorf("%s: got %v, want beyond %v", act.name, err, act.beyond)
		}
	}
	// The same request, but its rights went meanwhile.
	if _, err := a.UpdateUser(t.Context(), me.ID, auth.UserChange{Roles: &[]string{"big"}}); err != nil {
		t.Fatal(err)
	}
	for _, act := range acts {
		err := act.do()
		if isBeyond(err) != act.later || !act.later && err != nil && !errors.Is(err, auth.ErrRoleInUse) {
			t.Errorf("%s after one's rights went: got %v, want beyond %v", act.name, err, act.later)
		}
	}
	if err := a.RevokeUser(t.Context(), me.ID); err != nil {
		t.Fatal(err)
	}
	for _, act := range acts {
		wantErr(t, act.name+" after one's session ended", act.do(), auth.ErrInvalidToken)
	}
	// Nobody in the context is the program itself.
	if _, err := a.UpdateUser(t.Context(), peer.ID, auth.UserChange{Roles: &[]string{auth.RoleOwner}}); err != nil {
		t.Errorf("the program: %v", err)
	}
	if _, err := a.UpdateUser(auth.NewContext(t.Context(), nil), peer.ID, auth.UserChange{Roles: &[]string{"small"}}); err != nil {
		t.Errorf("the program: %v", err)
	}
}

func made(_ auth.User, err error) error { return err }

// One disables oneself, or gives up a role, by what one held before.
func TestOneMayGiveUpWhatOneHolds(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	user(t, a, "o@example.org", auth.RoleOwner)
	me, p := person(t, a, "me@example.org", auth.RoleOwner, auth.RoleViewer)
	ctx := auth.NewContext(t.Context(), p)
	if _, err := a.UpdateUser(ctx, me.ID, auth.UserChange{Roles: &[]string{auth.RoleViewer}}); err != nil {
		t.Errorf("give up a role: %v", err)
	}
	if _, err := a.UpdateUser(ctx, me.ID, auth.UserChange{Roles: &[]string{auth.RoleOwner}}); !isBeyond(err) {
		t.Errorf("take it back: got %v", err)
	}
	if _, err := a.UpdateUser(ctx, me.ID, auth.UserChange{Disabled: new(true)}); err != nil {
		t.Errorf("disable oneself: %v", err)
	}
	wantErr(t, "enable oneself", made(a.UpdateUser(ctx, me.ID, auth.UserChange{Disabled: new(false)})), auth.ErrInvalidToken)
}

// Whoever is demoted while they give rights away either gave them before, or
// not at all. The audit, which is written inside the transactions, has the order.
func TestDemotionAgainstPromotion(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var order []string
	a := start(t, openDB(t), auth.WithAudit(func(_ context.Context, _ *storage.Tx, e auth.AuditEvent) error {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, e.Action+" "+e.Target+" "+e.Detail["roles"]+e.Detail["permissions"])
		return nil
	}))
	if err := a.PutRole(t.Context(), auth.Role{Name: "big", Permissions: []string{"m.*", "users.account.manage"}}); err != nil {
		t.Fatal(err)
	}
	me, _ := person(t, a, "me@example.org", "big")
	friend := user(t, a, "friend@example.org")
	given, refused := 0, 0
	rounds := 60
	if testing.Short() {
		rounds = 20
	}
	for range rounds {
		if _, err := a.UpdateUser(t.Context(), me.ID, auth.UserChange{Roles: &[]string{"big"}}); err != nil {
			t.Fatal(err)
		}
		p, err := a.Verify(t.Context(), login(t, a, "me@example.org").AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		order = nil
		mu.Unlock()
		var group sync.WaitGroup
		begin := make(chan struct{})
		var demote, promote, mint error
		for _, do := range []func(){
			func() { _, demote = a.UpdateUser(t.Context(), me.ID, auth.UserChange{Roles: &[]string{}}) },
			func() {
				_, promote = a.UpdateUser(auth.NewContext(t.Context(), p), friend.ID, auth.UserChange{Roles: &[]string{"big"}})
			},
			func() {
				_, _, mint = a.CreateAPIKey(t.Context(), p, auth.NewAPIKey{Name: "x", Permissions: []string{"m.*"}})
			},
		} {
			group.Go(func() { <-begin; do() })
		}
		close(begin)
		group.Wait()
		if demote != nil {
			t.Fatal(demote)
		}
		at := slices.Index(order, "account.update "+me.ID+" ")
		for i, line := range order {
			if i > at && line != "" && at >= 0 {
				t.Fatalf("given away after the demotion: %q", order)
			}
		}
		for _, err := range []error{promote, mint} {
			switch {
			case err == nil:
				given++
			case isBeyond(err):
				refused++
			default:
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d given before, %d refused after", given, refused)
}
