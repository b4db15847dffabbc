package ai_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// pacer is a model that says pieces a second apart, and counts.
type pacer struct {
	pieces []string
	err    error
	calls  atomic.Int32
	ended  atomic.Int32 // calls whose context ended before they did
	ctx    atomic.Value
}

func (s *pacer) Generate(ctx context.Context, _ *ai.Request) iter.Seq2[ai.Event, error] {
	return func(yield func(ai.Event, error) bool) {
		s.calls.Add(1)
		s.ctx.Store(&ctx)
		for e, err := range says(s.err, s.pieces...) {
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				s.ended.Add(1)
				yield(ai.Event{}, &ai.Error{Kind: ai.Canceled, Err: ctx.Err()})
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// A thousand requests that are the same make one call; 999 that leave early do not
// end it, and each that stays gets all.
func TestCoalescingThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		upstream := &pacer{pieces: []string{"a", "b", "c"}}
		model := ai.Decorate(upstream, ai.WithCoalescing(ai.Coalescing{}))
		var wg sync.WaitGroup
		var stayed atomic.Int32
		for i := range 1000 {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i > 0 && i%2 == 0 {
					time.AfterFunc(1500*time.Millisecond, cancel)
				}
				asked := request()
				asked.Whole = i%3 == 0
				asked.User = fmt.Sprint(i)
				var text string
				for e, err := range aitest.Ordered(t, model.Generate(ctx, asked)) {
					switch failed, _ := errors.AsType[*ai.Error](err); {
					case err != nil && (i == 0 || i%2 != 0 || failed.Kind != ai.Canceled):
						t.Errorf("%d: %v", i, err)
					case i%2 != 0 && i != 777 && e.Kind == ai.EventStart: // leaves
						return
					}
					if text += e.Text; e.Kind == ai.EventEnd {
						stayed.Add(1)
						if text != "abc" {
							t.Errorf("%d: got %q", i, text)
						}
					}
				}
			})
		}
		wg.Wait()
		if upstream.calls.Load() != 1 || stayed.Load() != 2 || upstream.ended.Load() != 0 {
			t.Errorf("%d calls, %d stayed, %d ended early; want 1, 2, 0", upstream.calls.Load(), stayed.Load(), upstream.ended.Load())
		}
	})
}

// The call ends with its last reader, before that one leaves its loop.
func TestCoalescingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		upstream := &pacer{pieces: []string{"a", "b", "c"}}
		model := ai.Decorate(upstream, ai.WithCoalescing(ai.Coalescing{}))
		type tag struct{}
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), tag{}, "first"), 1500*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := ai.Collect(model.Generate(ctx, request()))
			if failed, _ := errors.AsType[*ai.Error](err); failed == nil || failed.Kind != ai.Timeout {
				t.Errorf("the first: got %v, want its own timeout", err)
			}
			if upstream.ended.Load() != 0 {
				t.Error("the call ended with the first one's context")
			}
		})
		time.AfterFunc(500*time.Millisecond, func() {
			wg.Go(func() {
				for e := range model.Generate(t.Context(), request()) {
					if e.Text == "b" {
						break
					}
				}
				if upstream.ended.Load() != 1 {
					t.Error("the last one left before the call had ended")
				}
			})
		})
		<-time.After(time.Second)
		wg.Wait()
		if got := (*upstream.ctx.Load().(*context.Context)).Value(tag{}); upstream.calls.Load() != 1 || got != "first" {
			t.Errorf("%d calls, with %v of the context; want 1 with the first one's values", upstream.calls.Load(), got)
		}
	})
}

// Errors are told to who waits, not to who comes later; a panic is an error.
func TestCoalescingErrors(t *testing.T) {
	panics := ai.ModelFunc(func(context.Context, *ai.Request) seq { panic("oh") })
	silent := ai.ModelFunc(func(context.Context, *ai.Request) seq { return func(func(ai.Event, error) bool) {} })
	for name, tc := range map[string]struct {
		model ai.Model
		kind  ai.ErrorKind
	}{"panic": {panics, ai.Unknown}, "no end": {silent, ai.Malformed}} {
		_, err := ai.Collect(ai.WithCoalescing(ai.Coalescing{})(tc.model).Generate(t.Context(), request()))
		if failed, _ := errors.AsType[*ai.Error](err); failed == nil || failed.Kind != tc.kind {
			t.Errorf("%s: got %v, want kind %v", name, err, tc.kind)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		upstream := &pacer{pieces: []string{"a"}, err: &ai.Error{Kind: ai.Server}}
		model := ai.Decorate(upstream, ai.WithCoalescing(ai.Coalescing{}))
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				a, err := ai.Collect(model.Generate(t.Context(), request()))
				if failed, _ := errors.AsType[*ai.Error](err); failed == nil || failed.Kind != ai.Server || a.Text() != "a" {
					t.Errorf("got %q, %v", a.Text(), err)
				}
			})
		}
		wg.Wait()
		upstream.err = nil
		if _, err := ai.Collect(model.Generate(t.Context(), request())); err != nil || upstream.calls.Load() != 2 {
			t.Errorf("later: got %v after %d calls, want a call of its own", err, upstream.calls.Load())
		}
	})
}

// Who may not share does not: other tenants, other requests, who wants a new one.
func TestCoalescingApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		upstream := &pacer{pieces: []string{"a"}}
		model := ai.Decorate(upstream, ai.WithCoalescing(ai.Coalescing{}))
		other := request()
		other.MaxTokens = 7
		var wg sync.WaitGroup
		for _, c := range []struct {
			ctx context.Context
			req *ai.Request
		}{
			{t.Context(), request()}, {t.Context(), other}, {ai.WithCaller(t.Context(), ai.Caller{Tenant: "b", User: "u"}), request()},
			{ai.WithCacheControl(t.Context(), ai.CacheControl{NoLookup: true}), request()}, {ai.WithCaller(t.Context(), ai.Caller{User: "v"}), request()},
		} {
			wg.Go(func() {
				if _, err := ai.Collect(model.Generate(c.ctx, c.req)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := upstream.calls.Load(); got != 4 {
			t.Errorf("%d calls, want 4", got)
		}
	})
}

// A long answer takes nobody in, and is read as fast as its slowest reader reads.
func TestCoalescingLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said atomic.Int64
		piece := strings.Repeat("x", 1000)
		upstream := ai.ModelFunc(func(context.Context, *ai.Request) seq {
			return func(yield func(ai.Event, error) bool) {
				for range 1000 {
					said.Add(1000)
					if !yield(ai.Event{Kind: ai.EventText, Text: piece}, nil) {
						return
					}
				}
				yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
			}
		})
		var calls atomic.Int32
		model := ai.Decorate(ai.ModelFunc(func(ctx context.Context, r *ai.Request) seq { calls.Add(1); return upstream(ctx, r) }),
			ai.WithCoalescing(ai.Coalescing{Buffer: 100_000}))
		read := 0
		for e, err := range model.Generate(t.Context(), request()) {
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			read += len(e.Text)
			if ahead := int(said.Load()) - read; ahead > 100_000 {
				t.Fatalf("%d bytes ahead of the reader", ahead)
			}
			if read == 500_000 {
				if a, err := ai.Collect(model.Generate(t.Context(), request())); err != nil || len(a.Text()) != 1_000_000 || calls.Load() != 2 {
					t.Errorf("who comes late: %d bytes, %v, %d calls; want a call of its own", len(a.Text()), err, calls.Load())
				}
				said.Add(-1_000_000)
			}
		}
		if read != 1_000_000 {
			t.Errorf("%d bytes, want all", read)
		}
	})
}

// The record of who began a call has its attempts; that of who joined says so.
func TestCoalescingRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		states := map[ai.CacheState]int{}
		model := ai.Decorate(&pacer{pieces: []string{"a"}}, ai.WithRecord(nil, func(_ context.Context, r *ai.Record) {
			mu.Lock()
			defer mu.Unlock()
			if states[r.Cache]++; len(r.Attempts) != 1 == (r.Cache == ai.CacheNone) {
				t.Errorf("cache %v: %d attempts", r.Cache, len(r.Attempts))
			}
		}), ai.WithCoalescing(ai.Coalescing{}), ai.NewHealth(ai.Breaker{}).Watch("p", ""))
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				a, err := ai.Collect(model.Generate(t.Context(), request()))
				mu.Lock()
				defer mu.Unlock()
				if states[a.Cache+100]++; err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if states[ai.CacheNone] != 1 || states[ai.CacheShared] != 2 || states[ai.CacheNone+100] != 1 || states[ai.CacheShared+100] != 2 {
			t.Errorf("got %v, want one call and two that shared it", states)
		}
	})
}

func ExampleWithCoalescing() {
	calls := 0
	upstream := ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
		calls++
		return says(nil, "Hello")
	})
	model := ai.Decorate(upstream, ai.WithCoalescing(ai.Coalescing{}))
	for e := range model.Generate(context.Background(), request()) {
		if e.Kind == ai.EventText { // another asks the same, while this one reads
			answer, err := ai.Collect(model.Generate(context.Background(), request()))
			fmt.Println(answer.Text(), answer.Cache, err)
		}
	}
	fmt.Println(calls, "call")
	// Output:
	// Hello shared <nil>
	// 1 call
}

// What is kept of an answer for those who join late is bounded whatever it is of.
func TestCoalescingBoundsSignatures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		upstream := ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
			calls++
			return events(ai.Event{Kind: ai.EventReasoning, Opaque: strings.Repeat("x", 2000)}, ai.Event{Kind: ai.EventText, Text: "y"}, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop})
		})
		model := ai.Decorate(upstream, ai.WithCoalescing(ai.Coalescing{Buffer: 1000}))
		for range model.Generate(t.Context(), request()) {
			synctest.Wait()
			if _, err := ai.Collect(model.Generate(t.Context(), request())); err != nil {
				t.Error(err)
			}
			break
		}
		if calls != 2 {
			t.Errorf("%d calls, want one each: the answer is longer than the buffer", calls)
		}
	})
}
