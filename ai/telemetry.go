package ai

import (
	"context"
	"fmt"
	"iter"
	"net"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Telemetry says where spans and metrics of requests to models go. The zero value
// makes none.
type Telemetry struct {
	Tracers trace.TracerProvider // nil: no spans
	Meters  metric.MeterProvider // nil: no metrics
	// Provider is who is asked, such as "openai". Empty: who answers says so, and
	// of errors the error.
	Provider string
	// Address is where, as host or host:port. Empty: it is left out.
	Address string
	// Content puts the messages of requests and answers into spans, where they are
	// seen by whoever sees spans. Each text is cut after 8 KiB; pictures and files
	// are left out.
	Content bool
}

// WithTelemetry makes a span "chat {model}" of each request, and measures it, by
// OpenTelemetry's semantic conventions for generative AI, version 1.41.1 (see
// [SemanticConventions]). Put it around an adapter to see each call of a provider,
// or around everything to see each request, not both. Errors are told by
// [ErrorKind], as error.type; one that the caller left early is "canceled".
// Nothing of the content is in it unless [Telemetry.Content] says so. An
// instrument that cannot be made is an error.
func WithTelemetry(t Telemetry) (Decorator, error) {
	o := &observer{content: t.Content, provider: providerName(t.Provider)}
	if _, off := t.Tracers.(noop.TracerProvider); t.Tracers != nil && !off {
		o.tracer = t.Tracers.Tracer(scope, trace.WithSchemaURL(schemaURL))
	}
	if _, off := t.Meters.(metricnoop.MeterProvider); t.Meters != nil && !off {
		if err := o.instruments(t.Meters.Meter(scope, metric.WithSchemaURL(schemaURL))); err != nil {
			return nil, fmt.Errorf("make instruments: %w", err)
		}
	}
	o.server = serverOf(t.Address)
	if o.tracer == nil && o.duration == nil {
		return func(next Model) Model { return next }, nil
	}
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			if req == nil {
				return next.Generate(ctx, req)
			}
			return func(yield func(Event, error) bool) { o.run(ctx, next, req, yield) }
		})
	}, nil
}

func serverOf(address string) []attribute.KeyValue {
	if address == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return []attribute.KeyValue{attribute.String(attrServerAddress, address)}
	}
	server := []attribute.KeyValue{attribute.String(attrServerAddress, host)}
	if n, err := strconv.Atoi(port); err == nil {
		server = append(server, attribute.Int(attrServerPort, n))
	}
	return server
}

// providerName is what the conventions call a provider.
func providerName(name string) string {
	if name == "gemini" {
		return "gcp.gemini"
	}
	return name
}

// observer makes spans and measurements.
type observer struct {
	tracer   trace.Tracer // nil: none
	content  bool
	provider string
	server   []attribute.KeyValue

	duration, first metric.Float64Histogram // nil: none
	tokens          metric.Int64Histogram
}

func (o *observer) instruments(m metric.Meter) (err error) {
	seconds := metric.WithExplicitBucketBoundaries(0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
	o.duration, err = m.Float64Histogram(metricDuration, metric.WithUnit("s"), metric.WithDescription("GenAI operation duration."), seconds)
	if err != nil {
		return err
	}
	o.first, err = m.Float64Histogram(metricFirstChunk, metric.WithUnit("s"), metric.WithDescription("Time to the first chunk of a streamed answer."), seconds)
	if err != nil {
		return err
	}
	o.tokens, err = m.Int64Histogram(metricTokens, metric.WithUnit("{token}"), metric.WithDescription("Number of input and output tokens used."),
		metric.WithExplicitBucketBoundaries(1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864))
	return err
}

// observed is what was seen of one request.
type observed struct {
	begun    time.Time
	first    time.Duration // until the first event; 0: none came
	provider string
	start    *Start
	usage    *Usage
	reason   Reason
	err      *Error
	text     *collector // of the content, where it is wanted
}

func (o *observer) run(ctx context.Context, next Model, req *Request, yield func(Event, error) bool) {
	s := observed{begun: time.Now(), provider: o.provider, err: &Error{Kind: Canceled, Message: "the caller left"}}
	var span trace.Span
	if o.tracer != nil {
		ctx, span = o.tracer.Start(ctx, operation(req)+" "+req.Model, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(o.asked(req)...))
		if o.content && span.IsRecording() {
			s.text = new(collector)
		}
	}
	defer func() {
		o.measure(ctx, req, &s)
		if span != nil {
			o.end(span, req, &s)
		}
	}()
	for e, err := range next.Generate(ctx, req) {
		if s.first == 0 && err == nil {
			s.first = max(1, time.Since(s.begun))
		}
		switch {
		case err != nil:
			s.err = typed(err)
		case e.Kind == EventStart:
			s.start = e.Start
		case e.Kind == EventUsage:
			s.usage = e.Usage
		case e.Kind == EventEnd:
			s.reason, s.err = e.Reason, nil
		}
		if s.text != nil && err == nil {
			s.text.add(&e)
		}
		if !yield(e, err) {
			return
		}
	}
}

func operation(req *Request) string {
	if req.embed != nil {
		return "embeddings"
	}
	return "chat"
}

// asked are the attributes that are known before anything is sent: samplers see
// them.
func (o *observer) asked(req *Request) []attribute.KeyValue {
	a := make([]attribute.KeyValue, 0, 12)
	a = append(a, attribute.String(attrOperation, operation(req)), attribute.String(attrRequestModel, req.Model))
	if o.provider != "" {
		a = append(a, attribute.String(attrProvider, o.provider))
	}
	a = append(a, o.server...)
	if !req.Whole {
		a = append(a, attribute.Bool(attrStream, true))
	}
	if req.MaxTokens > 0 {
		a = append(a, attribute.Int(attrMaxTokens, req.MaxTokens))
	}
	if req.Temperature != nil {
		a = append(a, attribute.Float64(attrTemperature, *req.Temperature))
	}
	if req.TopP != nil {
		a = append(a, attribute.Float64(attrTopP, *req.TopP))
	}
	if req.Seed != nil {
		a = append(a, attribute.Int64(attrSeed, *req.Seed))
	}
	if len(req.Stop) > 0 {
		a = append(a, attribute.StringSlice(attrStop, req.Stop))
	}
	if req.Output != nil {
		a = append(a, attribute.String(attrOutputType, "json"))
	}
	return a
}

// end writes down what became of the request.
func (o *observer) end(span trace.Span, req *Request, s *observed) {
	defer span.End()
	if !span.IsRecording() {
		return
	}
	a := make([]attribute.KeyValue, 0, 12)
	a = appendString(a, attrProvider, o.answering(s))
	if s.start != nil {
		a = appendString(appendString(a, attrResponseID, s.start.ID), attrResponseModel, s.start.Model)
	}
	if u := s.usage; u != nil {
		a = append(a, attribute.Int64(attrInput, u.Input))
		if req.embed == nil {
			a = append(a, attribute.Int64(attrOutput, u.Output))
		}
		a = appendCount(appendCount(appendCount(a, attrCacheRead, u.CachedInput), attrCacheWrite, u.CacheWrite), attrReasoning, u.Reasoning)
	}
	if s.first > 0 && !req.Whole {
		a = append(a, attribute.Float64(attrFirstChunk, s.first.Seconds()))
	}
	if s.err != nil {
		a = append(a, attribute.String(attrErrorType, s.err.Kind.String()))
		span.SetStatus(codes.Error, s.err.Kind.String()) // the message may hold what was asked
	} else if req.embed == nil {
		a = append(a, attribute.StringSlice(attrFinish, []string{s.reason.String()}))
	}
	if s.text != nil {
		a = append(a, content(req, s)...)
	}
	span.SetAttributes(a...)
}

func appendString(a []attribute.KeyValue, key, value string) []attribute.KeyValue {
	if value == "" {
		return a
	}
	return append(a, attribute.String(key, value))
}

func appendCount(a []attribute.KeyValue, key string, n int64) []attribute.KeyValue {
	if n == 0 {
		return a
	}
	return append(a, attribute.Int64(key, n))
}

// answering is who answered, or failed to.
func (o *observer) answering(s *observed) string {
	switch {
	case o.provider != "":
		return o.provider
	case s.start != nil && s.start.Provider != "":
		return providerName(s.start.Provider)
	case s.err != nil:
		return providerName(s.err.Provider)
	}
	return ""
}

func (o *observer) measure(ctx context.Context, req *Request, s *observed) {
	if o.duration == nil || !o.duration.Enabled(ctx) && !o.tokens.Enabled(ctx) && !o.first.Enabled(ctx) {
		return
	}
	a := make([]attribute.KeyValue, 0, 8)
	a = appendString(append(a, attribute.String(attrOperation, operation(req))), attrProvider, o.answering(s))
	if s.start != nil || s.err == nil || s.err.Kind != NotFound {
		a = append(a, attribute.String(attrRequestModel, req.Model)) // not what callers make up: series would have no end
	}
	if s.start != nil {
		a = appendString(a, attrResponseModel, s.start.Model)
	}
	a = append(a, o.server...)
	if u := s.usage; u != nil && !u.Estimated {
		o.count(ctx, a, "input", u.Input)
		if req.embed == nil {
			o.count(ctx, a, "output", u.Output)
		}
	}
	if s.first > 0 && !req.Whole {
		o.first.Record(ctx, s.first.Seconds(), metric.WithAttributes(a...))
	}
	if s.err != nil {
		a = append(a, attribute.String(attrErrorType, s.err.Kind.String()))
	}
	o.duration.Record(ctx, time.Since(s.begun).Seconds(), metric.WithAttributes(a...))
}

func (o *observer) count(ctx context.Context, a []attribute.KeyValue, kind string, n int64) {
	o.tokens.Record(ctx, n, metric.WithAttributes(append(slices.Clip(a), attribute.String(attrTokenType, kind))...))
}
