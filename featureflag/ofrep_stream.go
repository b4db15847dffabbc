package featureflag

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// checkEvery is how often a stream asks whether its caller may still listen.
const checkEvery = time.Second

// streams are the open event streams. They watch the flags while there are any.
type streams struct {
	flags  *Flags
	limits StreamLimits

	mu      sync.Mutex
	open    map[*stream]struct{}
	callers map[string]int
	changed time.Time
	closed  chan struct{} // closed by shutdown
	ended   bool
	done    sync.WaitGroup // one for each stream

	watching sync.Mutex // taken before mu; broadcast takes mu alone
	stop     func()     // ends the watch; nil while nobody listens
}

// stream is one listener.
type stream struct {
	caller string
	signal chan struct{} // holds one: further changes are the same news
}

func newStreams(f *Flags, limits StreamLimits) *streams {
	return &streams{flags: f, limits: limits, open: map[*stream]struct{}{}, callers: map[string]int{}, closed: make(chan struct{})}
}

var (
	errStreamsEnded  = errors.New("streams ended")
	errStreamsFull   = errors.New("too many streams")
	errCallerStreams = errors.New("too many streams of one caller")
)

func (s *streams) join(caller string) (*stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return nil, errStreamsEnded
	case len(s.open) >= s.limits.Total:
		return nil, errStreamsFull
	case caller != "" && s.callers[caller] >= s.limits.PerCaller:
		return nil, errCallerStreams
	}
	one := &stream{caller: caller, signal: make(chan struct{}, 1)}
	s.open[one] = struct{}{}
	s.callers[caller]++
	s.done.Add(1)
	return one, nil
}

// watch follows the flags while somebody listens.
func (s *streams) watch() {
	s.watching.Lock()
	defer s.watching.Unlock()
	s.mu.Lock()
	wanted := len(s.open) > 0
	s.mu.Unlock()
	switch {
	case wanted && s.stop == nil:
		s.stop = s.flags.Watch(func([]string) { s.broadcast() })
	case !wanted && s.stop != nil:
		s.stop()
		s.stop = nil
	}
}

func (s *streams) leave(one *stream) {
	s.mu.Lock()
	delete(s.open, one)
	if s.callers[one.caller]--; s.callers[one.caller] == 0 {
		delete(s.callers, one.caller)
	}
	s.mu.Unlock()
	s.watch()
	s.done.Done()
}

func (s *streams) broadcast() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = time.Now()
	for one := range s.open {
		select {
		case one.signal <- struct{}{}:
		default:
		}
	}
}

func (s *streams) lastChange() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *streams) shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.ended {
		s.ended = true
		close(s.closed)
	}
	s.mu.Unlock()
	left := make(chan struct{})
	go func() { // it ends with the last stream, which the closed channel ends
		s.done.Wait()
		close(left)
	}()
	select {
	case <-left:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// streamAddress is where a caller finds its stream, as path and query.
func (o *OFREP) streamAddress(r *http.Request, caller string) string {
	address := o.config.mount(r) + ofrepEvents
	if o.config.authenticate != nil {
		address += "?" + url.Values{"ticket": {newTicket(o.config.streamKey, caller, time.Now())}}.Encode()
	}
	return address
}

// serveEvents is the event stream.
func (o *OFREP) serveEvents(w http.ResponseWriter, r *http.Request) {
	caller, expires, err := o.listener(r)
	if err != nil {
		o.refuseError(w, r, err, nil)
		return
	}
	one, err := o.streams.join(caller)
	if err != nil {
		status := http.StatusServiceUnavailable
		if errors.Is(err, errCallerStreams) {
			status = http.StatusTooManyRequests
		}
		w.Header().Set("Retry-After", "30")
		refuse(w, failure{status: status, Details: err.Error()})
		return
	}
	defer o.streams.leave(one)
	o.streams.watch()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy in between must not wait for more
	control := http.NewResponseController(w)
	defer control.SetWriteDeadline(time.Time{}) //nolint:errcheck // it fails where the connection is gone
	o.listen(&eventWriter{w: w, control: control}, r, one, expires)
}

// listener says who opens a stream, by a ticket or as for any request, and until
// when.
func (o *OFREP) listener(r *http.Request) (caller string, expires time.Time, err error) {
	if o.config.streams.Total == 0 {
		return "", time.Time{}, &failure{status: http.StatusNotFound, Details: "there are no event streams"}
	}
	ticket := r.URL.Query().Get("ticket")
	if o.config.authenticate == nil || ticket == "" {
		caller, err = o.caller(r)
		return caller, time.Time{}, err
	}
	caller, expires, ok := openTicket(o.config.streamKey, ticket, time.Now())
	if !ok {
		return "", time.Time{}, &Refusal{Status: http.StatusUnauthorized, Detail: "the address of this stream is no longer good"}
	}
	if o.config.still != nil && o.config.still(r.Context(), caller) != nil {
		return "", time.Time{}, &Refusal{Status: http.StatusUnauthorized, Detail: "this caller may no longer listen"}
	}
	return caller, expires, nil
}

// listen writes events until the client leaves, the handler is shut down, the
// ticket expires, or its caller may no longer listen.
func (o *OFREP) listen(events *eventWriter, r *http.Request, one *stream, expires time.Time) {
	heartbeat := time.NewTicker(o.config.streams.Heartbeat)
	defer heartbeat.Stop()
	var check, expired <-chan time.Time
	if o.config.still != nil {
		ticker := time.NewTicker(checkEvery)
		defer ticker.Stop()
		check = ticker.C
	}
	if !expires.IsZero() {
		timer := time.NewTimer(time.Until(expires))
		defer timer.Stop()
		expired = timer.C
	}
	ok := events.open()
	// What happened since the client asked for the flags, or since it was last
	// here, it has not heard of. Without flagConfigEtag this costs it a 304.
	if id := o.flags.Snapshot().Hash(); ok && (id == "" || r.Header.Get("Last-Event-ID") != id) {
		ok = events.refetch(id, false, time.Time{})
	}
	for ok {
		select {
		case <-r.Context().Done():
			return
		case <-o.streams.closed:
			return
		case <-expired:
			return
		case <-check:
			ok = o.config.still(r.Context(), one.caller) == nil
		case <-heartbeat.C:
			ok = events.write(": alive\n\n")
		case <-one.signal:
			ok = events.refetch(o.flags.Snapshot().Hash(), true, o.streams.lastChange())
		}
	}
}

// eventWriter writes server-sent events to a client that must accept them in
// time.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (e *eventWriter) open() bool { return e.write("retry: 3000\n\n") }

// refetch tells the client to ask again, and what for when tell is set.
func (e *eventWriter) refetch(hash string, tell bool, at time.Time) bool {
	event := struct {
		Type         string `json:"type"`
		ETag         string `json:"etag,omitempty"`
		LastModified int64  `json:"lastModified,omitempty"`
	}{Type: "refetchEvaluation"}
	if tell {
		event.ETag, event.LastModified = hash, at.Unix()
	}
	data, err := json.Marshal(event)
	if err != nil {
		return false
	}
	text := ""
	if hash != "" {
		text = "id: " + hash + "\n"
	}
	return e.write(text + "data: " + string(data) + "\n\n")
}

func (e *eventWriter) write(text string) bool {
	// Where no deadline can be set, the host's server has to end slow clients.
	_ = e.control.SetWriteDeadline(time.Now().Add(writeWait))
	if _, err := io.WriteString(e.w, text); err != nil {
		return false
	}
	return e.control.Flush() == nil
}

// pastConfigurations remembers the hashes of the last flag sets that were
// served, so that an event about one of them is known to be old.
type pastConfigurations struct {
	mu     sync.Mutex
	hashes [16]string
	next   int
}

func (p *pastConfigurations) add(hash string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.hashes {
		if known == hash {
			return
		}
	}
	p.hashes[p.next%len(p.hashes)] = hash
	p.next++
}

func (p *pastConfigurations) has(hash string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.hashes {
		if known == hash {
			return true
		}
	}
	return false
}
