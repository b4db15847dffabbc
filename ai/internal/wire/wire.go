// Package wire sends the requests of providers and says what became of them.
package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/frame"
)

// An Endpoint is one address of a provider. Its credentials are in Header's
// closure, where no %+v finds them.
type Endpoint struct {
	Provider  string
	URL       *url.URL
	Header    func() http.Header // of every request; the result is not changed
	Transport http.RoundTripper
	Limits    frame.Limits
}

// NewTransport returns what adapters use where they are told of no other: the
// settings of http.DefaultTransport with more idle connections to one host.
func NewTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// Join returns the URL of a path below a base.
func Join(base, path string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("base URL %q is not of the form https://host/path", base)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("base URL holds more than scheme, host and path")
	}
	return u.JoinPath(path), nil
}

// Once makes a sequence that can be ranged over once.
func Once(run func(yield func(ai.Event, error) bool)) iter.Seq2[ai.Event, error] {
	var used atomic.Bool
	return func(yield func(ai.Event, error) bool) {
		if used.Swap(true) {
			yield(ai.Event{}, &ai.Error{Kind: ai.Invalid, Message: "the answer was ranged over before"})
			return
		}
		run(yield)
	}
}

// A Call is one request and its answer.
type Call struct {
	*http.Response
	endpoint *Endpoint
	ctx      context.Context //nolint:containedctx // a call lasts as long as its context
	model    string
	ended    bool // the body was read to its end
}

// Post sends a body. Redirects are not followed: they would carry credentials
// elsewhere. Any status but 200 is an error.
func (e *Endpoint) Post(ctx context.Context, model string, body []byte, accept string) (*Call, error) {
	header := e.Header().Clone()
	header["Content-Type"] = contentJSON
	header["Accept"] = []string{accept}
	r := &http.Request{Method: http.MethodPost, URL: e.URL, Host: e.URL.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }}
	c := &Call{endpoint: e, ctx: ctx, model: model}
	answer, err := e.Transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, c.broken(err, ai.Network)
	}
	c.Response = answer
	if answer.StatusCode != http.StatusOK {
		defer c.Close()
		return nil, c.refused()
	}
	return c, nil
}

var contentJSON = []string{"application/json"}

// lastWords is how long a body that has nothing more to say may take to end.
const lastWords = 100 * time.Millisecond

// Close releases the connection, for other requests where the body ends at once.
func (c *Call) Close() {
	if !c.ended && c.StatusCode == http.StatusOK {
		timer := time.AfterFunc(lastWords, func() { _ = c.Body.Close() })
		var rest [512]byte
		for range 8 {
			if _, err := c.Body.Read(rest[:]); err != nil {
				break
			}
		}
		timer.Stop()
	}
	_ = c.Body.Close()
}

// Abandon releases the connection of an answer that nobody wants any more.
func (c *Call) Abandon() { _ = c.Body.Close() }

// Is reports whether the answer has a media type.
func (c *Call) Is(mediaType string) bool {
	got := c.Response.Header.Get("Content-Type")
	if got == mediaType {
		return true
	}
	if i := strings.IndexByte(got, ';'); i >= 0 && strings.EqualFold(strings.TrimSpace(got[:i]), mediaType) {
		return true
	}
	parsed, _, err := mime.ParseMediaType(got)
	return err == nil && parsed == mediaType
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keptBuffer = 256 << 10

// Whole reads the body and lets read have it, which must keep nothing of it.
func (c *Call) Whole(read func([]byte) error) error {
	b, _ := buffers.Get().(*bytes.Buffer)
	b.Reset()
	defer func() {
		if b.Cap() <= keptBuffer {
			buffers.Put(b)
		}
	}()
	limit := c.endpoint.Limits.Frame
	if limit <= 0 {
		limit = 16 << 20
	}
	n, err := b.ReadFrom(io.LimitReader(c.Body, limit+1))
	switch {
	case err != nil:
		return c.Broken(err)
	case n > limit:
		return c.Malformed(fmt.Errorf("%w: more than %d bytes", frame.ErrTooLarge, limit))
	}
	c.ended = true
	return read(b.Bytes())
}

// Broken returns the error of a body that could not be read to its end.
func (c *Call) Broken(err error) *ai.Error { return c.broken(err, ai.Truncated) }

// Cut returns the error of an answer that ended before it said why.
func (c *Call) Cut() *ai.Error {
	return c.Error(ai.Truncated, "the answer ended before it was finished")
}

// Malformed returns the error of an answer that is not what the format says.
func (c *Call) Malformed(err error) *ai.Error {
	e := c.Error(ai.Malformed, "")
	e.Err = err
	return e
}

// Error returns an error of the call.
func (c *Call) Error(kind ai.ErrorKind, message string) *ai.Error {
	e := &ai.Error{Kind: kind, Provider: c.endpoint.Provider, Model: c.model, Message: bounded(message)}
	if c.Response != nil {
		e.RequestID = requestID(c.Response.Header)
	}
	return e
}

// broken says why there is no (more of an) answer.
func (c *Call) broken(err error, kind ai.ErrorKind) *ai.Error {
	e := c.Error(kind, "")
	e.Err = err
	var timeout net.Error
	switch {
	case c.ctx.Err() != nil:
		return c.left(e)
	case errors.Is(err, frame.ErrTooLarge):
		e.Kind = ai.Malformed
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Kind = ai.Timeout
	}
	return e
}

// left says what ended the context: whoever did may have left an error there.
func (c *Call) left(e *ai.Error) *ai.Error {
	cause := context.Cause(c.ctx)
	if told, ok := errors.AsType[*ai.Error](cause); ok {
		e.Kind, e.Message, e.Err = told.Kind, told.Message, told.Err
		return e
	}
	e.Err = cause
	if errors.Is(cause, context.DeadlineExceeded) {
		e.Kind = ai.Timeout
		return e
	}
	e.Kind = ai.Canceled
	if !errors.Is(cause, context.Canceled) {
		e.Err = fmt.Errorf("%w: %w", context.Canceled, cause)
	}
	return e
}

// Provider is who was called.
func (c *Call) Provider() string { return c.endpoint.Provider }
