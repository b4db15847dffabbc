package ai

import (
	"context"
	"iter"
	"strings"
	"time"
)

// How tokens are estimated where nobody counted them: generously, since
// reservations are made of it.
const (
	bytesPerToken = 3     // of text; English has four, other languages fewer
	messageTokens = 4     // what a message has around it
	pictureTokens = 1_600 // of an image, whatever its size
	bytesPerPage  = 32    // of a file that is not text, for one token
)

// textTokens estimates the tokens of text by its length in bytes.
func textTokens(bytes int) int64 { return (int64(bytes) + bytesPerToken - 1) / bytesPerToken }

// EstimateInput estimates the tokens of a request without asking anybody: a token
// for every three bytes of text, names, arguments and schemas, four for each
// message and tool, 1,600 for an image; of a file, as of text where its media type
// is text, else a token for every 32 bytes and at least 1,600.
func EstimateInput(req *Request) int64 {
	if req == nil {
		return 0
	}
	var bytes int
	var tokens int64
	for i := range req.Messages {
		tokens += messageTokens
		for _, p := range req.Messages[i].Parts {
			b, t := estimatePart(p)
			bytes, tokens = bytes+b, tokens+t
		}
	}
	for i := range req.Tools {
		t := &req.Tools[i]
		tokens += messageTokens
		bytes += len(t.Name) + len(t.Description) + len(t.Parameters)
	}
	if req.Output != nil {
		bytes += len(req.Output.Schema)
	}
	return tokens + textTokens(bytes)
}

func estimatePart(p Part) (bytes int, tokens int64) {
	switch p := p.(type) {
	case Text:
		return len(p), 0
	case Refusal:
		return len(p), 0
	case Reasoning:
		return len(p.Text) + len(p.Opaque), 0
	case ToolCall:
		return len(p.Name) + len(p.Arguments), messageTokens
	case ToolResult:
		return len(p.Content), messageTokens
	case Image:
		return 0, pictureTokens
	case File:
		if strings.HasPrefix(p.MediaType, "text/") {
			return len(p.Data), 0
		}
		return 0, max(pictureTokens, int64(len(p.Data)/bytesPerPage))
	}
	return 0, 0
}

// A meter watches an answer go by, for what it used.
type meter struct {
	said            bool // the provider told what was used
	usage           Usage
	provider, model string
	bytes           int64 // of content
	any             bool  // something came
	ended           bool
	err             *Error
}

func (m *meter) add(e *Event, err error) {
	if err != nil {
		m.err = typed(err)
		return
	}
	m.any = true
	switch e.Kind {
	case EventStart:
		if e.Start != nil {
			m.provider, m.model = e.Start.Provider, e.Start.Model
		}
	case EventUsage:
		if e.Usage != nil {
			m.said, m.usage = true, *e.Usage
		}
	case EventEnd:
		m.ended = true
	default:
		m.bytes += int64(len(e.Text) + len(e.Name) + len(e.Opaque))
	}
}

// used is what the answer to req used so far: what the provider says or, where it
// says nothing or not all before the answer broke off, an estimate. What failed
// before anything came was not answered and costs nothing, but for what was
// given up while it was under way.
func (m *meter) used(req *Request) Usage {
	if m.said && m.ended {
		return m.usage
	}
	if !m.any && m.err != nil && !underWay(m.err.Kind) {
		return Usage{}
	}
	u := m.usage
	if !m.said {
		u.Input = EstimateInput(req)
	}
	u.Output = max(u.Output, textTokens(int(m.bytes)))
	u.Estimated = true
	return u
}

// underWay reports whether a provider may count an answer that ended in this way
// before anything came of it.
func underWay(k ErrorKind) bool {
	switch k {
	case Timeout, Canceled, Truncated, Malformed:
		return true
	}
	return false
}

// WithPrices makes a [Record] say what its request cost: put it directly inside
// of [WithRecord]. Prices are asked for at the end of each answer, so they can be
// replaced at any time. An answer whose provider says nothing of its usage gets an
// estimate, as an [EventUsage] before its end and in the record. What a cache
// answered costs nothing. Upstream calls that were given up while they were under
// way, such as the slower one of a hedge, cost an estimate of their input.
func WithPrices(prices func() *Prices) Decorator {
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			return func(yield func(Event, error) bool) {
				if ctx.Err() != nil { // what is not sent costs nothing
					yield(Event{}, canceled(ctx))
					return
				}
				var m meter
				defer func() { m.price(ctx, req, prices()) }()
				for e, err := range next.Generate(ctx, req) {
					if e.Kind == EventEnd && err == nil && !m.said {
						m.ended = true
						u := m.used(req)
						m.said, m.usage = true, u
						if !yield(Event{Kind: EventUsage, Usage: &u}, nil) {
							return
						}
					}
					m.add(&e, err)
					if !yield(e, err) {
						return
					}
				}
			}
		})
	}
}

// price writes down what was used and what that cost.
func (m *meter) price(ctx context.Context, req *Request, p *Prices) {
	u := m.used(req)
	t := trailOf(ctx)
	t.change(func(r *Record) {
		u = u.atLeast(t.spent)
		r.Usage = u
		r.Cost = p.charged(r.Cache, r.Attempts, m, req, u)
	})
}

// charged is what an answer cost, with what was given up on the way to it.
func (p *Prices) charged(cache CacheState, attempts []Attempt, m *meter, req *Request, u Usage) Cost {
	now := time.Now()
	if free(cache) || u == (Usage{}) && m.model == "" {
		return Cost{}
	}
	provider, model := m.provider, m.model
	if model == "" {
		provider, model, _ = strings.Cut(req.Model, "/")
	}
	total := p.Cost(provider, model, now, u)
	wasted := Usage{Input: EstimateInput(req)}
	for _, a := range abandoned(attempts) {
		total = total.plus(p.Cost(a.Provider, a.Model, now, wasted))
	}
	return total
}

// atLeast is u where that is more than what an upstream call is known to have
// used, of which the caller has seen u.
func (u Usage) atLeast(v Usage) Usage {
	return Usage{max(u.Input, v.Input), max(u.Output, v.Output), max(u.CachedInput, v.CachedInput), max(u.CacheWrite, v.CacheWrite),
		max(u.Reasoning, v.Reasoning), u.Estimated}
}

func free(s CacheState) bool { return s == CacheExact || s == CacheSemantic || s == CacheShared }

// abandoned are the upstream calls that another one replaced while they were under
// way. The last one is the answer's own.
func abandoned(attempts []Attempt) []Attempt {
	var out []Attempt
	ok := false
	for i, a := range attempts {
		ok = ok || a.OK
		if !a.OK && !a.counted && underWay(a.Kind) && (i < len(attempts)-1 || ok) {
			out = append(out, a)
		}
	}
	return out
}

// plus adds costs. Two currencies cannot be added: the sum is unknown.
func (c Cost) plus(d Cost) Cost {
	switch {
	case d.Unknown || c.Unknown || c.Currency != "" && d.Currency != "" && c.Currency != d.Currency:
		c.Unknown = true
		return c
	case c.Currency == "":
		c.Currency = d.Currency
	}
	c.Micros = addCapped(c.Micros, d.Micros)
	return c
}

// addCapped adds what is not negative, up to the greatest int64.
func addCapped(a, b int64) int64 {
	if sum := a + b; sum >= 0 {
		return sum
	}
	return 1<<63 - 1
}
