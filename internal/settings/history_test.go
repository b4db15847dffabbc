package settings_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/problem"
	"github.com/modular-dashboard/dashboard/internal/settings"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := start(t, db, settings.Options{}, &mail{})
	began := time.Now()
	put(t, s, `{"host":"mx","labels":{"a":"1"},"auth":{"user":"u","password":"hunter2!"}}`, 0)
	put(t, s, `{"host":"mx","labels":{"b":"2"},"auth":{"user":"v"}}`, 1)
	put(t, s, `{"auth":{"password":"hunter3!"}}`, 2)
	h, err := s.History(t.Context(), "mail")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(h[0])
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for i, v := range h {
		if want := int64(len(h) - i); v.Version != want || v.Actor != "u1" {
			t.Errorf("entry %d: got version %d by %s, want %d by u1", i, v.Version, v.Actor, want)
		}
		if v.At.Before(began.Add(-time.Minute)) || v.At.After(time.Now().Add(time.Minute)) || v.At.Location() != time.UTC {
			t.Errorf("entry %d: got time %v", i, v.At)
		}
		var lines []string
		for _, c := range v.Changes {
			line := c.Field + " " + string(c.Before) + " " + string(c.After)
			if c.Secret {
				line = c.Field + " secret " + string(c.Before) + string(c.After)
			}
			lines = append(lines, line)
		}
		got = append(got, lines)
	}
	want := [][]string{
		{`auth.password secret `, `auth.user "v" ""`, `host "mx" "localhost"`, `labels {"b":"2"} {}`},
		{`auth.user "u" "v"`, `labels {"a":"1"} {"b":"2"}`},
		{`auth.password secret `, `auth.user "" "u"`, `host "localhost" "mx"`, `labels {} {"a":"1"}`},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if !strings.Contains(string(raw), `{"field":"auth.password","before":null,"after":null,"secret":true}`) {
		t.Errorf("got %s, want a secret without values", raw)
	}
	if _, err := s.History(t.Context(), "x"); !errors.Is(err, settings.ErrUnknownModule) {
		t.Errorf("got %v, want ErrUnknownModule", err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := start(t, db, settings.Options{Keep: 3}, &mail{})
	for i := range int64(7) {
		put(t, s, `{"port":`+string('1'+rune(i))+`}`, i)
	}
	h, err := s.History(t.Context(), "mail")
	if err != nil || len(h) != 3 || h[0].Version != 7 || h[2].Version != 5 {
		t.Errorf("got %v, %v, want versions 7 to 5", h, err)
	}
	var n int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM settings_history`).Scan(&n); err != nil || n != 3 {
		t.Errorf("got %d rows, %v, want 3", n, err)
	}
	if _, err := s.Rollback(t.Context(), "mail", 4, 7, "u1"); !errors.Is(err, settings.ErrUnknownVersion) {
		t.Errorf("rollback to what is gone: got %v, want ErrUnknownVersion", err)
	}
}

func TestRollback(t *testing.T) {
	t.Parallel()
	db, m := open(t), &mail{}
	s := start(t, db, settings.Options{}, m)
	put(t, s, `{"host":"one","auth":{"password":"first!"}}`, 0)
	put(t, s, `{"host":"two","port":26,"auth":{"password":"second"}}`, 1)
	rollback := func(to, ifVersion, want int64) {
		t.Helper()
		if got, err := s.Rollback(t.Context(), "mail", to, ifVersion, "u2"); err != nil || got != want {
			t.Errorf("rollback to %d: got %d, %v, want %d", to, got, err, want)
		}
	}
	rollback(1, 2, 3)
	wantView(t, s, effective("one", 25, "", ""), true, 3)
	wantEffect(t, m, effective("one", 25, "", "first!"))
	h, err := s.History(t.Context(), "mail")
	if err != nil || len(h) != 3 || h[0].Actor != "u2" {
		t.Fatalf("got %v, %v", h, err)
	}
	if fields := fieldsOf(h[0]); !slices.Equal(fields, []string{"auth.password", "host", "port"}) {
		t.Errorf("got changes of %q", fields)
	}
	// A rollback to what is there already is a version too, in which nothing changed.
	rollback(3, 3, 4)
	if h, err := s.History(t.Context(), "mail"); err != nil || len(h[0].Changes) != 0 {
		t.Errorf("got %v, %v, want no changes", h[0], err)
	}
	rollback(0, settings.AnyVersion, 5)
	wantView(t, s, effective("localhost", 25, "", ""), false, 5)
	rollback(2, 5, 6)
	wantEffect(t, m, effective("two", 26, "", "second"))

	var conflict *settings.ConflictError
	if _, err := s.Rollback(t.Context(), "mail", 1, 5, "u2"); !errors.As(err, &conflict) {
		t.Errorf("stale: got %v, want a conflict", err)
	}
	for _, to := range []int64{-1, 7, 99} {
		if _, err := s.Rollback(t.Context(), "mail", to, 6, "u2"); !errors.Is(err, settings.ErrUnknownVersion) {
			t.Errorf("to %d: got %v, want ErrUnknownVersion", to, err)
		}
	}
}

func fieldsOf(v settings.Version) (out []string) {
	for _, c := range v.Changes {
		out = append(out, c.Field)
	}
	return out
}

// A later version of the module judges by its own schema and has fields of its own; an earlier one ignores those and
// keeps them.
func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	db := open(t)
	old := start(t, db, settings.Options{}, &mail{})
	put(t, old, `{"host":"mx","port":26,"auth":{"user":"u","password":"hunter2!"}}`, 0)

	m := &mail{defaults: `{"host":"localhost","port":25,"labels":{},"tls":{"mode":"auto","min":12},"auth":{"user":"","realm":"r","password":""}}`}
	now := start(t, db, settings.Options{}, m)
	// The new fields have their defaults at once, also inside of what is stored.
	wantEffect(t, m, `{"auth":{"password":"hunter2!","realm":"r","user":"u"},"host":"mx","labels":{},"port":26,"tls":{"min":12,"mode":"auto"}}`)
	put(t, now, `{"host":"mx","port":26,"tls":{"mode":"off"},"auth":{"user":"u","realm":"x"}}`, 1)

	// Back to the old version: it does not see them, and a change of its own does not lose them.
	m2 := &mail{}
	older := start(t, db, settings.Options{}, m2)
	wantEffect(t, m2, effective("mx", 26, "u", "hunter2!"))
	wantView(t, older, effective("mx", 26, "u", ""), true, 2)
	if _, err := older.Put(t.Context(), "mail", json.RawMessage(`{"tls":{}}`), 2, ""); err == nil {
		t.Error("the old version took a field that it does not know")
	}
	put(t, older, `{"port":27}`, 2)
	got, err := now.Load(t.Context(), "mail")
	want := `{"auth":{"password":"hunter2!","realm":"x","user":""},"host":"localhost","labels":{},"port":27,"tls":{"min":12,"mode":"off"}}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestStoredValuesAreJudgedByTodaysSchema(t *testing.T) {
	t.Parallel()
	db := open(t)
	put(t, start(t, db, settings.Options{}, &mail{}), `{"port":26}`, 0)
	s, err := settings.New(db, settings.Options{Box: box(t, "k1")})
	if err != nil {
		t.Fatal(err)
	}
	spec := (&mail{}).spec()
	spec.Validate = func(raw json.RawMessage) ([]problem.Field, error) {
		if strings.Contains(string(raw), `"port":26`) {
			return []problem.Field{{Pointer: "/port", Code: "oneof", Detail: "must be 25"}}, nil
		}
		return nil, nil
	}
	if err := s.Register("mail", spec); err != nil {
		t.Fatal(err)
	}
	var invalid *settings.InvalidError
	if err := s.Attach(t.Context(), "mail"); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "/port must be 25") {
		t.Errorf("Attach: got %v, want what is wrong", err)
	}
	if _, err := s.Load(t.Context(), "mail"); !errors.As(err, &invalid) {
		t.Errorf("Load: got %v", err)
	}
	if _, err := s.Put(t.Context(), "mail", json.RawMessage(`{"port":25}`), 1, ""); err != nil {
		t.Errorf("Put of what heals it: %v", err)
	}
	if _, err := s.Rollback(t.Context(), "mail", 1, 2, ""); !errors.As(err, &invalid) {
		t.Errorf("Rollback: got %v, want *InvalidError", err)
	}
}

// A field that was not secret and now is: hidden wherever it was stored, in use as before, and sealed by the next change.
func TestFieldBecomesSecret(t *testing.T) {
	t.Parallel()
	db := open(t)
	plain, err := settings.New(db, settings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	spec := (&mail{}).spec()
	spec.Secrets = nil
	if err := plain.Register("mail", spec); err != nil {
		t.Fatal(err)
	}
	if err := db.MigrateAll(t.Context(), settings.Schema()); err != nil {
		t.Fatal(err)
	}
	for i, values := range []string{`{"auth":{"user":"u","password":"hunter2!"}}`, `{"auth":{"user":"v","password":"hunter2!"}}`} {
		if _, err := plain.Put(t.Context(), "mail", json.RawMessage(values), int64(i), ""); err != nil {
			t.Fatal(err)
		}
	}
	m := &mail{}
	s := start(t, db, settings.Options{}, m)
	wantView(t, s, effective("localhost", 25, "v", ""), true, 2)
	wantEffect(t, m, effective("localhost", 25, "v", "hunter2!"))
	h, err := s.History(t.Context(), "mail")
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := json.Marshal(h); err != nil || strings.Contains(string(raw), "hunter2") {
		t.Errorf("History tells it: %s, %v", raw, err)
	}
	put(t, s, `{"auth":{"user":"w"}}`, 2)
	wantEffect(t, m, effective("localhost", 25, "w", "hunter2!"))
	var doc string
	if err := db.QueryRow(t.Context(), `SELECT doc FROM settings_current`).Scan(&doc); err != nil || strings.Contains(doc, "hunter2") {
		t.Errorf("stored %s, %v, want it sealed", doc, err)
	}
	if _, err := s.Rollback(t.Context(), "mail", 1, 3, ""); err != nil {
		t.Fatal(err)
	}
	wantEffect(t, m, effective("localhost", 25, "u", "hunter2!"))
	if err := db.QueryRow(t.Context(), `SELECT doc FROM settings_current`).Scan(&doc); err != nil || strings.Contains(doc, "hunter2") {
		t.Errorf("after the rollback: stored %s, %v, want it sealed", doc, err)
	}
}

// A secret may have a default, which is neither shown nor stored.
func TestSecretDefault(t *testing.T) {
	t.Parallel()
	db := open(t)
	m := &mail{defaults: `{"host":"localhost","port":25,"labels":{},"auth":{"user":"","password":"from-host"}}`}
	s := start(t, db, settings.Options{}, m)
	wantView(t, s, effective("localhost", 25, "", ""), true, 0)
	wantEffect(t, m, effective("localhost", 25, "", "from-host"))
	put(t, s, `{"host":"mx"}`, 0)
	wantEffect(t, m, effective("mx", 25, "", "from-host"))
	put(t, s, `{"host":"mx","auth":{"password":"mine"}}`, 1)
	wantEffect(t, m, effective("mx", 25, "", "mine"))
	put(t, s, `{"host":"mx","auth":{"password":""}}`, 2)
	wantEffect(t, m, effective("mx", 25, "", "from-host"))
	if got := dump(t, db); strings.Contains(got, "from-host") {
		t.Errorf("stored: %s", got)
	}
}
