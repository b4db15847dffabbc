package auth_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/seal"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// cheap makes a password hash take microseconds.
var cheap = auth.WithArgon2(auth.Argon2{MemoryKiB: 64, Passes: 1, Threads: 1})

// quiet keeps warnings that a test provokes out of its output.
var quiet = auth.WithLogger(slog.New(slog.DiscardHandler))

const password = "plum kettle 47 orbits"

func masterKey(id string, b byte) auth.MasterKey {
	return auth.MasterKey{ID: id, Key: bytes.Repeat([]byte{b}, 32)}
}

var key1 = masterKey("k1", 1)

// allowAll is a limiter that never refuses.
type allowAll struct{}

func (allowAll) Allow(context.Context, string, int) (bool, time.Duration, error) { return true, 0, nil }

func openDB(t testing.TB) *storage.DB {
	t.Helper()
	return openPath(t, filepath.Join(t.TempDir(), "auth.db"))
}

func openPath(t testing.TB, path string) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// start returns a started authority on db.
func start(t testing.TB, db *storage.DB, opts ...auth.Option) *auth.Authority {
	t.Helper()
	opts = append([]auth.Option{auth.WithMasterKeys(key1), cheap, auth.WithLimiter(allowAll{}), quiet}, opts...)
	a, err := auth.New(db, opts...)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() {
		if err := a.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return a
}

// user makes an account with the test's password.
func user(t testing.TB, a *auth.Authority, email string, roles ...string) auth.User {
	t.Helper()
	u, err := a.CreateUser(t.Context(), auth.NewUser{Email: email, Password: password, Roles: roles})
	if err != nil {
		t.Fatalf("CreateUser: %v", err)
	}
	return u
}

func login(t testing.TB, a *auth.Authority, email string) auth.Grant {
	t.Helper()
	g, err := a.Login(t.Context(), auth.Credentials{Email: email, Password: password,
		Client: auth.Client{Address: "192.0.2.7", UserAgent: "test"}})
	if err != nil {
		t.Fatalf("Login: %v", err)
	}
	return g
}

func exec(t testing.TB, db *storage.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// wantErr fails unless err matches want.
func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// eventually waits until ok, and fails after a generous while.
func eventually(t testing.TB, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !ok() {
		if time.Since(began) > time.Minute {
			t.Fatalf("%s: not after %s", what, time.Since(began))
		}
		<-ticker.C
	}
	return time.Since(began)
}

// signer returns the signing key of a database, which the tests open with the
// master key to forge what only its holder can.
func signer(t testing.TB, db *storage.DB) (id string, private ed25519.PrivateKey) {
	t.Helper()
	var sealed string
	err := db.QueryRow(t.Context(), `SELECT id, private FROM auth_keys ORDER BY signs_at DESC LIMIT 1`).Scan(&id, &sealed)
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.New(seal.Key{ID: key1.ID, Key: key1.Key})
	if err != nil {
		t.Fatal(err)
	}
	seed, err := box.Open("auth/key/"+id, sealed)
	if err != nil {
		t.Fatal(err)
	}
	return id, ed25519.NewKeyFromSeed(seed)
}

// forge signs any header and claims with EdDSA.
func forge(t testing.TB, key ed25519.PrivateKey, header map[string]any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header = header
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// wait lets time pass in a synctest bubble.
func wait(d time.Duration) { <-time.After(d) }
