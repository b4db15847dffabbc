package featureflag

import (
	"log/slog"
	"time"
)

type options struct {
	resolver resolver
	log      *slog.Logger
	poll     time.Duration
	onError  func(error)
}

func collect(opts []Option) *options {
	o := &options{log: slog.New(slog.DiscardHandler), poll: time.Second, onError: func(error) {}}
	for _, opt := range opts {
		opt(o)
	}
	return o
}

// WithLogger logs what goes wrong while nobody waits for an answer: a file that
// cannot be read or parsed again. The default logs nothing.
func WithLogger(log *slog.Logger) Option {
	return func(o *options) {
		if log != nil {
			o.log = log
		}
	}
}

// WithPoll sets how often [Open] looks whether its file changed, one second by
// default, ten milliseconds at least.
func WithPoll(every time.Duration) Option {
	return func(o *options) { o.poll = max(every, 10*time.Millisecond) }
}

// WithErrorHandler is told of each error of a reload, and of nil when the file
// is good again. It is called by one goroutine and holds up the next look.
func WithErrorHandler(fn func(error)) Option {
	return func(o *options) {
		if fn != nil {
			o.onError = fn
		}
	}
}
