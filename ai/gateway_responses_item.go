package ai

import (
	"strconv"
	"strings"
)

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// responsesItem is an item of the output: "message", "reasoning" or
// "function_call".
type responsesItem struct {
	kind, id string
	output   int // its index
	done     bool
	status   string // once it is done
	parts    []responsesPart

	reasoning    Reasoning // but for its text
	sealed       bool
	call         int // index of the event
	callID, name string
	text         strings.Builder // arguments of a call, summary of reasoning
}

// responsesPart is a piece of a message: text, or a refusal.
type responsesPart struct {
	kind EventKind
	text strings.Builder
}

// add begins an item.
func (o *responsesWriter) add(it *responsesItem, prefix, suffix string) bool {
	it.output = len(o.items)
	if it.id == "" {
		it.id = prefix + strings.TrimPrefix(o.responseID(), "resp_") + "_" + strconv.Itoa(it.output) + suffix
	}
	o.items = append(o.items, it)
	if o.whole {
		return true
	}
	b := appendInt(append(o.head("response.output_item.added"), `"output_index":`...), int64(it.output))
	return o.emit(it.json(append(b, `,"item":`...), "in_progress"))
}

// content writes an event that is content.
func (o *responsesWriter) content(e *Event) bool {
	switch e.Kind {
	case EventText, EventRefusal:
		return o.message(e)
	case EventReasoning:
		return o.thought(e)
	case EventToolCall:
		if !o.leave() {
			return false
		}
		suffix := ""
		if e.Signature != "" {
			suffix = signatureMark + e.Signature
		}
		return o.add(&responsesItem{kind: "function_call", call: e.Index, callID: e.ID, name: e.Name}, "fc_", suffix)
	case EventToolArguments:
		for _, it := range o.items {
			if it.kind == "function_call" && it.call == e.Index {
				it.text.WriteString(e.Text)
				return o.piece("response.function_call_arguments.delta", it, `,"delta":`, e.Text, "")
			}
		}
	}
	return true
}

// leave ends what is being written, as something else comes.
func (o *responsesWriter) leave() bool {
	it := o.open
	o.open = nil
	return it == nil || o.close(it, "completed")
}

func (o *responsesWriter) message(e *Event) bool {
	if o.open == nil || o.open.kind != "message" {
		it := &responsesItem{kind: "message"}
		if !o.leave() || !o.add(it, "msg_", "") {
			return false
		}
		o.open = it
	}
	it := o.open
	if n := len(it.parts); n == 0 || it.parts[n-1].kind != e.Kind {
		if n > 0 && !o.closePart(it) {
			return false
		}
		it.parts = append(it.parts, responsesPart{kind: e.Kind})
		if !o.part("response.content_part.added", it, it.partJSON(nil, n, true)) {
			return false
		}
	}
	it.parts[len(it.parts)-1].text.WriteString(e.Text)
	if e.Kind == EventRefusal {
		return o.piece("response.refusal.delta", it, `,"delta":`, e.Text, "")
	}
	return o.piece("response.output_text.delta", it, `,"delta":`, e.Text, `,"logprobs":[]`)
}

const summaryPart = `{"type":"summary_text","text":""}`

func (o *responsesWriter) thought(e *Event) bool {
	if o.open == nil || o.open.kind != "reasoning" || o.open.reasoning.ID != e.ID {
		it := &responsesItem{kind: "reasoning", sealed: o.asked.sealed, reasoning: Reasoning{Format: o.format, ID: e.ID}}
		if o.format == ownReasoning {
			it.id = e.ID // which what is encrypted is bound to
		}
		if !o.leave() || !o.add(it, "rs_", "") {
			return false
		}
		o.open = it
	}
	it := o.open
	it.reasoning.Signature += e.Signature
	it.reasoning.Opaque += e.Opaque
	if e.Text == "" {
		return true
	}
	if it.text.Len() == 0 && !o.part("response.reasoning_summary_part.added", it, []byte(summaryPart)) {
		return false
	}
	it.text.WriteString(e.Text)
	return o.piece("response.reasoning_summary_text.delta", it, `,"delta":`, e.Text, "")
}

// about begins an event of an item.
func (o *responsesWriter) about(kind string, it *responsesItem) []byte {
	b := appendQuoted(append(o.head(kind), `"item_id":`...), it.id)
	b = appendInt(append(b, `,"output_index":`...), int64(it.output))
	switch it.kind {
	case "message":
		b = appendInt(append(b, `,"content_index":`...), int64(len(it.parts)-1))
	case "reasoning":
		b = append(b, `,"summary_index":0`...)
	}
	return b
}

// piece writes an event with a text.
func (o *responsesWriter) piece(kind string, it *responsesItem, name, text, tail string) bool {
	return o.whole || o.emit(append(appendQuoted(append(o.about(kind, it), name...), text), tail...))
}

// part writes an event with a part.
func (o *responsesWriter) part(kind string, it *responsesItem, part []byte) bool {
	return o.whole || o.emit(append(append(o.about(kind, it), `,"part":`...), part...))
}

// closePart ends the last part of a message.
func (o *responsesWriter) closePart(it *responsesItem) bool {
	last := len(it.parts) - 1
	p := &it.parts[last]
	if p.kind == EventRefusal {
		if !o.piece("response.refusal.done", it, `,"refusal":`, p.text.String(), "") {
			return false
		}
	} else if !o.piece("response.output_text.done", it, `,"text":`, p.text.String(), `,"logprobs":[]`) {
		return false
	}
	return o.part("response.content_part.done", it, it.partJSON(nil, last, false))
}

// close ends an item.
func (o *responsesWriter) close(it *responsesItem, status string) bool {
	it.done, it.status = true, status
	if it.kind == "function_call" && it.text.Len() == 0 { // clients parse it
		it.text.WriteString(noArguments)
		if !o.piece("response.function_call_arguments.delta", it, `,"delta":`, noArguments, "") {
			return false
		}
	}
	if o.whole {
		return true
	}
	ok := true
	switch {
	case it.kind == "message":
		ok = o.closePart(it)
	case it.kind == "function_call":
		ok = o.piece("response.function_call_arguments.done", it, `,"arguments":`, it.text.String(), `,"name":`+string(appendQuoted(nil, it.name)))
	case it.text.Len() > 0:
		text := it.text.String()
		ok = o.piece("response.reasoning_summary_text.done", it, `,"text":`, text, "") &&
			o.part("response.reasoning_summary_part.done", it, append(appendQuoted([]byte(`{"type":"summary_text","text":`), text), '}'))
	}
	b := appendInt(append(o.head("response.output_item.done"), `"output_index":`...), int64(it.output))
	return ok && o.emit(it.json(append(b, `,"item":`...), ""))
}

// json appends the item as it is, or where it has a status as it begins.
func (it *responsesItem) json(b []byte, status string) []byte {
	begins := status != ""
	if !begins {
		status = it.status
	}
	b = append(append(append(appendQuoted(append(b, `{"id":`...), it.id), `,"type":"`...), it.kind...), '"')
	if it.kind == "reasoning" {
		b = append(b, `,"summary":[`...)
		if !begins && it.text.Len() > 0 {
			b = append(appendQuoted(append(b, `{"type":"summary_text","text":`...), it.text.String()), '}')
		}
		b = append(b, ']')
		if content := sealed(&it.reasoning); it.sealed && !begins && content != "" {
			b = appendQuoted(append(b, `,"encrypted_content":`...), content)
		}
		return append(b, '}')
	}
	b = append(append(append(b, `,"status":"`...), status...), '"')
	if it.kind == "function_call" {
		b = appendQuoted(append(b, `,"call_id":`...), it.callID)
		b = appendQuoted(append(b, `,"name":`...), it.name)
		return append(appendQuoted(append(b, `,"arguments":`...), it.text.String()), '}')
	}
	b = append(b, `,"role":"assistant","content":[`...)
	for i := range it.parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = it.partJSON(b, i, false)
	}
	return append(b, "]}"...)
}

// partJSON appends a part of a message, empty where it begins.
func (it *responsesItem) partJSON(b []byte, i int, begins bool) []byte {
	p := &it.parts[i]
	text := p.text.String()
	if begins {
		text = ""
	}
	if p.kind == EventRefusal {
		return append(appendQuoted(append(b, `{"type":"refusal","refusal":`...), text), '}')
	}
	return append(appendQuoted(append(b, `{"type":"output_text","text":`...), text), `,"annotations":[],"logprobs":[]}`...)
}
