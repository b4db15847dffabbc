package flags_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/flags"
)

func TestInstancesFollow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flags.db")
	a, b := start(t, openFile(t, path)), start(t, openFile(t, path))
	a.put(t, flagID("a"), string(boolean("on")))
	eventually(t, "made", func() bool { return b.on("a") })
	if _, err := b.Apply(t.Context(), flags.Change{ID: flagID("a"), Edit: flags.Killed(true, "off")}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "killed", func() bool { return !a.on("a") })
	if _, err := a.Apply(t.Context(), flags.Change{ID: flagID("a"), Edit: flags.Away}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "deleted", func() bool { _, ok := b.flags.Snapshot().Flag("a"); return !ok })
}

// While the database is away, all stays as it was, and goes on when it is back.
func TestTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flags.db")
	db := openFile(t, path)
	a := start(t, db)
	a.put(t, flagID("a"), string(boolean("on")))
	b := start(t, openFile(t, path))
	if _, err := db.Exec(t.Context(), `ALTER TABLE flags_state RENAME TO gone`); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Apply(t.Context(), flags.Change{ID: flagID("a"), Edit: flags.To(boolean("off"))}); err == nil {
		t.Error("a change is taken that nobody can store")
	}
	if !a.on("a") || !b.on("a") {
		t.Error("what was in force is not any more")
	}
	state := func(want featureflag.SourceState) func() bool {
		return func() bool { got, _ := a.flags.SourceState(); return got == want }
	}
	eventually(t, "it is told to be stale", state(featureflag.SourceStale))
	if _, err := db.Exec(t.Context(), `ALTER TABLE gone RENAME TO flags_state`); err != nil {
		t.Fatal(err)
	}
	b.put(t, flagID("a"), string(boolean("off")))
	eventually(t, "the database is back", func() bool { return !a.on("a") })
	eventually(t, "it is told to be ready", state(featureflag.SourceReady))
}

// A row that is damaged, or that another version wrote, costs nobody but itself.
func TestDamagedRows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flags.db")
	db := openFile(t, path)
	a := start(t, db)
	for _, key := range []string{"good", "bad", "worse", "unsure"} {
		a.put(t, flagID(key), string(boolean("on")))
	}
	a.put(t, flagID("needing"), `{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"on","metadata":{"prerequisites":"bad=on"}}`)
	for key, text := range map[string]string{"bad": `{"state":"MAYBE"}`, "worse": "\x00{", "unsure": `["on"]`} {
		if _, err := db.Exec(t.Context(), `UPDATE flags_items SET definition = $1, generation = 100 WHERE key = $2`, text, key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(t.Context(), `UPDATE flags_state SET generation = 100`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the damage is found", func() bool { return len(a.Damaged()) == 3 })
	for _, key := range []string{"good", "bad", "worse", "unsure", "needing"} {
		if !a.on(key) {
			t.Errorf("%s: what was in force is not any more", key)
		}
	}
	late := start(t, db)
	for key, want := range map[string]bool{"good": true, "bad": false, "worse": false, "unsure": false, "needing": false} {
		if got := late.on(key); got != want {
			t.Errorf("a late instance: %s is %t, want %t: %v", key, got, want, late.Damaged())
		}
	}
	brake := func(key string) flags.Change { return flags.Change{ID: flagID(key), Edit: flags.Killed(true, "off")} }
	if _, err := a.Apply(t.Context(), brake("worse")); err != nil || a.on("worse") {
		t.Errorf("stop what is damaged and in force: got %v, on is %t", err, a.on("worse"))
	}
	if _, err := start(t, db).Apply(t.Context(), brake("unsure")); !isInvalid(err) {
		t.Errorf("stop what is not in force: got %v", err)
	}
	late.put(t, flagID("good"), string(boolean("off")))
	eventually(t, "others can be changed", func() bool { return !a.on("good") })
	if text, err := late.Export(); err != nil || !json.Valid(text) {
		t.Errorf("export: %v", err)
	}
	a.put(t, flagID("bad"), string(boolean("on")))
	eventually(t, "it is mended", func() bool { return late.on("bad") && late.on("needing") })
}

func isInvalid(err error) bool {
	_, ok := errors.AsType[*flags.InvalidError](err)
	return ok
}
