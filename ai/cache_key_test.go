package ai_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// Each field but two makes another request.
func TestCacheKeys(t *testing.T) {
	n := 0
	number, seed := 0.5, int64(3)
	base := func() *ai.Request {
		return &ai.Request{Model: "m", Messages: []ai.Message{ai.System("s"), ai.User("Hi")}, Tools: []ai.Tool{{Name: "f"}}, Stop: []string{"a"},
			Extra: map[string]json.RawMessage{"a": json.RawMessage("1"), "b": json.RawMessage("2")}}
	}
	changes := map[string]func(*ai.Request){
		"Model":       func(r *ai.Request) { r.Model = "n" },
		"Messages":    func(r *ai.Request) { r.Messages[1] = ai.User("Ho") },
		"role":        func(r *ai.Request) { r.Messages[0].Role = ai.RoleUser },
		"boundary":    func(r *ai.Request) { r.Messages[1].Parts = []ai.Part{ai.Text("H"), ai.Text("i")} },
		"turns":       func(r *ai.Request) { r.Messages = r.Messages[1:] },
		"image":       func(r *ai.Request) { r.Messages[1].Parts = append(r.Messages[1].Parts, ai.Image{URL: "https://x"}) },
		"Tools":       func(r *ai.Request) { r.Tools[0].Description = "d" },
		"parameters":  func(r *ai.Request) { r.Tools[0].Parameters = json.RawMessage("{}") },
		"strict":      func(r *ai.Request) { r.Tools[0].Strict = true },
		"ToolChoice":  func(r *ai.Request) { r.ToolChoice = "none" },
		"Output":      func(r *ai.Request) { r.Output = &ai.Schema{Schema: json.RawMessage("{}")} },
		"MaxTokens":   func(r *ai.Request) { r.MaxTokens = 1 },
		"Temperature": func(r *ai.Request) { r.Temperature = &number },
		"zero":        func(r *ai.Request) { r.Temperature = new(float64) },
		"TopP":        func(r *ai.Request) { r.TopP = &number },
		"Seed":        func(r *ai.Request) { r.Seed = &seed },
		"Stop":        func(r *ai.Request) { r.Stop = []string{"", "a"} },
		"no stop":     func(r *ai.Request) { r.Stop = nil; r.Effort = "a" },
		"Effort":      func(r *ai.Request) { r.Effort = "low" },
		"Extra":       func(r *ai.Request) { r.Extra["b"] = json.RawMessage("3") },
		"Whole":       func(r *ai.Request) { r.Whole = true },
		"User":        func(r *ai.Request) { r.User = "u" },
		"":            func(*ai.Request) {},
	}
	for field := range reflect.TypeFor[ai.Request]().Fields() {
		if field.IsExported() && changes[field.Name] == nil {
			t.Errorf("nothing tests the field %s", field.Name)
		}
	}
	upstream := ai.ModelFunc(func(context.Context, *ai.Request) seq { n++; return says(nil, "x") })
	model := newCache(t, &store{}, ai.CacheOptions{}).Decorate(upstream)
	if _, err := ai.Collect(model.Generate(t.Context(), base())); err != nil {
		t.Fatal(err)
	}
	for name, change := range changes {
		r := base()
		change(r)
		before := n
		a, err := ai.Collect(model.Generate(t.Context(), r))
		if same := name == "" || name == "Whole" || name == "User"; err != nil || same != (n == before) || same != (a.Cache == ai.CacheExact) {
			t.Errorf("%q: %d calls, cache %v, %v; want another request: %t", name, n-before, a.Cache, err, !same)
		}
	}
}

func FuzzCacheEntry(f *testing.F) {
	s := &store{}
	if _, err := ai.Collect(newCache(f, s, ai.CacheOptions{}).Decorate(play(sequence(rich()...))).Generate(f.Context(), request())); err != nil {
		f.Fatal(err)
	}
	key := s.answers()[0]
	f.Add(s.values[key])
	f.Add([]byte{1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, entry []byte) {
		whole := request()
		whole.Whole = len(entry)%2 == 0
		s.values[key] = entry
		for _, b := range [][]byte{entry, ai.ExportSeal(entry)} {
			s.values[key] = b
			model := newCache(t, s, ai.CacheOptions{}).Decorate(play(says(nil, "new")))
			if a, err := ai.Collect(aitest.Ordered(t, model.Generate(t.Context(), whole))); err != nil || a.Cache == ai.CacheNone && a.Text() != "new" {
				t.Errorf("got %+v, %v", a, err)
			}
		}
	})
}

// Each field of each part tells requests apart.
func TestPartsTellRequestsApart(t *testing.T) {
	t.Parallel()
	n := 0
	upstream := ai.ModelFunc(func(context.Context, *ai.Request) seq { n++; return says(nil, "x") })
	model := newCache(t, &store{}, ai.CacheOptions{}).Decorate(upstream)
	for _, zero := range []ai.Part{ai.Image{}, ai.File{}, ai.Reasoning{}, ai.ToolCall{}, ai.ToolResult{}} {
		typ := reflect.TypeOf(zero)
		for i := -1; i < typ.NumField(); i++ {
			changed := reflect.New(typ).Elem()
			name := "zero"
			if i >= 0 {
				name = typ.Field(i).Name
			}
			switch f := changed.Field(max(i, 0)); {
			case i < 0:
			case f.Kind() == reflect.String:
				f.SetString("x")
			case f.Kind() == reflect.Bool:
				f.SetBool(true)
			case f.Kind() == reflect.Slice:
				f.SetBytes([]byte(`"x"`))
			default:
				t.Fatalf("%v.%s is of a kind that this test does not know", typ, name)
			}
			part, _ := reflect.TypeAssert[ai.Part](changed)
			before := n
			req := request()
			req.Messages = append(req.Messages, ai.Message{Role: ai.RoleAssistant, Parts: []ai.Part{part}})
			if _, err := ai.Collect(model.Generate(t.Context(), req)); err != nil || n != before+1 {
				t.Errorf("%v.%s: %v, %d calls, want one", typ, name, err, n-before)
			}
		}
	}
}
