package bind

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
)

// encField is one member of a struct's object.
type encField struct {
	name  string // `"name":`
	index []int
	node  *encNode
	skip  func(v reflect.Value) bool // omitempty, omitzero
	quote bool
}

func (b *encBuilder) structure(t reflect.Type) (func(w *writer, v reflect.Value) error, error) {
	declared, err := shape.JSONFields(t)
	if err != nil {
		return nil, err
	}
	fields := make([]encField, 0, len(declared))
	for _, f := range declared {
		n, err := b.of(f.Type)
		if err == nil && f.Quoted && deref(f.Type).Kind() == reflect.String {
			err = fmt.Errorf("the string option is supported for numbers and booleans only")
		}
		if err != nil {
			return nil, fmt.Errorf("field %s.%s: %w", t, f.GoName, err)
		}
		fields = append(fields, encField{name: `"` + f.Name + `":`, index: f.Index, node: n, skip: omission(f), quote: f.Quoted})
	}
	return func(w *writer, v reflect.Value) error {
		if err := w.enter(0, 1); err != nil {
			return err
		}
		w.buf = append(w.buf, '{')
		open := len(w.buf)
		for i := range fields {
			if err := fields[i].encode(w, v, len(w.buf) == open); err != nil {
				return err
			}
		}
		w.buf = append(w.buf, '}')
		w.leave()
		return nil
	}, nil
}

func (f *encField) encode(w *writer, v reflect.Value, first bool) error {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return nil
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	if f.skip != nil && f.skip(v) {
		return nil
	}
	if !first {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, f.name...)
	quote := f.quote && (v.Kind() != reflect.Pointer || !v.IsNil())
	if quote {
		w.buf = append(w.buf, '"')
	}
	if err := f.node.encode(w, v); err != nil {
		return err
	}
	if quote {
		w.buf = append(w.buf, '"')
	}
	return w.room(0)
}

// omission returns when a field is left out, nil for never.
func omission(f shape.Field) func(v reflect.Value) bool {
	var zero func(v reflect.Value) bool
	if f.OmitZero {
		zero = isZero(f.Type)
	}
	switch {
	case f.OmitEmpty && f.OmitZero:
		return func(v reflect.Value) bool { return isEmpty(v) || zero(v) }
	case f.OmitEmpty:
		return isEmpty
	}
	return zero
}

// isEmpty is encoding/json's rule for omitempty.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// isZero is encoding/json's rule for omitzero: the type's IsZero method, if it has one.
func isZero(t reflect.Type) func(v reflect.Value) bool {
	type zeroer interface{ IsZero() bool }
	zeroerType := reflect.TypeFor[zeroer]()
	switch {
	case t.Implements(zeroerType):
		return func(v reflect.Value) bool {
			if k := v.Kind(); k == reflect.Pointer || k == reflect.Interface {
				if v.IsNil() || k == reflect.Interface && v.Elem().Kind() == reflect.Pointer && v.Elem().IsNil() {
					return true
				}
			}
			return v.Interface().(zeroer).IsZero()
		}
	case reflect.PointerTo(t).Implements(zeroerType):
		return func(v reflect.Value) bool {
			p := reflect.New(t)
			p.Elem().Set(v)
			return p.Interface().(zeroer).IsZero()
		}
	}
	return func(v reflect.Value) bool { return v.IsZero() }
}

// entry is one member of a map's object.
type entry struct {
	key   string
	value reflect.Value
}

func (b *encBuilder) mapping(t reflect.Type) (func(w *writer, v reflect.Value) error, error) {
	if t == anyMapType {
		return encodeAnyMap, nil
	}
	key, err := keyText(t.Key())
	if err != nil {
		return nil, err
	}
	elem, err := b.of(t.Elem())
	return func(w *writer, v reflect.Value) error {
		if err := w.enter(v.Len(), 4); err != nil {
			return err
		}
		entries := make([]entry, 0, v.Len())
		for iter := v.MapRange(); iter.Next(); {
			text, err := key(iter.Key())
			if err != nil {
				return err
			}
			entries = append(entries, entry{key: text, value: iter.Value()})
		}
		slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
		w.buf = append(w.buf, '{')
		for i, e := range entries {
			if err := w.key(e.key, i == 0); err != nil {
				return err
			}
			if err := elem.encode(w, e.value); err != nil {
				return err
			}
			if err := w.room(0); err != nil {
				return err
			}
		}
		w.buf = append(w.buf, '}')
		w.leave()
		return nil
	}, err
}

func (w *writer) key(key string, first bool) error {
	if !first {
		w.buf = append(w.buf, ',')
	}
	if err := w.string(key); err != nil {
		return err
	}
	w.buf = append(w.buf, ':')
	return nil
}

// encodeAnyMap is the mapping of map[string]any, the common row of a table, without reflection
// per member.
func encodeAnyMap(w *writer, v reflect.Value) error {
	m := v.Interface().(map[string]any)
	if err := w.enter(len(m), 4); err != nil {
		return err
	}
	start := len(w.keys)
	for key := range m {
		w.keys = append(w.keys, key)
	}
	end := len(w.keys)
	slices.Sort(w.keys[start:end])
	w.buf = append(w.buf, '{')
	for i := start; i < end; i++ {
		key := w.keys[i]
		if err := w.key(key, i == start); err != nil {
			return err
		}
		if err := w.any(m[key]); err != nil {
			return err
		}
		if err := w.room(0); err != nil {
			return err
		}
	}
	w.keys = w.keys[:start]
	w.buf = append(w.buf, '}')
	w.leave()
	return nil
}

// keyText returns what writes a map key as text.
func keyText(t reflect.Type) (func(v reflect.Value) (string, error), error) {
	switch {
	case t.Kind() == reflect.String:
		return func(v reflect.Value) (string, error) { return v.String(), nil }, nil
	case t.Implements(textMarshalerType):
		return func(v reflect.Value) (string, error) {
			if v.Kind() == reflect.Pointer && v.IsNil() {
				return "", nil
			}
			text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
			return string(text), err
		}, nil
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value) (string, error) { return strconv.FormatInt(v.Int(), 10), nil }, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return func(v reflect.Value) (string, error) { return strconv.FormatUint(v.Uint(), 10), nil }, nil
	}
	return nil, fmt.Errorf("map key type %s has no JSON form", t)
}
