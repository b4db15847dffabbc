// Package judge asks two OpenAPI validators that know nothing of this project whether a
// document is valid, and whether a live server answers as its document says.
//
// It is a module of its own, so that nobody who uses the library downloads the judges.
package judge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	liberrors "github.com/pb33f/libopenapi-validator/errors"
)

// Judge holds one document, which both validators accept. It is safe for concurrent use.
type Judge struct {
	kin    *openapi3.T
	router routers.Router

	mu     sync.Mutex // guards lib, which is not known to be safe, and called
	lib    validator.Validator
	called map[string][]int // operation id → statuses seen
}

// New returns a judge of a document, or why a validator refuses it. Options are
// kin-openapi's, for documents of others that do not keep all of its rules.
func New(document []byte, options ...openapi3.ValidationOption) (*Judge, error) {
	j := &Judge{called: map[string][]int{}}
	doc, err := libopenapi.NewDocument(document)
	if err != nil {
		return nil, fmt.Errorf("libopenapi reads the document: %w", err)
	}
	lib, errs := validator.NewValidator(doc, config.WithAuthenticationFunc(
		func(context.Context, *config.AuthenticationInput) error { return nil }))
	if len(errs) > 0 {
		return nil, fmt.Errorf("libopenapi builds the document: %w", errors.Join(errs...))
	}
	if ok, errs := lib.ValidateDocument(); !ok {
		return nil, fmt.Errorf("libopenapi judges the document: %w", explain(errs))
	}
	j.lib = lib
	if j.kin, err = openapi3.NewLoader().LoadFromData(document); err != nil {
		return nil, fmt.Errorf("kin-openapi reads the document: %w", err)
	}
	if err := j.kin.Validate(context.Background(), append([]openapi3.ValidationOption{openapi3.EnableSchemaDefaultsValidation()}, options...)...); err != nil {
		return nil, fmt.Errorf("kin-openapi judges the document: %w", err)
	}
	for _, s := range j.kin.Components.Schemas {
		// Without a keyword that only 2020-12 has, kin-openapi judges schemas with references by the rules
		// of OpenAPI 3.0, where {} does not allow null.
		if s.Value != nil && len(s.Value.Defs) == 0 {
			s.Value.Defs = openapi3.Schemas{"unused": {Value: &openapi3.Schema{}}}
		}
	}
	if j.router, err = gorillamux.NewRouter(j.kin); err != nil {
		return nil, fmt.Errorf("kin-openapi routes the document: %w", err)
	}
	return j, nil
}

// Close frees what the validators hold.
func (j *Judge) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lib != nil {
		j.lib.Release()
		j.lib = nil
	}
}

// Exchange judges one request and its answer. The answer must be documented for its operation, by
// its status and not only by "default", and match its schema. When the answer is a
// success, the request must be one that the document allows. Bodies of event streams are not read.
func (j *Judge) Exchange(r *http.Request, body []byte, w *http.Response, answer []byte) error {
	r = r.Clone(context.WithoutCancel(r.Context()))
	route, params, err := j.router.FindRoute(r)
	if err != nil {
		return fmt.Errorf("%s %s is not documented: %w", r.Method, r.URL.Path, err)
	}
	id := route.Operation.OperationID
	j.mu.Lock()
	defer j.mu.Unlock()
	j.called[id] = append(j.called[id], w.StatusCode)
	var errs []error
	if route.Operation.Responses.Status(w.StatusCode) == nil {
		errs = append(errs, fmt.Errorf("status %d is not documented", w.StatusCode))
	}
	stream := strings.HasPrefix(w.Header.Get("Content-Type"), "text/event-stream") ||
		strings.HasPrefix(w.Header.Get("Content-Type"), "application/x-ndjson") // which neither judge can read
	errs = append(errs, judgeKin(r, body, w, answer, route, params, stream))
	if !stream {
		errs = append(errs, j.judgeLib(r, body, w, answer))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s (%s %s answered %d): %w", id, r.Method, r.URL.Path, w.StatusCode, err)
	}
	return nil
}

func judgeKin(r *http.Request, body []byte, w *http.Response, answer []byte, route *routers.Route, params map[string]string, stream bool) error {
	options := &openapi3filter.Options{
		MultiError: true, IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: false, SkipSettingDefaults: true,
		// It reads no HTML; libopenapi does.
		ExcludeResponseBody: stream || strings.HasPrefix(w.Header.Get("Content-Type"), "text/html"),
		AuthenticationFunc:  openapi3filter.NoopAuthenticationFunc,
	}
	in := &openapi3filter.RequestValidationInput{Request: withBody(r, body), PathParams: params, Route: route, Options: options}
	if w.StatusCode < 300 {
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			return fmt.Errorf("kin-openapi judges the request: %w", err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: w.StatusCode, Header: w.Header, Options: options}
	out.SetBodyBytes(answer)
	if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
		return fmt.Errorf("kin-openapi judges the answer: %w", err)
	}
	return nil
}

func (j *Judge) judgeLib(r *http.Request, body []byte, w *http.Response, answer []byte) error {
	if w.StatusCode < 300 {
		if ok, errs := j.lib.ValidateHttpRequest(withBody(r, body)); !ok {
			return fmt.Errorf("libopenapi judges the request: %w", explain(errs))
		}
	}
	res := *w
	res.Body = io.NopCloser(bytes.NewReader(answer))
	if ok, errs := j.lib.ValidateHttpResponse(withBody(r, body), &res); !ok {
		return fmt.Errorf("libopenapi judges the answer: %w", explain(errs))
	}
	return nil
}

func withBody(r *http.Request, body []byte) *http.Request {
	c := r.Clone(r.Context())
	c.Body, c.ContentLength = http.NoBody, int64(len(body))
	if len(body) > 0 {
		c.Body = io.NopCloser(bytes.NewReader(body))
	}
	return c
}

func explain(errs []*liberrors.ValidationError) error {
	var out []error
	for _, e := range errs {
		out = append(out, errors.New(e.Message+": "+e.Reason))
		for _, s := range e.SchemaValidationErrors {
			out = append(out, errors.New(s.FieldPath+" "+s.Reason+" ("+s.KeywordLocation+")"))
		}
	}
	return errors.Join(out...)
}

// Transport returns a round tripper for a test's client that judges every exchange and hands what
// is wrong to report. base may be nil for http.DefaultTransport. Answers are buffered,
// except event streams.
func (j *Judge) Transport(base http.RoundTripper, report func(error)) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{judge: j, base: base, report: report}
}

type transport struct {
	judge  *Judge
	base   http.RoundTripper
	report func(error)
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		r = withBody(r, body)
	}
	w, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	var answer []byte
	if !strings.HasPrefix(w.Header.Get("Content-Type"), "text/event-stream") {
		answer, err = io.ReadAll(w.Body)
		_ = w.Body.Close()
		if err != nil {
			return nil, err
		}
		w.Body = io.NopCloser(bytes.NewReader(answer))
	}
	if err := t.judge.Exchange(r, body, w, answer); err != nil {
		t.report(err)
	}
	return w, nil
}

// Uncalled returns what was documented but not yet seen: the ids of operations that were
// never called ("listModules"), and those that never answered with a success they document ("listModules 200").
func (j *Judge) Uncalled() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var missing []string
	for _, item := range j.kin.Paths.Map() {
		for _, op := range item.Operations() {
			seen, ok := j.called[op.OperationID]
			if !ok {
				missing = append(missing, op.OperationID)
				continue
			}
			for status := range op.Responses.Map() {
				code, err := strconv.Atoi(status)
				if err == nil && code < 300 && !slices.Contains(seen, code) {
					missing = append(missing, op.OperationID+" "+status)
				}
			}
		}
	}
	slices.Sort(missing)
	return missing
}

var _ http.RoundTripper = (*transport)(nil)
