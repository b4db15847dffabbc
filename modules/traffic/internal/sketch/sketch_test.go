package sketch_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/modules/traffic/internal/sketch"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var quantiles = []float64{0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1}

// distributions are shapes that latencies have, and some that they should not.
func distributions(r *rand.Rand) map[string]func() time.Duration {
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return map[string]func() time.Duration{
		"uniform":     func() time.Duration { return seconds(0.001 + r.Float64()) },
		"exponential": func() time.Duration { return seconds(0.0001 + 0.02*r.ExpFloat64()) },
		"log-normal":  func() time.Duration { return seconds(0.005 * math.Exp(1.5*r.NormFloat64())) },
		"two peaks": func() time.Duration {
			if r.IntN(10) == 0 {
				return seconds(2 + 0.1*r.Float64())
			}
			return seconds(0.0002 + 0.0001*r.Float64())
		},
		"heavy tail": func() time.Duration { return seconds(0.00001 * math.Pow(1-r.Float64(), -1.2)) },
		"constant":   func() time.Duration { return 42 * time.Millisecond },
	}
}

// Every quantile is within the error that the package promises, in one sketch
// and merged from sixteen.
func TestAccuracy(t *testing.T) {
	t.Parallel()
	for name, next := range distributions(rand.New(rand.NewPCG(1, 2))) {
		var whole, merged sketch.Sketch
		parts := make([]sketch.Sketch, 16)
		exact := make([]time.Duration, 20_000)
		for i := range exact {
			d := min(max(next(), sketch.Least), sketch.Most)
			exact[i] = d
			whole.Add(d)
			parts[i%len(parts)].Add(d)
		}
		for i := range parts {
			if err := merged.MergeBytes(parts[i].Append(nil)); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(exact)
		for _, q := range quantiles {
			want := exact[max(int(math.Ceil(q*float64(len(exact)))), 1)-1]
			got := whole.Quantile(q)
			if off := math.Abs(float64(got - want)); off > sketch.Error*float64(want)+1 { // 1: a time is whole nanoseconds
				t.Errorf("%s, quantile %v: got %s, want %s: off by %.2f %%", name, q, got, want, 100*off/float64(want))
			}
			if m := merged.Quantile(q); m != got {
				t.Errorf("%s, quantile %v: got %s merged, %s in one", name, q, m, got)
			}
		}
		if merged.Count() != uint64(len(exact)) {
			t.Errorf("%s: got %d counted, want %d", name, merged.Count(), len(exact))
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]time.Duration{
		-time.Second: sketch.Least, 0: sketch.Least, 1: sketch.Least, time.Microsecond: time.Microsecond,
		time.Hour: time.Hour, 100 * time.Hour: sketch.Most, math.MaxInt64: sketch.Most,
	} {
		var s sketch.Sketch
		s.Add(d)
		got := s.Quantile(0.5)
		if off := math.Abs(float64(got-want)) / float64(want); off > sketch.Error+1e-6 {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
	var none sketch.Sketch
	if got := none.Quantile(0.5); got != 0 || none.Count() != 0 {
		t.Errorf("empty: got %s, want 0", got)
	}
}

// What a counter has counted between two moments is all there, once.
func TestCounter(t *testing.T) {
	t.Parallel()
	var c sketch.Counter
	var seen sketch.Seen
	var sum sketch.Sketch
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 3))
			for range 10_000 {
				c.Add(time.Duration(r.ExpFloat64() * float64(time.Millisecond)))
			}
		})
	}
	for range 50 {
		s := c.Since(&seen)
		sum.Merge(&s)
	}
	wg.Wait()
	s := c.Since(&seen)
	sum.Merge(&s)
	if sum.Count() != 40_000 {
		t.Errorf("got %d, want 40000", sum.Count())
	}
	if s := c.Since(&seen); s.Count() != 0 {
		t.Errorf("got %d more, want none", s.Count())
	}
}

func TestMergeBytesRefuses(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{
		nil, {}, {0}, {2, 0, 1}, {1, 0}, {1, 0, 0}, {1, 0x80}, {1, 0, 0x80}, {1, 0xff, 0xff, 3, 1}, {1, 0x80, 9, 1},
		slices.Concat([]byte{1, 0}, bytes.Repeat([]byte{0xff}, 8), []byte{1}),
		slices.Concat([]byte{1, 0}, bytes.Repeat([]byte{0xff}, 12), []byte{1}),
	} {
		var s sketch.Sketch
		s.Add(time.Second)
		if err := s.MergeBytes(b); !errors.Is(err, sketch.ErrInvalid) || s.Count() != 1 {
			t.Errorf("%v: got %v and %d counted, want ErrInvalid and the one from before", b, err, s.Count())
		}
	}
}

// FuzzMergeBytes: whatever is taken for a sketch is written and read again as
// the same, and answers quantiles in order.
func FuzzMergeBytes(f *testing.F) {
	var s sketch.Sketch
	f.Add(s.Append(nil))
	s.Add(time.Millisecond)
	s.Add(time.Hour)
	f.Add(s.Append(nil))
	f.Add([]byte{1, 0, 1, 5, 7})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again sketch.Sketch
		if err := s.MergeBytes(b); err != nil {
			return
		}
		text := s.Append(nil)
		if err := again.MergeBytes(text); err != nil || !bytes.Equal(text, again.Append(nil)) || s.Count() != again.Count() {
			t.Fatalf("%v was read, %v was not: %v", b, text, err)
		}
		last := time.Duration(0)
		for _, q := range quantiles {
			d := s.Quantile(q)
			if d < last {
				t.Fatalf("quantile %v is %s, after %s", q, d, last)
			}
			last = d
		}
	})
}

func BenchmarkCounterAdd(b *testing.B) {
	var c sketch.Counter
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Add(1234567)
		}
	})
}

// Two instances count apart; the percentiles of both together are as good as
// those of one that had counted everything.
func Example() {
	var a, b sketch.Sketch
	for i := range 99 {
		a.Add(time.Duration(i+1) * time.Millisecond)
	}
	b.Add(3 * time.Second)
	if err := a.MergeBytes(b.Append(nil)); err != nil {
		fmt.Println(err)
	}
	fmt.Println(a.Count(), a.Quantile(0.5).Round(time.Millisecond), a.Quantile(1).Round(100*time.Millisecond))
	// Output: 100 50ms 3s
}
