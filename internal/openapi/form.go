package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/bind/shape"
)

// SchemaFor returns the JSON Schema (2020-12) for a form over the struct type of defaults,
// a struct or a pointer to one, whose values become the schema's defaults; where one is zero,
// the tag default:"…" says it. Tags title:"…" and
// doc:"…" become title and description. The schema has no references. Durations have the
// format "duration" and are Go's: "1m30s". Secrets are write-only, without default, and never
// required: what is absent stays as it is.
func SchemaFor(defaults any) (*jsonschema.Schema, error) {
	v := reflect.ValueOf(defaults)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil, fmt.Errorf("schema for a form over %T, which is not a struct", defaults)
	}
	g := newGenerator(true)
	s, err := g.of(v.Type(), input, use{})
	if err != nil {
		return nil, fmt.Errorf("schema for %s: %w", v.Type(), err)
	}
	if s.Type != "object" {
		return nil, fmt.Errorf("schema for %s: it is not written as an object", v.Type())
	}
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	f := former{gen: g}
	if err := f.fill(s, v); err != nil {
		return nil, fmt.Errorf("schema for %s: %w", v.Type(), err)
	}
	return s, nil
}

type former struct {
	gen    *generator
	binder *bind.Binder // made for the first default
}

// fill gives the members of an object schema their defaults.
func (f *former) fill(s *jsonschema.Schema, v reflect.Value) error {
	fields, err := shape.JSONFields(v.Type())
	if err != nil {
		return err
	}
	s.Required = nil
	for i := range fields {
		field := &fields[i]
		p := s.Properties[field.Name]
		forForm(p)
		fv, err := v.FieldByIndexErr(field.Index)
		if err != nil {
			continue // promoted through a nil pointer: no default
		}
		secret := isSecret(field.Type)
		p.WriteOnly = p.WriteOnly || secret
		if f.gen.requiredIn(field, input) {
			s.Required = append(s.Required, field.Name)
		}
		switch {
		case secret:
			p.Default = nil
		case p.Type == "object" && p.Properties != nil && fv.Kind() == reflect.Struct:
			if err := f.fill(p, fv); err != nil {
				return err
			}
		case fv.IsZero() && p.Default != nil: // the tag's
		case fv.IsZero() && len(p.Enum) > 0 && !slices.Contains(p.Enum, fv.Interface()):
			p.Default = nil // no choice is none of the choices
		case !holdsSecret(field.Type, map[reflect.Type]bool{}):
			if p.Default, err = f.value(fv); err != nil {
				return fmt.Errorf("default of %s: %w", field.Name, err)
			}
		}
	}
	return nil
}

// value returns a default as JSON.
func (f *former) value(v reflect.Value) (json.RawMessage, error) {
	if f.binder == nil {
		f.binder = bind.New()
	}
	enc, err := f.binder.CompileOut(v.Type())
	if err != nil {
		return nil, err
	}
	return enc.Append(nil, v.Interface(), 0)
}

// forForm sets the formats that forms know.
func forForm(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if s.Format == "go-duration" {
		s.Format, s.Examples = "duration", nil
	}
	forForm(s.Items)
	forForm(s.AdditionalProperties)
	for _, p := range s.Properties {
		forForm(p)
	}
}

func isSecret(t reflect.Type) bool {
	s, ok := zero[Secret](deref(t))
	return ok && s.IsSecret()
}

// holdsSecret reports whether a value of the type may contain a secret.
func holdsSecret(t reflect.Type, seen map[reflect.Type]bool) bool {
	if isSecret(t) {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsSecret(t.Elem(), seen)
	case reflect.Struct:
		for sf := range t.Fields() {
			if sf.IsExported() && holdsSecret(sf.Type, seen) {
				return true
			}
		}
	}
	return false
}
