package ai_test

import (
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func request() *ai.Request {
	return &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}}
}

// script is a model that answers a list of sequences, the last one for ever.
type script struct {
	mu    sync.Mutex
	calls int
	names []string
	list  []iter.Seq2[ai.Event, error]
}

func (s *script) Generate(_ context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := min(s.calls, len(s.list)-1)
	s.calls++
	s.names = append(s.names, req.Model)
	return s.list[i]
}

func play(list ...iter.Seq2[ai.Event, error]) *script { return &script{list: list} }

// says is an answer of pieces, which ends with err if there is one.
func says(err error, pieces ...string) iter.Seq2[ai.Event, error] {
	return func(yield func(ai.Event, error) bool) {
		if !yield(ai.Event{Kind: ai.EventStart, Start: &ai.Start{ID: "1", Model: "m"}}, nil) {
			return
		}
		for _, p := range pieces {
			if !yield(ai.Event{Kind: ai.EventText, Text: p}, nil) {
				return
			}
		}
		if err != nil {
			yield(ai.Event{}, err)
			return
		}
		if yield(ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 1, Output: 2}}, nil) {
			yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
		}
	}
}

type rawJSON = json.RawMessage

type seq = iter.Seq2[ai.Event, error]

func fails(kind ai.ErrorKind) iter.Seq2[ai.Event, error] { return says(&ai.Error{Kind: kind}) }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
