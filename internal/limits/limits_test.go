package limits_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/limits"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func policy(t *testing.T, name, text string) ratelimit.Policy {
	t.Helper()
	p, err := ratelimit.ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	p.Name = name
	return p
}

func open(t *testing.T) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "limits.db"))
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

// start returns a store that declares "api" as 100/m.
func start(t *testing.T, db *storage.DB) *limits.Store {
	t.Helper()
	s := limits.New(db, limits.Options{Log: slog.New(slog.DiscardHandler), Poll: 5 * time.Millisecond})
	if err := s.Declare(limits.Declared{Policy: policy(t, "api", "100/m")}); err != nil {
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
	return s
}

func inForce(s *limits.Store, name, key string) string {
	p, ok := s.Live().Lookup(name, key)
	if !ok {
		return "none"
	}
	return p.Label() + " " + p.String()
}

func TestChanges(t *testing.T) {
	db := open(t)
	s := start(t, db)
	text := func(text string) *ratelimit.Policy {
		p := policy(t, "", text)
		return &p
	}
	version := func(v int64) *int64 { return &v }
	undo := errors.New("undo")
	for i, tt := range []struct {
		change  limits.Change
		err     error
		all     string
		special string // of the key "k"
	}{
		{limits.Change{Name: "api", Policy: text("50/m"), Based: version(0)}, nil, "api 50/m", "api 50/m"},
		{limits.Change{Name: "api", Policy: text("60/m"), Based: version(0)}, limits.ErrChanged, "api 50/m", "api 50/m"},
		{limits.Change{Name: "api", Key: "k", Policy: text("5/s burst 9"), Based: version(1)}, nil, "api 50/m", "api 5/s burst 9"},
		{limits.Change{Name: "api", Based: version(2)}, nil, "api 100/m", "api 5/s burst 9"},
		{limits.Change{Name: "api", Policy: text("7/s"), Also: func(*storage.Tx) error { return undo }}, undo, "api 100/m", "api 5/s burst 9"},
		{limits.Change{Name: "api", Key: "k"}, nil, "api 100/m", "api 100/m"},
		{limits.Change{Name: "api", Key: "nobody"}, nil, "api 100/m", "api 100/m"},
		{limits.Change{Name: "other", Policy: text("1/s")}, limits.ErrUnknown, "api 100/m", "api 100/m"},
		{limits.Change{Name: "api", Policy: text("1/s shadow")}, nil, "api 1/s shadow", "api 1/s shadow"},
	} {
		if _, err := s.Apply(t.Context(), tt.change); !errors.Is(err, tt.err) {
			t.Errorf("%d: got error %v, want %v", i, err, tt.err)
		}
		if got := inForce(s, "api", "any"); got != tt.all {
			t.Errorf("%d: got %q in force, want %q", i, got, tt.all)
		}
		if got := inForce(s, "api", "k"); got != tt.special {
			t.Errorf("%d: got %q in force for the key, want %q", i, got, tt.special)
		}
	}
	if _, err := s.Apply(t.Context(), limits.Change{Name: "api", Policy: &ratelimit.Policy{}}); err == nil {
		t.Error("an invalid policy was taken")
	}
}

func TestFollows(t *testing.T) {
	db := open(t)
	here, there := start(t, db), start(t, db)
	p := policy(t, "", "3/s")
	for key, want := range map[string]string{"": "api 3/s", "k": "api 3/s"} {
		if _, err := here.Apply(t.Context(), limits.Change{Name: "api", Key: key, Policy: &p}); err != nil {
			t.Fatal(err)
		}
		deadline := time.NewTimer(time.Minute)
		tick := time.NewTicker(time.Millisecond)
		for inForce(there, "api", key) != want {
			select {
			case <-tick.C:
			case <-deadline.C:
				t.Fatalf("the other store did not follow the change of %q", key)
			}
		}
		tick.Stop()
		deadline.Stop()
	}
}

// What a newer version stored, or nobody declares any more, stops nothing.
func TestStoredButNotUnderstood(t *testing.T) {
	db := open(t)
	start(t, db)
	for _, insert := range []string{
		`INSERT INTO limits_limits (name, version, policy) VALUES ('api', 7, '5 per fortnight'), ('gone', 1, '5/m')`,
		`INSERT INTO limits_overrides (name, key, policy) VALUES ('api', 'k', '??'), ('gone', 'k', '5/m'), ('api', 'l', '9/m')`,
	} {
		if err := db.Update(t.Context(), func(tx *storage.Tx) error { _, err := tx.Exec(t.Context(), insert); return err }); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, db)
	for key, want := range map[string]string{"k": "api 100/m", "l": "api 9/m"} {
		if got := inForce(s, "api", key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if l, err := s.Find("api"); err != nil || l.Version != 7 {
		t.Errorf("got %+v, %v", l, err)
	}
}

func TestDeclare(t *testing.T) {
	s := start(t, open(t))
	for name, tt := range map[string]struct {
		declared limits.Declared
		ok       bool
	}{
		"again":                 {limits.Declared{Policy: policy(t, "api", "100/m")}, true},
		"with other numbers":    {limits.Declared{Policy: policy(t, "api", "90/m")}, true},
		"by another module":     {limits.Declared{Policy: policy(t, "api", "100/m"), Module: "notes"}, false},
		"not valid":             {limits.Declared{Policy: ratelimit.Policy{Name: "x"}}, false},
		"not a name for limits": {limits.Declared{Policy: policy(t, "Ä", "100/m")}, false},
	} {
		if err := s.Declare(tt.declared); (err == nil) != tt.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if list := s.List(); len(list) != 1 || list[0].InForce.String() != "90/m" && list[0].InForce.String() != "100/m" {
		t.Errorf("got %+v", list)
	}
}

func TestWatchIsBounded(t *testing.T) {
	var w limits.Watch
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		now = now.Add(time.Millisecond)
		w.Add("api", fmt.Sprint("k", i), "somebody", now, now.Add(time.Second))
	}
	w.Add("api", "k9999", "somebody", now, time.Time{})
	list := w.List(now)
	if len(list) > 512 || len(list) < 448 || list[0].Key != "k9999" || list[0].Count != 2 {
		t.Errorf("got %d, first %+v", len(list), list[0])
	}
	now = now.Add(11 * time.Minute)
	if list := w.List(now); len(list) != 0 {
		t.Errorf("got %d after eleven minutes", len(list))
	}
	w.Add("api", "k9999", "somebody", now, time.Time{})
	if list := w.List(now); len(list) != 1 || list[0].Count != 1 {
		t.Errorf("got %+v", list)
	}
}

func Example() {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()
	ctx := context.Background()
	s := limits.New(db, limits.Options{})
	defer func() { _ = s.Shutdown(ctx) }()
	_ = s.Declare(limits.Declared{Policy: ratelimit.Policy{Name: "mails", Limit: 10, Window: time.Minute}})
	if err := s.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	l, err := s.Apply(ctx, limits.Change{Name: "mails", Policy: &ratelimit.Policy{Limit: 20, Window: time.Minute}})
	fmt.Println(l.InForce, l.Policy, err)
	// Output: 20/m 10/m <nil>
}

func TestOverridesAreBounded(t *testing.T) {
	db := open(t)
	s := start(t, db)
	own := policy(t, "", "1/s")
	if _, err := s.Apply(t.Context(), limits.Change{Name: "api", Key: "ann", Policy: &own}); err != nil {
		t.Fatal(err)
	}
	_, err := db.Exec(t.Context(), `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO limits_overrides (name, key, policy) SELECT 'gone', 'key' || i, '1/s' FROM n`, limits.MaxOverrides)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(t.Context(), limits.Change{Name: "api", Key: "bob", Policy: &own}); !errors.Is(err, limits.ErrTooMany) {
		t.Errorf("one more: got %v", err)
	}
	other := policy(t, "", "2/s")
	if l, err := s.Apply(t.Context(), limits.Change{Name: "api", Key: "ann", Policy: &other}); err != nil || len(l.Overrides) != 1 {
		t.Errorf("another for the same key: got %+v, %v", l, err)
	}
	if _, err := s.Apply(t.Context(), limits.Change{Name: "api", Key: "ann"}); err != nil {
		t.Error(err)
	}
	if _, err := s.Apply(t.Context(), limits.Change{Name: "api", Key: "bob", Policy: &own}); err != nil {
		t.Errorf("in the place that is free: got %v", err)
	}
}
