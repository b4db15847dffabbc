package dashboard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/idempotency"
)

// AnswerOnce says that the answer holds a secret which is shown once. It is not
// stored where the request had an Idempotency-Key: a repetition does nothing, as
// always, and is answered 409 instead.
func AnswerOnce() EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.answerOnce = true })
}

// idempotentBody is the largest body of a request with an Idempotency-Key: it is
// held in memory to tell repetitions from other requests.
const idempotentBody = 1 << 20

// honorsKeys reports whether an endpoint is run once for an Idempotency-Key:
// every POST but streams, and what makes sessions.
func (e *endpoint) honorsKeys() bool {
	signsIn := e.module == coreModule && (e.path == "/setup" || strings.HasPrefix(e.path, "/auth/"))
	return e.method == http.MethodPost && !e.config.stream && !signsIn
}

var (
	errKeyInvalid = &Error{Status: http.StatusBadRequest, Code: "idempotency-key-invalid",
		Detail: "An Idempotency-Key is one header of 1 to 255 printable ASCII characters."}
	errKeyBody = &Error{Status: http.StatusRequestEntityTooLarge, Code: "body-too-large",
		Detail: "With an Idempotency-Key a body has 1048576 bytes at most."}
	errKeyInProgress = &Error{Status: http.StatusConflict, Code: "idempotency-in-progress", RetryAfter: time.Second,
		Detail: "A request with this Idempotency-Key is being handled. Ask again."}
	errKeyReused = &Error{Status: http.StatusUnprocessableEntity, Code: "idempotency-key-reused",
		Detail: "This Idempotency-Key was sent with another request. Take a new key for each thing to be done."}
	errAnswerLost = &Error{Status: http.StatusConflict, Code: "idempotency-answer-lost",
		Detail: "A request with this Idempotency-Key was carried out, but its answer is not there any more. Look at what there is now; nothing was done again."}
)

// serveOnce answers a request with an Idempotency-Key.
func (d *Dashboard) serveOnce(w http.ResponseWriter, r *http.Request, e *endpoint, keys []string) {
	s := stateOf(r.Context())
	body, err := readOnce(r, e, keys)
	if err != nil {
		d.failed(w, r, e, err)
		return
	}
	outcome, claim, answer, err := d.once.Claim(r.Context(), idempotency.Request{
		Owner: s.principal.ID, Scope: s.principal.KeyID + " " + r.Method + " " + s.path, Key: keys[0],
		Print: idempotency.Print([]byte(r.URL.RawQuery), body), Lease: e.lease(),
	})
	switch {
	case err != nil:
		d.failed(w, r, e, err)
	case outcome == idempotency.InProgress:
		writeError(w, errKeyInProgress, s.id)
	case outcome == idempotency.Reused:
		writeError(w, errKeyReused, s.id)
	case outcome == idempotency.Lost:
		writeError(w, errAnswerLost, s.id)
	case outcome == idempotency.Replay:
		replay(w, answer)
	default:
		ctx, done := outliveClient(r.Context(), e.lease())
		defer done()
		r = r.WithContext(claim.Context(ctx))
		r.Body = io.NopCloser(bytes.NewReader(body))
		d.runOnce(w, r, e, claim)
	}
}

// lease is how long a key is claimed for: no repetition runs beside the first while
// that has its time. Where it has no limit, it has the same time as others.
func (e *endpoint) lease() time.Duration {
	if e.patience <= 0 {
		return idempotency.Lease
	}
	return max(idempotency.Lease, time.Duration(e.patience+hangGrace+5)*sweepEvery)
}

// readOnce checks the key and reads the whole body.
func readOnce(r *http.Request, e *endpoint, keys []string) ([]byte, error) {
	if len(keys) != 1 || !validKey(keys[0]) {
		return nil, errKeyInvalid
	}
	limit := min(e.config.bodyLimit, idempotentBody)
	body, err := bind.ReadBody(r, limit)
	if tooLarge, ok := errors.AsType[*bind.Error](err); ok && tooLarge.Status == http.StatusRequestEntityTooLarge && limit < e.config.bodyLimit {
		return nil, errKeyBody
	}
	return body, err
}

func validKey(key string) bool {
	if key == "" || len(key) > idempotency.MaxKey {
		return false
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}

// outliveClient returns a context that goes on for a while when the client has
// left: it will come back for the answer. Any other end of ctx ends it.
func outliveClient(ctx context.Context, lease time.Duration) (_ context.Context, done func()) {
	on, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stateOf(ctx).ctx.outlive(cancel)
	stop := context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		if !errors.Is(cause, context.Canceled) {
			cancel(cause)
			return
		}
		timer := time.NewTimer(lease)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(cause)
		case <-on.Done():
		}
	})
	return on, func() { stop(); cancel(nil) }
}

// runOnce handles a request whose key is claimed. The answer goes out when it is
// stored, so that who has seen it can ask for it again.
func (d *Dashboard) runOnce(w http.ResponseWriter, r *http.Request, e *endpoint, claim *idempotency.Claim) {
	s := stateOf(r.Context())
	kept := &keptAnswer{ResponseWriter: w, clock: &s.rec.clock, before: w.Header().Clone()}
	ended := false
	defer func() {
		if !ended { // a panic, which goes on: of the answer nothing has gone out
			d.settle(r, e, claim, nil, http.StatusInternalServerError)
		}
	}()
	d.call(s, kept, r, e)
	ended = true
	var answer *idempotency.Answer
	if !kept.passed && !e.config.answerOnce && kept.code() != statusClientGone {
		answer = kept.answer()
	}
	d.settle(r, e, claim, answer, kept.code())
	kept.pass()
}

// settle stores the answer of a request, or gives its key back where it failed
// before it had written anything. The client may have left meanwhile.
func (d *Dashboard) settle(r *http.Request, e *endpoint, claim *idempotency.Claim, answer *idempotency.Answer, status int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), settleTimeout)
	defer cancel()
	var released bool
	var err error
	if status >= http.StatusBadRequest {
		released, err = claim.Release(ctx)
	}
	if err == nil && !released {
		err = claim.Finish(ctx, answer)
	}
	if err != nil {
		d.log.WarnContext(ctx, "cannot keep an answer for repetitions", "request_id", stateOf(ctx).id,
			"endpoint", e.method+" "+e.path, "module", e.module, "error", err)
	}
}

const (
	settleTimeout    = 10 * time.Second
	statusClientGone = 499 // says nothing to who comes back
)

// replay answers what a request was answered before.
func replay(w http.ResponseWriter, a *idempotency.Answer) {
	h := w.Header()
	maps.Copy(h, a.Header)
	h.Set("Idempotent-Replayed", "true")
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the client may be gone
}

// keptAnswer holds an answer back until it is known, unless it becomes too
// large or is flushed: then it goes out as it comes.
type keptAnswer struct {
	http.ResponseWriter
	clock  *atomic.Int64 // of the function
	before http.Header
	status int
	body   []byte
	passed bool
}

func (k *keptAnswer) WriteHeader(status int) {
	switch {
	case k.passed || status < 200:
		k.ResponseWriter.WriteHeader(status)
	case k.status == 0:
		k.begin(status)
	}
}

// begin ends the time that the function has to begin its answer.
func (k *keptAnswer) begin(status int) {
	k.status = status
	k.clock.Store(clockStopped)
}

func (k *keptAnswer) Write(b []byte) (int, error) {
	if k.status == 0 {
		k.begin(http.StatusOK)
	}
	if !k.passed && len(k.body)+len(b) > idempotency.MaxAnswer {
		k.pass()
	}
	if k.passed {
		return k.ResponseWriter.Write(b)
	}
	k.body = append(k.body, b...)
	return len(b), nil
}

// Flush makes it an http.Flusher for handlers that ask by assertion.
func (k *keptAnswer) Flush() {
	k.pass()
	_ = http.NewResponseController(k.ResponseWriter).Flush() // not every writer can
}

func (k *keptAnswer) code() int {
	if k.status == 0 {
		return http.StatusOK
	}
	return k.status
}

// pass sends what was held back.
func (k *keptAnswer) pass() {
	if k.passed {
		return
	}
	k.passed = true
	k.ResponseWriter.WriteHeader(k.code())
	_, _ = k.ResponseWriter.Write(k.body) // the client may be gone
	k.body = nil
}

// answer is what a repetition is given: without what belongs to one request or
// one browser alone.
func (k *keptAnswer) answer() *idempotency.Answer {
	header := http.Header{}
	for name, values := range k.Header() {
		switch name {
		case "Set-Cookie", "Content-Length", "Date", "Connection":
			continue
		}
		if !slices.Equal(values, k.before[name]) {
			header[name] = values
		}
	}
	return &idempotency.Answer{Status: k.code(), Header: header, Body: k.body}
}
