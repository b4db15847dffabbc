package ratelimit

import (
	"context"
	"hash/maphash"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// plan is the working place of one request, used again by others.
type plan struct {
	n         int
	rules     uint // those that apply, as bits
	hopeless  bool // a cost is more than its bucket ever holds
	limits    [maxRules]*limit
	charges   [maxRules]Charge
	local     *Local           // the store, where it is one, which is asked directly
	demands   [maxRules]demand // the charges, for it
	decisions [maxRules]Decision
	item      []byte
	text      strings.Builder // of fields, also of earlier requests
	lines     []string        // not used yet, one for each field that is written
}

func (p *plan) add(rule int, l *limit, key string, cost int64) {
	charge, d := &p.charges[p.n], &p.decisions[p.n]
	if p.limits[p.n] != l {
		p.limits[p.n], charge.Policy = l, l.policy
		if p.local != nil {
			p.demands[p.n].rule = newRule(&l.policy, p.local.seed)
		}
	}
	charge.Key, charge.Cost = key, cost
	d.TooLarge = false // what an earlier request was told
	if cost > l.policy.Depth() {
		charge.Cost = min(cost, MaxLimit)
		if !l.policy.Shadow {
			p.hopeless = true
			*d = Decision{Policy: l.policy.Label(), Limit: l.policy.Depth(), TooLarge: true, Source: Exact}
		}
	}
	p.rules |= 1 << rule
	p.n++
}

// take asks the store.
func (p *plan) take(ctx context.Context, store Store) (allowed bool, err error) {
	if p.local == nil {
		return store.Take(ctx, p.charges[:p.n], p.decisions[:p.n])
	}
	for i := range p.n {
		p.demands[i].key, p.demands[i].cost = maphash.String(p.local.seed, p.charges[i].Key), p.charges[i].Cost
	}
	if p.n > 1 {
		return p.local.several(p.demands[:p.n], p.decisions[:p.n]), nil
	}
	only, d := &p.demands[0], &p.decisions[0]
	p.local.one(&only.rule, only.key, only.cost, d)
	return d.Allowed || only.rule.shadow, nil
}

// reset forgets whose request it was.
func (p *plan) reset() {
	for i := range p.n {
		p.charges[i].Key = ""
	}
	p.n, p.rules, p.hopeless = 0, 0, false
}

// keep returns item as a string. Strings share memory: one allocation for many
// requests.
func (p *plan) keep(item []byte) string {
	const block = 2048
	if p.text.Cap()-p.text.Len() < len(item) {
		p.text = strings.Builder{}
		p.text.Grow(max(block, len(item)))
	}
	start := p.text.Len()
	p.text.Write(item)
	return p.text.String()[start:]
}

// line returns the lines of a field that has one. They are the caller's.
func (p *plan) line(text string) []string {
	const block = 64
	if len(p.lines) == 0 {
		p.lines = make([]string, block)
	}
	line := p.lines[:1:1]
	p.lines = p.lines[1:]
	line[0] = text
	return line
}

// refuses tells whether the policy of a decision is why a request is refused.
func (p *plan) refuses(i int) bool {
	d := &p.decisions[i]
	return !d.Allowed && !p.limits[i].policy.Shadow && (d.TooLarge || !p.hopeless)
}

// outcome is what became of one charge of a request that passed or did not.
func (p *plan) outcome(i int, passed bool) outcome {
	switch d := &p.decisions[i]; {
	case d.TooLarge:
		return outcomeTooLarge
	case !d.Allowed:
		return outcomeRefused
	case !passed:
		return outcomeUncharged
	}
	return outcomeAllowed
}

// observe counts the decisions and notes the verdict on the span of the request.
func (m *Middleware) observe(ctx context.Context, p *plan, passed bool) {
	span := trace.SpanFromContext(ctx)
	if m.meters.decisions == nil && !span.IsRecording() {
		return
	}
	whole := outcomeAllowed
	var refusing, shadows []string
	for i := range p.n {
		d, o := &p.decisions[i], p.outcome(i, passed)
		if p.hopeless && !d.TooLarge {
			continue // was not asked
		}
		source := d.Source
		switch {
		case p.refuses(i):
			whole = max(whole, o)
			refusing = append(refusing, d.Policy)
		case !d.Allowed:
			source = Shadow
			shadows = append(shadows, d.Policy)
		}
		m.meters.count(ctx, p.limits[i].series, source, o)
	}
	annotate(span, whole, refusing, shadows)
}

// failed decides what the store could not.
func (m *Middleware) failed(ctx context.Context, p *plan, err error) (passed bool) {
	passed = !m.failClosed && ctx.Err() == nil || !slices.ContainsFunc(p.limits[:p.n], (*limit).enforced)
	for i := range p.n {
		l := p.limits[i]
		p.decisions[i] = Decision{Policy: l.policy.Label(), Limit: l.policy.Depth(), Allowed: passed || l.policy.Shadow, Source: Unreachable}
	}
	const pause = 10 * time.Second
	now, next := time.Now().UnixNano(), m.nextLog.Load()
	if ctx.Err() == nil && now >= next && m.nextLog.CompareAndSwap(next, now+int64(pause)) {
		m.log.LogAttrs(ctx, slog.LevelError, "rate limits cannot be decided", slog.Any("error", err), slog.Bool("requests_pass", passed))
	}
	return passed
}

// addFields adds what clients may know: nothing of shadow policies, and of a
// bucket only what is known. In a refusal only those that refuse say when.
func (m *Middleware) addFields(p *plan, h http.Header, passed bool) {
	if line := m.policyLine(p); line != nil {
		addField(h, policyField, line)
	}
	p.item = p.item[:0]
	for i := range p.n {
		d, l := &p.decisions[i], p.limits[i]
		if l.policy.Shadow || d.Source == Unreachable || p.hopeless {
			continue
		}
		reset := d.Reset
		if !passed {
			reset = -1
			if p.refuses(i) && !d.TooLarge {
				reset = d.RetryAfter
			}
		}
		if len(p.item) > 0 {
			p.item = append(p.item, ", "...)
		}
		p.item = l.appendState(p.item, d.Remaining, reset)
	}
	if len(p.item) > 0 {
		addField(h, stateField, p.line(p.keep(p.item)))
	}
}

// policyFields are the lines of RateLimit-Policy for some limits.
type policyFields struct {
	limits []*limit
	line   []string
}

// policyLine is the line of RateLimit-Policy, most often the one of the last
// request that the same rules applied to, or nil. Many requests share it.
func (m *Middleware) policyLine(p *plan) []string {
	if p.n == 1 {
		return p.limits[0].line
	}
	last := m.headers[p.rules].Load()
	if last != nil && slices.Equal(last.limits, p.limits[:p.n]) {
		return last.line
	}
	made := &policyFields{limits: slices.Clone(p.limits[:p.n])}
	var items []string
	for _, l := range made.limits {
		items = append(items, l.line...)
	}
	if len(items) > 0 {
		made.line = []string{strings.Join(items, ", ")}
	}
	m.headers[p.rules].Store(made)
	return made.line
}

// refusal is why the request is refused.
func (p *plan) refusal() Refusal {
	reason, wait := Unavailable, time.Duration(0)
	var violated []string
	for i := range p.n {
		d := &p.decisions[i]
		if !p.refuses(i) {
			continue
		}
		violated = append(violated, d.Policy)
		wait = max(wait, d.RetryAfter)
		switch {
		case d.TooLarge:
			reason = TooCostly
		case reason != TooCostly && d.Source != Unreachable:
			reason = OverLimit
		}
	}
	return newRefusal(reason, slices.Clip(violated), wait)
}
