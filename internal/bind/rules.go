package bind

import (
	"errors"
	"fmt"
	"net/textproto"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

// ruleset knows whether and how values of a type are validated.
type ruleset struct {
	validate *validator.Validate
	typ      reflect.Type
	input    bool // the type is an input struct: its fields have sources
	any      bool // there are rules at all
	maps     bool // rules reach into maps, whose order is random
}

// ruleset checks the rules of a type and of every type it holds. The validator panics on a bad rule
// when it first meets a value for it; here every rule meets one.
func (b *Binder) ruleset(t reflect.Type, input bool) (*ruleset, error) {
	rs := &ruleset{validate: b.validate, typ: t, input: input}
	c := ruleChecker{ruleset: rs, seen: map[reflect.Type]bool{}, tried: &b.tried}
	if err := c.walk(t); err != nil {
		return nil, err
	}
	return rs, nil
}

type ruleChecker struct {
	*ruleset
	seen  map[reflect.Type]bool // whether rules are below
	tried *sync.Map             // what came of rules that were tried before
}

// triedRule is a rule on a type of values.
type triedRule struct {
	on   reflect.Type
	rule string
}

// walk checks a type and reports, in seen, whether it has rules that a dive would reach.
func (c *ruleChecker) walk(t reflect.Type) error {
	t = deref(t)
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return c.walk(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	if _, done := c.seen[t]; done || t == timeType {
		return nil
	}
	c.seen[t] = false
	for sf := range t.Fields() {
		if !sf.IsExported() && !sf.Anonymous {
			continue
		}
		rules := sf.Tag.Get("validate")
		if rules == "-" {
			continue
		}
		if err := c.walk(sf.Type); err != nil {
			return err
		}
		if rules != "" {
			c.any, c.seen[t] = true, true
			if err := c.field(t, sf, rules); err != nil {
				return fmt.Errorf("field %s.%s: %w", t, sf.Name, err)
			}
		}
		if below, reached := c.below(sf.Type, rules); below {
			if !reached {
				return fmt.Errorf("field %s.%s holds elements with validate tags; add dive (or validate:\"-\") to its own", t, sf.Name)
			}
			c.seen[t] = true
		}
	}
	if err := guard(func() { _ = c.validate.Struct(reflect.New(t).Interface()) }); err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	return nil
}

// below reports whether values inside a field have rules, and whether validation reaches them.
func (c *ruleChecker) below(t reflect.Type, rules string) (below, reached bool) {
	dives := strings.Count(","+rules+",", ",dive,")
	for reached = true; ; t = t.Elem() {
		switch t.Kind() {
		case reflect.Pointer:
		case reflect.Slice, reflect.Array, reflect.Map:
			reached = dives > 0
			dives--
		default:
			return c.seen[t], reached
		}
		if !reached {
			for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
				t = t.Elem()
			}
			return c.seen[t], false
		}
	}
}

// field tries each rule of a field alone, on a sample of what it is applied to.
func (c *ruleChecker) field(owner reflect.Type, sf reflect.StructField, rules string) error {
	t := deref(sf.Type)
	at, key := t, false
	for rule := range strings.SplitSeq(rules, ",") {
		name, param, _ := strings.Cut(rule, "=")
		switch {
		case rule == "dive":
			if k := at.Kind(); k != reflect.Slice && k != reflect.Array && k != reflect.Map {
				return fmt.Errorf("dive into %s, which has no elements", at)
			}
			t = at
			c.maps = c.maps || t.Kind() == reflect.Map
			at = deref(t.Elem())
		case rule == "keys":
			if key = t.Kind() == reflect.Map; !key {
				return errors.New("keys must follow the dive into a map")
			}
			at = t.Key()
		case rule == "endkeys":
			if !key {
				return errors.New("endkeys without keys")
			}
			at, key = deref(t.Elem()), false
		case structural(name):
		case comparesFields(name):
			if _, ok := owner.FieldByName(param); !ok {
				return fmt.Errorf("rule %q names no field of %s", rule, owner)
			}
		default:
			for alternative := range strings.SplitSeq(rule, "|") {
				if err := c.meets(at, alternative); err != nil {
					return fmt.Errorf("rule %q: %w", alternative, err)
				}
			}
		}
	}
	return nil
}

// meets tries a rule, once for each type of values.
func (c *ruleChecker) meets(t reflect.Type, rule string) error {
	key := triedRule{t, rule}
	if _, good := c.tried.Load(key); good {
		return nil
	}
	err := guard(func() { c.try(t, rule) })
	if err == nil {
		c.tried.Store(key, nil)
	}
	return err
}

// try applies one rule to a sample. The validator does not look at rules for a struct by itself, so
// a struct is tried as a field.
func (c *ruleChecker) try(t reflect.Type, rule string) {
	v := sample(t, 0)
	if t.Kind() != reflect.Struct || t == timeType {
		_ = c.validate.Var(v.Interface(), rule)
		return
	}
	field := reflect.StructField{Name: "F", Type: t, Tag: reflect.StructTag(`validate:` + strconv.Quote(rule))}
	holder := reflect.New(reflect.StructOf([]reflect.StructField{field}))
	holder.Elem().Field(0).Set(v)
	_ = c.validate.Struct(holder.Interface())
}

// structural rules say which other rules apply, or look at other fields in ways of their own.
func structural(name string) bool {
	for _, prefix := range []string{"required_", "excluded_", "skip_unless"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"omitempty", "omitnil", "omitzero", "structonly", "nostructlevel", "isdefault", "required"}, name) ||
		strings.HasSuffix(name, "csfield")
}

func comparesFields(name string) bool {
	return slices.Contains([]string{"eqfield", "nefield", "gtfield", "gtefield", "ltfield", "ltefield"}, name)
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// sample returns a value of a type that is not empty.
func sample(t reflect.Type, depth int) reflect.Value {
	v := reflect.New(t).Elem()
	if depth > 4 {
		return v
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString("1")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(sample(t.Elem(), depth+1))
	case reflect.Slice:
		v = reflect.Append(v, sample(t.Elem(), depth+1))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(sample(t.Key(), depth+1), sample(t.Elem(), depth+1))
	case reflect.Struct:
		if t == timeType {
			break
		}
		for sf := range t.Fields() {
			if sf.IsExported() {
				v.FieldByIndex(sf.Index).Set(sample(sf.Type, depth+1))
			}
		}
	}
	return v
}

// guard turns a panic of the validator into an error.
func guard(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("bad validate tag: %v", p)
		}
	}()
	f()
	return nil
}

// check validates a value, a pointer to the ruleset's type, and adds what is wrong to fields. A value
// that is already known to be wrong is not reported again.
func (rs *ruleset) check(v any, fields []problem.Field) []problem.Field {
	if !rs.any {
		return fields
	}
	err := rs.validate.Struct(v)
	if err == nil {
		return fields
	}
	failed, _ := errors.AsType[validator.ValidationErrors](err)
	known := slices.Clip(fields)
	for _, fe := range failed {
		if len(fields) == maxFields && !rs.maps {
			break
		}
		pointer := rs.locate(reflect.ValueOf(v).Elem(), fe.StructNamespace())
		if !covered(known, pointer) {
			detail, params := sentence(fe)
			fields = append(fields, problem.Field{Pointer: pointer, Code: fe.Tag(), Detail: detail, Params: params})
		}
	}
	if rs.maps {
		slices.SortStableFunc(fields[len(known):], func(a, b problem.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
	}
	return fields[:min(len(fields), maxFields)]
}

// covered reports whether a pointer is at or below one that was reported.
func covered(fields []problem.Field, pointer string) bool {
	for _, f := range fields {
		rest, ok := strings.CutPrefix(pointer, f.Pointer)
		if ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// locate turns the validator's path of Go names, "In.Items[3].Email", into a pointer. It
// walks the value along, because map keys may hold dots and brackets.
func (rs *ruleset) locate(v reflect.Value, path string) string {
	path = strings.TrimPrefix(path, rs.typ.Name()+".")
	b, _ := rs.step(v, path, nil, rs.input)
	return string(b)
}

func (rs *ruleset) step(v reflect.Value, path string, b []byte, input bool) ([]byte, bool) {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		v = v.Elem()
	}
	if path == "" {
		return b, true
	}
	if !v.IsValid() {
		return b, false
	}
	switch v.Kind() {
	case reflect.Struct:
		path = strings.TrimPrefix(path, ".")
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		sf, ok := v.Type().FieldByName(path[:end])
		if !ok || len(sf.Index) != 1 {
			return b, false
		}
		b, input = appendField(b, sf, input)
		return rs.step(v.Field(sf.Index[0]), path[end:], b, input)
	case reflect.Slice, reflect.Array:
		index, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
		var i int
		if _, err := fmt.Sscan(index, &i); !ok || err != nil || i < 0 || i >= v.Len() {
			return b, false
		}
		return rs.step(v.Index(i), rest, append(append(b, '/'), index...), false)
	case reflect.Map:
		for iter := v.MapRange(); iter.Next(); {
			key := fmt.Sprint(iter.Key())
			if rest, ok := strings.CutPrefix(path, "["+key+"]"); ok {
				if found, ok := rs.step(iter.Value(), rest, appendToken(append(slices.Clip(b), '/'), key), false); ok {
					return found, true
				}
			}
		}
	}
	return b, false
}

// appendField appends how a struct field is called on the wire. inside reports that fields below it may
// still be parameters, because it is embedded in the input.
func appendField(b []byte, sf reflect.StructField, input bool) (_ []byte, inside bool) {
	if input {
		for _, source := range []string{"path", "query", "header"} {
			if name, ok := sf.Tag.Lookup(source); ok {
				if source == "header" {
					name = textproto.CanonicalMIMEHeaderKey(name)
				}
				return appendToken(append(append(append(b, "#/"...), source...), '/'), name), false
			}
		}
		if _, ok := sf.Tag.Lookup("body"); ok {
			return b, false
		}
	}
	name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
	if name == "" && sf.Anonymous && deref(sf.Type).Kind() == reflect.Struct {
		return b, input
	}
	if name == "" || name == "-" {
		name = sf.Name
	}
	return appendToken(append(b, '/'), name), false
}
