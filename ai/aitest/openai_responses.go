package aitest

import (
	"maps"

	"github.com/modular-dashboard/dashboard/ai"
)

var openAIResponses = wireFormat{
	base: "/openai/v1", paths: []string{"/openai/v1/responses"}, contentType: "text/event-stream; charset=utf-8", terminators: 1,
	streams: asksToStream, stream: responsesStream, whole: responsesWhole, spell: sse,
	fault: func(p problem, _ int) []byte { return []byte(text(object{"error": openAIError(p)})) },
	event: func(p problem) []byte {
		o := openAIError(p)
		o["type"], o["sequence_number"] = "error", 99
		return sse(piece{"error", text(o)}, None)
	},
}

// responseObject is the answer as far as it is.
func responseObject(r Reply, status string, output []object) object {
	o := object{"id": "resp_1", "object": "response", "created_at": 1, "status": status, "error": nil, "incomplete_details": nil, "instructions": nil,
		"model": "test-model-1", "output": output, "parallel_tool_calls": true, "store": false, "usage": nil}
	if r.Fault == UnknownEvents {
		o["future"] = object{"field": []int{1, 2}}
	}
	return o
}

// responseEnd is the answer when it is done.
func responseEnd(r Reply, output []object) object {
	o := responseObject(r, "completed", output)
	switch r.Reason {
	case ai.ReasonLength:
		o["status"], o["incomplete_details"] = "incomplete", object{"reason": "max_output_tokens"}
	case ai.ReasonFiltered:
		o["status"], o["incomplete_details"] = "incomplete", object{"reason": "content_filter"}
	}
	if r.Fault != NoUsage {
		o["usage"] = object{"input_tokens": r.Usage.Input, "output_tokens": r.Usage.Output, "total_tokens": r.Usage.Total(),
			"input_tokens_details": object{"cached_tokens": r.Usage.CachedInput}, "output_tokens_details": object{"reasoning_tokens": r.Usage.Reasoning}}
	}
	return o
}

func responseFailed(r Reply) object {
	o := responseObject(r, "failed", []object{})
	o["error"] = object{"code": midway.kind, "message": midway.message}
	return o
}

// responseItems are the items of the output, done.
func responseItems(r Reply) []object {
	items := []object{}
	if len(r.Reasoning) > 0 {
		items = append(items, object{"id": "rs_1", "type": "reasoning", "summary": []object{{"type": "summary_text", "text": joined(r.Reasoning)}}, "encrypted_content": "b3BhcXVl"})
	}
	switch {
	case r.Fault == Refusal:
		items = append(items, messageItem(object{"type": "refusal", "refusal": "I cannot help with that."}))
	case len(r.Text) > 0:
		items = append(items, messageItem(object{"type": "output_text", "text": joined(r.Text), "annotations": []any{}, "logprobs": []any{}}))
	}
	for _, c := range r.Calls {
		items = append(items, object{"id": "fc_" + c.ID, "type": "function_call", "status": "completed", "call_id": c.ID, "name": c.Name, "arguments": string(c.Arguments)})
	}
	return items
}

func messageItem(content object) object {
	return object{"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": []object{content}}
}

// responseEvents numbers the events of a stream.
type responseEvents struct {
	r   Reply
	out []piece
}

func (s *responseEvents) add(kind string, o object) {
	o["type"], o["sequence_number"] = kind, len(s.out)
	s.out = append(s.out, piece{kind, text(o)})
}

func responsesStream(r Reply) []piece {
	s := &responseEvents{r: r}
	s.add("response.created", object{"response": responseObject(r, "in_progress", []object{})})
	if r.Fault == ErrorBefore {
		s.add("response.failed", object{"response": responseFailed(r)})
		return s.out
	}
	s.add("response.in_progress", object{"response": responseObject(r, "in_progress", []object{})})
	items := responseItems(r)
	for i, item := range items {
		begun := object{}
		maps.Copy(begun, item)
		switch item["type"] {
		case "reasoning":
			begun["summary"] = []object{}
		case "message":
			begun["content"], begun["status"] = []object{}, "in_progress"
		case "function_call":
			begun["arguments"], begun["status"] = "", "in_progress"
		}
		delete(begun, "encrypted_content")
		s.add("response.output_item.added", object{"output_index": i, "item": begun})
		s.item(i, item)
		s.add("response.output_item.done", object{"output_index": i, "item": item})
	}
	end := responseEnd(r, items)
	status, _ := end["status"].(string)
	s.add("response."+status, object{"response": end})
	return s.out
}

// item adds the pieces of an item.
func (s *responseEvents) item(at int, item object) {
	of := func(o object) object {
		o["item_id"], o["output_index"] = item["id"], at
		return o
	}
	switch item["type"] {
	case "reasoning":
		s.add("response.reasoning_summary_part.added", of(object{"summary_index": 0, "part": object{"type": "summary_text", "text": ""}}))
		for _, t := range s.r.Reasoning {
			s.add("response.reasoning_summary_text.delta", of(object{"summary_index": 0, "delta": t}))
		}
		s.add("response.reasoning_summary_text.done", of(object{"summary_index": 0, "text": joined(s.r.Reasoning)}))
	case "message":
		s.message(of)
	case "function_call":
		arguments, _ := item["arguments"].(string)
		half := len(arguments) / 2
		s.add("response.function_call_arguments.delta", of(object{"delta": arguments[:half]}))
		s.add("response.function_call_arguments.delta", of(object{"delta": arguments[half:]}))
		s.add("response.function_call_arguments.done", of(object{"arguments": arguments}))
	}
}

func (s *responseEvents) message(of func(object) object) {
	if s.r.Fault == Refusal {
		s.add("response.content_part.added", of(object{"content_index": 0, "part": object{"type": "refusal", "refusal": ""}}))
		s.add("response.refusal.delta", of(object{"content_index": 0, "delta": "I cannot "}))
		s.add("response.refusal.delta", of(object{"content_index": 0, "delta": "help with that."}))
		s.add("response.refusal.done", of(object{"content_index": 0, "refusal": "I cannot help with that."}))
		return
	}
	whole := joined(s.r.Text)
	part := object{"type": "output_text", "text": "", "annotations": []any{}}
	s.add("response.content_part.added", of(object{"content_index": 0, "part": part}))
	for _, t := range s.r.Text {
		s.add("response.output_text.delta", of(object{"content_index": 0, "delta": t, "logprobs": []any{}}))
	}
	s.add("response.output_text.done", of(object{"content_index": 0, "text": whole, "logprobs": []any{}}))
	s.add("response.content_part.done", of(object{"content_index": 0, "part": object{"type": "output_text", "text": whole, "annotations": []any{}}}))
}

func responsesWhole(r Reply) []byte {
	if r.Fault == ErrorBefore || r.Fault == ErrorMidway {
		return []byte(text(responseFailed(r)))
	}
	return []byte(text(responseEnd(r, responseItems(r))))
}
