package airecord_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/airecord"
	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func open(t testing.TB) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "records.db"))
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

func start(t testing.TB, db *storage.DB, opts airecord.Options) *airecord.Store {
	t.Helper()
	opts.Key = func() []byte { return []byte("0123456789abcdef") }
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := airecord.New(db, opts)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil && !errors.Is(err, storage.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

// noon is a moment far from the end of a day.
func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

func record(id string, change ...func(*ai.Record)) *ai.Record {
	r := &ai.Record{ID: id, Caller: ai.Caller{Tenant: "u1", User: "u1", Roles: []string{"editor", "admin"}, Key: "k1", Module: "notes"},
		Asked: "smart", Provider: "openai", Model: "gpt-5", Prompt: "summary@3", Began: noon(), First: 30 * time.Millisecond, Took: 100 * time.Millisecond,
		Usage: ai.Usage{Input: 20, Output: 10, CachedInput: 5, Reasoning: 2}, Cost: ai.Cost{Micros: 70, Currency: "USD"}, Cache: ai.CacheMiss, Reason: ai.ReasonStop,
		Attempts: []ai.Attempt{{Provider: "anthropic", Model: "claude", Took: time.Second, Kind: ai.Overloaded}, {Provider: "openai", Model: "gpt-5", OK: true}},
		Notes:    []ai.Note{{Router: "bandit", Choice: "openai/gpt-5", Why: "explores"}}}
	for _, f := range change {
		f(r)
	}
	return r
}

func failed(kind ai.ErrorKind) func(*ai.Record) {
	return func(r *ai.Record) {
		r.Provider, r.Model, r.Err, r.Usage, r.Cost = "", "", &ai.Error{Kind: kind, Status: 503}, ai.Usage{}, ai.Cost{}
	}
}

func add(t testing.TB, s *airecord.Store, records ...*ai.Record) {
	t.Helper()
	for _, r := range records {
		s.Add(r)
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	s := start(t, open(t), airecord.Options{})
	add(t, s, record("a"), record("b", failed(ai.Overloaded)), record("a"), record("c\x00\xff", func(r *ai.Record) {
		r.Caller, r.Cache, r.Asked = ai.Caller{User: "u2"}, ai.CacheExact, strings.Repeat("é", 300)
	}))
	got, err := s.Find(t.Context(), "a")
	if err != nil || got.User != "u1" || got.Key != "k1" || got.Module != "notes" || strings.Join(got.Roles, ",") != "admin,editor" || got.Asked != "smart" ||
		got.Provider != "openai" || got.Prompt != "summary@3" || !got.At.Equal(noon()) || got.First != 30*time.Millisecond || got.Took != 100*time.Millisecond ||
		got.Input != 20 || got.Output != 10 || got.CachedInput != 5 || got.Reasoning != 2 || got.Micros != 70 || got.Currency != "USD" || got.Cache != "miss" || got.Reason != "stop" ||
		len(got.Trail.Attempts) != 2 || got.Trail.Attempts[0].Error != "overloaded" || got.Trail.Notes[0].Choice != "openai/gpt-5" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := s.Find(t.Context(), "b"); err != nil || got.Error != "overloaded" || got.Status != 503 || got.Reason != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := s.Find(t.Context(), "nobody"); !errors.Is(err, airecord.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
	for filter, want := range map[string]int{"": 3, "user = u1": 2, "user = u1 AND error = overloaded": 1, `error = ""`: 2, `error != ""`: 1, "provider = openai": 2, "cache = exact": 1,
		"model = gpt-5": 2, "at > 2026-03-04T11:00:00Z": 3, "key = k1": 2} {
		list, next, err := s.Records(t.Context(), airecord.List{Filter: filter, Limit: 10})
		if err != nil || len(list) != want || next != "" {
			t.Errorf("filter %q: got %d, %q, %v, want %d", filter, len(list), next, err, want)
		}
	}
	if _, _, err := s.Records(t.Context(), airecord.List{Filter: "tenant = x", Limit: 10}); err == nil {
		t.Error("an unknown field: got no error")
	}
}

// Pages are whole, in order and stable while records are added.
func TestPages(t *testing.T) {
	t.Parallel()
	s := start(t, open(t), airecord.Options{})
	for i := range 25 {
		add(t, s, record(fmt.Sprintf("r%02d", i), func(r *ai.Record) { r.Began = r.Began.Add(time.Duration(i/3) * time.Second) }))
	}
	var ids []string
	q := airecord.List{Limit: 7}
	for {
		list, next, err := s.Records(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		if q.Cursor = next; next == "" {
			break
		}
		add(t, s, record("new"+next[:9], func(r *ai.Record) { r.Began = r.Began.Add(time.Hour) }))
	}
	if len(ids) != 25 || ids[0] != "r24" || ids[24] != "r00" {
		t.Errorf("got %v", ids)
	}
	if _, _, err := s.Records(t.Context(), airecord.List{Limit: 7, Cursor: "x"}); !errors.Is(err, query.ErrCursor) {
		t.Errorf("got %v, want ErrCursor", err)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	db := open(t)
	s, other := start(t, db, airecord.Options{}), start(t, db, airecord.Options{})
	day := 24 * time.Hour
	add(t, s, record("a"), record("b", failed(ai.Overloaded)), record("c", func(r *ai.Record) {
		r.Caller, r.Cache, r.Began, r.Cost, r.Took = ai.Caller{User: "u2"}, ai.CacheExact, r.Began.Add(day), ai.Cost{Currency: "EUR", Micros: 900, Unknown: true}, 3*time.Second
	}))
	add(t, other, record("d"), record("a")) // another instance, and once more what is there
	span := airecord.Span{From: noon(), To: noon().Add(day)}
	for _, tt := range []struct {
		by    airecord.Group
		span  airecord.Span
		want  string // keys with requests
		total int64
	}{
		{airecord.ByDay, span, "2026-03-04:3 2026-03-05:1", 4},
		{airecord.ByUser, span, "u1:3 u2:1", 4},
		{airecord.ByProvider, span, "openai:3 :1", 4},
		{airecord.ByModel, span, "gpt-5:3 smart:1", 4},
		{airecord.ByModule, span, "notes:3 :1", 4},
		{airecord.ByKey, span, "k1:3 :1", 4},
		{airecord.ByRole, span, "admin:3 editor:3 :1", 4},
		{airecord.ByDay, airecord.Span{From: noon(), To: noon()}, "2026-03-04:3", 3},
		{airecord.ByDay, airecord.Span{From: noon(), To: noon().Add(day), User: "u2"}, "2026-03-05:1", 1},
		{airecord.ByDay, airecord.Span{From: noon(), To: noon().Add(day), Model: "none"}, "", 0},
	} {
		items, total, err := s.Usage(t.Context(), tt.by, tt.span)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, u := range items {
			got = append(got, fmt.Sprintf("%s:%d", u.Key, u.Requests))
		}
		if strings.Join(got, " ") != tt.want || total.Requests != tt.total {
			t.Errorf("by %s: got %v of %d, want %s of %d", tt.by, got, total.Requests, tt.want, tt.total)
		}
	}
	_, total, err := s.Usage(t.Context(), airecord.ByUser, span)
	if err != nil || total.Errors != 1 || total.Cached != 1 || total.Input != 60 || total.Output != 30 || total.Micros != 900 || total.Currency != "EUR" || !total.Unknown {
		t.Errorf("got %+v, %v", total, err)
	}
	items, _, err := s.Usage(t.Context(), airecord.ByUser, span)
	if u := items[0]; err != nil || u.Micros != 140 || u.Currency != "USD" || u.Unknown || u.Median < 60 || u.Median > 160 {
		t.Errorf("got %+v, %v", u, err)
	}
	if _, _, err := s.Usage(t.Context(), "color", span); err == nil {
		t.Error("an unknown group: got no error")
	}
}

// Whatever is asked for, an index is used and nothing is sorted.
func TestQueriesAreIndexed(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := start(t, db, airecord.Options{})
	plan := func(text string, args []any) string {
		rows, err := db.Query(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan string
		for rows.Next() {
			var a, b, c any
			var detail string
			if err := rows.Scan(&a, &b, &c, &detail); err != nil {
				t.Fatal(err)
			}
			plan += detail + "\n"
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		return plan
	}
	for filter, want := range map[string][2]string{
		"":                                 {"airecord_records_at", "airecord_feedback_at"},
		"user = x":                         {"airecord_records_user", "airecord_feedback_user"},
		"model = x":                        {"airecord_records_model", "airecord_feedback_model"},
		"provider = x":                     {"airecord_records_provider", ""},
		"at > 2026-01-01":                  {"airecord_records_at", "airecord_feedback_at"},
		"user = x AND at > 2026-01-01":     {"airecord_records_user", "airecord_feedback_user"},
		"prompt = x":                       {"airecord_records_prompt", "airecord_feedback_prompt"},
		"key = x":                          {"airecord_records_key", ""},
		"module = x":                       {"airecord_records_module", ""},
		"asked = x":                        {"airecord_records_asked", ""},
		"provider = x AND at < 2026-02-01": {"airecord_records_provider", ""},
		"model = x AND provider = y":       {"airecord_records_", "airecord_feedback_"},
		"cache = exact":                    {"airecord_records_cache", ""},
		"error = timeout":                  {"airecord_records_error", ""},
		`error != ""`:                      {"airecord_records_failed", ""},
		"id = x":                           {"sqlite_autoindex_airecord_records", "sqlite_autoindex_airecord_feedback"},
	} {
		for i := range want {
			if want[i] == "" {
				continue
			}
			text, args, err := s.Statement(i, airecord.List{Filter: filter, Limit: 50})
			if err != nil {
				t.Fatal(err)
			}
			if got := plan(text, args); !strings.Contains(got, want[i]) || strings.Contains(got, "TEMP B-TREE") && filter != "id = x" {
				t.Errorf("filter %q: got %s, want %s", filter, got, want[i])
			}
		}
	}
	if got := plan(airecord.CountLately, []any{0}); !strings.Contains(got, "airecord_records_at (at>?)") {
		t.Errorf("lately: got %s", got)
	}
	for span, want := range map[airecord.Span]string{{}: "sqlite_autoindex_airecord_usage", {User: "x"}: "airecord_usage_user"} {
		text, args, err := s.UsageStatement(airecord.ByDay, span)
		if err != nil {
			t.Fatal(err)
		}
		if got := plan(text, args); !strings.Contains(got, want) {
			t.Errorf("usage %+v: got %s, want %s", span, got, want)
		}
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := start(t, db, airecord.AtMost(airecord.Options{Keep: 48 * time.Hour}, 5))
	for i := range 12 {
		add(t, s, record(fmt.Sprint(i), func(r *ai.Record) { r.Began = noon().Add(-time.Duration(i) * 8 * time.Hour) }))
	}
	left := func() int {
		list, _, err := s.Records(t.Context(), airecord.List{Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if err := s.Sweep(t.Context(), noon().Add(24*time.Hour)); err != nil || left() != 4 {
		t.Errorf("by age: got %d left, %v, want 4", left(), err)
	}
	for i := range 5 {
		add(t, s, record(fmt.Sprint("new", i), func(r *ai.Record) { r.Began = noon().Add(time.Duration(i+1) * time.Hour) }))
	}
	if err := s.Sweep(t.Context(), noon().Add(24*time.Hour)); err != nil || left() != 5 {
		t.Errorf("by number: got %d left, %v, want 5", left(), err)
	}
	span := airecord.Span{From: noon().AddDate(0, 0, -30), To: noon()}
	if _, total, err := s.Usage(t.Context(), airecord.ByDay, span); err != nil || total.Requests != 17 {
		t.Errorf("got usage of %d, %v, want that of all 17", total.Requests, err)
	}
	if err := s.Sweep(t.Context(), noon().AddDate(2, 0, 0)); err != nil {
		t.Fatal(err)
	}
	if _, total, err := s.Usage(t.Context(), airecord.ByDay, span); err != nil || total.Requests != 0 {
		t.Errorf("after two years: got usage of %d, %v", total.Requests, err)
	}
}

type syncText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *syncText) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *syncText) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// What waits is written at the end, and nothing is lost while the database is away.
func TestShutdownWrites(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := start(t, db, airecord.Options{Every: time.Hour})
	s.Add(record("a"))
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := start(t, db, airecord.Options{})
	if _, err := again.Find(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	again.Add(record("b"))
	if err := again.Flush(canceled); err == nil {
		t.Error("with a context that has ended: got no error")
	}
	if _, err := again.Find(t.Context(), "b"); err != nil {
		t.Errorf("after a failure: %v", err)
	}
	if err := airecord.New(db, airecord.Options{}).Shutdown(t.Context()); err != nil {
		t.Errorf("without a start: %v", err)
	}
}

func TestFeedback(t *testing.T) {
	t.Parallel()
	db := open(t)
	s, other := start(t, db, airecord.Options{}), start(t, db, airecord.Options{})
	add(t, s, record("a"))
	row, err := s.Find(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	score := 0.25
	first, err := s.Rate(t.Context(), row, airecord.Feedback{User: "u1", Thumb: "up", Comment: strings.Repeat("x", airecord.MaxComment+5)}, nil)
	if err != nil || len(first.Comment) != airecord.MaxComment {
		t.Fatalf("got %+v, %v", first, err)
	}
	second, err := other.Rate(t.Context(), row, airecord.Feedback{User: "u1", Score: &score, Thumb: "down", Correction: "21"}, nil)
	if err != nil || second.ID != first.ID || second.Revision <= first.Revision {
		t.Fatalf("got %+v, %v", second, err)
	}
	if _, err := s.Rate(t.Context(), row, airecord.Feedback{User: "u2", Thumb: "up"}, nil); err != nil {
		t.Fatal(err)
	}
	undo := errors.New("undo")
	if _, err := s.Rate(t.Context(), row, airecord.Feedback{User: "u3", Thumb: "up"}, func(*storage.Tx) error { return undo }); !errors.Is(err, undo) {
		t.Errorf("got %v, want undo", err)
	}
	list, _, err := s.Ratings(t.Context(), airecord.List{Filter: "user = u1", Limit: 10})
	if err != nil || len(list) != 1 {
		t.Fatalf("got %+v, %v", list, err)
	}
	f := list[0]
	if reward, ok := f.Reward(); !ok || reward != 0.25 || f.Comment != "" || f.Correction != "21" || f.Model != "gpt-5" || f.Prompt != "summary@3" || f.Micros != 70 ||
		f.Took != 100*time.Millisecond || f.Trail.Notes[0].Router != "bandit" {
		t.Errorf("got %+v", f)
	}
	for filter, want := range map[string]int{"thumb = up": 1, "thumb = down": 1, "score < 0.5": 1, "prompt:summary*": 2, "request = a": 2, "user = u3": 0} {
		if list, _, err := s.Ratings(t.Context(), airecord.List{Filter: filter, Limit: 10}); err != nil || len(list) != want {
			t.Errorf("filter %q: got %d, %v, want %d", filter, len(list), err, want)
		}
	}
	changed, err := s.ChangedSince(t.Context(), first.Revision, 10)
	latest, err2 := s.Revision(t.Context())
	if err := errors.Join(err, err2); err != nil || len(changed) != 2 || changed[0].Revision != second.Revision || changed[1].Revision != latest {
		t.Errorf("got %+v, latest %d, %v", changed, latest, err)
	}
	for _, tt := range []struct {
		f    airecord.Feedback
		want float64
		ok   bool
	}{{airecord.Feedback{Thumb: "up"}, 1, true}, {airecord.Feedback{Thumb: "down"}, 0, true}, {airecord.Feedback{Comment: "x"}, 0, false}} {
		if got, ok := tt.f.Reward(); got != tt.want || ok != tt.ok {
			t.Errorf("%+v: got %v %v", tt.f, got, ok)
		}
	}
}
