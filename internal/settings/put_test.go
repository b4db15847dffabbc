package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/seal"
	"github.com/modular-dashboard/dashboard/internal/settings"
	"github.com/modular-dashboard/dashboard/storage"
)

func TestPutAndGet(t *testing.T) {
	t.Parallel()
	db, m := open(t), &mail{}
	var changes []int64
	s := start(t, db, settings.Options{OnChange: func(_ context.Context, _ string, v int64) { changes = append(changes, v) }}, m)
	wantView(t, s, effective("localhost", 25, "", ""), false, 0)
	wantEffect(t, m, effective("localhost", 25, "", ""))

	if v := put(t, s, `{"host":"mx","auth":{"user":"u","password":"hunter2!"}}`, 0); v != 1 {
		t.Errorf("first Put: got version %d, want 1", v)
	}
	wantView(t, s, effective("mx", 25, "u", ""), true, 1)
	wantEffect(t, m, effective("mx", 25, "u", "hunter2!"))

	// A field that is left out gets its default, a secret keeps its value.
	put(t, s, `{"port":587}`, 1)
	wantView(t, s, effective("localhost", 587, "", ""), true, 2)
	wantEffect(t, m, effective("localhost", 587, "", "hunter2!"))

	if got, err := s.Load(t.Context(), "mail"); err != nil || string(got) != effective("localhost", 587, "", "hunter2!") {
		t.Errorf("Load: got %s, %v", got, err)
	}

	put(t, s, `{"port":587,"auth":{"password":""}}`, settings.AnyVersion)
	wantView(t, s, effective("localhost", 587, "", ""), false, 3)
	wantEffect(t, m, effective("localhost", 587, "", ""))
	if got := dump(t, db); strings.Contains(got, "hunter2") {
		t.Errorf("stored in plain: %s", got)
	}
	if len(changes) != 3 || changes[2] != 3 {
		t.Errorf("OnChange: got %v, want 1 2 3", changes)
	}
}

func TestPutOfTheSameMakesNoVersion(t *testing.T) {
	t.Parallel()
	m := &mail{}
	s := start(t, open(t), settings.Options{}, m)
	put(t, s, `{"port":26,"auth":{"password":"hunter2!"}}`, 0)
	_, before := m.last()
	for _, same := range []string{`{"port":26,"auth":{}}`, ` { "auth":{}, "port" : 26 } `} {
		if v := put(t, s, same, 1); v != 1 {
			t.Errorf("%s: got version %d, want 1", same, v)
		}
	}
	if _, after := m.last(); after != before {
		t.Errorf("applied %d times more, want none", after-before)
	}
	// The same secret again does: otherwise a guess could be tested.
	if v := put(t, s, `{"port":26,"auth":{"password":"hunter2!"}}`, 1); v != 2 {
		t.Errorf("same secret: got version %d, want 2", v)
	}
	put(t, s, `{"port":26,"auth":{"password":""}}`, 2)
	if v := put(t, s, `{"port":26,"auth":{"password":""}}`, 3); v != 3 {
		t.Errorf("no secret again: got version %d, want 3", v)
	}
}

func TestPutRefusesInvalidValues(t *testing.T) {
	t.Parallel()
	m := &mail{}
	s := start(t, open(t), settings.Options{}, m)
	put(t, s, `{"auth":{"password":"hunter2!"}}`, 0)
	for name, tc := range map[string]struct{ values, pointer, code string }{
		"syntax":          {`{`, "", "syntax"},
		"not an object":   {`[]`, "", "syntax"},
		"two values":      {`{}{}`, "", "syntax"},
		"not UTF-8":       {"{\"host\":\"\xff\"}", "", "syntax"},
		"field twice":     {`{"port":1,"port":2}`, "", "syntax"},
		"deep":            {`{"labels":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`, "", "syntax"},
		"large":           {`{"host":"` + strings.Repeat("x", settings.MaxBytes) + `"}`, "", "max"},
		"unknown":         {`{"hots":"x"}`, "/hots", "unknown"},
		"other case":      {`{"Host":"x"}`, "/Host", "unknown"},
		"unknown inside":  {`{"auth":{"a/b~":1}}`, "/auth/a~1b~0", "unknown"},
		"secret a number": {`{"auth":{"password":1}}`, "/auth/password", "type"},
		"secret null":     {`{"auth":{"password":null}}`, "/auth/password", "type"},
		"type":            {`{"port":"x"}`, "", "type"},
		"validation":      {`{"port":0}`, "/port", "min"},
	} {
		_, err := s.Put(t.Context(), "mail", json.RawMessage(tc.values), 1, "u1")
		var invalid *settings.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: got %v, want *InvalidError", name, err)
			continue
		}
		if f := invalid.Fields[0]; f.Pointer != tc.pointer || f.Code != tc.code || invalid.Module != "mail" {
			t.Errorf("%s: got %+v, want %s %s", name, f, tc.pointer, tc.code)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the secret: %v", name, err)
		}
	}
	for name, values := range map[string]string{"no judgment": `{"port":13}`, "panic": `{"port":14}`} {
		_, err := s.Put(t.Context(), "mail", json.RawMessage(values), 1, "u1")
		var invalid *settings.InvalidError
		if err == nil || errors.As(err, &invalid) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want an error of another kind, without the secret", name, err)
		}
	}
	wantView(t, s, effective("localhost", 25, "", ""), true, 1)
	if _, calls := m.last(); calls != 2 {
		t.Errorf("Apply was called %d times, want 2", calls)
	}
}

func TestPutConflicts(t *testing.T) {
	t.Parallel()
	m := &mail{}
	s := start(t, open(t), settings.Options{}, m)
	put(t, s, `{"port":26}`, 0)
	for _, version := range []int64{0, 2, 99} {
		_, err := s.Put(t.Context(), "mail", json.RawMessage(`{"port":27}`), version, "u1")
		var conflict *settings.ConflictError
		if !errors.As(err, &conflict) || conflict.Current != 1 || conflict.Version != version {
			t.Errorf("version %d: got %v, want a conflict with 1", version, err)
		}
	}
	if _, err := s.Put(t.Context(), "other", nil, 0, ""); !errors.Is(err, settings.ErrUnknownModule) {
		t.Errorf("other module: got %v, want ErrUnknownModule", err)
	}
}

// Two instances and many writers: each version is stored by exactly one, and what is in effect is what is stored.
func TestConcurrentPuts(t *testing.T) {
	t.Parallel()
	db := open(t)
	ms := []*mail{{}, {}}
	stores := []*settings.Store{start(t, db, settings.Options{}, ms[0]), start(t, db, settings.Options{}, ms[1])}
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := map[int64]int{}
	for i := range 8 {
		wg.Go(func() {
			for range 10 {
				s := stores[i%2]
				v, err := s.Get(t.Context(), "mail")
				if err != nil {
					t.Error(err)
					return
				}
				values, _ := json.Marshal(map[string]any{"port": 1000*(i+1) + int(v.Version)})
				got, err := s.Put(t.Context(), "mail", values, v.Version, "u")
				if _, ok := errors.AsType[*settings.ConflictError](err); ok {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				won[got]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	v, err := stores[0].Get(t.Context(), "mail")
	if err != nil {
		t.Fatal(err)
	}
	for version := int64(1); version <= v.Version; version++ {
		if won[version] != 1 {
			t.Errorf("version %d was stored %d times, want once", version, won[version])
		}
	}
	if int(v.Version) != len(won) || v.Version == 0 {
		t.Errorf("got version %d after %d stored", v.Version, len(won))
	}
}

func TestAuditFailureUndoesTheChange(t *testing.T) {
	t.Parallel()
	db, m := open(t), &mail{}
	broken := errors.New("no audit")
	var fail bool
	var seen []settings.AuditDetail
	s := start(t, db, settings.Options{Audit: func(_ context.Context, tx *storage.Tx, action, target string, detail any) error {
		if fail {
			return broken
		}
		if action != settings.ActionChange || target != "mail" {
			t.Errorf("got %s of %s", action, target)
		}
		seen = append(seen, detail.(settings.AuditDetail))
		return nil
	}}, m)
	put(t, s, `{"host":"mx","port":26,"auth":{"password":"hunter2!"}}`, 0)
	if len(seen) != 1 || strings.Join(seen[0].Fields, " ") != "auth.password host port" || seen[0].Version != 1 {
		t.Errorf("audited %+v", seen)
	}
	fail = true
	if _, err := s.Put(t.Context(), "mail", json.RawMessage(`{"port":27}`), 1, "u1"); !errors.Is(err, broken) {
		t.Errorf("got %v, want the audit's error", err)
	}
	wantView(t, s, effective("mx", 26, "", ""), true, 1)
	wantEffect(t, m, effective("mx", 26, "", "hunter2!"))
	if h, err := s.History(t.Context(), "mail"); err != nil || len(h) != 1 {
		t.Errorf("History: got %v, %v, want one version", h, err)
	}
}

// The commit itself finds that another instance was quicker, between reading and storing.
func TestLateConflictUndoesTheChange(t *testing.T) {
	t.Parallel()
	db := open(t)
	ours, theirs := &mail{}, &mail{}
	us, them := start(t, db, settings.Options{Poll: 1 << 40}, ours), start(t, db, settings.Options{Poll: 1 << 40}, theirs)
	for version := range int64(2) { // an insert, then an update
		ours.on(func(context.Context, json.RawMessage) error {
			ours.on(nil)
			put(t, them, `{"host":"theirs`+string(rune('0'+version))+`"}`, version)
			return nil
		})
		_, err := us.Put(t.Context(), "mail", json.RawMessage(`{"host":"ours"}`), version, "u1")
		var conflict *settings.ConflictError
		if !errors.As(err, &conflict) || conflict.Version != version {
			t.Fatalf("got %v, want a conflict", err)
		}
		wantView(t, us, effective("theirs"+string(rune('0'+version)), 25, "", ""), false, version+1)
	}
	if got, _ := ours.last(); strings.Contains(got, "ours") {
		t.Errorf("in effect: %s, want anything but what was refused", got)
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	db := open(t)
	first := start(t, db, settings.Options{Box: box(t, "march")}, &mail{})
	put(t, first, `{"auth":{"password":"hunter2!"}}`, 0)

	m := &mail{}
	second := start(t, db, settings.Options{Box: box(t, "june", "march")}, m)
	wantEffect(t, m, effective("localhost", 25, "", "hunter2!"))
	// Any change seals anew, so that the old key can go in time.
	put(t, second, `{"port":26}`, 1)
	third := start(t, db, settings.Options{Box: box(t, "june")}, &mail{})
	wantView(t, third, effective("localhost", 26, "", ""), true, 2)

	// Its history cannot be opened any more, which says so.
	_, err := third.Rollback(t.Context(), "mail", 1, 2, "u1")
	wantMissingKey(t, err, "march")
}

func wantMissingKey(t testing.TB, err error, id string) {
	t.Helper()
	var secret *settings.SecretError
	if !errors.As(err, &secret) || secret.Module != "mail" || secret.Field != "/auth/password" || !errors.Is(err, seal.ErrUnknownKey) {
		t.Fatalf("got %v, want a *SecretError", err)
	}
	for _, part := range []string{`"mail"`, "/auth/password", `"` + id + `"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want it to name %s", err, part)
		}
	}
}

func TestMissingKey(t *testing.T) {
	t.Parallel()
	db := open(t)
	put(t, start(t, db, settings.Options{Box: box(t, "march")}, &mail{}), `{"auth":{"password":"hunter2!"}}`, 0)
	m := &mail{detached: true}
	s := start(t, db, settings.Options{Box: box(t, "june")}, m)
	wantMissingKey(t, s.Attach(t.Context(), "mail"), "march")
	_, err := s.Load(t.Context(), "mail")
	wantMissingKey(t, err, "march")
	_, err = s.Put(t.Context(), "mail", json.RawMessage(`{"port":26}`), 1, "u1")
	wantMissingKey(t, err, "march")
	// The settings can be seen, and entering the secret again heals them.
	wantView(t, s, effective("localhost", 25, "", ""), true, 1)
	put(t, s, `{"auth":{"password":"again"}}`, 1)
	if err := s.Attach(t.Context(), "mail"); err != nil {
		t.Fatal(err)
	}
	wantEffect(t, m, effective("localhost", 25, "", "again"))
}

// A sealed text that was moved to another place of the database does not open there.
func TestSecretIsBoundToItsPlace(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := start(t, db, settings.Options{}, &mail{})
	if err := s.Register("chat", settings.Spec{Defaults: json.RawMessage(`{"token":""}`), Secrets: []string{"/token"}}); err != nil {
		t.Fatal(err)
	}
	put(t, s, `{"auth":{"password":"hunter2!"}}`, 0)
	if _, err := s.Put(t.Context(), "chat", json.RawMessage(`{"token":"other"}`), 0, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `UPDATE settings_current SET secrets = replace(
		(SELECT secrets FROM settings_current WHERE module = 'mail'), '/auth/password', '/token') WHERE module = 'chat'`); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(t.Context(), "chat"); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("got %s, %v, want ErrOpen", got, err)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	db, m := open(t), &mail{}
	s := start(t, db, settings.Options{}, m)
	put(t, s, `{"host":"mx","auth":{"password":"hunter2!"}}`, 0)
	put(t, s, `{"host":"mx2"}`, 1)
	if err := db.Update(t.Context(), func(tx *storage.Tx) error { return s.Purge(t.Context(), tx, "mail") }); err != nil {
		t.Fatal(err)
	}
	wantView(t, s, effective("localhost", 25, "", ""), false, 3)
	if h, err := s.History(t.Context(), "mail"); err != nil || len(h) != 0 {
		t.Errorf("History: got %v, %v, want none", h, err)
	}
	if got := dump(t, db); strings.Contains(got, "mx") || strings.Contains(got, "s1.") {
		t.Errorf("left: %s", got)
	}
	if v := put(t, s, `{"host":"new"}`, 3); v != 4 {
		t.Errorf("got version %d, want 4: none is used twice", v)
	}
}
