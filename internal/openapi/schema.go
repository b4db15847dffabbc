package openapi

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/google/jsonschema-go/jsonschema"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/bind/shape"
)

// direction says who writes a value. The same Go type can have two schemas: what a client must
// send, and what it can rely on.
type direction uint8

const (
	input  direction = iota + 1 // required: the rule; unknown members are refused
	output                      // required: whatever is not omitted
)

// use is a type used in a direction.
type use struct {
	typ reflect.Type
	dir direction
}

// generator makes schemas. Named structs become components, made once per use.
type generator struct {
	inline     bool                       // no components: for forms
	components map[use]*jsonschema.Schema // without their names
	order      []use
	refs       []ref
	building   map[reflect.Type]bool // what an inline schema is inside of
	validate   *validator.Validate
	needed     map[need]bool
}

// need is what decides whether a field must be given.
type need struct {
	typ      reflect.Type
	rules    string
	fallback bool
}

// ref is a reference that gets its name when all components are known.
type ref struct {
	schema *jsonschema.Schema
	target use
	from   use // the component it is in, zero if none
}

func newGenerator(inline bool) *generator {
	return &generator{
		inline:     inline,
		components: map[use]*jsonschema.Schema{},
		building:   map[reflect.Type]bool{},
		validate:   bind.Validator(),
		needed:     map[need]bool{},
	}
}

var (
	timeType          = reflect.TypeFor[time.Time]()
	durationType      = reflect.TypeFor[time.Duration]()
	numberType        = reflect.TypeFor[json.Number]()
	rawType           = reflect.TypeFor[json.RawMessage]()
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	unmarshalerType   = reflect.TypeFor[json.Unmarshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
	textType          = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// of returns the schema of a type. from is the component that the schema becomes part of.
func (g *generator) of(t reflect.Type, dir direction, from use) (*jsonschema.Schema, error) {
	if s := known(t, dir); s != nil {
		return s, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		s, err := g.of(t.Elem(), dir, from)
		if err != nil {
			return nil, err
		}
		return nullable(s), nil
	case reflect.Slice, reflect.Array:
		return g.list(t, dir, from)
	case reflect.Map:
		if k := t.Key().Kind(); k == reflect.Bool || k == reflect.Float32 || k == reflect.Float64 || k == reflect.Struct && !either(t.Key(), textMarshalerType, textType) {
			return nil, fmt.Errorf("map key type %s has no JSON form", t.Key())
		}
		elem, err := g.nested(t, t.Elem(), dir, from)
		return &jsonschema.Schema{Type: "object", AdditionalProperties: elem}, err
	case reflect.Struct:
		if g.inline || t.Name() == "" {
			return g.inlined(t, dir, from)
		}
		return g.component(use{t, dir}, from)
	}
	return scalar(t)
}

// known returns the schema of types with a form of their own, nil for all others.
func known(t reflect.Type, dir direction) *jsonschema.Schema {
	if h, ok := zero[Schemaer](t); ok {
		if s := h.JSONSchema(); s != nil {
			return s.CloneSchemas() // it is narrowed in place, and may be shared
		}
	}
	if h, ok := zero[Secret](t); ok && h.IsSecret() {
		return &jsonschema.Schema{Type: "string", WriteOnly: true}
	}
	marshal, text := unmarshalerType, textType
	if dir == output {
		marshal, text = marshalerType, textMarshalerType
	}
	switch {
	case t == timeType:
		return &jsonschema.Schema{Type: "string", Format: "date-time"}
	case t == durationType:
		return &jsonschema.Schema{Type: "string", Format: "go-duration", Examples: []any{"1m30s"}}
	case t == numberType:
		return &jsonschema.Schema{Type: "number"}
	case t == rawType, t.Kind() == reflect.Interface:
		return &jsonschema.Schema{}
	case t.Kind() == reflect.Pointer:
		return nil
	case either(t, marshal):
		return &jsonschema.Schema{} // anything: only the type knows
	case either(t, text):
		return &jsonschema.Schema{Type: "string"}
	}
	return nil
}

// zero returns a zero value of t, or a pointer to one, as an I.
func zero[I any](t reflect.Type) (i I, ok bool) {
	if k := t.Kind(); k == reflect.Pointer || k == reflect.Interface {
		return i, false
	}
	return reflect.TypeAssert[I](reflect.New(t))
}

// either reports whether t or *t implements one of the interfaces.
func either(t reflect.Type, ifaces ...reflect.Type) bool {
	for _, iface := range ifaces {
		if reflect.PointerTo(t).Implements(iface) {
			return true
		}
	}
	return false
}

// nullable returns a schema that also allows null.
func nullable(s *jsonschema.Schema) *jsonschema.Schema {
	switch {
	case s.Type != "" && s.Enum == nil && s.Const == nil:
		s.Types, s.Type = []string{s.Type, "null"}, ""
		return s
	case slices.Contains(s.Types, "null"), isAnything(s):
		return s
	case len(s.AnyOf) == 2 && s.AnyOf[1].Type == "null":
		return s // a pointer to a pointer
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, {Type: "null"}}}
}

// isAnything reports a schema that says nothing about the type of the value.
func isAnything(s *jsonschema.Schema) bool {
	return s.Type == "" && s.Types == nil && s.Ref == "" && s.Not == nil && s.Enum == nil && s.Const == nil &&
		s.AnyOf == nil && s.OneOf == nil && s.AllOf == nil
}

func (g *generator) list(t reflect.Type, dir direction, from use) (*jsonschema.Schema, error) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !either(t.Elem(), marshalerType, textMarshalerType) {
		return &jsonschema.Schema{Type: "string", ContentEncoding: "base64"}, nil
	}
	items, err := g.nested(t, t.Elem(), dir, from)
	s := &jsonschema.Schema{Type: "array", Items: items}
	if t.Kind() == reflect.Array {
		s.MinItems, s.MaxItems = new(t.Len()), new(t.Len())
	}
	return s, err
}

// nested returns the schema of an element, unless the type contains itself without a struct
// between, which no component can break.
func (g *generator) nested(t, elem reflect.Type, dir direction, from use) (*jsonschema.Schema, error) {
	if t.Name() == "" {
		return g.of(elem, dir, from)
	}
	if g.building[t] {
		return nil, fmt.Errorf("type %s contains itself", t)
	}
	g.building[t] = true
	defer delete(g.building, t)
	return g.of(elem, dir, from)
}

func (g *generator) inlined(t reflect.Type, dir direction, from use) (*jsonschema.Schema, error) {
	if g.building[t] {
		return nil, fmt.Errorf("type %s contains itself", t)
	}
	g.building[t] = true
	defer delete(g.building, t)
	return g.object(t, dir, from)
}

// component returns a reference to a struct's schema, which it makes if it is new.
func (g *generator) component(u, from use) (*jsonschema.Schema, error) {
	s := &jsonschema.Schema{Ref: "?"}
	g.refs = append(g.refs, ref{schema: s, target: u, from: from})
	if _, ok := g.components[u]; ok {
		return s, nil
	}
	g.components[u] = nil // being made
	g.order = append(g.order, u)
	outer := g.building
	g.building = map[reflect.Type]bool{}
	body, err := g.object(u.typ, u.dir, u)
	g.building = outer
	g.components[u] = body
	return s, err
}

// object returns the schema of a struct's JSON fields.
func (g *generator) object(t reflect.Type, dir direction, from use) (*jsonschema.Schema, error) {
	var fields []shape.Field
	if dir == input && !g.inline {
		in, err := shape.Of(t)
		if err != nil {
			return nil, err
		}
		fields = in.Body
	} else {
		var err error
		if fields, err = shape.JSONFields(t); err != nil {
			return nil, err
		}
	}
	s := &jsonschema.Schema{Type: "object", Properties: make(map[string]*jsonschema.Schema, len(fields))}
	if dir == input {
		s.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
	}
	for i := range fields {
		f := &fields[i]
		p, err := g.property(f, dir, from)
		if err != nil {
			return nil, fmt.Errorf("field %s.%s: %w", t, f.GoName, err)
		}
		s.Properties[f.Name] = p
		s.PropertyOrder = append(s.PropertyOrder, f.Name)
		if g.requiredIn(f, dir) {
			s.Required = append(s.Required, f.Name)
		}
	}
	return s, nil
}

// requiredIn reports whether a member is always there.
func (g *generator) requiredIn(f *shape.Field, dir direction) bool {
	if dir == output {
		return !f.OmitEmpty && !f.OmitZero && !f.ThroughPointer
	}
	if g.inline && isSecret(f.Type) {
		return false // a form leaves a secret as it is
	}
	key := need{f.Type, f.Rules(), f.Tag.Get("default") != ""}
	needed, ok := g.needed[key]
	if !ok {
		needed = f.Needed(g.validate)
		g.needed[key] = needed
	}
	return needed
}

// property returns the schema of a field: its type, narrowed by its tags.
func (g *generator) property(f *shape.Field, dir direction, from use) (*jsonschema.Schema, error) {
	t, null := f.Type, false
	for t.Kind() == reflect.Pointer {
		t, null = t.Elem(), true
	}
	s, err := g.of(t, dir, from)
	if err != nil {
		return nil, err
	}
	if f.Quoted {
		s = &jsonschema.Schema{Type: "string"}
	} else {
		narrow(s, t, f.Rules(), dir)
	}
	if dir == input {
		if text, ok := f.Tag.Lookup("default"); ok {
			s.Default = defaultValue(s, text)
		}
	}
	if null && (dir == input || !f.OmitEmpty && !f.OmitZero) && f.Source == shape.JSON {
		s = nullable(s)
	}
	if title := f.Tag.Get("title"); title != "" {
		s.Title = title
	}
	if doc := f.Tag.Get("doc"); doc != "" {
		s.Description = doc
	}
	return s, nil
}

// defaultValue returns a default tag as JSON.
func defaultValue(s *jsonschema.Schema, text string) json.RawMessage {
	if s.Type == "string" {
		return appendString(nil, text)
	}
	return json.RawMessage(text)
}

// scalar returns the schema of a basic kind.
func scalar(t reflect.Type) (*jsonschema.Schema, error) {
	switch t.Kind() {
	case reflect.String:
		return &jsonschema.Schema{Type: "string"}, nil
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}, nil
	case reflect.Int, reflect.Int64:
		return &jsonschema.Schema{Type: "integer", Format: "int64"}, nil
	case reflect.Int32:
		return &jsonschema.Schema{Type: "integer", Format: "int32"}, nil
	case reflect.Int8, reflect.Int16:
		limit := math.Ldexp(1, t.Bits()-1)
		return &jsonschema.Schema{Type: "integer", Minimum: new(-limit), Maximum: new(limit - 1)}, nil
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return &jsonschema.Schema{Type: "integer", Minimum: new(0.0)}, nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return &jsonschema.Schema{Type: "integer", Minimum: new(0.0), Maximum: new(math.Ldexp(1, t.Bits()) - 1)}, nil
	case reflect.Float32:
		return &jsonschema.Schema{Type: "number", Format: "float"}, nil
	case reflect.Float64:
		return &jsonschema.Schema{Type: "number", Format: "double"}, nil
	}
	return nil, fmt.Errorf("type %s has no JSON Schema", t)
}
