package dashboard_test

import (
	"context"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/modular-dashboard/dashboard"
)

// chats counts spans of requests to models.
type chats struct {
	noop.TracerProvider
	n atomic.Int64
}

func (c *chats) Tracer(string, ...trace.TracerOption) trace.Tracer { return chatTracer{chats: c} }

type chatTracer struct {
	noop.Tracer
	chats *chats
}

func (t chatTracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	if name == "chat smart" {
		t.chats.n.Add(1)
	}
	return t.Tracer.Start(ctx, name, opts...)
}

// A dashboard that has a tracer provider makes spans of what models are asked.
func TestModelsAreTraced(t *testing.T) {
	t.Parallel()
	spans := &chats{}
	_, s, key := modelServer(t, dashboard.WithTracerProvider(spans))
	if _, err := askModel(t, s, key, false); err != nil || spans.n.Load() != 1 {
		t.Errorf("got %v and %d spans, want one", err, spans.n.Load())
	}
}
