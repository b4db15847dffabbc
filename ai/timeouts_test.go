package ai_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// slow is a model that waits before each piece.
func slow(waits ...time.Duration) ai.Model {
	return ai.ModelFunc(func(ctx context.Context, _ *ai.Request) seq {
		return func(yield func(ai.Event, error) bool) {
			for _, d := range waits {
				select {
				case <-time.After(d):
				case <-ctx.Done():
					cause, ok := errors.AsType[*ai.Error](context.Cause(ctx))
					if !ok {
						cause = &ai.Error{Kind: ai.Canceled, Err: ctx.Err()}
					}
					yield(ai.Event{}, cause)
					return
				}
				if !yield(ai.Event{Kind: ai.EventText, Text: "x"}, nil) {
					return
				}
			}
			yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
		}
	})
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, tc := range []struct {
		name   string
		limits ai.Timeouts
		waits  []time.Duration
		busy   time.Duration // of the caller, with each piece
		text   string
		says   string // of the error; empty: none
		took   time.Duration
	}{
		{"in time", ai.Timeouts{First: 5 * s, Between: 2 * s, Total: 20 * s}, []time.Duration{4 * s, s, s}, 0, "xxx", "", 6 * s},
		{"the first is late", ai.Timeouts{First: 5 * s, Between: 2 * s}, []time.Duration{6 * s}, 0, "", "first piece", 5 * s},
		{"the second is late", ai.Timeouts{First: 5 * s, Between: 2 * s}, []time.Duration{s, 3 * s}, 0, "x", "next piece", 3 * s},
		{"only between", ai.Timeouts{Between: 2 * s}, []time.Duration{60 * s, 3 * s}, 0, "x", "next piece", 62 * s},
		{"only the first", ai.Timeouts{First: 2 * s}, []time.Duration{s, 60 * s}, 0, "xx", "", 61 * s},
		{"all of it", ai.Timeouts{Total: 5 * s}, []time.Duration{2 * s, 2 * s, 2 * s}, 0, "xx", "whole answer", 5 * s},
		{"the caller's own time does not count", ai.Timeouts{First: 2 * s, Between: 2 * s}, []time.Duration{s, s, s}, 10 * s, "xxx", "", 33 * s},
		{"but for the total", ai.Timeouts{Total: 15 * s}, []time.Duration{s, 8 * s}, 10 * s, "x", "whole answer", 15 * s},
		{"none", ai.Timeouts{}, []time.Duration{time.Hour}, 0, "x", "", time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				text, last := "", error(nil)
				for e, err := range aitest.Ordered(t, ai.WithTimeouts(tc.limits)(slow(tc.waits...)).Generate(t.Context(), request())) {
					if text, last = text+e.Text, err; e.Kind == ai.EventText {
						<-time.After(tc.busy)
					}
				}
				failed, _ := errors.AsType[*ai.Error](last)
				if text != tc.text || (last != nil) != (tc.says != "") || failed != nil && (failed.Kind != ai.Timeout || !strings.Contains(failed.Message, tc.says)) {
					t.Errorf("got %q, %v, want %q and a timeout of %q", text, last, tc.text, tc.says)
				}
				late := time.Duration(0)
				if tc.says == "next piece" {
					late = tc.limits.Between / 8
				}
				if took := time.Since(begun); took < tc.took || took > tc.took+late {
					t.Errorf("took %v, want %v, and up to %v more", took, tc.took, late)
				}
			})
		})
	}
}
