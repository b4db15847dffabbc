package dashboard

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/ui"
)

// ServeHTTP answers everything below the mount. In order: canonical path,
// security headers, request id, trace and log, recover, per-address limit, body
// limit, principal, cross-origin check, module table and gate, flag, permission,
// route limit, decode and validate, handler, encode. Where an endpoint answers,
// its pattern is in r.Pattern afterwards.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, bad := d.locate(r)
	rec := &s.rec
	rec.ResponseWriter, s.w = w, rec
	header := w.Header()
	rec.security.Set(header, s.secure)
	s.idHeader[0] = s.id
	header["X-Request-Id"] = s.idHeader[:]
	d.boundBody(rec, s)
	watch := d.watch(s, r)
	defer d.finish(s, r, &watch)
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
				panic(v) //nolint:forbidigo // not ours to recover
			}
			d.panicked(rec, s, v)
		}
	}()
	switch {
	case bad != nil && bad.Status == http.StatusPermanentRedirect:
		redirectToBase(rec, r, s)
	case bad != nil:
		writeError(rec, bad, s.id)
	default:
		d.dispatch(rec, s)
	}
}

// leaveCore lets a stop go on that waits for the request.
func (d *Dashboard) leaveCore(s *request) {
	if s.counted {
		s.counted = false
		d.requests.leave()
	}
}

func redirectToBase(w http.ResponseWriter, r *http.Request, s *request) {
	target := (&url.URL{Path: s.base}).EscapedPath()
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusPermanentRedirect)
}

func (d *Dashboard) dispatch(w http.ResponseWriter, s *request) {
	switch s.path {
	case "livez":
		s.route = "/livez"
		d.livez(w, s)
		return
	case "readyz":
		s.route = "/readyz"
		d.readyz(w, s)
		return
	}
	if err := d.checkHost(s); err != nil {
		d.refuse(w, s, err)
		return
	}
	if !d.awaitReady(s) || !d.requests.enter() {
		d.refuse(w, s, errStarting)
		return
	}
	s.counted = true
	defer d.leaveCore(s)
	first, rest, _ := strings.Cut(s.path, "/")
	switch {
	case first == "api" && strings.HasPrefix(rest, "v1/"):
		d.serveAPI(w, s, strings.TrimPrefix(rest, "v1"))
	case strings.HasPrefix(s.path, aiPath+"/"):
		s.route = "/ai/v1/{path...}"
		d.serveModels(w, s, s.path[len(aiPath):])
	case first == ofrepPath && strings.HasPrefix(rest, "v1/"):
		s.route = "/ofrep/{path...}"
		d.serveOFREP(w, s)
	case first == "m" && strings.Contains(rest, "/assets/"):
		s.route = "/m/{module}/assets/{path...}"
		d.serveAssets(w, s, rest)
	case s.path == ".well-known/jwks.json":
		s.route = "/.well-known/jwks.json"
		d.jwks(w, s)
	case first == "api" || first == ".well-known" || first == ofrepPath:
		writeError(w, errNotFound, s.id)
	default:
		s.route = "/{page...}"
		d.ui.Serve(w, s.r, ui.Page{Base: s.base, Path: s.path, Host: s.host})
	}
}

// refuse answers an error: as a page to a person, as a problem to a program.
func (d *Dashboard) refuse(w http.ResponseWriter, s *request, err *Error) {
	if s.r.Method == http.MethodGet && strings.Contains(s.r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(s.path, "api/") {
		writePage(w, err, s.id)
		return
	}
	writeError(w, err, s.id)
}

// serveAPI answers below /api/v1; path begins with a slash.
func (d *Dashboard) serveAPI(w http.ResponseWriter, s *request, path string) {
	r := s.r
	if !d.limiting.address.Admit(w, r) {
		return
	}
	principal, err := d.auth.Authenticate(r)
	if err != nil && !(credentialsOptional(path) && errors.Is(err, auth.ErrInvalidToken)) {
		d.authFailed(w, s, err)
		return
	}
	if err := d.auth.CheckOrigin(r); err != nil {
		writeError(w, &Error{Status: http.StatusForbidden, Code: "cross-origin",
			Detail: "This request did not come from the dashboard's own pages.", Err: err}, s.id)
		return
	}
	s.principal = principal
	if rest, ok := strings.CutPrefix(path, "/m/"); ok {
		d.serveModule(w, s, rest)
		return
	}
	d.core.ServeHTTP(w, s.below(path))
}

// credentialsOptional is true where a stale access cookie must not stand in the
// way: of signing in again, refreshing and signing out.
func credentialsOptional(path string) bool {
	switch path {
	case "/auth/login", "/auth/refresh", "/auth/logout", "/setup":
		return true
	}
	return false
}

// serveModule answers below /api/v1/m/; rest is "{module}/…".
func (d *Dashboard) serveModule(w http.ResponseWriter, s *request, rest string) {
	id, _, _ := strings.Cut(rest, "/")
	m := d.modules[id]
	if m == nil || !d.here(s.r.Context(), m) {
		d.unknown(w, s)
		return
	}
	s.module = id
	slot := m.live()
	if slot == nil || !slot.gate.enter() {
		if !m.visible(s.principal) {
			d.unknown(w, s)
			return
		}
		writeError(w, d.absent(m), s.id)
		return
	}
	d.leaveCore(s) // the module's gate holds it now, which knows what to do with one that hangs
	s.inside = call{slot: slot, module: m}
	s.ctx.call.Store(&s.inside)
	defer d.leaveModule(w, s)
	if rest = rest[len(id):]; rest == "" {
		rest = "/"
	}
	inner := s.below(rest)
	if slot.subtrees && !matches(slot.mux, inner) {
		slot.unmatched.ServeHTTP(w, inner)
		return
	}
	slot.mux.ServeHTTP(w, inner)
}

// leaveModule is deferred: it ends the request's stay in the module, and answers
// where the module has panicked.
func (d *Dashboard) leaveModule(w http.ResponseWriter, s *request) {
	v := recover() //nolint:revive // it is deferred itself
	if v == nil {
		s.leave()
		return
	}
	defer s.leave()
	if v == http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
		panic(v) //nolint:forbidigo // not ours to recover
	}
	s.panicked = true
	d.modulePanicked(s.r.Context(), s.inside.module, v, debug.Stack())
	d.answerPanic(w, s)
}

// matches reports whether an endpoint, or the answer for none, is there for a
// request. Else [http.ServeMux] would redirect from /x to a subtree /x/: before
// anybody asked for a permission, and to a path that is not below the mount.
func matches(mux *http.ServeMux, r *http.Request) bool {
	h, _ := mux.Handler(r)
	_, ours := h.(http.HandlerFunc)
	return ours
}

// unknown is the one answer for modules and paths that a caller may not know
// of, whether they exist or not.
func (d *Dashboard) unknown(w http.ResponseWriter, s *request) {
	if s.principal == nil {
		writeError(w, errUnauthenticated, s.id)
		return
	}
	writeError(w, errNotFound, s.id)
}

// authFailed answers credentials that were sent and are not good.
func (d *Dashboard) authFailed(w http.ResponseWriter, s *request, err error) {
	e := asError(err)
	if e.status() >= http.StatusInternalServerError {
		d.log.WarnContext(s.r.Context(), "cannot check credentials", "error", err)
	}
	writeError(w, e, s.id)
}

// handler is an endpoint's place in the request path after the module gate.
func (d *Dashboard) handler(e *endpoint, m *hosted) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := stateOf(r.Context())
		s.endpoint = e
		if err := d.permit(e, m, s.principal); err != nil {
			writeError(w, err, s.id)
			return
		}
		if e.limiter != nil && !e.limiter.Admit(w, r) {
			return
		}
		if err := e.compiled(); err != nil {
			d.failed(w, r, e, err)
			return
		}
		e.config.deprecation.setHeaders(w.Header())
		if e.in == nil && r.Body != http.NoBody && r.Body != nil { // a plain handler reads its own body
			r.Body = http.MaxBytesReader(w, r.Body, e.config.bodyLimit)
		}
		if e.once && s.principal != nil {
			if keys := r.Header["Idempotency-Key"]; len(keys) > 0 {
				d.serveOnce(w, r, e, keys)
				return
			}
		}
		d.call(s, w, r, e)
	})
}

// call runs an endpoint's function and answers, and has its time watched where
// that is limited.
func (d *Dashboard) call(s *request, w http.ResponseWriter, r *http.Request, e *endpoint) {
	if e.patience > 0 {
		d.callTimed(s, w, r, e)
		return
	}
	d.answer(s, w, r, e)
}

// answer has an endpoint's function answer, and does it where that returns an error
// or, being told to end, without a word: which net/http would take for success.
func (d *Dashboard) answer(s *request, w http.ResponseWriter, r *http.Request, e *endpoint) {
	err := e.serve(w, r, e)
	if err == nil && s.rec.status == 0 {
		err = silence(w, r)
	}
	if err != nil {
		d.failed(w, r, e, err)
	}
}

// silence returns why a function has written nothing, nil where that is its answer.
func silence(w http.ResponseWriter, r *http.Request) error {
	if kept, ok := w.(*keptAnswer); ok && kept.status != 0 {
		return nil
	}
	return r.Context().Err()
}

// permit decides whether the principal may call the endpoint.
func (d *Dashboard) permit(e *endpoint, m *hosted, p *auth.Principal) *Error {
	switch {
	case e.access.kind == accessPublic:
		return nil
	case p == nil:
		return errUnauthenticated
	case e.access.kind == accessAuthenticated || p.Can(e.permission):
		return nil
	case m != nil && !m.visible(p):
		return errNotFound
	}
	return errForbidden(e.permissionName())
}

// failed answers a handler's error, and logs it where it is ours.
func (d *Dashboard) failed(w http.ResponseWriter, r *http.Request, e *endpoint, err error) {
	s := stateOf(r.Context())
	if late, ok := errors.AsType[answeredError](err); ok {
		d.log.DebugContext(r.Context(), "answer broke off", "endpoint", e.name(), "module", e.module, "error", late.err)
		return
	}
	answer := asError(err)
	if errors.Is(err, context.Canceled) && errors.Is(context.Cause(r.Context()), errModuleDisabled) {
		answer = errDraining // it was not the client who gave up
	}
	timedOut := answer.status() >= statusClientGone && s.timedOut(r.Context()) // else it is the function's own
	if timedOut {
		answer = errModuleTimeout(e, err)
		err = answer.Err
	}
	if answer.status() >= http.StatusInternalServerError && answer.Err != nil && (timedOut || !errors.Is(err, context.Canceled)) {
		d.log.ErrorContext(r.Context(), "endpoint failed", "endpoint", e.name(), "module", e.module, "error", err)
		d.report(r.Context(), err, slog.String("module", e.module), slog.String("endpoint", e.name()))
	}
	writeError(w, answer, s.id)
}

// unmatched answers what no endpoint matches: 405 where another method would.
func (d *Dashboard) unmatched(mux *http.ServeMux, byPattern map[string]*endpoint, m *hosted) http.Handler {
	methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := stateOf(r.Context())
		if m != nil && !m.visible(s.principal) || s.principal == nil {
			d.unknown(w, s)
			return
		}
		var allow []string
		probe := *r
		for _, method := range methods {
			probe.Method = method
			_, pattern := mux.Handler(&probe)
			if pattern == "/" || pattern == "" || !matches(mux, &probe) {
				continue
			}
			if e := byPattern[pattern]; e == nil || d.allOn(r.Context(), e.config.flags) {
				allow = append(allow, method)
			}
		}
		if len(allow) == 0 {
			writeError(w, errNotFound, s.id)
			return
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		writeError(w, &Error{Status: http.StatusMethodNotAllowed, Detail: "Use " + strings.Join(allow, ", ") + " here."}, s.id)
	})
}
