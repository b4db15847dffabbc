package prompts_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/prompts"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t *testing.T) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "prompts.db"))
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

func start(t *testing.T, db *storage.DB) *prompts.Store {
	t.Helper()
	s := prompts.New(db, prompts.Options{Log: slog.New(slog.DiscardHandler), Poll: 5 * time.Millisecond})
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

func says(text string) *prompts.Definition {
	return &prompts.Definition{Messages: []prompts.Message{{Role: "user", Content: text}}, Variables: []string{"who"}}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	s := start(t, open(t))
	version := func(v int64) *int64 { return &v }
	undo := errors.New("undo")
	for i, tt := range []struct {
		change prompts.Change
		back   int64
		err    error
		want   int64
	}{
		{prompts.Change{Definition: says("one"), New: true}, 0, nil, 1},
		{prompts.Change{Definition: says("two"), New: true}, 0, prompts.ErrExists, 1},
		{prompts.Change{Definition: says("two"), Based: version(1)}, 0, nil, 2},
		{prompts.Change{Definition: says("three"), Based: version(1)}, 0, prompts.ErrChanged, 2},
		{prompts.Change{Definition: says("two")}, 0, nil, 2},
		{prompts.Change{Definition: says("three"), Also: func(*storage.Tx, prompts.Item, prompts.Item) error { return undo }}, 0, undo, 2},
		{prompts.Change{Based: version(2)}, 1, nil, 3},
		{prompts.Change{}, 9, prompts.ErrUnknown, 3},
		{prompts.Change{Based: version(3)}, 0, nil, 0},
		{prompts.Change{}, 0, prompts.ErrUnknown, 0},
		{prompts.Change{Definition: says("five"), There: true}, 0, prompts.ErrUnknown, 0},
		{prompts.Change{Definition: says("five")}, 0, nil, 5},
	} {
		tt.change.Name = "p"
		var err error
		if tt.back > 0 {
			_, err = s.Rollback(t.Context(), tt.change, tt.back)
		} else {
			_, err = s.Apply(t.Context(), tt.change)
		}
		it, _ := s.Find("p")
		if !errors.Is(err, tt.err) || it.Version != tt.want {
			t.Errorf("%d: got version %d, %v, want %d, %v", i, it.Version, err, tt.want, tt.err)
		}
	}
	_, err := s.Apply(t.Context(), prompts.Change{Name: "q", Definition: says("{{nobody}}")})
	if e, ok := errors.AsType[*ai.PromptError](err); !ok || e.Variable != "nobody" {
		t.Errorf("got %v, want a PromptError", err)
	}
	it, err := s.At(t.Context(), "p", 2)
	if err != nil || it.Prompt().String() != "p@2" || it.Definition.Messages[0].Content != "two" {
		t.Errorf("got %+v, %v", it, err)
	}
	if _, err := s.At(t.Context(), "p", 4); !errors.Is(err, prompts.ErrUnknown) {
		t.Errorf("the end of a prompt: got %v, want ErrUnknown", err)
	}
	list, err := s.History(t.Context(), "p", 0, 10)
	if err != nil || len(list) != 5 || list[0].Version != 5 || list[1].Definition != nil || list[2].Definition.Messages[0].Content != "one" {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestFollows(t *testing.T) {
	t.Parallel()
	db := open(t)
	here, there := start(t, db), start(t, db)
	if _, err := here.Apply(t.Context(), prompts.Change{Name: "p", Definition: says("one"), By: prompts.Actor{ID: "u1", Name: "Ada"}}); err != nil {
		t.Fatal(err)
	}
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for len(there.List()) == 0 {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("the other instance does not follow")
		}
	}
	if it, err := there.Find("p"); err != nil || it.By.Name != "Ada" || it.Prompt() == nil {
		t.Errorf("got %+v, %v", it, err)
	}
	// What cannot be read is shown, and does not stand in the way of the rest.
	if _, err := db.Exec(t.Context(), `UPDATE prompts_items SET definition = '{"messages":1}'`); err != nil {
		t.Fatal(err)
	}
	again := start(t, db)
	if it, err := again.Find("p"); err != nil || it.Prompt() != nil || it.Definition == nil {
		t.Errorf("got %+v, %v", it, err)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	s := start(t, open(t))
	for i := range prompts.Kept + 5 {
		if _, err := s.Apply(t.Context(), prompts.Change{Name: "p", Definition: says(fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.History(t.Context(), "p", 0, 200)
	if err != nil || len(list) != prompts.Kept {
		t.Errorf("got %d versions, %v, want %d", len(list), err, prompts.Kept)
	}
}

func Example() {
	ctx := context.Background()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	s := prompts.New(db, prompts.Options{})
	if err := s.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer s.Shutdown(ctx)
	for _, text := range []string{"Greet {{who}}.", "Greet {{who}} warmly."} {
		_, err := s.Apply(ctx, prompts.Change{Name: "greeting", Definition: &prompts.Definition{
			Variables: []string{"who"}, Messages: []prompts.Message{{Role: "user", Content: text}}}})
		if err != nil {
			log.Fatal(err)
		}
	}
	it, err := s.Find("greeting")
	if err != nil {
		log.Fatal(err)
	}
	messages, err := it.Prompt().Render(map[string]string{"who": "Ada"})
	fmt.Println(it.Prompt(), messages[0].Text(), err)
	// Output: greeting@2 Greet Ada warmly. <nil>
}
