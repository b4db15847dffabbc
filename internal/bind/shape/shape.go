// Package shape says which fields a struct has on the wire. Binding, encoding and the API
// document all ask it, so they cannot disagree.
//
// JSON fields follow encoding/json: names, embedding, and which field wins when several have
// one name.
package shape

import (
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"net/textproto"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Source is where a field of an input takes its value from.
type Source uint8

// The sources.
const (
	JSON     Source = iota + 1 // a member of the JSON body
	Path                       // a wildcard of the pattern
	Query                      // a query parameter
	QueryAll                   // all query parameters that no other field names
	Header                     // a request header
	Whole                      // the whole body
)

// Field is one field on the wire.
type Field struct {
	Name      string // on the wire
	GoName    string
	Source    Source
	Index     []int // for reflect.Value.FieldByIndex
	Type      reflect.Type
	Tag       reflect.StructTag
	OmitEmpty bool
	OmitZero  bool
	Quoted    bool // json:",string"
	// ThroughPointer: the field is promoted from an embedded pointer, which may be nil.
	ThroughPointer bool
	named          bool // the name comes from a tag
}

// Rules returns the field's validator rules.
func (f *Field) Rules() string { return f.Tag.Get("validate") }

// Input is an input struct taken apart.
type Input struct {
	Params []Field // Path, Query, QueryAll and Header
	Body   []Field // JSON
	Whole  *Field
}

// JSONFields returns the JSON fields of a struct type in the order of declaration.
func JSONFields(t reflect.Type) ([]Field, error) {
	w := walker{}
	if err := w.walk(t); err != nil {
		return nil, err
	}
	return dominant(w.fields), nil
}

// Of takes an input struct apart. It fails on tags on unexported fields, on fields with two
// sources, and on a whole body beside single fields.
func Of(t reflect.Type) (*Input, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("input %s is not a struct", t)
	}
	w := walker{input: true}
	if err := w.walk(t); err != nil {
		return nil, err
	}
	in := &Input{}
	seen := map[string]string{}
	for _, f := range w.params {
		key := fmt.Sprint(f.Source, " ", f.Name)
		if other, dup := seen[key]; dup {
			return nil, fmt.Errorf("fields %s and %s of %s take the same parameter %q", other, f.GoName, t, f.Name)
		}
		seen[key] = f.GoName
		if f.Source == Whole {
			in.Whole = &f
			continue
		}
		in.Params = append(in.Params, f)
	}
	in.Body = dominant(w.fields)
	if in.Whole != nil && len(in.Body) > 0 {
		return nil, fmt.Errorf("%s has a whole body in field %s and also the body field %s; tag it `json:\"-\"`",
			t, in.Whole.GoName, in.Body[0].GoName)
	}
	return in, nil
}

// walker collects fields level by level, so that shallower fields are found first.
type walker struct {
	input  bool
	fields []Field
	params []Field
}

type level struct {
	typ     reflect.Type
	index   []int
	pointer bool
}

func (w *walker) walk(t reflect.Type) error {
	visited := map[reflect.Type]bool{}
	for next := []level{{typ: t}}; len(next) > 0; {
		current := next
		next = nil
		seen := map[reflect.Type]bool{}
		for _, l := range current {
			if visited[l.typ] {
				continue
			}
			seen[l.typ] = true
			for i := range l.typ.NumField() {
				deeper, err := w.field(l, i)
				if err != nil {
					return err
				}
				if deeper != nil {
					next = append(next, *deeper)
				}
			}
		}
		for typ := range seen {
			visited[typ] = true
		}
	}
	return nil
}

// field records one struct field, or returns the embedded struct to look into next.
func (w *walker) field(l level, i int) (*level, error) {
	sf := l.typ.Field(i)
	index := append(slices.Clone(l.index), i)
	if w.input {
		f, err := inputField(l.typ, sf, index)
		if err != nil {
			return nil, err
		}
		if f != nil {
			if f.Source == Path || f.Source == Query || f.Source == QueryAll || f.Source == Header || f.Source == Whole {
				w.params = append(w.params, *f)
			}
			return nil, nil
		}
	}
	elem := sf.Type
	if sf.Anonymous {
		if elem.Kind() == reflect.Pointer {
			elem = elem.Elem()
		}
		if !sf.IsExported() && elem.Kind() != reflect.Struct {
			return nil, nil
		}
	} else if !sf.IsExported() {
		return nil, nil
	}
	tag := sf.Tag.Get("json")
	if tag == "-" {
		return nil, nil
	}
	name, opts, _ := strings.Cut(tag, ",")
	if !validName(name) {
		name = ""
	}
	if sf.Anonymous && name == "" && elem.Kind() == reflect.Struct {
		return &level{typ: elem, index: index, pointer: l.pointer || sf.Type.Kind() == reflect.Pointer}, nil
	}
	f := Field{Name: name, GoName: sf.Name, Source: JSON, Index: index, Type: sf.Type, Tag: sf.Tag,
		ThroughPointer: l.pointer, named: name != ""}
	if f.Name == "" {
		f.Name = sf.Name
	}
	for opt := range strings.SplitSeq(opts, ",") {
		switch opt {
		case "omitempty":
			f.OmitEmpty = true
		case "omitzero":
			f.OmitZero = true
		case "string":
			f.Quoted = quotable(sf.Type)
		}
	}
	w.fields = append(w.fields, f)
	return nil, nil
}

// inputField returns the field when a tag names another source than JSON.
func inputField(owner reflect.Type, sf reflect.StructField, index []int) (*Field, error) {
	f := Field{GoName: sf.Name, Index: index, Type: sf.Type, Tag: sf.Tag}
	sources := 0
	for _, s := range []struct {
		tag    string
		source Source
	}{{"path", Path}, {"query", Query}, {"header", Header}, {"body", Whole}} {
		name, ok := sf.Tag.Lookup(s.tag)
		if !ok {
			continue
		}
		sources++
		f.Name, f.Source = name, s.source
		if s.source == Header {
			f.Name = textproto.CanonicalMIMEHeaderKey(name)
		}
		if s.source == Query && name == "*" {
			f.Source = QueryAll
		}
		if name == "" && s.source != Whole {
			return nil, fmt.Errorf("field %s.%s has an empty %s tag", owner, sf.Name, s.tag)
		}
	}
	switch {
	case sources > 1:
		return nil, fmt.Errorf("field %s.%s has more than one of the tags path, query, header, body", owner, sf.Name)
	case !sf.IsExported() && !sf.Anonymous && (sources > 0 || sf.Tag.Get("json") != "" || sf.Tag.Get("validate") != ""):
		return nil, fmt.Errorf("field %s.%s is tagged but not exported", owner, sf.Name)
	case sources == 0:
		return nil, nil
	}
	return &f, nil
}

// dominant drops fields that another one of the same name hides, as encoding/json does: the
// shallowest wins, then the tagged one; a tie hides all of them.
func dominant(fields []Field) []Field {
	byName := map[string][]*Field{}
	for i := range fields {
		byName[fields[i].Name] = append(byName[fields[i].Name], &fields[i])
	}
	var out []Field
	for _, same := range byName {
		slices.SortStableFunc(same, func(a, b *Field) int { return cmp.Or(len(a.Index)-len(b.Index), rank(a)-rank(b)) })
		if len(same) > 1 && len(same[0].Index) == len(same[1].Index) && same[0].named == same[1].named {
			continue
		}
		out = append(out, *same[0])
	}
	slices.SortFunc(out, func(a, b Field) int { return slices.Compare(a.Index, b.Index) })
	return out
}

func rank(f *Field) int {
	if f.named {
		return 0
	}
	return 1
}

// quotable reports whether the string option applies: to scalars without a form of their own.
func quotable(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if p := reflect.PointerTo(t); t == reflect.TypeFor[time.Duration]() ||
		p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return false
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64, reflect.Uintptr,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

func validName(s string) bool {
	for _, c := range s {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return s != ""
}
