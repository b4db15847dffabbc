package openapi

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
)

// writer builds a JSON text; the zero value is ready.
type writer struct{ b []byte }

// object writes an object whose members f writes.
func (w *writer) object(f func()) {
	w.b = append(w.b, '{')
	f()
	w.b = append(trimComma(w.b), '}', ',')
}

// array writes an array whose elements f writes.
func (w *writer) array(f func()) {
	w.b = append(w.b, '[')
	f()
	w.b = append(trimComma(w.b), ']', ',')
}

func trimComma(b []byte) []byte {
	if n := len(b); b[n-1] == ',' {
		return b[:n-1]
	}
	return b
}

// key begins a member; a value must follow.
func (w *writer) key(name string) *writer {
	w.b = append(appendString(w.b, name), ':')
	return w
}

func (w *writer) string(s string) { w.b = append(appendString(w.b, s), ',') }
func (w *writer) bool(v bool)     { w.b = append(strconv.AppendBool(w.b, v), ',') }

// text writes a member unless it is empty.
func (w *writer) text(name, value string) {
	if value != "" {
		w.key(name).string(value)
	}
}

// time writes a member unless it is zero.
func (w *writer) time(name string, at time.Time) {
	if !at.IsZero() {
		w.key(name).string(at.UTC().Format(time.RFC3339))
	}
}

func (w *writer) schema(s *jsonschema.Schema) { w.b = append(appendSchema(w.b, s), ',') }

// value writes anything encoding/json can write.
func (w *writer) value(v any) { w.b = append(appendValue(w.b, v), ',') }

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case float64:
		if v == float64(int64(v)) {
			return strconv.AppendInt(b, int64(v), 10)
		}
	case *jsonschema.Schema:
		return appendSchema(b, v)
	}
	data, err := json.Marshal(v)
	if err != nil {
		data = []byte("null")
	}
	return append(b, data...)
}

// appendString appends a JSON string without HTML escaping.
func appendString(b []byte, s string) []byte {
	plain := func(c byte) bool { return c >= ' ' && c < 127 && c != '"' && c != '\\' }
	for i := range len(s) {
		if !plain(s[i]) {
			var buf strings.Builder
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false)
			_ = enc.Encode(s) // a string can always be written
			return append(b, strings.TrimSuffix(buf.String(), "\n")...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendSchema appends a schema. It knows the keywords that this package uses and hands schemas
// with others, which types made themselves, to the library's slower encoder.
func appendSchema(b []byte, s *jsonschema.Schema) []byte {
	if foreign(s) {
		return appendValue(b, *s)
	}
	w := writer{b: b}
	w.object(func() {
		w.text("$schema", s.Schema)
		w.text("$ref", s.Ref)
		w.text("title", s.Title)
		w.text("description", s.Description)
		switch {
		case s.Type != "":
			w.key("type").string(s.Type)
		case len(s.Types) > 0:
			w.key("type").array(func() {
				for _, t := range s.Types {
					w.string(t)
				}
			})
		}
		w.annotations(s)
		w.limits(s)
		w.members(s)
		if s.AnyOf != nil {
			w.key("anyOf").array(func() {
				for _, sub := range s.AnyOf {
					w.schema(sub)
				}
			})
		}
		if s.Not != nil {
			w.key("not").schema(s.Not)
		}
		for _, name := range sortedKeys(s.Extra) {
			w.key(name).value(s.Extra[name])
		}
	})
	return trimComma(w.b)
}

// foreign reports keywords that appendSchema does not write.
func foreign(s *jsonschema.Schema) bool {
	return s.ID != "" || s.Comment != "" || s.Anchor != "" || s.DynamicRef != "" || s.DynamicAnchor != "" ||
		s.Defs != nil || s.Definitions != nil || s.Vocabulary != nil ||
		s.AllOf != nil || s.OneOf != nil || s.If != nil || s.Then != nil || s.Else != nil ||
		s.PrefixItems != nil || s.ItemsArray != nil || s.AdditionalItems != nil || s.Contains != nil ||
		s.MinContains != nil || s.MaxContains != nil || s.UnevaluatedItems != nil || s.MultipleOf != nil ||
		s.DependentRequired != nil || s.DependentSchemas != nil || s.DependencySchemas != nil || s.DependencyStrings != nil ||
		s.PatternProperties != nil || s.UnevaluatedProperties != nil || s.ContentSchema != nil || s.ReadOnly || s.Deprecated
}

func (w *writer) annotations(s *jsonschema.Schema) {
	w.text("format", s.Format)
	w.text("contentEncoding", s.ContentEncoding)
	w.text("contentMediaType", s.ContentMediaType)
	if s.WriteOnly {
		w.key("writeOnly").bool(true)
	}
	if s.Default != nil {
		w.key("default")
		w.b = append(append(w.b, s.Default...), ',')
	}
	if s.Examples != nil {
		w.list("examples", s.Examples)
	}
	if s.Enum != nil {
		w.list("enum", s.Enum)
	}
	if s.Const != nil {
		w.key("const").value(*s.Const)
	}
}

func (w *writer) list(name string, values []any) {
	w.key(name).array(func() {
		for _, v := range values {
			w.value(v)
		}
	})
}

func (w *writer) limits(s *jsonschema.Schema) {
	for _, l := range [...]struct {
		name  string
		value *float64
	}{{"minimum", s.Minimum}, {"maximum", s.Maximum}, {"exclusiveMinimum", s.ExclusiveMinimum}, {"exclusiveMaximum", s.ExclusiveMaximum}} {
		if l.value != nil {
			w.key(l.name).value(*l.value)
		}
	}
	for _, l := range [...]struct {
		name  string
		value *int
	}{
		{"minLength", s.MinLength}, {"maxLength", s.MaxLength}, {"minItems", s.MinItems}, {"maxItems", s.MaxItems},
		{"minProperties", s.MinProperties}, {"maxProperties", s.MaxProperties},
	} {
		if l.value != nil {
			w.key(l.name)
			w.b = append(strconv.AppendInt(w.b, int64(*l.value), 10), ',')
		}
	}
	if s.UniqueItems {
		w.key("uniqueItems").bool(true)
	}
	w.text("pattern", s.Pattern)
}

// members writes what is in an array or object.
func (w *writer) members(s *jsonschema.Schema) {
	if s.Items != nil {
		w.key("items").schema(s.Items)
	}
	if s.Properties != nil {
		w.key("properties").object(func() {
			for _, name := range propertyNames(s) {
				w.key(name).schema(s.Properties[name])
			}
		})
	}
	if len(s.Required) > 0 {
		w.key("required").array(func() {
			for _, name := range s.Required {
				w.string(name)
			}
		})
	}
	if s.PropertyNames != nil {
		w.key("propertyNames").schema(s.PropertyNames)
	}
	if p := s.AdditionalProperties; p != nil {
		w.key("additionalProperties")
		if isFalse(p) {
			w.bool(false)
		} else {
			w.schema(p)
		}
	}
}

// isFalse reports the schema that nothing matches, as jsonschema writes it.
func isFalse(s *jsonschema.Schema) bool {
	return s.Not != nil && s.Type == "" && s.Ref == "" && len(appendSchema(nil, s.Not)) == len("{}")
}

// propertyNames returns the names in the order of declaration, where it is known.
func propertyNames(s *jsonschema.Schema) []string {
	if len(s.PropertyOrder) == len(s.Properties) {
		return s.PropertyOrder
	}
	return sortedKeys(s.Properties)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
