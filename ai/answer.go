package ai

import (
	"encoding/json"
	"iter"
	"slices"
	"strings"
)

// An Answer is what a model said.
type Answer struct {
	Start
	Message Message // of RoleAssistant, to be sent back in the next request
	Reason  Reason
	Usage   Usage
}

// Text returns the text of the answer.
func (a *Answer) Text() string { return a.Message.Text() }

// Collect makes the answer of a sequence. Beside an error it returns what there
// was before, which is never nil; a tool call that broke off is not part of it.
func Collect(events iter.Seq2[Event, error]) (*Answer, error) {
	var c collector
	for event, err := range events {
		if err != nil {
			return c.answer(false), err
		}
		c.add(&event)
	}
	return c.answer(true), nil
}

// collector puts pieces together. Most answers are one text.
type collector struct {
	a    Answer
	kind EventKind // of what is being put together
	// What came in one piece is first and not copied; else all of it is text.
	first             string
	text              strings.Builder
	signature, opaque joined
	id                string
	calls             []*callPieces
}

type callPieces struct {
	at        int // its place among the parts
	index     int
	arguments strings.Builder
}

func (c *collector) add(e *Event) {
	switch e.Kind {
	case EventStart:
		if e.Start != nil {
			c.a.Start = *e.Start
		}
	case EventText, EventReasoning, EventRefusal:
		c.piece(e)
	case EventToolCall:
		c.flush()
		c.a.Message.Parts = append(c.a.Message.Parts, ToolCall{ID: e.ID, Name: e.Name, Signature: e.Signature})
		c.calls = append(c.calls, &callPieces{at: len(c.a.Message.Parts) - 1, index: e.Index})
	case EventToolArguments:
		for _, call := range slices.Backward(c.calls) {
			if call.index == e.Index {
				call.arguments.WriteString(e.Text)
				return
			}
		}
	case EventUsage:
		if e.Usage != nil {
			c.a.Usage = *e.Usage
		}
	case EventEnd:
		c.a.Reason = e.Reason
	}
}

func (c *collector) piece(e *Event) {
	if c.kind != e.Kind || e.Kind == EventReasoning && e.ID != c.id {
		c.flush()
		c.kind, c.id = e.Kind, e.ID
	}
	switch {
	case e.Text == "":
	case c.first == "" && c.text.Len() == 0:
		c.first = e.Text
	default:
		if c.text.Len() == 0 {
			c.text.WriteString(c.first)
		}
		c.text.WriteString(e.Text)
	}
	c.signature.add(e.Signature)
	c.opaque.add(e.Opaque)
}

// joined is a text of pieces, of which there is mostly one.
type joined struct {
	first string
	rest  []byte // all of it, where there are more
}

func (j *joined) add(s string) {
	switch {
	case s == "":
	case j.first == "":
		j.first = s
	case j.rest == nil:
		j.rest = append([]byte(j.first), s...)
	default:
		j.rest = append(j.rest, s...)
	}
}

func (j *joined) String() string {
	if j.rest != nil {
		return string(j.rest)
	}
	return j.first
}

// flush ends the part that is being put together.
func (c *collector) flush() {
	text := c.first
	if c.text.Len() > 0 {
		text = c.text.String()
		c.text = strings.Builder{}
	}
	var p Part
	switch {
	case c.kind == EventReasoning && (text != "" || c.signature.first != "" || c.opaque.first != ""):
		p = Reasoning{Format: c.a.Format, ID: c.id, Text: text, Signature: c.signature.String(), Opaque: c.opaque.String()}
	case text == "":
	case c.kind == EventRefusal:
		p = Refusal(text)
	default:
		p = Text(text)
	}
	if p != nil {
		c.a.Message.Parts = append(c.a.Message.Parts, p)
	}
	c.kind, c.first, c.signature, c.opaque, c.id = 0, "", joined{}, joined{}, ""
}

func (c *collector) answer(whole bool) *Answer {
	c.flush()
	parts := c.a.Message.Parts
	for i := range c.calls {
		call, _ := parts[c.calls[i].at].(ToolCall)
		call.Arguments = json.RawMessage(c.calls[i].arguments.String())
		parts[c.calls[i].at] = call
	}
	if !whole && len(c.calls) > 0 {
		parts = withoutBroken(parts)
	}
	c.a.Message.Role, c.a.Message.Parts = RoleAssistant, parts
	return &c.a
}

// withoutBroken leaves out calls whose arguments are not JSON.
func withoutBroken(parts []Part) []Part {
	kept := parts[:0]
	for _, p := range parts {
		if call, ok := p.(ToolCall); !ok || json.Valid(call.Arguments) {
			kept = append(kept, p)
		}
	}
	return kept
}
