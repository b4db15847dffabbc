package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
)

// BodyArgument is the member of arguments that is the JSON body.
const BodyArgument = "body"

// Arguments returns the JSON Schema of all that an endpoint with the input type in
// takes, as one object for programs that call it by name: parameters of path, query
// and header, and the JSON body as a member of its own. Nil takes nothing. It fails
// where two of them have one name.
func Arguments(in reflect.Type) (json.RawMessage, error) {
	nothing := &jsonschema.Schema{Not: &jsonschema.Schema{}}
	all := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}, AdditionalProperties: nothing}
	if in == nil {
		return json.Marshal(all)
	}
	b := &builder{gen: newGenerator(false)}
	o := &operation{Operation: &Operation{In: in}}
	if err := b.input(o); err != nil {
		return nil, fmt.Errorf("arguments of %s: %w", in, err)
	}
	add := func(name string, s *jsonschema.Schema, required bool) error {
		if all.Properties[name] != nil {
			return fmt.Errorf("arguments of %s: two are called %q", in, name)
		}
		all.Properties[name], all.PropertyOrder = s, append(all.PropertyOrder, name)
		if required {
			all.Required = append(all.Required, name)
		}
		return nil
	}
	for i := range o.params {
		p := &o.params[i]
		if p.form {
			continue // what nobody has named
		}
		if err := add(p.name, p.schema, p.required); err != nil {
			return nil, err
		}
	}
	if o.body != nil {
		if err := add(BodyArgument, o.body, o.bodyReq); err != nil {
			return nil, err
		}
	}
	all.Defs = b.definitions(o)
	return json.Marshal(all)
}

// definitions points the references at members of $defs, and puts the body where it
// is used where nothing else refers to it.
func (b *builder) definitions(o *operation) map[string]*jsonschema.Schema {
	defs := b.gen.nameComponents()
	uses := map[string]int{}
	for _, r := range b.gen.refs {
		name := strings.TrimPrefix(r.schema.Ref, "#/components/schemas/")
		r.schema.Ref = "#/$defs/" + name
		uses[name]++
	}
	if o.body != nil {
		if name, ok := strings.CutPrefix(o.body.Ref, "#/$defs/"); ok && uses[name] == 1 {
			*o.body = *defs[name]
			delete(defs, name)
		}
	}
	return defs
}

// An Argument says where an argument of an endpoint goes.
type Argument struct {
	Name   string
	Source shape.Source
}

// ArgumentsOf lists the parameters that [Arguments] has, and whether there is a body.
func ArgumentsOf(in reflect.Type) (params []Argument, body bool, err error) {
	if in == nil {
		return nil, false, nil
	}
	s, err := shape.Of(in)
	if err != nil {
		return nil, false, err
	}
	for i := range s.Params {
		if p := &s.Params[i]; p.Source != shape.QueryAll {
			params = append(params, Argument{p.Name, p.Source})
		}
	}
	return slices.Clip(params), s.Whole != nil || len(s.Body) > 0, nil
}
