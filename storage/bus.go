package storage

import (
	"context"
	"errors"
	"log/slog"
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
// oldest is dropped. Default 256.
func WithBuffer(n int) BusOption { return busOption(func(b *MemoryBus) { b.buffer = n }) }

// WithLogger sets where panics of subscribers are reported. Default
// [slog.Default].
func WithLogger(l *slog.Logger) BusOption { return busOption(func(b *MemoryBus) { b.log = l }) }

// MemoryBus is a [Bus] inside this process.
type MemoryBus struct {
	buffer int
	log    *slog.Logger
}

// NewMemoryBus returns a bus inside this process.
func NewMemoryBus(opts ...BusOption) *MemoryBus { return &MemoryBus{} }

// Publish implements [Bus].
func (b *MemoryBus) Publish(ctx context.Context, topic string, payload []byte) error {
	return errors.ErrUnsupported
}

// Subscribe implements [Bus].
func (b *MemoryBus) Subscribe(topic string, fn func(payload []byte)) (stop func()) {
	return func() {}
}

// Dropped returns how many messages slow subscribers have lost.
func (b *MemoryBus) Dropped() uint64 { return 0 }

// Close drops what is waiting and waits for running subscribers. It must not
// be called from one.
func (b *MemoryBus) Close() error { return nil }

var _ Bus = (*MemoryBus)(nil)
