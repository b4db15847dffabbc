package ai

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// Entries of a cache are events: a version, then of each event its kind and its
// fields, then a checksum. Text is in the pieces in which it came.

// entryVersion is the first byte of an entry.
const entryVersion = 1

const checksumSize = 4

// What an event has, beside its kind.
const (
	hasText = 1 << iota
	hasSignature
	hasOpaque
	hasID
	hasName
	hasIndex
)

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// recording makes the entry of an answer while it passes.
type recording struct {
	buf     []byte
	max     int
	room    *room
	taken   int64
	content bool // there is some
	calls   bool // tools are called
	whole   bool // it stopped
	started bool
	full    bool // it is too long, or there was no room
	start   Start
	usage   *Usage
}

func (r *recording) add(e *Event) {
	switch e.Kind {
	case EventStart:
		if e.Start != nil {
			r.start = *e.Start
		}
		return
	case EventUsage:
		if e.Usage != nil {
			usage := *e.Usage
			r.usage = &usage
		}
		return
	case EventEnd:
		r.whole = e.Reason == ReasonStop
		return
	case EventToolCall:
		r.calls = true
	}
	if r.full || r.calls || !r.fits(len(e.Text)+len(e.Signature)+len(e.Opaque)+len(e.ID)+len(e.Name)) {
		r.drop()
		return
	}
	if !r.started {
		r.begin()
	}
	r.content = r.content || e.Text != ""
	r.event(e)
}

const eventOverhead = 32

// fits makes room for a piece.
func (r *recording) fits(n int) bool {
	n += eventOverhead
	if !r.started {
		n += len(r.start.ID) + len(r.start.Provider) + len(r.start.Format) + len(r.start.Model) + 128
	}
	if len(r.buf)+n > r.max {
		return false
	}
	if len(r.buf)+n <= cap(r.buf) {
		return true
	}
	size := min(max(2*cap(r.buf), len(r.buf)+n, 1<<10), r.max)
	if !r.room.take(int64(size - cap(r.buf))) {
		return false
	}
	r.taken += int64(size - cap(r.buf))
	grown := make([]byte, len(r.buf), size)
	copy(grown, r.buf)
	r.buf = grown
	return true
}

func (r *recording) drop() {
	r.full = true
	r.done()
}

// done gives the memory back.
func (r *recording) done() {
	r.room.give(r.taken)
	r.buf, r.taken = nil, 0
}

func (r *recording) begin() {
	r.started = true
	r.buf = append(r.buf, entryVersion)
	for _, s := range [...]string{r.start.ID, r.start.Provider, r.start.Format, r.start.Model} {
		r.text(s)
	}
}

func (r *recording) text(s string) {
	r.buf = append(binary.AppendUvarint(r.buf, uint64(len(s))), s...)
}

func (r *recording) event(e *Event) {
	var has byte
	for bit, s := range [...]string{e.Text, e.Signature, e.Opaque, e.ID, e.Name} {
		if s != "" {
			has |= 1 << bit
		}
	}
	if e.Index != 0 {
		has |= hasIndex
	}
	r.buf = append(r.buf, byte(e.Kind), has)
	for _, s := range [...]string{e.Text, e.Signature, e.Opaque, e.ID, e.Name} {
		if s != "" {
			r.text(s)
		}
	}
	if e.Index != 0 {
		r.buf = binary.AppendVarint(r.buf, int64(e.Index))
	}
}

// entry returns the entry of an answer that is worth keeping: whole, stopped, not
// empty and without calls of tools.
func (r *recording) entry() ([]byte, bool) {
	if !r.whole || !r.content || r.calls || r.full || r.start.Cache != CacheNone {
		return nil, false
	}
	if u := r.usage; u != nil {
		r.buf = append(r.buf, byte(EventUsage), 0)
		if u.Estimated {
			r.buf[len(r.buf)-1] = 1
		}
		for _, n := range [...]int64{u.Input, u.Output, u.CachedInput, u.CacheWrite, u.Reasoning} {
			r.buf = binary.AppendVarint(r.buf, n)
		}
	}
	r.buf = append(r.buf, byte(EventEnd), byte(ReasonStop))
	return binary.LittleEndian.AppendUint32(r.buf, checksum(r.buf)), true
}

// entryReader reads the events of an entry. Their texts are parts of it.
type entryReader struct {
	left string
	bad  bool
}

// openEntry returns the reader behind the start of an entry, and false where it
// is damaged or of another version.
func openEntry(b []byte) (entryReader, *Start, bool) {
	body := len(b) - checksumSize
	if body < 1 || b[0] != entryVersion || checksum(b[:body]) != binary.LittleEndian.Uint32(b[body:]) {
		return entryReader{}, nil, false
	}
	r := entryReader{left: string(b[1:body])}
	start := &Start{ID: r.text(), Provider: r.text(), Format: r.text(), Model: r.text()}
	check := r
	for {
		e := check.next()
		switch {
		case check.bad:
			return entryReader{}, nil, false
		case e.Kind == EventEnd:
			return r, start, check.left == "" && !r.bad
		}
	}
}

func (r *entryReader) uint() uint64 {
	var n uint64
	for shift := uint(0); shift < 64 && len(r.left) > 0; shift += 7 {
		b := r.left[0]
		r.left = r.left[1:]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.bad = true
	return 0
}

func (r *entryReader) int() int64 {
	n := r.uint()
	return int64(n>>1) ^ -int64(n&1) //nolint:gosec // zigzag, as encoding/binary has it
}

func (r *entryReader) text() string {
	n := r.uint()
	if n > uint64(len(r.left)) {
		r.bad = true
		return ""
	}
	s := r.left[:n]
	r.left = r.left[n:]
	return s
}

// next returns the next event; after the last one, which is the end, none.
func (r *entryReader) next() (e Event) {
	if len(r.left) < 2 {
		r.bad = true
		return e
	}
	kind, has := EventKind(r.left[0]), r.left[1]
	r.left = r.left[2:]
	e.Kind = kind
	switch {
	case kind == EventEnd:
		e.Reason = Reason(has)
		r.bad = r.bad || e.Reason != ReasonStop
	case kind == EventUsage:
		u := &Usage{Estimated: has == 1}
		for _, n := range [...]*int64{&u.Input, &u.Output, &u.CachedInput, &u.CacheWrite, &u.Reasoning} {
			*n = r.int()
		}
		e.Usage = u
	case !e.isContent():
		r.bad = true
	default:
		for bit, s := range [...]*string{&e.Text, &e.Signature, &e.Opaque, &e.ID, &e.Name} {
			if has&(1<<bit) != 0 {
				*s = r.text()
			}
		}
		if has&hasIndex != 0 {
			e.Index = int(r.int())
		}
	}
	return e
}

// replay tells the caller the answer of an entry.
func replay(r entryReader, start *Start, state CacheState, whole bool, yield func(Event, error) bool) {
	start.Cache = state
	m := merger{yield: yield, whole: whole}
	if !m.pass(Event{Kind: EventStart, Start: start}) {
		return
	}
	for {
		e := r.next()
		if r.bad || !m.pass(e) || e.Kind == EventEnd {
			return // what is bad was found before
		}
	}
}

// merger passes events on. Where the answer is wanted whole, pieces that belong
// together are one.
type merger struct {
	yield func(Event, error) bool
	whole bool
	held  Event // the first of what is put together; of no kind: nothing is
	rest  strings.Builder
}

func (m *merger) pass(e Event) bool {
	if !m.whole {
		return m.yield(e, nil)
	}
	if m.held.Kind != 0 {
		if m.belongs(&e) {
			if m.rest.Len() == 0 {
				m.rest.WriteString(m.held.Text)
			}
			m.rest.WriteString(e.Text)
			m.held.Signature += e.Signature
			m.held.Opaque += e.Opaque
			return true
		}
		if !m.flush() {
			return false
		}
	}
	if e.isContent() && e.Kind != EventToolCall {
		m.held = e
		return true
	}
	return m.yield(e, nil)
}

func (m *merger) belongs(e *Event) bool {
	return e.Kind == m.held.Kind && e.ID == m.held.ID && e.Index == m.held.Index && e.Name == m.held.Name
}

func (m *merger) flush() bool {
	e := m.held
	if m.rest.Len() > 0 {
		e.Text = m.rest.String()
		m.rest = strings.Builder{}
	}
	m.held = Event{}
	return e.Kind == 0 || m.yield(e, nil)
}

// fail tells the error that the answer ends with, after what is held.
func (m *merger) fail(err error) {
	if m.flush() {
		m.yield(Event{}, err)
	}
}
