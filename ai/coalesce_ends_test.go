package ai_test

import (
	"context"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

// leaves is a model that says something, and then takes a second to be done.
func leaves(text string) ai.Model {
	return ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
		return func(yield func(ai.Event, error) bool) {
			events(ai.Event{Kind: ai.EventText, Text: "a"}, ai.Event{Kind: ai.EventText, Text: text}, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop})(func(e ai.Event, err error) bool {
				<-time.After(time.Second)
				return yield(e, err)
			})
			<-time.After(time.Second)
		}
	})
}

// Who pays for a call waits for what becomes of it, but not for those who read
// slowly, even where the answer is not kept any more.
func TestCoalescingPayerEndsFirst(t *testing.T) {
	const readAhead = 64 << 10
	for name, text := range map[string]string{"kept": "b", "too long": strings.Repeat("b", readAhead-100)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var record *ai.Record
				shared := ai.Decorate(leaves(text), ai.WithCoalescing(ai.Coalescing{Buffer: 60}), ai.NewHealth(ai.Breaker{}).Watch("p", ""))
				recorded := ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { record = r })(shared)
				done := make(chan struct{})
				go func() {
					defer close(done)
					<-time.After(time.Millisecond)
					for range shared.Generate(t.Context(), request()) {
						<-time.After(time.Hour)
					}
				}()
				begun := time.Now()
				if _, err := ai.Collect(recorded.Generate(t.Context(), request())); err != nil {
					t.Error(err)
				}
				if took := time.Since(begun); took > time.Minute || len(record.Attempts) != 1 || !record.Attempts[0].OK {
					t.Errorf("after %v: %+v, want the upstream call at once", took, record.Attempts)
				}
				<-done
			})
		})
	}
}

// Who comes when a call has failed asks anew, even where others have not heard of
// the error yet.
func TestCoalescingAfterAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		upstream := play(func(yield func(ai.Event, error) bool) {
			_ = yield(ai.Event{Kind: ai.EventText, Text: "a"}, nil) && yield(ai.Event{}, &ai.Error{Kind: ai.Truncated})
		}, says(nil, "b"))
		model := ai.Decorate(upstream, ai.WithCoalescing(ai.Coalescing{}))
		for _, err := range model.Generate(t.Context(), request()) {
			if err != nil {
				break
			}
			synctest.Wait()
			if answer, err := ai.Collect(model.Generate(t.Context(), request())); err != nil || answer.Text() != "b" {
				t.Errorf("got %q, %v, want a new answer", answer.Text(), err)
			}
		}
	})
}
