package flags_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/flags"
	"github.com/modular-dashboard/dashboard/storage"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := start(t, db)
	version := func(v int64) *int64 { return &v }
	undo := errors.New("undo")
	needing := `{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"on","metadata":{"prerequisites":"a=on"}}`
	for i, tt := range []struct {
		change  flags.Change
		want    error
		invalid string // the beginning of what is wrong
		version int64
	}{
		{flags.Change{ID: flagID("a"), Edit: flags.To(boolean("on")), New: true}, nil, "", 1},
		{flags.Change{ID: flagID("a"), Edit: flags.To(boolean("on")), New: true}, flags.ErrExists, "", 0},
		{flags.Change{ID: flagID("a"), Edit: flags.To(boolean("off")), Based: version(1)}, nil, "", 2},
		{flags.Change{ID: flagID("a"), Edit: flags.To(boolean("on")), Based: version(1)}, flags.ErrChanged, "", 0},
		{flags.Change{ID: flagID("a"), Edit: flags.To(boolean("off"))}, nil, "", 2}, // changes nothing
		{flags.Change{ID: flagID("b"), Edit: flags.To(boolean("off")), Based: version(1)}, flags.ErrUnknown, "", 0},
		{flags.Change{ID: flagID("b"), Edit: flags.Away}, flags.ErrUnknown, "", 0},
		{flags.Change{ID: flagID("b"), Edit: flags.Killed(true, "")}, flags.ErrUnknown, "", 0},
		{flags.Change{ID: flagID("b"), Edit: flags.To(json.RawMessage(needing))}, nil, "", 1},
		{flags.Change{ID: flagID("a"), Edit: flags.Away}, nil, "the definition is not valid", 0},
		{flags.Change{ID: flagID("a"), Edit: flags.To(json.RawMessage(`{"state":"ENABLED","variants":{"no":false},"defaultVariant":"no"}`))}, nil, "the definition is not valid", 0},
		{flags.Change{ID: flagID("a"), Edit: flags.Killed(true, "on")}, nil, "", 3},
		{flags.Change{ID: flagID("a"), Edit: flags.Killed(false, "")}, nil, "", 4},
		{flags.Change{ID: flagID("c"), Edit: flags.To(boolean("on")), Also: func(*storage.Tx, flags.Item, flags.Item) error { return undo }}, undo, "", 0},
		{flags.Change{ID: flagID("c"), Edit: flags.To(json.RawMessage(`[]`))}, nil, "the definition is not valid:  want an object", 0},
		{flags.Change{ID: flagID("c"), Edit: flags.To(json.RawMessage(`{`))}, nil, "the definition is not valid", 0},
		{flags.Change{ID: flagID("c"), Edit: flags.To(json.RawMessage(`{"state":"` + strings.Repeat("x", 70_000) + `"}`))}, nil, "the definition is not valid", 0},
		{flags.Change{ID: flagID("import"), Edit: flags.To(boolean("on"))}, nil, "the definition is not valid", 0},
		{flags.Change{ID: flagID("a/../b"), Edit: flags.To(boolean("on"))}, nil, "the definition is not valid", 0},
		{flags.Change{ID: flagID("shop/checkout"), Edit: flags.To(boolean("on"))}, nil, "", 1},
		{flags.Change{ID: flagID("b"), Edit: flags.Away}, nil, "", 2},
		{flags.Change{ID: flagID("a"), Edit: flags.Away}, nil, "", 5},
		{flags.Change{ID: flagID("a"), Edit: flags.To(boolean("on")), New: true}, nil, "", 6},
	} {
		it, err := s.Apply(t.Context(), tt.change)
		invalid, isInvalid := errors.AsType[*flags.InvalidError](err)
		switch {
		case tt.invalid != "":
			if !isInvalid || !strings.HasPrefix(invalid.Error(), tt.invalid) {
				t.Errorf("%d: got %v, want %q", i, err, tt.invalid)
			}
		case !errors.Is(err, tt.want) || err == nil && it.Version != tt.version:
			t.Errorf("%d: got version %d, %v, want %d, %v", i, it.Version, err, tt.version, tt.want)
		}
	}
	if !s.on("a") || s.on("b") || !s.on("shop/checkout") {
		t.Error("what is in force is not what is stored")
	}
}

func TestHistoryAndRollback(t *testing.T) {
	t.Parallel()
	s := start(t, open(t))
	for range 60 {
		s.put(t, flagID("a"), string(boolean("on")))
		s.put(t, flagID("a"), string(boolean("off")))
	}
	list, err := s.History(t.Context(), flagID("a"), 0, 1_000)
	if err != nil || len(list) != flags.Kept || list[0].Version != 120 || list[len(list)-1].Version != 21 || list[0].By.Name != "Ada" {
		t.Fatalf("got %d versions, %v", len(list), err)
	}
	if list, err := s.History(t.Context(), flagID("a"), 119, 2); err != nil || len(list) != 2 || list[0].Version != 118 {
		t.Errorf("got %v, %v", list, err)
	}
	if it, err := s.Rollback(t.Context(), flags.Change{ID: flagID("a")}, 21); err != nil || it.Version != 121 || !s.on("a") {
		t.Errorf("got version %d, %v", it.Version, err)
	}
	if _, err := s.Rollback(t.Context(), flags.Change{ID: flagID("a")}, 20); !errors.Is(err, flags.ErrUnknown) {
		t.Errorf("got %v, want unknown", err)
	}
	if _, err := s.Apply(t.Context(), flags.Change{ID: flagID("a"), Edit: flags.Away}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Rollback(t.Context(), flags.Change{ID: flagID("a")}, 122); !errors.Is(err, flags.ErrUnknown) {
		t.Errorf("back to nothing: got %v", err)
	}
	if it, err := s.Rollback(t.Context(), flags.Change{ID: flagID("a")}, 120); err != nil || it.Version != 123 || s.on("a") {
		t.Errorf("back from the dead: got version %d, %v", it.Version, err)
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	s := start(t, open(t))
	const uses = `{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"off","targeting":{"if":[{"$ref":"staff"},"on","off"]}}`
	if err := s.Check(flagID("a"), json.RawMessage(uses)); err == nil {
		t.Error("a segment that does not exist is taken")
	}
	s.put(t, segmentID("staff"), `{"ends_with":[{"var":"email"},"@example.com"]}`)
	s.put(t, flagID("a"), uses)
	ada := featureflag.WithContext(t.Context(), featureflag.Context{Attributes: map[string]any{"email": "ada@example.com"}})
	if !s.flags.Bool(ada, "a", false) || s.on("a") {
		t.Error("the segment does not decide")
	}
	s.put(t, segmentID("staff"), `{"ends_with":[{"var":"email"},"@example.org"]}`)
	if s.flags.Bool(ada, "a", false) {
		t.Error("the flag does not follow its segment")
	}
	_, err := s.Apply(t.Context(), flags.Change{ID: segmentID("staff"), Edit: flags.Away})
	if bad, ok := errors.AsType[*flags.InvalidError](err); !ok || bad.Problems[0].Other != flagID("a") {
		t.Errorf("a segment in use is deleted: %v", err)
	}
}

func TestErrorsSayWhere(t *testing.T) {
	t.Parallel()
	s := start(t, open(t))
	s.put(t, flagID("other"), string(boolean("on")))
	definition := "{\n  \"state\": \"ENABLED\",\n  \"variants\": {\"on\": true},\n  \"defaultVariant\": \"of\"\n}"
	err := s.Check(flagID("a"), json.RawMessage(definition))
	bad, ok := errors.AsType[*flags.InvalidError](err)
	if !ok || bad.Problems[0].Pointer != "/defaultVariant" || bad.Problems[0].Line != 4 {
		t.Fatalf("got %+v", err)
	}
	err = s.Check(flagID("a"), json.RawMessage("{\n \"state\" }"))
	if bad, ok := errors.AsType[*flags.InvalidError](err); !ok || bad.Problems[0].Line != 2 {
		t.Errorf("got %+v", err)
	}
}

const document = `{"$schema":"https://flagd.dev/schema/v0/flags.json",
	"$evaluators":{"staff":{"in":["@example.com",{"var":"email"}]}},
	"metadata":{"version":"7"},
	"flags":{
		"a":{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"on"},
		"b":{"state":"ENABLED","variants":{"x":"1","y":"2"},"defaultVariant":"x","targeting":{"if":[{"$ref":"staff"},"y"]}}}}`

func TestImportAndExport(t *testing.T) {
	t.Parallel()
	s := start(t, open(t))
	s.put(t, flagID("a"), string(boolean("on")))
	s.put(t, flagID("old"), string(boolean("on")))
	show := func(r flags.Report) string {
		return fmt.Sprint(r.Created, r.Changed, r.Deleted, r.Unchanged)
	}
	dry, err := s.Import(t.Context(), flags.Import{Document: []byte(document), Replace: true, DryRun: true})
	const want = "[{flag b} {segment staff} {set metadata}] [] [{flag old}] [{flag a}]"
	if err != nil || show(dry) != want {
		t.Fatalf("dry run: got %s, %v, want %s", show(dry), err, want)
	}
	if _, err := s.Find(flagID("b")); !errors.Is(err, flags.ErrUnknown) || !s.on("old") {
		t.Error("a dry run has changed something")
	}
	if r, err := s.Import(t.Context(), flags.Import{Document: []byte(document), Replace: true}); err != nil || show(r) != want {
		t.Fatalf("got %s, %v", show(r), err)
	}
	if !s.on("a") || s.on("old") || s.flags.String(t.Context(), "b", "") != "1" {
		t.Error("what was taken over is not in force")
	}
	if v := s.flags.Snapshot().Metadata()["version"]; v != "7" {
		t.Errorf("metadata: got %v", v)
	}
	if r, err := s.Import(t.Context(), flags.Import{Document: []byte(document)}); err != nil || len(r.Unchanged) != 4 || len(r.Changed) != 0 {
		t.Errorf("again: got %s, %v", show(r), err)
	}
	out, err := s.Export()
	if err != nil {
		t.Fatal(err)
	}
	again := start(t, open(t))
	if _, err := again.Import(t.Context(), flags.Import{Document: out}); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if got, want := again.flags.Snapshot().Hash(), s.flags.Snapshot().Hash(); got != want {
		t.Errorf("there and back: %s is not %s", got, want)
	}
	for _, garbage := range []string{"", "null", "[]", "{", `{"flags":3}`, `{"flags":{"a":1}}`, `{"flags":{"a":{"state":"MAYBE"}}}`,
		`{"flags":{"check":` + string(boolean("on")) + `}}`} {
		if _, err := s.Import(t.Context(), flags.Import{Document: []byte(garbage), Replace: true}); err == nil {
			t.Errorf("%s is taken", garbage)
		}
	}
	if !s.on("a") {
		t.Error("garbage has changed something")
	}
}

func TestFlagsOfAFileCountUntilTheDatabaseHasThem(t *testing.T) {
	t.Parallel()
	set := func(text string) *featureflag.Set {
		t.Helper()
		s, err := featureflag.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	base := featureflag.New()
	base.Replace(set(document))
	s := startOver(t, open(t), base)
	if !s.on("a") {
		t.Fatal("what the file says is not in force")
	}
	if it, err := s.Find(flagID("a")); err != nil || !it.InFile || it.Version != 0 {
		t.Errorf("got %+v, %v", it, err)
	}
	if _, err := s.Apply(t.Context(), flags.Change{ID: flagID("a"), Edit: flags.Away}); !errors.Is(err, flags.ErrFile) {
		t.Errorf("a flag of the file is deleted: %v", err)
	}
	zero := int64(0)
	if _, err := s.Apply(t.Context(), flags.Change{ID: flagID("a"), Edit: flags.Killed(true, "off"), Based: &zero}); err != nil || s.on("a") {
		t.Errorf("the emergency brake does not work: %v", err)
	}
	base.Replace(set(`{"flags":{"a":` + string(boolean("on")) + `,"new":` + string(boolean("on")) + `}}`))
	eventually(t, "the file is followed", func() bool { return s.on("new") && !s.on("a") })
	if _, err := s.Apply(t.Context(), flags.Change{ID: flagID("a"), Edit: flags.Away}); err != nil || !s.on("a") {
		t.Errorf("it does not go back to what the file says: %v", err)
	}
}

// An import may end everything by mistake; all of it can come back.
func TestAnEndOfAllCanBeUndone(t *testing.T) {
	t.Parallel()
	s := start(t, open(t))
	var all strings.Builder
	for i := range 1_100 {
		fmt.Fprintf(&all, `,"f%d":%s`, i, boolean("on"))
	}
	for _, document := range []string{`{"flags":{` + all.String()[1:] + `}}`, `{"flags":{}}`} {
		if _, err := s.Import(t.Context(), flags.Import{Document: []byte(document), Replace: true}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(s.flags.Snapshot().Keys()); got != 0 {
		t.Fatalf("got %d flags, want none", got)
	}
	for _, key := range []string{"f0", "f1099"} {
		if _, err := s.Rollback(t.Context(), flags.Change{ID: flagID(key)}, 1); err != nil || !s.on(key) {
			t.Errorf("%s does not come back: %v", key, err)
		}
	}
}

func TestWhatIsDeletedIsForgottenSomeTime(t *testing.T) {
	t.Parallel()
	db := open(t)
	s, late := start(t, db), start(t, db)
	s.put(t, flagID("gone"), string(boolean("on")))
	s.put(t, flagID("last"), string(boolean("on")))
	eventually(t, "another instance follows", func() bool { return late.on("gone") && late.on("last") })
	const ended = 20_010
	if err := db.Update(t.Context(), func(tx *storage.Tx) error { // long ago, one by one
		if _, err := tx.Exec(t.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO flags_items SELECT kind, 'f' || i, 2, 100 + i, '', at, actor, actor_name FROM n, flags_items WHERE key = 'last'`, ended); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `UPDATE flags_state SET generation = $1`, 100+ended)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(t.Context(), flags.Change{ID: flagID("gone"), Edit: flags.Away}); err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM flags_items`).Scan(&rows); err != nil || rows != 20_001 {
		t.Errorf("got %d rows, want 20000 of ended ones and one, %v", rows, err)
	}
	eventually(t, "another instance follows", func() bool { return !late.on("gone") && late.on("last") })
}

// An instance that was away until the end of a flag is forgotten reads all anew.
func TestAnInstanceThatWasAwayForLong(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := start(t, db)
	s.put(t, flagID("gone"), string(boolean("on")))
	if err := db.Update(t.Context(), func(tx *storage.Tx) error {
		if _, err := tx.Exec(t.Context(), `DELETE FROM flags_items`); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `UPDATE flags_state SET generation = 100, floor = 90`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the flag ends", func() bool { return len(s.flags.Snapshot().Keys()) == 0 })
}

func TestManyAtATime(t *testing.T) {
	t.Parallel()
	s := start(t, open(t))
	s.put(t, flagID("a"), string(boolean("on")))
	results := make(chan error)
	version := int64(1)
	for range 8 {
		go func() {
			_, err := s.Apply(context.Background(), flags.Change{ID: flagID("a"), Edit: flags.To(boolean("off")), Based: &version})
			results <- err
		}()
	}
	won := 0
	for range 8 {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, flags.ErrChanged):
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d changes won, want 1", won)
	}
}
