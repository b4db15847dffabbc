package ai

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

func (g *Gateway) responses(w http.ResponseWriter, r *http.Request) {
	body, ok := g.body(w, r)
	if !ok {
		return
	}
	asked, bad := readResponses(body)
	if bad != nil {
		writeFault(w, http.StatusBadRequest, *bad, 0)
		return
	}
	out := responsesWriter{eventStream: g.eventStream(w), g: g, asked: asked, created: time.Now().Unix(), whole: !asked.stream}
	out.answer(r.Context())
}

// responsesWriter writes one answer in the Responses format: as events, or where
// whole is set as the object that the last of them has.
type responsesWriter struct {
	eventStream
	g       *Gateway
	asked   *responsesRequest
	created int64
	whole   bool

	id, model, format string
	used              *Usage
	items             []*responsesItem
	open              *responsesItem // text or reasoning that is being written; calls stay open
	sequence          int64
	buf               []byte
}

func (o *responsesWriter) answer(ctx context.Context) {
	for e, err := range o.g.Model.Generate(ctx, &o.asked.Request) {
		switch {
		case err != nil:
			o.fail(ctx, err)
			return
		case e.Kind == EventStart && e.Start == nil:
		case e.Kind == EventStart:
			o.id, o.model, o.format = e.Start.ID, e.Start.Model, e.Start.Format
		case e.Kind == EventUsage:
			o.used = e.Usage
		case e.Kind == EventEnd:
			o.end(e.Reason)
		case !o.start() || !o.content(&e):
			return
		}
	}
}

// fail answers an error, in the stream if it has begun.
func (o *responsesWriter) fail(ctx context.Context, err error) {
	status, f, after := o.g.failure(ctx, o.asked.Model, err)
	if !o.began {
		writeFault(o.w, status, f, after)
		return
	}
	r := o.object("failed")
	r.Error = &responsesError{cmp.Or(f.Code, "server_error"), f.Message}
	o.sendObject("response.failed", r)
}

// start tells of the answer before its first item.
func (o *responsesWriter) start() bool {
	if o.began || o.whole {
		return true
	}
	o.begin()
	r := o.object("in_progress")
	return o.sendObject("response.created", r) && o.sendObject("response.in_progress", r)
}

func (o *responsesWriter) end(reason Reason) {
	r := o.object("completed")
	switch reason {
	case ReasonLength:
		r.Status, r.IncompleteDetails = "incomplete", &incompleteDetails{"max_output_tokens"}
	case ReasonFiltered:
		r.Status, r.IncompleteDetails = "incomplete", &incompleteDetails{"content_filter"}
	}
	if !o.start() {
		return
	}
	for _, it := range o.items {
		if !it.done && !o.close(it, r.Status) {
			return
		}
		r.Output = append(r.Output, it.json(nil, ""))
	}
	if u := o.used; u != nil {
		r.Usage = &responsesUsage{u.Input, cachedTokens{u.CachedInput}, u.Output, thoughtTokens{u.Reasoning}, u.Total()}
	}
	if o.whole {
		writeJSON(o.w, http.StatusOK, r)
		return
	}
	o.sendObject("response."+r.Status, r)
}

type responsesError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type incompleteDetails struct {
	Reason string `json:"reason"`
}

type responsesUsage struct {
	InputTokens   int64         `json:"input_tokens"`
	InputDetails  cachedTokens  `json:"input_tokens_details"`
	OutputTokens  int64         `json:"output_tokens"`
	OutputDetails thoughtTokens `json:"output_tokens_details"`
	TotalTokens   int64         `json:"total_tokens"`
}

// responsesObject is an answer. The request is repeated in it.
type responsesObject struct {
	ID                 string             `json:"id"`
	Object             string             `json:"object"`
	CreatedAt          int64              `json:"created_at"`
	Status             string             `json:"status"`
	Background         bool               `json:"background"`
	Error              *responsesError    `json:"error"`
	IncompleteDetails  *incompleteDetails `json:"incomplete_details"`
	Instructions       *string            `json:"instructions"`
	MaxOutputTokens    *int               `json:"max_output_tokens"`
	Metadata           json.RawMessage    `json:"metadata"`
	Model              string             `json:"model"`
	Output             []json.RawMessage  `json:"output"`
	ParallelToolCalls  bool               `json:"parallel_tool_calls"`
	PreviousResponseID *string            `json:"previous_response_id"`
	Reasoning          responsesThought   `json:"reasoning"`
	Store              bool               `json:"store"`
	Temperature        *float64           `json:"temperature"`
	Text               *responsesText     `json:"text"`
	ToolChoice         json.RawMessage    `json:"tool_choice"`
	Tools              []responsesTool    `json:"tools"`
	TopP               *float64           `json:"top_p"`
	Truncation         string             `json:"truncation"`
	Usage              *responsesUsage    `json:"usage"`
	User               *string            `json:"user"`
}

type responsesThought struct {
	Effort  *string `json:"effort"`
	Summary *string `json:"summary"`
}

func (o *responsesWriter) object(status string) *responsesObject {
	in := &o.asked.echo
	r := &responsesObject{ID: o.responseID(), Object: "response", CreatedAt: o.created, Status: status, Instructions: in.Instructions,
		MaxOutputTokens: in.MaxOutputTokens, Metadata: in.Metadata, Model: cmp.Or(o.model, o.asked.Model), Output: []json.RawMessage{}, ParallelToolCalls: true,
		Temperature: in.Temperature, TopP: in.TopP, Text: in.Text, ToolChoice: in.ToolChoice, Tools: in.Tools, Truncation: "disabled"}
	if !given(r.Metadata) {
		r.Metadata = json.RawMessage(`{}`)
	}
	if !given(r.ToolChoice) {
		r.ToolChoice = json.RawMessage(`"auto"`)
	}
	if r.Tools == nil {
		r.Tools = []responsesTool{}
	}
	if r.Text == nil || r.Text.Format == nil {
		r.Text = &responsesText{Format: &responsesFormat{Type: "text"}, Verbosity: "medium"}
	}
	if o.asked.Effort != "" {
		r.Reasoning.Effort = &o.asked.Effort
	}
	if o.asked.User != "" {
		r.User = &o.asked.User
	}
	return r
}

func (o *responsesWriter) responseID() string {
	const prefix = "resp_"
	if strings.HasPrefix(o.id, prefix) {
		return o.id
	}
	return prefix + cmp.Or(o.id, "0")
}

// sendObject writes an event that has all of the answer.
func (o *responsesWriter) sendObject(kind string, r *responsesObject) bool {
	b, err := json.Marshal(r)
	if err != nil { // all of it was JSON, or is ours
		return false
	}
	return o.emit(append(append(o.head(kind), `"response":`...), b...))
}

// head begins an event.
func (o *responsesWriter) head(kind string) []byte {
	b := append(append(append(o.buf[:0], "event: "...), kind...), "\ndata: {\"type\":\""...)
	b = appendInt(append(append(b, kind...), `","sequence_number":`...), o.sequence)
	o.sequence++
	return append(b, ',')
}

// emit ends an event and sends it.
func (o *responsesWriter) emit(b []byte) bool {
	o.buf = append(b, '}')
	return o.send(o.buf)
}
