package ai_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// telescope keeps the lines of what is told to it: spans when they end, and
// measurements.
type telescope struct {
	mu     sync.Mutex
	lines  []string
	broken string // the instrument that cannot be made
}

func (s *telescope) write(name string, attributes []attribute.KeyValue, end string) {
	set := attribute.NewSet(attributes...)
	var words []string
	for _, kv := range set.ToSlice() {
		if v := kv.Value.String(); !strings.HasSuffix(string(kv.Key), "first_chunk") {
			words = append(words, string(kv.Key)+"="+v)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, strings.TrimSpace(name+" "+strings.Join(words, " ")+" "+end))
}

type tracers struct {
	noop.TracerProvider
	*telescope
}

func (p tracers) Tracer(string, ...trace.TracerOption) trace.Tracer {
	return tracer{telescope: p.telescope}
}

type tracer struct {
	noop.Tracer
	*telescope
}

func (t tracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	c := trace.NewSpanStartConfig(opts...)
	s := &span{telescope: t.telescope, name: fmt.Sprint(c.SpanKind(), " ", name), attributes: c.Attributes()}
	return trace.ContextWithSpan(ctx, s), s
}

type span struct {
	noop.Span
	*telescope
	name       string
	attributes []attribute.KeyValue
	status     codes.Code
}

func (s *span) IsRecording() bool                      { return true }
func (s *span) SetAttributes(kv ...attribute.KeyValue) { s.attributes = append(s.attributes, kv...) }
func (s *span) SetStatus(c codes.Code, _ string)       { s.status = c }
func (s *span) End(...trace.SpanEndOption)             { s.write(s.name, s.attributes, s.status.String()) }

type scopes struct {
	metricnoop.MeterProvider
	*telescope
}

func (p scopes) Meter(string, ...metric.MeterOption) metric.Meter {
	return gauges{telescope: p.telescope}
}

type gauges struct {
	metricnoop.Meter
	*telescope
}

func (m gauges) Float64Histogram(name string, opts ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	c := metric.NewFloat64HistogramConfig(opts...)
	if name == m.broken || len(c.ExplicitBucketBoundaries()) != 14 || c.Unit() != "s" {
		return nil, errors.New("cannot be made")
	}
	return floats{name: name, telescope: m.telescope}, nil
}

func (m gauges) Int64Histogram(name string, opts ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	if c := metric.NewInt64HistogramConfig(opts...); name == m.broken || len(c.ExplicitBucketBoundaries()) != 14 || c.Unit() != "{token}" {
		return nil, errors.New("cannot be made")
	}
	return ints{name: name, telescope: m.telescope}, nil
}

type floats struct {
	metricnoop.Float64Histogram
	*telescope
	name string
}

func (floats) Enabled(context.Context) bool { return true }

func (f floats) Record(_ context.Context, v float64, opts ...metric.RecordOption) {
	set := metric.NewRecordConfig(opts).Attributes()
	f.write(f.name, set.ToSlice(), fmt.Sprint(v >= 0 && v < 60))
}

type ints struct {
	metricnoop.Int64Histogram
	*telescope
	name string
}

func (ints) Enabled(context.Context) bool { return true }

func (i ints) Record(_ context.Context, v int64, opts ...metric.RecordOption) {
	set := metric.NewRecordConfig(opts).Attributes()
	i.write(i.name, set.ToSlice(), fmt.Sprint(v))
}

func TestTelemetry(t *testing.T) {
	t.Parallel()
	const (
		chat     = "client chat m error.type=%s gen_ai.operation.name=chat "
		duration = "gen_ai.client.operation.duration "
		names    = "gen_ai.operation.name=chat gen_ai.provider.name=p gen_ai.request.model=m"
	)
	temperature, seed := 0.5, int64(7)
	for _, tc := range []struct {
		name   string
		model  ai.Model
		change func(*ai.Telemetry, *ai.Request)
		read   int // events before the caller leaves; 0: all
		want   []string
	}{
		{"whole", play(says(nil, "a secret")), nil, 0, []string{
			"client chat m gen_ai.operation.name=chat gen_ai.provider.name=p gen_ai.request.model=m gen_ai.request.stream=true gen_ai.response.finish_reasons=[\"stop\"] gen_ai.response.id=1 gen_ai.response.model=m gen_ai.usage.input_tokens=1 gen_ai.usage.output_tokens=2 Unset",
			duration + names + " gen_ai.response.model=m true",
			"gen_ai.client.operation.time_to_first_chunk " + names + " gen_ai.response.model=m true",
			"gen_ai.client.token.usage " + names + " gen_ai.response.model=m gen_ai.token.type=input 1",
			"gen_ai.client.token.usage " + names + " gen_ai.response.model=m gen_ai.token.type=output 2",
		}},
		{"an error, in one piece", play(func(yield func(ai.Event, error) bool) {
			yield(ai.Event{}, &ai.Error{Kind: ai.Quota, Message: "a secret"})
		}),
			func(_ *ai.Telemetry, r *ai.Request) { r.Whole = true }, 0, []string{
				fmt.Sprintf(chat, "quota") + "gen_ai.provider.name=p gen_ai.request.model=m Error",
				duration + "error.type=quota " + names + " true",
			}},
		{"a model that callers make up", play(func(yield func(ai.Event, error) bool) {
			yield(ai.Event{}, &ai.Error{Kind: ai.NotFound, Provider: "gemini"})
		}),
			func(c *ai.Telemetry, r *ai.Request) { c.Provider, r.Whole = "", true }, 0, []string{
				fmt.Sprintf(chat, "not_found") + "gen_ai.provider.name=gcp.gemini gen_ai.request.model=m Error",
				duration + "error.type=not_found gen_ai.operation.name=chat gen_ai.provider.name=gcp.gemini true",
			}},
		{"left", play(says(nil, "a secret", "b")), nil, 2, []string{
			fmt.Sprintf(chat, "canceled") + "gen_ai.provider.name=p gen_ai.request.model=m gen_ai.request.stream=true gen_ai.response.id=1 gen_ai.response.model=m Error",
			duration + "error.type=canceled " + names + " gen_ai.response.model=m true",
			"gen_ai.client.operation.time_to_first_chunk " + names + " gen_ai.response.model=m true",
		}},
		{"parameters", play(says(nil)), func(c *ai.Telemetry, r *ai.Request) {
			c.Address, c.Meters = "models.test:8443", nil
			r.MaxTokens, r.Temperature, r.TopP, r.Seed, r.Stop, r.Output = 5, &temperature, &temperature, &seed, []string{"x"}, &ai.Schema{Schema: rawJSON("{}")}
		}, 0, []string{
			"client chat m gen_ai.operation.name=chat gen_ai.output.type=json gen_ai.provider.name=p gen_ai.request.max_tokens=5 gen_ai.request.model=m gen_ai.request.seed=7 gen_ai.request.stop_sequences=[\"x\"] gen_ai.request.stream=true gen_ai.request.temperature=0.5 gen_ai.request.top_p=0.5 gen_ai.response.finish_reasons=[\"stop\"] gen_ai.response.id=1 gen_ai.response.model=m gen_ai.usage.input_tokens=1 gen_ai.usage.output_tokens=2 server.address=models.test server.port=8443 Unset",
		}},
		{"with the content", play(says(nil, "Hel", "lo")), func(c *ai.Telemetry, r *ai.Request) {
			c.Meters, c.Content = nil, true
			r.Messages = append([]ai.Message{ai.System("Be kind.")}, r.Messages...)
		}, 0, []string{
			`client chat m gen_ai.input.messages=[{"role":"user","parts":[{"type":"text","content":"Hi"}]}] gen_ai.operation.name=chat gen_ai.output.messages=[{"role":"assistant","parts":[{"type":"text","content":"Hello"}],"finish_reason":"stop"}] gen_ai.provider.name=p gen_ai.request.model=m gen_ai.request.stream=true gen_ai.response.finish_reasons=["stop"] gen_ai.response.id=1 gen_ai.response.model=m gen_ai.system_instructions=[{"type":"text","content":"Be kind."}] gen_ai.usage.input_tokens=1 gen_ai.usage.output_tokens=2 Unset`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			seen, req := &telescope{}, request()
			c := ai.Telemetry{Tracers: tracers{telescope: seen}, Meters: scopes{telescope: seen}, Provider: "p"}
			if tc.change != nil {
				tc.change(&c, req)
			}
			telemetry, err := ai.WithTelemetry(c)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for range aitest.Ordered(t, telemetry(tc.model).Generate(t.Context(), req)) {
				if n++; n == tc.read {
					break
				}
			}
			slices.Sort(seen.lines)
			if got, want := strings.Join(seen.lines, "\n"), strings.Join(tc.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// pi embeds.
type pi struct{}

func (pi) Embed(context.Context, *ai.EmbedRequest) (*ai.Embeddings, error) {
	return &ai.Embeddings{Provider: "p", Model: "e", Vectors: [][]float32{{3, 1, 4}}, Usage: ai.Usage{Input: 3}}, nil
}

func TestTelemetryOfEmbeddings(t *testing.T) {
	t.Parallel()
	seen := &telescope{}
	telemetry, err := ai.WithTelemetry(ai.Telemetry{Tracers: tracers{telescope: seen}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ai.DecorateEmbedder(pi{}, telemetry).Embed(t.Context(), &ai.EmbedRequest{Model: "e", Inputs: []string{"a secret"}})
	const want = `client embeddings e gen_ai.operation.name=embeddings gen_ai.provider.name=p gen_ai.request.model=e gen_ai.response.model=e gen_ai.usage.input_tokens=3 Unset`
	if err != nil || len(seen.lines) != 1 || seen.lines[0] != want {
		t.Errorf("got %q, %v, want %q", seen.lines, err, want)
	}
}

func TestTelemetryThatIsOff(t *testing.T) {
	t.Parallel()
	for _, c := range []ai.Telemetry{{}, {Tracers: noop.NewTracerProvider(), Meters: metricnoop.NewMeterProvider()}} {
		telemetry, err := ai.WithTelemetry(c)
		if err != nil {
			t.Fatal(err)
		}
		model := play(says(nil, "a"))
		if telemetry(model) != ai.Model(model) {
			t.Errorf("%+v: got something around the model, want nothing", c)
		}
	}
	for _, name := range []string{"gen_ai.client.operation.duration", "gen_ai.client.operation.time_to_first_chunk", "gen_ai.client.token.usage"} {
		if _, err := ai.WithTelemetry(ai.Telemetry{Meters: scopes{telescope: &telescope{broken: name}}}); err == nil {
			t.Errorf("%s cannot be made: got no error", name)
		}
	}
}
