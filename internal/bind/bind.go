// Package bind is the core of typed endpoints: it turns a request into a Go struct and a Go
// value into an answer.
//
// Everything that needs reflection over types happens once, in [Binder.Compile] and
// [Binder.CompileOut]; a request then runs straight-line code. What a field takes its value
// from is said by its tag:
//
//	type in struct {
//		ID     string        `path:"id"`
//		Limit  int           `query:"limit" default:"50" validate:"min=1,max=200"`
//		Tags   []string      `query:"tag"`
//		Match  string        `header:"If-Match"`
//		Name   string        `json:"name" validate:"required,max=80"`
//		Every  time.Duration `json:"every"` // "2s"
//	}
//
// Fields without such a tag make up the JSON body. A field tagged `body:""` holds the whole
// body instead, whatever its type; a field of type url.Values tagged `query:"*"` takes all
// query parameters that no other field names.
//
// JSON is read strictly: unknown keys, keys in another case, duplicate keys at any depth,
// data after the value, invalid UTF-8, null for what cannot be null and deep nesting are
// refused. Errors say where by JSON pointer and are complete: the first 32 things that
// are wrong are reported together.
package bind

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/go-playground/validator/v10"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
)

// DefaultBodyLimit is the largest request body read when Decode's limit is zero, in bytes.
const DefaultBodyLimit = 1 << 20

// DefaultAnswerLimit is the largest answer written when Encode's limit is zero, in bytes.
const DefaultAnswerLimit = 8 << 20

// Validator returns the validator of this process, which every Binder has. It knows the
// rules of package validator and no more; to make one costs half a millisecond.
var Validator = sync.OnceValue(func() *validator.Validate {
	return validator.New(validator.WithRequiredStructEnabled())
})

// Binder compiles plans. All plans of a Binder share its buffers. It is safe for
// concurrent use.
type Binder struct {
	validate *validator.Validate
	readers  sync.Pool // *reader
	writers  sync.Pool // *writer
	encoders sync.Map  // reflect.Type → *encNode
	plans    sync.Map  // planKey → *Plan: a module's routes are registered at each enable
	tried    sync.Map  // triedRule: those that the validator takes
}

type planKey struct {
	in      reflect.Type
	pattern string
}

// New returns a Binder.
func New() *Binder {
	b := &Binder{validate: Validator()}
	b.readers.New = func() any { return &reader{decoder: newDecoder()} }
	b.writers.New = func() any { return &writer{} }
	return b
}

// Compile builds the plan for an endpoint's input type, a struct, at a ServeMux pattern such
// as "/invoices/{id}" (a method before it is allowed). It fails on path parameters without a
// field or the reverse, types that cannot be bound, tags on unexported fields and bad
// validator rules.
func (b *Binder) Compile(in reflect.Type, pattern string) (*Plan, error) {
	key := planKey{in, pattern}
	if p, ok := b.plans.Load(key); ok {
		return p.(*Plan), nil
	}
	p, err := b.compile(in, pattern)
	if err == nil {
		b.plans.Store(key, p)
	}
	return p, err
}

func (b *Binder) compile(in reflect.Type, pattern string) (*Plan, error) {
	taken, err := shape.Of(in)
	if err != nil {
		return nil, err
	}
	p := &Plan{binder: b, typ: in}
	if err := p.compileParams(taken.Params, pattern); err != nil {
		return nil, fmt.Errorf("input %s: %w", in, err)
	}
	if err := p.compileBody(taken); err != nil {
		return nil, fmt.Errorf("input %s: %w", in, err)
	}
	if p.rules, err = b.ruleset(in, true); err != nil {
		return nil, fmt.Errorf("input %s: %w", in, err)
	}
	return p, nil
}

// CompileBody builds the reader for a JSON value of struct type t that does not come from a
// request, such as a module's settings.
func (b *Binder) CompileBody(t reflect.Type) (*Body, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is not a struct", t)
	}
	n, err := b.nodes().of(t)
	if err != nil {
		return nil, fmt.Errorf("type %s: %w", t, err)
	}
	rules, err := b.ruleset(t, false)
	if err != nil {
		return nil, fmt.Errorf("type %s: %w", t, err)
	}
	return &Body{binder: b, typ: t, node: n, rules: rules}, nil
}

// CompileOut builds the encoder for an answer type. It fails on types JSON cannot hold.
func (b *Binder) CompileOut(out reflect.Type) (*Encoder, error) {
	n, err := b.encoder(out)
	if err != nil {
		return nil, fmt.Errorf("answer %s: %w", out, err)
	}
	return &Encoder{binder: b, typ: out, node: n}, nil
}
