package dashboard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

type mailSettings struct {
	Every    time.Duration    `json:"every" validate:"min=1s,max=1h" title:"Interval" doc:"How often to send."`
	Sender   string           `json:"sender" validate:"required,email"`
	Password dashboard.Secret `json:"password"`
	Limit    int              `json:"limit" validate:"min=1,max=100"`
}

// mailer is a module with settings; it remembers what was applied.
type mailer struct {
	mu      sync.Mutex
	applied mailSettings
	times   int
	refuse  string // sender that apply refuses
}

func (m *mailer) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "mailer", Version: "1.0.0", Permissions: []dashboard.Permission{permRead}}
}
func (m *mailer) Routes(*dashboard.Router) error { return nil }

func (m *mailer) Settings() dashboard.Settings {
	return dashboard.SettingsOf(mailSettings{Every: time.Minute, Sender: "ops@example.com", Limit: 10},
		func(_ context.Context, s mailSettings) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.refuse != "" && s.Sender == m.refuse {
				return errors.New("the relay does not know this sender")
			}
			m.applied = s
			m.times++
			return nil
		})
}

func (m *mailer) now() mailSettings {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.applied
}

const settingsPath = "/api/v1/modules/mailer/settings"

type settingsAnswer struct {
	Values  map[string]any
	Secrets map[string]bool
	Version int64
}

func TestSettingsEndToEnd(t *testing.T) {
	t.Parallel()
	m := &mailer{refuse: "nobody@example.com"}
	file := filepath.Join(t.TempDir(), "d.db")
	s := openServer(t, file, dashboard.WithModules(m))
	s.waitState("mailer", "enabled")
	if got := m.now(); got.Every != time.Minute || got.Limit != 10 {
		t.Errorf("applied at enable: got %+v, want the defaults", got)
	}
	var v settingsAnswer
	a := s.owner().get(settingsPath).wantStatus(200)
	a.decode(&v)
	if v.Version != 0 || v.Values["every"] != "1m0s" || v.Secrets["password"] || v.Values["password"] != nil {
		t.Errorf("defaults: got %s", a.body)
	}
	put := func(tag string, values any) answer {
		t.Helper()
		return s.owner().do("PUT", settingsPath, map[string]any{"values": values}, "If-Match", tag)
	}
	good := map[string]any{"every": "5s", "sender": "a@example.com", "limit": 20, "password": "hunter2hunter2"}
	s.owner().do("PUT", settingsPath, map[string]any{"values": good}).wantProblem(428, "if-match-required")
	put(`"7"`, good).wantProblem(412, "changed-meanwhile")
	first := put(a.header.Get("ETag"), good).wantStatus(200)
	if bytes.Contains(first.body, []byte("hunter2")) {
		t.Errorf("the answer holds the secret: %s", first.body)
	}
	if got := m.now(); got.Every != 5*time.Second || got.Password.Reveal() != "hunter2hunter2" {
		t.Errorf("applied: got %+v", got)
	}
	tag := first.header.Get("ETag")
	bad := put(tag, map[string]any{"every": "5h", "sender": "no address", "limit": 20}).wantProblem(422, "invalid-input")
	for _, pointer := range []string{"/values/every", "/values/sender"} {
		if !bytes.Contains(bad.body, []byte(pointer)) {
			t.Errorf("fields in error: got %s, want one at %s", bad.body, pointer)
		}
	}
	put(tag, map[string]any{"every": "5s", "sender": "a@example.com", "limit": 20, "surprise": 1}).wantProblem(422, "invalid-input")
	refused := put(tag, map[string]any{"every": "9s", "sender": "nobody@example.com", "limit": 20}).wantProblem(422, "settings-refused")
	if !bytes.Contains(refused.body, []byte("relay")) {
		t.Errorf("refusal: got %s, want the module's reason", refused.body)
	}
	if got := m.now(); got.Every != 5*time.Second {
		t.Errorf("after two refusals: got %+v, want what was in force", got)
	}
	second := put(tag, map[string]any{"every": "7s", "sender": "b@example.com", "limit": 20}).wantStatus(200)
	if got := m.now(); got.Password.Reveal() != "hunter2hunter2" || got.Every != 7*time.Second {
		t.Errorf("an absent secret must stay: got %+v", got)
	}
	history := s.owner().get(settingsPath + "/history").wantStatus(200)
	if bytes.Contains(history.body, []byte("hunter2")) || !bytes.Contains(history.body, []byte(`"b@example.com"`)) {
		t.Errorf("history: got %s", history.body)
	}
	s.owner().do("POST", settingsPath+"/rollback", map[string]any{"version": 1}, "If-Match", second.header.Get("ETag")).wantStatus(200)
	if got := m.now(); got.Every != 5*time.Second || got.Sender != "a@example.com" {
		t.Errorf("after the rollback: got %+v", got)
	}
	schema := s.owner().get(settingsPath + "/schema").wantStatus(200)
	for _, want := range []string{`"writeOnly"`, `"title":"Interval"`, `"How often to send."`, `"duration"`} {
		if !bytes.Contains(schema.body, []byte(want)) {
			t.Errorf("schema: got %s, want %s in it", schema.body, want)
		}
	}
	s.owner().get("/api/v1/modules/ghost/settings").wantProblem(404, "not-found")
	noSecretAtRest(t, file)
}

// noSecretAtRest looks for the secret in every byte of the database.
func noSecretAtRest(t *testing.T, file string) {
	t.Helper()
	for _, name := range []string{file, file + "-wal"} {
		data, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("hunter2")) {
			t.Errorf("%s holds the secret in clear", filepath.Base(name))
		}
	}
	info, err := os.Stat(file + ".key")
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode of the key file: got %v, want 0600", got)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	s := mailSettings{Password: dashboard.NewSecret("hunter2")}
	encoded, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s.Password, s.Password), string(encoded)} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("a secret prints: %s", text)
		}
	}
}

// Two instances on one database: what is done on one is followed by the other.
func TestFleetFollows(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "d.db")
	here, there := &mailer{}, &mailer{}
	a := openServer(t, file, dashboard.WithModules(here))
	b := openServer(t, file, dashboard.WithModules(there))
	b.waitState("mailer", "enabled")
	a.owner().do("PUT", settingsPath, map[string]any{"values": map[string]any{"every": "3s", "sender": "c@example.com", "limit": 1,
		"password": "hunter2hunter2"}}, "If-Match", "*").wantStatus(200)
	eventually(t, "the other instance applies the settings", func() bool {
		got := there.now()
		return got.Every == 3*time.Second && got.Password.Reveal() == "hunter2hunter2"
	})
	a.act("mailer", "disable", "installed")
	b.waitState("mailer", "installed")
	reader := a.member("reader", "dashboard.modules.read")
	onB := b.as(reader.token)
	eventually(t, "a new role reaches the other instance", func() bool { return onB.get("/api/v1/modules").status == 200 })
	a.owner().do("PUT", "/api/v1/roles/reader", map[string]any{"permissions": []string{"dashboard.audit.read"}}).wantStatus(204)
	eventually(t, "a role's change reaches the other instance", func() bool { return onB.get("/api/v1/modules").status == 403 })
	onB.get("/api/v1/audit").wantStatus(200)
	var me struct{ Session struct{ ID string } }
	reader.get("/api/v1/auth/me").decode(&me)
	reader.do("DELETE", "/api/v1/auth/sessions/"+me.Session.ID, nil).wantStatus(204)
	eventually(t, "a revoked session ends on the other instance", func() bool { return onB.get("/api/v1/audit").status == 401 })
}

func TestStoredStateIsHonored(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "d.db")
	t.Run("first life", func(t *testing.T) {
		s := openServer(t, file, dashboard.WithModules(notes(), &mailer{}))
		s.waitState("notes", "enabled")
		s.act("notes", "disable", "installed")
	})
	t.Run("second life", func(t *testing.T) {
		s := openServer(t, file, dashboard.WithModules(notes(), &mailer{}))
		s.waitState("mailer", "enabled")
		s.waitState("notes", "installed")
		s.owner().get("/api/v1/m/notes/notes").wantProblem(404, "module-disabled")
		var log struct {
			Items []struct{ Action, Target, Actor string }
		}
		s.owner().get("/api/v1/audit?action=module.disable").wantStatus(200).decode(&log)
		if len(log.Items) != 1 || log.Items[0].Target != "notes" || log.Items[0].Actor == "" {
			t.Errorf("audit of the disable: got %+v", log.Items)
		}
	})
}

// Without its key a database is not started with a new one: what the old key
// sealed would be lost without a word.
func TestMissingKeyFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "d.db")
	t.Run("first life", func(t *testing.T) { openServer(t, file) })
	if err := os.Rename(file+".key", file+".kept"); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dashboard.New(db, dashboard.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err == nil || !strings.Contains(err.Error(), file+".key is missing") {
		t.Errorf("Start: got %v, want an error that names the key file", err)
	}
	if err := errors.Join(d.Shutdown(t.Context()), db.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file + ".key"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a new key file was made: %v", err)
	}
	if err := os.Rename(file+".kept", file+".key"); err != nil {
		t.Fatal(err)
	}
	t.Run("second life", func(t *testing.T) { openServer(t, file) })
}

// A key file that everybody may read is refused, one that a group may read is
// warned about.
func TestLooseKeyFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "d.db")
	t.Run("first life", func(t *testing.T) { openServer(t, file) })
	for _, tt := range []struct {
		mode   os.FileMode
		refuse bool
		warn   bool
	}{
		{0o600, false, false}, {0o400, false, false}, {0o440, false, true}, {0o640, false, true},
		{0o644, true, false}, {0o604, true, false}, {0o620, true, false}, {0o602, true, false}, {0o666, true, false},
	} {
		t.Run(tt.mode.String(), func(t *testing.T) {
			if err := os.Chmod(file+".key", tt.mode); err != nil {
				t.Fatal(err)
			}
			db, err := sqlite.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			var logged bytes.Buffer
			d, err := dashboard.New(db, dashboard.WithLogger(slog.New(slog.NewTextHandler(&logged, nil))), dashboard.WithFastPasswords())
			if err != nil {
				t.Fatal(err)
			}
			err = d.Start(t.Context())
			if refused := err != nil; refused != tt.refuse || refused && (!strings.Contains(err.Error(), "chmod 600") || !strings.Contains(err.Error(), file+".key")) {
				t.Errorf("Start: got %v, want refused %v", err, tt.refuse)
			}
			if err := errors.Join(d.Shutdown(t.Context()), db.Close()); err != nil {
				t.Error(err)
			}
			if warned := strings.Contains(logged.String(), "may be read by its group"); warned != tt.warn {
				t.Errorf("got %s, want a warning %v", logged.String(), tt.warn)
			}
		})
	}
}
