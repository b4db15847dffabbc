package dashboard

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

func (d *Dashboard) routeModels(r *Router) {
	d.routeModelUsage(r)
	d.routeFeedback(r)
	d.routeProviders(r)
	d.routePrompts(r)
	use := Require(permAIUse)
	Get(r, "/ai/models", d.listModels, use, ID("ai-models"), Summary("The models that can be asked"))
	register(r, http.MethodPost, "/ai/chat", reflect.TypeFor[chatIn](), reflect.TypeFor[chatAnswer](), d.serveChat, []EndpointOption{
		use, sharing(limitAI), BodyLimit(maxModelRequest), ID("ai-chat"), Summary("Ask a model"), Answers(404, 422, 502, 503, 504),
		Description("With Accept: text/event-stream the answer comes in events: start {id, provider, model}; text, reasoning and refusal {text}; usage, with its cost; " +
			"end {reason, took_ms, cache}; or, as the last one, error {problem}. The id is the one that feedback refers to.")})
}

type modelInfo struct {
	Name     string `json:"name" doc:"What requests call it."`
	Provider string `json:"provider,omitempty"`
	Kind     string `json:"kind" validate:"oneof=alias model"`
}

func (d *Dashboard) listModels(ctx context.Context, _ empty) (Page[modelInfo], error) {
	infos, err := d.allowedModels(ctx)
	out := Page[modelInfo]{}
	for _, m := range infos {
		one := modelInfo{Name: m.Name, Provider: m.Provider, Kind: "model"}
		if m.Provider == "" {
			one.Kind = "alias"
		}
		out.Items = append(out.Items, one)
	}
	return out, err
}

// hasProvider reports whether there is a model to ask: a name may lead to one without
// a provider.
func (d *Dashboard) hasProvider() bool {
	m := d.models.models
	return len(m.Providers()) > 0 || len(m.Aliases()) > 0
}

type chatIn struct {
	Model       string      `json:"model" validate:"max=200" doc:"May be absent where the prompt names one."`
	Messages    []chatTurn  `json:"messages" validate:"max=1000,dive" doc:"May be empty where there is a prompt, whose messages come first."`
	Prompt      *chatPrompt `json:"prompt" doc:"A template that the conversation begins with."`
	MaxTokens   int         `json:"max_tokens" validate:"min=0,max=10000000" doc:"Of the answer; 0: what the provider gives."`
	Temperature *float64    `json:"temperature" validate:"omitempty,min=0,max=100"`
}

type chatTurn struct {
	Role    string `json:"role" validate:"required,oneof=system user assistant"`
	Content string `json:"content" validate:"required"`
}

type chatPrompt struct {
	Name      string            `json:"name" validate:"required,max=100"`
	Version   int64             `json:"version" validate:"min=0" doc:"0: the one that its flag chooses, or else the present one."`
	Variables map[string]string `json:"variables"`
}

// chatRequest makes what a model is asked, and the context to ask it with.
func (d *Dashboard) chatRequest(ctx context.Context, in *chatIn) (context.Context, *ai.Request, error) {
	req := &ai.Request{Model: in.Model, MaxTokens: in.MaxTokens, Temperature: in.Temperature}
	if p := in.Prompt; p != nil {
		it, err := d.findPrompt(ctx, p.Name, p.Version)
		if err != nil {
			return ctx, nil, promptError(err)
		}
		if req.Messages, err = it.Prompt().Render(p.Variables); err != nil {
			return ctx, nil, promptError(err)
		}
		req.Model = cmp.Or(req.Model, it.Definition.Model)
		ctx = ai.WithPrompt(ctx, it.Prompt().String())
	}
	for _, m := range in.Messages {
		req.Messages = append(req.Messages, ai.Message{Role: ai.Role(m.Role), Parts: []ai.Part{ai.Text(m.Content)}})
	}
	switch {
	case req.Model == "":
		return ctx, nil, Invalid(FieldError{Pointer: "/model", Code: "required", Detail: "is required where no prompt names a model"})
	case len(req.Messages) == 0:
		return ctx, nil, Invalid(FieldError{Pointer: "/messages", Code: "required", Detail: "is required where there is no prompt"})
	}
	return ctx, req, nil
}

type usageInfo struct {
	Input       int64 `json:"input"`
	Output      int64 `json:"output"`
	CachedInput int64 `json:"cached_input" doc:"Of the input, what the provider had in its cache."`
	Reasoning   int64 `json:"reasoning" doc:"Of the output."`
	Estimated   bool  `json:"estimated" doc:"The provider did not say."`
}

func usageInfoOf(u ai.Usage) usageInfo {
	return usageInfo{Input: u.Input, Output: u.Output, CachedInput: u.CachedInput, Reasoning: u.Reasoning, Estimated: u.Estimated}
}

type costInfo struct {
	Micros   int64  `json:"micros" doc:"In millionths of a unit of the currency."`
	Currency string `json:"currency" doc:"ISO 4217; empty where nothing was priced."`
	Unknown  bool   `json:"unknown" doc:"The price of a part is not known."`
}

type chatAnswer struct {
	ID       string    `json:"id" doc:"What feedback refers to."`
	Provider string    `json:"provider"`
	Model    string    `json:"model"`
	Text     string    `json:"text"`
	Refusal  string    `json:"refusal,omitempty" doc:"The model's own words on why it does not answer."`
	Reason   string    `json:"reason" validate:"oneof=stop length tool_calls content_filter other"`
	Usage    usageInfo `json:"usage"`
	Cost     costInfo  `json:"cost"`
	Cache    string    `json:"cache" validate:"oneof=none miss exact semantic shared"`
	TookMS   int64     `json:"took_ms"`
}

// serveChat answers whole, or in events where the client asks for them. Either
// ends with the session, with the right to ask and with the dashboard.
func (d *Dashboard) serveChat(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	var in chatIn
	if err := e.plan.Decode(r, &in, e.config.bodyLimit); err != nil {
		return err
	}
	if !d.hasProvider() {
		return errNoProvider
	}
	ctx, req, err := d.chatRequest(r.Context(), &in)
	if err != nil {
		return err
	}
	ctx, _, done, err := openStreamOf(ctx, d.models.endpoint)
	if err != nil {
		return err
	}
	defer done()
	ctx, record := withRecord(ctx)
	if wantsEvents(r) {
		return d.streamChat(ctx, w, req, record)
	}
	req.Whole = true
	a, err := ai.Collect(d.models.chain.Generate(ctx, req))
	if err != nil {
		return d.chatFailed(ctx, req, err)
	}
	out := chatAnswer{ID: record.ID, Provider: record.Provider, Model: record.Model, Text: a.Text(), Refusal: refusalOf(a), Reason: a.Reason.String(),
		Usage: usageInfoOf(record.Usage), Cost: costInfo(record.Cost), Cache: record.Cache.String(), TookMS: record.Took.Milliseconds()}
	return e.write(w, r, &out)
}

func refusalOf(a *ai.Answer) string {
	var text strings.Builder
	for _, p := range a.Message.Parts {
		if refusal, ok := p.(ai.Refusal); ok {
			text.WriteString(string(refusal))
		}
	}
	return text.String()
}

// wantsEvents reports whether the client asks for an event stream by name.
func wantsEvents(r *http.Request) bool {
	for _, line := range r.Header["Accept"] {
		for one := range strings.SplitSeq(line, ",") {
			if mediaType, _, err := mime.ParseMediaType(one); err == nil && mediaType == "text/event-stream" {
				return true
			}
		}
	}
	return false
}

type (
	chatStart struct {
		ID       string `json:"id"`
		Provider string `json:"provider"`
		Model    string `json:"model"`
	}
	chatText struct {
		Text string `json:"text"`
	}
	chatUsage struct {
		usageInfo
		Cost costInfo `json:"cost"`
	}
	chatError struct {
		Problem problem.Problem `json:"problem"`
	}
	chatEnd struct {
		Reason string `json:"reason"`
		TookMS int64  `json:"took_ms"`
		Cache  string `json:"cache"`
	}
)

// chatStream sends one answer in events.
type chatStream struct {
	w      http.ResponseWriter
	out    *events.Writer // nil until something is known of the answer
	record *ai.Record
	start  chatStart
	told   bool // start was sent
	stop   func()
}

// streamChat sends an answer in events. What fails before anything was sent is
// answered as a problem.
func (d *Dashboard) streamChat(ctx context.Context, w http.ResponseWriter, req *ai.Request, record *ai.Record) error {
	c := chatStream{w: w, record: record, start: chatStart{ID: record.ID}, stop: func() {}}
	defer func() { c.stop() }()
	var failed error
	for e, err := range d.models.chain.Generate(ctx, req) {
		if failed = err; err != nil {
			break
		}
		if err := c.event(ctx, &e); err != nil {
			return answered(err) // the client is gone, or too slow
		}
	}
	if failed == nil {
		return answered(c.end())
	}
	answer := d.chatFailed(ctx, req, failed)
	if c.out == nil {
		return answer
	}
	return answered(errors.Join(failed, c.send("error", chatError{problemOf(answer, stateOf(ctx).id)})))
}

// chatFailed tells the log why a model did not answer where it is not the caller's
// fault, and makes the answer of it.
func (d *Dashboard) chatFailed(ctx context.Context, req *ai.Request, err error) *Error {
	if ended, ok := errors.AsType[*events.EndedError](context.Cause(ctx)); ok {
		return endedProblem(ended)
	}
	out := *asError(err)
	if e, ok := errors.AsType[*ai.Error](err); ok && out.status() >= http.StatusInternalServerError {
		out.Err = nil
		d.log.WarnContext(ctx, "model did not answer", "model", req.Model, "provider", e.Provider, "kind", e.Kind.String(), "status", e.Status,
			"provider_request_id", e.RequestID, "error", e)
	}
	return &out
}

// begin sends what is known before the first piece.
func (c *chatStream) begin(ctx context.Context) error {
	if c.out == nil {
		out, err := events.NewWriter(c.w)
		if err != nil {
			return err
		}
		c.out, c.stop = out, out.KeepAlive(ctx)
	}
	if c.told {
		return nil
	}
	c.told = true
	return c.send("start", c.start)
}

func (c *chatStream) event(ctx context.Context, e *ai.Event) error {
	name := ""
	switch e.Kind {
	case ai.EventStart:
		if e.Start != nil {
			c.start.Provider, c.start.Model = e.Start.Provider, e.Start.Model
		}
		return nil
	case ai.EventText:
		name = "text"
	case ai.EventReasoning:
		name = "reasoning"
	case ai.EventRefusal:
		name = "refusal"
	case ai.EventEnd:
		return c.begin(ctx)
	case ai.EventToolCall, ai.EventToolArguments, ai.EventUsage:
		return nil // no tools are asked for; usage comes with its cost
	}
	if e.Text == "" {
		return nil
	}
	if err := c.begin(ctx); err != nil {
		return err
	}
	return c.send(name, chatText{e.Text})
}

func (c *chatStream) end() error {
	r := c.record
	if err := c.send("usage", chatUsage{usageInfoOf(r.Usage), costInfo(r.Cost)}); err != nil {
		return err
	}
	return c.send("end", chatEnd{Reason: r.Reason.String(), TookMS: r.Took.Milliseconds(), Cache: r.Cache.String()})
}

func (c *chatStream) send(event string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return c.out.Send(event, body)
}

// endedProblem says why an answer was ended from here.
func endedProblem(e *events.EndedError) *Error {
	switch e {
	case errSessionEnded:
		return &Error{Status: http.StatusUnauthorized, Code: e.Reason, Detail: "The session has ended."}
	case errForbiddenStream:
		return errForbidden(coreModule + "." + permAIUse.name)
	}
	return &Error{Status: http.StatusServiceUnavailable, Code: e.Reason, Detail: "The dashboard is being shut down.", RetryAfter: time.Second}
}
