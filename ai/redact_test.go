package ai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
)

var secretKey = "sk-" + "proj-abcDEF123456789ghijkl" // put together, so that no scanner takes it for real

// asked is a model that keeps what it is asked.
type asked struct {
	answer seq
	req    *ai.Request
}

func (a *asked) Generate(_ context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
	a.req = req
	return a.answer
}

func TestRedactsRequests(t *testing.T) {
	const mail, marked = "write to ann@example.com", "write to [redacted email]"
	m := &asked{answer: says(nil, "ok")}
	var record *ai.Record
	model := ai.Decorate(m, ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { record = r }), ai.WithGuards(ai.Redact(ai.Redaction{Personal: true})))
	req := &ai.Request{Model: "m", Messages: []ai.Message{
		ai.System("plain"), ai.User(mail),
		{Role: ai.RoleUser, Parts: []ai.Part{ai.File{Name: "a", MediaType: "text/plain", Data: []byte(mail)}, ai.Image{URL: "https://example.com/a@b"}}},
		{Role: ai.RoleAssistant, Parts: []ai.Part{ai.Reasoning{Text: mail, Signature: "s"}, ai.Reasoning{Text: "plain", Signature: "s"}, ai.Refusal(mail),
			ai.ToolCall{ID: "1", Name: "f", Arguments: rawJSON(`{"to":"ann@example.com","n":4111111111111111}`), Signature: "s"}}},
		ai.Results(ai.ToolResult{ID: "1", Content: secretKey}),
	}}
	before, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ai.Collect(model.Generate(t.Context(), req)); err != nil {
		t.Fatal(err)
	}
	got := m.req.Messages
	if got[0].Text() != "plain" || got[1].Text() != marked || string(got[2].Parts[0].(ai.File).Data) != marked {
		t.Errorf("got %+v", got)
	}
	if p := got[3].Parts; len(p) != 3 || p[0].(ai.Reasoning).Text != "plain" || p[1].(ai.Refusal) != marked ||
		string(p[2].(ai.ToolCall).Arguments) != `{"to":"[redacted email]","n":"[redacted card]"}` || p[2].(ai.ToolCall).Signature != "" {
		t.Errorf("got %+v", p)
	}
	if c := got[4].Parts[0].(ai.ToolResult).Content; c != "[redacted api_key]" {
		t.Errorf("got %q", c)
	}
	if after, _ := json.Marshal(req); string(before) != string(after) {
		t.Error("the caller's request was changed")
	}
	if len(record.Notes) != 1 || record.Notes[0] != (ai.Note{Router: "redaction", Choice: "request", Why: "api_key 1, email 5, card 1"}) {
		t.Errorf("got %+v", record.Notes)
	}
	plain := request()
	if _, err := ai.Collect(model.Generate(t.Context(), plain)); err != nil || m.req != plain {
		t.Error("a request without anything was copied")
	}
}

// answerOf is an answer with everything in it, in pieces of n bytes.
func answerOf(n int) seq {
	var list []ai.Event
	say := func(e ai.Event, text string) {
		for text != "" {
			i := min(n, len(text))
			e.Text, text = text[:i], text[i:]
			list = append(list, e)
		}
	}
	list = append(list, ai.Event{Kind: ai.EventStart, Start: &ai.Start{Provider: "p", Model: "m"}})
	say(ai.Event{Kind: ai.EventReasoning, ID: "1"}, "the key is "+secretKey+" so")
	list = append(list, ai.Event{Kind: ai.EventReasoning, ID: "1", Signature: "signed"})
	say(ai.Event{Kind: ai.EventReasoning, ID: "2"}, "nothing")
	list = append(list, ai.Event{Kind: ai.EventReasoning, ID: "2", Signature: "signed"})
	say(ai.Event{Kind: ai.EventText}, "mail ann@example.com, [EMAIL_1] "+secretKey)
	list = append(list, ai.Event{Kind: ai.EventToolCall, Index: 0, ID: "a", Name: "f"}, ai.Event{Kind: ai.EventToolCall, Index: 1, ID: "b", Name: "g"})
	first, second := `{"to":"bob@example.com","x":[1]}`, `{"k":"\n`+secretKey+`"}`
	for first != "" || second != "" { // pieces of both come in turn
		i, j := min(n, len(first)), min(n, len(second))
		list = append(list, ai.Event{Kind: ai.EventToolArguments, Index: 0, Text: first[:i]}, ai.Event{Kind: ai.EventToolArguments, Index: 1, Text: second[:j]})
		first, second = first[i:], second[j:]
	}
	list = append(list, ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 1}}, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonToolCalls})
	return events(list...)
}

func TestRedactsAnswers(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 1000} {
		var record *ai.Record
		model := ai.Decorate(play(answerOf(n)), ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { record = r }), ai.WithGuards(ai.Redact(ai.Redaction{Personal: true})))
		a, err := ai.Collect(model.Generate(t.Context(), request()))
		if err != nil {
			t.Fatal(err)
		}
		p := a.Message.Parts
		if got, want := fmt.Sprint(p[0]), fmt.Sprint(ai.Reasoning{ID: "1", Text: "the key is [redacted api_key] so"}); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
		if r := p[1].(ai.Reasoning); r.Signature != "signed" || r.Text != "nothing" {
			t.Errorf("%d: got %+v", n, r)
		}
		calls := a.Message.Calls()
		if a.Text() != "mail [redacted email], [EMAIL_1] [redacted api_key]" || string(calls[0].Arguments) != `{"to":"[redacted email]","x":[1]}` ||
			string(calls[1].Arguments) != `{"k":"\n[redacted api_key]"}` || a.Reason != ai.ReasonToolCalls {
			t.Errorf("%d: got %q, %s, %s", n, a.Text(), calls[0].Arguments, calls[1].Arguments)
		}
		if len(record.Notes) != 1 || record.Notes[0].Why != "api_key 3, email 2" {
			t.Errorf("%d: got %+v", n, record.Notes)
		}
	}
}

func TestReversible(t *testing.T) {
	for _, n := range []int{1, 3, 1000} {
		m := &asked{answer: answerOf(n)}
		model := ai.WithGuards(ai.Redact(ai.Redaction{Personal: true, Reversible: true}))(m)
		a, err := ai.Collect(model.Generate(t.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("I am eve@example.com, eve@example.com, not joe@example.com")}}))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.req.Messages[0].Text(); got != "I am [EMAIL_1], [EMAIL_1], not [EMAIL_2]" {
			t.Errorf("sent %q", got)
		}
		if got := a.Text(); got != "mail [redacted email], eve@example.com [redacted api_key]" {
			t.Errorf("got %q", got)
		}
	}
}

// An answer that breaks off, or whose caller leaves, gives nothing away either.
func TestRedactsWhatBreaksOff(t *testing.T) {
	model := ai.WithGuards(ai.Redact(ai.Redaction{}))(play(says(&ai.Error{Kind: ai.Truncated}, "key ", secretKey[:10], secretKey[10:])))
	a, err := ai.Collect(model.Generate(t.Context(), request()))
	if e, ok := errors.AsType[*ai.Error](err); !ok || e.Kind != ai.Truncated || a.Text() != "key [redacted api_key]" {
		t.Errorf("got %q, %v", a.Text(), err)
	}
	for e, err := range model.Generate(t.Context(), request()) {
		_ = err // how it ends is looked at elsewhere
		if e.Kind == ai.EventText {
			break
		}
	}
}

func TestGuards(t *testing.T) {
	var order []string
	named := func(name string) ai.Guard {
		return func(_ context.Context, req *ai.Request) (*ai.Request, ai.Filter, error) {
			order = append(order, name)
			copied := *req
			copied.Stop = append(slices.Clip(copied.Stop), name)
			return &copied, func(answer iter.Seq2[ai.Event, error]) iter.Seq2[ai.Event, error] {
				return func(yield func(ai.Event, error) bool) {
					for e, err := range answer {
						if e.Kind == ai.EventText {
							e.Text += name
						}
						if !yield(e, err) {
							return
						}
					}
				}
			}, nil
		}
	}
	m := &asked{answer: says(nil, "x")}
	a, err := ai.Collect(ai.WithGuards(named("a"), named("b"))(m).Generate(t.Context(), request()))
	if err != nil || a.Text() != "xba" || strings.Join(order, "") != "ab" || strings.Join(m.req.Stop, "") != "ab" {
		t.Errorf("got %q, %v, %v, %v", a.Text(), order, m.req.Stop, err)
	}
	refuse := func(err error) ai.Guard {
		return func(context.Context, *ai.Request) (*ai.Request, ai.Filter, error) { return nil, nil, err }
	}
	for name, tt := range map[string]struct {
		err  error
		kind ai.ErrorKind
	}{"any error": {errors.New("private"), ai.Filtered}, "its own": {&ai.Error{Kind: ai.Invalid, Message: "no"}, ai.Invalid}} {
		m := &asked{answer: says(nil, "x")}
		_, err := ai.Collect(ai.WithGuards(refuse(tt.err))(m).Generate(t.Context(), request()))
		if e, ok := errors.AsType[*ai.Error](err); !ok || e.Kind != tt.kind || strings.Contains(e.Message, "private") || m.req != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := ai.Collect(ai.WithGuards(named("a"))(m).Generate(t.Context(), nil)); err == nil {
		t.Error("a nil request was taken")
	}
}

// However an answer is cut, the redacted stream is the redaction of the whole.
func FuzzRedact(f *testing.F) {
	f.Add("mail ann@example.com "+secretKey, "[EMAIL_1] and [EMAIL_2", []byte{1, 5, 2})
	f.Add("joe@example.com", `{"a":"[EMAIL_1]"}`, []byte{3})
	f.Fuzz(func(t *testing.T, question, text string, cuts []byte) {
		if len(text) > 1<<12 || question == "" {
			return
		}
		guard := ai.Redact(ai.Redaction{Personal: true, Addresses: true, Reversible: true})
		ask := func(pieces ...string) string {
			a, err := ai.Collect(ai.WithGuards(guard)(play(says(nil, pieces...))).Generate(t.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User(question)}}))
			if err != nil {
				t.Fatal(err)
			}
			return a.Text()
		}
		var pieces []string
		rest := text
		for _, c := range cuts {
			n := min(int(c), len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		if got, want := ask(append(pieces, rest)...), ask(text); got != want {
			t.Errorf("cut: %q, whole: %q", got, want)
		}
	})
}

func TestContentLog(t *testing.T) {
	var out bytes.Buffer
	at := func(level slog.Level) *slog.Logger {
		return slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))
	}
	ask := func(log *slog.Logger, text string) {
		model := ai.WithContentLog(log)(play(says(nil, "It is ", secretKey[:9], secretKey[9:])))
		if _, err := ai.Collect(model.Generate(t.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User(text)}})); err != nil {
			t.Error(err)
		}
	}
	if ask(at(slog.LevelInfo), "Hi"); out.Len() > 0 {
		t.Errorf("logged above Debug: %s", out.String())
	}
	ask(at(slog.LevelDebug), "Hi ann@example.com")
	if s := out.String(); !strings.Contains(s, "user: Hi [redacted email]") || !strings.Contains(s, "It is [redacted api_key]") {
		t.Errorf("got %s", s)
	}
	out.Reset()
	ask(at(slog.LevelDebug), strings.Repeat(secretKey+" ", 10_000))
	if s := out.String(); strings.Contains(s, "sk-") || len(s) > 40_000 {
		t.Errorf("got %d bytes: %.200s", len(s), s)
	}
}

func TestRedactAllocations(t *testing.T) {
	const pieces = 1000
	var list []ai.Event
	for range pieces {
		list = append(list, ai.Event{Kind: ai.EventText, Text: " piece of it"})
	}
	model := ai.WithGuards(ai.Redact(ai.Redaction{}))(ai.ModelFunc(func(context.Context, *ai.Request) seq { return events(list...) }))
	req := request()
	if got := testing.AllocsPerRun(20, func() {
		for _, err := range model.Generate(context.Background(), req) {
			_ = err // how it ends is looked at elsewhere
		}
	}); got > 30 {
		t.Errorf("%v allocations for %d pieces", got, pieces)
	}
}

func BenchmarkRedactPiece(b *testing.B) {
	var list []ai.Event
	for range 1000 {
		list = append(list, ai.Event{Kind: ai.EventText, Text: " word"})
	}
	bare := ai.ModelFunc(func(context.Context, *ai.Request) seq { return events(list...) })
	for name, r := range map[string]ai.Redaction{"secrets": {}, "personal": {Personal: true}} {
		b.Run(name, func(b *testing.B) {
			model, req := ai.WithGuards(ai.Redact(r))(bare), request()
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range model.Generate(context.Background(), req) {
					_ = err // how it ends is looked at elsewhere
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/piece")
		})
	}
}

func ExampleRedact() {
	model := ai.WithGuards(ai.Redact(ai.Redaction{Personal: true, Reversible: true}))(ai.ModelFunc(func(_ context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
		fmt.Println("sent:    ", req.Messages[0].Text())
		return says(nil, "I wrote to [EMA", "IL_1].")
	}))
	answer, err := ai.Collect(model.Generate(context.Background(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Write to ann@example.com!")}}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("answered:", answer.Text())
	// Output:
	// sent:     Write to [EMAIL_1]!
	// answered: I wrote to ann@example.com.
}
