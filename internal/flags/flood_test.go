package flags_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/flags"
)

// twins is a document in which a flag and its twin say the same, as those of one
// import always do.
func twins(n int) []byte {
	one := func(key string) string {
		return fmt.Sprintf(`%q:{"state":"ENABLED","variants":{"v":%d},"defaultVariant":"v"}`, key, n)
	}
	return []byte(`{"flags":{` + one("left") + `,` + one("right") + `}}`)
}

// Readers never wait and never see half of a change, while it pours.
func TestReadersSeeNoHalfOfAChange(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flags.db")
	s := start(t, openFile(t, path))
	other := start(t, openFile(t, path))
	if _, err := s.Import(t.Context(), flags.Import{Document: twins(0)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other follows", func() bool { _, ok := other.flags.Snapshot().Flag("left"); return ok })
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	var seen atomic.Int64
	for _, f := range []*featureflag.Flags{s.flags, other.flags} {
		readers.Go(func() {
			for ctx.Err() == nil {
				set := f.Snapshot()
				left, right := set.Evaluate("left", nil), set.Evaluate("right", nil)
				if l, r := fmt.Sprint(left.Value), fmt.Sprint(right.Value); l != r {
					t.Errorf("half of a change: %s and %s", l, r)
					return
				}
				seen.Add(1)
			}
		})
	}
	for i := range 100 {
		if _, err := s.Import(t.Context(), flags.Import{Document: twins(i)}); err != nil {
			t.Error(err)
			break
		}
	}
	eventually(t, "the other has the last", func() bool { return other.flags.Int(context.Background(), "left", -1) == 99 })
	eventually(t, "somebody has read something", func() bool { return seen.Load() > 0 })
	cancel()
	readers.Wait()
}

// BenchmarkChanges is what a change costs among 10,000 flags, stored, validated
// and in force, by 32 writers at a time with two readers at full speed; the database is in memory, for the disk not to decide.
func BenchmarkChanges(b *testing.B) {
	for _, readers := range []int{0, 2} {
		b.Run(fmt.Sprintf("readers=%d", readers), func(b *testing.B) { benchmarkChanges(b, readers) })
	}
}

func benchmarkChanges(b *testing.B, readers int) {
	s := start(b, openFile(b, ":memory:"))
	all := map[string]json.RawMessage{}
	for i := range 10_000 {
		all[fmt.Sprintf("flag-%05d", i)] = json.RawMessage(`{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"off",
			"targeting":{"if":[{"and":[{"==":[{"var":"plan"},"pro"]},{"ends_with":[{"var":"email"},"@example.com"]}]},"on"]}}`)
	}
	document, err := json.Marshal(map[string]any{"flags": all})
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	if _, err := s.Import(b.Context(), flags.Import{Document: document}); err != nil {
		b.Fatal(err)
	}
	b.Logf("import of 10,000 flags, until they are in force: %s", time.Since(begun))
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var reads, slowest atomic.Int64
	for range readers {
		go func() {
			for ctx.Err() == nil {
				at := time.Now()
				s.flags.Bool(ctx, "flag-00007", false)
				slowest.Store(max(slowest.Load(), int64(time.Since(at))))
				reads.Add(1)
			}
		}()
	}
	var next atomic.Int64
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := next.Add(1)
			if _, err := s.Apply(ctx, flags.Change{ID: flagID(fmt.Sprintf("flag-%05d", n%10_000)), Edit: flags.Killed(n/10_000%2 == 0, "")}); err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Minutes(), "changes/min")
	b.ReportMetric(float64(reads.Load())/b.Elapsed().Seconds()/1e6, "Mreads/s")
	b.ReportMetric(float64(slowest.Load())/1e6, "slowest-read-ms")
}
