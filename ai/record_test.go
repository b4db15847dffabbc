package ai_test

import (
	"context"
	"errors"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
)

func TestRecord(t *testing.T) {
	whole := func() *script { return play(says(nil, "Hi", "!")) }
	tests := map[string]struct {
		model *script
		read  int // events before the caller leaves; 0: all
		check func(r *ai.Record) bool
	}{
		"whole": {whole(), 0, func(r *ai.Record) bool {
			return r.Model == "m" && r.Usage.Total() == 3 && r.Reason == ai.ReasonStop && r.Err == nil && r.First > 0
		}},
		"failed": {play(fails(ai.Quota)), 0, func(r *ai.Record) bool { return r.Err != nil && r.Err.Kind == ai.Quota && r.First == 0 }},
		"left":   {whole(), 2, func(r *ai.Record) bool { return r.Err != nil && r.Err.Kind == ai.Canceled && r.Model == "m" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []*ai.Record
			record := ai.WithRecord(func() string { return "r1" }, func(_ context.Context, r *ai.Record) { got = append(got, r) })
			inner := ""
			model := ai.Decorate(test.model, record, record, func(next ai.Model) ai.Model {
				return ai.ModelFunc(func(ctx context.Context, req *ai.Request) seq {
					inner = ai.RecordID(ctx)
					return next.Generate(ctx, req)
				})
			})
			ctx := ai.WithPrompt(ai.WithCaller(t.Context(), ai.Caller{User: "u1"}), "summary@3")
			n := 0
			for range model.Generate(ctx, &ai.Request{Model: "fast", Messages: []ai.Message{ai.User("hi")}}) {
				if n++; n == test.read {
					break
				}
			}
			if len(got) != 1 {
				t.Fatalf("%d records, want 1", len(got))
			}
			r := got[0]
			if r.ID != "r1" || inner != "r1" || r.Caller.User != "u1" || r.Asked != "fast" || r.Prompt != "summary@3" || r.Took <= 0 || !test.check(r) {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestCallerOf(t *testing.T) {
	if c := ai.CallerOf(t.Context()); c.User != "" {
		t.Errorf("a context that does not say: %+v", c)
	}
	ctx := ai.WithCaller(ai.WithCaller(t.Context(), ai.Caller{User: "a"}), ai.Caller{Module: "m"})
	if c := ai.CallerOf(ctx); c.User != "" || c.Module != "m" {
		t.Errorf("the last one does not win whole: %+v", c)
	}
	if errors.Is(context.Cause(ctx), context.Canceled) {
		t.Error("canceled")
	}
}
