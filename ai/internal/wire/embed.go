package wire

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
)

// Batches asks for the vectors of a request for at most n inputs at a time.
func Batches(req *ai.EmbedRequest, n int, ask func(*ai.EmbedRequest) (*ai.Embeddings, error)) (*ai.Embeddings, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	var all *ai.Embeddings
	for inputs := range slices.Chunk(req.Inputs, n) {
		part := *req
		part.Inputs = inputs
		out, err := ask(&part)
		if err == nil {
			err = part.Check(out)
		}
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = out
			continue
		}
		all.Vectors = append(all.Vectors, out.Vectors...)
		all.Usage = all.Usage.Add(out.Usage)
	}
	return all, req.Check(all)
}

// An Embedding is the answer to one request for vectors.
type Embedding struct {
	ai.Embeddings
	Known bool // it is of the format
	Fault *ai.Error
}

// Embed sends a request for vectors. read is told each member of the answer but
// "error".
func (e *Endpoint) Embed(ctx context.Context, model string, body []byte, read func(out *Embedding, name string, s *jsonscan.Scanner)) (*ai.Embeddings, error) {
	call, err := e.Post(ctx, model, body, "application/json")
	if err != nil {
		return nil, err
	}
	out := Embedding{Embeddings: ai.Embeddings{Provider: e.Provider, Model: model}}
	if err := call.Whole(func(b []byte) error { return out.read(call, b, read) }); err != nil {
		call.abandon()
		return nil, err
	}
	call.Close()
	return &out.Embeddings, nil
}

var errNoVectors = errors.New("the answer is not of the format of embeddings")

func (out *Embedding) read(call *Call, body []byte, read func(*Embedding, string, *jsonscan.Scanner)) error {
	if body[0] != '{' {
		return call.Malformed(errNoVectors)
	}
	s := jsonscan.Of(body)
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		name := string(s.Key())
		if name != "error" {
			read(out, name, &s)
			continue
		}
		var f Fault
		if f.Read(&s) {
			out.Fault = call.Fault(f)
		}
	}
	switch err := s.End(); {
	case out.Fault != nil:
		return out.Fault
	case err != nil && s.Cut():
		return call.Cut()
	case err != nil:
		return call.Malformed(err)
	case !out.Known:
		return call.Malformed(errNoVectors)
	}
	return nil
}

// Vector reads a list of numbers, or their bytes in base64: float32, little
// endian. size is how many there may be.
func Vector(s *jsonscan.Scanner, size int) []float32 {
	if s.Peek() == '"' {
		b, err := base64.StdEncoding.DecodeString(s.String())
		if err != nil || len(b)%4 != 0 {
			return nil // which is found to be too short
		}
		v := make([]float32, len(b)/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		return v
	}
	v := make([]float32, 0, size)
	for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
		v = append(v, float32(s.Float()))
	}
	return v
}
