package aitest

import (
	"encoding/json"

	"github.com/modular-dashboard/dashboard/ai"
)

var anthropic = wireFormat{
	base: "/anthropic", paths: []string{"/anthropic/v1/messages"}, contentType: "text/event-stream; charset=utf-8", terminators: 1,
	streams: asksToStream, stream: messagesStream, whole: messagesWhole, spell: sse, noRefusal: true, parsedWhole: true,
	fault: func(p problem, status int) []byte { return []byte(text(anthropicError(p, status))) },
	event: func(p problem) []byte { return sse(piece{"error", text(anthropicError(p, 500))}, None) },
}

// anthropicError has types of its own for what others have codes for.
func anthropicError(p problem, status int) object {
	kind := map[int]string{400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
		413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 503: "api_error", 504: "timeout_error", 529: "overloaded_error"}[status]
	switch p.code {
	case "insufficient_quota":
		kind = "billing_error"
	case "context_length_exceeded":
		kind = "request_too_large"
	}
	return object{"type": "error", "error": object{"type": kind, "message": p.message}, "request_id": "req_test"}
}

func stopReason(r Reply) string {
	switch {
	case r.Fault == Refusal, r.Reason == ai.ReasonFiltered:
		return "refusal"
	case r.Reason == ai.ReasonLength:
		return "max_tokens"
	case r.Reason == ai.ReasonToolCalls:
		return "tool_use"
	}
	return "end_turn"
}

func messagesUsage(u ai.Usage, output int64) object {
	return object{"input_tokens": u.Input - u.CachedInput - u.CacheWrite, "cache_read_input_tokens": u.CachedInput,
		"cache_creation_input_tokens": u.CacheWrite, "output_tokens": output, "service_tier": "standard"}
}

func messagesStream(r Reply) []piece {
	if r.Fault == ErrorBefore {
		return []piece{{"error", text(anthropicError(midway, 500))}}
	}
	var out []piece
	add := func(event string, o object) {
		o["type"] = event
		if r.Fault == UnknownEvents {
			o["future"] = []int{1}
		}
		out = append(out, piece{event, text(o)})
	}
	message := object{"id": "msg_1", "type": "message", "role": "assistant", "content": []any{}, "model": "test-model-1", "stop_reason": nil, "stop_sequence": nil}
	if r.Fault != NoUsage {
		message["usage"] = messagesUsage(r.Usage, 1)
	}
	add("message_start", object{"message": message})
	add("ping", object{})
	index := 0
	block := func(start object, deltas ...object) {
		add("content_block_start", object{"index": index, "content_block": start})
		for _, d := range deltas {
			add("content_block_delta", object{"index": index, "delta": d})
		}
		add("content_block_stop", object{"index": index})
		index++
	}
	if len(r.Reasoning) > 0 {
		var deltas []object
		for _, s := range r.Reasoning {
			deltas = append(deltas, object{"type": "thinking_delta", "thinking": s})
		}
		block(object{"type": "thinking", "thinking": "", "signature": ""}, append(deltas, object{"type": "signature_delta", "signature": "c2ln"})...)
	}
	if len(r.Text) > 0 {
		var deltas []object
		for _, s := range r.Text {
			deltas = append(deltas, object{"type": "text_delta", "text": s})
		}
		block(object{"type": "text", "text": ""}, deltas...)
	}
	for _, c := range r.Calls {
		half := len(c.Arguments) / 2
		block(object{"type": "tool_use", "id": c.ID, "name": c.Name, "input": object{}}, object{"type": "input_json_delta", "partial_json": ""},
			object{"type": "input_json_delta", "partial_json": string(c.Arguments[:half])}, object{"type": "input_json_delta", "partial_json": string(c.Arguments[half:])})
	}
	end := object{"delta": object{"stop_reason": stopReason(r), "stop_sequence": nil}}
	if r.Fault != NoUsage {
		end["usage"] = object{"output_tokens": r.Usage.Output}
	}
	add("message_delta", end)
	add("message_stop", object{})
	return out
}

func messagesWhole(r Reply) []byte {
	if r.Fault == ErrorBefore || r.Fault == ErrorMidway {
		return []byte(text(anthropicError(midway, 500)))
	}
	content := []object{}
	if len(r.Reasoning) > 0 {
		content = append(content, object{"type": "thinking", "thinking": joined(r.Reasoning), "signature": "c2ln"})
	}
	if len(r.Text) > 0 {
		content = append(content, object{"type": "text", "text": joined(r.Text)})
	}
	for _, c := range r.Calls {
		var input any = c.Arguments
		if !json.Valid(c.Arguments) { // cannot be in this format
			input = string(c.Arguments)
		}
		content = append(content, object{"type": "tool_use", "id": c.ID, "name": c.Name, "input": input})
	}
	o := object{"id": "msg_1", "type": "message", "role": "assistant", "model": "test-model-1", "content": content, "stop_reason": stopReason(r), "stop_sequence": nil}
	if r.Fault != NoUsage {
		o["usage"] = messagesUsage(r.Usage, r.Usage.Output)
	}
	return []byte(text(o))
}
