package featureflag

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// An Option adjusts [Open]; see [WithLogger], [WithPoll] and [WithErrorHandler].
type Option interface{ applyFile(*fileConfig) error }

type fileOption func(*fileConfig) error

func (o fileOption) applyFile(c *fileConfig) error { return o(c) }

type fileConfig struct {
	log     *slog.Logger
	poll    time.Duration
	onError func(error)
}

func newFileConfig(opts []Option) (*fileConfig, error) {
	c := &fileConfig{log: slog.Default(), poll: time.Second, onError: func(error) {}}
	for _, o := range opts {
		if o == nil {
			return nil, errors.New("open flags: nil option")
		}
		if err := o.applyFile(c); err != nil {
			return nil, fmt.Errorf("open flags: %w", err)
		}
	}
	return c, nil
}

// A LoggerOption is an option of [Open] and of [NewOFREP]; see [WithLogger].
type LoggerOption interface {
	Option
	OFREPOption
}

type loggerOption struct{ log *slog.Logger }

func (o loggerOption) applyFile(c *fileConfig) error {
	c.log = o.log
	return o.check()
}

func (o loggerOption) applyOFREP(c *ofrepConfig) error {
	c.log = o.log
	return o.check()
}

func (o loggerOption) check() error {
	if o.log == nil {
		return errors.New("nil logger")
	}
	return nil
}

// WithLogger sets where failures are logged that no caller gets as an error: of
// [Open] a file that cannot be read or parsed again, of [NewOFREP] the errors of
// the host's functions. The default is [slog.Default].
func WithLogger(log *slog.Logger) LoggerOption { return loggerOption{log} }

// WithPoll sets how often [Open] looks whether its file changed. The default is
// one second, the least ten milliseconds.
func WithPoll(every time.Duration) Option {
	return fileOption(func(c *fileConfig) error { c.poll = max(every, 10*time.Millisecond); return nil })
}

// WithErrorHandler sets a function that is called with each error of a reload,
// and with nil when the file is good again. Calls come one at a time; the file is
// not looked at again until fn returns.
func WithErrorHandler(fn func(error)) Option {
	return fileOption(func(c *fileConfig) error {
		if fn == nil {
			return errors.New("nil error handler")
		}
		c.onError = fn
		return nil
	})
}
