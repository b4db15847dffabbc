package aitest

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"time"
)

// answer is one on its way.
type answer struct {
	w      http.ResponseWriter
	r      *http.Request
	quit   <-chan struct{}
	reply  Reply
	format wireFormat
	whole  bool
}

const page = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

// refusals are the answers that are not 200: status, and code, type and message of
// the error object.
var refusals = map[Fault]struct {
	status  int
	problem problem
}{
	RateLimited:      {429, problem{"rate_limit_exceeded", "requests", "Slow down."}},
	RateLimitedBare:  {429, problem{"rate_limit_exceeded", "requests", "Slow down."}},
	QuotaUsedUp:      {429, problem{"insufficient_quota", "insufficient_quota", "Check your plan."}},
	BadRequest:       {400, problem{"", "invalid_request_error", "That is no request."}},
	Unauthorized:     {401, problem{"invalid_api_key", "invalid_request_error", "Wrong key."}},
	Forbidden:        {403, problem{"", "permission_error", "Not for you."}},
	ModelUnknown:     {404, problem{"model_not_found", "invalid_request_error", "No such model."}},
	RequestTooLarge:  {413, problem{"", "request_too_large", "Too large."}},
	ContextTooLong:   {400, problem{"context_length_exceeded", "invalid_request_error", "Too many tokens."}},
	ServerError:      {500, problem{"", "server_error", "Something broke."}},
	Unavailable:      {503, problem{"", "server_error", "Come back later."}},
	GatewayTimeout:   {504, problem{"", "timeout", "Too slow."}},
	ProviderOverload: {529, problem{"", "overloaded_error", "Overloaded."}},
}

// problem is what an error object says.
type problem struct{ code, kind, message string }

var midway = problem{"", "server_error", "Something broke."}

func (a *answer) write() {
	if refused, ok := refusals[a.reply.Fault]; ok {
		if a.reply.Fault == RateLimited || a.reply.Fault == Unavailable {
			a.w.Header().Set("Retry-After", strconv.FormatFloat(a.reply.RetryAfter.Seconds(), 'f', -1, 64))
		}
		a.send(refused.status, "application/json", a.format.fault(refused.problem, refused.status))
		return
	}
	switch a.reply.Fault {
	case BadGateway:
		a.send(http.StatusBadGateway, "text/html", []byte(page))
	case Redirect:
		a.w.Header().Set("Location", "http://192.0.2.1/elsewhere")
		a.send(http.StatusTemporaryRedirect, "text/plain", nil)
	case ResetBefore:
		reset(a.w)
	case EmptyBody:
		a.send(http.StatusOK, a.contentType(), nil)
	case PageInstead:
		a.send(http.StatusOK, "text/html; charset=utf-8", []byte(page))
	case ErrorInstead:
		a.send(http.StatusOK, "application/json", a.format.fault(midway, 500))
	case SlowFirstByte:
		a.wait(time.Hour)
	default:
		a.content()
	}
}

func (a *answer) contentType() string {
	if a.whole {
		return "application/json"
	}
	return a.format.contentType
}

func (a *answer) send(status int, contentType string, body []byte) {
	a.w.Header().Set("Content-Type", contentType)
	a.w.Header().Set("X-Request-Id", "req_test")
	a.w.WriteHeader(status)
	_, _ = a.w.Write(body)
}

// wait returns false where the client has left or the test has ended.
func (a *answer) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-a.r.Context().Done():
	case <-a.quit:
	}
	return false
}

// content sends an answer, or what the fault makes of it.
func (a *answer) content() {
	frames := a.frames()
	half := (len(frames) + 1) / 2
	contentType := a.contentType()
	if a.reply.Fault == WrongType {
		contentType = "text/plain"
	}
	header := a.w.Header()
	header.Set("Content-Type", contentType)
	header.Set("X-Request-Id", "req_test")
	if a.reply.Fault == Gzip {
		a.zip(frames)
		return
	}
	a.w.WriteHeader(http.StatusOK)
	for i, frame := range frames {
		if i == half && a.broken(frame) {
			return
		}
		if i > 0 && a.reply.Pause > 0 && !a.wait(a.reply.Pause) {
			return
		}
		if !a.piece(frame) {
			return
		}
	}
}

// frames are the pieces of the body: those of the format, in the spelling that
// the fault asks for. An answer in one piece is cut into several, too.
func (a *answer) frames() [][]byte {
	var frames [][]byte
	if a.whole {
		body := a.format.whole(a.reply)
		if a.reply.Fault == LongLine {
			body = append(bytes.Repeat([]byte(" "), 1<<20), body...)
		}
		for third := len(body)/3 + 1; len(body) > 0; {
			n := min(third, len(body))
			frames, body = append(frames, body[:n]), body[n:]
		}
		return frames
	}
	for i, one := range a.format.stream(a.reply) {
		spelling := a.reply.Fault
		if i > 0 && spelling == LongLine {
			spelling = None // one is enough
		}
		frames = append(frames, a.format.spell(one, spelling))
	}
	if a.reply.Fault == BOM {
		frames[0] = append([]byte("\xef\xbb\xbf"), frames[0]...)
	}
	if a.reply.Fault == NoTerminator {
		frames = frames[:len(frames)-a.format.terminators]
	}
	return frames
}

// broken does what a fault does in mid-answer, and reports whether that was all.
func (a *answer) broken(next []byte) bool {
	switch a.reply.Fault {
	case ResetMidway:
		a.piece(next[:len(next)/2])
		reset(a.w)
	case CleanCut:
	case Stall:
		a.piece(nil)
		a.wait(time.Hour)
	case HugeBody:
		a.flood()
	case ErrorMidway:
		if !a.whole {
			a.piece(a.format.event(midway))
		} else {
			a.piece(nil)
		}
	case MalformedFrame:
		a.piece(a.format.spell(piece{data: `{"choices":[{"delta":{"content":"x"`}, None))
		return false
	default:
		return false
	}
	return true
}

// flood sends up to 1 GiB.
func (a *answer) flood() {
	spaces := bytes.Repeat([]byte(" "), 1<<20)
	if !a.whole {
		spaces = append(bytes.Repeat([]byte("x"), 1<<20), '\n')
	}
	for range 1 << 10 {
		if _, err := a.w.Write(spaces); err != nil {
			return
		}
	}
}

// piece sends a piece so that it arrives on its own.
func (a *answer) piece(b []byte) bool {
	flush := http.NewResponseController(a.w).Flush
	step := len(b)
	switch a.reply.Fault {
	case SlowDrip:
		step = max(1, len(b)/8)
	case SplitUTF8:
		step = 1
	}
	for len(b) > 0 {
		n := min(step, len(b))
		if _, err := a.w.Write(b[:n]); err != nil {
			return false
		}
		if flush() != nil {
			return false
		}
		if b = b[n:]; a.reply.Fault == SlowDrip && !a.wait(time.Millisecond) {
			return false
		}
	}
	return flush() == nil
}

func (a *answer) zip(frames [][]byte) {
	a.w.Header().Set("Content-Encoding", "gzip")
	a.w.WriteHeader(http.StatusOK)
	z := gzip.NewWriter(a.w)
	for _, frame := range frames {
		_, _ = z.Write(frame)
		_ = z.Flush()
		_ = http.NewResponseController(a.w).Flush()
	}
	_ = z.Close()
}
