package bind

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

// params is the plan for path, query and header parameters.
type params struct {
	path, query, header []param
	names               map[string]int // of query parameters
	rest                []int          // index of the field that takes all other query parameters
}

func (ps *params) none() bool {
	return len(ps.path) == 0 && len(ps.query) == 0 && len(ps.header) == 0 && ps.rest == nil
}

// param is one parameter.
type param struct {
	name     string
	index    []int
	set      setter
	list     bool
	joined   bool // a header whose lines are one list
	required bool
	fallback func(v reflect.Value)
}

func (p *Plan) compileParams(fields []shape.Field, pattern string) error {
	wildcards, err := Wildcards(pattern)
	if err != nil {
		return err
	}
	ps := &p.params
	ps.names = map[string]int{}
	for i := range fields {
		if err := ps.compile(&fields[i], p, wildcards); err != nil {
			return fmt.Errorf("field %s: %w", fields[i].GoName, err)
		}
	}
	for _, name := range wildcards {
		if !slices.ContainsFunc(ps.path, func(x param) bool { return x.name == name }) {
			return fmt.Errorf("pattern %q has {%s}, but no field is tagged path:%q", pattern, name, name)
		}
	}
	if len(ps.query) > maxMembers {
		return fmt.Errorf("more than %d query parameters", maxMembers)
	}
	return nil
}

func (ps *params) compile(f *shape.Field, p *Plan, wildcards []string) error {
	if err := embeddedByValue(p.typ, f.Index); err != nil {
		return err
	}
	if f.Source == shape.QueryAll {
		if f.Type != reflect.TypeFor[url.Values]() {
			return fmt.Errorf("query:\"*\" needs the type url.Values, not %s", f.Type)
		}
		ps.rest = f.Index
		return nil
	}
	x := param{name: f.Name, index: f.Index, required: f.Needed(p.binder.validate)}
	t := f.Type
	if f.Source == shape.Query && t.Kind() == reflect.Slice && !reflect.PointerTo(t).Implements(textUnmarshalerType) {
		x.list, t = true, t.Elem()
	}
	var err error
	if x.set, err = textSetter(t); err != nil {
		return err
	}
	if _, has := f.Tag.Lookup("default"); has {
		if x.fallback, err = fallback(*f); err != nil {
			return err
		}
	}
	switch f.Source {
	case shape.Path:
		if !slices.Contains(wildcards, f.Name) {
			return fmt.Errorf("the pattern has no {%s}", f.Name)
		}
		if t.Kind() == reflect.Pointer || x.fallback != nil {
			return fmt.Errorf("path parameter %s is always there: it needs no pointer and no default", f.Name)
		}
		ps.path = append(ps.path, x)
	case shape.Query:
		ps.names[f.Name] = len(ps.query)
		ps.query = append(ps.query, x)
	case shape.Header:
		switch x.name {
		case "Authorization", "Cookie", "Accept", "Content-Type", "Content-Length":
			return fmt.Errorf("header %s is not for endpoints to read", x.name)
		}
		x.joined = x.name == "If-Match" || x.name == "If-None-Match" // RFC 9110, section 5.3
		ps.header = append(ps.header, x)
	}
	return nil
}

// embeddedByValue refuses parameters inside embedded pointers, which nothing would allocate.
func embeddedByValue(t reflect.Type, index []int) error {
	for _, i := range index[:len(index)-1] {
		if t = t.Field(i).Type; t.Kind() == reflect.Pointer {
			return fmt.Errorf("is a parameter inside the embedded pointer %s; embed the struct", t)
		}
	}
	return nil
}

// Wildcards returns the names of a ServeMux pattern's wildcards.
func Wildcards(pattern string) ([]string, error) {
	slash := strings.IndexByte(pattern, '/')
	if slash < 0 {
		return nil, fmt.Errorf("pattern %q has no path", pattern)
	}
	var names []string
	for segment := range strings.SplitSeq(pattern[slash:], "/") {
		name, ok := strings.CutPrefix(segment, "{")
		if !ok || name == "$}" {
			continue
		}
		name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "...")
		if name == "" || slices.Contains(names, name) {
			return nil, fmt.Errorf("pattern %q has a bad wildcard %q", pattern, segment)
		}
		names = append(names, name)
	}
	return names, nil
}

// decode sets all parameters. It fails on a query string that cannot be read; values of the
// wrong type are reported to d.
func (ps *params) decode(d *decoder, r *http.Request, v reflect.Value) *Error {
	for i := range ps.path {
		x := &ps.path[i]
		x.apply(d, v.FieldByIndex(x.index), "#/path/", r.PathValue(x.name))
	}
	if err := ps.decodeQuery(d, r.URL.RawQuery, v); err != nil {
		return err
	}
	for i := range ps.header {
		x := &ps.header[i]
		switch values := r.Header[x.name]; {
		case len(values) == 0:
			x.absent(d, v, "#/header/")
		case len(values) == 1:
			x.apply(d, v.FieldByIndex(x.index), "#/header/", values[0])
		case x.joined:
			x.apply(d, v.FieldByIndex(x.index), "#/header/", strings.Join(values, ", "))
		default:
			d.reportParam("#/header/"+x.name, "duplicate", "must not appear more than once")
		}
	}
	return nil
}

func (x *param) apply(d *decoder, v reflect.Value, where, text string) {
	if !utf8.ValidString(text) {
		d.reportParam(pointerTo(where, x.name), "type", "must be valid UTF-8")
	} else if detail := x.set(v, text); detail != "" {
		d.reportParam(pointerTo(where, x.name), "type", detail)
	}
}

func (x *param) absent(d *decoder, v reflect.Value, where string) {
	switch {
	case x.fallback != nil:
		x.fallback(v.FieldByIndex(x.index))
	case x.required:
		d.reportParam(pointerTo(where, x.name), "missing", "must be given")
	}
}

// appendTo sets the next element of a list parameter.
func (x *param) appendTo(d *decoder, v reflect.Value, text string) {
	n := v.Len()
	v.Grow(1)
	v.SetLen(n + 1)
	detail := "must be valid UTF-8"
	if utf8.ValidString(text) {
		detail = x.set(v.Index(n), text)
	}
	if detail != "" {
		d.reportParam(pointerTo("#/query/", x.name)+"/"+strconv.Itoa(n), "type", detail)
	}
}

func pointerTo(where, name string) string { return string(appendToken([]byte(where), name)) }

func (d *decoder) reportParam(pointer, code, detail string) {
	if len(d.fields) < maxFields {
		d.fields = append(d.fields, problem.Field{Pointer: pointer, Code: code, Detail: detail, Params: usual(code, detail)})
	}
}

// decodeQuery reads the query string as an HTML form writes it (WHATWG URL section 5.1).
func (ps *params) decodeQuery(d *decoder, raw string, v reflect.Value) *Error {
	var got seen
	var bad []problem.Field
	var rest url.Values
	for raw != "" && len(bad) < maxFields {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, ok1 := unescape(key)
		value, ok2 := unescape(value)
		if !ok1 || !ok2 || strings.Contains(pair, ";") {
			bad = append(bad, problem.Field{Pointer: "#/query", Code: "syntax", Detail: "must be a well-formed query string"})
			continue
		}
		i, known := ps.names[key]
		switch {
		case !known && ps.rest == nil:
			bad = append(bad, problem.Field{Pointer: pointerTo("#/query/", key), Code: "unknown", Detail: "is not a known parameter"})
		case !known:
			if rest == nil {
				rest = url.Values{}
			}
			rest[key] = append(rest[key], value)
		case ps.query[i].list:
			got.add(i)
			ps.query[i].appendTo(d, v.FieldByIndex(ps.query[i].index), value)
		case got.has(i):
			bad = append(bad, problem.Field{Pointer: pointerTo("#/query/", key), Code: "duplicate", Detail: "must not appear more than once"})
		default:
			got.add(i)
			ps.query[i].apply(d, v.FieldByIndex(ps.query[i].index), "#/query/", value)
		}
	}
	if len(bad) > 0 {
		return malformedQuery(bad)
	}
	for i := range ps.query {
		if !got.has(i) {
			ps.query[i].absent(d, v, "#/query/")
		}
	}
	if ps.rest != nil {
		if rest == nil {
			rest = url.Values{}
		}
		v.FieldByIndex(ps.rest).Set(reflect.ValueOf(rest))
	}
	return nil
}

// unescape decodes a key or a value of the query string, and checks that it is UTF-8.
func unescape(s string) (string, bool) {
	if strings.ContainsAny(s, "%+") {
		var err error
		if s, err = url.QueryUnescape(s); err != nil {
			return "", false
		}
	}
	return s, utf8.ValidString(s)
}
