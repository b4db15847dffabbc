package traffic

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Middleware counts the requests that next answers. It works before, while and
// after the module is enabled, on any number of handlers; what came while it was
// not enabled is in no panel. The writer that next is given supports what the
// one from the server does: flushing, hijacking, reading from a file, and
// [http.ResponseController].
func (m *Module) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		start := time.Now()
		returned := false
		defer func() {
			took := time.Since(start)
			if returned {
				m.count(r, rec, took, "")
				return
			}
			v := recover()                 // nil: somebody ended the goroutine
			if v == http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
				m.count(r, rec, took, cut)
			} else {
				m.count(r, rec, took, panicked)
			}
			if v != nil {
				panic(v) //nolint:forbidigo // the handler's own, which goes on
			}
		}()
		if _, ok := w.(http.Hijacker); ok {
			next.ServeHTTP((*hijackable)(rec), r)
		} else {
			next.ServeHTTP(rec, r)
		}
		returned = true
	})
}

// How a handler ended that did not return.
type unreturned string

const (
	panicked unreturned = "panicked"
	cut      unreturned = "cut" // it cut the connection, as http.ErrAbortHandler asks for
)

func (m *Module) count(r *http.Request, rec *recorder, took time.Duration, end unreturned) {
	route := m.ledger.find(r.Method, m.route(r))
	status := rec.status
	switch {
	case end == panicked:
		status = http.StatusInternalServerError
		route.panics.Add(1)
	case status == 0 && end == cut: // the client got no answer
		status = http.StatusInternalServerError
	case status == 0:
		status = http.StatusOK
	}
	route.statuses.Add(status)
	if !rec.taken && !isEventStream(rec.Header()) {
		route.latency.Add(took)
	}
}

func isEventStream(h http.Header) bool {
	v := h["Content-Type"]
	return len(v) > 0 && strings.HasPrefix(v[0], "text/event-stream")
}

// pattern is the default for [WithRoute].
func pattern(r *http.Request) string { return r.Pattern }

// A recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	taken  bool // somebody has the connection
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) begin() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(b)
}

// WriteString saves a copy where the server's writer can.
func (w *recorder) WriteString(s string) (int, error) {
	w.begin()
	return io.WriteString(w.ResponseWriter, s)
}

// ReadFrom lets the server send files without a copy.
func (w *recorder) ReadFrom(r io.Reader) (int64, error) {
	w.begin()
	if to, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		return to.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{w.ResponseWriter}, r)
}

// Unwrap is for [http.ResponseController].
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush is for handlers that ask for an [http.Flusher].
func (w *recorder) Flush() { _ = w.FlushError() } // not every writer can

// FlushError is Flush for [http.ResponseController].
func (w *recorder) FlushError() error {
	w.begin()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// hijackable is a recorder over a writer whose connection can be taken over.
type hijackable recorder

func (w *hijackable) WriteHeader(status int)            { (*recorder)(w).WriteHeader(status) }
func (w *hijackable) Write(b []byte) (int, error)       { return (*recorder)(w).Write(b) }
func (w *hijackable) WriteString(s string) (int, error) { return (*recorder)(w).WriteString(s) }
func (w *hijackable) Flush()                            { (*recorder)(w).Flush() }
func (w *hijackable) FlushError() error                 { return (*recorder)(w).FlushError() }

// ReadFrom lets the server send files without a copy.
func (w *hijackable) ReadFrom(r io.Reader) (int64, error) { return (*recorder)(w).ReadFrom(r) }

// Unwrap is for [http.ResponseController].
func (w *hijackable) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack takes the connection over: the answer is not ours to time any more.
func (w *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.taken = true
		if w.status == 0 {
			w.status = http.StatusSwitchingProtocols
		}
	}
	return conn, buffer, err
}

var (
	_ http.Flusher  = (*recorder)(nil)
	_ io.ReaderFrom = (*recorder)(nil)
	_ http.Hijacker = (*hijackable)(nil)
)
