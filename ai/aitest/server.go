package aitest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

// A Reply is what the server answers to one request: an answer of Text in its
// pieces and of Calls, or how it fails.
type Reply struct {
	Fault     Fault
	Text      []string // empty: "Hello", ", ", "wörld 😀"
	Reasoning []string
	Calls     []ai.ToolCall
	Usage     ai.Usage  // zero: 9 tokens in, 12 out
	Reason    ai.Reason // zero: ReasonStop, or ReasonToolCalls where there are calls
	// RetryAfter is what [RateLimited] and [Unavailable] tell; zero: 1 s.
	RetryAfter time.Duration
	Pause      time.Duration // between the pieces
	// Vectors answer a request for embeddings. Nil: as [Vector] makes them of the
	// inputs.
	Vectors [][]float32
}

// A Request is one that came.
type Request struct {
	Format Format
	Header http.Header
	Body   json.RawMessage
	Whole  bool // no stream was asked for
}

// A Server answers in the formats of providers. It is safe for concurrent use.
type Server struct {
	http *httptest.Server
	quit chan struct{}
	stop sync.Once

	mu       sync.Mutex
	decide   func(n int, r Request) Reply
	replies  []Reply
	requests []Request
	listed   []string // models
}

// maxRequests is how many a server keeps.
const maxRequests = 10_000

// NewServer starts a server on a free port of this machine. Like the servers of
// package httptest it panics where there is none; close it in the end.
func NewServer() *Server {
	s := &Server{quit: make(chan struct{})}
	mux := http.NewServeMux()
	for format, f := range formats {
		for _, path := range f.paths {
			mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, format) })
		}
	}
	for format, f := range embedFormats {
		mux.HandleFunc("POST "+f.path, func(w http.ResponseWriter, r *http.Request) { s.embed(w, r, format) })
	}
	for path := range lists {
		mux.HandleFunc("GET "+path, s.list)
	}
	s.http = httptest.NewServer(mux)
	return s
}

// Close ends what stalls, and the server. It may be called more than once.
func (s *Server) Close() {
	s.stop.Do(func() { close(s.quit) })
	s.http.Close()
}

// BaseURL is what an adapter of the format is to be told.
func (s *Server) BaseURL(f Format) string { return s.http.URL + formats[f].base }

// Push adds replies for the next requests, in this order. When none is left the
// server answers a zero Reply.
func (s *Server) Push(replies ...Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies = append(s.replies, replies...)
}

// Decide answers what fn says, which is told how many requests came before. It
// counts only while there are no replies left that were pushed.
func (s *Server) Decide(fn func(n int, r Request) Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide = fn
}

// Requests returns what came, the oldest first: the last 10,000 at most.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// reply takes the one for a request.
func (s *Server) reply(r Request) Reply {
	s.mu.Lock()
	n := len(s.requests)
	if n == maxRequests {
		s.requests = s.requests[1:]
	}
	s.requests = append(s.requests, r)
	if len(s.replies) > 0 {
		defer s.mu.Unlock()
		first := s.replies[0]
		s.replies = s.replies[1:]
		return first
	}
	decide := s.decide
	s.mu.Unlock()
	if decide != nil {
		return decide(n, r)
	}
	return Reply{}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, format Format) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		return
	}
	f := formats[format]
	if f.embeds != nil && f.embeds(r) {
		s.vectors(w, r, format, body)
		return
	}
	request := Request{Format: format, Header: r.Header.Clone(), Body: body, Whole: !f.streams(r, body)}
	reply := s.reply(request).filled()
	a := &answer{w: w, r: r, quit: s.quit, reply: reply, format: f, whole: request.Whole}
	a.write()
}

// filled puts in what a reply leaves open.
func (r Reply) filled() Reply {
	if len(r.Text) == 0 && len(r.Calls) == 0 {
		r.Text = []string{"Hello", ", ", "wörld 😀"}
	}
	if r.Usage == (ai.Usage{}) {
		r.Usage = ai.Usage{Input: 9, Output: 12}
	}
	if r.RetryAfter == 0 {
		r.RetryAfter = time.Second
	}
	switch r.Fault {
	case BrokenArguments:
		r.Calls = []ai.ToolCall{{ID: "call_1", Name: "find", Arguments: json.RawMessage(`{"q": "unfinished`)}}
	case NoContent:
		r.Text, r.Calls, r.Reasoning = nil, nil, nil
	}
	if r.Reason == ai.ReasonOther {
		r.Reason = ai.ReasonStop
		if len(r.Calls) > 0 {
			r.Reason = ai.ReasonToolCalls
		}
	}
	return r
}

// reset ends a connection as a crash does.
func reset(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
