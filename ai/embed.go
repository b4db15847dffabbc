package ai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// An Embedder turns texts into vectors whose directions are close where the texts
// mean something similar. It is safe for concurrent use.
type Embedder interface {
	// Embed returns one vector for each input, in their order, or an [*Error]. It
	// must not change the request.
	Embed(ctx context.Context, req *EmbedRequest) (*Embeddings, error)
}

// An EmbedderFunc is a function that is an [Embedder].
type EmbedderFunc func(ctx context.Context, req *EmbedRequest) (*Embeddings, error)

// Embed implements [Embedder].
func (f EmbedderFunc) Embed(ctx context.Context, req *EmbedRequest) (*Embeddings, error) {
	return f(ctx, req)
}

// An EmbedRequest asks for the vectors of texts.
type EmbedRequest struct {
	Model  string   // the provider's name of the model
	Inputs []string // 1 to 8,192 texts, none of them empty
	// Dimensions is how long the vectors are, for models that can shorten them.
	// Zero: as long as the model makes them.
	Dimensions int
	// User is an opaque id of the person on whose behalf it is asked.
	User string
	// Extra are fields of the provider's own, put into the request as they are.
	Extra map[string]json.RawMessage
}

// Embeddings are the vectors of the inputs of an [EmbedRequest].
type Embeddings struct {
	Provider string
	Model    string // that answered
	Vectors  [][]float32
	Usage    Usage // Input only
}

const (
	maxInputs     = 8192
	maxDimensions = 1 << 16
)

// Validate reports what no provider would take: an [*Error] of kind [Invalid].
// Adapters call it before they send anything.
func (r *EmbedRequest) Validate() error {
	bad := func(format string, args ...any) error {
		e := &Error{Kind: Invalid, Message: fmt.Sprintf(format, args...)}
		if r != nil {
			e.Model = r.Model
		}
		return e
	}
	switch {
	case r == nil:
		return bad("the request is nil")
	case r.Model == "":
		return bad("the request names no model")
	case len(r.Inputs) == 0 || len(r.Inputs) > maxInputs:
		return bad("there are %d inputs, not 1 to %d", len(r.Inputs), maxInputs)
	case r.Dimensions < 0 || r.Dimensions > maxDimensions:
		return bad("%d dimensions are not 0 to %d", r.Dimensions, maxDimensions)
	}
	for i, s := range r.Inputs {
		if s == "" {
			return bad("input %d is empty", i)
		}
	}
	for name, v := range r.Extra {
		if !json.Valid(v) {
			return bad("the extra field %q is not JSON", name)
		}
	}
	return nil
}

// Check reports what is wrong with an answer to the request: vectors that are
// missing, empty or not of one length, or of another length than asked for. An
// adapter calls it last.
func (r *EmbedRequest) Check(e *Embeddings) error {
	bad := func(kind ErrorKind, message string) error {
		return &Error{Kind: kind, Provider: e.Provider, Model: r.Model, Message: message}
	}
	if len(e.Vectors) != len(r.Inputs) {
		return bad(Malformed, fmt.Sprintf("%d vectors came for %d inputs", len(e.Vectors), len(r.Inputs)))
	}
	for _, v := range e.Vectors {
		switch {
		case !finite(v):
			return bad(Malformed, "a vector has components that are no numbers")
		case len(v) == 0 || len(v) != len(e.Vectors[0]):
			return bad(Malformed, "the vectors are empty or not of one length")
		case r.Dimensions > 0 && len(v) != r.Dimensions:
			return bad(Unsupported, fmt.Sprintf("the model makes vectors of %d dimensions and does not shorten them", len(v)))
		}
	}
	return nil
}

func finite(v []float32) bool {
	for _, x := range v {
		if x-x != 0 { // of infinity and NaN it is NaN
			return false
		}
	}
	return true
}

// DecorateEmbedder returns an embedder with decorators of models around it, the
// first outermost: retries, timeouts, breakers, records and the like do for it
// what they do for a model. They see a request for whose inputs there are parts
// of one message, and an answer of usage without content.
func DecorateEmbedder(e Embedder, decorators ...Decorator) Embedder {
	return EmbedderOf(Decorate(EmbeddingModel(e), decorators...))
}

// EmbeddingModel returns the model that stands for an embedder among models, such
// as the routes of a [Fallback]. It answers what [EmbedderOf] asks for and nothing
// else.
func EmbeddingModel(e Embedder) Model {
	return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
		if req == nil || req.embed == nil {
			failed := &Error{Kind: Unsupported, Message: "this model makes embeddings only"}
			if req != nil {
				failed.Model = req.Model
			}
			return Fail(failed)
		}
		return once(func(yield func(Event, error) bool) {
			asked := *req.embed
			asked.Model, asked.User, asked.Extra, asked.Inputs = req.Model, req.User, req.Extra, inputsOf(req)
			out, err := e.Embed(ctx, &asked)
			if err == nil && out == nil {
				err = &Error{Kind: Malformed, Model: req.Model, Message: "there are no embeddings"}
			}
			if err != nil {
				yield(Event{}, err)
				return
			}
			usage := out.Usage
			told := usage.Input > 0 && usage.Input <= mostTokens // else who counts has to estimate it
			_ = yield(Event{Kind: EventStart, Start: &Start{Provider: out.Provider, Model: out.Model, embeddings: out}}, nil) &&
				(!told || yield(Event{Kind: EventUsage, Usage: &usage}, nil)) && yield(Event{Kind: EventEnd, Reason: ReasonStop}, nil)
		})
	})
}

// inputsOf returns the inputs, as decorators may have changed them.
func inputsOf(req *Request) []string {
	var inputs []string
	for _, m := range req.Messages {
		for _, p := range m.Parts {
			if t, ok := p.(Text); ok {
				inputs = append(inputs, string(t))
			}
		}
	}
	return inputs
}

// EmbedderOf returns the embedder that asks a model: one of [EmbeddingModel], a
// [Directory], or either with decorators around it. A model that makes no
// embeddings says so with an error of kind [Unsupported].
func EmbedderOf(m Model) Embedder {
	return EmbedderFunc(func(ctx context.Context, req *EmbedRequest) (*Embeddings, error) {
		if err := req.Validate(); err != nil {
			return nil, err
		}
		message := Message{Role: RoleUser, Parts: make([]Part, len(req.Inputs))}
		for i, s := range req.Inputs {
			message.Parts[i] = Text(s)
		}
		asked := &Request{Model: req.Model, Messages: []Message{message}, User: req.User, Extra: req.Extra, Whole: true, embed: req}
		answer, err := Collect(m.Generate(ctx, asked))
		if err != nil {
			return nil, err
		}
		if answer.embeddings == nil {
			return nil, &Error{Kind: Unsupported, Model: req.Model, Err: errors.New("the model answered without embeddings")}
		}
		out := *answer.embeddings
		out.Usage = answer.Usage
		return &out, req.Check(&out)
	})
}

// WithEmbedder has an embedder answer what [EmbedderOf] asks a model for, and the
// model all else: so a provider of a [Directory] offers both under one name, with
// the same keys, retries and breakers.
func WithEmbedder(e Embedder) Decorator {
	embeddings := EmbeddingModel(e)
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			if req != nil && req.embed != nil {
				return embeddings.Generate(ctx, req)
			}
			return next.Generate(ctx, req)
		})
	}
}

var _ Embedder = EmbedderFunc(nil)
