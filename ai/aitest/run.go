package aitest

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

const (
	impatience = 750 * time.Millisecond // with a server that says nothing
	patience   = time.Minute            // with all others
)

// Run checks an adapter against every fault, for streams and for whole answers:
// the outcome, the order of events, and that nothing is left behind. newModel
// returns a model of the server at baseURL that sends its requests by transport
// and reads pieces of at most 2 MiB and answers of at most 8 MiB.
func Run(t *testing.T, format Format, newModel func(baseURL string, transport http.RoundTripper) (ai.Model, error)) {
	t.Helper()
	for _, whole := range []bool{false, true} {
		name := "stream"
		if whole {
			name = "whole"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, f := range append(Faults(), None) {
				t.Run(string(f), func(t *testing.T) {
					t.Parallel()
					c := checked{format: format, fault: f, whole: whole, server: NewServer()}
					t.Cleanup(c.server.Close)
					transport := &http.Transport{}
					t.Cleanup(transport.CloseIdleConnections)
					model, err := newModel(c.server.BaseURL(format), transport)
					if err != nil {
						t.Fatal(err)
					}
					c.model = model
					c.outcome(t)
					c.leaving(t)
				})
			}
		})
	}
}

// checked is one fault of one format.
type checked struct {
	format Format
	fault  Fault
	whole  bool
	server *Server
	model  ai.Model
}

func (c *checked) request() *ai.Request {
	return &ai.Request{Model: "test-model", Messages: []ai.Message{ai.User("Hi")}, Whole: c.whole}
}

func (c *checked) outcome(t *testing.T) {
	t.Helper()
	c.server.Push(Reply{Fault: c.fault})
	limits := ai.Timeouts{First: patience, Between: patience, Total: patience}
	if c.fault == SlowFirstByte {
		limits.First = impatience
	}
	if c.fault == Stall {
		limits.Between = impatience
		if c.whole {
			limits.First = impatience
		}
	}
	events := ai.WithTimeouts(limits)(c.model).Generate(t.Context(), c.request())
	answer, err := ai.Collect(Ordered(t, events))
	want := c.fault.Outcome(c.format, c.whole)
	switch failed, isError := errors.AsType[*ai.Error](err); {
	case want.OK && err != nil:
		t.Fatalf("got %v, want an answer", err)
	case want.OK:
		c.content(t, answer)
	case !isError:
		t.Fatalf("got %v, want an error of kind %v", err, want.Kind)
	case failed.Kind != want.Kind:
		t.Errorf("got %v (%v), want kind %v", failed, failed.Kind, want.Kind)
	case want.Partial != (len(answer.Message.Parts) > 0):
		t.Errorf("got %q beside the error, want some: %v", answer.Text(), want.Partial)
	case c.fault == RateLimited && failed.RetryAfter != time.Second:
		t.Errorf("got Retry-After %v, want 1s", failed.RetryAfter)
	case len(failed.Message) > 1100 || strings.Contains(failed.Message, "<html"):
		t.Errorf("got the message %.100q", failed.Message)
	}
}

// content checks an answer.
func (c *checked) content(t *testing.T, a *ai.Answer) {
	t.Helper()
	r := Reply{Fault: c.fault}.filled()
	f := formats[c.format]
	inWords := !f.noRefusal
	if a.Reason != r.Reason && (c.fault != Refusal || inWords || f.plain) {
		t.Errorf("got reason %v, want %v", a.Reason, r.Reason)
	}
	if want := joined(r.Text); a.Text() != want && c.fault != Refusal {
		t.Errorf("got text %q, want %q", a.Text(), want)
	}
	if c.fault == Refusal && refusalOf(a) == "" && (inWords || a.Reason != ai.ReasonFiltered) && !f.plain {
		t.Errorf("got %+v, %v, want a refusal", a.Message.Parts, a.Reason)
	}
	if c.fault == BrokenArguments && !(c.whole && f.parsedWhole || !c.whole && f.parsedStream) {
		if calls := a.Message.Calls(); len(calls) != 1 || calls[0].Name != "find" || string(calls[0].Arguments) != string(r.Calls[0].Arguments) {
			t.Errorf("got calls %+v, want the arguments as they came", calls)
		}
	}
	if want := r.Usage; c.fault != NoUsage && a.Usage != want {
		t.Errorf("got usage %+v, want %+v", a.Usage, want)
	}
	if a.Model != "test-model-1" || a.Provider == "" {
		t.Errorf("got start %+v, want the model that answered", a.Start)
	}
}

func refusalOf(a *ai.Answer) string {
	for _, p := range a.Message.Parts {
		if r, ok := p.(ai.Refusal); ok {
			return string(r)
		}
	}
	return ""
}

// leaving checks that a loop can be left at the first event, and that what is
// canceled says so.
func (c *checked) leaving(t *testing.T) {
	t.Helper()
	if c.fault != None {
		return
	}
	for _, err := range c.model.Generate(t.Context(), c.request()) {
		if err != nil {
			t.Errorf("left at the first event: %v", err)
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(impatience, cancel) // there is no first piece of an answer in one
	c.server.Push(Reply{Fault: Stall})
	var last error
	for _, err := range c.model.Generate(ctx, c.request()) {
		if last = err; err == nil {
			cancel()
		}
	}
	cancel()
	if failed, ok := errors.AsType[*ai.Error](last); !ok || failed.Kind != ai.Canceled || !errors.Is(last, context.Canceled) {
		t.Errorf("canceled in mid-answer: got %v, want an error of kind canceled", last)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := ai.Collect(c.model.Generate(canceled, c.request()))
	if failed, ok := errors.AsType[*ai.Error](err); !ok || failed.Kind != ai.Canceled {
		t.Errorf("canceled before: got %v, want an error of kind canceled", err)
	}
	events := c.model.Generate(t.Context(), c.request())
	if _, err := ai.Collect(events); err != nil {
		t.Errorf("first time: %v", err)
	}
	if _, err := ai.Collect(events); err == nil {
		t.Error("ranged over twice: got no error")
	}
}

// Ordered passes events on and reports to t what breaks the rules of [ai.Model]:
// one end or error, the last; a zero event beside an error; the start before all
// content; pieces of arguments after their call.
func Ordered(t testing.TB, events iter.Seq2[ai.Event, error]) iter.Seq2[ai.Event, error] {
	t.Helper()
	return func(yield func(ai.Event, error) bool) {
		var ended bool
		var content int
		calls := map[int]bool{}
		for e, err := range events {
			if ended {
				t.Errorf("event %+v, %v after the last", e, err)
			}
			ended = err != nil || e.Kind == ai.EventEnd
			switch {
			case err != nil && e != ai.Event{}:
				t.Errorf("event %+v beside the error %v", e, err)
			case err != nil:
			case e.Kind == ai.EventStart && (content > 0 || e.Start == nil):
				t.Error("the start is not first, or says nothing")
			case e.Kind == ai.EventToolCall:
				calls[e.Index] = true
			case e.Kind == ai.EventToolArguments && !calls[e.Index]:
				t.Errorf("arguments of call %d, which did not begin", e.Index)
			case e.Kind == ai.EventUsage && e.Usage == nil, e.Kind < ai.EventStart || e.Kind > ai.EventEnd:
				t.Errorf("malformed event %+v", e)
			}
			if e.Kind > ai.EventStart && e.Kind < ai.EventUsage {
				content++
			}
			if !yield(e, err) {
				return
			}
		}
		if !ended {
			t.Error("the sequence ended without an end or an error")
		}
	}
}
