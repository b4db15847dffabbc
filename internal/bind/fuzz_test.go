package bind_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

// plain is like kitchen without what encoding/json reads differently on purpose.
type plain struct {
	Text    string           `json:"text"`
	Flag    bool             `json:"flag"`
	Int     int              `json:"int"`
	Small   int8             `json:"small"`
	Unsign  uint16           `json:"unsign"`
	Float   float64          `json:"float"`
	Single  float32          `json:"single"`
	Bytes   []byte           `json:"bytes"`
	Strings []string         `json:"strings"`
	Nested  *plain           `json:"nested"`
	Pair    [2]int           `json:"pair"`
	Map     map[string]plain `json:"map"`
	Numbers map[int]string   `json:"numbers"`
	Any     any              `json:"any"`
	Raw     json.RawMessage  `json:"raw"`
	Number  json.Number      `json:"number"`
	Quoted  int64            `json:"quoted,string"`
}

// FuzzDecode: whatever Decode accepts, encoding/json accepts and understands the same; and what is
// accepted survives a round trip.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"text":"a\u00e9\ud83d\ude00","flag":true,"int":-1,"small":127,"unsign":1,"float":1e-7,"single":3.4e38}`,
		`{"bytes":"aGk=","strings":["a",""],"nested":{"text":"x"},"pair":[1,2],"map":{"a":{},"b":{"int":0}},"numbers":{"1":"a","-2":"b"}}`,
		`{"any":[1,{"a":null}],"raw":{"x":[]},"number":-1.5E+3,"quoted":"12"}`, `{"text":"a","text":"b"}`, `{"Text":"a"}`,
		"{\"text\":\"\xff\"}", `{"text":"\ud800"}`, `[[[[`, `{"any":1e999}`, `{"int":1.0}`, `{"nested":null}`, `{"numbers":{"01":""}}`, ` {"a":1} x`,
	} {
		f.Add([]byte(seed))
	}
	b, err := bind.New().CompileBody(reflect.TypeFor[plain]())
	if err != nil {
		f.Fatal(err)
	}
	enc, err := bind.New().CompileOut(reflect.TypeFor[plain]())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want plain
		if err := b.Decode(data, &got); err != nil {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&want); err != nil || !json.Valid(data) {
			t.Fatalf("accepted what encoding/json does not: %v\n%s", err, data)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("understood differently: %s\n got %+v\nwant %+v", data, got, want)
		}
		if got.Raw == nil {
			got.Raw = json.RawMessage("null")
		}
		text, err := enc.Append(nil, got, 0)
		if err != nil {
			t.Fatalf("cannot be written again: %v\n%s", err, data)
		}
		if !json.Valid(text) || bytes.Contains(text, []byte(`"strings":null`)) {
			t.Fatalf("written as %s", text)
		}
		var again plain
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("encoding/json cannot read %s: %v", text, err)
		}
	})
}

// FuzzEncode: a string is written as encoding/json does.
func FuzzEncode(f *testing.F) {
	for _, seed := range []string{"", "a", "<&>", "\u2028", "\xff", "\"\\\x00\x1f", "é😀", "\xed\xa0\x80"} {
		f.Add(seed, 1.5)
	}
	f.Add("", 5e-324)
	f.Add("", 1e21)
	f.Add("", -1e-7)
	enc, err := bind.New().CompileOut(reflect.TypeFor[map[string]any]())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string, n float64) {
		v := map[string]any{s: s, "n": n, "f": float32(n), "l": []any{s}}
		var b bytes.Buffer
		std := json.NewEncoder(&b)
		std.SetEscapeHTML(false)
		stdErr := std.Encode(v)
		got, err := enc.Append(nil, v, 0)
		if (err == nil) != (stdErr == nil) {
			t.Fatalf("got error %v, encoding/json %v", err, stdErr)
		}
		if want := strings.TrimSuffix(b.String(), "\n"); err == nil && string(got) != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

// FuzzParams: no query, path or header makes Decode panic; what it accepts is what net/url says.
func FuzzParams(f *testing.F) {
	f.Add("limit=10&tag=a&tag=b&since=2024-01-02T03:04:05Z", "xy", "7", "a")
	f.Add("limit=%zz&&=&;", "", "-1", "\xff")
	f.Add("cursor=a%26b+c&exact=true&level=1&level=2&every=1h&ratio=0.1&address=::1", "a/b", "256", "")
	plan, err := bind.New().Compile(reflect.TypeFor[params](), paramsPattern)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query, id, number, match string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = query
		r.SetPathValue("id", id)
		r.SetPathValue("number", number)
		r.SetPathValue("rest", id)
		r.Header["If-Match"] = []string{match}
		var in params
		if err := plan.Decode(r, &in, 0); err != nil {
			return
		}
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatalf("accepted the query %q, which net/url does not: %v", query, err)
		}
		if in.ID != id || in.Cursor != values.Get("cursor") || len(in.Tags) != len(values["tag"]) || in.Match != match {
			t.Fatalf("query %q: got %+v", query, in)
		}
		for i, tag := range values["tag"] {
			if in.Tags[i] != tag {
				t.Fatalf("tag %d: got %q, want %q", i, in.Tags[i], tag)
			}
		}
	})
}

// FuzzPointer: every pointer that is reported leads to what it names.
func FuzzPointer(f *testing.F) {
	f.Add("a/b", "c~d", 2)
	f.Add("", "~1", 0)
	f.Add("a.b]", "[0]", 5)
	type in struct {
		Map map[string]map[string][]int `json:"map" validate:"dive,dive,dive,min=1"`
	}
	b, err := bind.New().CompileBody(reflect.TypeFor[in]())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, outer, inner string, index int) {
		if index < 0 || index > 20 || !utf8.ValidString(outer) || !utf8.ValidString(inner) {
			return
		}
		list := make([]int, 21)
		for i := range list {
			list[i] = 1
		}
		list[index] = 0
		v := in{Map: map[string]map[string][]int{outer: {inner: list}, "other": {"x]": {1}}}}
		e, ok := errors.AsType[*bind.Error](b.Validate(&v))
		if !ok || len(e.Fields) != 1 {
			t.Fatalf("got %v, want one field", e)
		}
		follow(t, v, e.Fields[0], outer, inner, index)
	})
}

// follow walks a pointer as RFC 6901 says and checks where it leads.
func follow(t *testing.T, v any, field problem.Field, outer, inner string, index int) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(field.Pointer, "/"), "/") {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		switch d := doc.(type) {
		case map[string]any:
			var ok bool
			if doc, ok = d[token]; !ok {
				t.Fatalf("%q leads nowhere at %q (%q, %q, %d)", field.Pointer, token, outer, inner, index)
			}
		case []any:
			var i int
			if err := json.Unmarshal([]byte(token), &i); err != nil || i >= len(d) {
				t.Fatalf("%q: bad index %q", field.Pointer, token)
			}
			doc = d[i]
		}
	}
	if doc != 0.0 {
		t.Fatalf("%q leads to %v, want 0 (%q, %q, %d)", field.Pointer, doc, outer, inner, index)
	}
}
