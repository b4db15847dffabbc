package mergepatch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"reflect"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/mergepatch"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// The first are those of RFC 7396, appendix A.
func TestApply(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},

		{``, `{"a":null,"b":{"c":null}}`, `{"b":{}}`},
		{` {"b" : 1 , "a" : [ 2 ] } `, ` {"a" : {"x" : null } } `, `{"b":1,"a":{}}`},
		{`{"n":12345678901234567890.10}`, `{}`, `{"n":12345678901234567890.10}`},
		{`{"a":1}`, `{"\u0061":2}`, `{"a":2}`},
		{`{"a":[null]}`, `{"b":[null,{"c":null}]}`, `{"a":[null],"b":[null,{"c":null}]}`},
	} {
		got, err := mergepatch.Apply([]byte(c[0]), []byte(c[1]))
		if err != nil || string(got) != c[2] {
			t.Errorf("%s patched by %s: got %s, %v, want %s", c[0], c[1], got, err, c[2])
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	if _, err := mergepatch.Apply([]byte(nested(mergepatch.MaxDepth)), []byte(nested(mergepatch.MaxDepth))); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	for name, c := range map[string][2]string{
		"not JSON":         {`{}`, `{"a":}`},
		"nothing":          {`{}`, ``},
		"two values":       {`{}`, `{}{}`},
		"a bad document":   {`{`, `{}`},
		"not UTF-8":        {`{}`, "\"\xff\""},
		"twice":            {`{}`, `{"a":1,"\u0061":2}`},
		"twice within":     {`{}`, `{"b":{"a":1,"a":2}}`},
		"twice there":      {`{"a":1,"a":2}`, `{"b":1}`},
		"deep":             {`{}`, nested(mergepatch.MaxDepth + 1)},
		"deep brackets":    {`{}`, strings.Repeat("[", 100_000)},
		"a deep document":  {nested(mergepatch.MaxDepth + 1), `{}`},
		"unbalanced depth": {`{}`, `]]]]` + strings.Repeat("[", 65)},
	} {
		if got, err := mergepatch.Apply([]byte(c[0]), []byte(c[1])); !errors.Is(err, mergepatch.ErrInvalid) || got != nil {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
}

// reference is the pseudocode of RFC 7396, section 2, on Go values.
func reference(target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	t, ok := target.(map[string]any)
	if !ok {
		t = map[string]any{}
	}
	for name, value := range p {
		if value == nil {
			delete(t, name)
		} else {
			t[name] = reference(t[name], value)
		}
	}
	return t
}

func FuzzApply(f *testing.F) {
	f.Add(`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`)
	f.Add(`[1,2]`, `{"a":"b","c":null}`)
	f.Add(``, `{"a":null,"b":{"c":null}}`)
	f.Add(`{"a":1,"a":2}`, `{"\u0061":2}`)
	f.Add(`{`, `"\ud800"`)
	f.Fuzz(func(t *testing.T, document, patch string) {
		got, err := mergepatch.Apply([]byte(document), []byte(patch))
		if err != nil {
			if !errors.Is(err, mergepatch.ErrInvalid) || got != nil {
				t.Fatalf("got %s, %v", got, err)
			}
			return
		}
		var target, change, result any
		if strings.TrimSpace(document) != "" {
			if err := json.Unmarshal([]byte(document), &target); err != nil {
				return // a number beyond float64
			}
		}
		if err := json.Unmarshal([]byte(patch), &change); err != nil {
			return
		}
		if err := json.Unmarshal(got, &result); err != nil {
			t.Fatalf("%s patched by %s: %s: %v", document, patch, got, err)
		}
		if want := reference(target, change); !reflect.DeepEqual(result, want) {
			t.Fatalf("%s patched by %s:\ngot  %v\nwant %v", document, patch, result, want)
		}
	})
}

func ExampleApply() {
	out, err := mergepatch.Apply(
		[]byte(`{"name":"Ada","address":{"city":"London","floor":2}}`),
		[]byte(`{"address":{"floor":null},"tags":["vip"]}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(out))
	// Output: {"name":"Ada","address":{"city":"London"},"tags":["vip"]}
}
