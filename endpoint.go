package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/ratelimit"
)

// An EndpointOption adjusts an endpoint; see [Require], [Authenticated],
// [Public], [Flag], [Limit], [Timeout], [Summary], [Description], [ID], [Status], [BodyLimit],
// [Deprecated] and [Sunset].
type EndpointOption interface{ applyEndpoint(*endpointConfig) }

type endpointOption func(*endpointConfig)

func (f endpointOption) applyEndpoint(c *endpointConfig) { f(c) }

type endpointConfig struct {
	access               []access
	id, summary, details string
	status               int
	bodyLimit            int64
	deprecation          deprecation
	errors, also         []int
	stream               bool
	contentType          string
	limit                []string
	shared               string   // the name of a limit of the dashboard that it shares
	flags                []string // all must be on
	answerOnce           bool     // the answer is not stored for repetitions
	timeout              *time.Duration
	tagged               bool // its answers have an ETag
}

// Summary is the endpoint's line in the API documentation.
func Summary(text string) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.summary = text })
}

// Description is the endpoint's paragraph in the API documentation.
func Description(text string) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.details = text })
}

// ID names the operation in OpenAPI, within its module. The default is made of
// method and path.
func ID(id string) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.id = id })
}

// Status is the status of a successful answer. The default is 200, for Post 200
// too, and 204 where Out is an empty struct.
func Status(code int) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.status = code })
}

// BodyLimit bounds the request body, in bytes. The default is 1 MiB; a larger
// body is answered 413.
func BodyLimit(bytes int64) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.bodyLimit = bytes })
}

// ContentType is the media type that a [Blob] or a plain handler answers, for
// the API documentation. The default is application/octet-stream.
func ContentType(mediaType string) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.contentType = mediaType })
}

// Answers names statuses that the endpoint answers besides success and those
// that every endpoint of its kind may give, for the API documentation.
func Answers(statuses ...int) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.errors = append(c.errors, statuses...) })
}

// Also names a further status of success, for an Out that is a [StatusCoder].
func Also(status int) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.also = append(c.also, status) })
}

// StatusCoder is implemented by an Out that chooses its status.
type StatusCoder interface{ StatusCode() int }

// HeaderSetter is implemented by an Out that sets headers of its answer.
type HeaderSetter interface{ SetHeader(h http.Header) }

// ETagger is implemented by an Out that has an entity tag, quotes included
// (RFC 9110, section 8.8.3). If-None-Match is answered 304 where it matches.
type ETagger interface{ ETag() string }

// Get registers a typed endpoint that answers GET and HEAD below the module's
// own path. In takes its fields from the path, the query and headers by the
// struct tags path, query and header. See [Post] for the rest.
func Get[In, Out any](r *Router, path string, fn func(context.Context, In) (Out, error), opts ...EndpointOption) {
	typed(r, http.MethodGet, path, fn, opts)
}

// Post registers a typed endpoint. In takes fields by the struct tags path,
// query and header, and the rest from a JSON body; it is validated by
// go-playground/validator tags. Out is encoded as JSON; an Out that is a
// [Stream] or a [Blob], or implements [StatusCoder], [HeaderSetter] or
// [ETagger], has more to say. An error that is an [*Error] chooses the answer;
// any other is answered 500. The function must be safe for concurrent use.
//
// A caller who is signed in may send an Idempotency-Key: a repetition of the
// request within a day is answered as the first one was, and does nothing. The
// key is stored in the transaction of the first write to [Host.DB] that the
// function makes under its context.
func Post[In, Out any](r *Router, path string, fn func(context.Context, In) (Out, error), opts ...EndpointOption) {
	typed(r, http.MethodPost, path, fn, opts)
}

// Put registers a typed endpoint for PUT; see [Post].
func Put[In, Out any](r *Router, path string, fn func(context.Context, In) (Out, error), opts ...EndpointOption) {
	typed(r, http.MethodPut, path, fn, opts)
}

// Patch registers a typed endpoint for PATCH; see [Post]. The body may be sent as
// application/merge-patch+json (RFC 7396) too: In has a pointer for what may be
// absent, or a [json.RawMessage] where null means something else than absent.
func Patch[In, Out any](r *Router, path string, fn func(context.Context, In) (Out, error), opts ...EndpointOption) {
	typed(r, http.MethodPatch, path, fn, opts)
}

// Delete registers a typed endpoint for DELETE; see [Post].
func Delete[In, Out any](r *Router, path string, fn func(context.Context, In) (Out, error), opts ...EndpointOption) {
	typed(r, http.MethodDelete, path, fn, opts)
}

// An endpoint is one registration, with all that could be decided beforehand.
type endpoint struct {
	method, path string
	module       string
	route        string // the pattern as the browser sees it, without the method
	config       endpointConfig
	access       access
	permission   auth.Permission
	in, out      reflect.Type
	compiled     func() error // makes plan and answer, once
	plan         *bind.Plan
	answer       *bind.Encoder
	answerLimit  int64
	timeout      time.Duration // zero: none
	patience     int64         // the same in sweeps
	paged        bool          // the answer is a page of a list
	once         bool          // it honors Idempotency-Key
	limit        ratelimit.Policy
	limiter      *ratelimit.Middleware // nil: no limit but that of the address
	serve        serveFunc
}

// A serveFunc decodes, calls and encodes. An error it returns has not been
// written yet.
type serveFunc func(w http.ResponseWriter, r *http.Request, e *endpoint) error

// name is how the log calls an endpoint.
func (e *endpoint) name() string { return e.method + " " + e.path }

// permissionName is the full name, module first.
func (e *endpoint) permissionName() string {
	if e.access.kind != accessPermission {
		return ""
	}
	return e.module + "." + e.access.permission.name
}

func typed[In, Out any](r *Router, method, path string, fn func(context.Context, In) (Out, error), opts []EndpointOption) {
	if fn == nil {
		r.fail("%s %s has no function", method, path)
		return
	}
	register(r, method, path, reflect.TypeFor[In](), reflect.TypeFor[Out](), serveTyped(fn), opts)
}

func serveTyped[In, Out any](fn func(context.Context, In) (Out, error)) serveFunc {
	return func(w http.ResponseWriter, r *http.Request, e *endpoint) error {
		var in In
		if err := e.plan.Decode(r, &in, e.config.bodyLimit); err != nil {
			return err
		}
		out, err := fn(r.Context(), in)
		if err != nil {
			return err
		}
		return e.write(w, r, &out)
	}
}

// register checks a registration and adds it; what it returns is nil where it
// was refused.
func register(r *Router, method, path string, in, out reflect.Type, serve serveFunc, opts []EndpointOption) *endpoint {
	what := method + " " + path
	e := &endpoint{method: method, path: path, module: r.module, in: in, out: out, serve: serve, answerLimit: r.limits.answer}
	for _, o := range opts {
		if o == nil {
			r.fail("%s has a nil option", what)
			return nil
		}
		o.applyEndpoint(&e.config)
	}
	for _, key := range e.config.flags {
		if err := checkFlag(key); err != nil {
			r.fail("%s: %w", what, err)
			return nil
		}
	}
	e.config.flags = append(slices.Clip(r.gating), e.config.flags...)
	var ok bool
	if e.access, e.permission, ok = r.resolveAccess(what, e.config.access); !ok {
		return nil
	}
	if !strings.HasPrefix(path, "/") || strings.Contains(path, "//") || strings.Contains(path, "..") {
		r.fail("%s: the path does not begin with / or is not clean", what)
		return nil
	}
	if r.module != coreModule && reserved(path) && !r.inPanel {
		r.fail("%s: /panels is reserved", what)
		return nil
	}
	if e.config.bodyLimit == 0 {
		e.config.bodyLimit = r.limits.body
	}
	if err := e.setTimeout(r); err != nil {
		r.fail("%s: %w", what, err)
		return nil
	}
	e.settle()
	if err := errors.Join(e.prepare(r), e.config.deprecation.prepare()); err != nil {
		r.fail("%s: %w", what, err)
		return nil
	}
	e.once = e.honorsKeys()
	e.paged = out != nil && reflect.PointerTo(out).Implements(pagerType)
	if e.config.id == "" {
		e.config.id = operationID(method, path)
	}
	if err := e.setLimit(); err != nil {
		r.fail("%s: %w", what, err)
		return nil
	}
	r.endpoints = append(r.endpoints, e)
	return e
}

// settle decides what the options left open.
func (e *endpoint) settle() {
	if e.config.status == 0 {
		e.config.status = http.StatusOK
		if e.out != nil && e.out.Kind() == reflect.Struct && e.out.NumField() == 0 {
			e.config.status = http.StatusNoContent
		}
	}
	if e.out == reflect.TypeFor[Stream]() {
		e.config.stream = true
	}
}

// prepare has a module's endpoint compiled now, so that a mistake stops the start.
// The dashboard's own, which its tests compile, are compiled when somebody calls
// them: they are many, and most are seldom called.
func (e *endpoint) prepare(r *Router) error {
	binder, in := r.binder, e.in // which may be told otherwise in the API document
	e.compiled = sync.OnceValue(func() error { return e.compile(binder, in) })
	if r.module == coreModule {
		return nil
	}
	return e.compiled()
}

// compile builds the plans of the request and of the answer.
func (e *endpoint) compile(b *bind.Binder, in reflect.Type) (err error) {
	if in != nil {
		if e.plan, err = b.Compile(in, e.method+" "+e.path); err != nil {
			return err
		}
	}
	if e.out == nil || e.config.stream || e.out == reflect.TypeFor[Blob]() {
		return nil
	}
	if e.answer, err = b.CompileOut(e.out); err != nil {
		return fmt.Errorf("answer %s: %w", e.out, err)
	}
	return nil
}

// operationID makes "get-invoices-id" of GET /invoices/{id}.
func operationID(method, path string) string {
	parts := []string{strings.ToLower(method)}
	for part := range strings.SplitSeq(path, "/") {
		if part = strings.Trim(part, "{}.$"); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "-")
}
