package storage

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxMessage is the largest payload of a bus in bytes. PostgreSQL's NOTIFY
// carries 8,000 bytes of text: send ids, not data.
const MaxMessage = 4096

// Bus tells other parts of the program, and other instances, that something
// changed. Delivery is at most once: poll as the safety net.
type Bus interface {
	// Publish sends payload to the present subscribers of topic. It never
	// waits for them. Errors: [ErrTooLarge], [ErrClosed].
	Publish(ctx context.Context, topic string, payload []byte) error
	// Subscribe calls fn for each message of topic, one at a time and in the
	// order of their arrival. A slow subscriber loses its oldest messages.
	// fn must not modify payload. After stop no further call begins; one
	// that is running may still finish. stop may be called from fn and more
	// than once.
	Subscribe(topic string, fn func(payload []byte)) (stop func())
}

// BusOption is an optional setting of [NewMemoryBus].
type BusOption interface{ applyBus(*MemoryBus) }

type busOption func(*MemoryBus)

func (o busOption) applyBus(b *MemoryBus) { o(b) }

// WithBuffer sets how many messages wait for one slow subscriber before the
// oldest is dropped. Default 256, at least 1.
func WithBuffer(n int) BusOption { return busOption(func(b *MemoryBus) { b.buffer = max(n, 1) }) }

// WithLogger sets where panics of subscribers are reported. Default, also for nil,
// [slog.Default].
func WithLogger(l *slog.Logger) BusOption {
	return busOption(func(b *MemoryBus) {
		if l != nil {
			b.log = l
		}
	})
}

// MemoryBus is a [Bus] inside this process. Make one with [NewMemoryBus].
type MemoryBus struct {
	buffer  int
	log     *slog.Logger
	dropped atomic.Uint64

	mu      sync.Mutex
	closed  bool
	topics  map[string][]*subscriber // the slices are replaced, never changed
	running sync.WaitGroup
}

// subscriber has a queue and, while that is not empty, a goroutine.
type subscriber struct {
	fn      func([]byte)
	queue   [][]byte // a ring once it is as long as the buffer
	head, n int
	active  bool
	stopped bool
}

// NewMemoryBus returns a bus inside this process. It has a goroutine per
// subscriber only while messages wait.
func NewMemoryBus(opts ...BusOption) *MemoryBus {
	b := &MemoryBus{buffer: 256, log: slog.Default(), topics: make(map[string][]*subscriber)}
	for _, o := range opts {
		o.applyBus(b)
	}
	return b
}

// Publish implements [Bus].
func (b *MemoryBus) Publish(ctx context.Context, topic string, payload []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(payload) > MaxMessage {
		return fmt.Errorf("publish %d bytes to %s: %w", len(payload), topic, ErrTooLarge)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	subscribers := b.topics[topic]
	if len(subscribers) == 0 {
		return nil
	}
	payload = append(make([]byte, 0, len(payload)), payload...)
	for _, s := range subscribers {
		b.enqueue(s, payload)
	}
	return nil
}

// enqueue adds a message under the lock, and a goroutine to deliver it.
func (b *MemoryBus) enqueue(s *subscriber, payload []byte) {
	if s.n == b.buffer {
		s.queue[s.head] = nil
		s.head = (s.head + 1) % len(s.queue)
		s.n--
		b.dropped.Add(1)
	}
	if s.n == len(s.queue) { // grow up to the buffer
		grown := make([][]byte, min(max(2*len(s.queue), 4), b.buffer))
		for i := range s.n {
			grown[i] = s.queue[(s.head+i)%len(s.queue)]
		}
		s.queue, s.head = grown, 0
	}
	s.queue[(s.head+s.n)%len(s.queue)] = payload
	s.n++
	if !s.active {
		s.active = true
		b.running.Go(func() { b.deliver(s) })
	}
}

// deliver calls the subscriber until its queue is empty.
func (b *MemoryBus) deliver(s *subscriber) {
	for {
		b.mu.Lock()
		if s.n == 0 || s.stopped || b.closed {
			s.active, s.queue, s.head, s.n = false, nil, 0, 0
			b.mu.Unlock()
			return
		}
		payload := s.queue[s.head]
		s.queue[s.head] = nil
		s.head = (s.head + 1) % len(s.queue)
		s.n--
		b.mu.Unlock()
		b.call(s.fn, payload)
	}
}

// call keeps a panicking subscriber from ending the program.
func (b *MemoryBus) call(fn func([]byte), payload []byte) {
	defer func() {
		if v := recover(); v != nil {
			b.log.Error("bus subscriber panicked", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	fn(payload)
}

// Subscribe implements [Bus]. On a closed bus fn is never called.
func (b *MemoryBus) Subscribe(topic string, fn func(payload []byte)) (stop func()) {
	s := &subscriber{fn: fn}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return func() {}
	}
	old := b.topics[topic]
	b.topics[topic] = append(slices.Clip(old), s)
	return func() { b.unsubscribe(topic, s) }
}

func (b *MemoryBus) unsubscribe(topic string, s *subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.stopped = true
	var rest []*subscriber
	for _, other := range b.topics[topic] {
		if other != s {
			rest = append(rest, other)
		}
	}
	if len(rest) == 0 {
		delete(b.topics, topic)
		return
	}
	b.topics[topic] = rest
}

// Dropped returns how many messages slow subscribers have lost.
func (b *MemoryBus) Dropped() uint64 { return b.dropped.Load() }

// Close drops what is waiting and waits for running subscribers. It must not
// be called from one. Further calls do nothing.
func (b *MemoryBus) Close() error {
	b.mu.Lock()
	b.closed = true
	clear(b.topics)
	b.mu.Unlock()
	b.running.Wait()
	return nil
}

var _ Bus = (*MemoryBus)(nil)
