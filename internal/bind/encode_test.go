package bind_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/bind"
)

func encoder(t testing.TB, typ reflect.Type) *bind.Encoder {
	t.Helper()
	e, err := bind.New().CompileOut(typ)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func encode(t *testing.T, v any) string {
	t.Helper()
	got, err := encoder(t, reflect.TypeOf(v)).Append(nil, v, 0)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// standard encodes as encoding/json does, without HTML escaping.
func standard(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

type meters float64

func (m meters) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "{ \"m\" : %g }", float64(m)), nil
}

type shade int

func (s shade) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "shade-%d", int(s)), nil }

type odd struct{ n int }

func (o odd) IsZero() bool { return o.n%2 == 0 }

type promoted struct {
	ID    int    `json:"id"`
	Name  string // hidden by the outer one
	Label string
}

type alsoPromoted struct{ Label string }

type all struct {
	*promoted
	alsoPromoted // Label is ambiguous
	Name         string
	Text         string            `json:"text"`
	Empty        string            `json:"empty,omitempty"`
	Flag         bool              `json:"flag"`
	I8           int8              `json:"i8,string"`
	U64          uint64            `json:"u64"`
	F32          float32           `json:"f32"`
	F64          float64           `json:"f64"`
	Floats       []float64         `json:"floats"`
	Ptr          *int              `json:"ptr"`
	PtrOmit      *int              `json:"ptr_omit,omitempty"`
	Bytes        []byte            `json:"bytes"`
	Array        [2]bool           `json:"array"`
	Map          map[string]int    `json:"map"`
	Ints         map[int]string    `json:"ints"`
	Shades       map[shade]int     `json:"shades"`
	Any          any               `json:"any"`
	AnyMap       map[string]any    `json:"any_map"`
	Meters       meters            `json:"meters"`
	MetersPtr    *meters           `json:"meters_ptr"`
	Shade        shade             `json:"shade"`
	Addr         netip.Addr        `json:"addr"`
	When         time.Time         `json:"when"`
	ZeroWhen     time.Time         `json:"zero_when,omitzero"`
	Odd          odd               `json:"odd,omitzero"`
	Raw          json.RawMessage   `json:"raw"`
	Number       json.Number       `json:"number"`
	Nested       []map[string]all2 `json:"nested"`
	Skip         string            `json:"-"`
	Dash         string            `json:"-,"` //nolint:staticcheck // SA5008: the name "-" is what is tested
	Stringer     fmt.Stringer      `json:"stringer"`
}

type all2 struct {
	List []string `json:"list,omitempty"`
	Next *all2    `json:"next,omitempty"`
}

func filled() all {
	return all{
		promoted: &promoted{ID: 7, Name: "hidden", Label: "x"}, alsoPromoted: alsoPromoted{"y"}, Name: "outer",
		Text: "a\"\\\n\t\r\b\f\x01<>&é😀\u2028\u2029\xff\x7f", I8: -5, U64: math.MaxUint64, F32: 0.1, F64: 1e21,
		Floats: []float64{0, 1, -1.5, 1e-7, 1e-6, 123456789, 1e20, 1e21, 1.7976931348623157e308, 5e-324, 3e-9},
		Ptr:    new(3), Bytes: []byte{0, 255, 1}, Array: [2]bool{true}, Map: map[string]int{"b": 1, "a": 2, "ü": 3},
		Ints: map[int]string{10: "x", -2: "y", 9: "z"}, Shades: map[shade]int{2: 1, 1: 2},
		Any: []any{1, "a", nil, 1.5, true, int64(4), []int{1}, map[string]string{"a": "b"}, struct{ A int }{1}}, AnyMap: map[string]any{"z": 1, "a": nil},
		Meters: 1.5, MetersPtr: new(meters(2)), Shade: 3, Addr: netip.MustParseAddr("::1"), When: time.Unix(1, 5000).UTC(), Odd: odd{1},
		Raw: json.RawMessage(` {"a" : [ 1 ]}`), Number: "1.50", Nested: []map[string]all2{{"k": {List: []string{"x"}, Next: &all2{}}}},
		Dash: "d", Stringer: time.Minute,
	}
}

func TestEncodeMatchesEncodingJSON(t *testing.T) {
	v := filled()
	v.Stringer = nil // durations differ on purpose
	if got, want := encode(t, v), standard(t, v); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	for _, v := range []any{"x", 1, 1.5, true, []int{}, [0]int{}, map[string]int{}, struct{}{}, &promoted{}, []*int{nil}, new("a")} {
		if got, want := encode(t, v), standard(t, v); got != want {
			t.Errorf("%T: got %s, want %s", v, got, want)
		}
	}
}

type pointerMarshaler struct{ n int }

func (p *pointerMarshaler) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "[%d]", p.n), nil }

type pointerText struct{ n int }

func (p *pointerText) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "t%d", p.n), nil }

func TestEncodeDiffersOnPurpose(t *testing.T) {
	type inner struct {
		List []string
		Map  map[string]int
		Raw  []byte
	}
	zone := time.FixedZone("", 3600)
	for _, c := range []struct {
		name string
		v    any
		want string
	}{
		{"nil slice", []string(nil), "[]"},
		{"nil map", map[string]int(nil), "{}"},
		{"nil any map", map[string]any(nil), "{}"},
		{"nested", []inner{{}}, `[{"List":[],"Map":{},"Raw":""}]`},
		{"behind a pointer", &inner{}, `{"List":[],"Map":{},"Raw":""}`},
		{"in any", []any{[]int(nil), map[string]any{"a": []any(nil)}}, `[[],{"a":[]}]`},
		{"in a map", map[string][]int{"a": nil}, `{"a":[]}`},
		{"in an array", [2][]int{}, `[[],[]]`},
		{"times are UTC", time.Date(2024, 1, 2, 3, 4, 5, 0, zone), `"2024-01-02T02:04:05Z"`},
		{"durations are text", 90 * time.Second, `"1m30s"`},
		{"pointer marshaler", pointerMarshaler{5}, "[5]"},
		{"pointer marshaler in a list", []pointerMarshaler{{5}}, "[[5]]"},
		{"pointer marshaler in a map", map[string]pointerMarshaler{"a": {5}}, `{"a":[5]}`},
		{"pointer text", map[string]pointerText{"a": {5}}, `{"a":"t5"}`},
		{"nil pointer marshaler", (*pointerMarshaler)(nil), "null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := encode(t, c.v); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestEncodeDoesNotWrite: an answer may be shared by requests.
func TestEncodeDoesNotWrite(t *testing.T) {
	shared := []*all2{{}, {Next: &all2{}}}
	e := encoder(t, reflect.TypeFor[[]*all2]())
	done := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for range 100 {
				if _, err := e.Append(nil, shared, 0); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	for range 4 {
		<-done
	}
	if shared[0].List != nil || shared[1].Next.List != nil {
		t.Error("a nil list was replaced in place")
	}
}

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("broken") }

type failingText struct{}

func (failingText) MarshalText() ([]byte, error) { return nil, errors.New("broken") }

type garbage struct{}

func (garbage) MarshalJSON() ([]byte, error) { return []byte("{"), nil }

func TestEncodeErrors(t *testing.T) {
	type list struct{ Next any }
	cycle := &list{}
	cycle.Next = cycle
	loop := map[string]any{}
	loop["a"] = loop
	var self any
	self = &self
	for _, c := range []struct {
		name  string
		v     any
		limit int64
		want  string
	}{
		{"string", "12345", 6, "larger"},
		{"bytes", make([]byte, 100), 50, "larger"},
		{"slice of nothing", make([]struct{}, 1000), 100, "larger"},
		{"map", map[string]int{"a": 1, "b": 2, "c": 3}, 10, "larger"},
		{"any map", map[string]any{"a": 1, "b": 2, "c": 3}, 10, "larger"},
		{"struct", struct{ A, B, C int }{}, 10, "larger"},
		{"number", json.Number("123456"), 3, "larger"},
		{"marshaler", meters(1), 3, "larger"},
		{"int", 12345, 4, "larger"},
		{"cycle", cycle, 0, "too deep"},
		{"map cycle", loop, 0, "too deep"},
		{"pointer cycle", self, 0, "too deep"},
		{"NaN", math.NaN(), 0, "no JSON form"},
		{"infinity", []float64{math.Inf(1)}, 0, "no JSON form"},
		{"year", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), 0, "10000"},
		{"bad number", json.Number("1x"), 0, "not a number"},
		{"failing", []any{failing{}}, 0, "broken"},
		{"failing text", failingText{}, 0, "broken"},
		{"failing key", map[failingText]int{{}: 1}, 0, "broken"},
		{"garbage", garbage{}, 0, "JSON"},
		{"hidden function", []any{func() {}}, 0, "func()"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			err := encoder(t, reflect.TypeOf(c.v)).Encode(w, 200, c.v, c.limit)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
			if w.Body.Len() > 0 || len(w.Header()) > 0 {
				t.Errorf("something was written: %v %s", w.Header(), w.Body)
			}
		})
	}
	for _, v := range []any{func() {}, make(chan int), struct{ F func() }{}, []complex64{}, map[struct{}]int{}, map[bool]int{}, struct {
		S string `json:",string"`
	}{}} {
		if _, err := bind.New().CompileOut(reflect.TypeOf(v)); err == nil {
			t.Errorf("%T: got no error", v)
		}
	}
	if err := encoder(t, reflect.TypeFor[int]()).Encode(httptest.NewRecorder(), 200, "x", 0); err == nil {
		t.Error("a value of another type: got no error")
	}
}

// TestEncodeHuge: an answer of a gigabyte is refused before it costs memory.
func TestEncodeHuge(t *testing.T) {
	type answer struct {
		Data []byte   `json:"data"`
		Text string   `json:"text"`
		Rows []string `json:"rows"`
	}
	e := encoder(t, reflect.TypeFor[answer]())
	huge := make([]byte, 1<<30) // never touched, so never resident
	rows := make([]string, 1<<20)
	for i := range rows {
		rows[i] = "a row of some length, many times over"
	}
	for _, v := range []answer{{Data: huge}, {Rows: rows}, {Text: strings.Repeat("x", bind.DefaultAnswerLimit)}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := e.Encode(httptest.NewRecorder(), 200, v, 0); !errors.Is(err, bind.ErrTooLarge) {
			t.Fatalf("got %v, want ErrTooLarge", err)
		}
		runtime.ReadMemStats(&after)
		if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(6*bind.DefaultAnswerLimit); got > limit {
			t.Errorf("refusing takes %d bytes in all, want at most %d", got, limit)
		}
	}
}

// Answers say how long they are: short ones have it from net/http.
func TestEncodeLength(t *testing.T) {
	e := encoder(t, reflect.TypeFor[string]())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.RawQuery)
		if err := e.Encode(w, http.StatusOK, strings.Repeat("a", n), 0); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	for _, n := range []int{0, 1, 1000, 1022, 1023, 2000, 2046, 2047, 2048, 100_000} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/?"+strconv.Itoa(n), nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := s.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			if err != nil || answer.ContentLength != int64(n+2) || method == http.MethodGet && len(body) != n+2 {
				t.Errorf("%s of %d: got Content-Length %d and %d bytes, %v", method, n+2, answer.ContentLength, len(body), err)
			}
			_ = answer.Body.Close()
		}
	}
}

func TestEncodeResponse(t *testing.T) {
	e := encoder(t, reflect.TypeFor[map[string]int]())
	w := httptest.NewRecorder()
	if err := e.Encode(w, http.StatusCreated, map[string]int{"a": 1}, 0); err != nil {
		t.Fatal(err)
	}
	r := w.Result()
	body, _ := io.ReadAll(r.Body)
	if r.StatusCode != 201 || r.Header.Get("Content-Type") != "application/json" || string(body) != `{"a":1}` {
		t.Errorf("got %d %v %s", r.StatusCode, r.Header, body)
	}
	w = httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/schema+json")
	if err := e.Encode(w, 200, map[string]int{}, 0); err != nil || w.Header().Get("Content-Type") != "application/schema+json" {
		t.Errorf("content type: got %q, %v", w.Header().Get("Content-Type"), err)
	}
	w = httptest.NewRecorder()
	if err := e.Encode(w, http.StatusNoContent, nil, 0); err != nil || w.Code != 204 || w.Body.Len() > 0 || w.Header().Get("Content-Type") != "" {
		t.Errorf("204: got %d %v %v", w.Code, w.Header(), err)
	}
	w = httptest.NewRecorder()
	if err := encoder(t, reflect.TypeFor[any]()).Encode(w, 200, nil, 0); err != nil || w.Body.String() != "null" {
		t.Errorf("nil: got %s, %v", w.Body, err)
	}
	w = httptest.NewRecorder()
	if err := encoder(t, reflect.TypeFor[fmt.Stringer]()).Encode(w, 200, shadow{}, 0); err != nil || w.Body.String() != `{"a":0}` {
		t.Errorf("interface: got %s, %v", w.Body, err)
	}
}

type shadow struct {
	A int `json:"a"`
}

func (shadow) String() string { return "" }
