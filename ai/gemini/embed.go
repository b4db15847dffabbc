package gemini

import (
	"context"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// Embedder makes embeddings by the API's batchEmbedContents. It is safe for
// concurrent use.
type Embedder struct{ endpoint *wire.Endpoint }

// NewEmbedder returns an embedder of the API's batchEmbedContents. More than 100
// inputs are several requests. [ai.EmbedRequest.Extra] is put beside each input:
// taskType belongs there. The API may not say what was used.
func NewEmbedder(key string, at ai.Endpoint) (*Embedder, error) {
	m, err := New(key, at)
	if err != nil {
		return nil, err
	}
	return &Embedder{m.endpoint}, nil
}

// embedBatch is how many inputs the API takes.
const embedBatch = 100

// Embed implements [ai.Embedder].
func (m *Embedder) Embed(ctx context.Context, req *ai.EmbedRequest) (*ai.Embeddings, error) {
	return wire.Batches(req, embedBatch, func(part *ai.EmbedRequest) (*ai.Embeddings, error) {
		path, ok := modelPath(part.Model)
		if !ok {
			return nil, &ai.Error{Kind: ai.Invalid, Provider: m.endpoint.Provider, Model: part.Model, Message: "this is no name of a model"}
		}
		body := []byte(`{"requests":[`)
		for _, text := range part.Inputs {
			o := wire.NewObject(len(text)+128, part.Extra)
			o.String("model", path)
			if o.Name("content") {
				o.Buf = append(jsonscan.AppendString(append(o.Buf, `{"parts":[{"text":`...), text), "}]}"...)
			}
			if part.Dimensions > 0 {
				o.Int("outputDimensionality", int64(part.Dimensions))
			}
			body = append(wire.Sep(body), o.End()...)
		}
		return m.endpoint.At(path+":batchEmbedContents", "").Embed(ctx, part.Model, append(body, "]}"...), readEmbedding)
	})
}

func readEmbedding(out *wire.Embedding, name string, s *jsonscan.Scanner) {
	switch name {
	case "embeddings":
		out.Known = true
		size := 0
		for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
			var v []float32
			for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
				if string(s.Key()) == "values" {
					v = wire.Vector(s, size)
					size = len(v)
				} else {
					s.Discard()
				}
			}
			out.Vectors = append(out.Vectors, v)
		}
	case "usageMetadata":
		for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
			if string(s.Key()) == "promptTokenCount" {
				out.Usage.Input = s.Int()
			} else {
				s.Discard()
			}
		}
	default:
		s.Discard()
	}
}

var _ ai.Embedder = (*Embedder)(nil)
