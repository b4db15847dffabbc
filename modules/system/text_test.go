package system_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/modules/system"
)

func TestBytesText(t *testing.T) {
	tests := map[uint64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 100 << 10: "100 KiB",
		16 << 30: "16.0 GiB", math.MaxUint64: "16.0 EiB",
	}
	for n, want := range tests {
		if got := system.BytesText(n); got != want {
			t.Errorf("%d bytes: got %q, want %q", n, got, want)
		}
	}
}

func TestDurationText(t *testing.T) {
	tests := map[time.Duration]string{
		0: "0 min", 59 * time.Minute: "59 min", 61 * time.Minute: "1 h 1 min",
		25 * time.Hour: "1 d 1 h", 400*24*time.Hour + time.Minute: "400 d 0 h",
	}
	for d, want := range tests {
		if got := system.DurationText(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	tests := map[string]string{
		"nginx": "nginx", "kworker/0:1": "kworker/0:1", "a\x1b[31mb": "a?[31mb", "a\xff": "a?", "名前": "名前",
		"a\u202eb": "a?b",
	}
	for name, want := range tests {
		if got := system.Clean(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	bounds := []float64{math.Inf(-1), 1, 2, 4, math.Inf(1)}
	tests := []struct {
		counts []uint64
		q      float64
		want   float64
	}{
		{[]uint64{0, 0, 0, 0}, 0.5, 0},
		{[]uint64{0, 98, 1, 1}, 0.5, 2},
		{[]uint64{0, 98, 1, 1}, 0.99, 4},
		{[]uint64{0, 0, 0, 9}, 0.99, 4},
		{[]uint64{5, 0, 0, 0}, 0.5, 1},
	}
	for _, tt := range tests {
		if got := system.Quantile(bounds, tt.counts, tt.q); got != tt.want {
			t.Errorf("quantile %v of %v: got %v, want %v", tt.q, tt.counts, got, tt.want)
		}
	}
}

func TestBusiest(t *testing.T) {
	cores := []system.Core{{ID: 0, Percent: 5}, {ID: 1, Percent: 90}, {ID: 2, Percent: 1}, {ID: 3, Percent: 50}}
	got := system.Busiest(cores, 2)
	if want := []system.Core{{ID: 1, Percent: 90}, {ID: 3, Percent: 50}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := system.Busiest(cores, 4); len(got) != 4 || got[0].ID != 0 {
		t.Errorf("got %v, want them all as they are", got)
	}
}

// TestHistoryQueryListsEveryMetric keeps the validator's list, which has to be
// a constant, and the metrics together.
func TestHistoryQueryListsEveryMetric(t *testing.T) {
	field, _ := reflect.TypeFor[system.HistoryQuery]().FieldByName("Metric")
	_, list, _ := strings.Cut(field.Tag.Get("validate"), "oneof=")
	if got, want := list, strings.Join(system.MetricNames(), " "); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
