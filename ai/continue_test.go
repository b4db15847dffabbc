package ai_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

func TestContinue(t *testing.T) {
	t.Parallel()
	cut := &ai.Error{Kind: ai.Truncated}
	thinks := func(yield func(ai.Event, error) bool) {
		if yield(ai.Event{Kind: ai.EventReasoning, Text: "hm"}, nil) && yield(ai.Event{Kind: ai.EventText, Text: "half"}, nil) {
			yield(ai.Event{}, cut)
		}
	}
	for _, tc := range []struct {
		name   string
		list   []seq // of each route
		output *ai.Schema
		text   string
		kind   ai.ErrorKind // of the error; Unknown: none
		sent   string       // to the last route that was asked: the turns' texts
		usage  int64        // 0: not checked
		notes  []string
	}{
		{name: "whole", list: []seq{says(nil, "a")}, text: "a", sent: "Hi", usage: 3},
		{name: "before the first piece", list: []seq{fails(ai.Server), says(nil, "b")}, text: "b", sent: "Hi", usage: 3},
		{name: "broken off", list: []seq{says(cut, "one ", "two"), says(nil, " three")}, text: "one two three", sent: "Hi|one two|…", usage: 3 + 1 + 4 + 3, notes: []string{"truncated"}},
		{name: "twice", list: []seq{says(cut, "a"), fails(ai.Network), says(cut, "b"), says(nil, "c")}, text: "abc", sent: "Hi|ab|…", notes: []string{"truncated", "network", "truncated"}},
		{name: "no route is left", list: []seq{says(cut, "a")}, text: "a", kind: ai.Truncated, sent: "Hi"},
		{name: "no route can go on", list: []seq{says(cut, "a"), fails(ai.Quota)}, text: "a", kind: ai.Truncated, sent: "Hi|a|…", notes: []string{"truncated"}},
		{name: "what is no text alone", list: []seq{thinks, says(nil, "b")}, text: "half", kind: ai.Truncated, sent: "Hi"},
		{name: "an answer in JSON", list: []seq{says(cut, "{"), says(nil, "}")}, output: &ai.Schema{Schema: rawJSON(`{}`)}, text: "{", kind: ai.Truncated, sent: "Hi"},
		{name: "what happens elsewhere too", list: []seq{says(&ai.Error{Kind: ai.Filtered}, "a"), says(nil, "b")}, text: "a", kind: ai.Filtered, sent: "Hi"},
		{name: "too long", list: []seq{says(cut, strings.Repeat("x", 1<<20), "y"), says(nil, "b")}, text: strings.Repeat("x", 1<<20) + "y", kind: ai.Truncated, sent: "Hi"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var routes []ai.Route
			sent := ""
			for _, events := range tc.list {
				routes = append(routes, ai.Route{Model: ai.ModelFunc(func(_ context.Context, req *ai.Request) seq {
					var turns []string
					for i, m := range req.Messages {
						if text := m.Text(); i < 2 {
							turns = append(turns, text)
						} else {
							turns = append(turns, "…")
						}
					}
					sent = strings.Join(turns, "|")
					return events
				})})
			}
			model, err := ai.Continue(routes...)
			if err != nil {
				t.Fatal(err)
			}
			var record *ai.Record
			model = ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { record = r })(model)
			req := request()
			req.Output, req.MaxTokens = tc.output, 100
			answer, err := ai.Collect(aitest.Ordered(t, model.Generate(t.Context(), req)))
			failed, _ := errors.AsType[*ai.Error](err)
			if answer.Text() != tc.text || (err != nil) != (tc.kind != ai.Unknown) || failed != nil && failed.Kind != tc.kind {
				t.Errorf("got %.40q, %v, want %.40q and kind %v", answer.Text(), err, tc.text, tc.kind)
			}
			if sent != tc.sent || tc.usage > 0 && answer.Usage.Total() != tc.usage {
				t.Errorf("sent %q for %+v, want %q for %d", sent, answer.Usage, tc.sent, tc.usage)
			}
			var notes []string
			for _, n := range record.Notes {
				notes = append(notes, n.Why)
			}
			if !slices.Equal(notes, tc.notes) || len(req.Messages) != 1 {
				t.Errorf("got notes %q and %d messages, want %q and the request untouched", notes, len(req.Messages), tc.notes)
			}
		})
	}
}

// What was said by both is charged once: the input twice, since it was sent twice.
func TestContinueIsCharged(t *testing.T) {
	t.Parallel()
	h := ai.NewHealth(ai.Breaker{})
	one, two := h.Watch("p", "")(play(says(&ai.Error{Kind: ai.Truncated}, "abc"))), h.Watch("p", "")(play(says(nil, "d")))
	model, err := ai.Continue(ai.Route{Model: one}, ai.Route{Model: two})
	if err != nil {
		t.Fatal(err)
	}
	prices := parsePrices(t, `{"date":"2026-01-01","currency":"USD","prices":[{"provider":"*","models":["*"],"input":1,"output":1}]}`)
	var record *ai.Record
	model = ai.Decorate(model, ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { record = r }), ai.WithPrices(func() *ai.Prices { return prices }))
	if err := ask(t, model, "m"); err != nil {
		t.Fatal(err)
	}
	// An estimate of 5 tokens and 1 for the part that broke off, and 3 that are told.
	if record.Usage.Total() != 9 || record.Cost.Micros != 9 {
		t.Errorf("got %+v for %+v, want 9 tokens for 9 micros", record.Cost, record.Usage)
	}
}
