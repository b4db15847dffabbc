package redislimit

import (
	"errors"
	"log/slog"
	"strings"
	"time"
)

// An Option adjusts a [Store]; see the With and Fail functions.
type Option interface{ apply(*config) error }

type option func(*config) error

func (o option) apply(c *config) error { return o(c) }

type config struct {
	prefix  string
	timeout time.Duration
	leases  bool
	failure failure
	shares  int
	log     *slog.Logger
}

// failure is what decides while Redis cannot be asked.
type failure int

const (
	failLocal failure = iota
	failOpen
	failClosed
)

func defaults() config {
	return config{prefix: "rl:", timeout: 200 * time.Millisecond, shares: 1, log: slog.Default()}
}

// FailLocal makes decisions in this instance while Redis cannot be asked, each
// of n instances with an n-th of every limit and burst. It is the default, with
// n = 1: an instance that does not know of others applies the whole limit.
// [Store.SetInstances] changes n; a dashboard tells its store. The decisions say that their source is
// [ratelimit.LocalShare].
//
// The shares are kept warm with what Redis answers, so that a key that has used
// up its limit gets no second one when Redis goes, and what was used meanwhile
// is charged when it comes back. What an instance cannot know is what others let
// a key use that it has not asked about itself, and that they find Redis again up
// to a second apart.
func FailLocal(n int) Option {
	return option(func(c *config) error {
		if n < 1 {
			return errors.New("FailLocal: want at least 1 instance")
		}
		c.failure, c.shares = failLocal, n
		return nil
	})
}

// FailOpen allows everything while Redis cannot be asked, but for costs above
// the burst. The decisions say that their source is [ratelimit.Unreachable].
func FailOpen() Option {
	return option(func(c *config) error { c.failure = failOpen; return nil })
}

// FailClosed refuses everything while Redis cannot be asked. The decisions say
// that their source is [ratelimit.Unreachable], and to retry after a second.
func FailClosed() Option {
	return option(func(c *config) error { c.failure = failClosed; return nil })
}

// WithLeases lets the store decide most requests without asking Redis: see the
// section on leases of the package. Default: it asks for each.
func WithLeases() Option {
	return option(func(c *config) error { c.leases = true; return nil })
}

// WithPrefix sets what the names of all keys in Redis begin with. Stores with
// the same prefix share their buckets. Default "rl:". Errors: braces, which
// would change where a cluster puts keys.
func WithPrefix(prefix string) Option {
	return option(func(c *config) error {
		if strings.ContainsAny(prefix, "{}") {
			return errors.New("WithPrefix: braces are not allowed")
		}
		c.prefix = prefix
		return nil
	})
}

// WithTimeout sets how long Redis may take to answer before it counts as
// unreachable: at least this, at most a quarter more. Default 200 ms.
func WithTimeout(d time.Duration) Option {
	return option(func(c *config) error {
		if d < time.Millisecond {
			return errors.New("WithTimeout: want at least a millisecond")
		}
		c.timeout = d
		return nil
	})
}

// WithLogger sets the logger, which is told when Redis becomes unreachable and
// when it is back. Default [slog.Default].
func WithLogger(log *slog.Logger) Option {
	return option(func(c *config) error {
		if log == nil {
			return errors.New("WithLogger: nil logger")
		}
		c.log = log
		return nil
	})
}
