package ai

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// chatWriter writes one answer.
type chatWriter struct {
	g       *Gateway
	w       http.ResponseWriter
	control *http.ResponseController
	asked   *chatRequest
	created int64

	began  bool
	id     string
	model  string
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
			m.ToolCalls = append(m.ToolCalls, wholeCall{p.ID, "function", wholeCallFun{p.Name, string(p.Arguments)}})
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
	if ctx.Err() != nil {
		return // who left hears nothing
	}
	e := typed(err)
	status, f := c.g.failed(c.asked.Model, e)
	if !c.began {
		writeFault(c.w, status, f, e.RetryAfter)
		return
	}
	if b, err := json.Marshal(map[string]fault{"error": f}); err == nil {
		c.send(b)
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
	c.send([]byte("[DONE]"))
}

// head is what every chunk begins with.
func (c *chatWriter) head() []byte {
	if c.prefix == nil {
		id, _ := json.Marshal(answerID(c.id))                    //nolint:errchkjson // strings can be written
		model, _ := json.Marshal(cmp.Or(c.model, c.asked.Model)) //nolint:errchkjson // strings can be written
		c.prefix = append(append(append([]byte(`{"id":`), id...), `,"object":"chat.completion.chunk","created":`...), strconv.FormatInt(c.created, 10)...)
		c.prefix = append(append(append(c.prefix, `,"model":`...), model...), ',')
	}
	return append(c.buf[:0], c.prefix...)
}

// event writes one event as a chunk.
func (c *chatWriter) event(e *Event) bool {
	if !c.began {
		if !c.begin() {
			return false
		}
	}
	delta, reason := "", "null"
	switch e.Kind {
	case EventText:
		delta = `"content":` + quoted(e.Text)
	case EventReasoning:
		if e.Text == "" {
			return true // signatures have no place here
		}
		delta = `"reasoning_content":` + quoted(e.Text)
	case EventRefusal:
		delta = `"refusal":` + quoted(e.Text)
	case EventToolCall:
		delta = `"tool_calls":[{"index":` + strconv.Itoa(e.Index) + `,"id":` + quoted(e.ID) + `,"type":"function","function":{"name":` + quoted(e.Name) + `,"arguments":""}}]`
	case EventToolArguments:
		delta = `"tool_calls":[{"index":` + strconv.Itoa(e.Index) + `,"function":{"arguments":` + quoted(e.Text) + `}}]`
	case EventEnd:
		reason = `"` + reasonWord(e.Reason) + `"`
	}
	return c.chunk(delta, reason)
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}

func (c *chatWriter) begin() bool {
	c.began = true
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	c.w.WriteHeader(http.StatusOK)
	return c.chunk(`"role":"assistant","content":""`, "null")
}

func (c *chatWriter) chunk(delta, reason string) bool {
	b := append(c.head(), `"choices":[{"index":0,"delta":{`...)
	b = append(append(append(append(b, delta...), `},"logprobs":null,"finish_reason":`...), reason...), "}]}"...)
	c.buf = b
	return c.send(b)
}

// send writes one event of the stream, and returns false where the client has
// left or does not read.
func (c *chatWriter) send(data []byte) bool {
	_ = c.control.SetWriteDeadline(time.Now().Add(cmp.Or(max(0, c.g.WriteTimeout), gatewayWrite))) // not every writer has one
	for _, b := range [][]byte{[]byte("data: "), data, []byte("\n\n")} {
		if _, err := c.w.Write(b); err != nil {
			return false
		}
	}
	err := c.control.Flush()
	return err == nil || errors.Is(err, http.ErrNotSupported)
}
