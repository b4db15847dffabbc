package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

// object is a decoded JSON object. Values are object, []any, json.Number, string, bool and nil. Objects are not changed
// once they are shared; functions here return new ones.
type object = map[string]any

// maxDepth is how deep values may nest.
const maxDepth = 32

// parse decodes one JSON object and refuses what decoders disagree about: repeated names, invalid UTF-8, trailing data.
func parse(raw []byte) (object, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return object{}, nil
	}
	if !utf8.Valid(raw) {
		return nil, errors.New("not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	v, err := parseValue(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("data after the value")
	}
	o, ok := v.(object)
	if !ok {
		return nil, errors.New("not an object")
	}
	return o, nil
}

func parseValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	token, err := dec.Token()
	if err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return parseObject(dec, depth)
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := parseValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	}
	return token, nil
}

func parseObject(dec *json.Decoder, depth int) (any, error) {
	o := object{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		// The decoder has checked that names are strings.
		name, _ := token.(string)
		if _, ok := o[name]; ok {
			return nil, fmt.Errorf("field %q appears twice", name)
		}
		if o[name], err = parseValue(dec, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return o, err
}

// encode returns canonical JSON: sorted names, no white space.
func encode(v any) (json.RawMessage, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// split parts o into the fields that s has and those it has not.
func split(o object, s *shape) (known, unknown object) {
	known, unknown = object{}, object{}
	for name, value := range o {
		sub := s.field(name)
		inner, isObject := value.(object)
		switch {
		case sub == nil:
			unknown[name] = value
		case sub.fields != nil && isObject:
			k, u := split(inner, sub)
			known[name] = k
			if len(u) > 0 {
				unknown[name] = u
			}
		default:
			known[name] = value
		}
	}
	return known, unknown
}

// overlay returns base with the fields of top over it. Only what s knows as a struct is merged field by field.
func overlay(base, top object, s *shape) object {
	out := maps.Clone(base)
	if out == nil {
		out = object{}
	}
	for name, value := range top {
		below, ok1 := out[name].(object)
		above, ok2 := value.(object)
		if sub := s.field(name); sub != nil && sub.fields != nil && ok1 && ok2 {
			value = overlay(below, above, sub)
		}
		out[name] = value
	}
	return out
}

// unknownFields lists the fields of o that s does not have.
func unknownFields(o object, s *shape, pointer string) []problem.Field {
	var out []problem.Field
	for _, name := range slices.Sorted(maps.Keys(o)) {
		here := pointer + "/" + escape(name)
		sub := s.field(name)
		if sub == nil {
			out = append(out, problem.Field{Pointer: here, Code: "unknown", Detail: "is not a setting of this module"})
			continue
		}
		if inner, ok := o[name].(object); ok && sub.fields != nil {
			out = append(out, unknownFields(inner, sub, here)...)
		}
	}
	return out
}

// A Change is one field that differs between two versions.
type Change struct {
	// Field is the path of the field with dots: "interval", "smtp.host".
	Field string `json:"field"`
	// Before and After are the effective values, null when there was none and always for a secret.
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	// Secret marks a field whose values are not shown.
	Secret bool `json:"secret,omitempty"`
}

// diff lists the fields that differ, by name. prefix is what their names begin with.
func diff(before, after object, s *shape, prefix string) ([]Change, error) {
	names := maps.Clone(before)
	if names == nil {
		names = object{}
	}
	maps.Copy(names, after)
	var out []Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		b, a := before[name], after[name]
		if reflect.DeepEqual(b, a) {
			continue
		}
		here := prefix + name
		bo, ok1 := b.(object)
		ao, ok2 := a.(object)
		if sub := s.field(name); sub != nil && sub.fields != nil && (ok1 || b == nil) && (ok2 || a == nil) {
			inner, err := diff(bo, ao, sub, here+".")
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
			continue
		}
		change := Change{Field: here}
		var err error
		if change.Before, err = encode(b); err != nil {
			return nil, err
		}
		if change.After, err = encode(a); err != nil {
			return nil, err
		}
		out = append(out, change)
	}
	return out, nil
}

// Pointers, RFC 6901.

func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

func parsePointer(pointer string) ([]string, error) {
	if !strings.HasPrefix(pointer, "/") {
		return nil, fmt.Errorf("pointer %q does not begin with a slash", pointer)
	}
	path := strings.Split(pointer[1:], "/")
	for i, name := range path {
		if strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(name), "~") {
			return nil, fmt.Errorf("pointer %q has a bad escape", pointer)
		}
		if path[i] = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~"); path[i] == "" {
			return nil, fmt.Errorf("pointer %q has an empty name", pointer)
		}
	}
	return path, nil
}

// take removes the value at path and returns what is left.
func take(o object, path []string) (rest object, value any, found bool) {
	v, ok := o[path[0]]
	if !ok {
		return o, nil, false
	}
	if len(path) == 1 {
		rest = maps.Clone(o)
		delete(rest, path[0])
		return rest, v, true
	}
	inner, ok := v.(object)
	if !ok {
		return o, nil, false
	}
	inner, value, found = take(inner, path[1:])
	if !found {
		return o, nil, false
	}
	rest = maps.Clone(o)
	rest[path[0]] = inner
	return rest, value, true
}

// put sets the value at path. It leaves o alone where something other than an object is in the way.
func put(o object, path []string, value any) object {
	out := maps.Clone(o)
	if out == nil {
		out = object{}
	}
	if len(path) == 1 {
		out[path[0]] = value
		return out
	}
	inner, ok := out[path[0]].(object)
	if !ok && out[path[0]] != nil {
		return o
	}
	out[path[0]] = put(inner, path[1:], value)
	return out
}
