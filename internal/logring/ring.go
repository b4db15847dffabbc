// Package logring keeps the latest log records in memory, for people who look
// at them while the program runs.
//
// A [Ring] is bounded in records and in bytes, whatever is logged. Readers look
// at a page of it ([Ring.List]) or follow it ([Ring.Follow]); one who is slow
// costs no memory and learns how many records went by unseen.
//
// It depends on the standard library alone. What it is given it shows: redaction
// comes before it.
package logring

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Bounds of one entry, in bytes. What is longer is cut.
const (
	MaxMessage = 2 << 10
	MaxText    = 8 << 10  // one attribute's text
	MaxAttrs   = 16 << 10 // all attributes as JSON, about
)

// overhead is what an entry costs besides its text.
const overhead = 200

// Options of a Ring. The zero value is ready to use.
type Options struct {
	// Records is how many are kept. Default 2,048.
	Records int
	// Bytes bounds what they hold together. Default 2 MiB, at least 64 KiB.
	Bytes int
	// Followers is how many may follow at a time. Default 32.
	Followers int
}

// An Entry is one record. It must not be changed.
type Entry struct {
	// Seq counts the records of this Ring from 1.
	Seq     uint64
	Time    time.Time
	Level   slog.Level
	Message string
	// Module, RequestID and TraceID are the attributes module, request_id and
	// trace_id at the top of the record; they are not among Attrs.
	Module, RequestID, TraceID string
	// Attrs is a JSON object.
	Attrs json.RawMessage
}

func (e *Entry) size() int {
	return overhead + len(e.Message) + len(e.Module) + len(e.RequestID) + len(e.TraceID) + len(e.Attrs)
}

// A Ring holds the latest records. Make one with [New]. It is safe for
// concurrent use.
type Ring struct {
	opts Options

	mu        sync.Mutex
	entries   []*Entry // entry n is at n % len(entries)
	oldest    uint64   // the first that is still held; next where none is
	next      uint64   // of the record to come
	bytes     int
	followers map[*Follower]struct{}
}

// New returns an empty Ring.
func New(opts Options) *Ring {
	if opts.Records <= 0 {
		opts.Records = 2048
	}
	if opts.Bytes <= 0 {
		opts.Bytes = 2 << 20
	}
	opts.Bytes = max(opts.Bytes, 64<<10)
	if opts.Followers <= 0 {
		opts.Followers = 32
	}
	return &Ring{opts: opts, entries: make([]*Entry, opts.Records), oldest: 1, next: 1, followers: map[*Follower]struct{}{}}
}

// add numbers an entry, keeps it and wakes who follows.
func (r *Ring) add(e *Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Seq = r.next
	r.bytes += e.size()
	for r.oldest < r.next && (r.bytes > r.opts.Bytes || r.next-r.oldest >= uint64(len(r.entries))) {
		place := &r.entries[r.oldest%uint64(len(r.entries))]
		r.bytes -= (*place).size()
		*place = nil
		r.oldest++
	}
	r.entries[e.Seq%uint64(len(r.entries))] = e
	r.next++
	for f := range r.followers {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

// A Filter chooses records. The zero value chooses those from info on.
type Filter struct {
	// Level is the least that is shown.
	Level slog.Level
	// Module and RequestID must be equal where they are not empty.
	Module, RequestID string
	// Text must occur in the message or in an attribute, in any case of letters.
	Text string
}

// List returns at most limit records that pass, newest first, from before those
// numbered before on; zero means from the newest. More tells whether there may be
// older ones.
func (r *Ring) List(f Filter, before uint64, limit int) (list []*Entry, more bool) {
	pass := f.compile()
	held := r.held(before)
	for _, e := range slices.Backward(held) {
		if !pass(e) {
			continue
		}
		if len(list) == limit {
			return list, true
		}
		list = append(list, e)
	}
	return list, false
}

// held copies the list of what is held, oldest first, so that nobody who logs
// waits for a search.
func (r *Ring) held(before uint64) []*Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := r.next
	if before > 0 && before < end {
		end = before
	}
	return r.span(r.oldest, end)
}

// span returns entries from to end. r.mu is held.
func (r *Ring) span(from, end uint64) []*Entry {
	if from >= end {
		return nil
	}
	out := make([]*Entry, 0, end-from)
	for n := from; n < end; n++ {
		out = append(out, r.entries[n%uint64(len(r.entries))])
	}
	return out
}

// ErrBusy reports that as many follow as may.
var ErrBusy = errors.New("too many follow the log")
