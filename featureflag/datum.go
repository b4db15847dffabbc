package featureflag

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
)

type dataKind uint8

const (
	dataNull dataKind = iota
	dataBool
	dataNumber
	dataString
	dataList
	dataMap
	dataRoot  // the evaluation context as a whole
	dataFlagd // its member $flagd
)

// A datum is a JSON value while a rule runs. It is passed around by value, so
// that nothing is allocated for numbers and strings.
type datum struct {
	kind dataKind
	num  float64 // a number; 1 for true
	str  string
	ref  any // []any or []string of a list, map[string]any of a map
}

func boolDatum(b bool) datum {
	if b {
		return datum{kind: dataBool, num: 1}
	}
	return datum{kind: dataBool}
}

func numberDatum(f float64) datum  { return datum{kind: dataNumber, num: f} }
func stringDatum(s string) datum   { return datum{kind: dataString, str: s} }
func listDatum(list []any) datum   { return datum{kind: dataList, ref: list} }
func (d datum) isNull() bool       { return d.kind == dataNull }
func (d datum) isString() bool     { return d.kind == dataString }
func (d datum) isNumber() bool     { return d.kind == dataNumber }
func (d datum) isPrimitive() bool  { return d.kind >= dataBool && d.kind <= dataString }
func (d datum) isCollection() bool { return d.kind >= dataList }

// fromAny takes what a host put into a context: JSON-like values cheaply, and
// everything else as encoding/json would write it.
func fromAny(v any) datum {
	switch v := v.(type) {
	case string:
		return datum{kind: dataString, str: v}
	case bool:
		return boolDatum(v)
	case float64:
		return datum{kind: dataNumber, num: v}
	case int:
		return datum{kind: dataNumber, num: float64(v)}
	case int64:
		return datum{kind: dataNumber, num: float64(v)}
	case nil:
		return datum{}
	case []any:
		return datum{kind: dataList, ref: v}
	case []string:
		return datum{kind: dataList, ref: v}
	case map[string]any:
		return datum{kind: dataMap, ref: v}
	}
	return fromOther(v)
}

func fromOther(v any) datum {
	switch v := v.(type) {
	case datum:
		return v
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return stringDatum(v.String())
		}
		return numberDatum(f)
	case json.Marshaler, interface{ MarshalText() ([]byte, error) }:
		return fromJSON(v)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String:
		return stringDatum(r.String())
	case reflect.Bool:
		return boolDatum(r.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return numberDatum(float64(r.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return numberDatum(float64(r.Uint()))
	case reflect.Float32, reflect.Float64:
		return numberDatum(r.Float())
	case reflect.Slice, reflect.Array:
		if r.Type().Elem().Kind() != reflect.Uint8 {
			list := make([]any, r.Len())
			for i := range list {
				list[i] = r.Index(i).Interface()
			}
			return listDatum(list)
		}
	case reflect.Map:
		if r.Type().Key().Kind() == reflect.String && !r.IsNil() {
			object := make(map[string]any, r.Len())
			for at := r.MapRange(); at.Next(); {
				object[at.Key().String()] = at.Value().Interface()
			}
			return datum{kind: dataMap, ref: object}
		}
	}
	return fromJSON(v)
}

// fromJSON sees a value as its JSON; what has none is null, as is what panics
// when it is asked.
func fromJSON(v any) (d datum) {
	defer func() {
		if recover() != nil {
			d = datum{}
		}
	}()
	n, ok := jsonNode(v)
	if !ok {
		return datum{}
	}
	return fromAny(n.plain())
}

func jsonNode(v any) (node, bool) {
	text, err := json.Marshal(v)
	if err != nil {
		return node{}, false
	}
	n, failed := readJSON(text)
	return n, failed == nil
}

// plain turns a datum into what encoding/json would decode.
func (d datum) plain() any {
	switch d.kind {
	case dataBool:
		return d.num != 0
	case dataNumber:
		return d.num
	case dataString:
		return d.str
	case dataList, dataMap:
		return d.ref
	}
	return nil
}

// truthy is JsonLogic's truth: null, false, 0, "", [] and {} are false.
func (d datum) truthy() bool {
	switch d.kind {
	case dataBool, dataNumber:
		return d.num != 0
	case dataString:
		return d.str != ""
	case dataList, dataMap:
		return d.size() > 0
	case dataRoot, dataFlagd:
		return true
	}
	return false
}

func (d datum) size() int {
	switch ref := d.ref.(type) {
	case []any:
		return len(ref)
	case []string:
		return len(ref)
	case map[string]any:
		return len(ref)
	}
	return 0
}

// at is an element of a list.
func (d datum) at(i int) datum {
	switch ref := d.ref.(type) {
	case []any:
		return fromAny(ref[i])
	case []string:
		return stringDatum(ref[i])
	}
	return datum{}
}

// number converts as JavaScript does in comparisons: NaN for what is none.
func (d datum) number() float64 {
	switch d.kind {
	case dataNull:
		return 0
	case dataBool, dataNumber:
		return d.num
	case dataString:
		if len(d.str) <= maxNumeral && strings.TrimSpace(d.str) == "" {
			return 0
		}
		f, bad := parseNumber(d.str)
		if bad {
			return math.NaN()
		}
		return f
	}
	return math.NaN()
}

// arithmetic converts for operators that compute: texts that are no number are
// 0, and only numbers and texts have a number.
func (d datum) arithmetic() (float64, bool) {
	switch d.kind {
	case dataNumber:
		return d.num, true
	case dataString:
		f, bad := parseNumber(d.str)
		if bad && !math.IsInf(f, 0) {
			f = 0
		}
		return f, true
	}
	return 0, false
}

// text converts for operators that build strings.
func (d datum) text() (string, bool) {
	switch d.kind {
	case dataNull:
		return "", true
	case dataString:
		return d.str, true
	case dataNumber:
		return strconv.FormatFloat(d.num, 'f', -1, 64), true
	}
	return "", false
}

// maxNumeral bounds the texts that are read as numbers, in bytes: of a longer one
// strconv would read every digit, at each comparison.
const maxNumeral = 1024

// parseNumber is strconv.ParseFloat, which allocates to refuse a text: those
// that cannot be numbers never reach it.
func parseNumber(s string) (f float64, bad bool) {
	if len(s) > maxNumeral || !maybeNumber(s) {
		return 0, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err != nil
}

func maybeNumber(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	if s == "" {
		return false
	}
	switch s[0] | 0x20 {
	case 'i':
		return strings.EqualFold(s, "inf") || strings.EqualFold(s, "infinity")
	case 'n':
		return strings.EqualFold(s, "nan")
	}
	if len(s) > 1 && s[0] == '0' && s[1]|0x20 == 'x' {
		return true
	}
	for i := range len(s) {
		if c := s[i]; !digit(c) && c != '.' && c|0x20 != 'e' && c != '+' && c != '-' {
			return false
		}
	}
	return true
}

func looseEqual(a, b datum) bool {
	if a.kind == dataNull || b.kind == dataNull {
		return a.kind == b.kind
	}
	if a.kind == dataString && b.kind == dataString {
		return a.str == b.str
	}
	return a.number() == b.number()
}

func strictEqual(a, b datum) bool {
	if a.kind != b.kind {
		return a.kind == dataNull && b.kind == dataNull
	}
	return looseEqual(a, b)
}

func less(a, b datum) bool {
	if a.kind == dataString && b.kind == dataString {
		return a.str < b.str
	}
	return a.number() < b.number()
}
