package ai_test

import (
	"context"
	"testing"
	"time"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/modular-dashboard/dashboard/ai"
)

// pieces is a model that says a piece some times, without allocating.
func pieces(n int) ai.Model {
	start, usage := ai.Start{Model: "m"}, ai.Usage{Input: 1, Output: 1}
	return ai.ModelFunc(func(context.Context, *ai.Request) seq {
		return func(yield func(ai.Event, error) bool) {
			if !yield(ai.Event{Kind: ai.EventStart, Start: &start}, nil) {
				return
			}
			for range n {
				if !yield(ai.Event{Kind: ai.EventText, Text: "x"}, nil) {
					return
				}
			}
			_ = yield(ai.Event{Kind: ai.EventUsage, Usage: &usage}, nil) && yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
		}
	})
}

// routing returns a decorator that makes the model the first of two routes.
func routing(tb testing.TB, choose func(...ai.Route) (ai.Model, error)) ai.Decorator {
	tb.Helper()
	return func(m ai.Model) ai.Model {
		model, err := choose(ai.Route{Model: m}, ai.Route{Model: m})
		if err != nil {
			tb.Fatal(err)
		}
		return model
	}
}

// decorators are what can be around a model, each alone.
func decorators(tb testing.TB) map[string]ai.Decorator {
	tb.Helper()
	telemetry := func(c ai.Telemetry) ai.Decorator {
		d, err := ai.WithTelemetry(c)
		if err != nil {
			tb.Fatal(err)
		}
		return d
	}
	seen := &telescope{}
	return map[string]ai.Decorator{
		"retry":    ai.WithRetry(ai.Retry{}),
		"timeouts": ai.WithTimeouts(ai.Timeouts{First: time.Minute, Between: time.Minute}),
		"breaker":  ai.WithBreaker(ai.Breaker{}),
		"health":   ai.NewHealth(ai.Breaker{}).Watch("p", "k"),
		"keys": func(m ai.Model) ai.Model {
			model, err := ai.NewHealth(ai.Breaker{}).Keys("p", ai.Key{Name: "1", Model: m}, ai.Key{Name: "2", Model: m})
			if err != nil {
				tb.Fatal(err)
			}
			return model
		},
		"fallback":           routing(tb, ai.Fallback),
		"balance by weight":  routing(tb, func(r ...ai.Route) (ai.Model, error) { return ai.Balance(ai.ByWeight, r...) }),
		"balance by latency": routing(tb, func(r ...ai.Route) (ai.Model, error) { return ai.Balance(ai.ByLatency, r...) }),
		"hedge":              routing(tb, func(r ...ai.Route) (ai.Model, error) { return ai.Hedge(ai.Hedging{After: time.Minute}, r...) }),
		"hedge that won":     func(m ai.Model) ai.Model { return hedgedBy(tb, m) },
		"continue":           routing(tb, ai.Continue),
		"record":             ai.WithRecord(nil, func(context.Context, *ai.Record) {}),
		"no-op telemetry":    telemetry(ai.Telemetry{Tracers: noop.NewTracerProvider(), Meters: metricnoop.NewMeterProvider()}),
		"telemetry":          telemetry(ai.Telemetry{Tracers: tracers{telescope: seen}, Meters: scopes{telescope: seen}}),
	}
}

// hedgedBy is a model that answers as the hedge of one that never does.
func hedgedBy(tb testing.TB, m ai.Model) ai.Model {
	tb.Helper()
	never := ai.ModelFunc(func(ctx context.Context, _ *ai.Request) seq {
		return func(yield func(ai.Event, error) bool) {
			<-ctx.Done()
			yield(ai.Event{}, &ai.Error{Kind: ai.Canceled, Err: ctx.Err()})
		}
	})
	model, err := ai.Hedge(ai.Hedging{After: time.Microsecond, Share: 1}, ai.Route{Model: never}, ai.Route{Model: m})
	if err != nil {
		tb.Fatal(err)
	}
	return model
}

// read returns how many pieces there were.
func read(tb testing.TB, m ai.Model, req *ai.Request) (n int) {
	tb.Helper()
	for e, err := range m.Generate(tb.Context(), req) {
		if err != nil {
			tb.Fatal(err)
		}
		if e.Kind == ai.EventText {
			n++
		}
	}
	return n
}

// No decorator allocates for a piece: a longer answer costs as much as a short one,
// but for the text that Continue keeps.
func TestDecoratorsAllocateNothingForAPiece(t *testing.T) {
	const short, long = 100, 5100
	req := request()
	for name, decorate := range decorators(t) {
		cost := func(n int) float64 {
			model := decorate(pieces(n))
			return testing.AllocsPerRun(10, func() {
				if got := read(t, model, req); got != n {
					t.Errorf("%s: got %d pieces, want %d", name, got, n)
				}
			})
		}
		if few, many := cost(short), cost(long); (many-few)/(long-short) > 0.005 {
			t.Errorf("%s: got %.0f allocations of %d pieces and %.0f of %d, want no more", name, few, short, many, long)
		}
	}
}

// BenchmarkDecorators takes the time of a piece through each; "none" is what there
// is without.
func BenchmarkDecorators(b *testing.B) {
	all := decorators(b)
	all["none"] = func(m ai.Model) ai.Model { return m }
	const length = 1000
	for name, decorate := range all {
		b.Run("a piece/"+name, func(b *testing.B) {
			model, req := decorate(pieces(length)), request()
			b.ReportAllocs()
			for n := 0; n < b.N; n += length {
				read(b, model, req)
			}
		})
		b.Run("a call/"+name, func(b *testing.B) {
			model, req := decorate(pieces(1)), request()
			b.ReportAllocs()
			for range b.N {
				read(b, model, req)
			}
		})
	}
}
