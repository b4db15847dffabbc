package frame_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/modular-dashboard/dashboard/ai/internal/frame"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func ExampleSSE() {
	events := frame.NewSSE(strings.NewReader("event: delta\ndata: one\ndata: two\n\n: ping\n\ndata: [DONE]\n\n"), frame.Limits{})
	for {
		data, err := events.Next()
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q %q\n", events.Event(), data)
	}
	// Output:
	// "delta" "one\ntwo"
	// "" "[DONE]"
	// EOF
}

type reader interface{ Next() ([]byte, error) }

// all reads everything, at once and a byte at a time: both must say the same.
func all(t *testing.T, in string, open func(io.Reader) reader) ([]string, error) {
	t.Helper()
	collect := func(r io.Reader) (out []string, err error) {
		for f := open(r); ; {
			data, err := f.Next()
			if err != nil {
				return out, err
			}
			out = append(out, string(data))
		}
	}
	whole, err := collect(strings.NewReader(in))
	for _, slow := range []io.Reader{iotest.OneByteReader(strings.NewReader(in)), iotest.HalfReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
		got, err2 := collect(slow)
		if fmt.Sprintf("%q %v", got, err2) != fmt.Sprintf("%q %v", whole, err) {
			t.Fatalf("%.200q: read slowly %.300q, %v; at once %.300q, %v", in, got, err2, whole, err)
		}
	}
	return whole, err
}

func sse(r io.Reader) reader { return frame.NewSSE(r, frame.Limits{Frame: 1 << 16, Body: 1 << 20}) }

func TestSSE(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"LF", "data: a\n\ndata: b\n\n", []string{"a", "b"}},
		{"CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", []string{"a", "b"}},
		{"CR", "data: a\r\rdata: b\r\r", []string{"a", "b"}},
		{"mixed", "data: a\r\n\ndata: b\n\rdata: c\r\n\r", []string{"a", "b", "c"}},
		{"byte order mark", "\xef\xbb\xbfdata: a\n\n", []string{"a"}},
		{"a byte order mark later is data", "data: \xef\xbb\xbfa\n\n", []string{"\xef\xbb\xbfa"}},
		{"comments", ": hello\n\n:\ndata: a\n: there\n\n", []string{"a"}},
		{"several lines", "data: a\ndata\ndata:b\ndata:  c\n\n", []string{"a\n\nb\n c"}},
		{"empty data is an event", "data\n\ndata:\n\n", []string{"", ""}},
		{"no data is none", "event: x\n\nid: 1\n\n", nil},
		{"unknown fields", "retry: 10\nfoo: bar\ndata: a\nDATA: b\n\n", []string{"a"}},
		{"cut before the empty line", "data: a\n\ndata: b\n", []string{"a"}},
		{"cut in a line", "data: a\n\ndata: b", []string{"a"}},
		{"empty", "", nil},
		{"UTF-8 is as it was", "data: é😀\n\n", []string{"é😀"}},
		{"longer than a buffer", "data: " + strings.Repeat("x", 20_000) + "\n\ndata: y\n\n", []string{strings.Repeat("x", 20_000), "y"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := all(t, tc.in, sse)
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tc.want) || !errors.Is(err, io.EOF) {
				t.Errorf("got %.300q, %v, want %.300q", got, err, tc.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<17)
	for _, tc := range []struct {
		name, in string
		open     func(io.Reader) reader
	}{
		{"line", "data: " + long + "\n\n", sse},
		{"line without an end", long, sse},
		{"event", strings.Repeat("data: "+long[:1<<14]+"\n", 5) + "\n", sse},
		{"body", strings.Repeat(": comment\n", 1<<18), sse},
		{"JSON line", `"` + long + `"`, func(r io.Reader) reader { return frame.NewLines(r, frame.Limits{Frame: 1 << 16}) }},
		{"item", `["` + long + `"]`, func(r io.Reader) reader { return frame.NewItems(r, frame.Limits{Frame: 1 << 16}) }},
		{"items", "[" + strings.Repeat("1,", 1<<17), func(r io.Reader) reader { return frame.NewItems(r, frame.Limits{Body: 1 << 16}) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for f := tc.open(strings.NewReader(tc.in)); ; {
				if _, err := f.Next(); err != nil {
					if !errors.Is(err, frame.ErrTooLarge) {
						t.Errorf("got %v, want ErrTooLarge", err)
					}
					return
				}
			}
		})
	}
	broken := errors.New("broken")
	f := frame.NewSSE(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken)), frame.Limits{})
	if data, err := f.Next(); string(data) != "a" || err != nil {
		t.Errorf("before the error: got %q, %v", data, err)
	}
	if _, err := f.Next(); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the body", err)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	got, err := all(t, "{\"a\":1}\n\n \r\n{\"b\":2}\r\n3", func(r io.Reader) reader { return frame.NewLines(r, frame.Limits{}) })
	if want := []string{`{"a":1}`, `{"b":2}`, "3"}; fmt.Sprint(got) != fmt.Sprint(want) || !errors.Is(err, io.EOF) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		want []string
		err  error
	}{
		{` [ {"a":"]}\"\\"} ,` + "\n" + `[1,[2]], 3 ] `, []string{`{"a":"]}\"\\"}`, "[1,[2]]", "3 "}, io.EOF},
		{"[]", nil, io.EOF},
		{` {"error":[1]} `, []string{`{"error":[1]}`}, io.EOF},
		{`[{"a":1}`, []string{`{"a":1}`}, io.ErrUnexpectedEOF},
		{`[{"a":`, nil, io.ErrUnexpectedEOF},
		{"", nil, io.ErrUnexpectedEOF},
	} {
		got, err := all(t, tc.in, func(r io.Reader) reader { return frame.NewItems(r, frame.Limits{}) })
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tc.want) || !errors.Is(err, tc.err) {
			t.Errorf("%q: got %q, %v, want %q, %v", tc.in, got, err, tc.want, tc.err)
		}
	}
	for _, in := range []string{`{}{}`, "[1,]", "[,1]", "[1]2", "<html>"} {
		if _, err := all(t, in, func(r io.Reader) reader { return frame.NewItems(r, frame.Limits{}) }); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%q: got %v, want an error", in, err)
		}
	}
}

// events is what the standard says, on a body that is all there.
func events(in string) (out []string) {
	in = strings.TrimPrefix(in, "\xef\xbb\xbf")
	in = strings.ReplaceAll(strings.ReplaceAll(in, "\r\n", "\n"), "\r", "\n")
	var data []string
	lines := strings.Split(in, "\n")
	for _, line := range lines[:len(lines)-1] {
		if line == "" {
			if data != nil {
				out = append(out, strings.Join(data, "\n"))
			}
			data = nil
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		if name == "data" {
			data = append(data, strings.TrimPrefix(value, " "))
		}
	}
	return out
}

func FuzzSSE(f *testing.F) {
	f.Add("data: a\r\n\r\ndata: b\r\rdata: c\n\n")
	f.Add("\xef\xbb\xbfdata\n: x\ndata:  y\n\nevent: z\n\n\r\n")
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > 1<<15 {
			return
		}
		got, err := all(t, in, sse)
		if want := events(in); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) || !errors.Is(err, io.EOF) {
			t.Fatalf("%q: got %q, %v, want %q", in, got, err, want)
		}
	})
}

func FuzzItems(f *testing.F) {
	f.Add(`[{"a":"]"},[1],"x",2]`)
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) > 1<<15 {
			return
		}
		_, _ = all(t, in, func(r io.Reader) reader { return frame.NewItems(r, frame.Limits{}) })
		_, _ = all(t, in, func(r io.Reader) reader { return frame.NewLines(r, frame.Limits{}) })
	})
}

func BenchmarkSSE(b *testing.B) {
	body := bytes.Repeat([]byte("data: "+strings.Repeat("x", 280)+"\n\n"), 1000)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		for f := frame.NewSSE(bytes.NewReader(body), frame.Limits{}); ; {
			if _, err := f.Next(); err != nil {
				break
			}
		}
	}
}
