package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
	"github.com/modular-dashboard/dashboard/internal/openapi"
	"github.com/modular-dashboard/dashboard/internal/spelling"
)

// An EndpointAnswer is what an endpoint answered to [Host.Call].
type EndpointAnswer struct {
	Status int
	Body   json.RawMessage // problem details from status 400 on; nil where there is none
	ETag   string          // to be sent as the argument If-Match, where the endpoint takes it
}

// OK reports that the endpoint did what it was asked to.
func (a EndpointAnswer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Bounds of [Host.Call].
const (
	maxCallAnswer = 1 << 20
	maxCallDepth  = 4
)

// Call calls an endpoint that [Host.Endpoints] listed, on behalf of the person whose
// request ctx belongs to and of nobody else: it goes the way of any request of theirs
// (the limits of address, caller and route, flags, permission, validation, audit log)
// with the rights that they have at this moment and under the id of their request. It
// does not use the network. Arguments are an object as [EndpointInfo] describes it.
//
// The error is nil whenever the endpoint, or what is before it, answered; a refusal is
// an answer. Arguments that make no request are an [*Error] with status 422. An
// answer has at most 1 MiB, and calls can be nested four deep. A call that writes is
// not asked about: whoever offers endpoints to a model has to ask the person.
func (h *Host) Call(ctx context.Context, info EndpointInfo, arguments json.RawMessage) (EndpointAnswer, error) {
	d, parent := h.d, stateOf(ctx)
	if parent == nil || parent.principal == nil {
		return EndpointAnswer{}, errors.New("call endpoint: the context is not that of a person's request")
	}
	if parent.depth >= maxCallDepth {
		return EndpointAnswer{}, fmt.Errorf("call endpoint: %d calls are nested", parent.depth)
	}
	e := d.find(info)
	if e == nil {
		return EndpointAnswer{}, errNotFound
	}
	r, err := e.requestOf(ctx, parent.r, arguments)
	if err != nil {
		return EndpointAnswer{}, err
	}
	// The request may have gone on for minutes: what counts are present rights.
	principal, err := d.auth.Recheck(ctx, parent.principal)
	if err != nil {
		return EndpointAnswer{}, asError(err)
	}
	s := &request{id: parent.id, client: parent.client, base: parent.base, host: parent.host, secure: parent.secure,
		principal: principal, streams: parent.streams, depth: parent.depth + 1, path: strings.TrimPrefix(r.URL.EscapedPath(), "/")}
	s.asked.flags = d.flags
	s.ctx.Context, s.ctx.state = ctx, s //nolint:fatcontext // a request of its own, within the other
	s.r = r.WithContext(&s.ctx)
	answer := &answerBuffer{header: http.Header{}}
	s.rec.ResponseWriter, s.w = answer, &s.rec
	defer d.underway.calls(parent)()
	if err := d.serveInside(s, r, e); err != nil {
		return EndpointAnswer{}, err
	}
	if answer.full {
		return EndpointAnswer{}, &Error{Status: http.StatusInternalServerError, Code: "answer-too-large",
			Detail: fmt.Sprintf("The answer is larger than %d KiB.", maxCallAnswer>>10)}
	}
	out := EndpointAnswer{Status: s.rec.code(), ETag: answer.header.Get("ETag")}
	if body := bytes.TrimSpace(answer.body.Bytes()); json.Valid(body) {
		out.Body = body
	}
	return out, nil
}

// serveInside is [Dashboard.ServeHTTP] from where the caller is known.
func (d *Dashboard) serveInside(s *request, r *http.Request, e *endpoint) (err error) {
	if !d.requests.enter() {
		return errStarting
	}
	s.counted = true
	defer d.leaveCore(s)
	watch := d.watch(s, r)
	defer d.finish(s, r, &watch)
	defer func() {
		if v := recover(); v == http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
			err = errPanic // half an answer is none
		} else if v != nil {
			defer func() { err = errPanic; _ = recover() }()
			d.panicked(&s.rec, s, v)
		}
	}()
	if !d.limiting.address.Admit(&s.rec, s.r) {
		return nil
	}
	if e.module == coreModule {
		d.core.ServeHTTP(&s.rec, s.below("/"+s.path))
		return nil
	}
	d.serveModule(&s.rec, s, e.module+"/"+s.path)
	return nil
}

// requestOf makes the request that calls the endpoint. Its path is below the
// module's own.
func (e *endpoint) requestOf(ctx context.Context, parent *http.Request, arguments json.RawMessage) (*http.Request, error) {
	given, err := namesOf(arguments)
	if err != nil {
		return nil, err
	}
	params, takesBody, err := openapi.ArgumentsOf(e.in)
	if err != nil {
		return nil, err
	}
	path, query, header := strings.TrimSuffix(e.path, "{$}"), url.Values{}, http.Header{}
	for _, p := range params {
		raw, ok := given[p.Name]
		delete(given, p.Name)
		if ok = ok && string(raw) != "null"; !ok {
			if p.Source == shape.Path {
				return nil, badArgument(p.Name, "required", "is required")
			}
			continue
		}
		values, err := texts(raw)
		if err != nil || p.Source != shape.Query && len(values) != 1 {
			return nil, badArgument(p.Name, "type", "must be text, a number or true or false")
		}
		switch p.Source {
		case shape.Path:
			if path, err = fill(path, p.Name, values[0]); err != nil {
				return nil, err
			}
		case shape.Query:
			query[p.Name] = append(query[p.Name], values...)
		case shape.Header:
			if reservedHeader(p.Name) || strings.ContainsAny(values[0], "\r\n\x00") {
				return nil, badArgument(p.Name, "header", "cannot be set here")
			}
			header.Set(p.Name, values[0])
		}
	}
	body, hasBody := given[openapi.BodyArgument]
	if takesBody {
		delete(given, openapi.BodyArgument)
	}
	for name := range given {
		return nil, badArgument(name, "unknown", "is not known here")
	}
	return newInside(ctx, parent, e.method, path, query, header, body, takesBody && hasBody)
}

// namesOf reads an object. A name that is given twice is an error, as in any body:
// somebody may have said yes to the first of them.
func namesOf(object json.RawMessage) (map[string]json.RawMessage, error) {
	given := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(object)) == 0 {
		return given, nil
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(object, &whole); err != nil {
		return nil, Invalid(FieldError{Code: "type", Detail: "must be a JSON object"})
	}
	d := json.NewDecoder(bytes.NewReader(object))
	_, err := d.Token() // the brace, or null
	for err == nil && d.More() {
		var name json.Token
		var value json.RawMessage
		if name, err = d.Token(); err == nil {
			err = d.Decode(&value)
		}
		text, _ := name.(string)
		if _, twice := given[text]; twice {
			return nil, badArgument(text, "duplicate", "is given twice")
		}
		given[text] = value
	}
	if err != nil { // it was read above
		return nil, Invalid(FieldError{Code: "type", Detail: "must be a JSON object"})
	}
	return given, nil
}

// newInside makes a request like one of the same client.
func newInside(ctx context.Context, parent *http.Request, method, path string, query url.Values, header http.Header, body []byte, hasBody bool) (*http.Request, error) {
	var content io.Reader = http.NoBody
	if hasBody {
		content = bytes.NewReader(body)
		header.Set("Content-Type", "application/json")
	}
	r, err := http.NewRequestWithContext(ctx, method, path, content)
	if err != nil {
		return nil, badArgument("", "path", "do not make a path")
	}
	r.URL.RawQuery, r.Header = query.Encode(), header
	r.Header.Set("Accept", "application/json")
	for _, name := range []string{"User-Agent", "Accept-Language"} {
		if v := parent.Header.Get(name); v != "" {
			r.Header.Set(name, v)
		}
	}
	r.Host, r.RemoteAddr, r.TLS, r.Proto, r.ProtoMajor, r.ProtoMinor = parent.Host, parent.RemoteAddr, parent.TLS, parent.Proto, parent.ProtoMajor, parent.ProtoMinor
	return r, nil
}

func badArgument(name, code, detail string) *Error {
	return Invalid(FieldError{Pointer: "/" + spelling.PointerToken(name), Code: code, Detail: detail})
}

// reservedHeader names what says who asks and from where.
func reservedHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Cookie", "X-Api-Key", "Host", "Origin", "Idempotency-Key", "Content-Length", "Content-Type", "Connection",
		"Transfer-Encoding", "Upgrade", "Forwarded":
		return true
	}
	return strings.HasPrefix(http.CanonicalHeaderKey(name), "X-Forwarded-") || strings.HasPrefix(http.CanonicalHeaderKey(name), "Sec-")
}

// texts returns the values of a scalar, or of a list of them, as a URL has them.
func texts(raw json.RawMessage) ([]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]string, len(list))
	for i, one := range list {
		switch one := one.(type) {
		case string:
			out[i] = one
		case json.Number:
			out[i] = one.String()
		case bool:
			out[i] = strconv.FormatBool(one)
		default:
			return nil, errors.New("neither text nor a number nor a boolean")
		}
	}
	return out, nil
}

// fill puts a value into its place in a path, where it stays one segment unless
// the place is for several.
func fill(path, name, value string) (string, error) {
	escaped := url.PathEscape(value)
	place := "{" + name + "}"
	if rest := "{" + name + "...}"; strings.Contains(path, rest) {
		place, escaped = rest, strings.ReplaceAll(escaped, "%2F", "/")
	}
	if value == "" || canonicalPath("/"+escaped) != nil {
		return "", badArgument(name, "path", "cannot be part of a path")
	}
	return strings.Replace(path, place, escaped, 1), nil
}

// answerBuffer keeps an answer, up to a bound.
type answerBuffer struct {
	header http.Header
	body   bytes.Buffer
	full   bool
}

func (a *answerBuffer) Header() http.Header { return a.header }

func (a *answerBuffer) WriteHeader(int) {}

// Write takes everything, so that nobody takes a full buffer for a client that left.
func (a *answerBuffer) Write(p []byte) (int, error) {
	if a.full = a.full || a.body.Len()+len(p) > maxCallAnswer; !a.full {
		a.body.Write(p)
	}
	return len(p), nil
}
