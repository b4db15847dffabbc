package ai

import (
	"context"
	"iter"
	"log/slog"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/scrub"
)

// loggedContent bounds what is logged of a request and of an answer, in bytes.
const loggedContent = 8 << 10

// WithContentLog logs what models are asked and answer, at level Debug: the text
// of each message, refusals and calls, without secrets and personal data as
// [Redact] finds them, the first 8 KiB of a request and of an answer; nothing of
// files and images. It is for finding out what goes wrong; without it no content is
// logged. Where the logger does not take Debug it costs nothing.
func WithContentLog(log *slog.Logger) Decorator {
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			if req == nil || !log.Enabled(ctx, slog.LevelDebug) {
				return next.Generate(ctx, req)
			}
			return func(yield func(Event, error) bool) {
				log.DebugContext(ctx, "model is asked", "request", RecordID(ctx), "model", req.Model, "content", loggableRequest(req))
				var said strings.Builder
				defer func() {
					log.DebugContext(ctx, "model answered", "request", RecordID(ctx), "model", req.Model, "content", loggable(said.String()))
				}()
				for e, err := range next.Generate(ctx, req) {
					if e.isContent() && said.Len() < loggedContent+scrub.MaxHeld {
						if e.Kind == EventToolCall {
							said.WriteString("\n" + e.Name + " ")
						}
						said.WriteString(e.Text)
					}
					if !yield(e, err) {
						return
					}
				}
			}
		})
	}
}

// loggable redacts before it cuts, and leaves out what the cut may have made half of.
func loggable(text string) string {
	s := scrub.Stream{Set: scrub.Secrets | scrub.Personal | scrub.IPs}
	const most = loggedContent + scrub.MaxHeld
	if len(text) <= most {
		text = s.Text(text)
	} else {
		text = s.Write(text[:most])
	}
	if len(text) > loggedContent {
		text = text[:loggedContent] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

func loggableRequest(req *Request) string {
	var b strings.Builder
	for i := range req.Messages {
		b.WriteString(string(req.Messages[i].Role) + ": ")
		for _, p := range req.Messages[i].Parts {
			if b.Len() > loggedContent+scrub.MaxHeld {
				break
			}
			switch p := p.(type) {
			case Text:
				b.WriteString(string(p))
			case Reasoning:
				b.WriteString(p.Text)
			case Refusal:
				b.WriteString(string(p))
			case ToolCall:
				b.WriteString(p.Name + " " + string(p.Arguments))
			case ToolResult:
				b.WriteString(p.Content)
			}
			b.WriteByte('\n')
		}
	}
	return loggable(b.String())
}
