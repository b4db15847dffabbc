// Package wire sends the requests of providers and says what became of them.
package wire

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/frame"
)

// An Endpoint is one address of a provider. Its credentials are in a closure,
// where no %+v finds them.
type Endpoint struct {
	Provider  string
	format    string
	base      *url.URL
	version   string              // what the path of the provider's own base URL is, such as /v1
	url       *url.URL            // of a path below it
	header    func() http.Header  // of every request; the result is not changed
	scrub     func(string) string // takes the credentials out of a text
	transport http.RoundTripper
	limits    frame.Limits
	buffers   *sync.Pool // of whole answers
}

// Defaults are what a provider's own endpoint is.
type Defaults struct {
	Name, BaseURL string
	Format        string      // of the wire; empty: Name
	Header        http.Header // with credentials
}

// New returns the endpoint of a path.
func New(at ai.Endpoint, own Defaults, path string) (*Endpoint, error) {
	base, name := at.BaseURL, at.Name
	if base == "" {
		base = own.BaseURL
	}
	if name == "" {
		name = own.Name
	}
	root, err := parse(base)
	if err != nil {
		return nil, err
	}
	header := http.Header{"User-Agent": {"dashboard-ai"}, "Content-Type": {"application/json"}}
	for _, h := range []http.Header{own.Header, at.Header} {
		for k, v := range h {
			for _, one := range append([]string{k}, v...) {
				if strings.ContainsAny(one, "\r\n\x00") || k == "" {
					return nil, errors.New("a header field or the key is malformed")
				}
			}
			header[http.CanonicalHeaderKey(k)] = slices.Clone(v)
		}
	}
	version := ""
	if usual, err := url.Parse(own.BaseURL); err == nil {
		version = strings.TrimRight(usual.Path, "/")
	}
	scrub := credentials(header).Replace
	e := &Endpoint{Provider: name, format: cmp.Or(own.Format, own.Name), base: root, version: version,
		url: root.JoinPath(path), header: func() http.Header { return header }, scrub: scrub, transport: at.Transport,
		limits: frame.Limits{Frame: at.MaxPiece, Body: at.MaxAnswer}, buffers: &sync.Pool{New: func() any { return new(bytes.Buffer) }}}
	if e.transport == nil {
		e.transport = newTransport()
	}
	return e, nil
}

// credentials finds those of a header in a text: providers, and what is between,
// repeat them in their errors.
func credentials(header http.Header) *strings.Replacer {
	var pairs []string
	for name, values := range header {
		for _, word := range []string{"Auth", "Key", "Token", "Secret", "Cookie"} {
			if !strings.Contains(name, word) {
				continue
			}
			for _, v := range values {
				if i := strings.LastIndexByte(v, ' '); i >= 0 { // after the scheme
					v = v[i+1:]
				}
				if len(v) >= shortestKey {
					pairs = append(pairs, v, "[redacted]")
				}
			}
			break
		}
	}
	return strings.NewReplacer(pairs...)
}

// shortestKey is that of what is taken for a credential and not for a word.
const shortestKey = 6

// At returns the same endpoint with more of a path, and a query.
func (e *Endpoint) At(path, query string) *Endpoint {
	other := *e
	other.url = e.url.JoinPath(path)
	other.url.RawQuery = query
	return &other
}

// newTransport returns what is used where no other is given: the
// settings of http.DefaultTransport with more idle connections to one host.
func newTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// parse reads a base URL.
func parse(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("base URL %q is not of the form https://host/path", base)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("base URL holds more than scheme, host and path")
	}
	if u.Path == "" { // else what is joined to it has no slash before it
		u.Path = "/"
	}
	return u, nil
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
	r := e.request(http.MethodPost, accept)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return e.send(ctx, model, r)
}

// request returns a request without a body.
func (e *Endpoint) request(method, accept string) *http.Request {
	header := maps.Clone(e.header())
	header["Accept"] = []string{accept}
	return &http.Request{Method: method, URL: e.url, Host: e.url.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
}

func (e *Endpoint) send(ctx context.Context, model string, r *http.Request) (*Call, error) {
	c := &Call{endpoint: e, ctx: ctx, model: model}
	answer, err := e.transport.RoundTrip(r.WithContext(ctx)) //nolint:bodyclose // Close and abandon do
	if err != nil {
		return nil, c.broken(err, ai.Network)
	}
	c.Response = answer
	if answer.StatusCode < http.StatusOK { // its body is the connection, which no context ends
		c.abandon()
		e := c.Error(ai.Server, http.StatusText(answer.StatusCode))
		e.Status = answer.StatusCode
		return nil, e
	}
	if answer.StatusCode != http.StatusOK {
		defer c.Close()
		return nil, c.refused()
	}
	return c, nil
}

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

// abandon releases the connection of an answer that nobody wants any more.
func (c *Call) abandon() { _ = c.Body.Close() }

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

const keptBuffer = 256 << 10

// SSE reads the body as server-sent events.
func (c *Call) SSE() *frame.SSE { return frame.NewSSE(c.Body, c.endpoint.limits) }

// Lines reads the body as JSON lines.
func (c *Call) Lines() *frame.Lines { return frame.NewLines(c.Body, c.endpoint.limits) }

// Items reads the body as a JSON array.
func (c *Call) Items() *frame.Items { return frame.NewItems(c.Body, c.endpoint.limits) }

// Whole reads the body and lets read have it, which must keep nothing of it. White
// space around it is left out, and there is something left.
func (c *Call) Whole(read func([]byte) error) error {
	b, _ := c.endpoint.buffers.Get().(*bytes.Buffer)
	b.Reset()
	defer func() {
		if b.Cap() <= keptBuffer {
			c.endpoint.buffers.Put(b)
		}
	}()
	limit := c.endpoint.limits.Frame
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
	body := bytes.TrimSpace(bytes.TrimPrefix(b.Bytes(), []byte("\uFEFF")))
	if len(body) == 0 {
		return c.Cut()
	}
	return read(body)
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
	e := &ai.Error{Kind: kind, Provider: c.endpoint.Provider, Model: c.model, Message: bounded(c.endpoint.scrub(message))}
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
