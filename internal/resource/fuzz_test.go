package resource_test

import (
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/resource"
)

// FuzzTag describes a type with any tag: it is refused or makes sense.
func FuzzTag(f *testing.F) {
	for _, tag := range []string{"", "key", "label,sort=-default,filter,search", "unique,exact", "since=2,index=3", "unit=%", "column=x", "=,", "sort=", "since=99999999999999999999"} {
		f.Add(tag)
	}
	f.Fuzz(func(t *testing.T, tag string) {
		quoted, err := json.Marshal(tag)
		if err != nil || strings.ContainsAny(tag, "\"\\") {
			return
		}
		typ := reflect.StructOf([]reflect.StructField{
			{Name: "ID", Type: reflect.TypeFor[string](), Tag: `json:"id" resource:"key"`},
			{Name: "Value", Type: reflect.TypeFor[string](), Tag: reflect.StructTag(`json:"value" validate:"max=9" resource:` + string(quoted))},
		})
		fields, err := resource.Describe(typ)
		if err != nil {
			return
		}
		if fields.Key.Name != "id" || fields.Field("value") == nil {
			t.Errorf("%q: got %+v", tag, fields)
		}
		if _, err := fields.Parse("", "", ""); err != nil {
			t.Errorf("%q: %v", tag, err)
		}
	})
}

// FuzzCursor reads what is inside of cursors: never a panic, and what is read
// fits the order.
func FuzzCursor(f *testing.F) {
	fields, err := resource.Describe(reflect.TypeFor[customer]())
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{"", "[]", `["a","b"]`, `[1,"b"]`, `[null,"b"]`, `[1.5,"x"]`, `[[],{}]`, `["a","b"`} {
		f.Add(text, "name")
		f.Add(text, "-created_at")
	}
	f.Fuzz(func(t *testing.T, text, sort string) {
		q, err := fields.Parse("", sort, "")
		if err != nil {
			return
		}
		values, err := resource.DecodeValues(text, q.Sort)
		if err != nil {
			return
		}
		again, err := resource.EncodeValues(values)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := resource.DecodeValues(again, q.Sort); err != nil || !reflect.DeepEqual(got, values) {
			t.Errorf("%q: got %v, want %v: %v", text, got, values, err)
		}
	})
}

// FuzzSearch looks for any text: it is refused, or finds what begins with it.
func FuzzSearch(f *testing.F) {
	fields, err := resource.Describe(reflect.TypeFor[customer]())
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{"a", `"`, `\`, "*", "a*b", "%_", " Ada ", "\x00", "ÄÖ", `\" OR x`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := fields.Parse("", "", text)
		if err != nil || q.Search == "" {
			return
		}
		for _, c := range []customer{{Name: q.Search}, {Email: q.Search + "x"}} {
			if !q.Found.Match(fields.Values(reflect.ValueOf(c))) {
				t.Errorf("%q does not find %+v", text, c)
			}
		}
		if q.Found.Match(fields.Values(reflect.ValueOf(customer{Name: "x" + q.Search}))) && !strings.HasPrefix(strings.ToLower("x"+q.Search), strings.ToLower(q.Search)) {
			t.Errorf("%q finds what does not begin with it", text)
		}
	})
}

// patched has a field of each form that a merge patch may meet.
type patched struct {
	ID     string         `json:"id" resource:"key"`
	Name   string         `json:"name" validate:"required,max=10"`
	Plan   string         `json:"plan" default:"free" validate:"oneof=free pro"`
	Count  *int           `json:"count"`
	Tags   []string       `json:"tags" validate:"max=3"`
	Nested nested         `json:"nested"`
	Map    map[string]any `json:"map"`
}

type nested struct {
	A string         `json:"a"`
	B map[string]int `json:"b"`
}

// FuzzPatch applies any patch: what it makes is valid, and what it does not name
// stays.
func FuzzPatch(f *testing.F) {
	fields, err := resource.Describe(reflect.TypeFor[patched]())
	if err != nil {
		f.Fatal(err)
	}
	writer, err := resource.NewWriter(fields.Change(), bind.New())
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{`{}`, `{"name":"x"}`, `{"name":null}`, `{"plan":null,"count":3}`, `{"nested":{"b":{"x":null,"y":2}}}`,
		`{"map":{"k":{"l":null}}}`, `{"id":"x"}`, `[]`, `{"tags":["a"],"tags":[]}`, `{"name":"y"} x`, "{", `{"nested":null,"map":null}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, patch []byte) {
		before := patched{ID: "1", Name: "Ada", Plan: "pro", Count: new(7), Tags: []string{"t"}, Nested: nested{A: "a", B: map[string]int{"x": 1}},
			Map: map[string]any{"k": "v"}}
		item := before
		err := writer.Apply(reflect.ValueOf(&item).Elem(), patch)
		if err != nil {
			if !reflect.DeepEqual(item, before) {
				t.Errorf("%s: changed although %v", patch, err)
			}
			return
		}
		if item.ID != "1" || item.Name == "" || len(item.Tags) > 3 || item.Plan != "free" && item.Plan != "pro" {
			t.Errorf("%s: got %+v", patch, item)
		}
		if !strings.Contains(string(patch), "name") && !strings.Contains(string(patch), `\`) && item.Name != "Ada" {
			t.Errorf("%s: changed the name to %s", patch, item.Name)
		}
		if before.Nested.B["x"] != 1 || before.Map["k"] != "v" {
			t.Errorf("%s: wrote to what the item shares", patch)
		}
	})
}

// FuzzCSV writes any text: it reads back as it was, but for the guard.
func FuzzCSV(f *testing.F) {
	fields, err := resource.Describe(reflect.TypeFor[customer]())
	if err != nil {
		f.Fatal(err)
	}
	codec, err := resource.NewCodec(fields, bind.New())
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{"Ada", "=1+1", `a"b,c`, "line\nline", "\r", "' x", " =1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.Contains(text, "\r") {
			return // encoding/csv reads \r\n as \n
		}
		var b strings.Builder
		sheet, err := codec.CSV(&b)
		if err != nil {
			t.Fatal(err)
		}
		c := customer{ID: "1", Name: text, CreatedAt: time.Unix(0, 0).UTC()}
		if err := sheet.Write(reflect.ValueOf(c), 0); err != nil {
			t.Fatal(err)
		}
		if err := sheet.Flush(); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q: %v in %q", text, err, b.String())
		}
		got := rows[1][1]
		if got != text && got != "'"+text {
			t.Errorf("got %q, want %q", got, text)
		}
		if trimmed := strings.TrimLeft(got, " "); trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@") {
			t.Errorf("%q is a formula: %q", text, got)
		}
	})
}
