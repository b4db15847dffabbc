package ai

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// flight is one call, and what came of it so far.
type flight struct {
	in     *flights
	key    digest
	cancel context.CancelFunc
	done   chan struct{} // the goroutine has ended
	trail  *trail

	first   *block          // of in.mu; nil when nobody can join
	readers []*flightReader // of in.mu
	closed  atomic.Bool     // nobody can join

	// of the goroutine alone
	last     *block
	used     Usage // by the call, when it has ended
	bytes    int64 // that came
	taken    int64 // of the room
	err      error // before over
	over     atomic.Bool
	blocked  atomic.Bool   // the goroutine waits for the slowest reader
	progress chan struct{} // of readers

	mu       sync.Mutex
	sleeping []*flightReader
	sleepers atomic.Int32
}

// block is some pieces. They do not change any more when n counts them.
type block struct {
	pieces [32]flightPiece
	n      atomic.Int32
	next   atomic.Pointer[block]
}

// flightPiece is an event, most of which are only a text.
type flightPiece struct {
	kind EventKind
	text string
	full *Event // where it is more
}

// What a piece takes, beside its texts: one that is only a text, and any other.
const (
	pieceSize = 32
	fullSize  = pieceSize + 192
)

func (p *flightPiece) size() int64 {
	if p.full == nil {
		return int64(len(p.text) + pieceSize)
	}
	e := p.full
	return int64(len(e.Text) + len(e.Signature) + len(e.Opaque) + len(e.ID) + len(e.Name) + fullSize)
}

func pieceOf(e *Event) flightPiece {
	if e.Kind == EventText && e.ID == "" && e.Signature == "" {
		return flightPiece{kind: e.Kind, text: e.Text}
	}
	full := *e
	if e.Start != nil { // adapters may change them later
		start := *e.Start
		full.Start = &start
	}
	if e.Usage != nil {
		usage := *e.Usage
		full.Usage = &usage
	}
	return flightPiece{kind: e.Kind, text: e.Text, full: &full}
}

// run reads the answer of the model.
func (f *flight) run(ctx context.Context, call generate, req *Request) {
	ended := false
	var m meter
	defer func() {
		if v := recover(); v != nil {
			f.err = &Error{Kind: Unknown, Model: req.Model, Err: fmt.Errorf("the model panicked: %v", v)}
		} else if f.err == nil && !ended {
			f.err = &Error{Kind: Malformed, Model: req.Model, Message: "the answer ended without an end or an error"}
		}
		if f.err != nil { // nobody else is told
			f.in.mu.Lock()
			f.in.close(f)
			f.in.mu.Unlock()
		}
		if f.err != nil {
			m.err = typed(f.err)
		}
		f.used = m.used(req)
		f.over.Store(true)
		f.wakeAll()
	}()
	for e, err := range call(ctx, req) {
		m.add(&e, err)
		if err != nil {
			f.err = err
			return
		}
		ended = ended || e.Kind == EventEnd
		f.add(&e)
		if !ended && f.closed.Load() && !f.waitForSlowest(ctx) {
			return
		}
	}
}

func (f *flight) add(e *Event) {
	p := pieceOf(e)
	if f.bytes += p.size(); !f.closed.Load() && !f.take() {
		f.in.mu.Lock()
		f.in.close(f)
		f.in.mu.Unlock()
	}
	b, n := f.last, f.last.n.Load()
	if int(n) == len(b.pieces) {
		b = new(block)
		b.pieces[0] = p
		b.n.Store(1)
		f.last.next.Store(b)
		f.last = b
	} else {
		b.pieces[n] = p
		b.n.Store(n + 1)
	}
	if f.sleepers.Load() > 0 {
		f.wakeAll()
	}
}

// take reports whether what has come is within the bounds.
func (f *flight) take() bool {
	const step = 4 << 10
	if f.bytes <= f.taken {
		return true
	}
	size := max(f.bytes-f.taken, step)
	if f.bytes > f.in.limit || !f.in.room.take(size) {
		return false
	}
	f.in.mu.Lock() // who leaves last gives it back
	defer f.in.mu.Unlock()
	if f.closed.Load() {
		f.in.room.give(size)
		return true
	}
	f.taken += size
	return true
}

func (f *flight) wakeAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, r := range f.sleeping {
		r.asleep = false
		select {
		case r.wake <- struct{}{}:
		default:
		}
		f.sleeping[i] = nil
	}
	f.sleeping = f.sleeping[:0]
	f.sleepers.Store(0)
}

// waitForSlowest keeps the call from running far ahead. It returns false where
// everybody has left.
func (f *flight) waitForSlowest(ctx context.Context) bool {
	for f.bytes-f.slowest() > readAhead {
		f.blocked.Store(true)
		if f.bytes-f.slowest() <= readAhead {
			break
		}
		select {
		case <-f.progress:
		case <-ctx.Done():
			return false
		}
	}
	f.blocked.Store(false)
	return true
}

// slowest is how much the slowest reader has read.
func (f *flight) slowest() int64 {
	f.in.mu.Lock()
	defer f.in.mu.Unlock()
	least := f.bytes
	for _, r := range f.readers {
		least = min(least, r.bytes.Load())
	}
	return least
}

// advanced is told that a reader has read, or left.
func (f *flight) advanced() {
	if f.blocked.Load() {
		select {
		case f.progress <- struct{}{}:
		default:
		}
	}
}

// flightReader reads a flight from its begin.
type flightReader struct {
	f      *flight
	block  *block
	at     int32
	bytes  atomic.Int64
	wake   chan struct{}
	asleep bool // of f.mu
	ended  bool // it has read the end
	trail  *trail
	pays   bool       // of in.mu: the call is on its account
	apart  CacheState // of a call that it pays for
}

// read tells the caller everything, in one piece where that is asked for.
func (r *flightReader) read(ctx context.Context, whole, shared bool, yield func(Event, error) bool) {
	m := merger{yield: yield, whole: whole}
	for {
		p, ok := r.next()
		switch {
		case ok && p.kind == EventEnd:
			r.ended = true
			m.pass(p.event(shared))
			return
		case ok && !m.pass(p.event(shared)):
			return
		case ok:
			if r.at == 1 && ctx.Err() != nil { // who has left need not read all
				m.fail(canceled(ctx))
				return
			}
		case r.f.over.Load() && !r.ready():
			r.ended = true
			m.fail(r.f.err)
			return
		case !r.wait(ctx):
			m.fail(canceled(ctx))
			return
		}
	}
}

func (p *flightPiece) event(shared bool) Event {
	if p.full == nil {
		return Event{Kind: p.kind, Text: p.text}
	}
	e := *p.full
	switch {
	case e.Start != nil:
		start := *e.Start
		if e.Start = &start; shared {
			start.Cache = CacheShared
		}
	case e.Usage != nil:
		usage := *e.Usage
		e.Usage = &usage
	}
	return e
}

func (r *flightReader) ready() bool {
	return r.at < r.block.n.Load() || int(r.at) == len(r.block.pieces) && r.block.next.Load() != nil
}

// next returns the next piece that has come.
func (r *flightReader) next() (p *flightPiece, ok bool) {
	if int(r.at) == len(r.block.pieces) {
		next := r.block.next.Load()
		if next == nil {
			return nil, false
		}
		r.block, r.at = next, 0
	}
	if r.at >= r.block.n.Load() {
		return nil, false
	}
	p = &r.block.pieces[r.at]
	r.at++
	r.bytes.Store(r.bytes.Load() + p.size())
	r.f.advanced()
	return p, true
}

// wait waits for more. It returns false where the context ends first.
func (r *flightReader) wait(ctx context.Context) bool {
	f := r.f
	f.mu.Lock()
	if !r.asleep {
		r.asleep = true
		f.sleeping = append(f.sleeping, r)
		f.sleepers.Add(1)
	}
	f.mu.Unlock()
	if r.ready() || f.over.Load() { // it came before anybody could see that we wait
		return true
	}
	select {
	case <-r.wake:
		return true
	case <-ctx.Done():
		return false
	}
}
