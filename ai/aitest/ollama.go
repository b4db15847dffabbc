package aitest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/modular-dashboard/dashboard/ai"
)

var ollama = wireFormat{
	base: "/ollama", paths: []string{"/ollama/api/chat"}, contentType: "application/x-ndjson",
	streams: ollamaStreams, stream: ollamaStream, whole: ollamaWhole, spell: jsonLine, noRefusal: true, parsedWhole: true, parsedStream: true, plain: true,
	fault: func(p problem, _ int) []byte { return []byte(text(object{"error": ollamaError(p)})) },
	event: func(p problem) []byte { return []byte(text(object{"error": p.message}) + "\n") },
}

// ollamaError is a sentence: there are no codes.
func ollamaError(p problem) string {
	switch p.code {
	case "context_length_exceeded":
		return "input length exceeds the context length"
	case "insufficient_quota":
		return "you have reached your weekly usage limit"
	}
	return p.message
}

// ollamaStreams is true unless the request says no.
func ollamaStreams(_ *http.Request, body []byte) bool {
	var in struct {
		Stream *bool `json:"stream"`
	}
	return json.Unmarshal(body, &in) == nil && (in.Stream == nil || *in.Stream)
}

// jsonLine writes a piece as a line.
func jsonLine(p piece, f Fault) []byte {
	out := p.data + "\n"
	switch f {
	case Comments:
		out = "\n \n" + out
	case UnknownEvents:
		out = `{"future":true}` + "\n" + out
	case LongLine:
		out = strings.Repeat(" ", 1<<20) + out
	case CRLF:
		out = p.data + "\r\n"
	case CR:
		out = p.data + "\r"
	}
	return []byte(out)
}

// jsonOr is arguments as JSON, or as a text where they are none.
func jsonOr(arguments []byte) any {
	if json.Valid(arguments) {
		return json.RawMessage(arguments)
	}
	return string(arguments)
}

func ollamaPiece(r Reply, message object, last bool) piece {
	message["role"] = "assistant"
	if message["content"] == nil {
		message["content"] = ""
	}
	o := object{"model": "test-model-1", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": last}
	if last {
		o["done_reason"] = "stop"
		if r.Reason == ai.ReasonLength {
			o["done_reason"] = "length"
		}
		if r.Fault != NoUsage {
			o["prompt_eval_count"], o["eval_count"] = r.Usage.Input, r.Usage.Output
		}
	}
	return piece{data: text(o)}
}

func ollamaCalls(r Reply) (calls []object) {
	for _, c := range r.Calls {
		calls = append(calls, object{"function": object{"name": c.Name, "arguments": jsonOr(c.Arguments)}})
	}
	return calls
}

func ollamaStream(r Reply) []piece {
	if r.Fault == ErrorBefore {
		return []piece{{data: text(object{"error": midway.message})}}
	}
	var out []piece
	for _, s := range r.Reasoning {
		out = append(out, ollamaPiece(r, object{"thinking": s}, false))
	}
	for _, s := range r.Text {
		out = append(out, ollamaPiece(r, object{"content": s}, false))
	}
	if calls := ollamaCalls(r); len(calls) > 0 {
		out = append(out, ollamaPiece(r, object{"tool_calls": calls}, false))
	}
	return append(out, ollamaPiece(r, object{}, true))
}

func ollamaWhole(r Reply) []byte {
	if r.Fault == ErrorBefore || r.Fault == ErrorMidway {
		return []byte(text(object{"error": midway.message}))
	}
	message := object{"content": joined(r.Text), "thinking": joined(r.Reasoning)}
	if calls := ollamaCalls(r); len(calls) > 0 {
		message["tool_calls"] = calls
	}
	return []byte(ollamaPiece(r, message, true).data)
}
