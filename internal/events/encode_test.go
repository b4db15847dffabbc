package events_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/events"
)

func TestAppendMessage(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		m    events.Message
		want string
	}{
		"empty":           {events.Message{}, "\n"},
		"data":            {events.Message{Data: []byte("x")}, "data: x\n\n"},
		"all":             {events.Message{ID: "a-1", Name: "module", Data: []byte("{}"), Retry: 2 * time.Second}, "retry: 2000\nid: a-1\nevent: module\ndata: {}\n\n"},
		"id alone":        {events.Message{ID: "a-1"}, "id: a-1\n\n"},
		"lines":           {events.Message{Data: []byte("a\nb\r\nc\rd")}, "data: a\ndata: b\ndata: c\ndata: d\n\n"},
		"empty lines":     {events.Message{Data: []byte("\n\n")}, "data: \ndata: \ndata: \n\n"},
		"forged field":    {events.Message{Data: []byte("x\nevent: y\n\ndata: z")}, "data: x\ndata: event: y\ndata: \ndata: data: z\n\n"},
		"leading space":   {events.Message{Data: []byte(" x")}, "data:  x\n\n"},
		"not UTF-8":       {events.Message{Data: []byte("a\xffb")}, "data: a\uFFFDb\n\n"},
		"short retry":     {events.Message{Retry: time.Microsecond}, "\n"},
		"beyond ASCII":    {events.Message{Name: "größe", Data: []byte("é\u2028")}, "event: größe\ndata: é\u2028\n\n"},
		"NUL in the data": {events.Message{Data: []byte("a\x00b")}, "data: a\x00b\n\n"},
	} {
		got, err := events.AppendMessage(nil, tc.m)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, tc.want)
		}
	}
}

func TestAppendMessageRefuses(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]events.Message{
		"LF in the name":      {Name: "a\nb"},
		"CR in the name":      {Name: "a\rdata: x"},
		"space in the name":   {Name: "a b"},
		"NUL in the name":     {Name: "a\x00"},
		"NEL in the name":     {Name: "a\u0085"},
		"long name":           {Name: strings.Repeat("a", events.MaxName+1)},
		"name is not UTF-8":   {Name: "a\xff"},
		"LF in the id":        {ID: "1\n\ndata: x"},
		"CR in the id":        {ID: "1\r"},
		"NUL in the id":       {ID: "1\x00"},
		"too much data":       {Data: make([]byte, events.MaxMessage+1)},
		"line separator name": {Name: "a\u2028b"},
	} {
		got, err := events.AppendMessage([]byte("before"), m)
		if !errors.Is(err, events.ErrInvalidEvent) || string(got) != "before" {
			t.Errorf("%s: got %q, %v, want ErrInvalidEvent and nothing appended", name, got, err)
		}
	}
}

func TestAppendMessageAllocates(t *testing.T) {
	buf := make([]byte, 0, 1024)
	m := events.Message{ID: "abcdefgh-12", Name: "module", Data: []byte(`{"id":"system","state":"enabled"}`)}
	got := testing.AllocsPerRun(100, func() { _, _ = events.AppendMessage(buf, m) })
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func FuzzAppendMessage(f *testing.F) {
	f.Add("a-1", "module", []byte("{}"), int64(2000))
	f.Add("", "", []byte("a\r\n\r\nevent: b\rdata: c\n\n"), int64(0))
	f.Add("\n", "a\rb", []byte("\xff\xfe\x00"), int64(-1))
	f.Add("", "x", []byte("\n"), int64(1))
	f.Add("", "", []byte("\uFEFF: x"), int64(1))
	f.Fuzz(func(t *testing.T, id, name string, data []byte, ms int64) {
		m := events.Message{ID: id, Name: name, Data: data, Retry: time.Duration(ms)}
		wire, err := events.AppendMessage(nil, m)
		if err != nil {
			if len(wire) != 0 {
				t.Fatalf("refused but wrote %q", wire)
			}
			return
		}
		// A block before and after shows that the message begins and ends where it should.
		stream := append([]byte("retry: 1\ndata: first\n\n"), wire...)
		stream = append(stream, "event: last\ndata: last\n\n"...)
		got, lastID, _, comments := parseStream(stream)
		want := []received{{Name: "message", Data: "first"}}
		if len(data) > 0 {
			text := strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(fixRunes(data), "\uFFFD"), "\r\n", "\n"), "\r", "\n")
			n := name
			if n == "" {
				n = "message"
			}
			want = append(want, received{Name: n, Data: text, ID: id})
		}
		want = append(want, received{Name: "last", Data: "last", ID: id})
		if len(got) != len(want) || comments != 0 || lastID != id {
			t.Fatalf("got %q, last id %q, %d comments, want %q", got, lastID, comments, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("event %d: got %q, want %q", i, got[i], want[i])
			}
		}
	})
}

// fixRunes replaces each invalid byte by itself, where strings.ToValidUTF8 would replace a run of them by one.
func fixRunes(data []byte) string {
	var b strings.Builder
	for _, r := range string(data) {
		b.WriteRune(r)
	}
	return b.String()
}
