package assistant

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

// Bounds of a conversation.
const (
	maxMessage      = 16_000  // letters of what a person writes
	maxText         = 256_000 // bytes of one answer
	maxResult       = 16_000  // bytes of a result that are told to the model
	maxConversation = 1 << 20 // bytes of all, as stored
	maxTitle        = 80      // letters
)

// A conversation is what one person and models said.
type conversation struct {
	id, owner        string
	title            string
	model            string
	created, updated time.Time
	kept             bool // in the database
	turns            []turn
}

// Speakers.
const (
	fromPerson = "person"
	fromModel  = "model"
)

// A turn is one message of the person, or one answer of a model, which calls tools or
// ends what is said to that message.
type turn struct {
	From   string    `json:"from"`
	At     time.Time `json:"at"`
	Parts  []part    `json:"parts"`
	Answer *answer   `json:"answer,omitempty"`
	// Broken says why an answer is not whole: [brokenStopped] or the code of an error.
	Broken string `json:"broken,omitempty"`
}

const brokenStopped = "stopped"

// Kinds of parts.
const (
	kindText      = "text"
	kindReasoning = "reasoning"
	kindRefusal   = "refusal"
	kindCall      = "call"
)

type part struct {
	Kind string `json:"kind"`
	Text string `json:"text,omitempty"`
	// Of reasoning, as [ai.Reasoning] has it.
	Format    string `json:"format,omitempty"`
	ID        string `json:"id,omitempty"`
	Signature string `json:"signature,omitempty"`
	Opaque    string `json:"opaque,omitempty"`
	Call      *call  `json:"call,omitempty"`
}

// answer is who answered and what it took.
type answer struct {
	Request  string `json:"request"` // what feedback refers to
	Provider string `json:"provider"`
	Model    string `json:"model"`
	Usage    usage  `json:"usage"`
	Cost     cost   `json:"cost"`
	LeftOut  int    `json:"left_out,omitempty" doc:"How many earlier messages, answers and calls the model was not told of, because the conversation is longer than a request may be."`
}

type usage struct {
	Input       int64 `json:"input"`
	Output      int64 `json:"output"`
	CachedInput int64 `json:"cached_input"`
	Reasoning   int64 `json:"reasoning"`
	Estimated   bool  `json:"estimated"`
}

type cost struct {
	Micros   int64  `json:"micros" doc:"In millionths of a unit of the currency."`
	Currency string `json:"currency" doc:"ISO 4217; empty where nothing was priced."`
	Unknown  bool   `json:"unknown" doc:"The price of a part is not known."`
}

// States of calls.
const (
	callNew      = ""         // nobody has looked at it
	callWaiting  = "waiting"  // for the person's answer
	callDone     = "done"     // the endpoint did it
	callFailed   = "failed"   // it was refused or failed
	callDeclined = "declined" // the person said no, or went on without an answer
	callUnknown  = "unknown"  // it was begun and nobody knows how it ended
)

// A call is the model's wish to call an endpoint, and what became of it.
type call struct {
	ID        string `json:"id"` // the provider's
	Tool      string `json:"tool"`
	Arguments string `json:"arguments"` // as the model wrote them
	Signature string `json:"signature,omitempty"`
	endpointName
	State  string `json:"state"`
	Status int    `json:"status,omitempty"`
	Result string `json:"result,omitempty"`
	Cut    bool   `json:"cut,omitempty"` // the result was longer
}

// endpointName is all zero for a tool that is not there.
type endpointName struct {
	Module  string `json:"module,omitempty"`
	Method  string `json:"method,omitempty"`
	Path    string `json:"path,omitempty"`
	Summary string `json:"summary,omitempty"`
	Writes  bool   `json:"writes,omitempty"`
}

// finish says what became of a call. Results that are long are cut.
func (c *call) finish(state, result string) {
	c.State = state
	if len(result) > maxResult {
		result, c.Cut = strings.ToValidUTF8(result[:maxResult], ""), true
	}
	c.Result = result
}

// told is the result as the model gets it.
func (c *call) told() string {
	if c.Cut {
		return c.Result + "\n[cut here: the answer is longer]"
	}
	return c.Result
}

func (c *call) over() bool { return c.State != callNew && c.State != callWaiting }

// calls returns those of the last turn, which are to be changed in place.
func (c *conversation) calls() []*call {
	if len(c.turns) == 0 {
		return nil
	}
	var out []*call
	for _, p := range c.turns[len(c.turns)-1].Parts {
		if p.Call != nil {
			out = append(out, p.Call)
		}
	}
	return out
}

// waiting returns the call that the person is asked about, or nil.
func (c *conversation) waiting() *call {
	for _, one := range c.calls() {
		if one.State == callWaiting {
			return one
		}
	}
	return nil
}

// rounds counts the answers since the person's last message.
func (c *conversation) rounds() (n int) {
	for i := len(c.turns) - 1; i >= 0 && c.turns[i].From == fromModel; i-- {
		n++
	}
	return n
}

// abandon ends the calls that the person was asked about and did not answer.
func (c *conversation) abandon() {
	for _, one := range c.calls() {
		if !one.over() {
			one.finish(callDeclined, "This was not done: the person went on.")
		}
	}
}

// takeBack removes what the model said last, so that it says it again. What was
// called stays: it has happened.
func (c *conversation) takeBack() {
	for len(c.turns) > 0 {
		last := &c.turns[len(c.turns)-1]
		if last.From == fromPerson {
			return
		}
		for _, one := range c.calls() {
			if one.over() {
				c.abandon()
				return
			}
		}
		c.turns = c.turns[:len(c.turns)-1]
	}
}

// appendTo adds the turn as models take it, calls with their results.
func (t *turn) appendTo(out []ai.Message) []ai.Message {
	m := ai.Message{Role: ai.RoleUser}
	if t.From == fromModel {
		m.Role = ai.RoleAssistant
	}
	var results []ai.ToolResult
	for _, p := range t.Parts {
		switch {
		case p.Kind == kindText:
			m.Parts = append(m.Parts, ai.Text(p.Text))
		case t.Broken != "" && p.Call == nil: // half a thought is of no use to anybody
		case p.Kind == kindReasoning:
			m.Parts = append(m.Parts, ai.Reasoning{Format: p.Format, ID: p.ID, Text: p.Text, Signature: p.Signature, Opaque: p.Opaque})
		case p.Kind == kindRefusal:
			m.Parts = append(m.Parts, ai.Refusal(p.Text))
		case p.Call != nil:
			m.Parts = append(m.Parts, ai.ToolCall{ID: p.Call.ID, Name: p.Call.Tool, Arguments: p.Call.arguments(), Signature: p.Call.Signature})
			results = append(results, ai.ToolResult{ID: p.Call.ID, Name: p.Call.Tool, Content: p.Call.told(), IsError: p.Call.State != callDone})
		}
	}
	if len(m.Parts) > 0 {
		out = append(out, m)
	}
	if len(results) > 0 {
		out = append(out, ai.Results(results...))
	}
	return out
}

// arguments are JSON, whatever the model wrote.
func (c *call) arguments() json.RawMessage {
	if raw := json.RawMessage(c.Arguments); json.Valid(raw) {
		return raw
	}
	return json.RawMessage("{}")
}

// partsOf keeps an answer. Of one that is not whole no call is kept: nobody knows
// what it would have been.
func partsOf(m ai.Message, whole bool) []part {
	out := make([]part, 0, len(m.Parts))
	for _, p := range m.Parts {
		switch p := p.(type) {
		case ai.Text:
			out = append(out, part{Kind: kindText, Text: string(p)})
		case ai.Refusal:
			out = append(out, part{Kind: kindRefusal, Text: string(p)})
		case ai.Reasoning:
			out = append(out, part{Kind: kindReasoning, Format: p.Format, ID: p.ID, Text: p.Text, Signature: p.Signature, Opaque: p.Opaque})
		case ai.ToolCall:
			if whole {
				out = append(out, part{Kind: kindCall, Call: &call{ID: p.ID, Tool: p.Name, Arguments: string(p.Arguments), Signature: p.Signature}})
			}
		}
	}
	return out
}

// titleOf makes a title of a first message: its beginning, in one line.
func titleOf(message string) string {
	words := strings.Join(strings.Fields(message), " ")
	letters := []rune(words)
	if len(letters) <= maxTitle {
		return words
	}
	cut := string(letters[:maxTitle-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return cut + "…"
}
