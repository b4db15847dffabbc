package audit_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/internal/audit"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func key() []byte { return []byte("0123456789abcdef") }

func start(t testing.TB) (*storage.DB, *audit.Log) {
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
	log, err := audit.New(db, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, log
}

func add(t testing.TB, db *storage.DB, log *audit.Log, entries ...audit.Entry) {
	t.Helper()
	for _, e := range entries {
		if err := db.Update(t.Context(), func(tx *storage.Tx) error { return log.Append(t.Context(), tx, e) }); err != nil {
			t.Fatalf("Append %+v: %v", e, err)
		}
	}
}

func list(t testing.TB, log *audit.Log, q audit.Query) ([]audit.Entry, string) {
	t.Helper()
	entries, next, err := log.List(t.Context(), q)
	if err != nil {
		t.Fatalf("List %+v: %v", q, err)
	}
	return entries, next
}

func actions(entries []audit.Entry) (out []string) {
	for _, e := range entries {
		out = append(out, e.Action)
	}
	return out
}

func TestAppendAndList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, log := start(t)
		if got, next := list(t, log, audit.Query{}); got == nil || len(got) != 0 || next != "" {
			t.Errorf("empty log: got %v, %q, want an empty list", got, next)
		}
		full := audit.Entry{ID: "e1", At: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("x", 3600)), Actor: "u1", ActorName: "Ada",
			Action: "module.disable", Target: "billing", Detail: json.RawMessage(`{ "a": [1, 2] }`), RequestID: "r1", Address: "192.0.2.1"}
		add(t, db, log, full, audit.Entry{Action: "x"})
		got, next := list(t, log, audit.Query{})
		if len(got) != 2 || next != "" {
			t.Fatalf("got %+v, %q, want two entries", got, next)
		}
		if e := got[0]; len(e.ID) < 26 || e.ID != strings.ToLower(e.ID) || !e.At.Equal(time.Now()) || string(e.Detail) != "{}" {
			t.Errorf("got %+v, want an id, the present time and {}", e)
		}
		want := full
		want.At, want.Detail = full.At.UTC(), json.RawMessage(`{"a":[1,2]}`)
		if fmt.Sprintf("%+v", got[1]) != fmt.Sprintf("%+v", want) {
			t.Errorf("got %+v, want %+v", got[1], want)
		}
	})
}

func TestAppendIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	db, log := start(t)
	failed := errors.New("the act failed")
	err := db.Update(t.Context(), func(tx *storage.Tx) error {
		if err := log.Append(t.Context(), tx, audit.Entry{Action: "x"}); err != nil {
			t.Error(err)
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	if got, _ := list(t, log, audit.Query{}); len(got) != 0 {
		t.Errorf("got %+v, want nothing recorded", got)
	}
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	db, log := start(t)
	for name, e := range map[string]audit.Entry{
		"no action":    {Actor: "u"},
		"no JSON":      {Action: "x", Detail: json.RawMessage(`{`)},
		"two values":   {Action: "x", Detail: json.RawMessage(`{}{}`)},
		"large detail": {Action: "x", Detail: json.RawMessage(`"` + strings.Repeat("x", audit.MaxDetail) + `"`)},
	} {
		err := db.Update(t.Context(), func(tx *storage.Tx) error { return log.Append(t.Context(), tx, e) })
		if !errors.Is(err, audit.ErrInvalidEntry) {
			t.Errorf("%s: got %v, want ErrInvalidEntry", name, err)
		}
	}
	add(t, db, log, audit.Entry{ID: "same", Action: "x"})
	if err := db.Update(t.Context(), func(tx *storage.Tx) error {
		return log.Append(t.Context(), tx, audit.Entry{ID: "same", Action: "y"})
	}); err == nil {
		t.Error("an id twice: got no error")
	}
}

// Whatever a caller took from a request, the act is recorded.
func TestOddTextIsRecorded(t *testing.T) {
	t.Parallel()
	db, log := start(t)
	long := strings.Repeat("é", audit.MaxText)
	add(t, db, log, audit.Entry{Action: "x", Actor: "a\x00b", ActorName: "\xff\xfe", Target: long, Address: "a" + long,
		Detail: json.RawMessage("\"\xff\"")})
	got, _ := list(t, log, audit.Query{})
	e := got[0]
	if e.Actor != "a\uFFFDb" || e.ActorName != "\uFFFD" || e.Target != long[:audit.MaxText] {
		t.Errorf("got %+q", e)
	}
	if len(e.Address) > audit.MaxText || !utf8.ValidString(e.Address) || !strings.HasPrefix(e.Address, "aé") {
		t.Errorf("got address %q", e.Address)
	}
	if !json.Valid(e.Detail) || !utf8.Valid(e.Detail) {
		t.Errorf("got detail %q", e.Detail)
	}
	if got, _ := list(t, log, audit.Query{Actor: "a\x00b", Target: long}); len(got) != 1 {
		t.Errorf("a filter with the same text: got %d entries, want 1", len(got))
	}
}

func TestAppendOnly(t *testing.T) {
	t.Parallel()
	db, log := start(t)
	add(t, db, log, audit.Entry{ID: "e1", Action: "x", Actor: "u"})
	const columns = `(seq, id, at, actor, actor_name, action, target, detail, request_id, address)`
	for _, statement := range []string{
		`UPDATE audit_log SET actor = 'v'`,
		`UPDATE audit_log SET seq = seq + 1`,
		`DELETE FROM audit_log`,
		`DELETE FROM audit_log WHERE id = 'e1'`,
		`REPLACE INTO audit_log ` + columns + ` VALUES (1, 'e2', 0, '', '', '', '', '', '', '')`,
		`INSERT OR REPLACE INTO audit_log ` + columns + ` VALUES (9, 'e1', 0, '', '', '', '', '', '', '')`,
		`INSERT INTO audit_log ` + columns + ` VALUES (9, 'e1', 0, '', '', '', '', '', '', '') ON CONFLICT (id) DO UPDATE SET actor = 'v'`,
	} {
		if _, err := db.Exec(t.Context(), statement); err == nil {
			t.Errorf("%s: got no error", statement)
		}
	}
	if got, _ := list(t, log, audit.Query{}); len(got) != 1 || got[0].Actor != "u" || got[0].ID != "e1" {
		t.Errorf("got %+v, want the entry as it was", got)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	db, log := start(t)
	for i := range 10 {
		add(t, db, log, audit.Entry{Action: fmt.Sprint(i), Actor: []string{"even", "odd"}[i%2], Target: "t"})
	}
	first, cursor := list(t, log, audit.Query{Limit: 4})
	// Entries that come meanwhile move nothing.
	add(t, db, log, audit.Entry{Action: "new", Actor: "odd", Target: "t"})
	second, cursor2 := list(t, log, audit.Query{Limit: 4, Cursor: cursor})
	third, end := list(t, log, audit.Query{Limit: 2, Cursor: cursor2})
	got := strings.Join(actions(slices.Concat(first, second, third)), " ")
	if want := "9 8 7 6 5 4 3 2 1 0"; got != want || end != "" {
		t.Errorf("got %s, %q, want %s and the end", got, end, want)
	}
	odd, cursor := list(t, log, audit.Query{Limit: 2, Actor: "odd", Target: "t"})
	more, _ := list(t, log, audit.Query{Limit: 99, Actor: "odd", Target: "t", Cursor: cursor})
	if got := strings.Join(actions(slices.Concat(odd, more)), " "); got != "new 9 7 5 3 1" {
		t.Errorf("by actor: got %s", got)
	}
	if got, _ := list(t, log, audit.Query{Action: "3"}); len(got) != 1 || got[0].Action != "3" {
		t.Errorf("by action: got %+v", got)
	}
	if got, _ := list(t, log, audit.Query{Action: "3", Actor: "even"}); len(got) != 0 {
		t.Errorf("by action and another actor: got %+v", got)
	}
}

func TestPageSizes(t *testing.T) {
	t.Parallel()
	db, log := start(t)
	if err := db.Update(t.Context(), func(tx *storage.Tx) error {
		for range audit.MaxLimit + 1 {
			if err := log.Append(t.Context(), tx, audit.Entry{Action: "x"}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int]int{-1: audit.DefaultLimit, 0: audit.DefaultLimit, 1: 1, audit.MaxLimit: audit.MaxLimit, 1 << 30: audit.MaxLimit} {
		if got, next := list(t, log, audit.Query{Limit: limit}); len(got) != want || next == "" {
			t.Errorf("limit %d: got %d entries, next %q, want %d and a next one", limit, len(got), next, want)
		}
	}
}

func TestBadCursors(t *testing.T) {
	t.Parallel()
	db, log := start(t)
	add(t, db, log, audit.Entry{Action: "a", Actor: "u"}, audit.Entry{Action: "a", Actor: "u"})
	_, cursor := list(t, log, audit.Query{Limit: 1, Action: "a"})
	for name, q := range map[string]audit.Query{
		"another filter":        {Cursor: cursor, Action: "b"},
		"no filter":             {Cursor: cursor},
		"one filter more":       {Cursor: cursor, Action: "a", Actor: "u"},
		"value in other filter": {Cursor: cursor, Actor: "a"},
		"cut":                   {Cursor: cursor[1:], Action: "a"},
		"longer":                {Cursor: cursor + "A", Action: "a"},
		"padded":                {Cursor: cursor + "=", Action: "a"},
		"garbage":               {Cursor: "42", Action: "a"},
		"line end":              {Cursor: cursor[:4] + "\n" + cursor[4:], Action: "a"},
	} {
		if _, _, err := log.List(t.Context(), q); !errors.Is(err, audit.ErrCursor) {
			t.Errorf("%s: got %v, want ErrCursor", name, err)
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		forged := bytes.Clone(raw)
		forged[i] ^= 1
		q := audit.Query{Action: "a", Cursor: base64.RawURLEncoding.EncodeToString(forged)}
		if _, _, err := log.List(t.Context(), q); !errors.Is(err, audit.ErrCursor) {
			t.Errorf("byte %d: got %v, want ErrCursor", i, err)
		}
	}
	other, err := audit.New(db, func() []byte { return []byte("another key, just as long") })
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.List(t.Context(), audit.Query{Action: "a", Cursor: cursor}); !errors.Is(err, audit.ErrCursor) {
		t.Errorf("another key: got %v, want ErrCursor", err)
	}
}

func TestNewAndStart(t *testing.T) {
	t.Parallel()
	db, _ := start(t)
	if _, err := audit.New(nil, key); err == nil {
		t.Error("no database: got no error")
	}
	if _, err := audit.New(db, nil); err == nil {
		t.Error("no key: got no error")
	}
	weak, err := audit.New(db, func() []byte { return []byte("short") })
	if err != nil {
		t.Fatal(err)
	}
	if err := weak.Start(t.Context()); err == nil {
		t.Error("short key: got no error")
	}
}

// The queries are served by an index, however many entries there are.
func TestQueriesAreIndexed(t *testing.T) {
	t.Parallel()
	db, _ := start(t)
	for _, column := range []string{"actor", "action", "target"} {
		rows, err := db.Query(t.Context(), `EXPLAIN QUERY PLAN SELECT id FROM audit_log WHERE seq < 9 AND `+column+` = 'x' ORDER BY seq DESC LIMIT 5`)
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
		if !strings.Contains(plan, "audit_log_"+column) || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s: got plan %s", column, plan)
		}
	}
}

func FuzzCursor(f *testing.F) {
	db, log := start(f)
	add(f, db, log, audit.Entry{Action: "a"}, audit.Entry{Action: "a"})
	_, good := list(f, log, audit.Query{Limit: 1})
	f.Add(good, "")
	f.Add(good, "a")
	f.Add(good[:10], "")
	f.Add("", "a")
	f.Add("====", "")
	f.Fuzz(func(t *testing.T, cursor, action string) {
		_, _, err := log.List(context.Background(), audit.Query{Cursor: cursor, Action: action})
		if ours := cursor == "" || cursor == good && action == ""; ours != (err == nil) || err != nil && !errors.Is(err, audit.ErrCursor) {
			t.Errorf("cursor %q, action %q: got %v", cursor, action, err)
		}
	})
}

func ExampleLog() {
	ctx := context.Background()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	log, err := audit.New(db, func() []byte { return []byte("0123456789abcdef") })
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := log.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	err = db.Update(ctx, func(tx *storage.Tx) error {
		// … the act itself …
		return log.Append(ctx, tx, audit.Entry{Actor: "u1", Action: "module.disable", Target: "billing"})
	})
	fmt.Println(err)
	entries, next, err := log.List(ctx, audit.Query{Target: "billing"})
	fmt.Println(entries[0].Actor, entries[0].Action, string(entries[0].Detail), next, err)
	// Output:
	// <nil>
	// u1 module.disable {}  <nil>
}
