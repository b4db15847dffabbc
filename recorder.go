package dashboard

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"sync/atomic"

	"github.com/modular-dashboard/dashboard/internal/redact"
	"github.com/modular-dashboard/dashboard/internal/ui"
)

// recorder notes the status of an answer, and completes the security headers
// before the first byte goes out. It forwards what [http.ResponseController]
// asks for.
type recorder struct {
	http.ResponseWriter
	status   int
	security ui.Headers
	clock    atomic.Int64  // of a function that has not answered yet, see underway
	sweeps   *atomic.Int64 // what it counts; nil outside of modules
}

// begin is called before anything is sent, and once more at the end for an
// answer that nobody wrote.
func (r *recorder) begin(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
		r.clock.Store(clockStopped)
		r.security.Finish(r.Header())
	}
}

func (r *recorder) WriteHeader(status int) {
	r.begin(status)
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.begin(http.StatusOK)
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush makes the recorder an http.Flusher for handlers that ask by assertion.
func (r *recorder) Flush() {
	r.begin(http.StatusOK)
	_ = http.NewResponseController(r.ResponseWriter).Flush() // not every writer can
}

// Hijack hands out the connection, which is nobody's answer any more.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.begin(http.StatusOK)
		r.status = http.StatusSwitchingProtocols
	}
	return conn, buffered, err
}

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// panicked answers a panic of our own code.
func (d *Dashboard) panicked(w *recorder, s *request, v any) {
	err := &panicError{value: v, stack: debug.Stack()}
	d.log.ErrorContext(s.r.Context(), "panic", "path", s.path, "endpoint", d.routeOf(s), "panic", redact.Print(v), "stack", string(err.stack))
	s.panicked = true
	d.report(s.r.Context(), err)
	d.answerPanic(w, s)
}

// answerPanic answers 500, or cuts the connection where an answer has begun: a
// client must not take half an answer for a whole one.
func (d *Dashboard) answerPanic(w http.ResponseWriter, s *request) {
	if rec, ok := s.w.(*recorder); ok && rec.status != 0 {
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to cut a connection
	}
	writeError(w, asError(errPanic), s.id)
}

var errPanic = &Error{Status: http.StatusInternalServerError, Code: "internal",
	Detail: "Something went wrong here. The request id finds it in the log."}

// modulePanicked counts a panic of a module. Where that was in a request, the log
// and the report name its endpoint.
func (d *Dashboard) modulePanicked(ctx context.Context, m *hosted, v any, stack []byte) {
	attrs := []slog.Attr{slog.String("module", m.id)}
	if s := stateOf(ctx); s != nil && s.endpoint != nil {
		attrs = append(attrs, slog.String("endpoint", s.endpoint.name()))
	}
	d.report(ctx, &panicError{value: v, stack: stack}, attrs...)
	attrs = append(attrs, slog.String("panic", redact.Print(v)), slog.String("stack", string(stack)))
	d.log.LogAttrs(ctx, slog.LevelError, "module panicked", attrs...)
	d.observer.Panic(ctx, m.id)
	m.panics.Add(1)
	d.countFailure(m)
}

func (d *Dashboard) refuseUI(w http.ResponseWriter, r *http.Request, status int) {
	s := stateOf(r.Context())
	id := ""
	if s != nil {
		id = s.id
	}
	writeError(w, &Error{Status: status}, id)
}

// writePage answers a person who has no page yet to show the error.
func writePage(w http.ResponseWriter, e *Error, requestID string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds())))
		h.Set("Refresh", strconv.Itoa(int(e.RetryAfter.Seconds())))
	}
	w.WriteHeader(e.status())
	_, _ = fmt.Fprintf(w, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"+
		"<title>%s</title><h1>%s</h1><p>%s</p><p>Request %s</p>",
		html.EscapeString(http.StatusText(e.status())), html.EscapeString(http.StatusText(e.status())),
		html.EscapeString(e.Detail), html.EscapeString(requestID))
}

func unescapePath(escaped string) string {
	p, err := url.PathUnescape(escaped)
	if err != nil {
		return escaped // cannot be: the path was found canonical
	}
	return p
}
