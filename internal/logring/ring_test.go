package logring_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/logring"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// debug passes every record.
var debug = logring.Filter{Level: slog.LevelDebug}

func newLog(opts logring.Options) (*logring.Ring, *slog.Logger) {
	r := logring.New(opts)
	return r, slog.New(r.Handler(slog.DiscardHandler, slog.LevelDebug))
}

func Example() {
	ring := logring.New(logring.Options{})
	log := slog.New(ring.Handler(slog.DiscardHandler, slog.LevelInfo)).With("module", "billing")
	log.Info("invoice paid", "invoice", 7, "amount", 12.5)
	log.Warn("invoice late", "invoice", 8)
	log.Debug("not kept")

	list, _ := ring.List(logring.Filter{Text: "INVOICE"}, 0, 10)
	for _, e := range list {
		fmt.Println(e.Seq, e.Level, e.Module, e.Message, string(e.Attrs))
	}
	// Output:
	// 2 WARN billing invoice late {"invoice":8}
	// 1 INFO billing invoice paid {"invoice":7,"amount":12.5}
}

func messages(list []*logring.Entry) string {
	var out []string
	for _, e := range list {
		out = append(out, e.Message)
	}
	return strings.Join(out, " ")
}

func TestHandlerKeepsTheRules(t *testing.T) {
	ring, log := newLog(logring.Options{})
	err := slogtest.TestHandler(log.Handler(), func() []map[string]any {
		list, _ := ring.List(debug, 0, 100)
		var out []map[string]any
		for _, e := range slices.Backward(list) {
			m := map[string]any{slog.LevelKey: e.Level, slog.MessageKey: e.Message}
			if !e.Time.IsZero() {
				m[slog.TimeKey] = e.Time
			}
			var attrs map[string]any
			if err := json.Unmarshal(e.Attrs, &attrs); err != nil {
				t.Fatalf("%s: %v", e.Attrs, err)
			}
			maps.Copy(m, attrs)
			out = append(out, m)
		}
		return out
	})
	if err != nil {
		t.Error(err)
	}
}

type text struct{}

func (text) String() string { return "a text" }

type bomb struct{}

func (bomb) Error() string { panic("boom") }

func TestAttributes(t *testing.T) {
	when := time.Date(2026, 11, 22, 1, 2, 3, 4000, time.UTC)
	for _, tt := range []struct {
		value any
		want  string
	}{
		{"a\"b\n", `"a\"b\n"`}, {7, `7`}, {uint64(8), `8`}, {1.5, `1.5`}, {true, `true`}, {nil, `null`},
		{90 * time.Second, `"1m30s"`}, {when, `"2026-11-22T01:02:03.000004Z"`},
		{errors.New("no"), `"no"`}, {text{}, `"a text"`}, {[]byte("b"), `"b"`}, {bomb{}, `"panic while it was printed"`},
		{map[string]int{"a": 1}, `{"a":1}`}, {[]string{"a"}, `["a"]`}, {struct{ A int }{1}, `{"A":1}`},
		{json.RawMessage(`{"x":1}`), `{"x":1}`}, {func() {}, `"0x`}, {slog.GroupValue(slog.Int("a", 1), slog.Group("b")), `{"a":1}`},
		{strings.Repeat("x", 10_000), `"` + strings.Repeat("x", 8192) + `…"`},
		{strings.Repeat("y", 10_000) + "é", `"` + strings.Repeat("y", 8192) + `…"`},
	} {
		ring, log := newLog(logring.Options{})
		log.Info("m", "v", tt.value)
		list, _ := ring.List(debug, 0, 1)
		if got, want := string(list[0].Attrs), `{"v":`+tt.want; !strings.HasPrefix(got, want) || !json.Valid(list[0].Attrs) {
			t.Errorf("%T: got %.200s, want %.200s", tt.value, got, want)
		}
	}
}

func TestFieldsOfAnEntry(t *testing.T) {
	ring, log := newLog(logring.Options{})
	log.With("module", "billing").WithGroup("g").Info("m", "module", "inner")
	log.Info("m", "request_id", "r1", "trace_id", "t1", "a", 1)
	list, _ := ring.List(debug, 0, 2)
	if e := list[1]; e.Module != "billing" || string(e.Attrs) != `{"g":{"module":"inner"}}` {
		t.Errorf("got %+v %s", e, e.Attrs)
	}
	if e := list[0]; e.RequestID != "r1" || e.TraceID != "t1" || string(e.Attrs) != `{"a":1}` {
		t.Errorf("got %+v %s", e, e.Attrs)
	}
}

func TestNextHandlerSeesWhatItAsksFor(t *testing.T) {
	ring := logring.New(logring.Options{})
	next := logring.New(logring.Options{})
	log := slog.New(ring.Handler(next.Handler(slog.DiscardHandler, slog.LevelWarn), slog.LevelInfo))
	log.Debug("d")
	log.Info("i")
	log.With("a", 1).WithGroup("g").Warn("w", "b", 2)
	all, _ := ring.List(debug, 0, 9)
	some, _ := next.List(debug, 0, 9)
	if messages(all) != "w i" || messages(some) != "w" || string(some[0].Attrs) != `{"a":1,"g":{"b":2}}` {
		t.Errorf("got %q and %q", messages(all), messages(some))
	}
	below := slog.New(ring.Handler(next.Handler(slog.DiscardHandler, slog.LevelDebug), slog.LevelInfo))
	below.Debug("asked for by next")
	if all, _ = ring.List(debug, 0, 1); messages(all) != "asked for by next" {
		t.Errorf("got %q", messages(all))
	}
}

func TestListFilters(t *testing.T) {
	ring, log := newLog(logring.Options{})
	log.Debug("d1", "module", "a")
	log.Info("i1", "module", "a", "request_id", "r1")
	log.Info("i2", "module", "b", "note", "Grüße aus KÖLN")
	log.Error("e1", "module", "a", "trace_id", "cafe")
	for name, tt := range map[string]struct {
		filter logring.Filter
		want   string
	}{
		"all":             {debug, "e1 i2 i1 d1"},
		"zero":            {logring.Filter{}, "e1 i2 i1"},
		"level":           {logring.Filter{Level: slog.LevelError}, "e1"},
		"module":          {logring.Filter{Module: "a"}, "e1 i1"},
		"module and more": {logring.Filter{Module: "a", RequestID: "r1", Level: slog.LevelDebug}, "i1"},
		"text":            {logring.Filter{Text: "grüsse"}, ""},
		"text, case":      {logring.Filter{Text: "GRÜßE aus köln"}, "i2"},
		"text, message":   {logring.Filter{Text: "I"}, "i2 i1"},
		"text, trace":     {logring.Filter{Text: "cafe"}, "e1"},
		"none":            {logring.Filter{Module: "c"}, ""},
	} {
		list, more := ring.List(tt.filter, 0, 10)
		if messages(list) != tt.want || more {
			t.Errorf("%s: got %q, %t, want %q", name, messages(list), more, tt.want)
		}
	}
}

func TestListPages(t *testing.T) {
	ring, log := newLog(logring.Options{})
	for i := range 5 {
		log.Info(fmt.Sprint(i + 1))
	}
	first, more := ring.List(debug, 0, 2)
	if messages(first) != "5 4" || !more {
		t.Errorf("first: got %q, %t", messages(first), more)
	}
	log.Info("6") // stable while records come
	second, more := ring.List(debug, first[1].Seq, 2)
	if messages(second) != "3 2" || !more {
		t.Errorf("second: got %q, %t", messages(second), more)
	}
	third, more := ring.List(debug, second[1].Seq, 2)
	if messages(third) != "1" || more {
		t.Errorf("third: got %q, %t", messages(third), more)
	}
	if list, more := ring.List(debug, 1, 2); len(list) > 0 || more {
		t.Errorf("before the first: got %q, %t", messages(list), more)
	}
	if list, _ := ring.List(debug, 1<<63, 1); messages(list) != "6" {
		t.Errorf("before the future: got %q", messages(list))
	}
}

func TestRingIsBounded(t *testing.T) {
	ring, log := newLog(logring.Options{Records: 10})
	for i := range 25 {
		log.Info(fmt.Sprint(i))
	}
	list, _ := ring.List(debug, 0, 100)
	if len(list) != 10 || list[0].Message != "24" || list[9].Message != "15" {
		t.Errorf("got %q", messages(list))
	}
	const bytes = 100 << 10
	ring, log = newLog(logring.Options{Bytes: bytes})
	for range 1000 {
		log.Info(strings.Repeat("m", 5000), "a", strings.Repeat("\x01", 20_000), "b", strings.Repeat("é", 20_000), "c", strings.Repeat("c", 99_999), "d", 1)
	}
	list, _ = ring.List(debug, 0, 5000)
	total := 0
	for _, e := range list {
		total += len(e.Message) + len(e.Attrs)
		if !json.Valid(e.Attrs) || len(e.Attrs) > 40<<10 {
			t.Fatalf("%d bytes: %.300s", len(e.Attrs), e.Attrs)
		}
	}
	if total > bytes || len(list) < 2 {
		t.Errorf("%d records hold %d bytes, want at most %d", len(list), total, bytes)
	}
	if !strings.Contains(string(list[0].Attrs), "cut: the record is too long") {
		t.Errorf("a record that was cut does not say so: %.300s", list[0].Attrs)
	}
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring, log := newLog(logring.Options{})
		log.Info("before")
		f, err := ring.Follow(logring.Filter{Module: "a"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		go func() {
			for i := range 100 {
				log.Info("other", "module", "b")
				if i%50 == 49 {
					<-time.After(time.Second)
					log.Info(fmt.Sprint(i), "module", "a")
				}
			}
		}()
		for _, want := range []string{"49", "99"} {
			list, dropped, err := f.Next(t.Context())
			if messages(list) != want || dropped != 0 || err != nil {
				t.Errorf("got %q, %d dropped, %v, want %q", messages(list), dropped, err, want)
			}
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		over := errors.New("over")
		cancel(over)
		if _, _, err := f.Next(ctx); !errors.Is(err, over) {
			t.Errorf("got %v, want the cause of the end", err)
		}
	})
}

func TestFollowAfter(t *testing.T) {
	ring, log := newLog(logring.Options{Records: 4})
	for i := range 6 {
		log.Info(fmt.Sprint(i + 1)) // 3 to 6 are held
	}
	for _, tt := range []struct {
		after   uint64
		want    string
		dropped uint64
	}{
		{4, "5 6", 0}, {2, "3 4 5 6", 0}, {0, "3 4 5 6", 2}, {1, "3 4 5 6", 1},
		{100, "3 4 5 6", 0}, {1<<64 - 1, "3 4 5 6", 0},
	} {
		f, err := ring.Follow(debug, &tt.after)
		if err != nil {
			t.Fatal(err)
		}
		list, dropped, err := f.Next(t.Context())
		if messages(list) != tt.want || dropped != tt.dropped || err != nil {
			t.Errorf("after %d: got %q, %d dropped, %v, want %q, %d", tt.after, messages(list), dropped, err, tt.want, tt.dropped)
		}
		f.Close()
		f.Close()
	}
}

// A reader who does not read costs nothing and learns what it missed.
func TestSlowFollower(t *testing.T) {
	ring, log := newLog(logring.Options{Records: 100})
	f, err := ring.Follow(debug, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range 1000 {
		log.Info(fmt.Sprint(i))
	}
	seen, dropped := 0, uint64(0)
	for seen < 100 {
		list, missed, err := f.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		seen += len(list)
		dropped += missed
	}
	if seen != 100 || dropped != 900 {
		t.Errorf("got %d, %d dropped, want 100 and 900", seen, dropped)
	}
}

func TestFollowersAreBounded(t *testing.T) {
	ring, _ := newLog(logring.Options{Followers: 2})
	one, err := ring.Follow(debug, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Follow(debug, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Follow(debug, nil); !errors.Is(err, logring.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	one.Close()
	if _, err := ring.Follow(debug, nil); err != nil {
		t.Errorf("after one left: %v", err)
	}
}

// Every follower sees every record once and in order, whoever logs.
func TestManyWritersAndFollowers(t *testing.T) {
	ring, log := newLog(logring.Options{Records: 4096})
	const writers, each = 8, 200
	var wg sync.WaitGroup
	for range 4 {
		f, err := ring.Follow(debug, nil)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer f.Close()
			last := uint64(0)
			for last < writers*each {
				list, dropped, err := f.Next(t.Context())
				if err != nil || dropped > 0 {
					t.Errorf("got %d dropped, %v", dropped, err)
					return
				}
				for _, e := range list {
					if e.Seq != last+1 {
						t.Errorf("got record %d after %d", e.Seq, last)
						return
					}
					last = e.Seq
				}
			}
		})
	}
	for range writers {
		wg.Go(func() {
			for i := range each {
				log.Info("m", "i", i)
				ring.List(debug, 0, 3)
			}
		})
	}
	wg.Wait()
}

func FuzzRecord(f *testing.F) {
	f.Add("m", "k", "v", "text")
	f.Add("", "\"", "\xff\u2028\x00", "V")
	f.Add("Ⱥ", "module", "K", "ⱥ") // letters whose cases differ in length
	f.Fuzz(func(t *testing.T, message, key, value, part string) {
		ring, log := newLog(logring.Options{})
		log.WithGroup(key).With(key, value).Info(message, key, []byte(value), "sure", part)
		list, _ := ring.List(logring.Filter{Text: ""}, 0, 1)
		if len(list) != 1 || !json.Valid(list[0].Attrs) {
			t.Fatalf("got %d records, %q", len(list), list[0].Attrs)
		}
		found, _ := ring.List(logring.Filter{Text: part}, 0, 1)
		ascii := strings.IndexFunc(message+part, func(c rune) bool { return c > 126 || c < 32 }) < 0
		if ascii && strings.Contains(strings.ToLower(message), strings.ToLower(part)) && len(message) < 2000 && len(found) == 0 {
			t.Errorf("%q is not found in %q", part, message)
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	_, log := newLog(logring.Options{})
	log = log.With("module", "billing")
	b.ReportAllocs()
	for b.Loop() {
		log.LogAttrs(b.Context(), slog.LevelInfo, "request", slog.String("request_id", "0123456789abcdef01234567"), slog.Int("status", 200))
	}
}
