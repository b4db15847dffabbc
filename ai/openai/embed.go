package openai

import (
	"context"
	"fmt"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// Embedder makes embeddings by the API of that name. It is safe for concurrent
// use.
type Embedder struct {
	endpoint *wire.Endpoint
	encoding string // of vectors
}

// NewEmbedder returns an embedder of the Embeddings API, which compatible servers
// have too. More than 2,048 inputs are several requests. The key may be empty for
// servers that want none.
func NewEmbedder(key string, at ai.Endpoint) (*Embedder, error) {
	e, err := wire.New(at, defaults(key), "embeddings")
	if err != nil {
		return nil, fmt.Errorf("new openai embedder: %w", err)
	}
	m := &Embedder{endpoint: e}
	if at.BaseURL == "" {
		m.encoding = "base64" // shorter, and not every server knows it
	}
	return m, nil
}

// embedBatch is how many inputs the API takes.
const embedBatch = 2048

// Embed implements [ai.Embedder].
func (m *Embedder) Embed(ctx context.Context, req *ai.EmbedRequest) (*ai.Embeddings, error) {
	return wire.Batches(req, embedBatch, func(part *ai.EmbedRequest) (*ai.Embeddings, error) {
		o := wire.NewObject(256, part.Extra)
		o.String("model", part.Model)
		if o.Name("input") {
			o.Buf = wire.AppendStrings(o.Buf, part.Inputs)
		}
		if part.Dimensions > 0 {
			o.Int("dimensions", int64(part.Dimensions))
		}
		if m.encoding != "" {
			o.String("encoding_format", m.encoding)
		}
		if part.User != "" {
			o.String("user", part.User)
		}
		vectors := make([][]float32, len(part.Inputs))
		out, err := m.endpoint.Embed(ctx, part.Model, o.End(), func(out *wire.Embedding, name string, s *jsonscan.Scanner) {
			readEmbedding(out, name, s, vectors)
		})
		if err != nil {
			return nil, err
		}
		out.Vectors = vectors // what is missing is nil
		return out, nil
	})
}

func readEmbedding(out *wire.Embedding, name string, s *jsonscan.Scanner, vectors [][]float32) {
	switch name {
	case "model":
		out.Model = s.Text()
	case "data":
		out.Known = true
		size := 0
		at := int64(0)
		for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
			index := at // some servers leave it out
			var v []float32
			for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
				switch string(s.Key()) {
				case "index":
					index = s.Int()
				case "embedding":
					v = wire.Vector(s, size)
					size = len(v)
				default:
					s.Discard()
				}
			}
			if index < 0 || index >= int64(len(vectors)) {
				clear(vectors) // nobody asked for it
				vectors = nil
				continue
			}
			vectors[index] = v
			at++
		}
	case "usage":
		out.Usage.Input = detail(s, "prompt_tokens")
	default:
		s.Discard()
	}
}

var _ ai.Embedder = (*Embedder)(nil)
