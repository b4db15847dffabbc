package ratelimit

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// scope names the source of the metrics.
const scope = "github.com/modular-dashboard/dashboard/ratelimit"

// Attributes of metrics and spans. None ever holds a key.
const (
	policyAttribute  = attribute.Key("dashboard.ratelimit.policy")
	sourceAttribute  = attribute.Key("dashboard.ratelimit.source")
	outcomeAttribute = attribute.Key("dashboard.ratelimit.outcome")
	shadowAttribute  = attribute.Key("dashboard.ratelimit.shadow")
)

// outcome is what became of a charge.
type outcome uint8

const (
	outcomeAllowed   outcome = iota
	outcomeRefused           // the bucket does not hold enough now
	outcomeTooLarge          // nor will it ever
	outcomeUncharged         // another policy refused
	outcomes         = 4
)

func (o outcome) String() string {
	return [...]string{"allowed", "refused", "too_large", "uncharged"}[o]
}

// sources is more than the largest [Source].
const sources = int(Unreachable) + 1

// series are the metrics of one policy: attributes are made once.
type series struct {
	policy string
	alone  atomic.Pointer[[]metric.AddOption] // the policy and nothing else
	counts [sources][outcomes]atomic.Pointer[[]metric.AddOption]
}

// options returns the attributes of decisions, as Add takes them.
func (s *series) options(source Source, o outcome) []metric.AddOption {
	if int(source) >= sources {
		source = 0
	}
	at := &s.counts[source][o]
	if made := at.Load(); made != nil {
		return *made
	}
	made := []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
		policyAttribute.String(s.policy), sourceAttribute.String(source.String()), outcomeAttribute.String(o.String())))}
	at.Store(&made)
	return made
}

// name returns the one attribute of what is not a decision, as Add takes it.
func (s *series) name() []metric.AddOption {
	if made := s.alone.Load(); made != nil {
		return *made
	}
	made := []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(policyAttribute.String(s.policy)))}
	s.alone.Store(&made)
	return made
}

// meters are the instruments; the zero value counts nothing.
type meters struct {
	decisions metric.Int64Counter
	active    metric.Int64UpDownCounter
	waiting   metric.Int64UpDownCounter
}

func newMeters(provider metric.MeterProvider) (m meters, err error) {
	if provider == nil {
		return m, nil
	}
	meter := provider.Meter(scope)
	if m.decisions, err = meter.Int64Counter("dashboard.ratelimit.decisions", metric.WithUnit("{decision}"),
		metric.WithDescription("Decisions of rate limits, by policy, source and outcome.")); err != nil {
		return m, fmt.Errorf("make instruments: %w", err)
	}
	if m.active, err = meter.Int64UpDownCounter("dashboard.ratelimit.active", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that hold a slot of a concurrency limit.")); err != nil {
		return m, fmt.Errorf("make instruments: %w", err)
	}
	if m.waiting, err = meter.Int64UpDownCounter("dashboard.ratelimit.waiting", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that wait for a slot of a concurrency limit.")); err != nil {
		return m, fmt.Errorf("make instruments: %w", err)
	}
	return m, nil
}

func (m *meters) count(ctx context.Context, s *series, source Source, o outcome) {
	if m.decisions != nil {
		m.decisions.Add(ctx, 1, s.options(source, o)...)
	}
}

// holds counts slots that are taken, or given back.
func (m *meters) holds(ctx context.Context, s *series, n int64) {
	if m.active != nil {
		m.active.Add(ctx, n, s.name()...)
	}
}

// waits counts requests that begin to wait for a slot, or stop.
func (m *meters) waits(ctx context.Context, s *series, n int64) {
	if m.waiting != nil {
		m.waiting.Add(ctx, n, s.name()...)
	}
}

// annotate puts the verdict onto the span of the request: of the whole, the
// policies that refused, and those in shadow mode that would have.
func annotate(span trace.Span, o outcome, refusing, shadows []string) {
	if !span.IsRecording() {
		return
	}
	attributes := []attribute.KeyValue{outcomeAttribute.String(o.String())}
	if len(refusing) > 0 {
		attributes = append(attributes, policyAttribute.StringSlice(refusing))
	}
	if len(shadows) > 0 {
		attributes = append(attributes, shadowAttribute.StringSlice(shadows))
	}
	span.SetAttributes(attributes...)
}
