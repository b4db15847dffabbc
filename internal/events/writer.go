package events

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Times of a stream.
const (
	// Retry is how long a reader is asked to wait before it connects again.
	Retry = 2 * time.Second
	// Heartbeat is the pause after which a comment shows both ends that the other is there.
	Heartbeat = 15 * time.Second
	// WriteTimeout is how long one message may take to leave. A reader who takes longer is dropped, so that a dead one
	// cannot hold a goroutine.
	WriteTimeout = 10 * time.Second
)

// Writer sends one event stream as the answer to a request. Its methods may be called concurrently. After the first error
// every later call returns it: the reader is gone.
type Writer struct {
	w  http.ResponseWriter
	rc *http.ResponseController

	mu  sync.Mutex
	buf []byte
	err error
}

// keepBuffer is the largest buffer a Writer holds on to between messages.
const keepBuffer = 32 << 10

// NewWriter sends the headers of an event stream and its retry field. The server's WriteTimeout
// counts no longer; each message has a deadline of its own. It fails before anything was sent if w cannot flush.
func NewWriter(w http.ResponseWriter) (*Writer, error) {
	if !canFlush(w) {
		return nil, fmt.Errorf("start event stream: %T: %w", w, http.ErrNotSupported)
	}
	s := &Writer{w: w, rc: http.NewResponseController(w)}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	h.Del("Content-Length")
	w.WriteHeader(http.StatusOK)
	return s, s.Write(Message{Retry: Retry})
}

// canFlush looks for a flusher the way http.ResponseController does, without sending anything.
func canFlush(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case interface{ FlushError() error }, http.Flusher:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// Send writes one event. It is short for Write.
func (s *Writer) Send(name string, data []byte) error {
	return s.Write(Message{Name: name, Data: data})
}

// Write writes one message and waits until it has left this process. An [ErrInvalidEvent] leaves the stream usable.
func (s *Writer) Write(m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	buf, err := AppendMessage(s.buf[:0], m)
	if err != nil {
		return err
	}
	return s.flush(buf)
}

// Heartbeat writes a comment, which readers ignore. A non-empty id also moves the reader's last event id.
func (s *Writer) Heartbeat(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	buf, err := AppendMessage(append(s.buf[:0], ":\n"...), Message{ID: id})
	if err != nil {
		return err
	}
	return s.flush(buf)
}

// End sends the last event of a stream, named reason.
func (s *Writer) End(reason string) error {
	return s.Send(reason, []byte("{}"))
}

// KeepAlive sends heartbeats in the background until stop is called, ctx is done or the reader is gone. stop waits for
// the goroutine and may be called more than once.
func (s *Writer) KeepAlive(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(Heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if s.Heartbeat("") != nil {
					return
				}
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// flush sends buf under a deadline of its own. s.mu is held.
func (s *Writer) flush(buf []byte) error {
	if cap(buf) <= keepBuffer {
		s.buf = buf
	}
	if err := s.deadline(time.Now().Add(WriteTimeout)); err != nil {
		return s.fail(err)
	}
	if _, err := s.w.Write(buf); err != nil {
		return s.fail(err)
	}
	if err := s.rc.Flush(); err != nil {
		return s.fail(err)
	}
	// HTTP/2 resets a stream whose deadline passes while nothing is written.
	if err := s.deadline(time.Time{}); err != nil {
		return s.fail(err)
	}
	return nil
}

func (s *Writer) deadline(t time.Time) error {
	if err := s.rc.SetWriteDeadline(t); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

func (s *Writer) fail(err error) error {
	s.err = fmt.Errorf("write event stream: %w", err)
	return s.err
}
