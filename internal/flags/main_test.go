package flags_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/flags"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t testing.TB) *storage.DB {
	t.Helper()
	return openFile(t, filepath.Join(t.TempDir(), "flags.db"))
}

func openFile(t testing.TB, path string) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(path)
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

// an instance is a store and what it puts in force.
type instance struct {
	*flags.Store
	flags *featureflag.Flags
}

func start(t testing.TB, db *storage.DB) instance {
	t.Helper()
	return startOver(t, db, nil)
}

func startOver(t testing.TB, db *storage.DB, base *featureflag.Flags) instance {
	t.Helper()
	into := featureflag.New()
	s := flags.New(db, into, flags.Options{Log: slog.New(slog.DiscardHandler), Poll: 5 * time.Millisecond})
	if base != nil {
		s.Over(base)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return instance{s, into}
}

// boolean is a flag that serves one of its two variants to everybody.
func boolean(variant string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":%q}`, variant))
}

func flagID(key string) flags.ID    { return flags.ID{Kind: flags.Flag, Key: key} }
func segmentID(key string) flags.ID { return flags.ID{Kind: flags.Segment, Key: key} }

func (i instance) put(t testing.TB, id flags.ID, definition string) flags.Item {
	t.Helper()
	it, err := i.Apply(t.Context(), flags.Change{ID: id, Edit: flags.To(json.RawMessage(definition)), By: flags.Actor{ID: "1", Name: "Ada"}})
	if err != nil {
		t.Fatalf("put %s: %v", id.Key, err)
	}
	return it
}

func (i instance) on(key string) bool { return i.flags.Bool(context.Background(), key, false) }

// eventually waits for what is told by ok, which is asked now and then.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline, tick := time.After(time.Minute), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within a minute", what)
		case <-tick.C:
		}
	}
}
