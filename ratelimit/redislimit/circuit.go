package redislimit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	circuitsOfShards = 64 // slots are divided among so many circuits: servers own ranges of them
	slots            = 16384

	firstProbe = 20 * time.Millisecond // after a failure
	lastProbe  = time.Second           // between probes that fail again and again
)

// A circuit is closed while the server behind it answers. It opens at the first
// failure, so that nobody waits for the next, and closes when a probe, one at a
// time and on nobody's request, has written to the server.
type circuit struct {
	open atomic.Bool

	mu     sync.Mutex
	cause  error
	since  time.Time
	closed time.Time
	wait   time.Duration // before the last probe
}

func (c *circuit) err() error {
	if !c.open.Load() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// errUnreachable answers while a circuit is open.
var errUnreachable = errors.New("redislimit: Redis cannot be asked")

// circuit is that of the server that has a tag.
func (s *Store) circuit(tag string) *circuit {
	if s.sharded() {
		return &s.circuits[slot(tag)/(slots/circuitsOfShards)]
	}
	return &s.circuits[0]
}

// call runs the script on keys of a tag, through the tag's circuit.
func (s *Store) call(ctx context.Context, tag string, keys, args []string) ([]int64, error) {
	c := s.circuit(tag)
	if c.open.Load() {
		return nil, errUnreachable
	}
	began := time.Now()
	answer, err := s.caller.eval(ctx, keys, args)
	switch {
	case err == nil:
		return answer, nil
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, ctx.Err() // the caller has gone, which says nothing of the server
	case ctx.Err() != nil && time.Since(began) < s.config.timeout/4:
		return nil, err // the caller had no time left: nothing to blame the server for
	}
	s.trip(c, tag, err)
	return nil, err
}

// trip opens a circuit and starts to probe.
func (s *Store) trip(c *circuit, tag string, cause error) {
	s.closeMu.Lock()
	defer s.closeMu.Unlock()
	if s.life.Err() != nil || c.open.Load() {
		return
	}
	c.mu.Lock()
	c.cause, c.since = cause, time.Now()
	wait := firstProbe
	if c.since.Sub(c.closed) < lastProbe { // it had hardly closed: the server answers probes and little else
		wait = min(2*c.wait, lastProbe)
	}
	c.mu.Unlock()
	c.open.Store(true)
	s.log.LogAttrs(s.life, slog.LevelWarn, "redis cannot be asked about rate limits", slog.Any("error", cause))
	s.probes.Go(func() { s.probe(c, tag, wait) })
}

// probe closes a circuit once the server takes a write.
func (s *Store) probe(c *circuit, tag string, wait time.Duration) {
	keys := []string{s.config.prefix + "{" + tag + "}~"} // no policy's name
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-s.life.Done():
			return
		case <-timer.C:
		}
		_, err := s.caller.eval(s.life, keys, nil)
		if err == nil {
			err = s.repay(c)
		}
		if err == nil {
			break
		}
		c.mu.Lock()
		c.cause = err
		c.mu.Unlock()
		wait = min(2*wait, lastProbe)
		timer.Reset(wait)
	}
	c.mu.Lock()
	lasted := time.Since(c.since)
	c.closed, c.wait = time.Now(), wait
	c.mu.Unlock()
	c.open.Store(false)
	_ = s.repay(c) // what came last; where it fails the circuit opens again, and there is a next time
	s.log.LogAttrs(s.life, slog.LevelInfo, "redis can be asked about rate limits again", slog.Duration("after", lasted))
}

// slot is where a cluster keeps what has a tag: CRC-16/XMODEM of it, of 14 bits.
func slot(tag string) int {
	crc := uint16(0)
	for i := range len(tag) {
		crc ^= uint16(tag[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc) % slots
}
