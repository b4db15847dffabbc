package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

// A Stream is an Out that sends server-sent events until it returns or the
// client leaves. The context also ends when the module is disabled, the session
// ends or the caller loses the right to the endpoint; the stream then closes with
// an event module-disabled, session-ended or forbidden. Data is encoded as JSON. Send
// returns an error once the client is gone or too slow.
type Stream func(ctx context.Context, send func(event string, data any) error) error

// A Blob is an Out that sends bytes that are not JSON. The reader is closed
// where it is an [io.Closer].
type Blob struct {
	// ContentType is a media type. Empty means application/octet-stream.
	ContentType string
	// Name offers the answer as a download with this file name.
	Name string
	// Size is the number of bytes; zero means unknown.
	Size int64
	Body io.Reader
}

// write sends a successful answer.
func (e *endpoint) write(w http.ResponseWriter, r *http.Request, out any) error {
	switch v := out.(type) {
	case *Stream:
		return e.stream(w, r, *v)
	case *Blob:
		return e.blob(w, r, v)
	}
	status := e.config.status
	h := w.Header()
	if v, ok := out.(StatusCoder); ok {
		if s := v.StatusCode(); s != 0 {
			status = s
		}
	}
	if v, ok := out.(HeaderSetter); ok {
		v.SetHeader(h)
	}
	if v, ok := out.(pager); ok && e.paged {
		linkNext(h, r, v.nextCursor())
	}
	if v, ok := out.(ETagger); ok {
		tag := v.ETag()
		h.Set("ETag", tag)
		if tag != "" && (r.Method == http.MethodGet || r.Method == http.MethodHead) && etag.Parse(r.Header["If-None-Match"]).Has(tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	if h["Cache-Control"] == nil {
		h["Cache-Control"] = noStore
	}
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return nil
	}
	return e.answer.Encode(w, status, out, e.answerLimit)
}

// noStore is what nearly every answer says of caches, without room to grow.
var noStore = []string{"no-store"}

func (e *endpoint) stream(w http.ResponseWriter, r *http.Request, run Stream) error {
	if run == nil {
		return fmt.Errorf("%s %s returned a nil stream", e.method, e.path)
	}
	if r.Method == http.MethodHead {
		return headOfStream(w)
	}
	ctx, _, done, err := openStreamOf(r.Context(), e)
	if err != nil {
		return err
	}
	defer done()
	becomeStream(r.Context())
	out, err := events.NewWriter(w)
	if err != nil {
		return err
	}
	defer out.KeepAlive(ctx)()
	err = run(ctx, func(event string, data any) error {
		body, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("encode event %s: %w", event, err)
		}
		return out.Send(event, body)
	})
	if ended, ok := errors.AsType[*events.EndedError](context.Cause(ctx)); ok {
		return answered(out.End(ended.Reason))
	}
	if err != nil && ctx.Err() == nil {
		return answered(errors.Join(err, out.End("error")))
	}
	return nil
}

// headOfStream answers HEAD: a stream without a body would go on for nobody.
func headOfStream(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	return nil
}

func (e *endpoint) blob(w http.ResponseWriter, r *http.Request, b *Blob) error {
	if b.Body == nil {
		return fmt.Errorf("%s %s returned a blob without a body", e.method, e.path)
	}
	if c, ok := b.Body.(io.Closer); ok {
		defer func() { _ = c.Close() }()
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	if b.ContentType != "" {
		h.Set("Content-Type", b.ContentType)
	}
	if b.Name != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": b.Name}))
	}
	if b.Size > 0 {
		h.Set("Content-Length", strconv.FormatInt(b.Size, 10))
	}
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(e.config.status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := io.Copy(w, b.Body)
	return answered(err)
}

// answeredError is a failure after the header has gone out: it can only be
// logged.
type answeredError struct{ err error }

func (e answeredError) Error() string { return e.err.Error() }
func (e answeredError) Unwrap() error { return e.err }

func answered(err error) error {
	if err == nil {
		return nil
	}
	return answeredError{err}
}

// writeError answers with problem details.
func writeError(w http.ResponseWriter, e *Error, requestID string) {
	h := w.Header()
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10))
	}
	if e.status() == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", challengeOf(e))
	}
	problem.Write(w, problemOf(e, requestID))
}

// challengeOf is what an answer 401 asks for.
func challengeOf(e *Error) string {
	const challenge = `Bearer realm="dashboard"`
	if e == errBadToken { // RFC 6750, section 3: only where a token was sent
		return challenge + `, error="invalid_token"`
	}
	return challenge
}
