package auth_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/modular-dashboard/dashboard/auth"
)

type keySet struct {
	Keys []struct{ Kty, Crv, X, Kid, Use, Alg, D string }
}

func jwks(t testing.TB, a *auth.Authority) keySet {
	t.Helper()
	var set keySet
	if err := json.Unmarshal(a.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	return set
}

func kid(t testing.TB, token string) string {
	t.Helper()
	raw, err := b64.DecodeString(strings.Split(token, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	var h struct{ Kid string }
	if err := json.Unmarshal(raw, &h); err != nil {
		t.Fatal(err)
	}
	return h.Kid
}

func TestJWKS(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	user(t, a, "j@example.org")
	g := login(t, a, "j@example.org")
	set := jwks(t, a)
	if len(set.Keys) != 1 {
		t.Fatalf("got %+v, want one key", set)
	}
	k := set.Keys[0]
	if k.Kty != "OKP" || k.Crv != "Ed25519" || k.Use != "sig" || k.Alg != "EdDSA" || k.Kid != kid(t, g.AccessToken) || k.D != "" {
		t.Errorf("got %+v", k)
	}
	public, err := b64.DecodeString(k.X)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jwt.Parse(g.AccessToken, func(*jwt.Token) (any, error) { return ed25519.PublicKey(public), nil }, jwt.WithValidMethods([]string{"EdDSA"})); err != nil {
		t.Errorf("the published key does not verify: %v", err)
	}
}

func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := t.TempDir() + "/auth.db"
		db := openPath(t, path)
		opts := []auth.Option{auth.WithKeyRotation(24 * time.Hour)}
		a := start(t, db, opts...)
		user(t, a, "r@example.org")
		firstKey := kid(t, login(t, a, "r@example.org").AccessToken)
		if err := a.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		wait(24*time.Hour + time.Second)

		// Two instances find it due at once: one key is made.
		a, b := start(t, db, opts...), start(t, openPath(t, path), opts...)
		var group sync.WaitGroup
		for _, x := range []*auth.Authority{a, b} {
			group.Go(func() {
				if err := x.Housekeep(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		wait(time.Second)
		set := jwks(t, b)
		if len(set.Keys) != 2 || set.Keys[0].Kid != firstKey {
			t.Fatalf("got %+v, want the old and the announced key", set)
		}
		nextKey := set.Keys[1].Kid
		before := login(t, a, "r@example.org")
		if got := kid(t, before.AccessToken); got != firstKey {
			t.Errorf("the new key signs before it is announced: %s", got)
		}
		wait(11 * time.Minute)
		after := login(t, a, "r@example.org")
		if got := kid(t, after.AccessToken); got != nextKey {
			t.Errorf("after the announcement: signed by %s, want %s", got, nextKey)
		}
		for _, x := range []*auth.Authority{a, b} {
			if _, err := x.Verify(t.Context(), after.AccessToken); err != nil {
				t.Error(err)
			}
		}
		if err := a.Housekeep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := jwks(t, a); len(got.Keys) != 2 {
			t.Errorf("got %+v: the old key went before its last token", got)
		}
		if err := a.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		wait(2 * time.Hour)
		c := start(t, db, opts...)
		if err := c.Housekeep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := jwks(t, c); len(got.Keys) != 1 || got.Keys[0].Kid != nextKey {
			t.Errorf("got %+v, want the new key alone", got)
		}
	})
}

func TestRotateKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _ := pair(t)
		user(t, a, "r@example.org")
		g := login(t, a, "r@example.org")
		for _, x := range []*auth.Authority{a, b} {
			if _, err := x.Verify(t.Context(), g.AccessToken); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.RotateKeys(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		if _, err := b.Verify(t.Context(), g.AccessToken); err != nil || len(jwks(t, b).Keys) != 2 {
			t.Errorf("the old key went: %v", err)
		}
		if err := a.RotateKeys(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		fresh := refresh(t, a, g.RefreshToken)
		if _, err := b.Verify(t.Context(), fresh.AccessToken); err != nil {
			t.Errorf("a token of the new key, at once elsewhere: %v", err)
		}
		for name, x := range map[string]*auth.Authority{"here": a, "there": b} {
			_, err := x.Verify(t.Context(), g.AccessToken) // though it was known
			wantErr(t, name, err, auth.ErrInvalidToken)
			if got := jwks(t, x); len(got.Keys) != 1 {
				t.Errorf("%s: got %+v, want one key", name, got)
			}
		}
		next := refresh(t, b, fresh.RefreshToken)
		if _, err := a.Verify(t.Context(), next.AccessToken); err != nil {
			t.Error(err)
		}
	})
}

func TestMasterKeys(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	user(t, a, "m@example.org")
	g := login(t, a, "m@example.org")
	k2 := masterKey("k2", 2)

	var sealed string
	if err := db.QueryRow(t.Context(), `SELECT private FROM auth_keys`).Scan(&sealed); err != nil || !strings.HasPrefix(sealed, "s1.k1.") {
		t.Errorf("the private key is stored as %q, %v", sealed, err)
	}
	for name, keys := range map[string][]auth.MasterKey{
		"another key":             {k2},
		"other bytes, the old id": {masterKey("k1", 9)},
	} {
		b, err := auth.New(db, auth.WithMasterKeys(keys...), cheap, quiet)
		if err != nil {
			t.Fatal(err)
		}
		err = b.Start(t.Context())
		if err == nil || !strings.Contains(err.Error(), "master key") {
			t.Errorf("%s: Start got %v, want an error about master keys", name, err)
		}
		if err := b.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	b := start(t, db, auth.WithMasterKeys(k2, key1))
	if _, err := b.Verify(t.Context(), g.AccessToken); err != nil {
		t.Errorf("rotated: %v", err)
	}
	if err := b.RotateKeys(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow(t.Context(), `SELECT private FROM auth_keys`).Scan(&sealed); err != nil || !strings.HasPrefix(sealed, "s1.k2.") {
		t.Errorf("after rotation the private key is stored as %q, %v", sealed, err)
	}
	// A key moved to another row does not open.
	exec(t, db, `UPDATE auth_keys SET id = 'moved'`)
	c, err := auth.New(db, auth.WithMasterKeys(k2, key1), cheap, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(t.Context()); err == nil {
		t.Error("a moved key opens")
	}
}
