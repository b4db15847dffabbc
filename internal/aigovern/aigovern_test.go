package aigovern_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/aigovern"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t *testing.T) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "govern.db"))
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

func start(t *testing.T, db *storage.DB) *aigovern.Store {
	t.Helper()
	s := aigovern.New(db, aigovern.Options{Log: slog.New(slog.DiscardHandler), Poll: 5 * time.Millisecond})
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

func daily(name string, tokens int64) ai.Allowance {
	return ai.Allowance{Name: name, Scope: ai.ScopeAll, Period: ai.PeriodDay, Tokens: tokens}
}

func holds(b ai.Allowance, tokens int64) []ai.Hold {
	return []ai.Hold{{Account: b.Account("", time.Now()), Cap: ai.Amount{Tokens: b.Tokens, Micros: b.Micros}, Amount: ai.Amount{Tokens: tokens}}}
}

// Two instances, a hundred calls at once, and a cap for ten.
func TestInstancesShareACap(t *testing.T) {
	db := open(t)
	ledgers := []*aigovern.Ledger{start(t, db).Ledger(), start(t, db).Ledger()}
	b := daily("all", 100)
	var let atomic.Int64
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			l, h := ledgers[i%2], holds(b, 10)
			full, err := l.Reserve(t.Context(), h)
			if err != nil {
				t.Error(err)
			}
			if full < 0 {
				let.Add(1)
				l.Settle(h, ai.Amount{Tokens: 10})
			}
		})
	}
	wg.Wait()
	if let.Load() != 10 {
		t.Errorf("%d were let through, want 10", let.Load())
	}
	for _, l := range ledgers {
		wantUsed(t, l, b, 100)
	}
}

// wantUsed waits for what the other instance wrote.
func wantUsed(t *testing.T, l *aigovern.Ledger, b ai.Allowance, want int64) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		total, _, err := l.Used(t.Context(), &b, time.Now(), 5)
		if err != nil {
			t.Fatal(err)
		}
		if total.Tokens == want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%d used, want %d", total.Tokens, want)
		}
	}
}

// Whatever is written down in between, instances together never go beyond a cap.
func TestNeverBeyondTheCap(t *testing.T) {
	db := open(t)
	ledgers := []*aigovern.Ledger{start(t, db).Ledger(), start(t, db).Ledger()}
	b := daily("all", 20_000)
	var used atomic.Int64
	var wg sync.WaitGroup
	done := make(chan struct{})
	for i := range 8 {
		wg.Go(func() {
			l := ledgers[i%2]
			for {
				h := holds(b, 7)
				full, err := l.Reserve(t.Context(), h)
				if err != nil {
					t.Error(err)
				}
				if full >= 0 || err != nil {
					return
				}
				used.Add(7)
				l.Settle(h, ai.Amount{Tokens: 7})
			}
		})
	}
	var flushing sync.WaitGroup
	flushing.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if _, _, err := ledgers[i%2].Used(context.Background(), &b, time.Now(), 0); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	close(done)
	flushing.Wait()
	if n := used.Load(); n > b.Tokens || n < b.Tokens*9/10 {
		t.Errorf("%d of %d were used", n, b.Tokens)
	}
}

// While there is plenty a lease is for several requests, and what they do not
// need goes back.
func TestLeases(t *testing.T) {
	db := open(t)
	here, there := start(t, db).Ledger(), start(t, db).Ledger()
	b := daily("all", 1_000_000)
	for range 1000 { // each uses a tenth of what it sets aside
		h := holds(b, 1000)
		if full, err := here.Reserve(t.Context(), h); full >= 0 || err != nil {
			t.Fatal(full, err)
		}
		here.Settle(h, ai.Amount{Tokens: 100})
	}
	wantUsed(t, there, b, 100_000)
	h := holds(b, 900_000) // all that is left
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		full, err := there.Reserve(t.Context(), h)
		if err != nil {
			t.Fatal(err)
		}
		if full < 0 {
			break
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("what was leased and not needed did not come back")
		}
	}
	if full, _ := here.Reserve(t.Context(), holds(b, 1)); full != 0 {
		t.Errorf("got %d beyond the cap", full)
	}
	there.Settle(h, ai.Amount{Tokens: 800_000})
	wantUsed(t, here, b, 900_000)
}

// What two requests of several budgets hold is all or nothing.
func TestAllOrNothing(t *testing.T) {
	l := start(t, open(t)).Ledger()
	wide, narrow := daily("wide", 1000), daily("narrow", 15)
	both := append(holds(wide, 10), holds(narrow, 10)...)
	if full, err := l.Reserve(t.Context(), both); full >= 0 || err != nil {
		t.Fatal(full, err)
	}
	if full, err := l.Reserve(t.Context(), append(holds(wide, 10), holds(narrow, 10)...)); full != 1 || err != nil {
		t.Errorf("got %d, %v, want the second", full, err)
	}
	if full, err := l.Reserve(t.Context(), holds(wide, 990)); full >= 0 || err != nil {
		t.Errorf("got %d, %v: what was refused holds something", full, err)
	}
	l.Settle(both, ai.Amount{Tokens: 12})
	wantUsed(t, l, narrow, 12)
}

// The instance that crashed set everything aside; another gets it after its lease.
func TestCrashReleases(t *testing.T) {
	db := open(t)
	crashed := aigovern.New(db, aigovern.Options{Log: slog.New(slog.DiscardHandler)})
	l := start(t, db).Ledger()
	b := daily("all", 100)
	if full, err := crashed.Ledger().Reserve(t.Context(), holds(b, 100)); full >= 0 || err != nil {
		t.Fatal(full, err)
	}
	if full, err := l.Reserve(t.Context(), holds(b, 1)); full != 0 || err != nil {
		t.Fatal(full, err)
	}
	if _, err := db.Exec(t.Context(), `UPDATE aigovern_leases SET expires = expires - 30000000`); err != nil { // half a minute later
		t.Fatal(err)
	}
	if full, err := l.Reserve(t.Context(), holds(b, 100)); full >= 0 || err != nil {
		t.Errorf("got %d, %v", full, err)
	}
}

// What was used is there after a restart, leases are not.
func TestRestart(t *testing.T) {
	db := open(t)
	b := daily("all", 100)
	first := aigovern.New(db, aigovern.Options{Log: slog.New(slog.DiscardHandler)})
	if err := first.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := holds(b, 60)
	if full, err := first.Ledger().Reserve(t.Context(), h); full >= 0 || err != nil {
		t.Fatal(full, err)
	}
	first.Ledger().Settle(h, ai.Amount{Tokens: 40, Micros: 7})
	if err := first.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := start(t, db).Ledger()
	wantUsed(t, l, b, 40)
	if full, err := l.Reserve(t.Context(), holds(b, 61)); full != 0 || err != nil {
		t.Errorf("got %d, %v", full, err)
	}
	if full, err := l.Reserve(t.Context(), holds(b, 60)); full >= 0 || err != nil {
		t.Errorf("got %d, %v", full, err)
	}
}

func TestRules(t *testing.T) {
	db := open(t)
	here, there := start(t, db), start(t, db)
	version := func(v int64) aigovern.Condition { return aigovern.Condition{Based: &v} }
	b, err := here.PutBudget(t.Context(), daily("all", 10), version(0))
	if err != nil || b.Version == 0 || b.Tokens != 10 {
		t.Fatalf("got %+v, %v", b, err)
	}
	if _, err := here.PutBudget(t.Context(), daily("all", 20), version(0)); !errors.Is(err, aigovern.ErrChanged) {
		t.Errorf("of an old version: %v", err)
	}
	if _, err := here.PutBudget(t.Context(), daily("", 20), aigovern.Condition{}); err == nil {
		t.Error("one that is not valid was taken")
	}
	undo := errors.New("undo")
	if _, err := here.PutBudget(t.Context(), daily("all", 20), aigovern.Condition{Also: func(*storage.Tx, aigovern.Budget) error { return undo }}); !errors.Is(err, undo) {
		t.Errorf("got %v", err)
	}
	if r, err := here.PutRole(t.Context(), "staff", []string{"openai/*"}, version(0)); err != nil || r.Version <= b.Version {
		t.Errorf("got %+v, %v", r, err)
	}
	follows(t, func() bool {
		return len(there.ListBudgets()) == 1 && !there.Access().Allows(ai.Caller{User: "u", Roles: []string{"staff"}}, "ollama/x")
	})
	if err := here.DeleteBudget(t.Context(), "all", version(b.Version)); err != nil {
		t.Error(err)
	}
	if err := here.DeleteRole(t.Context(), "staff", aigovern.Condition{}); err != nil {
		t.Error(err)
	}
	if err := here.DeleteRole(t.Context(), "staff", aigovern.Condition{}); !errors.Is(err, aigovern.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	follows(t, func() bool { return len(there.ListBudgets())+len(there.ListRoles()) == 0 })
}

// What a change replaces is what is stored, whatever this instance knows of it.
func TestChangesSeeWhatTheyReplace(t *testing.T) {
	db := open(t)
	here, there := start(t, db), start(t, db)
	var seen []string
	note := aigovern.Condition{Also: func(_ *storage.Tx, b aigovern.Budget) error {
		seen = append(seen, fmt.Sprintf("%s %t %d %v", b.Name, b.Version > 0, b.Tokens, b.Models))
		return nil
	}}
	_, err := here.PutBudget(t.Context(), daily("all", 10), note)
	if err == nil {
		_, err = there.PutBudget(t.Context(), daily("all", 20), note)
	}
	if err == nil {
		err = here.DeleteBudget(t.Context(), "all", note)
	}
	if err == nil {
		_, err = here.PutRole(t.Context(), "staff", []string{"openai/*"}, note)
	}
	if err == nil {
		_, err = there.PutRole(t.Context(), "staff", nil, note)
	}
	want := []string{" false 0 []", "all true 10 []", "all true 20 []", " false 0 []", "staff true 0 [openai/*]"}
	if err != nil || !slices.Equal(seen, want) {
		t.Errorf("got %q, %v, want %q", seen, err, want)
	}
}

func follows(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("the other instance did not follow")
		}
	}
}

// One row that is not understood keeps no other from being in force.
func TestDamagedRows(t *testing.T) {
	db := open(t)
	start(t, db)
	_, err := db.Exec(t.Context(), `INSERT INTO aigovern_rules (kind, name, version, document) VALUES ('budget', 'a', 1, '{'), ('budget', 'b', 1, '{}'),
		('new', 'c', 1, '{}'), ('role', 'd', 1, '{"models":["x"]}'), ('role', 'e', 1, '{"models":[" "]}')`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `UPDATE aigovern_state SET generation = 1`); err != nil {
		t.Fatal(err)
	}
	if s := start(t, db); len(s.ListBudgets()) != 0 || len(s.ListRoles()) != 1 {
		t.Errorf("got %+v, %+v", s.ListBudgets(), s.ListRoles())
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
	s := aigovern.New(db, aigovern.Options{})
	defer func() { _ = s.Shutdown(ctx) }()
	if err := s.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	b, err := s.PutBudget(ctx, ai.Allowance{Name: "all", Scope: ai.ScopeAll, Period: ai.PeriodDay, Tokens: 100}, aigovern.Condition{})
	h := []ai.Hold{{Account: b.Account("", time.Now()), Cap: ai.Amount{Tokens: b.Tokens}, Amount: ai.Amount{Tokens: 80}}}
	full, _ := s.Ledger().Reserve(ctx, h)
	s.Ledger().Settle(h, ai.Amount{Tokens: 30})
	used, _, _ := s.Ledger().Used(ctx, &b.Allowance, time.Now(), 0)
	fmt.Println(full, used.Tokens, err)
	// Output: -1 30 <nil>
}

// A request costs the database nothing while what is leased is enough.
func BenchmarkReserve(b *testing.B) {
	db, err := sqlite.Open(filepath.Join(b.TempDir(), "govern.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	s := aigovern.New(db, aigovern.Options{Log: slog.New(slog.DiscardHandler)})
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Shutdown(context.Background()) }()
	budget := daily("all", 1<<50)
	h := holds(budget, 5000)
	b.ReportAllocs()
	for b.Loop() {
		if full, err := s.Ledger().Reserve(b.Context(), h); full >= 0 || err != nil {
			b.Fatal(full, err)
		}
		s.Ledger().Settle(h, ai.Amount{Tokens: 100})
	}
}
