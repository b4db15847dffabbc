package query

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Match reports whether a row passes; value returns the row's values by field
// name, nil for NULL. It decides as SQL does. A value that does not fit the
// field's kind counts as NULL.
func (f *Filter) Match(value func(field string) any) bool { return f == nil || f.root.match(value) }

func (n *node) match(value func(string) any) bool {
	switch n.kind {
	case isAnd:
		return !slices.ContainsFunc(n.kids, func(kid *node) bool { return !kid.match(value) })
	case isOr:
		return slices.ContainsFunc(n.kids, func(kid *node) bool { return kid.match(value) })
	case isNot:
		return !n.kids[0].match(value)
	}
	raw := value(n.field.Name)
	if n.operator == has {
		return slices.Contains(setOf(raw), n.value.(string))
	}
	v := n.field.normal(raw)
	if v == nil {
		return n.operator == unequal
	}
	switch n.operator {
	case present:
		return true
	case prefix:
		return strings.HasPrefix(v.(string), n.value.(string))
	}
	c := order(v, n.value)
	switch n.operator {
	case equal:
		return c == 0
	case unequal:
		return c != 0
	case less:
		return c < 0
	case atMost:
		return c <= 0
	case greater:
		return c > 0
	}
	return c >= 0
}

// order compares two values of one kind, none of them nil.
func order(a, b any) int {
	switch a := a.(type) {
	case string:
		return cmp.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	case float64:
		return cmp.Compare(a, b.(float64))
	case bool:
		switch {
		case a == b.(bool):
			return 0
		case a:
			return 1
		}
		return -1
	}
	return 0
}

// normal returns a Go value as it is bound and compared, nil for NULL.
func (f Field) normal(value any) any {
	switch v := value.(type) { // without reflection where it is what it should be
	case nil:
		return nil
	case time.Time:
		if f.Kind != Time || v.IsZero() && f.Nullable {
			return nil
		}
		return v.UnixMicro()
	}
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	if v.Type() == reflect.TypeFor[time.Time]() {
		return f.normal(v.Interface())
	}
	out := f.scalar(v)
	if isNaN(out) {
		return nil
	}
	return out
}

func (f Field) scalar(v reflect.Value) any {
	switch f.Kind {
	case Text, Enum:
		if v.Kind() == reflect.String {
			return f.fold(v.String())
		}
	case Integer, Time:
		if v.CanInt() {
			return v.Int()
		}
		if v.CanUint() {
			return int64(v.Uint())
		}
	case Number:
		switch {
		case v.CanFloat():
			return v.Float()
		case v.CanInt():
			return float64(v.Int())
		case v.CanUint():
			return float64(v.Uint())
		}
	case Boolean:
		if v.Kind() == reflect.Bool {
			return v.Bool()
		}
	}
	return nil
}

// setOf returns the members of a Set.
func setOf(value any) []string {
	if s, ok := value.([]string); ok {
		return s
	}
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.String {
		return nil
	}
	out := make([]string, v.Len())
	for i := range out {
		out[i] = v.Index(i).String()
	}
	return out
}
