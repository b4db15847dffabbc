package ai

import (
	"context"
	"iter"
	"slices"
	"strings"
)

// Continue asks its routes as [Fallback] does, and goes on after the first piece of
// content too: where an answer breaks off with an error that may not happen
// elsewhere, the next route is sent what was said so far, and asked to go on. The
// caller sees one answer, whose usage is that of all its parts, and the record has
// a [Note] of each part. What was said so far must be text alone, and no more than
// 1 MiB of it; answers in JSON of a schema are not gone on with. Else the error
// comes as without. The seam may show: another model does not always go on in the
// middle of a word.
func Continue(routes ...Route) (Model, error) {
	r, err := newRouter("continue", InOrder, routes)
	if err != nil {
		return nil, err
	}
	return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
		return func(yield func(Event, error) bool) {
			if err := req.valid(); err != nil {
				yield(Event{}, err)
				return
			}
			c := continued{req: req, yield: yield}
			c.run(ctx, r)
		}
	}), nil
}

// mostContinued is how much text is kept to be gone on with, in bytes.
const mostContinued = 1 << 20

// goOn is what the next model is told behind the text so far. Providers differ in
// what they make of a conversation that ends with the model's own words.
const goOn = "Your answer broke off. Go on exactly where it stopped: repeat nothing of it, and say nothing about this."

// continued is one answer of several parts.
type continued struct {
	req   *Request
	yield func(Event, error) bool

	text  strings.Builder // that the caller has seen
	begun bool            // the caller has seen content
	other bool            // which is not text alone, or too long
	meter meter           // of this part
	used  Usage           // by the parts before
	usage bool            // the caller has seen the usage of this part
	said  bool            // there is content in this part
	parts int             // with content, that broke off
}

func (c *continued) run(ctx context.Context, r *router) {
	var failed []error
	asked := c.req
	for i := range r.routes {
		route := &r.routes[i]
		req := route.request(asked)
		if c.begun {
			trailOf(ctx).note(Note{Router: "continue", Choice: req.Model, Why: typed(failed[len(failed)-1]).Kind.String()})
		}
		c.meter, c.usage, c.said = meter{}, false, false
		a := attempt{yield: c.see}
		err := a.run(route.Model.Generate(ctx, req))
		if err == nil || a.left {
			return
		}
		if c.said {
			c.parts++
			c.used = c.used.Add(c.meter.used(req))
			trailOf(ctx).counted()
		}
		failed = append(failed, err)
		if e := typed(err); !e.Elsewhere() || ctx.Err() != nil || c.begun && !c.canGoOn() {
			c.fail(err)
			return
		}
		if c.begun {
			asked = c.rest()
		}
	}
	c.fail(together(failed))
}

// see passes an event on as part of the one answer.
func (c *continued) see(e Event, err error) bool {
	c.meter.add(&e, err)
	c.said = c.said || e.isContent()
	switch {
	case e.Kind == EventStart:
		if c.begun {
			return true
		}
	case e.Kind == EventText:
		c.begun = true
		if c.other = c.other || c.text.Len()+len(e.Text) > mostContinued; !c.other {
			c.text.WriteString(e.Text)
		}
	case e.isContent():
		c.begun, c.other = true, true
	case e.Kind == EventUsage && e.Usage != nil && c.used != (Usage{}):
		u := c.used.Add(*e.Usage)
		e.Usage, c.usage = &u, true
	case e.Kind == EventEnd && c.used != (Usage{}) && !c.usage:
		u := c.used.Add(c.meter.used(c.req))
		if !c.yield(Event{Kind: EventUsage, Usage: &u}, nil) {
			return false
		}
	}
	return c.yield(e, err)
}

func (c *continued) canGoOn() bool { return !c.other && c.text.Len() > 0 && c.req.Output == nil }

// rest is the request for the rest of the answer.
func (c *continued) rest() *Request {
	req := *c.req
	req.Messages = append(slices.Clip(req.Messages), Assistant(c.text.String()), User(goOn))
	if req.MaxTokens > 0 {
		req.MaxTokens = max(1, req.MaxTokens-int(textTokens(c.text.Len())))
	}
	return &req
}

// fail ends an answer, after what its parts have used where there were several.
func (c *continued) fail(err error) {
	if c.parts > 1 {
		u := c.used
		if !c.yield(Event{Kind: EventUsage, Usage: &u}, nil) {
			return
		}
	}
	c.yield(Event{}, err)
}

// counted says that the usage of the last upstream call is part of the answer's.
func (t *trail) counted() {
	t.change(func(r *Record) {
		if n := len(r.Attempts); n > 0 {
			r.Attempts[n-1].counted = true
		}
	})
}
