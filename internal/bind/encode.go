package bind

import (
	"fmt"
	"net/http"
	"reflect"
	"strconv"
)

// keepAnswer is the largest answer buffer that goes back to the pool, in bytes.
const keepAnswer = 256 << 10

// maxAnswerDepth bounds how deep an answer may nest.
const maxAnswerDepth = 256

// Encoder writes answers of one type. It is safe for concurrent use.
//
// It writes what encoding/json does without HTML escaping, except that lists and maps are
// never null: nil slices are [], nil maps {} and nil []byte "". Times are written in UTC, a
// time.Duration as in "1m30s", and MarshalJSON and MarshalText on a pointer are found also where the
// value has no address.
type Encoder struct {
	binder *Binder
	typ    reflect.Type
	node   *encNode
}

// Encode writes v, a value of the encoder's type or a pointer to one, as the answer with the given
// status. Nothing is written before the whole answer is encoded, so on error (ErrTooLarge,
// ErrTooDeep or a failed marshaler) the caller can still answer 500; an error from
// writing to the client is not reported. At most limit bytes are written (zero:
// DefaultAnswerLimit), and the memory used is of that order whatever v holds. Status 204 and
// 304 have no body.
func (e *Encoder) Encode(w http.ResponseWriter, status int, v any, limit int64) error {
	if status == http.StatusNoContent || status == http.StatusNotModified {
		w.WriteHeader(status)
		return nil
	}
	enc := e.binder.writers.Get().(*writer)
	defer e.binder.releaseWriter(enc)
	if err := e.encode(enc, v, limit); err != nil {
		return err
	}
	h := w.Header()
	if h["Content-Type"] == nil {
		h["Content-Type"] = contentJSON
	}
	if len(enc.buf) > ownLength {
		h.Set("Content-Length", strconv.Itoa(len(enc.buf)))
	}
	w.WriteHeader(status)
	_, _ = w.Write(enc.buf) // the client is gone
	return nil
}

// ownLength is up to which length of an answer net/http, which holds back 2 KiB,
// counts for itself, at less cost.
const ownLength = 1 << 10

var contentJSON = []string{"application/json"}

// Append appends v as JSON to dst, at most limit bytes of it (zero: DefaultAnswerLimit).
func (e *Encoder) Append(dst []byte, v any, limit int64) ([]byte, error) {
	enc := e.binder.writers.Get().(*writer)
	defer e.binder.releaseWriter(enc)
	if err := e.encode(enc, v, limit); err != nil {
		return dst, err
	}
	return append(dst, enc.buf...), nil
}

func (e *Encoder) encode(enc *writer, v any, limit int64) error {
	if limit <= 0 {
		limit = DefaultAnswerLimit
	}
	enc.buf, enc.keys = enc.buf[:0], enc.keys[:0]
	enc.limit, enc.depth, enc.binder = int(limit), 0, e.binder
	rv := reflect.ValueOf(v)
	switch {
	case !rv.IsValid():
		enc.buf = append(enc.buf, "null"...)
		return nil
	case rv.Type() == e.typ:
	case rv.Kind() == reflect.Pointer && rv.Type().Elem() == e.typ && !rv.IsNil():
		rv = rv.Elem()
	case e.typ.Kind() == reflect.Interface && rv.Type().Implements(e.typ):
		return enc.any(v)
	default:
		return fmt.Errorf("encode %T with the encoder of %s", v, e.typ)
	}
	if err := e.node.encode(enc, rv); err != nil {
		return err
	}
	return enc.room(0)
}

func (b *Binder) releaseWriter(enc *writer) {
	if cap(enc.buf) > keepAnswer {
		return
	}
	enc.binder = nil
	clear(enc.keys[:cap(enc.keys)])
	b.writers.Put(enc)
}

// writer is the state of encoding one answer.
type writer struct {
	buf    []byte
	limit  int
	depth  int
	keys   []string // of the open map[string]any
	binder *Binder
}

// room fails when n more bytes do not fit.
func (w *writer) room(n int) error {
	if n > w.limit-len(w.buf) {
		return ErrTooLarge
	}
	return nil
}

// enter goes one level deeper. n elements of at least size bytes each must fit.
func (w *writer) enter(n, size int) error {
	if w.depth++; w.depth > maxAnswerDepth {
		return ErrTooDeep
	}
	if n > (w.limit-len(w.buf))/size {
		return ErrTooLarge
	}
	return nil
}

func (w *writer) leave() { w.depth-- }

// encoder returns the node of a type and remembers it: an answer may hold values of the type
// in an interface too.
func (b *Binder) encoder(t reflect.Type) (*encNode, error) {
	if n, ok := b.encoders.Load(t); ok {
		return n.(*encNode), nil
	}
	builder := encBuilder{binder: b, built: map[reflect.Type]*encNode{}}
	n, err := builder.of(t)
	if err != nil {
		return nil, err
	}
	for t, n := range builder.built { // only now: all of them are complete
		b.encoders.LoadOrStore(t, n)
	}
	return n, nil
}
