package history_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/modules/system/internal/history"
)

// noon is a whole number of minutes, so that steps are easy to tell.
var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// fill appends the value i at second i×every, for i from 0 to n-1.
func fill(r *history.Ring, n, every int) {
	for i := range n {
		r.Append(at(i*every), []float32{float32(i), -float32(i)})
	}
}

// show writes a series as "second=value …".
func show(s history.Series) string {
	var out []string
	for i, t := range s.Times {
		out = append(out, fmt.Sprintf("%g=%g", t.Sub(noon).Seconds(), s.Values[0][i]))
	}
	return fmt.Sprint(out)
}

func TestRingOverwritesOldest(t *testing.T) {
	r := history.New(2, 3*time.Second, time.Second)
	if got, want := r.Cap(), 4; got != want {
		t.Fatalf("Cap = %d, want %d", got, want)
	}
	fill(r, 10, 1)
	if got, want := show(r.Series(noon.Add(-time.Hour), 100, 0)), "[6=6 7=7 8=8 9=9]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	s := r.Series(at(7), 100, 1, 0)
	if got, want := fmt.Sprint(s.Values), "[[-8 -9] [8 9]]"; got != want {
		t.Errorf("columns 1 and 0 after second 7: got %s, want %s", got, want)
	}
	if got := r.Last(1); got != -9 {
		t.Errorf("Last = %v, want -9", got)
	}
}

func TestRingEmpty(t *testing.T) {
	r := history.New(1, time.Minute, time.Second)
	s := r.Series(noon, 10, 0)
	if s.Times == nil || s.Values[0] == nil || len(s.Times) != 0 {
		t.Errorf("got %+v, want empty lists", s)
	}
	if !math.IsNaN(r.Last(0)) {
		t.Errorf("Last = %v, want NaN", r.Last(0))
	}
	if got := r.Resize(time.Hour, time.Second).Len(); got != 0 {
		t.Errorf("Len after Resize = %d, want 0", got)
	}
}

func TestAppendMarksGaps(t *testing.T) {
	r := history.New(1, time.Minute, time.Second)
	for _, s := range []int{0, 1, 3, 10, 11} { // one late sample is no gap
		r.Append(at(s), []float32{float32(s)})
	}
	if got, want := show(r.Series(noon.Add(-time.Hour), 100, 0)), "[0=0 1=1 3=3 4=NaN 10=10 11=11]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAppendAfterClockWasSetBack(t *testing.T) {
	r := history.New(1, time.Minute, time.Second)
	for _, s := range []int{0, 1, 2, 3, 1, 2} {
		r.Append(at(s), []float32{float32(10 + s)})
	}
	if got, want := show(r.Series(noon.Add(-time.Hour), 100, 0)), "[0=10 1=11 2=12]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestResize(t *testing.T) {
	tests := []struct {
		name             string
		window, interval time.Duration
		want             string
	}{
		{"same", 9 * time.Second, time.Second, "[0=0 1=1 2=2 3=3 4=4 5=5 6=6 7=7 8=8 9=9]"},
		{"longer window", time.Minute, time.Second, "[0=0 1=1 2=2 3=3 4=4 5=5 6=6 7=7 8=8 9=9]"},
		{"shorter window", 3 * time.Second, time.Second, "[6=6 7=7 8=8 9=9]"},
		{"longer interval", 9 * time.Second, 2 * time.Second, "[1=0.5 3=2.5 5=4.5 7=6.5 9=8.5]"},
		{"shorter interval", 9 * time.Second, 500 * time.Millisecond, "[0=0 1=1 2=2 3=3 4=4 5=5 6=6 7=7 8=8 9=9]"},
		{"tiny", time.Millisecond, time.Minute, "[9=9]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := history.New(2, 9*time.Second, time.Second)
			fill(r, 10, 1)
			resized := r.Resize(tt.window, tt.interval)
			if got := show(resized.Series(noon.Add(-time.Hour), 100, 0)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got, want := resized.Cap(), history.Rows(tt.window, tt.interval); got != want {
				t.Errorf("Cap = %d, want %d", got, want)
			}
		})
	}
}

func TestResizeToShorterIntervalMarksNoGap(t *testing.T) {
	r := history.New(2, 5*time.Minute, time.Minute)
	fill(r, 3, 60)
	r = r.Resize(5*time.Minute, time.Second)
	r.Append(at(175), []float32{3, 0})
	r.Append(at(176), []float32{4, 0})
	if got, want := show(r.Series(noon.Add(-time.Hour), 100, 0)), "[0=0 60=1 120=2 175=3 176=4]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSeriesAverages(t *testing.T) {
	r := history.New(2, time.Minute, time.Second)
	fill(r, 12, 1)
	if got, want := show(r.Series(noon.Add(-time.Hour), 4, 0)), "[3=1.5 7=5.5 11=9.5]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	r.Append(at(12), []float32{100, 0})
	if got, want := show(r.Series(noon, 4, 0)), "[3=2 7=5.5 11=9.5 12=100]"; got != want {
		t.Errorf("one second later: got %s, want %s: later points must stay as they were", got, want)
	}
}

func TestSeriesLeavesOutWhatWasNotMeasured(t *testing.T) {
	r := history.New(1, time.Minute, time.Second)
	nan := float32(math.NaN())
	for i, v := range []float32{1, nan, 3, nan, nan, nan} {
		r.Append(at(i), []float32{v})
	}
	s := r.Series(noon.Add(-time.Hour), 3, 0)
	if got, want := show(s), "[3=2 5=NaN]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSeriesNeverExceedsPoints(t *testing.T) {
	r := history.New(2, time.Hour, time.Second)
	fill(r, 3000, 1)
	for _, points := range []int{2, 3, 7, 10, 100, 1499, 1500, 2999, 3000, 4000} {
		s := r.Series(noon.Add(-time.Hour), points, 0, 1)
		if len(s.Times) > points {
			t.Errorf("asked for %d points, got %d", points, len(s.Times))
		}
		if !slices.IsSortedFunc(s.Times, time.Time.Compare) || len(s.Values[0]) != len(s.Times) {
			t.Errorf("%d points: times not ascending or columns of other length", points)
		}
	}
}

func TestMemoryIsFixed(t *testing.T) {
	day := history.New(22, 24*time.Hour, time.Second)
	if got, limit := day.Bytes(), 10<<20; got > limit {
		t.Errorf("a day at 1 s takes %d bytes, want at most %d", got, limit)
	}
	r := history.New(22, 10*time.Minute, 2*time.Second)
	row := make([]float32, 22)
	i := 0
	got := testing.AllocsPerRun(1000, func() { i++; r.Append(at(2*i), row) })
	if got != 0 {
		t.Errorf("Append allocates %v times, want 0", got)
	}
}

func FuzzRing(f *testing.F) {
	f.Add([]byte{1, 1, 1, 200, 3, 0, 9})
	f.Fuzz(func(t *testing.T, steps []byte) {
		r := history.New(1, 20*time.Second, time.Second)
		now := noon
		for i, step := range steps {
			switch {
			case step >= 250:
				r = r.Resize(time.Duration(step-240)*time.Second, time.Duration(step-249)*time.Second)
			case step >= 240:
				now = now.Add(-time.Duration(step-239) * time.Second)
			default:
				now = now.Add(time.Duration(step) * 100 * time.Millisecond)
			}
			r.Append(now, []float32{float32(i)})
			if r.Len() < 1 || r.Len() > r.Cap() || r.Last(0) != float64(i) {
				t.Fatalf("step %d: Len %d of %d, Last %v", i, r.Len(), r.Cap(), r.Last(0))
			}
		}
		s := r.Series(time.Time{}, len(steps)/2, 0)
		if !slices.IsSortedFunc(s.Times, time.Time.Compare) || len(s.Times) != len(s.Values[0]) {
			t.Fatalf("times %v", s.Times)
		}
	})
}

func BenchmarkSeriesDay(b *testing.B) {
	r := history.New(4, 24*time.Hour, time.Second)
	row := make([]float32, 4)
	for i := range r.Cap() {
		r.Append(at(i), row)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Series(noon, 360, 0, 1, 2, 3)
	}
}

func ExampleRing() {
	r := history.New(1, time.Minute, time.Second)
	for i := range 4 {
		r.Append(at(i), []float32{float32(i * i)})
	}
	s := r.Series(noon, 10, 0)
	fmt.Println(s.Values[0])
	// Output: [1 4 9]
}
