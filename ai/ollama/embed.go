package ollama

import (
	"context"
	"fmt"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// Embedder makes embeddings by the API of that name. It is safe for concurrent
// use.
type Embedder struct{ endpoint *wire.Endpoint }

// NewEmbedder returns an embedder. A text that is too long for the model is an
// error: the server is told not to cut it, unless "truncate" is in
// [ai.EmbedRequest.Extra]. More than 512 inputs are several requests.
func NewEmbedder(key string, at ai.Endpoint) (*Embedder, error) {
	e, err := wire.New(at, defaults(key), "api/embed")
	if err != nil {
		return nil, fmt.Errorf("new ollama embedder: %w", err)
	}
	return &Embedder{e}, nil
}

const embedBatch = 512

// Embed implements [ai.Embedder].
func (m *Embedder) Embed(ctx context.Context, req *ai.EmbedRequest) (*ai.Embeddings, error) {
	return wire.Batches(req, embedBatch, func(part *ai.EmbedRequest) (*ai.Embeddings, error) {
		o := wire.NewObject(256, part.Extra)
		o.String("model", part.Model)
		if o.Name("input") {
			o.Buf = wire.AppendStrings(o.Buf, part.Inputs)
		}
		o.Raw("truncate", "false")
		if part.Dimensions > 0 {
			o.Int("dimensions", int64(part.Dimensions))
		}
		return m.endpoint.Embed(ctx, part.Model, o.End(), readEmbedding)
	})
}

func readEmbedding(out *wire.Embedding, name string, s *jsonscan.Scanner) {
	switch name {
	case "model":
		out.Model = s.Text()
	case "embeddings":
		out.Known = true
		size := 0
		for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
			v := wire.Vector(s, size)
			size = len(v)
			out.Vectors = append(out.Vectors, v)
		}
	case "prompt_eval_count":
		out.Usage.Input = s.Int()
	default:
		s.Discard()
	}
}

var _ ai.Embedder = (*Embedder)(nil)
