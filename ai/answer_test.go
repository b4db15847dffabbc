package ai_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
)

func events(list ...ai.Event) seq {
	return func(yield func(ai.Event, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestCollect(t *testing.T) {
	t.Parallel()
	answer, err := ai.Collect(events(
		ai.Event{Kind: ai.EventStart, Start: &ai.Start{ID: "1", Format: "f"}},
		ai.Event{Kind: ai.EventReasoning, Text: "a", ID: "0"}, ai.Event{Kind: ai.EventReasoning, Signature: "s", ID: "0"},
		ai.Event{Kind: ai.EventReasoning, Opaque: "o", ID: "1"},
		ai.Event{Kind: ai.EventText, Text: "b"}, ai.Event{Kind: ai.EventText, Text: "c"}, ai.Event{Kind: ai.EventText, Text: "d"},
		ai.Event{Kind: ai.EventToolCall, Index: 0, ID: "x", Name: "f"}, ai.Event{Kind: ai.EventToolCall, Index: 1, ID: "y", Name: "g"},
		ai.Event{Kind: ai.EventToolArguments, Index: 1, Text: "{}"}, ai.Event{Kind: ai.EventToolArguments, Index: 0, Text: `{"a"`},
		ai.Event{Kind: ai.EventToolArguments, Index: 0, Text: `:1}`},
		ai.Event{Kind: ai.EventText, Text: "e"},
		ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 3}}, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonToolCalls}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{Format:f ID:0 Text:a Signature:s Opaque:} {Format:f ID:1 Text: Signature: Opaque:o} bcd {x f {"a":1}} {y g {}} e] tool_calls 3`
	var parts []string
	for _, p := range answer.Message.Parts {
		if c, ok := p.(ai.ToolCall); ok {
			parts = append(parts, fmt.Sprintf("{%s %s %s}", c.ID, c.Name, c.Arguments))
		} else {
			parts = append(parts, fmt.Sprintf("%+v", p))
		}
	}
	if got := fmt.Sprint("[", strings.Join(parts, " "), "] ", answer.Reason, " ", answer.Usage.Input); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if answer.Text() != "bcde" || len(answer.Message.Calls()) != 2 {
		t.Errorf("got text %q and %d calls", answer.Text(), len(answer.Message.Calls()))
	}
}

func TestCollectBrokenOff(t *testing.T) {
	t.Parallel()
	broken := &ai.Error{Kind: ai.Truncated}
	answer, err := ai.Collect(func(yield func(ai.Event, error) bool) {
		_ = yield(ai.Event{Kind: ai.EventText, Text: "half"}, nil) &&
			yield(ai.Event{Kind: ai.EventToolCall, ID: "x", Name: "f"}, nil) &&
			yield(ai.Event{Kind: ai.EventToolArguments, Text: `{"a`}, nil) &&
			yield(ai.Event{}, broken)
	})
	if !errors.Is(err, broken) || answer.Text() != "half" || len(answer.Message.Calls()) != 0 {
		t.Errorf("got %+v, %v, want what was there without the broken call", answer, err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	with := func(change func(*ai.Request)) *ai.Request { r := request(); change(r); return r }
	for name, r := range map[string]*ai.Request{
		"nil":            nil,
		"no model":       with(func(r *ai.Request) { r.Model = "" }),
		"no messages":    with(func(r *ai.Request) { r.Messages = nil }),
		"empty message":  with(func(r *ai.Request) { r.Messages[0].Parts = nil }),
		"nil part":       with(func(r *ai.Request) { r.Messages[0].Parts[0] = nil }),
		"role":           with(func(r *ai.Request) { r.Messages[0].Role = "boss" }),
		"part of a role": with(func(r *ai.Request) { r.Messages[0].Parts[0] = ai.ToolCall{Name: "x"} }),
		"image":          with(func(r *ai.Request) { r.Messages[0].Parts[0] = ai.Image{} }),
		"tool name":      with(func(r *ai.Request) { r.Tools = []ai.Tool{{Name: "a b"}} }),
		"tool twice":     with(func(r *ai.Request) { r.Tools = []ai.Tool{{Name: "a"}, {Name: "a"}} }),
		"tool schema":    with(func(r *ai.Request) { r.Tools = []ai.Tool{{Name: "a", Parameters: []byte("{")}} }),
		"tool choice":    with(func(r *ai.Request) { r.ToolChoice = "b" }),
		"required tool":  with(func(r *ai.Request) { r.ToolChoice = ai.ToolRequired }),
		"extra":          with(func(r *ai.Request) { r.Extra = map[string]rawJSON{"a": rawJSON("{")} }),
		"top-p":          with(func(r *ai.Request) { r.TopP = new(float64) }),
	} {
		if failed, ok := errors.AsType[*ai.Error](r.Validate()); !ok || failed.Kind != ai.Invalid || failed.Again() || failed.Elsewhere() {
			t.Errorf("%s: got %v, want kind invalid", name, failed)
		}
	}
	if err := request().Validate(); err != nil {
		t.Errorf("a plain request: %v", err)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	err := &ai.Error{Kind: ai.RateLimited, Provider: "openai", Model: "m", Status: 429, Message: "slow down"}
	if got, want := err.Error(), "openai m: rate_limited (429): slow down"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := (&ai.Error{Err: errors.New("x")}).Error(), "unknown: x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Pieces of one call come between those of others, as providers send them.
func TestCollectInterleavedCalls(t *testing.T) {
	t.Parallel()
	var list []ai.Event
	for i := range 5 {
		list = append(list, ai.Event{Kind: ai.EventToolCall, Index: i, ID: "c", Name: "f"})
		for j := range i + 1 {
			list = append(list, ai.Event{Kind: ai.EventToolArguments, Index: j, Text: "1"})
		}
	}
	answer, err := ai.Collect(events(append(list, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonToolCalls})...))
	calls := answer.Message.Calls()
	if err != nil || len(calls) != 5 {
		t.Fatalf("got %+v, %v, want five calls", calls, err)
	}
	for i, call := range calls {
		if got, want := string(call.Arguments), strings.Repeat("1", 5-i); got != want {
			t.Errorf("call %d: got %s, want %s", i, got, want)
		}
	}
}

// Signatures come in as many pieces as a provider likes.
func TestCollectSignaturesInPieces(t *testing.T) {
	t.Parallel()
	const n = 1 << 16
	answer, err := ai.Collect(func(yield func(ai.Event, error) bool) {
		for range n {
			if !yield(ai.Event{Kind: ai.EventReasoning, Signature: "0123456789", Opaque: "x", ID: "1"}, nil) {
				return
			}
		}
		yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
	})
	part, _ := answer.Message.Parts[0].(ai.Reasoning)
	if err != nil || len(part.Signature) != 10*n || len(part.Opaque) != n || len(answer.Message.Parts) != 1 {
		t.Errorf("got %d parts, a signature of %d bytes, %d opaque, %v", len(answer.Message.Parts), len(part.Signature), len(part.Opaque), err)
	}
}
