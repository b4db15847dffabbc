package jsonscan_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func ExampleScanner() {
	s := jsonscan.Of([]byte(`{"id":"a","more":[1,{"x":null}],"usage":{"total":12.0},"last":true}`))
	if s.Enter('{') {
		for s.More('}') {
			switch string(s.Key()) {
			case "id":
				fmt.Println("id", s.String())
			case "usage":
				for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
					fmt.Println(string(s.Key()), s.Int())
				}
			default:
				s.Discard()
			}
		}
	}
	fmt.Println(s.End())
	// Output:
	// id a
	// total 12
	// <nil>
}

func TestScanner(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want string }{
		{"escapes", `"a\"\\\/\b\f\n\r\té\u00e9"`, "a\"\\/\b\f\n\r\té\u00e9"},
		{"surrogates", `"\ud83d\ude00"`, "😀"},
		{"half a surrogate", `"\ud83dx"`, "\uFFFDx"},
		{"a surrogate before another escape", `"\ud83d\u0041"`, "\uFFFDA"},
		{"broken UTF-8", "\"a\xffb\"", "a\uFFFDb"},
		{"null", "null", ""},
		{"white space", " \n\t\"x\"\r ", "x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := jsonscan.Of([]byte(tc.in))
			if got := s.String(); got != tc.want || s.End() != nil {
				t.Errorf("String of %s: got %q, %v, want %q", tc.in, got, s.End(), tc.want)
			}
		})
	}
	for _, in := range []string{"", "{", `{"a"`, `{"a":}`, `{"a":1,}`, `[1,]`, `[,1]`, `[1 2]`, `{"a" 1}`, `{a:1}`, "01", "1.", "-", "1e", ".5", `"`, `"\x"`,
		`"\u12g4"`, "\"\n\"", "tru", "nul", "{}x", "[1]]", "\x00", "+1", strings.Repeat("[", 300) + strings.Repeat("]", 300)} {
		s := jsonscan.Of([]byte(in))
		s.Discard()
		if s.End() == nil {
			t.Errorf("Discard of %.40q: got no error", in)
		}
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(*jsonscan.Scanner){
		"string":  func(s *jsonscan.Scanner) { s.Bytes() },
		"number":  func(s *jsonscan.Scanner) { s.Int() },
		"float":   func(s *jsonscan.Scanner) { s.Float() },
		"boolean": func(s *jsonscan.Scanner) { s.Bool() },
		"object":  func(s *jsonscan.Scanner) { s.Enter('{') },
	} {
		s := jsonscan.Of([]byte(`[1]`))
		if read(&s); s.End() == nil {
			t.Errorf("an array read as a %s: got no error", name)
		}
		s = jsonscan.Of([]byte(`null`))
		if read(&s); s.End() != nil {
			t.Errorf("null read as a %s: got %v", name, s.End())
		}
	}
}

// walk reads a value as encoding/json would.
func walk(s *jsonscan.Scanner) any {
	switch s.Peek() {
	case '{':
		out := map[string]any{}
		for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
			key := string(s.Key())
			out[key] = walk(s)
		}
		return out
	case '[':
		out := []any{}
		for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
			out = append(out, walk(s))
		}
		return out
	case '"':
		return s.String()
	case 't', 'f':
		return s.Bool()
	case 'n':
		s.Discard()
		return nil
	default:
		return s.Float()
	}
}

func FuzzScanner(f *testing.F) {
	for _, in := range []string{`{"a":[1,-2.5e+3,"x\n\u00e9\ud83d\ude00",true,false,null,{}]}`, `"\ud800"`, "\"\xc3\"", `[[],{}]`, `1e999`, `-0`} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if strings.Count(string(in), "[")+strings.Count(string(in), "{") > 200 {
			return
		}
		var want any
		wantErr := json.Unmarshal(in, &want)
		s := jsonscan.Of(in)
		got := walk(&s)
		if err := s.End(); (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: got error %v, encoding/json says %v", in, err, wantErr)
		}
		if wantErr == nil && fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q: got %v, want %v", in, got, want)
		}
		rest := jsonscan.Of(in)
		rest.Discard()
		if !json.Valid(in) && rest.End() == nil {
			t.Fatalf("%q: skipped without an error", in)
		}
	})
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\r\t\x00\x1f\x7f é 😀 \xff\xc3 \u2028")
	f.Fuzz(func(t *testing.T, in string) {
		out := jsonscan.AppendString(nil, in)
		var got string
		if err := json.Unmarshal(out, &got); err != nil || got != strings.ToValidUTF8(in, "\uFFFD") && strings.Count(got, "\uFFFD") == 0 {
			t.Fatalf("%q: got %s, %v", in, out, err)
		}
		s := jsonscan.Of(out)
		if back := s.String(); back != got || s.End() != nil {
			t.Fatalf("%q: read back as %q, %v", in, back, s.End())
		}
	})
}

const chunk = `{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-5-2026","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":" world of things"},"logprobs":null,"finish_reason":null}],"usage":null}`

func BenchmarkChunk(b *testing.B) {
	chunk := []byte(chunk)
	b.ReportAllocs()
	for b.Loop() {
		s := jsonscan.Of(chunk)
		if s.Discard(); s.End() != nil {
			b.Fatal(s.End())
		}
	}
}

// BenchmarkStandard reads the same chunk as BenchmarkChunk into a struct.
func BenchmarkStandard(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var out struct {
			ID      string `json:"id"`
			Choices []struct {
				Delta struct {
					Content string `json:"content"`
				} `json:"delta"`
				Reason *string `json:"finish_reason"`
			} `json:"choices"`
		}
		if err := json.Unmarshal([]byte(chunk), &out); err != nil {
			b.Fatal(err)
		}
	}
}
