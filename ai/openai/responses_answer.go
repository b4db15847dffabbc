package openai

import (
	"errors"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

var (
	errNoResponse = errors.New("the answer is not of the responses format")
	errTooMany    = errors.New("the answer has too many items")
)

// maxItems is how many items of a stream are told apart.
const maxItems = 1000

// betweenSummaries parts the summaries of one item of reasoning.
const betweenSummaries = "\n\n"

// response reads one answer.
type response struct {
	wire.Answer
	items []item
	calls int
}

// item is an item of the output that has begun.
type item struct {
	output int64  // its index
	id     string // of reasoning
	call   int    // the index of the tool call it is, from 1
	some   bool   // content of it came
}

// at returns the item that an event belongs to, and remembers it.
func (r *response) at(e *semantic) *item {
	for i := len(r.items) - 1; i >= 0; i-- {
		if r.items[i].output == e.output {
			return &r.items[i]
		}
	}
	r.items = append(r.items, item{output: e.output, id: string(e.itemID)})
	return &r.items[len(r.items)-1]
}

// outputItem is what the object of an item says.
type outputItem struct {
	kind, id, callID, name string
	arguments              string
	text, refusal, summary []byte // of a message, and of reasoning
	opaque                 string
}

func readItem(raw []byte) (it outputItem, err error) {
	s := jsonscan.Of(raw)
	it.read(&s)
	return it, s.Err()
}

func (it *outputItem) read(s *jsonscan.Scanner) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "type":
			it.kind = string(stringOf(s))
		case "id":
			it.id = string(stringOf(s))
		case "call_id":
			it.callID = string(stringOf(s))
		case "name":
			it.name = string(stringOf(s))
		case "arguments":
			it.arguments = s.Text()
		case "encrypted_content":
			it.opaque = string(stringOf(s))
		case "summary", "content":
			it.parts(s)
		default:
			s.Discard()
		}
	}
}

// parts reads the content of a message, or what reasoning says of itself.
func (it *outputItem) parts(s *jsonscan.Scanner) {
	if s.Peek() != '[' {
		s.Discard()
		return
	}
	for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
		var kind, text, refusal []byte
		for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
			switch string(s.Key()) {
			case "type":
				kind = stringOf(s)
			case "text":
				text = stringOf(s)
			case "refusal":
				refusal = stringOf(s)
			default:
				s.Discard()
			}
		}
		switch string(kind) {
		case "output_text":
			it.text = append(it.text, text...)
		case "refusal":
			it.refusal = append(it.refusal, refusal...)
		case "summary_text", "reasoning_text":
			if len(it.summary) > 0 {
				it.summary = append(it.summary, betweenSummaries...)
			}
			it.summary = append(it.summary, text...)
		}
	}
}

// added begins an item.
func (r *response) added(e *semantic) error {
	it, err := readItem(e.item)
	if err != nil {
		return r.Call.Malformed(err)
	}
	at := r.at(e)
	at.id = it.id
	if it.kind == "function_call" {
		r.call(at, &it)
	}
	return nil
}

// done tells of an item what did not come in pieces.
func (r *response) done(e *semantic) error {
	it, err := readItem(e.item)
	if err != nil {
		return r.Call.Malformed(err)
	}
	r.complete(r.at(e), &it)
	return nil
}

func (r *response) complete(at *item, it *outputItem) {
	if at.id == "" {
		at.id = it.id
	}
	switch it.kind {
	case "message":
		if !at.some {
			r.Text(ai.EventText, string(it.text))
			r.Text(ai.EventRefusal, string(it.refusal))
		}
	case "reasoning":
		if at.some {
			it.summary = nil
		}
		r.reasoning(at, string(it.summary), it.opaque)
	case "function_call":
		r.call(at, it)
		if !at.some {
			r.arguments(at, it.arguments)
		}
	}
}

// call begins a tool call, unless it has.
func (r *response) call(at *item, it *outputItem) {
	if at.call > 0 || it.name == "" || !r.Begin() {
		return
	}
	r.calls++
	at.call = r.calls
	id := it.callID
	if id == "" { // the result has to name something
		id = it.id
	}
	r.Emit(ai.Event{Kind: ai.EventToolCall, Index: at.call - 1, ID: id, Name: it.name})
}

func (r *response) arguments(at *item, text string) {
	if text == "" || at.call == 0 {
		return // of what never began, or of tools of the provider's own
	}
	at.some = true
	r.Emit(ai.Event{Kind: ai.EventToolArguments, Index: at.call - 1, Text: text})
}

func (r *response) reasoning(at *item, text, opaque string) {
	at.some = at.some || text != ""
	if text+opaque != "" && r.Begin() {
		r.Emit(ai.Event{Kind: ai.EventReasoning, Text: text, Opaque: opaque, ID: at.id})
	}
}

// whole reads an answer in one piece.
func (r *response) whole(body []byte) error {
	known, err := r.object(body, "")
	switch {
	case err != nil:
		return err
	case !known:
		return r.Call.Malformed(errNoResponse)
	}
	return r.Whole()
}

// object reads the response object, which some events have too: those named for
// the status it is in. It reports whether it was one. Its output is of interest
// only where it is the whole answer.
func (r *response) object(data []byte, event string) (known bool, err error) {
	if len(data) == 0 || data[0] != '{' {
		return false, r.Call.Malformed(errNoResponse)
	}
	whole, status := event == "", []byte(event)
	var why, output []byte
	var fault *ai.Error
	s := jsonscan.Of(data)
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "id":
			r.keep(&r.Start.ID, &s)
		case "model":
			r.keep(&r.Start.Model, &s)
		case "status":
			if told := stringOf(&s); told != nil {
				status = told
			}
		case "incomplete_details":
			why = reasonOf(&s)
		case "usage":
			readUsage(&r.Answer, &s)
		case "output":
			known = true
			output = s.Raw()
		case "error":
			var f wire.Fault
			if f.Read(&s) {
				fault = r.Call.Fault(f)
			}
		default:
			s.Discard()
		}
	}
	if err := s.End(); err != nil && whole && s.Cut() && fault == nil {
		return known, r.Call.Cut()
	}
	if err := r.Checked(fault, s.Err()); err != nil {
		return known, err
	}
	if whole {
		if err := r.output(output); err != nil {
			return known, err
		}
	}
	return known, r.ended(string(status), string(why))
}

// keep reads a string that is the same in every event, once.
func (r *response) keep(to *string, s *jsonscan.Scanner) {
	if r.Started {
		s.Discard()
		return
	}
	*to = s.Text()
}

func reasonOf(s *jsonscan.Scanner) (reason []byte) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		if string(s.Key()) == "reason" {
			reason = stringOf(s)
		} else {
			s.Discard()
		}
	}
	return reason
}

func (r *response) output(raw []byte) error {
	s := jsonscan.Of(raw)
	for more := len(raw) > 0 && s.Enter('[') && s.More(']'); more && !r.Left; more = s.More(']') {
		var it outputItem
		if it.read(&s); s.Err() == nil {
			r.complete(&item{id: it.id}, &it)
		}
	}
	return r.Checked(nil, s.Err())
}

// ended says what a status means for the answer.
func (r *response) ended(status, why string) error {
	switch status {
	case "completed":
		r.Finished, r.Reason = true, ai.ReasonStop
		if r.calls > 0 {
			r.Reason = ai.ReasonToolCalls
		}
	case "incomplete":
		r.Finished = true
		switch why {
		case "max_output_tokens":
			r.Reason = ai.ReasonLength
		case "content_filter":
			r.Reason = ai.ReasonFiltered
		}
	case "failed":
		return r.Call.Error(ai.Server, "the provider gave up")
	case "cancelled": //nolint:misspell // the API's word
		return r.Call.Error(ai.Server, "somebody canceled the answer at the provider")
	}
	return nil
}
