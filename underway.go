package dashboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// underway is the requests that functions of modules have not answered yet. One
// goroutine sweeps them once a second. A request has no timer and reads no clock:
// it links itself into a list, which needs no memory, and notes the number of the
// sweep. Time in which this process did not run, such as that of a stopped
// virtual machine, has no sweeps and so counts against nobody.
type underway struct {
	sweeps atomic.Int64 // so far; at least 1, since 0 is a clock that does not run
	shards [underwayShards]underwayShard
	dumped int64 // the sweep that last looked for stacks; of the sweeper alone
}

// underwayShards keep requests on many processors from waiting for each other.
const underwayShards = 16

type underwayShard struct {
	mu    sync.Mutex
	first *request
	_     [48]byte // so that two do not share a cache line
}

const (
	sweepEvery = time.Second
	// hangGrace is how many sweeps a function has to return after its context was
	// canceled before it counts as hanging.
	hangGrace = 10
	// maxHanging bounds the goroutines that functions of one module hold for ever.
	maxHanging = 100

	// Values of a clock besides the sweep at which it began to run.
	clockStopped = 0  // outside of modules, and once an answer has begun
	clockPaused  = -1 // while the client sends its body
)

// stay is a request's place among those under way, guarded by its shard.
type stay struct {
	next, prev *request
	patience   int64 // how many sweeps the clock may run
	told       int64 // the sweep since which it should have returned; 0 where its context has not been canceled
	calls      int   // of endpoints that it waits for
	hangs      bool  // it did not return
}

func (u *underway) shard(s *request) *underwayShard {
	c := s.id[0] // a hexadecimal digit, at random
	if c > '9' {
		c += 9
	}
	return &u.shards[c&(underwayShards-1)]
}

// enter starts the clock of a request.
func (u *underway) enter(s *request, patience int64) {
	shard := u.shard(s)
	s.rec.sweeps = &u.sweeps
	s.rec.clock.Store(u.sweeps.Load())
	shard.mu.Lock()
	defer shard.mu.Unlock()
	s.stay = stay{next: shard.first, patience: patience}
	if shard.first != nil {
		shard.first.stay.prev = s
	}
	shard.first = s
}

// leave ends that, and reports whether the request was taken for one that hangs.
func (u *underway) leave(s *request) bool {
	shard := u.shard(s)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if s.stay.next != nil {
		s.stay.next.stay.prev = s.stay.prev
	}
	if s.stay.prev != nil {
		s.stay.prev.stay.next = s.stay.next
	} else {
		shard.first = s.stay.next
	}
	s.stay.next, s.stay.prev = nil, nil
	return s.stay.hangs
}

// calls notes that a request calls an endpoint in a request of its own, until the
// function that it returns is called. Should that hang, it is the endpoint that does.
func (u *underway) calls(s *request) (done func()) {
	shard := u.shard(s)
	count := func(change int) {
		shard.mu.Lock()
		defer shard.mu.Unlock()
		s.stay.calls += change
	}
	count(1)
	return func() { count(-1) }
}

// sweep counts a second, and returns the requests whose time has run out in it and
// those that have begun to hang. Every request that hangs is counted with its module.
func (u *underway) sweep() (late, hanging []*request) {
	now := u.sweeps.Add(1)
	for i := range u.shards {
		shard := &u.shards[i]
		shard.mu.Lock()
		for s := shard.first; s != nil; s = s.stay.next {
			since := s.rec.clock.Load()
			if since == clockStopped {
				continue
			}
			waits := since == clockPaused || s.stay.calls > 0
			switch {
			case s.stay.told == 0 && since > clockStopped && now-since > s.stay.patience:
				s.stay.told = now
				late = append(late, s)
			case s.stay.told != 0 && !s.stay.hangs && waits:
				s.stay.told = now // it has its grace when it goes on by itself
			case s.stay.told != 0 && !s.stay.hangs && now-s.stay.told > hangGrace:
				s.stay.hangs = true
				hanging = append(hanging, s)
			}
			if s.stay.hangs {
				s.inside.module.tally++
			}
		}
		shard.mu.Unlock()
	}
	return late, hanging
}

// pause stops the clock until resume, if it runs.
func (r *recorder) pause() bool {
	since := r.clock.Load()
	return since > clockStopped && r.clock.CompareAndSwap(since, clockPaused)
}

// resume lets the clock begin anew, unless an answer has begun meanwhile.
func (r *recorder) resume() { r.clock.CompareAndSwap(clockPaused, r.sweeps.Load()) }

// sweepsOf is the number of sweeps in a time: 0 is no limit.
func sweepsOf(t time.Duration) int64 { return int64((t + sweepEvery - 1) / sweepEvery) }

// timeUpError is the cause of the contexts that the sweeper cancels. What a request has
// called ends with it, but is not the one whose time was over.
type timeUpError struct{ of *request }

func (*timeUpError) Error() string { return "the time limit of the endpoint is over" }

// timedOut reports whether the sweeper has canceled the request's context.
func (s *request) timedOut(ctx context.Context) bool {
	up, ok := errors.AsType[*timeUpError](context.Cause(ctx))
	return ok && up.of == s
}

// errModuleTimeout answers who waited. It is 500 and has no Retry-After: a
// gateway repeats what was answered 503 or 504 by itself, and each repetition
// would hang beside the first.
func errModuleTimeout(e *endpoint, err error) *Error {
	return &Error{Status: http.StatusInternalServerError, Code: "module-timeout",
		Detail: "This module did not answer in time. Whether it has done what was asked for is not known.",
		Err:    fmt.Errorf("no answer within %s: %w", e.timeout, err)}
}

// startSweeper begins to look for requests that take too long.
func (d *Dashboard) startSweeper(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	d.stopSweep = func(ctx context.Context) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-ctx.Done(): // in the host's log or error reporter
			return fmt.Errorf("stop time limits: %w", ctx.Err())
		}
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				d.sweep()
			}
		}
	}()
	return nil
}

func (d *Dashboard) stopSweeper(ctx context.Context) error { return d.stopSweep(ctx) }

// callTimed runs an endpoint's function and answers, while the sweeper looks on. It
// is not inlined: by its second argument, which the stack of a goroutine shows,
// stackOf tells which goroutine answers a request.
//
//go:noinline
func (d *Dashboard) callTimed(s *request, w http.ResponseWriter, r *http.Request, e *endpoint) {
	d.underway.enter(s, e.patience)
	defer d.callEnded(s)
	d.answer(s, w, r, e)
}

func (d *Dashboard) callEnded(s *request) {
	if d.underway.leave(s) {
		d.log.InfoContext(&s.ctx, "endpoint that hung has returned", "endpoint", s.endpoint.name())
	}
}

func (d *Dashboard) sweep() {
	late, hanging := d.underway.sweep()
	for _, m := range d.order {
		m.hanging.Store(m.tally)
		m.tally = 0
	}
	for _, s := range late {
		d.timedOut(s)
	}
	if len(hanging) == 0 {
		return
	}
	stacks := d.underway.stacks(hanging)
	for i, s := range hanging {
		d.hangs(s, stacks[i])
	}
}

// timedOut ends the context of a request whose time is over. If its function
// returns then, [Dashboard.failed] answers.
func (d *Dashboard) timedOut(s *request) {
	m := s.inside.module
	m.timeouts.Add(1)
	d.observer.Timeout(&s.ctx, m.id)
	d.log.WarnContext(&s.ctx, "endpoint takes too long: its context ends", "endpoint", s.endpoint.name(), "limit", s.endpoint.timeout)
	s.ctx.expire(&timeUpError{s})
}

// hangs is called once for a request whose function goes on although its context
// has ended. Nobody can answer in its place: that is the function's goroutine.
func (d *Dashboard) hangs(s *request, stack []byte) {
	m, e := s.inside.module, s.endpoint
	err := &hangError{endpoint: e, stack: stack}
	d.log.ErrorContext(&s.ctx, "endpoint hangs", "endpoint", e.name(), "limit", e.timeout, "stack", string(stack))
	d.report(&s.ctx, err, slog.String("module", m.id), slog.String("endpoint", e.name()))
	if m.slot.Load() != s.inside.slot {
		return // disabled since: what is enabled now is another
	}
	if hanging := m.hanging.Load(); hanging > maxHanging {
		d.quarantine(m, fmt.Sprintf("%d requests hang", hanging))
		return
	}
	d.countFailure(m)
}

// hangError is what the error reporter is told.
type hangError struct {
	endpoint *endpoint
	stack    []byte
}

func (e *hangError) Error() string {
	return fmt.Sprintf("endpoint hangs: it had %s, and did not return when its context ended", e.endpoint.timeout)
}

// Stack is for error reporters.
func (e *hangError) Stack() []byte { return e.stack }

// countFailure takes the module out of service on this instance when it has
// panicked, or its requests have begun to hang, too often.
func (d *Dashboard) countFailure(m *hosted) {
	if m.failures.add(time.Now()) {
		d.quarantine(m, fmt.Sprintf("more than %d panics or hanging requests within %s", maxFailures, failurePeriod))
	}
}

func (d *Dashboard) quarantine(m *hosted, reason string) {
	if s := m.slot.Load(); s != nil && d.registry.Quarantine(m.id, reason) {
		s.withdrawn.Store(true)
		d.document.forget()
	}
}
