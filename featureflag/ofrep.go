package featureflag

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	ofrepRoot   = "/ofrep/v1"
	ofrepFlags  = ofrepRoot + "/evaluate/flags"
	ofrepEvents = ofrepRoot + "/events"
)

// OFREP answers the OpenFeature Remote Evaluation Protocol, version 0.3.0, from
// a [Flags]: one flag (POST /ofrep/v1/evaluate/flags/{key}), all flags (POST
// /ofrep/v1/evaluate/flags), and an event stream that tells when to ask again
// (GET /ofrep/v1/events, named by the answer to the second). It finds these
// paths below any prefix. A key may contain slashes, encoded or not; a targeting
// key has at most 4096 bytes.
//
// The entity tag of a bulk answer stands for the flags, the context and the
// values, so that one caller is never told that another's values are still
// right. A request that an event caused (flagConfigEtag) is always answered in
// full, when possible with the flags that the event was about.
//
// It is safe for concurrent use.
type OFREP struct {
	flags   *Flags
	config  *ofrepConfig
	streams *streams
	past    pastConfigurations
	waiting chan struct{} // one for each request that waits for newer flags
}

// NewOFREP returns a handler for the flags of f, or an error for an option that
// cannot be. Call [OFREP.Shutdown] before the server's own Shutdown, which waits
// for event streams.
func NewOFREP(f *Flags, opts ...OFREPOption) (*OFREP, error) {
	if f == nil {
		return nil, errors.New("set up OFREP: nil flags")
	}
	config, err := newOFREPConfig(opts)
	if err != nil {
		return nil, err
	}
	return &OFREP{
		flags: f, config: config, streams: newStreams(f, config.streams), waiting: make(chan struct{}, maxWaiting),
	}, nil
}

// Shutdown ends the event streams and waits for them until ctx is done. New
// streams are refused; evaluation goes on. It may be called more than once.
func (o *OFREP) Shutdown(ctx context.Context) error { return o.streams.shutdown(ctx) }

// ServeHTTP implements [http.Handler].
func (o *OFREP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	o.allowOrigin(header, r)
	call, ok := route(r.URL)
	if !ok {
		refuse(w, failure{status: http.StatusNotFound, Details: "no such path of the protocol"})
		return
	}
	if r.Method == http.MethodOptions {
		o.preflight(w, r, call.method)
		return
	}
	if r.Method != call.method {
		header.Set("Allow", call.method+", OPTIONS")
		refuse(w, failure{status: http.StatusMethodNotAllowed, Details: "use " + call.method})
		return
	}
	if call.events {
		o.serveEvents(w, r)
		return
	}
	arrived := boundBody(w, r)
	caller, err := o.caller(r)
	if err != nil {
		o.refuseError(w, r, err, nil)
		return
	}
	c, err := o.read(w, r, arrived)
	switch {
	case err != nil && call.single:
		o.refuseError(w, r, err, &call.key)
	case err != nil:
		o.refuseError(w, r, err, nil)
	case call.single:
		o.serveFlag(w, r, call.key, c)
	default:
		o.serveAll(w, r, caller, c)
	}
}

// ofrepCall is what a path asks for.
type ofrepCall struct {
	method string
	key    string
	single bool
	events bool
}

// route reads the escaped path from the first place where the protocol's own
// path begins. A key that cannot be unescaped is nobody's.
func route(u *url.URL) (ofrepCall, bool) {
	path := u.EscapedPath()
	at := strings.Index(path, ofrepRoot+"/")
	if at < 0 {
		return ofrepCall{}, false
	}
	path = path[at:]
	if path == ofrepEvents {
		return ofrepCall{method: http.MethodGet, events: true}, true
	}
	rest, ok := strings.CutPrefix(path, ofrepFlags)
	if !ok {
		return ofrepCall{}, false
	}
	if rest == "" {
		return ofrepCall{method: http.MethodPost}, true
	}
	key, err := url.PathUnescape(strings.TrimPrefix(rest, "/"))
	if err != nil || rest[0] != '/' || key == "" {
		return ofrepCall{}, false
	}
	return ofrepCall{method: http.MethodPost, key: key, single: true}, true
}

// mountOf is the escaped path before the protocol's own, as the client sent it.
func mountOf(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") { // an absolute URI, or no server made the request
		path = r.URL.EscapedPath()
	}
	if at := strings.Index(path, ofrepRoot+"/"); at >= 0 {
		return path[:at]
	}
	return ""
}

// caller says who asks.
func (o *OFREP) caller(r *http.Request) (string, error) {
	if o.config.authenticate == nil {
		return "", nil
	}
	return o.config.authenticate(r)
}

// refuseError answers for what is wrong with a request, and for an error of one
// of the host's functions. key is that of the flag, if one was asked for.
func (o *OFREP) refuseError(w http.ResponseWriter, r *http.Request, err error, key *string) {
	var (
		mine    *failure
		refusal *Refusal
	)
	switch {
	case errors.As(err, &mine):
		answer := *mine
		answer.Key = key
		refuse(w, answer)
	case errors.As(err, &refusal):
		status := refusal.Status
		if status < 400 || status > 599 {
			status = http.StatusForbidden
		}
		for name, values := range refusal.Header {
			w.Header()[http.CanonicalHeaderKey(name)] = values
		}
		if refusal.Status == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		refuse(w, failure{status: status, Key: key, Code: CodeGeneral, Details: refusal.Detail})
	default:
		o.config.log.ErrorContext(r.Context(), "cannot tell who asks for flags", "error", err)
		refuse(w, failure{status: http.StatusInternalServerError, Key: key, Code: CodeGeneral, Details: "an internal error"})
	}
}

// allowOrigin lets a script of a listed origin read the answer.
func (o *OFREP) allowOrigin(header http.Header, r *http.Request) {
	if len(o.config.origins) == 0 {
		return
	}
	header.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !o.config.origins[origin] && !o.config.origins["*"] {
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "ETag, Retry-After")
}

// preflight answers what a browser asks before a request of another origin.
func (*OFREP) preflight(w http.ResponseWriter, _ *http.Request, method string) {
	header := w.Header()
	header.Set("Allow", method+", OPTIONS")
	if header.Get("Access-Control-Allow-Origin") != "" {
		header.Set("Access-Control-Allow-Methods", method)
		header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, X-API-Key")
		header.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// writeWait is how long a client may take to accept what is written.
const writeWait = 10 * time.Second

var _ http.Handler = (*OFREP)(nil)
