package ai

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
)

// Coalescing says how requests share one call. The zero value is what most
// programs want.
type Coalescing struct {
	// Buffer is how much of an answer is kept for those who join late, in bytes.
	// Zero: 256 KiB. An answer that is longer takes nobody in any more, and is read
	// no further ahead of its slowest reader than 64 KiB.
	Buffer int
	// Total is how much is kept of all answers together, in bytes. Zero: 16 MiB.
	// Past it, too, answers take nobody in any more.
	Total int
	// Scope returns the same text for those who may get the same answer. Nil: the
	// caller's Tenant.
	Scope func(Caller) string
}

// WithCoalescing lets identical requests that are under way at the same time share one
// call of the model. Who joins late gets what came before and then follows, each at its
// own pace, whether asked for whole or in pieces. The call belongs to all of them: it has
// the values of the first one's context, but ends only when the last one has left. An
// error is told to all who wait for it, and to nobody who comes later.
//
// Two requests are identical if they differ in nothing but Whole and User, and their
// callers are of the same tenant. A request that must not have an older answer
// ([CacheControl].NoLookup) shares nothing. An answer of another's call has [CacheShared]
// in its [Start].
//
// Budgets, rates and prices outside of it count each call once: for the request that
// began it or, where that one leaves before the end, for one of those that stay.
func WithCoalescing(c Coalescing) Decorator {
	return func(next Model) Model {
		f := newFlights(c)
		k := &keys{scope: c.Scope}
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			if req == nil || CacheControlOf(ctx).NoLookup {
				return next.Generate(ctx, req)
			}
			return once(func(yield func(Event, error) bool) {
				key, ok := k.of(ctx, req)
				if !ok {
					next.Generate(ctx, req)(yield)
					return
				}
				f.generate(ctx, key, req, next.Generate, yield)
			})
		})
	}
}

// once makes a sequence that can be ranged over once.
func once(run func(yield func(Event, error) bool)) iter.Seq2[Event, error] {
	var used atomic.Bool
	return func(yield func(Event, error) bool) {
		if used.Swap(true) {
			yield(Event{}, &Error{Kind: Invalid, Message: "the answer was ranged over before"})
			return
		}
		run(yield)
	}
}

const (
	sharedAnswer = 256 << 10
	sharedTotal  = 16 << 20
	readAhead    = 64 << 10
)

// room is memory that several share, in bytes.
type room struct {
	max  int64
	used atomic.Int64
}

func (r *room) take(n int64) bool {
	if r.used.Add(n) <= r.max {
		return true
	}
	r.used.Add(-n)
	return false
}

func (r *room) give(n int64) { r.used.Add(-n) }

// flights are the calls under way that can be joined.
type flights struct {
	limit int64
	room  room

	mu   sync.Mutex
	open map[digest]*flight
}

func newFlights(c Coalescing) *flights {
	f := &flights{limit: int64(c.Buffer), open: map[digest]*flight{}}
	if f.limit <= 0 {
		f.limit = sharedAnswer
	}
	if f.room.max = int64(c.Total); f.room.max <= 0 {
		f.room.max = sharedTotal
	}
	return f
}

type generate = func(context.Context, *Request) iter.Seq2[Event, error]

// generate answers a request from the call that is under way, or from a new one.
func (s *flights) generate(ctx context.Context, key digest, req *Request, call generate, yield func(Event, error) bool) {
	if ctx.Err() != nil {
		yield(Event{}, canceled(ctx))
		return
	}
	r, first := s.join(ctx, key, req, call)
	defer s.leave(r)
	r.read(ctx, req.Whole, !first, yield)
}

// join returns a reader of the call, and whether it began the call.
func (s *flights) join(ctx context.Context, key digest, req *Request, call generate) (*flightReader, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, old := s.open[key]
	if !old {
		// The call outlives whoever began it, who may change the request then.
		f = &flight{in: s, key: key, last: new(block), done: make(chan struct{}), progress: make(chan struct{}, 1), trail: trailOf(ctx).fork()}
		f.first = f.last
		group, cancel := context.WithCancel(withTrail(context.WithoutCancel(ctx), f.trail))
		f.cancel = cancel
		s.open[key] = f
		asked := req.clone()
		go func() {
			defer close(f.done)
			defer cancel()
			f.run(group, call, asked)
		}()
	}
	r := &flightReader{f: f, block: f.first, wake: make(chan struct{}, 1), trail: trailOf(ctx), pays: !old}
	if old {
		r.apart = r.trail.cache(CacheShared)
	}
	f.readers = append(f.readers, r)
	return r, !old
}

// leave ends the call with its last reader, and waits for that. Who pays for the
// call and leaves before its end has one of those that stay pay for all of it.
func (s *flights) leave(r *flightReader) {
	f := r.f
	s.mu.Lock()
	for i, o := range f.readers {
		if o == r {
			f.readers[i] = f.readers[len(f.readers)-1]
			f.readers[len(f.readers)-1] = nil
			f.readers = f.readers[:len(f.readers)-1]
			break
		}
	}
	last := len(f.readers) == 0
	if last {
		if s.close(f); !r.ended { // else the model is about to be done
			f.cancel()
		}
	} else if r.pays && !r.ended {
		heir := f.readers[0]
		heir.pays, r.pays = true, false
		heir.trail.cache(heir.apart)
		r.trail.cache(CacheShared)
	}
	s.mu.Unlock()
	f.advanced()
	if last || r.pays { // who pays and is not the last has read the end
		<-f.done
	}
	if r.pays {
		r.trail.adopt(f.trail)
		r.trail.spend(f.used)
	}
}

// close lets nobody join any more. Pieces that all have read are forgotten then.
func (s *flights) close(f *flight) {
	if s.open[f.key] == f {
		delete(s.open, f.key)
	}
	f.first = nil
	if !f.closed.Swap(true) {
		s.room.give(f.taken)
	}
}

// fork returns a trail for a call that belongs to several requests, of which this
// one began it.
func (t *trail) fork() *trail {
	if t == nil { // of another one that joins there may be a record or a budget
		return &trail{unobserved: true}
	}
	r := &t.record // these do not change
	return &trail{record: Record{ID: r.ID, Caller: r.Caller, Asked: r.Asked, Prompt: r.Prompt, Began: r.Began}, unobserved: t.unobserved}
}

// adopt adds what a fork has gathered.
func (t *trail) adopt(fork *trail) {
	if t == nil {
		return
	}
	r := fork.snapshot()
	for _, a := range r.Attempts {
		t.attempt(a)
	}
	for _, n := range r.Notes {
		t.note(n)
	}
	if r.Cache != CacheNone {
		t.cache(r.Cache)
	}
}

// cache says what a cache had to do with the answer, and returns what it had.
func (t *trail) cache(s CacheState) (before CacheState) {
	t.change(func(r *Record) { before, r.Cache = r.Cache, s })
	return before
}

// spend says what the call used, of which the request has perhaps not seen all.
func (t *trail) spend(u Usage) {
	t.change(func(*Record) { t.spent = u })
}

// used is what a request used that has seen u.
func (t *trail) used(u Usage) Usage {
	t.change(func(r *Record) {
		if u = u.atLeast(t.spent); free(r.Cache) {
			u = Usage{}
		}
	})
	return u
}

// withTrail returns a context with another trail.
func withTrail(ctx context.Context, t *trail) context.Context {
	return context.WithValue(ctx, trailKey{}, t)
}
