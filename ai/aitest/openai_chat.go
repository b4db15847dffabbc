package aitest

import (
	"github.com/modular-dashboard/dashboard/ai"
)

var openAIChat = wireFormat{
	base: "/openai/v1", paths: []string{"/openai/v1/chat/completions"}, contentType: "text/event-stream; charset=utf-8", terminators: 1,
	streams: asksToStream, stream: chatStream, whole: chatWhole, spell: sse,
	fault: func(p problem, _ int) []byte { return []byte(text(object{"error": openAIError(p)})) },
	event: func(p problem) []byte { return sse(piece{data: text(object{"error": openAIError(p)})}, None) },
}

func openAIError(p problem) object {
	o := object{"message": p.message, "type": p.kind, "param": nil, "code": nil}
	if p.code != "" {
		o["code"] = p.code
	}
	return o
}

func chatReason(r ai.Reason) string {
	switch r {
	case ai.ReasonStop, ai.ReasonLength, ai.ReasonToolCalls, ai.ReasonFiltered:
		return r.String()
	}
	return "stop"
}

func chatUsage(u ai.Usage) object {
	return object{"prompt_tokens": u.Input, "completion_tokens": u.Output, "total_tokens": u.Total(),
		"prompt_tokens_details":     object{"cached_tokens": u.CachedInput, "audio_tokens": 0},
		"completion_tokens_details": object{"reasoning_tokens": u.Reasoning, "audio_tokens": 0}}
}

// chunk is one object of a stream.
func chunk(r Reply, delta object, reason any) piece {
	choices := []object{}
	if delta != nil {
		choices = append(choices, object{"index": 0, "delta": delta, "logprobs": nil, "finish_reason": reason})
	}
	o := object{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "test-model-1", "system_fingerprint": "fp_1", "choices": choices}
	if r.Fault == UnknownEvents {
		o["future"] = object{"field": []int{1, 2}}
	}
	return piece{data: text(o)}
}

func chatStream(r Reply) []piece {
	var out []piece
	if r.Fault == ErrorBefore {
		return []piece{{data: text(object{"error": openAIError(midway)})}}
	}
	out = append(out, chunk(r, object{"role": "assistant", "content": "", "refusal": nil}, nil))
	for _, s := range r.Reasoning {
		out = append(out, chunk(r, object{"reasoning_content": s}, nil))
	}
	if r.Fault == Refusal {
		out = append(out, chunk(r, object{"refusal": "I cannot "}, nil), chunk(r, object{"refusal": "help with that."}, nil))
	} else {
		for _, s := range r.Text {
			out = append(out, chunk(r, object{"content": s}, nil))
		}
	}
	for i, c := range r.Calls {
		half := len(c.Arguments) / 2
		out = append(out,
			chunk(r, object{"tool_calls": []object{{"index": i, "id": c.ID, "type": "function", "function": object{"name": c.Name, "arguments": ""}}}}, nil),
			chunk(r, object{"tool_calls": []object{{"index": i, "function": object{"arguments": string(c.Arguments[:half])}}}}, nil),
			chunk(r, object{"tool_calls": []object{{"index": i, "function": object{"arguments": string(c.Arguments[half:])}}}}, nil))
	}
	out = append(out, chunk(r, object{}, chatReason(r.Reason)))
	if r.Fault != NoUsage {
		o := object{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "test-model-1", "choices": []object{}, "usage": chatUsage(r.Usage)}
		out = append(out, piece{data: text(o)})
	}
	return append(out, piece{data: "[DONE]"})
}

func chatWhole(r Reply) []byte {
	if r.Fault == ErrorBefore || r.Fault == ErrorMidway {
		return []byte(text(object{"error": openAIError(midway)}))
	}
	message := object{"role": "assistant", "content": nil, "refusal": nil}
	if r.Fault == Refusal {
		message["refusal"] = "I cannot help with that."
	} else if len(r.Text) > 0 {
		message["content"] = joined(r.Text)
	}
	if len(r.Reasoning) > 0 {
		message["reasoning_content"] = joined(r.Reasoning)
	}
	calls := make([]object, 0, len(r.Calls))
	for _, c := range r.Calls {
		calls = append(calls, object{"id": c.ID, "type": "function", "function": object{"name": c.Name, "arguments": string(c.Arguments)}})
	}
	if len(calls) > 0 {
		message["tool_calls"] = calls
	}
	o := object{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "test-model-1",
		"choices": []object{{"index": 0, "message": message, "logprobs": nil, "finish_reason": chatReason(r.Reason)}}}
	if r.Fault != NoUsage {
		o["usage"] = chatUsage(r.Usage)
	}
	if r.Fault == UnknownEvents {
		o["future"] = object{"field": []int{1, 2}}
	}
	return []byte(text(o))
}

func joined(pieces []string) (s string) {
	for _, p := range pieces {
		s += p
	}
	return s
}
