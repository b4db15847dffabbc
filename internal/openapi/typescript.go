package openapi

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// TypeScript returns type declarations for the document: an interface per component, and under
// the name Operations each operation's method, path, parameters, body and answer, with a
// table of methods and paths beside it. The same document gives the same bytes.
func TypeScript(d *Document) []byte {
	t := &scripter{}
	t.line("// Generated from the OpenAPI document; do not edit.")
	for _, name := range sortedKeys(d.schemas) {
		t.component(name, d.schemas[name])
	}
	t.line("")
	t.line("export interface Operations {")
	for _, o := range d.ops {
		t.operation(o)
	}
	t.line("}")
	t.line("")
	t.line("export const operations = {")
	for _, o := range d.ops {
		t.line("  " + property(o.id) + `: { method: "` + o.Method + `", path: ` + quote(o.path) + " },")
	}
	t.line("} as const satisfies { [K in keyof Operations]: Pick<Operations[K], \"method\" | \"path\"> };")
	return []byte(t.b.String())
}

type scripter struct{ b strings.Builder }

func (t *scripter) line(s string) {
	t.b.WriteString(s)
	t.b.WriteByte('\n')
}

func (t *scripter) comment(indent, text string) {
	if text != "" {
		text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "*/", "* /")
		t.line(indent + "/** " + text + " */")
	}
}

func (t *scripter) component(name string, s *jsonschema.Schema) {
	t.line("")
	t.comment("", s.Description)
	if s.Type != "object" || s.Properties == nil {
		t.line("export type " + name + " = " + tsType(s, "") + ";")
		return
	}
	t.line("export interface " + name + " {")
	for _, p := range propertyNames(s) {
		t.comment("  ", s.Properties[p].Description)
		t.line("  " + member(s, p, "  "))
	}
	t.line("}")
}

func (t *scripter) operation(o *operation) {
	t.comment("  ", o.Summary)
	t.line("  " + property(o.id) + ": {")
	t.line(`    method: "` + o.Method + `";`)
	t.line("    path: " + quote(o.path) + ";")
	all := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
	for _, in := range []string{"path", "query", "header"} {
		params := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
		for _, p := range o.params {
			switch {
			case p.in != in:
			case p.form:
				params.AdditionalProperties = p.schema.AdditionalProperties
			default:
				params.Properties[p.name] = p.schema
				params.PropertyOrder = append(params.PropertyOrder, p.name)
				if p.required {
					params.Required = append(params.Required, p.name)
				}
			}
		}
		if len(params.Properties) > 0 || params.AdditionalProperties != nil {
			all.Properties[in] = params
			all.PropertyOrder = append(all.PropertyOrder, in)
			if len(params.Required) > 0 {
				all.Required = append(all.Required, in)
			}
		}
	}
	if len(all.Properties) > 0 {
		t.line("    " + member(&jsonschema.Schema{Properties: map[string]*jsonschema.Schema{"params": all}, Required: mandatory(all)}, "params", "    "))
	}
	if o.body != nil {
		mark := "?: "
		if o.bodyReq {
			mark = ": "
		}
		t.line("    body" + mark + tsType(o.body, "    ") + ";")
	}
	var answers []string
	for _, a := range o.answers {
		kind := "undefined"
		if a.schema != nil {
			kind = tsType(a.schema, "    ")
		}
		if !slices.Contains(answers, kind) {
			answers = append(answers, kind)
		}
	}
	t.line("    answer: " + strings.Join(answers, " | ") + ";")
	t.line("  };")
}

// mandatory returns "params" when some parameter must be given.
func mandatory(all *jsonschema.Schema) []string {
	if len(all.Required) > 0 {
		return []string{"params"}
	}
	return nil
}

// member declares a property of an object.
func member(s *jsonschema.Schema, name, indent string) string {
	mark := "?: "
	if slices.Contains(s.Required, name) {
		mark = ": "
	}
	return property(name) + mark + tsType(s.Properties[name], indent) + ";"
}

// tsType writes a schema as a type expression.
func tsType(s *jsonschema.Schema, indent string) string {
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Const != nil:
		return literals([]any{*s.Const})
	case s.Enum != nil:
		return literals(s.Enum)
	case s.AnyOf != nil:
		return union(s.AnyOf, indent, " | ")
	case s.OneOf != nil:
		return union(s.OneOf, indent, " | ")
	case s.AllOf != nil:
		return union(s.AllOf, indent, " & ")
	case s.Type != "":
		return tsKind(s, s.Type, indent)
	case len(s.Types) > 0:
		var kinds []string
		for _, t := range s.Types {
			kinds = append(kinds, tsKind(s, t, indent))
		}
		return strings.Join(kinds, " | ")
	}
	return "unknown"
}

func union(subs []*jsonschema.Schema, indent, operator string) string {
	var parts []string
	for _, sub := range subs {
		part := tsType(sub, indent)
		if strings.Contains(part, " | ") && operator == " & " {
			part = "(" + part + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, operator)
}

func literals(values []any) string {
	var parts []string
	for _, v := range values {
		parts = append(parts, string(appendValue(nil, v)))
	}
	return strings.Join(parts, " | ")
}

func tsKind(s *jsonschema.Schema, kind, indent string) string {
	switch kind {
	case "integer", "number":
		return "number"
	case "array":
		if s.Items == nil {
			return "unknown[]"
		}
		items := tsType(s.Items, indent)
		if strings.ContainsAny(items, " ") {
			return "Array<" + items + ">"
		}
		return items + "[]"
	case "object":
		return tsObject(s, indent)
	}
	return kind // string, boolean, null
}

func tsObject(s *jsonschema.Schema, indent string) string {
	open := s.AdditionalProperties != nil && !isFalse(s.AdditionalProperties)
	if len(s.Properties) == 0 {
		if open {
			return "Record<string, " + tsType(s.AdditionalProperties, indent) + ">"
		}
		return "Record<string, unknown>"
	}
	var b strings.Builder
	b.WriteString("{\n")
	for _, name := range propertyNames(s) {
		b.WriteString(indent + "  " + member(s, name, indent+"  ") + "\n")
	}
	b.WriteString(indent + "}")
	if open {
		b.WriteString(" & Record<string, " + tsType(s.AdditionalProperties, indent) + ">")
	}
	return b.String()
}

// property writes a name as an object key, quoted unless it is an identifier.
func property(name string) string {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '$'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

// quote writes a TypeScript string; JSON's strings are.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(b)
}
