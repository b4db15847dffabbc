package aitest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// A Format is a provider's way of putting things.
type Format string

// The formats.
const (
	OpenAIChat      Format = "openai chat completions"
	OpenAIResponses Format = "openai responses"
	Anthropic       Format = "anthropic messages"
	Gemini          Format = "gemini"
	Ollama          Format = "ollama"
)

// wireFormat writes replies.
type wireFormat struct {
	base         string   // below the server's address
	paths        []string // of the requests
	contentType  string   // of a stream
	terminators  int      // pieces that come after an answer is finished
	streams      func(*http.Request, []byte) bool
	stream       func(Reply) []piece
	whole        func(Reply) []byte
	fault        func(p problem, status int) []byte // an error object
	event        func(problem) []byte               // the same in a stream
	spell        func(piece, Fault) []byte
	noRefusal    bool                     // in words: only a reason says so
	parsedWhole  bool                     // arguments are JSON of the answer in one piece, so that they cannot be broken
	parsedStream bool                     // the same of a stream
	embeds       func(*http.Request) bool // by the paths of answers
	plain        bool                     // there are no codes of errors, and no word for refusals
}

var formats = map[Format]wireFormat{
	OpenAIChat:      openAIChat,
	OpenAIResponses: openAIResponses,
	Anthropic:       anthropic,
	Gemini:          gemini,
	Ollama:          ollama,
}

// framed reports whether the answer is a stream of frames.
func (f Format) framed(whole bool) bool { return !whole }

// piece is one event of a stream.
type piece struct{ event, data string }

// sse writes a piece as a server-sent event.
func sse(p piece, f Fault) []byte {
	var b strings.Builder
	if f == Comments {
		b.WriteString(": keep-alive\n\n")
	}
	if f == UnknownEvents {
		b.WriteString("retry: 100\nfuture: field\nevent: future.ping\ndata: {\"type\":\"future.ping\",\"new\":[1]}\n\n")
	}
	if f == LongLine {
		b.WriteString(": " + strings.Repeat("x", 1<<20) + "\n")
	}
	if p.event != "" {
		b.WriteString("event: " + p.event + "\n")
	}
	b.WriteString("data: " + p.data + "\n\n")
	switch out := b.String(); f {
	case CRLF:
		return []byte(strings.ReplaceAll(out, "\n", "\r\n"))
	case CR:
		return []byte(strings.ReplaceAll(out, "\n", "\r"))
	default:
		return []byte(out)
	}
}

// asksToStream reads the field "stream".
func asksToStream(_ *http.Request, body []byte) bool {
	var in struct {
		Stream bool `json:"stream"`
	}
	return json.Unmarshal(body, &in) == nil && in.Stream
}

// text is v as JSON.
func text(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "null"
	}
	return strings.TrimSpace(b.String())
}

type object = map[string]any
