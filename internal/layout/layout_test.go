package layout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/layout"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t testing.TB) (*storage.DB, *layout.Store) {
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
	s := layout.New(db)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, s
}

var (
	ann   = layout.Owner{Kind: layout.Account, ID: "ann"}
	clerk = layout.Owner{Kind: layout.Role, ID: "clerk"}
	cpu   = layout.Item{Module: "system", Panel: "cpu", Width: 2, Height: 1}
	disk  = layout.Item{Module: "system", Panel: "disk", Width: 4, Height: 3, Hidden: true}
)

func version(n int64) *int64 { return &n } //nolint:modernize // the name says what the number is

func TestTheFirstOwnerWithALayoutCounts(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	if l, err := s.First(t.Context(), ann, clerk); err != nil || l.Version != 0 || len(l.Items) != 0 {
		t.Fatalf("got %+v, %v, want none", l, err)
	}
	if _, err := s.Put(t.Context(), clerk, []layout.Item{cpu}, nil, nil); err != nil {
		t.Fatal(err)
	}
	l, err := s.First(t.Context(), ann, clerk)
	if err != nil || l.Owner != clerk || !slices.Equal(l.Items, []layout.Item{cpu}) {
		t.Fatalf("got %+v, %v, want the role's", l, err)
	}
	if _, err := s.Put(t.Context(), ann, []layout.Item{disk, cpu}, version(0), nil); err != nil {
		t.Fatal(err)
	}
	if l, err = s.First(t.Context(), ann, clerk); err != nil || l.Owner != ann || !slices.Equal(l.Items, []layout.Item{disk, cpu}) {
		t.Fatalf("got %+v, %v, want ann's own", l, err)
	}
	if err := s.Delete(t.Context(), ann, version(1), nil); err != nil {
		t.Fatal(err)
	}
	if l, err = s.First(t.Context(), ann, clerk); err != nil || l.Owner != clerk {
		t.Fatalf("got %+v, %v, want the role's again", l, err)
	}
}

func TestAChangeBasedOnAnOlderLayoutIsRefused(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	var wg sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wg.Go(func() { _, results[i] = s.Put(context.Background(), ann, []layout.Item{cpu}, version(0), nil) })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, layout.ErrChanged) {
			t.Errorf("got %v, want ErrChanged", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 8 first changes were taken, want 1", won)
	}
	if err := s.Delete(t.Context(), ann, version(7), nil); !errors.Is(err, layout.ErrChanged) {
		t.Errorf("delete: got %v, want ErrChanged", err)
	}
}

func TestWhatRunsWithAChangeUndoesIt(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	no := errors.New("no")
	if _, err := s.Put(t.Context(), clerk, []layout.Item{cpu}, nil, func(*storage.Tx) error { return no }); !errors.Is(err, no) {
		t.Fatalf("got %v, want %v", err, no)
	}
	if l, err := s.First(t.Context(), clerk); err != nil || l.Version != 0 {
		t.Errorf("got %+v, %v, want none", l, err)
	}
}

func TestLayoutsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	many := make([]layout.Item, layout.MaxItems+1)
	for i := range many {
		many[i] = layout.Item{Module: "m", Panel: fmt.Sprint("p", i), Width: 1, Height: 1}
	}
	for name, tc := range map[string]struct {
		items []layout.Item
		index int
		field string
	}{
		"twice":     {[]layout.Item{cpu, disk, cpu}, 2, "panel"},
		"no module": {[]layout.Item{{Panel: "p", Width: 1, Height: 1}}, 0, "module"},
		"no panel":  {[]layout.Item{{Module: "p", Width: 1, Height: 1}}, 0, "panel"},
		"too wide":  {[]layout.Item{{Module: "m", Panel: "p", Width: 5, Height: 1}}, 0, "width"},
		"no height": {[]layout.Item{cpu, {Module: "m", Panel: "p", Width: 1}}, 1, "height"},
		"too many":  {many, layout.MaxItems, ""},
	} {
		_, err := s.Put(t.Context(), ann, tc.items, nil, nil)
		got, ok := errors.AsType[*layout.InvalidError](err)
		if !ok || got.Index != tc.index || got.Field != tc.field {
			t.Errorf("%s: got %v, want item %d, field %q", name, err, tc.index, tc.field)
		}
	}
}
