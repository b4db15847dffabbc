package ai

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"
)

// Budgeting says what [WithBudgets] holds requests to.
type Budgeting struct {
	// Budgets returns those in force. It is called for each request.
	Budgets func() *Budgets
	// Ledger keeps what is used. Nil: a [LocalLedger].
	Ledger Ledger
	// Prices returns what models cost. Nil: [DefaultPrices].
	Prices func() *Prices
	// Targets returns which models a name can lead to, each as "provider/model".
	// The dearest is reserved for, and the budgets of any of them hold. Nil: the name
	// itself.
	Targets func(name string) []string
	// Output is how many tokens are reserved for an answer that the request does
	// not bound by MaxTokens. Zero: 4,096.
	Output int64
}

const defaultOutput = 4096

// WithBudgets holds requests to budgets: before one is sent, its input (see
// [EstimateInput]) and the most that its answer may have are set aside; afterwards
// what was used takes their place, once, however the answer ended. What would not
// fit is refused with an error of kind [Budget] before anything is sent. A request
// that does not bound its answer may use more than was set aside, and the budget
// then is beyond its cap by that.
//
// Usage is counted as [WithPrices] does it. A ledger that cannot tell refuses with
// an error of kind [Overloaded].
func WithBudgets(b Budgeting) Decorator {
	if b.Ledger == nil {
		b.Ledger = NewLocalLedger()
	}
	if b.Prices == nil {
		b.Prices = DefaultPrices
	}
	if b.Targets == nil {
		b.Targets = func(name string) []string { return []string{name} }
	}
	if b.Output <= 0 {
		b.Output = defaultOutput
	}
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			if req == nil {
				return next.Generate(ctx, req)
			}
			return func(yield func(Event, error) bool) { b.run(ctx, next, req, yield) }
		})
	}
}

func (b *Budgeting) run(ctx context.Context, next Model, req *Request, yield func(Event, error) bool) {
	if ctx.Err() != nil { // what is not sent costs nothing
		yield(Event{}, canceled(ctx))
		return
	}
	var room [8]Hold
	caller := CallerOf(ctx)
	holds := b.Budgets().holds(room[:0], &caller, &aim{req.Model, b.Targets, time.Now()})
	if len(holds) == 0 {
		next.Generate(ctx, req)(yield)
		return
	}
	if err := b.reserve(ctx, holds, req); err != nil {
		yield(Event{}, err)
		return
	}
	ctx = heard(ctx)
	var m meter
	defer func() { b.Ledger.Settle(holds, b.used(ctx, &m, req)) }()
	for e, err := range next.Generate(ctx, req) {
		m.add(&e, err)
		if !yield(e, err) {
			return
		}
	}
}

// reserve sets aside what req may use.
func (b *Budgeting) reserve(ctx context.Context, holds []Hold, req *Request) error {
	most := Usage{Input: EstimateInput(req), Output: outputOf(req, b.Output)}
	var cost Cost
	for i := range holds {
		holds[i].Amount = Amount{Tokens: most.Total()}
		if holds[i].currency == "" {
			continue
		}
		if cost.Currency == "" && !cost.Unknown {
			cost = b.dearest(req.Model, most)
		}
		if cost.Unknown || cost.Currency != holds[i].currency {
			return &Error{Kind: Budget, Model: req.Model, Code: "price_unknown",
				Message: fmt.Sprintf("The budget %q is in %s, and no price of the model in it is known.", holds[i].Budget, holds[i].currency)}
		}
		holds[i].Amount.Micros = cost.Micros
	}
	full, err := b.Ledger.Reserve(ctx, holds)
	switch {
	case err != nil && ctx.Err() != nil:
		return canceled(ctx)
	case err != nil:
		return &Error{Kind: Overloaded, Model: req.Model, Message: "The budgets cannot be looked up.", Err: err}
	case full >= 0:
		trailOf(ctx).note(Note{Router: "budget", Choice: holds[full].Budget, Why: "used up"})
		return usedUp(&holds[full], req)
	}
	return nil
}

func usedUp(h *Hold, req *Request) *Error {
	message := fmt.Sprintf("The budget %q has too little left for this request until %s.", h.Budget, time.Unix(h.Until, 0).UTC().Format("2006-01-02 15:04 MST"))
	if req.MaxTokens == 0 && req.embed == nil {
		message += " One with a small limit of tokens may fit."
	}
	return &Error{Kind: Budget, Model: req.Model, Code: "budget_exceeded", Message: message}
}

// mostTokens is more than any model says, and so little that sums do not overflow.
const mostTokens = 1 << 40

func outputOf(req *Request, standard int64) int64 {
	if req.embed != nil { // which has none
		return 0
	}
	if req.MaxTokens > 0 {
		return min(int64(req.MaxTokens), mostTokens)
	}
	return standard
}

// dearest is what usage costs at most, of the models that a name can lead to.
func (b *Budgeting) dearest(name string, u Usage) Cost {
	p, now := b.Prices(), time.Now()
	out := Cost{Unknown: true}
	for i, target := range b.Targets(name) {
		provider, model, _ := strings.Cut(target, "/")
		c := p.Cost(provider, model, now, u)
		if c.Unknown || i > 0 && c.Currency != out.Currency {
			return Cost{Unknown: true}
		}
		if i == 0 || c.Micros > out.Micros {
			out = c
		}
	}
	return out
}

// used is what an answer used of budgets.
func (b *Budgeting) used(ctx context.Context, m *meter, req *Request) Amount {
	t := trailOf(ctx)
	u := t.used(m.used(req))
	var cost Cost
	var lost int
	t.change(func(r *Record) {
		if free(r.Cache) {
			return
		}
		cost = b.Prices().charged(r.Cache, r.Attempts, m, req, u)
		lost = len(abandoned(r.Attempts))
	})
	if cost.Unknown { // the provider calls the model otherwise than we do
		if c := b.dearest(req.Model, u); !c.Unknown {
			cost = c
		}
	}
	tokens := addCapped(max(0, u.Input), max(0, u.Output))
	if lost > 0 {
		tokens = addCapped(tokens, int64(lost)*EstimateInput(req))
	}
	return Amount{Tokens: tokens, Micros: cost.Micros}
}

// heard lets caches and routers say what became of a request where nobody
// keeps a record of it.
func heard(ctx context.Context) context.Context {
	if trailOf(ctx) != nil {
		return ctx
	}
	return context.WithValue(ctx, trailKey{}, &trail{unobserved: true})
}

// TokenLimiter is what [WithTokenRate] needs: how many tokens a caller may use of
// a model in a while. It is safe for concurrent use.
type TokenLimiter interface {
	// Allow takes tokens, or says after how long it is worth trying again; 0 where
	// waiting does not help.
	Allow(ctx context.Context, c Caller, model string, tokens int64) (ok bool, wait time.Duration, err error)
	// Settle corrects what Allow took by what was used beyond it, which is negative
	// where less was used.
	Settle(ctx context.Context, c Caller, model string, delta int64) error
}

// WithTokenRate holds requests to a rate of tokens: what is set aside before one
// is sent is that of [WithBudgets], with output where the request does not bound
// its answer (zero: 4,096), and it is corrected afterwards. What is over the limit
// is refused with an error of kind [RateLimited]. While the limiter fails nothing
// is refused.
func WithTokenRate(l TokenLimiter, output int64) Decorator {
	if output <= 0 {
		output = defaultOutput
	}
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			if req == nil {
				return next.Generate(ctx, req)
			}
			return func(yield func(Event, error) bool) { holdToRate(ctx, l, output, next, req, yield) }
		})
	}
}

func holdToRate(ctx context.Context, l TokenLimiter, output int64, next Model, req *Request, yield func(Event, error) bool) {
	if ctx.Err() != nil {
		yield(Event{}, canceled(ctx))
		return
	}
	caller, took := CallerOf(ctx), addCapped(EstimateInput(req), outputOf(req, output))
	ok, wait, err := l.Allow(ctx, caller, req.Model, took)
	if err == nil && !ok {
		yield(Event{}, &Error{Kind: RateLimited, Model: req.Model, Code: "tokens", Message: "Too many tokens are asked for at once.", RetryAfter: wait})
		return
	}
	ctx = heard(ctx)
	var m meter
	if err == nil {
		defer func() {
			u := trailOf(ctx).used(m.used(req))
			_ = l.Settle(context.WithoutCancel(ctx), caller, req.Model, addCapped(max(0, u.Input), max(0, u.Output))-took)
		}()
	}
	for e, err := range next.Generate(ctx, req) {
		m.add(&e, err)
		if !yield(e, err) {
			return
		}
	}
}
