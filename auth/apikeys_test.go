package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage"
)

func TestAPIKeyInput(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	_, owner := person(t, a, "o@example.org", auth.RoleOwner)
	for _, c := range []struct {
		key         auth.NewAPIKey
		field, code string
	}{
		{auth.NewAPIKey{Permissions: []string{"*"}}, "name", "required"},
		{auth.NewAPIKey{Name: " \t", Permissions: []string{"*"}}, "name", "required"},
		{auth.NewAPIKey{Name: strings.Repeat("é", 101), Permissions: []string{"*"}}, "name", "too_long"},
		{auth.NewAPIKey{Name: "a\x00b", Permissions: []string{"*"}}, "name", "format"},
		{auth.NewAPIKey{Name: "\xff", Permissions: []string{"*"}}, "name", "format"},
		{auth.NewAPIKey{Name: "x"}, "permissions", "required"},
		{auth.NewAPIKey{Name: "x", Permissions: []string{"M.a"}}, "permissions", "format"},
		{auth.NewAPIKey{Name: "x", Permissions: []string{""}}, "permissions", "format"},
		{auth.NewAPIKey{Name: "x", Permissions: slices.Repeat([]string{"a.b"}, 201)}, "permissions", "too_long"},
		{auth.NewAPIKey{Name: "x", Permissions: []string{"*"}, ExpiresAt: time.Now().Add(-time.Second)}, "expires_at", "past"},
		{auth.NewAPIKey{Name: "x", Permissions: []string{"*"}, ExpiresAt: time.Unix(1, 0)}, "expires_at", "past"},
		{auth.NewAPIKey{Name: "x", Permissions: []string{"*"}, ExpiresAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "expires_at", "format"},
	} {
		_, secret, err := a.CreateAPIKey(t.Context(), owner, c.key)
		input, ok := errors.AsType[*auth.InputError](err)
		if !ok || input.Field != c.field || input.Code != c.code || secret != "" {
			t.Errorf("%+v: got %v, want %s %s", c.key, err, c.field, c.code)
		}
	}
	for _, name := range []string{"Schlüssel für Größe Ω", "キー 🔑", "<script>alert(1)</script>", `"; DROP TABLE auth_api_keys; --`, "  trimmed  "} {
		k, _, err := a.CreateAPIKey(t.Context(), owner, auth.NewAPIKey{Name: name, Permissions: []string{"b.*", "a.b", "a.b"}})
		if err != nil || k.Name != strings.TrimSpace(name) || !slices.Equal(k.Permissions, []string{"a.b", "b.*"}) {
			t.Errorf("%q: got %+v, %v", name, k, err)
		}
		page, err := a.APIKeys(t.Context(), auth.APIKeyQuery{OwnerID: owner.ID, Limit: 1})
		if err != nil || len(page.Keys) != 1 || page.Keys[0].Name != k.Name || page.Keys[0].OwnerEmail != "o@example.org" {
			t.Errorf("%q: listed as %+v, %v", name, page, err)
		}
	}
	_, _, err := a.CreateAPIKey(t.Context(), nil, auth.NewAPIKey{Name: "x", Permissions: []string{"*"}})
	wantErr(t, "nobody's", err, auth.ErrInvalidToken)
}

func TestAPIKeysInPages(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	ada, adaP := person(t, a, "ada@example.org", auth.RoleOwner)
	_, bobP := person(t, a, "bob@example.org", auth.RoleViewer)
	var want []string
	for i := range 25 {
		k, _ := apiKey(t, a, adaP, "a.b")
		want = append([]string{k.ID}, want...)
		if i%5 == 0 {
			apiKey(t, a, bobP, "a.b.read")
		}
	}
	var got []string
	q := auth.APIKeyQuery{OwnerID: ada.ID, Limit: 10}
	for {
		page, err := a.APIKeys(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range page.Keys {
			if i > 0 && page.Keys[i-1].CreatedAt.Before(k.CreatedAt) {
				t.Error("not newest first")
			}
			got = append(got, k.ID)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %d keys, want %d", len(got), len(want))
	}
	page, err := a.APIKeys(t.Context(), auth.APIKeyQuery{Limit: 10})
	if err != nil || len(page.Keys) != 10 {
		t.Fatalf("all: got %+v, %v", page, err)
	}
	for _, cursor := range []string{page.Next, "x", page.Next + "x"} {
		_, err := a.APIKeys(t.Context(), auth.APIKeyQuery{OwnerID: ada.ID, Cursor: cursor})
		if input, ok := errors.AsType[*auth.InputError](err); !ok || input.Field != "cursor" {
			t.Errorf("%q: got %v", cursor, err)
		}
	}
	if page, err := a.APIKeys(t.Context(), auth.APIKeyQuery{OwnerID: "nobody\x00"}); err != nil || len(page.Keys) != 0 {
		t.Errorf("nobody: got %+v, %v", page, err)
	}
}

func TestAPIKeyBounds(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	_, owner := person(t, a, "o@example.org", auth.RoleOwner)
	k, _ := apiKey(t, a, owner, "*")
	copies(t, db, k.ID, 499)
	_, _, err := a.CreateAPIKey(t.Context(), owner, auth.NewAPIKey{Name: "x", Permissions: []string{"*"}})
	wantErr(t, "one more", err, auth.ErrTooManyAPIKeys)
	if err := a.RevokeAPIKey(t.Context(), "", k.ID); err != nil {
		t.Fatal(err)
	}
	apiKey(t, a, owner, "*")
	err = a.RevokeAPIKey(t.Context(), "", k.ID)
	wantErr(t, "revoke twice", err, auth.ErrNotFound)
	err = a.RevokeAPIKey(t.Context(), owner.ID, "x'; --")
	wantErr(t, "revoke none", err, auth.ErrNotFound)
}

func copies(t testing.TB, db *storage.DB, id string, n int) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *storage.Tx) error {
		for i := range n {
			if _, err := tx.Exec(t.Context(), `INSERT INTO auth_api_keys SELECT 'copy' || $1 || substr(id, 11), user_id, name, prefix, 'copy' || $1,
				permissions, created_at, expires_at, last_used_at, revoked_at FROM auth_api_keys WHERE id = $2`, fmt.Sprintf("%06d", i), id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPIKeyRevokedByWhom(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	if err := a.PutRole(t.Context(), auth.Role{Name: "support", Permissions: []string{"m.*"}}); err != nil {
		t.Fatal(err)
	}
	ada, adaP := person(t, a, "ada@example.org", auth.RoleOwner)
	bob, bobP := person(t, a, "bob@example.org", "support")
	big, _ := apiKey(t, a, adaP, "*")
	small, _ := apiKey(t, a, adaP, "m.thing.read")
	asBob := auth.NewContext(t.Context(), bobP)
	err := a.RevokeAPIKey(asBob, bob.ID, small.ID)
	wantErr(t, "not one's own", err, auth.ErrNotFound)
	err = a.RevokeAPIKey(asBob, "", big.ID)
	if _, beyond := errors.AsType[*auth.BeyondError](err); !beyond {
		t.Errorf("beyond own rights: got %v", err)
	}
	if err := a.RevokeAPIKey(asBob, "", small.ID); err != nil {
		t.Errorf("within own rights: %v", err)
	}
	// One's own goes also after one's rights have.
	mine, _ := apiKey(t, a, bobP, "m.*")
	if _, err := a.UpdateUser(t.Context(), bob.ID, auth.UserChange{Roles: &[]string{}}); err != nil {
		t.Fatal(err)
	}
	if err := a.RevokeAPIKey(asBob, bob.ID, mine.ID); err != nil {
		t.Errorf("one's own: %v", err)
	}
	if err := a.RevokeAPIKey(auth.NewContext(t.Context(), adaP), ada.ID, big.ID); err != nil {
		t.Errorf("one's own: %v", err)
	}
}

func TestAPIKeyIsNotStored(t *testing.T) {
	t.Parallel()
	var audited []auth.AuditEvent
	db := openDB(t)
	a := start(t, db, auth.WithAudit(func(_ context.Context, _ *storage.Tx, e auth.AuditEvent) error {
		audited = append(audited, e)
		return nil
	}))
	u, owner := person(t, a, "o@example.org", auth.RoleOwner)
	k, secret := apiKey(t, a, owner, "*")
	if err := a.RevokeAPIKey(auth.NewContext(t.Context(), owner), u.ID, k.ID); err != nil {
		t.Fatal(err)
	}
	var row string
	err := db.QueryRow(t.Context(), `SELECT id || user_id || name || prefix || hash || permissions FROM auth_api_keys`).Scan(&row)
	if err != nil || strings.Contains(row, secret) || strings.Contains(row, secret[4:26]) {
		t.Errorf("got %s, %v", row, err)
	}
	kinds := []string{}
	for _, e := range audited {
		if strings.Contains(fmt.Sprintf("%+v", e), secret[:20]) {
			t.Errorf("the audit has the key: %+v", e)
		}
		if e.Target == k.ID {
			kinds = append(kinds, e.Action)
			if e.Actor != u.ID || e.Detail["name"] != "deploy" {
				t.Errorf("got %+v", e)
			}
		}
	}
	if !slices.Equal(kinds, []string{"api-key.create", "api-key.revoke"}) {
		t.Errorf("got %v", kinds)
	}
}
