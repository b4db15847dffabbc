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
	"net/http"
	"reflect"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

// DefaultBodyLimit is the largest request body read when Decode's limit is zero, in bytes.
const DefaultBodyLimit = 1 << 20

// DefaultAnswerLimit is the largest answer written when Encode's limit is zero, in bytes.
const DefaultAnswerLimit = 8 << 20

// Binder compiles plans. All plans of a Binder share one validator and its buffers. It is
// safe for concurrent use.
type Binder struct{}

// New returns a Binder.
func New() *Binder { return &Binder{} }

// Compile builds the plan for an endpoint's input type, a struct, at a ServeMux pattern such
// as "/invoices/{id}" (a method before it is allowed). It fails on path parameters without a
// field or the reverse, types that cannot be bound, tags on unexported fields and bad
// validator rules.
func (b *Binder) Compile(in reflect.Type, pattern string) (*Plan, error) { return &Plan{}, nil }

// Plan decodes requests into one input type. It is safe for concurrent use.
type Plan struct{}

// HasBody reports whether the endpoint takes a JSON body.
func (p *Plan) HasBody() bool { return false }

// Decode fills dst, a pointer to a zero value of the plan's type, from the request and
// validates it. A body longer than limit bytes (zero: DefaultBodyLimit) is refused. The error
// is always an *Error.
func (p *Plan) Decode(r *http.Request, dst any, limit int64) error { return nil }

// CompileBody builds the reader for a JSON value of type t that does not come from a
// request, such as a module's settings.
func (b *Binder) CompileBody(t reflect.Type) (*Body, error) { return &Body{}, nil }

// Body reads one JSON value. It is safe for concurrent use.
type Body struct{}

// Decode fills dst, a pointer to a zero value, from data and validates it. The error is
// always an *Error.
func (p *Body) Decode(data []byte, dst any) error { return nil }

// Merge is Decode into a value that already has contents: keys that are absent keep their
// value and none is missing; what is present replaces lists and maps as a whole. Memory that
// dst shares with other values is not written to. On error dst is half-filled.
func (p *Body) Merge(data []byte, dst any) error { return nil }

// Validate checks a value against its validator rules, as Decode does.
func (p *Body) Validate(v any) error { return nil }

// CompileOut builds the encoder for an answer type. It fails on types JSON cannot hold.
func (b *Binder) CompileOut(out reflect.Type) (*Encoder, error) { return &Encoder{}, nil }

// Encoder writes answers of one type. It is safe for concurrent use.
type Encoder struct{}

// Encode writes v, a value of the encoder's type, as the JSON answer with the given status. Nil
// slices are [] and nil maps {} at any depth. Nothing is written before the whole answer is
// encoded, so that on error (ErrTooLarge or a failed marshaler) the caller can still answer
// 500; an error from writing to the client is not reported. Memory used never exceeds limit
// (zero: DefaultAnswerLimit) by more than one element.
func (e *Encoder) Encode(w http.ResponseWriter, status int, v any, limit int64) error { return nil }

// Append appends v as JSON to dst, at most limit bytes of it.
func (e *Encoder) Append(dst []byte, v any, limit int64) ([]byte, error) { return dst, nil }

// Error says why a request was refused.
type Error struct {
	// Status is 400 (cannot be read), 413, 415 or 422 (read, but not acceptable).
	Status int
	// Slug is the problem type, such as "invalid-input".
	Slug string
	// Detail is a sentence for a person.
	Detail string
	// Fields lists what is wrong, in the order found, at most 32.
	Fields []problem.Field
	// Err is the private cause, for the log. It may be nil.
	Err error
}

// Error returns the detail and the first field.
func (e *Error) Error() string { return e.Detail }

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.Err }

// Problem returns what the client may know.
func (e *Error) Problem() problem.Problem {
	return problem.Problem{Type: e.Slug, Status: e.Status, Detail: e.Detail, Errors: e.Fields}
}

// Under returns a copy whose body pointers begin with prefix, for a value that was found
// inside a larger body: Under("/values").
func (e *Error) Under(prefix string) *Error { return e }
