package bind

import (
	"fmt"
	"net/http"
	"reflect"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
)

// Plan decodes requests into one input type. It is safe for concurrent use.
type Plan struct {
	binder *Binder
	typ    reflect.Type
	params params
	body   *node // of the input struct itself, or of its whole-body field; never nil
	whole  []int // index of the whole-body field
	hasAny bool  // the input has body fields
	empty  bool  // a missing body counts as {}
	rules  *ruleset
}

// compileBody plans the body. Without body fields, an empty object is all that is accepted.
func (p *Plan) compileBody(in *shape.Input) error {
	ns := p.binder.nodes()
	p.empty, p.hasAny = true, len(in.Body) > 0 || in.Whole != nil
	if in.Whole == nil {
		for _, f := range in.Params {
			for _, b := range in.Body {
				if b.Name == f.GoName && f.Tag.Get("json") == "" {
					return fmt.Errorf("parameter field %s has the name of a body field; tag one of them with another json name", f.GoName)
				}
			}
		}
		p.body = &node{}
		return ns.structure(p.body, p.typ, in.Body)
	}
	p.whole = in.Whole.Index
	var err error
	if p.body, err = ns.of(in.Whole.Type); err != nil {
		return fmt.Errorf("field %s: %w", in.Whole.GoName, err)
	}
	t := in.Whole.Type
	p.empty = t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(unmarshalerType) &&
		!reflect.PointerTo(t).Implements(textUnmarshalerType)
	return nil
}

// Decode fills dst, a pointer to a zero value of the plan's type, from the request and
// validates it. A body longer than limit bytes (zero: DefaultBodyLimit) is refused. An input
// whose body is missing is treated as {}. The error is always an *Error.
func (p *Plan) Decode(r *http.Request, dst any, limit int64) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.Type().Elem() != p.typ || v.IsNil() {
		return misuse(p.typ, dst)
	}
	if p.nothing(r) {
		return nil
	}
	rd := p.binder.reader()
	defer p.binder.release(rd)
	if err := p.decode(r, rd, dst, v.Elem(), limit); err != nil {
		return err
	}
	return nil
}

// nothing reports that the input takes nothing and the request brings nothing.
func (p *Plan) nothing(r *http.Request) bool {
	return p.typ.Size() == 0 && p.whole == nil && !p.hasAny && !p.rules.any && p.params.none() &&
		(r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0) && r.URL.RawQuery == ""
}

func (p *Plan) decode(r *http.Request, rd *reader, dst any, v reflect.Value, limit int64) *Error {
	d := rd.decoder
	d.reset(nil, false)
	if err := p.params.decode(d, r, v); err != nil {
		return err
	}
	data, err := rd.body(r, limit)
	if err != nil {
		return err
	}
	if err := p.decodeBody(d, data, v); err != nil {
		return err
	}
	if d.fields = p.rules.check(dst, d.fields); len(d.fields) > 0 {
		return invalid(d.fields, d.cause)
	}
	return nil
}

// decodeBody reads the body, if there is one, and fails when it cannot be read.
func (p *Plan) decodeBody(d *decoder, data []byte, v reflect.Value) *Error {
	if p.whole != nil {
		v = v.FieldByIndex(p.whole)
	}
	if len(data) == 0 {
		switch {
		case p.empty:
			data = emptyObject
		case v.Kind() == reflect.Pointer:
			return nil
		default:
			d.report("missing", "a body must be given")
			return nil
		}
	}
	d.data, d.budget = data, budget(len(data))
	if readable := d.document(p.body, v); !readable || d.malformed {
		return d.error(readable)
	}
	return nil
}

func misuse(want reflect.Type, got any) *Error {
	return &Error{Status: http.StatusInternalServerError, Slug: "internal-server-error",
		Err: fmt.Errorf("decode into %T, want *%s", got, want)}
}

// Body reads one JSON value. It is safe for concurrent use.
type Body struct {
	binder *Binder
	typ    reflect.Type
	node   *node
	rules  *ruleset
}

// Decode fills dst, a pointer to a zero value, from data and validates it. The error is
// always an *Error.
func (b *Body) Decode(data []byte, dst any) error { return b.read(data, dst, false) }

// Merge is Decode into a value that already has contents: members that are absent keep their
// value and none is missing; what is present replaces lists and maps as a whole. Memory that
// dst shares with other values is not written to. On error dst is half-filled.
func (b *Body) Merge(data []byte, dst any) error { return b.read(data, dst, true) }

// Validate checks the value that v points to against its validator rules, as Decode does.
func (b *Body) Validate(v any) error {
	if rv := reflect.ValueOf(v); rv.Kind() != reflect.Pointer || rv.Type().Elem() != b.typ || rv.IsNil() {
		return misuse(b.typ, v)
	}
	if fields := b.rules.check(v, nil); len(fields) > 0 {
		return invalid(fields, nil)
	}
	return nil
}

func (b *Body) read(data []byte, dst any, partial bool) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.Type().Elem() != b.typ || v.IsNil() {
		return misuse(b.typ, dst)
	}
	rd := b.binder.reader()
	defer b.binder.release(rd)
	d := rd.decoder
	d.reset(data, partial)
	readable := d.document(b.node, v.Elem())
	if readable && !d.malformed {
		d.fields = b.rules.check(dst, d.fields)
	}
	if err := d.error(readable); err != nil {
		return err
	}
	return nil
}
