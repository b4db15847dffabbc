package ai

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// chatWriter writes one answer.
type chatWriter struct {
	eventStream
	g       *Gateway
	asked   *chatRequest
	created int64

	id     string
	model  string
	bare   []int  // calls without arguments so far
	prefix []byte // of every chunk
	buf    []byte
}

func reasonWord(r Reason) string {
	if r == ReasonOther {
		return "stop" // the format knows no other
	}
	return r.String()
}

type chatUsage struct {
	PromptTokens     int64         `json:"prompt_tokens"`
	CompletionTokens int64         `json:"completion_tokens"`
	TotalTokens      int64         `json:"total_tokens"`
	PromptDetails    cachedTokens  `json:"prompt_tokens_details"`
	CompletionDetail thoughtTokens `json:"completion_tokens_details"`
}

type cachedTokens struct {
	CachedTokens int64 `json:"cached_tokens"`
}

type thoughtTokens struct {
	ReasoningTokens int64 `json:"reasoning_tokens"`
}

func usageOf(u Usage) *chatUsage {
	return &chatUsage{u.Input, u.Output, u.Total(), cachedTokens{u.CachedInput}, thoughtTokens{u.Reasoning}}
}

type wholeMessage struct {
	Role      string      `json:"role"`
	Content   *string     `json:"content"`
	Refusal   *string     `json:"refusal"`
	Reasoning string      `json:"reasoning_content,omitempty"`
	ToolCalls []wholeCall `json:"tool_calls,omitempty"`
}

type wholeCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function wholeCallFun `json:"function"`
}

type wholeCallFun struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type wholeChoice struct {
	Index        int          `json:"index"`
	Message      wholeMessage `json:"message"`
	Logprobs     *struct{}    `json:"logprobs"`
	FinishReason string       `json:"finish_reason"`
}

type wholeAnswer struct {
	ID      string        `json:"id"`
	Object  string        `json:"object"`
	Created int64         `json:"created"`
	Model   string        `json:"model"`
	Choices []wholeChoice `json:"choices"`
	Usage   *chatUsage    `json:"usage"`
}

func (c *chatWriter) whole(ctx context.Context) {
	a, err := Collect(c.g.Model.Generate(ctx, &c.asked.Request))
	if err != nil {
		c.fail(ctx, err)
		return
	}
	m := wholeMessage{Role: "assistant"}
	for _, p := range a.Message.Parts {
		switch p := p.(type) {
		case Refusal:
			text := string(p)
			m.Refusal = &text
		case Reasoning:
			m.Reasoning += p.Text
		case ToolCall:
			m.ToolCalls = append(m.ToolCalls, wholeCall{p.ID, "function", wholeCallFun{p.Name, cmp.Or(string(p.Arguments), noArguments)}})
		}
	}
	if text := a.Text(); text != "" || m.Refusal == nil && m.ToolCalls == nil {
		m.Content = &text
	}
	writeJSON(c.w, http.StatusOK, wholeAnswer{ID: answerID(a.ID), Object: "chat.completion", Created: c.created, Model: cmp.Or(a.Model, c.asked.Model),
		Choices: []wholeChoice{{Message: m, FinishReason: reasonWord(a.Reason)}}, Usage: usageOf(a.Usage)})
}

func answerID(id string) string {
	const prefix = "chatcmpl-"
	if strings.HasPrefix(id, prefix) {
		return id
	}
	return prefix + cmp.Or(id, "0")
}

// fail answers an error, in the stream if it has begun.
func (c *chatWriter) fail(ctx context.Context, err error) {
	status, f, after := c.g.failure(ctx, c.asked.Model, err)
	if !c.began {
		writeFault(c.w, status, f, after)
		return
	}
	if b, err := json.Marshal(map[string]fault{"error": f}); err == nil {
		c.send(append([]byte("data: "), b...))
	}
}

// stream writes pieces as they come. Until the first one the status is open.
func (c *chatWriter) stream(ctx context.Context) {
	var used *Usage
	for e, err := range c.g.Model.Generate(ctx, &c.asked.Request) {
		switch {
		case err != nil:
			c.fail(ctx, err)
			return
		case e.Kind == EventStart && e.Start == nil:
		case e.Kind == EventStart:
			c.id, c.model = e.Start.ID, e.Start.Model
		case e.Kind == EventUsage:
			used = e.Usage
		case !c.event(&e):
			return
		}
	}
	if c.asked.usage && used != nil {
		b, err := json.Marshal(usageOf(*used))
		if err != nil || !c.send(append(append(c.head(), `"choices":[],"usage":`...), append(b, '}')...)) {
			return
		}
	}
	c.send([]byte("data: [DONE]"))
}

// head is what every chunk begins with.
func (c *chatWriter) head() []byte {
	if c.prefix == nil {
		c.prefix = appendQuoted([]byte(`data: {"id":`), answerID(c.id))
		c.prefix = strconv.AppendInt(append(c.prefix, `,"object":"chat.completion.chunk","created":`...), c.created, 10)
		c.prefix = append(appendQuoted(append(c.prefix, `,"model":`...), cmp.Or(c.model, c.asked.Model)), ',')
	}
	return append(c.buf[:0], c.prefix...)
}

// event writes one event as a chunk.
func (c *chatWriter) event(e *Event) bool {
	if !c.began {
		c.begin()
		if !c.send(c.end(append(c.delta(), `"role":"assistant","content":""`...), "null")) {
			return false
		}
	}
	b, reason := c.delta(), "null"
	switch e.Kind {
	case EventText:
		b = appendQuoted(append(b, `"content":`...), e.Text)
	case EventReasoning:
		if e.Text == "" {
			return true // signatures have no place here
		}
		b = appendQuoted(append(b, `"reasoning_content":`...), e.Text)
	case EventRefusal:
		b = appendQuoted(append(b, `"refusal":`...), e.Text)
	case EventToolCall:
		c.bare = append(c.bare, e.Index)
		b = strconv.AppendInt(append(b, `"tool_calls":[{"index":`...), int64(e.Index), 10)
		b = appendQuoted(append(b, `,"id":`...), e.ID)
		b = append(appendQuoted(append(b, `,"type":"function","function":{"name":`...), e.Name), `,"arguments":""}}]`...)
	case EventToolArguments:
		if len(c.bare) > 0 && e.Text != "" {
			c.bare = slices.DeleteFunc(c.bare, func(index int) bool { return index == e.Index })
		}
		b = appendArguments(b, e.Index, e.Text)
	case EventEnd:
		for _, index := range c.bare {
			if !c.send(c.end(appendArguments(c.delta(), index, noArguments), "null")) {
				return false
			}
		}
		b = c.delta()
		reason = `"` + reasonWord(e.Reason) + `"`
	}
	return c.send(c.end(b, reason))
}

// noArguments is what a model means that gives a call none: clients parse it.
const noArguments = "{}"

func appendArguments(b []byte, index int, text string) []byte {
	b = strconv.AppendInt(append(b, `"tool_calls":[{"index":`...), int64(index), 10)
	return append(appendQuoted(append(b, `,"function":{"arguments":`...), text), "}}]"...)
}

// delta begins a chunk, and end ends it.
func (c *chatWriter) delta() []byte { return append(c.head(), `"choices":[{"index":0,"delta":{`...) }

func (c *chatWriter) end(b []byte, reason string) []byte {
	b = append(append(append(b, `},"logprobs":null,"finish_reason":`...), reason...), "}]}"...)
	c.buf = b
	return b
}
