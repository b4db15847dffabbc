package assistant

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
)

// An exchange is what follows a message or a yes or no: rounds of answers and calls
// until the model has said all, or the person is to be asked.
type exchange struct {
	m        *Module
	c        *conversation
	settings *Settings
	box      toolbox
	send     func(event string, data any) error
	first    func(context.Context, *exchange) error // before the first answer; nil: nothing
}

// Events of an exchange, in JSON.
type (
	startEvent struct {
		Conversation string `json:"conversation"`
		Title        string `json:"title"`
		Model        string `json:"model"`
		Kept         bool   `json:"kept"`
	}
	textEvent struct {
		Text string `json:"text"`
	}
	callEvent struct {
		ID        string `json:"id"`
		Tool      string `json:"tool"`
		Arguments string `json:"arguments"`
		endpointName
	}
	resultEvent struct {
		ID     string `json:"id"`
		State  string `json:"state"`
		Status int    `json:"status,omitempty"`
		Result string `json:"result"`
		Cut    bool   `json:"cut,omitempty"`
	}
	endEvent struct {
		Reason string `json:"reason"`
	}
	errorEvent struct {
		Code       string `json:"code"`
		Detail     string `json:"detail"`
		RetryAfter int    `json:"retry_after,omitempty"` // seconds
	}
)

// run sends the events of an exchange, and stores what was said. What fails is its
// last event.
func (x *exchange) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	var q *question
	reason, err := "", x.m.hold(ctx, x.c.id, leaseTime)
	if err == nil {
		err = x.send("start", startEvent{x.c.id, x.c.title, x.c.model, x.c.kept})
	}
	if err == nil && x.first != nil {
		err = x.first(ctx, x)
	}
	if err == nil {
		reason, q, err = x.rounds(ctx)
	}
	err = errors.Join(err, x.m.save(ctx, x.c, 0))
	if err != nil {
		return x.failed(ctx, err)
	}
	if q != nil { // now that nobody holds the conversation any more
		return x.send("confirm", q)
	}
	return x.send("end", endEvent{reason})
}

var errTooSlow = dashboard.Errorf(http.StatusGatewayTimeout, "answer-too-slow", "The answer took longer than %s.", turnTime)

// failed tells why, unless nobody is there any more.
func (x *exchange) failed(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.DeadlineExceeded):
		err = errTooSlow
	case cause != nil:
		return err // the dashboard says why a stream ends
	}
	e := dashboard.AsError(err)
	if e.Status == 0 || e.Status == http.StatusInternalServerError {
		x.m.host.Log().ErrorContext(ctx, "an answer failed", "error", err)
	}
	return x.send("error", errorEvent{cmp.Or(e.Code, "internal"), cmp.Or(e.Detail, "Something went wrong here."), int((e.RetryAfter + time.Second - 1) / time.Second)})
}

// rounds goes on until the model has said all, or there is a question.
func (x *exchange) rounds(ctx context.Context) (reason string, q *question, err error) {
	for {
		q, err := x.settle(ctx)
		switch {
		case err != nil || q != nil:
			return "", q, err
		case x.c.rounds() >= x.settings.Rounds:
			return "", nil, dashboard.Errorf(http.StatusUnprocessableEntity, "too-many-rounds", "The model called tools %d times over without an answer.", x.c.rounds())
		case x.c.size() > maxConversation:
			return "", nil, errTooLong
		}
		whole, err := x.answer(ctx)
		if err != nil {
			return "", nil, err
		}
		if len(x.c.calls()) == 0 {
			return whole.Reason.String(), nil, nil
		}
		if err := x.m.save(ctx, x.c, leaseTime); err != nil {
			return "", nil, err
		}
	}
}

// settle makes the calls of the last answer, in their order, until there is one that
// the person is to be asked about.
func (x *exchange) settle(ctx context.Context) (*question, error) {
	for _, one := range x.c.calls() {
		if one.over() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		x.box.prepare(one)
		if err := x.send("call", callEvent{one.ID, one.Tool, one.Arguments, one.endpointName}); err != nil {
			return nil, err
		}
		if !one.over() && one.Writes {
			q, err := x.m.ask(ctx, x.c, one)
			return &q, err
		}
		if !one.over() {
			x.m.run(ctx, &x.box, one)
		}
		if err := x.sendResult(one); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (x *exchange) sendResult(c *call) error {
	return x.send("result", resultEvent{c.ID, c.State, c.Status, c.Result, c.Cut})
}

// resume does what the person said about the call that waits, and goes on.
func (x *exchange) resume(ctx context.Context, one *call, approved bool) error {
	if !approved {
		one.finish(callDeclined, "The person said no.")
		return x.sendResult(one)
	}
	// If this process ends now, nobody will know whether it was done.
	one.State, one.Result = callUnknown, "It is not known whether this was done."
	if err := x.m.save(ctx, x.c, leaseTime); err != nil {
		return err
	}
	x.m.run(ctx, &x.box, one)
	detail := map[string]any{"conversation": x.c.id, "status": one.Status}
	err := x.m.host.Audit(context.WithoutCancel(ctx), "call.confirmed", one.Method+" "+one.Module+one.Path, detail)
	return errors.Join(err, x.sendResult(one))
}

// answer asks the model for the next turn.
func (x *exchange) answer(ctx context.Context) (*ai.Answer, error) {
	req, left := x.c.request(x.prompt(), x.box.tools, x.settings.Tokens)
	asked, record := dashboard.ModelRecord(ctx)
	// What a person says is kept as their conversation and nowhere else, and to try
	// again means to ask again.
	asked = ai.WithCacheControl(asked, ai.CacheControl{NoLookup: true, NoStore: true})
	a, err := ai.Collect(func(yield func(ai.Event, error) bool) {
		length := 0
		for e, err := range x.m.host.Model().Generate(asked, req) {
			if err == nil {
				length += len(e.Text)
				err = x.pass(&e, length)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	})
	t := turn{From: fromModel, At: time.Now().UTC(), Parts: partsOf(a.Message, err == nil)}
	t.Answer = &answer{Request: record.ID, Provider: record.Provider, Model: record.Model, Usage: usageOf(record.Usage), Cost: cost(record.Cost), LeftOut: left}
	if err != nil {
		t.Broken = brokenBy(ctx, err)
	}
	if err == nil || len(t.Parts) > 0 {
		x.c.turns = append(x.c.turns, t)
	}
	if sent := x.send("usage", t.Answer); err == nil {
		err = sent
	}
	return a, err
}

// prompt says what day it is, too: models do not know.
func (x *exchange) prompt() string {
	return strings.TrimSpace(x.settings.Prompt + "\nToday is " + time.Now().UTC().Format("Monday, 2 January 2006") + ", UTC.")
}

var errLongAnswer = dashboard.Errorf(http.StatusBadGateway, "answer-too-long", "The answer is longer than %d bytes.", maxText)

// pass sends a piece of an answer on.
func (x *exchange) pass(e *ai.Event, length int) error {
	if length > maxText {
		return errLongAnswer
	}
	name := ""
	switch e.Kind {
	case ai.EventText:
		name = kindText
	case ai.EventReasoning:
		name = kindReasoning
	case ai.EventRefusal:
		name = kindRefusal
	}
	if name == "" || e.Text == "" {
		return nil
	}
	return x.send(name, textEvent{e.Text})
}

// brokenBy says why an answer is not whole: the person stopped it, or what failed.
func brokenBy(ctx context.Context, err error) string {
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return brokenStopped
	}
	return cmp.Or(dashboard.AsError(err).Code, "failed")
}

func usageOf(u ai.Usage) usage {
	return usage{Input: u.Input, Output: u.Output, CachedInput: u.CachedInput, Reasoning: u.Reasoning, Estimated: u.Estimated}
}

// person is a message.
func person(text string) turn {
	return turn{From: fromPerson, At: time.Now().UTC(), Parts: []part{{Kind: kindText, Text: strings.ToValidUTF8(text, "�")}}}
}
