package featureflag

import (
	"maps"
	"math"
	"slices"
)

// Kind is what the values of a flag are.
type Kind uint8

// The kinds of flags and values. Definitions know one type of number.
const (
	KindNone   Kind = iota // no value: the code default applies
	KindBool               // true or false
	KindString             // a string
	KindNumber             // a finite number
	KindObject             // a JSON object
)

// String names the kind: none, boolean, string, number or object.
func (k Kind) String() string {
	switch k {
	case KindBool:
		return "boolean"
	case KindString:
		return "string"
	case KindNumber:
		return "number"
	case KindObject:
		return "object"
	}
	return "none"
}

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// A Value is what a flag serves: immutable, cheap to copy. The zero Value is
// none.
type Value struct {
	kind Kind
	num  float64 // a number; 1 for true
	str  string  // a string; an object as JSON
	obj  map[string]any
}

// Kind says what the value is.
func (v Value) Kind() Kind { return v.kind }

// IsNone reports that there is no value, so that the code default applies.
func (v Value) IsNone() bool { return v.kind == KindNone }

// Bool is the value of a boolean, and whether it is one.
func (v Value) Bool() (value, ok bool) { return v.num != 0 && v.kind == KindBool, v.kind == KindBool }

// Text is the value of a string, and whether it is one.
func (v Value) Text() (string, bool) {
	if v.kind != KindString {
		return "", false
	}
	return v.str, true
}

// Float is the value of a number, and whether it is one.
func (v Value) Float() (float64, bool) {
	if v.kind != KindNumber {
		return 0, false
	}
	return v.num, true
}

// Int is a number without its fraction, and whether it is a number that an
// int64 can hold.
func (v Value) Int() (int64, bool) {
	const limit = 1 << 63
	if v.kind != KindNumber || !(v.num >= -limit && v.num < limit) {
		return 0, false
	}
	return int64(v.num), true
}

// Object is a copy of an object as encoding/json decodes it, and whether it is
// one.
func (v Value) Object() (map[string]any, bool) {
	if v.kind != KindObject {
		return nil, false
	}
	return cloneMap(v.obj), true
}

// Any is the value as encoding/json decodes it: bool, string, float64, a copy
// of the object, or nil.
func (v Value) Any() any {
	switch v.kind {
	case KindBool:
		return v.num != 0
	case KindString:
		return v.str
	case KindNumber:
		return v.num
	case KindObject:
		return cloneMap(v.obj)
	}
	return nil
}

// Equal reports whether two values are the same.
func (v Value) Equal(o Value) bool {
	return v.kind == o.kind && v.str == o.str && v.num == o.num
}

// String is the value as JSON.
func (v Value) String() string { return string(v.appendJSON(nil)) }

// MarshalJSON writes the value, null when there is none.
func (v Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil), nil }

func (v Value) appendJSON(b []byte) []byte {
	switch v.kind {
	case KindBool:
		if v.num != 0 {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case KindString:
		return appendText(b, v.str)
	case KindNumber:
		return appendNumber(b, v.num)
	case KindObject:
		return append(b, v.str...)
	}
	return append(b, "null"...)
}

// flagValue turns a variant's value of the definitions into a Value; none for
// null and arrays.
func flagValue(n *node) Value {
	switch n.kind {
	case nodeBool:
		return Value{kind: KindBool, num: n.num}
	case nodeNumber:
		return Value{kind: KindNumber, num: n.num}
	case nodeString:
		return Value{kind: KindString, str: n.str}
	case nodeObject:
		object, _ := n.plain().(map[string]any)
		return Value{kind: KindObject, str: canonicalText(n), obj: object}
	}
	return Value{}
}

// BoolValue makes a boolean: the value of an answer that another provider gave.
func BoolValue(b bool) Value {
	v := Value{kind: KindBool}
	if b {
		v.num = 1
	}
	return v
}

// StringValue makes a string.
func StringValue(s string) Value { return Value{kind: KindString, str: s} }

// NumberValue makes a number; none of infinities and what is no number.
func NumberValue(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}
	}
	return Value{kind: KindNumber, num: f}
}

// ObjectValue makes an object of what encoding/json can write; none of what it
// cannot.
func ObjectValue(m map[string]any) Value {
	n, ok := jsonNode(m)
	if !ok || n.kind != nodeObject {
		return Value{}
	}
	return flagValue(&n)
}

func cloneMap(m map[string]any) map[string]any {
	clone := maps.Clone(m)
	for key, value := range clone {
		clone[key] = cloneAny(value)
	}
	return clone
}

func cloneAny(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return cloneMap(v)
	case []any:
		list := slices.Clone(v)
		for i := range list {
			list[i] = cloneAny(list[i])
		}
		return list
	}
	return v
}
