package aitest

import (
	"net/http"
	"strings"

	"github.com/modular-dashboard/dashboard/ai"
)

var gemini = wireFormat{
	base: "/gemini/v1beta", paths: []string{"/gemini/v1beta/models/{call}"}, contentType: "text/event-stream",
	streams: func(r *http.Request, _ []byte) bool { return strings.HasSuffix(r.URL.Path, ":streamGenerateContent") },
	stream:  geminiStream, whole: geminiWhole, spell: sse, noRefusal: true, parsedWhole: true, parsedStream: true,
	fault:  func(p problem, status int) []byte { return []byte(text(geminiError(p, status))) },
	event:  func(p problem) []byte { return sse(piece{data: text(geminiError(p, 500))}, None) },
	embeds: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, ":batchEmbedContents") },
}

func geminiError(p problem, status int) object {
	kind := map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
		500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}[status]
	o := object{"code": status, "message": p.message, "status": kind}
	switch p.code {
	case "insufficient_quota":
		o["details"] = []object{{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []object{{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}}}}
	case "rate_limit_exceeded":
		o["details"] = []object{{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}}
	case "context_length_exceeded":
		o["message"] = "The input token count (9) exceeds the maximum number of tokens allowed (8)."
	}
	return object{"error": o}
}

func geminiReason(r Reply) string {
	switch {
	case r.Fault == Refusal, r.Reason == ai.ReasonFiltered:
		return "SAFETY"
	case r.Reason == ai.ReasonLength:
		return "MAX_TOKENS"
	}
	return "STOP"
}

// geminiPiece is one object of a stream, or all of an answer.
func geminiPiece(r Reply, parts []object, last bool) piece {
	candidate := object{"index": 0}
	if len(parts) > 0 {
		candidate["content"] = object{"role": "model", "parts": parts}
	}
	if last {
		candidate["finishReason"] = geminiReason(r)
	}
	o := object{"candidates": []object{candidate}, "modelVersion": "test-model-1", "responseId": "r1"}
	if r.Fault != NoUsage {
		u := object{"promptTokenCount": r.Usage.Input, "totalTokenCount": r.Usage.Total(), "cachedContentTokenCount": r.Usage.CachedInput}
		if last {
			u["candidatesTokenCount"], u["thoughtsTokenCount"] = r.Usage.Output-r.Usage.Reasoning, r.Usage.Reasoning
		}
		o["usageMetadata"] = u
	}
	if r.Fault == UnknownEvents {
		o["future"] = []int{1}
	}
	return piece{data: text(o)}
}

func geminiCalls(r Reply) (parts []object) {
	for _, c := range r.Calls {
		parts = append(parts, object{"functionCall": object{"id": c.ID, "name": c.Name, "args": jsonOr(c.Arguments)}})
	}
	return parts
}

func geminiStream(r Reply) []piece {
	if r.Fault == ErrorBefore {
		return []piece{{data: text(geminiError(midway, 500))}}
	}
	var out []piece
	for _, s := range r.Reasoning {
		out = append(out, geminiPiece(r, []object{{"text": s, "thought": true}}, false))
	}
	for _, s := range r.Text {
		out = append(out, geminiPiece(r, []object{{"text": s}}, false))
	}
	if calls := geminiCalls(r); len(calls) > 0 {
		out = append(out, geminiPiece(r, calls, false))
	}
	return append(out, geminiPiece(r, nil, true))
}

func geminiWhole(r Reply) []byte {
	if r.Fault == ErrorBefore || r.Fault == ErrorMidway {
		return []byte(text(geminiError(midway, 500)))
	}
	var parts []object
	if len(r.Reasoning) > 0 {
		parts = append(parts, object{"text": joined(r.Reasoning), "thought": true})
	}
	if len(r.Text) > 0 {
		parts = append(parts, object{"text": joined(r.Text)})
	}
	return []byte(geminiPiece(r, append(parts, geminiCalls(r)...), true).data)
}
