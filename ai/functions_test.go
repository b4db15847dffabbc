package ai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// calls is an answer that calls tools.
func calls(names ...string) seq {
	list := []ai.Event{{Kind: ai.EventStart, Start: &ai.Start{ID: "1"}}, {Kind: ai.EventText, Text: "Let me see. "}}
	for i, name := range names {
		list = append(list, ai.Event{Kind: ai.EventToolCall, Index: i, ID: fmt.Sprint("c", i), Name: name},
			ai.Event{Kind: ai.EventToolArguments, Index: i, Text: fmt.Sprintf(`{"n":%d}`, i)})
	}
	return events(append(list, ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 5, Output: 1}}, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonToolCalls})...)
}

// remembering keeps the requests that a model gets.
type remembering struct {
	*script
	requests []ai.Request
}

func (r *remembering) Generate(ctx context.Context, req *ai.Request) seq {
	r.requests = append(r.requests, *req)
	return r.script.Generate(ctx, req)
}

func functions() ai.Functions {
	call := func(_ context.Context, arguments json.RawMessage) (string, error) {
		return "got " + string(arguments), nil
	}
	return ai.Functions{List: []ai.Function{
		{Tool: ai.Tool{Name: "good"}, Call: call},
		{Tool: ai.Tool{Name: "bad"}, Call: func(context.Context, json.RawMessage) (string, error) { return "", errors.New("no such row") }},
		{Tool: ai.Tool{Name: "panics"}, Call: func(context.Context, json.RawMessage) (string, error) { panic("secret") }},
	}}
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	model := &remembering{script: play(calls("good", "bad", "panics"), says(nil, "Done."))}
	f := functions()
	stacks := 0
	f.OnCall = func(_ context.Context, _ ai.ToolCall, _ ai.ToolResult, stack []byte) {
		if stack != nil {
			stacks++
		}
	}
	req := request()
	req.ToolChoice = ai.ToolRequired
	req.Tools = []ai.Tool{{Name: "own"}}
	answer, err := ai.Collect(aitest.Ordered(t, ai.WithFunctions(f)(model).Generate(t.Context(), req)))
	if err != nil || answer.Text() != "Let me see. Done." || len(answer.Message.Calls()) != 0 || answer.Usage.Total() != 9 || stacks != 1 {
		t.Errorf("got %q, %v, %d calls, %d tokens, %d stacks", answer.Text(), err, len(answer.Message.Calls()), answer.Usage.Total(), stacks)
	}
	second := model.requests[1]
	if len(model.requests[0].Tools) != 4 || second.ToolChoice != ai.ToolAuto || len(second.Messages) != 3 || len(req.Messages) != 1 || len(req.Tools) != 1 {
		t.Errorf("second request: %+v", second)
	}
	const want = `[{c0 good got {"n":0} false} {c1 bad no such row true} {c2 panics the function failed true}]`
	if got := fmt.Sprint(second.Messages[2].Parts); got != want || second.Messages[2].Role != ai.RoleTool {
		t.Errorf("results: got %s, want %s", got, want)
	}
}

func TestFunctionsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	model := &remembering{script: play(calls("good", "own"))}
	req := request()
	req.Tools = []ai.Tool{{Name: "own"}}
	answer, err := ai.Collect(aitest.Ordered(t, ai.WithFunctions(functions())(model).Generate(t.Context(), req)))
	if err != nil || len(answer.Message.Calls()) != 2 || answer.Reason != ai.ReasonToolCalls || model.calls != 1 {
		t.Errorf("got %+v, %v after %d requests, want both calls", answer.Message, err, model.calls)
	}
}

func TestFunctionsWithoutEnd(t *testing.T) {
	t.Parallel()
	model := play(calls("good"))
	f := functions()
	f.Rounds = 3
	_, err := ai.Collect(aitest.Ordered(t, ai.WithFunctions(f)(model).Generate(t.Context(), request())))
	if failed, ok := errors.AsType[*ai.Error](err); !ok || failed.Kind != ai.Budget || model.calls != 3 || !strings.Contains(err.Error(), "3 times") {
		t.Errorf("got %v after %d requests, want kind budget after 3", err, model.calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f = functions()
	f.OnCall = func(context.Context, ai.ToolCall, ai.ToolResult, []byte) { cancel() }
	if _, err := ai.Collect(ai.WithFunctions(f)(play(calls("good"))).Generate(ctx, request())); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: got %v", err)
	}
}

// What the rounds before an error used is told before it.
func TestFunctionsThatFailTellUsage(t *testing.T) {
	t.Parallel()
	broken := ai.Fail(&ai.Error{Kind: ai.Server})
	for name, tt := range map[string]struct {
		answers []seq
		want    int64
	}{
		"the second round":  {[]seq{calls("good"), broken}, 6},
		"too many rounds":   {[]seq{calls("good"), calls("good")}, 12},
		"the first already": {[]seq{broken}, 0},
	} {
		f := functions()
		f.Rounds = 2
		answer, err := ai.Collect(aitest.Ordered(t, ai.WithFunctions(f)(play(tt.answers...)).Generate(t.Context(), request())))
		if err == nil || answer.Usage.Total() != tt.want {
			t.Errorf("%s: got %+v, %v, want %d tokens", name, answer.Usage, err, tt.want)
		}
	}
}
