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
	data string
	at   int
	bad  bool
}

// openEntry returns the reader behind the start of an entry, and false where it
// is damaged or of another version.
func openEntry(b []byte) (entryReader, *Start, bool) {
	body := len(b) - checksumSize
	if body < 1 || b[0] != entryVersion || checksum(b[:body]) != binary.LittleEndian.Uint32(b[body:]) {
		return entryReader{}, nil, false
	}
	r := entryReader{data: string(b[1:body])}
	start := &Start{ID: r.text(), Provider: r.text(), Format: r.text(), Model: r.text()}
	check := r
	for !check.bad {
		if check.skip() == EventEnd {
			return r, start, !check.bad && check.at == len(check.data)
		}
	}
	return entryReader{}, nil, false
}

func (r *entryReader) uint() uint64 {
	var n uint64
	for shift := uint(0); shift < 64 && r.at < len(r.data); shift += 7 {
		b := r.data[r.at]
		r.at++
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
	return int64(n>>1) ^ -int64(n&1)
}

func (r *entryReader) text() string {
	if r.at < len(r.data) && int(r.data[r.at]) < min(0x80, len(r.data)-r.at) { // short, as most are
		from := r.at + 1
		r.at = from + int(r.data[r.at])
		return r.data[from:r.at]
	}
	n := r.uint()
	if n > uint64(len(r.data)-r.at) {
		r.bad = true
		return ""
	}
	s := r.data[r.at : r.at+int(n)]
	r.at += int(n)
	return s
}

// head reads the kind of an event, and which fields it has.
func (r *entryReader) head() (EventKind, byte) {
	if len(r.data)-r.at < 2 {
		r.bad = true
		return 0, 0
	}
	r.at += 2
	return EventKind(r.data[r.at-2]), r.data[r.at-1]
}

// skip checks an event.
func (r *entryReader) skip() EventKind {
	kind, has := r.head()
	switch e := (Event{Kind: kind}); {
	case kind == EventEnd:
		r.bad = r.bad || Reason(has) != ReasonStop
	case kind == EventUsage:
		for range 5 {
			r.uint()
		}
	case !e.isContent():
		r.bad = true
	default:
		for bit := byte(hasText); bit <= hasName; bit <<= 1 {
			if has&bit != 0 {
				r.text()
			}
		}
		if has&hasIndex != 0 {
			r.uint()
		}
	}
	return kind
}

// run returns the text of pieces of a kind that follow each other.
func (r *entryReader) run(kind EventKind) string {
	text := r.text()
	more := func() bool {
		return len(r.data)-r.at >= 2 && EventKind(r.data[r.at]) == kind && r.data[r.at+1] == hasText
	}
	if !more() {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + len(r.data) - r.at)
	for b.WriteString(text); more(); b.WriteString(r.text()) {
		r.at += 2
	}
	return b.String()
}

// fields reads the fields of an event, of an entry that was checked.
func (r *entryReader) fields(kind EventKind, has byte) Event {
	switch kind {
	case EventEnd:
		return Event{Kind: kind, Reason: Reason(has)}
	case EventUsage:
		return Event{Kind: kind, Usage: &Usage{Estimated: has == 1, Input: r.int(), Output: r.int(), CachedInput: r.int(), CacheWrite: r.int(), Reasoning: r.int()}}
	}
	e := Event{Kind: kind}
	if has&hasText != 0 {
		e.Text = r.text()
	}
	if has&hasSignature != 0 {
		e.Signature = r.text()
	}
	if has&hasOpaque != 0 {
		e.Opaque = r.text()
	}
	if has&hasID != 0 {
		e.ID = r.text()
	}
	if has&hasName != 0 {
		e.Name = r.text()
	}
	if has&hasIndex != 0 {
		e.Index = int(r.int())
	}
	return e
}

// replay tells the caller the answer of an entry.
func replay(r entryReader, start *Start, state CacheState, whole bool, yield func(Event, error) bool) {
	start.Cache = state
	if !yield(Event{Kind: EventStart, Start: start}, nil) {
		return
	}
	if whole {
		m := merger{yield: yield, whole: true}
		for {
			kind, has := r.head()
			e := Event{Kind: kind}
			if has == hasText && kind < EventUsage {
				e.Text = r.run(kind)
			} else {
				e = r.fields(kind, has)
			}
			if !m.pass(e) || kind == EventEnd {
				return
			}
		}
	}
	for {
		kind, has := r.head()
		if has == hasText && kind < EventUsage { // most are
			if !yield(Event{Kind: kind, Text: r.text()}, nil) {
				return
			}
			continue
		}
		if !yield(r.fields(kind, has), nil) || kind == EventEnd {
			return
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

	signature, opaque joined
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
			m.signature.add(e.Signature)
			m.opaque.add(e.Opaque)
			return true
		}
		if !m.flush() {
			return false
		}
	}
	if e.isContent() && e.Kind != EventToolCall {
		m.held, m.signature, m.opaque = e, joined{first: e.Signature}, joined{first: e.Opaque}
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
	if m.held.Kind != 0 {
		e.Signature, e.Opaque = m.signature.String(), m.opaque.String()
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
