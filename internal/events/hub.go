package events

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/modular-dashboard/dashboard/storage"
)

// Topic is the bus topic that the hubs of a fleet share.
const Topic = "dashboard.events"

// Options of a Hub. The zero value is ready to use.
type Options struct {
	// Log receives what cannot be returned: bus messages that make no sense. None by default.
	Log *slog.Logger
	// Ring is how many events are kept for slow and returning readers; 512 by default. With MaxData it bounds the hub's memory.
	Ring int
	// MaxPerUser caps the streams of one person on this instance; 20 by default.
	MaxPerUser int
	// MaxStreams caps all streams of this instance; 10,000 by default.
	MaxStreams int
}

// Hub takes events in and hands them to subscriptions. All methods may be called concurrently.
type Hub struct {
	bus    storage.Bus
	opts   Options
	origin string // names this hub on the bus and in event ids; new in every process

	mu     sync.Mutex
	ring   []Event // the event with id n lives at n % len(ring)
	next   uint64  // id of the next event
	subs   map[*Subscription]struct{}
	users  map[string]int
	stop   func() // ends the bus subscription; nil before Start
	closed bool
}

// New makes a hub. A nil bus keeps events on this instance.
func New(bus storage.Bus, opts Options) *Hub {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Ring <= 0 {
		opts.Ring = 512
	}
	if opts.MaxPerUser <= 0 {
		opts.MaxPerUser = 20
	}
	if opts.MaxStreams <= 0 {
		opts.MaxStreams = 10_000
	}
	return &Hub{
		bus: bus, opts: opts, next: 1,
		origin: strings.ToLower(rand.Text())[:16],
		ring:   make([]Event, opts.Ring),
		subs:   make(map[*Subscription]struct{}),
		users:  make(map[string]int),
	}
}

// Start begins to take in what other instances publish, until Shutdown. A second call does nothing; ErrClosed after
// Shutdown.
func (h *Hub) Start(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	if h.bus != nil && h.stop == nil {
		h.stop = h.bus.Subscribe(Topic, h.receive)
	}
	return nil
}

// Shutdown ends every subscription with ReasonShutdown and leaves the bus. It is idempotent and valid without Start.
func (h *Hub) Shutdown(context.Context) error {
	h.mu.Lock()
	h.closed = true
	stop := h.stop
	h.stop = nil
	for s := range h.subs {
		h.end(s, ReasonShutdown)
	}
	h.mu.Unlock()
	// Outside the lock: stop may wait for a receive that wants it.
	if stop != nil {
		stop()
	}
	return nil
}

// Publish hands e to the readers of this instance, then to the bus. Its ID is ignored. It waits for no reader. An error of
// the bus means that other instances may not see the event; readers here do. Nothing is kept for an instance that is away.
func (h *Hub) Publish(ctx context.Context, e Event) error {
	e, err := e.checked()
	if err != nil {
		return err
	}
	payload, err := encodeEnvelope(h.origin, e)
	if err != nil {
		return err
	}
	if err := h.append(e); err != nil {
		return err
	}
	if h.bus == nil {
		return nil
	}
	if err := h.bus.Publish(ctx, Topic, payload); err != nil {
		return fmt.Errorf("publish event %s: %w", e.Name, err)
	}
	return nil
}

// append numbers e, keeps it and wakes every reader.
func (h *Hub) append(e Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	e.ID = h.next
	h.ring[h.next%uint64(len(h.ring))] = e
	h.next++
	for s := range h.subs {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// receive takes one message of the bus. Our own come back and are known already.
func (h *Hub) receive(payload []byte) {
	if sentBy(h.origin, payload) {
		return
	}
	origin, e, err := decodeEnvelope(payload)
	if err != nil {
		h.opts.Log.Warn("drop event from bus", "error", err)
		return
	}
	if origin == h.origin {
		return
	}
	// A closed hub has nobody to tell.
	_ = h.append(e)
}

// oldest is the smallest id the ring still holds. h.mu is held.
func (h *Hub) oldest() uint64 {
	if n := uint64(len(h.ring)); h.next > n {
		return h.next - n
	}
	return 1
}

// wireID names event n for a reader. The origin tells an instance, or a process after a restart, what is not its own.
func (h *Hub) wireID(n uint64) string {
	return h.origin + "-" + strconv.FormatUint(n, 10)
}

// resume says after which id a reader with this Last-Event-ID continues, and whether it missed events. h.mu is held.
func (h *Hub) resume(lastID string) (cursor uint64, missed bool) {
	if lastID == "" {
		return h.next, false
	}
	origin, digits, ok := strings.Cut(lastID, "-")
	n, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil || origin != h.origin || n >= h.next || n+1 < h.oldest() {
		return h.next, true
	}
	return n + 1, false
}

// envelope is an event on the bus.
type envelope struct {
	Origin   string          `json:"o"`
	Name     string          `json:"n"`
	Data     json.RawMessage `json:"d"`
	Audience Audience        `json:"a"`
}

func encodeEnvelope(origin string, e Event) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(envelope{Origin: origin, Name: e.Name, Data: e.Data, Audience: e.Audience}); err != nil {
		return nil, fmt.Errorf("encode event %s: %w", e.Name, err)
	}
	payload := bytes.TrimRight(out.Bytes(), "\n")
	if len(payload) > storage.MaxMessage {
		return nil, fmt.Errorf("%w: %s has %d bytes, at most %d", ErrInvalidEvent, e.Name, len(payload), storage.MaxMessage)
	}
	return payload, nil
}

// sentBy tells whether a message begins as [encodeEnvelope] has one of this origin
// begin, which says so without reading the rest.
func sentBy(origin string, payload []byte) bool {
	rest, ok := bytes.CutPrefix(payload, []byte(`{"o":"`))
	return ok && bytes.HasPrefix(rest, []byte(origin+`"`))
}

func decodeEnvelope(payload []byte) (origin string, e Event, err error) {
	if len(payload) > storage.MaxMessage {
		return "", Event{}, fmt.Errorf("%w: bus message of %d bytes", ErrInvalidEvent, len(payload))
	}
	var env envelope
	if err := json.Unmarshal(payload, &env); err != nil {
		return "", Event{}, fmt.Errorf("%w: bus message: %w", ErrInvalidEvent, err)
	}
	e, err = Event{Name: env.Name, Data: env.Data, Audience: env.Audience}.checked()
	if err != nil {
		return "", Event{}, err
	}
	return env.Origin, e, nil
}
