package settings

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// shape is which fields a value has. A shape without fields is a leaf: any value, taken as a whole.
type shape struct {
	fields map[string]*shape
}

// field is the shape of a field, nil when there is none of that name.
func (s *shape) field(name string) *shape { return s.fields[name] }

// at returns the shape for a path, making it where it is missing.
func (s *shape) at(path []string) *shape {
	for _, name := range path {
		if s.fields == nil {
			s.fields = map[string]*shape{}
		}
		next := s.fields[name]
		if next == nil {
			next = &shape{}
			s.fields[name] = next
		}
		s = next
	}
	return s
}

// shapeOf takes every object that is not empty for a struct.
func shapeOf(v any) *shape {
	o, ok := v.(object)
	if !ok || len(o) == 0 {
		return &shape{}
	}
	s := &shape{fields: make(map[string]*shape, len(o))}
	for name, value := range o {
		s.fields[name] = shapeOf(value)
	}
	return s
}

// shapeOfType follows the rules of encoding/json for struct fields. Types with an encoding of their own are leaves, and
// so is a struct inside itself.
func shapeOfType(t reflect.Type, inside ...reflect.Type) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || encodesItself(t) {
		return &shape{}
	}
	if slices.Contains(inside, t) {
		return &shape{}
	}
	inside = append(inside, t)
	s := &shape{fields: map[string]*shape{}}
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if tag == "-" {
			continue
		}
		if f.Anonymous && name == "" {
			if inner := shapeOfType(f.Type, inside...); inner.fields != nil {
				for n, sub := range inner.fields {
					if s.fields[n] == nil {
						s.fields[n] = sub
					}
				}
				continue
			}
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		s.fields[name] = shapeOfType(f.Type, inside...)
	}
	return s
}

func encodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	for _, i := range [...]reflect.Type{
		reflect.TypeFor[json.Marshaler](), reflect.TypeFor[json.Unmarshaler](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	} {
		if p.Implements(i) {
			return true
		}
	}
	return false
}
