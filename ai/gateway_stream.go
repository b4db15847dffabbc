package ai

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"
)

// eventStream writes server-sent events. Until the first one the status is open.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	began   bool
}

func (g *Gateway) eventStream(w http.ResponseWriter) eventStream {
	return eventStream{w: w, control: http.NewResponseController(w), timeout: cmp.Or(max(0, g.WriteTimeout), gatewayWrite)}
}

func (s *eventStream) begin() {
	s.began = true
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	s.w.WriteHeader(http.StatusOK)
}

// send writes lines and the empty one that ends an event. It returns false where
// the client has left or does not read.
func (s *eventStream) send(event []byte) bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.timeout)) // not every writer has one
	if _, err := s.w.Write(append(event, "\n\n"...)); err != nil {
		return false
	}
	err := s.control.Flush()
	return err == nil || errors.Is(err, http.ErrNotSupported)
}

// appendQuoted appends s as a JSON string.
func appendQuoted(b []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf
	}
	if plain || plainText(s) {
		return append(append(append(b, '"'), s...), '"')
	}
	quoted, err := json.Marshal(s)
	if err != nil { // strings can be written
		return append(b, `""`...)
	}
	return append(b, quoted...)
}

// plainText reports whether a text needs no escapes, whatever its language.
func plainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	return utf8.ValidString(s)
}
