package bind

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
)

// maxMembers bounds the fields of one struct, so that which were seen fits on the stack.
const maxMembers = 256

// member is one field of a struct on the wire.
type member struct {
	name     string
	index    []int
	direct   int // the field's number when it is not promoted, else -1
	node     *node
	required bool
	fallback func(v reflect.Value) // sets the default, if any
}

func (ns nodes) structure(n *node, t reflect.Type, fields []shape.Field) error {
	if len(fields) > maxMembers {
		return fmt.Errorf("%s has more than %d fields", t, maxMembers)
	}
	s := &structure{index: make(map[string]int, len(fields))}
	for i, f := range fields {
		m := member{name: f.Name, index: f.Index, direct: -1, required: f.Needed(ns.validate)}
		if len(f.Index) == 1 {
			m.direct = f.Index[0]
		}
		if err := settable(t, f.Index); err != nil {
			return err
		}
		var err error
		if f.Quoted {
			m.node, err = quotedNode(f)
		} else {
			m.node, err = ns.of(f.Type)
		}
		if err == nil {
			m.fallback, err = fallback(f)
		}
		if err != nil {
			return fmt.Errorf("field %s.%s: %w", t, f.GoName, err)
		}
		s.index[f.Name] = i
		s.members = append(s.members, m)
	}
	n.decode = s.decode
	return nil
}

// settable refuses fields behind an embedded pointer to an unexported struct, which
// reflection cannot allocate.
func settable(t reflect.Type, index []int) error {
	for _, i := range index[:len(index)-1] {
		sf := t.Field(i)
		if t = sf.Type; t.Kind() == reflect.Pointer {
			if t = t.Elem(); !sf.IsExported() {
				return fmt.Errorf("embedded pointer to the unexported struct %s cannot be set", t)
			}
		}
	}
	return nil
}

// structure decodes an object into a struct.
type structure struct {
	members []member
	index   map[string]int
}

type seen [maxMembers / 64]uint64

func (b *seen) has(i int) bool { return b[i>>6]&(1<<(i&63)) != 0 }
func (b *seen) add(i int)      { b[i>>6] |= 1 << (i & 63) }

func (s *structure) decode(d *decoder, v reflect.Value) bool {
	if d.next() != '{' {
		return d.mismatch("an object")
	}
	if !d.open() {
		return false
	}
	var got seen
	expect := 0 // clients mostly send fields in the order of declaration
	for first := true; ; first = false {
		more, ok := d.more('}', first)
		if !more {
			if ok {
				s.absent(d, v, &got)
			}
			return ok
		}
		key, ok := d.key()
		if !ok {
			return false
		}
		i := expect
		if i >= len(s.members) || s.members[i].name != string(key) {
			if i, ok = s.index[string(key)]; !ok {
				if !s.unknown(d, string(key)) {
					return false
				}
				continue
			}
		}
		expect = i + 1
		m := &s.members[i]
		d.push(step{name: m.name, index: -1})
		if got.has(i) {
			d.duplicate()
			ok = d.skip(d.dup)
		} else {
			got.add(i)
			ok = m.node.decode(d, m.in(d, v))
		}
		if !ok {
			return false
		}
		d.pop()
	}
}

// in returns the field within the struct v.
func (m *member) in(d *decoder, v reflect.Value) reflect.Value {
	if m.direct >= 0 {
		return v.Field(m.direct)
	}
	for i, x := range m.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() || d.partial { // merging: never write to what others may point to
				p := reflect.New(v.Type().Elem())
				if !v.IsNil() {
					p.Elem().Set(v.Elem())
				}
				v.Set(p)
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

// absent deals with the members that were not there.
func (s *structure) absent(d *decoder, v reflect.Value, got *seen) {
	if d.partial {
		return
	}
	for i := range s.members {
		m := &s.members[i]
		switch {
		case got.has(i):
		case m.fallback != nil:
			m.fallback(m.in(d, v))
		case m.required:
			d.push(step{name: m.name, index: -1})
			d.report("missing", "must be given")
			d.pop()
		}
	}
}

// unknown reports a key that no field has, and skips its value.
func (s *structure) unknown(d *decoder, key string) bool {
	detail := "is not a known field"
	for i := range s.members {
		if strings.EqualFold(s.members[i].name, key) {
			detail = "is not a known field; did you mean " + s.members[i].name + "?"
			break
		}
	}
	d.push(step{name: key, index: -1})
	d.report("unknown", detail)
	if !d.skip(d.dup) {
		return false
	}
	d.pop()
	return true
}

// fallback returns what sets the field's default, nil when it has none.
func fallback(f shape.Field) (func(v reflect.Value), error) {
	text, ok := f.Tag.Lookup("default")
	if !ok {
		return nil, nil
	}
	set, err := textSetter(f.Type)
	if err != nil {
		return nil, fmt.Errorf("a default needs a single value: %w", err)
	}
	if detail := set(reflect.New(f.Type).Elem(), text); detail != "" {
		return nil, fmt.Errorf("default %q %s", text, detail)
	}
	return func(v reflect.Value) { set(v, text) }, nil
}

// quotedNode decodes a field with json:",string": a number or boolean inside a string.
func quotedNode(f shape.Field) (*node, error) {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.String || t.Kind() == reflect.Uintptr {
		return nil, fmt.Errorf("the string option is supported for numbers and booleans only")
	}
	set, err := textSetter(f.Type)
	if err != nil {
		return nil, err
	}
	return &node{decode: func(d *decoder, v reflect.Value) bool {
		if d.next() == 'n' && v.Kind() == reflect.Pointer {
			v.SetZero()
			return d.literal("null")
		}
		if d.next() != '"' {
			return d.mismatch("a string")
		}
		b, ok := d.str()
		if ok {
			if detail := set(v, string(b)); detail != "" {
				d.report("type", detail)
			}
		}
		return ok
	}}, nil
}
