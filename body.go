package dashboard

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// bodyPatience is how long a client may keep us waiting for a request body in
// all, and bodyRate how many bytes buy a further second. Without them anybody
// could hold a connection and a goroutine for ever by promising a body.
const (
	bodyPatience = 30 * time.Second
	bodyRate     = 16 << 10
)

// slowBody is a request body that has to keep coming. Only the time spent
// waiting for it counts, not what the handler does between two reads; and of the
// endpoint's own time, that does not count.
type slowBody struct {
	io.ReadCloser
	rec     *recorder
	control *http.ResponseController // nil where the body has no deadline of ours
	left    time.Duration
}

// boundBody gives a request's body a deadline, unless the host's server has set
// one of its own. It also bounds how long net/http waits for a body that the
// handler has not read.
func (d *Dashboard) boundBody(w http.ResponseWriter, s *request) {
	r := s.r
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	b := &slowBody{ReadCloser: r.Body, rec: &s.rec, left: d.config.patience}
	r.Body = b
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ReadTimeout > 0 {
		return
	}
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(b.left)) == nil { // not every writer can
		b.control = control
	}
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.rec.pause() {
		defer b.rec.resume()
	}
	if b.control == nil {
		return b.ReadCloser.Read(p)
	}
	began := time.Now()
	if err := b.control.SetReadDeadline(began.Add(b.left)); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	b.left += time.Duration(n)*time.Second/bodyRate - time.Since(began)
	if errors.Is(err, io.EOF) {
		// net/http waits on for the client to leave: that has no deadline.
		_ = b.control.SetReadDeadline(time.Time{}) // fails where the connection is gone
		b.control = nil
	}
	return n, err
}
