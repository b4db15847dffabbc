package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/problem"
	"github.com/modular-dashboard/dashboard/internal/seal"
	"github.com/modular-dashboard/dashboard/internal/settings"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t testing.TB) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func box(t testing.TB, ids ...string) *seal.Box {
	t.Helper()
	var keys []seal.Key
	for _, id := range ids {
		key := make([]byte, seal.KeySize)
		copy(key, id)
		keys = append(keys, seal.Key{ID: id, Key: key})
	}
	b, err := seal.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// start returns a started store with one module, "mail", attached.
func start(t testing.TB, db *storage.DB, opts settings.Options, m *mail) *settings.Store {
	t.Helper()
	if opts.Box == nil {
		opts.Box = box(t, "k1")
	}
	s, err := settings.New(db, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Register("mail", m.spec()); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if !m.detached {
		if err := s.Attach(t.Context(), "mail"); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

const mailDefaults = `{"host":"localhost","port":25,"labels":{},"auth":{"user":"","password":""}}`

// mail is a module whose behavior tests change.
type mail struct {
	detached bool
	defaults string // mailDefaults if empty

	mu      sync.Mutex
	applied []string // what Apply took
	onApply func(ctx context.Context, values json.RawMessage) error
}

func (m *mail) spec() settings.Spec {
	defaults := m.defaults
	if defaults == "" {
		defaults = mailDefaults
	}
	return settings.Spec{Defaults: json.RawMessage(defaults), Secrets: []string{"/auth/password"}, Validate: validMail, Apply: m.apply}
}

func validMail(values json.RawMessage) ([]problem.Field, error) {
	var v struct {
		Host string
		Port int
		Auth struct{ Password string }
	}
	wrong := json.Unmarshal(values, &v)
	var fields []problem.Field
	switch {
	case wrong != nil:
		fields = append(fields, problem.Field{Pointer: "", Code: "type", Detail: "has a wrong type"})
	case v.Port == 13:
		return nil, errors.New("cannot judge 13")
	case v.Port == 14:
		panic("14 with " + v.Auth.Password)
	case v.Port < 1:
		fields = append(fields, problem.Field{Pointer: "/port", Code: "min", Detail: "must be at least 1, not with " + v.Auth.Password})
	}
	return fields, nil
}

func (m *mail) apply(ctx context.Context, values json.RawMessage) error {
	m.mu.Lock()
	hook := m.onApply
	m.mu.Unlock()
	if hook != nil {
		if err := hook(ctx, values); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.applied = append(m.applied, string(values))
	return nil
}

func (m *mail) on(hook func(ctx context.Context, values json.RawMessage) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onApply = hook
}

// last returns what is in effect and how often Apply took something.
func (m *mail) last() (values string, calls int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.applied) == 0 {
		return "", 0
	}
	return m.applied[len(m.applied)-1], len(m.applied)
}

// effective is the complete form of mail's values.
func effective(host string, port int, user, password string) string {
	secret := ""
	if password != "" {
		secret = fmt.Sprintf(`"password":%q,`, password)
	}
	return fmt.Sprintf(`{"auth":{%s"user":%q},"host":%q,"labels":{},"port":%d}`, secret, user, host, port)
}

func put(t testing.TB, s *settings.Store, values string, ifVersion int64) int64 {
	t.Helper()
	version, err := s.Put(t.Context(), "mail", json.RawMessage(values), ifVersion, "u1")
	if err != nil {
		t.Fatalf("Put %s: %v", values, err)
	}
	return version
}

func wantView(t testing.TB, s *settings.Store, values string, secret bool, version int64) {
	t.Helper()
	got, err := s.Get(t.Context(), "mail")
	if err != nil {
		t.Errorf("Get: %v", err)
		return
	}
	if string(got.Values) != values || got.Secrets["auth.password"] != secret || len(got.Secrets) != 1 || got.Version != version {
		t.Errorf("Get: got %s %v version %d, want %s %v version %d", got.Values, got.Secrets, got.Version, values, secret, version)
	}
}

func wantEffect(t testing.TB, m *mail, values string) {
	t.Helper()
	if got, _ := m.last(); got != values {
		t.Errorf("in effect: got %s, want %s", got, values)
	}
}

// dump returns everything that is stored, to look for secrets in.
func dump(t testing.TB, db *storage.DB) (out string) {
	t.Helper()
	for _, query := range []string{`SELECT doc || secrets FROM settings_current`, `SELECT doc || secrets || changes FROM settings_history`} {
		rows, err := db.Query(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			out += text + "\n"
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// eventually waits for the follower, in the time of a synctest bubble.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
		<-time.After(10 * time.Millisecond)
	}
}
