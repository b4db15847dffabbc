package resource

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
	"github.com/modular-dashboard/dashboard/internal/query"
)

// A Field is one field of a resource's type.
type Field struct {
	Name, Title, Doc string
	Type             string   // text, integer, number, boolean, time, duration, enum, list or object
	Values           []string // of an enum
	Unit             string
	Column           string
	Key, Label       bool
	Filter, Sort     bool
	Search, Unique   bool
	Fold             bool // text compared without regard to case
	ReadOnly         bool // never sent by a client
	CreateOnly       bool // sent when the item is made
	Created, Updated bool
	Version, Secret  bool
	Hidden           bool // stored, not in JSON
	Detail           bool // not among a list's columns at first
	Nullable         bool // a pointer
	Since, Index     int  // migrations

	GoName string
	GoType reflect.Type
	Path   []int
	Tag    reflect.StructTag
	order  string
}

// Fields is a struct type, described. It does not change.
type Fields struct {
	Type    reflect.Type
	All     []Field
	Key     *Field
	Label   *Field
	Version *Field // nil: there is none
	// Order is what lists are sorted by that ask for nothing, "" for the key.
	Order  string
	Schema *query.Schema

	byName    map[string]*Field
	searched  []*Field
	searching *query.Schema // nil where nothing can be searched
}

// Describe reads the fields of a struct type.
func Describe(t reflect.Type) (*Fields, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is not a struct", t)
	}
	wire, err := shape.JSONFields(t)
	if err != nil {
		return nil, err
	}
	f := &Fields{Type: t, byName: map[string]*Field{}}
	for i := range wire {
		one, err := fieldOf(wire[i].Name, wire[i].GoName, wire[i].Type, wire[i].Index, wire[i].Tag)
		if err != nil {
			return nil, fmt.Errorf("field %s.%s: %w", t, wire[i].GoName, err)
		}
		if wire[i].ThroughPointer {
			return nil, fmt.Errorf("field %s.%s is promoted from an embedded pointer; embed the struct", t, wire[i].GoName)
		}
		f.All = append(f.All, one)
	}
	for sf := range t.Fields() {
		if sf.Tag.Get("json") != "-" || sf.Tag.Get("resource") == "" || !sf.IsExported() {
			continue
		}
		one, err := fieldOf(snake(sf.Name), sf.Name, sf.Type, sf.Index, sf.Tag)
		if err != nil {
			return nil, fmt.Errorf("field %s.%s: %w", t, sf.Name, err)
		}
		one.Hidden, one.ReadOnly = true, true
		if one.Key || one.Label || one.Filter || one.Sort || one.Search {
			return nil, fmt.Errorf("field %s.%s is not in JSON: it cannot be key, label, filtered, sorted or searched by", t, sf.Name)
		}
		f.All = append(f.All, one)
	}
	if err := f.index(); err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	return f, nil
}

func fieldOf(name, goName string, t reflect.Type, path []int, tag reflect.StructTag) (Field, error) {
	w, err := parseTag(tag.Get("resource"))
	if err != nil {
		return Field{}, err
	}
	f := Field{Name: name, GoName: goName, GoType: t, Path: path, Tag: tag, Title: tag.Get("title"), Doc: tag.Get("doc"),
		Unit: w.unit, Column: w.column, Key: w.key, Label: w.label, Filter: w.filter, Sort: w.sort, Search: w.search,
		Unique: w.unique, ReadOnly: w.readOnly || w.created || w.updated || w.version || w.key && !w.createOnly, CreateOnly: w.createOnly,
		Created: w.created, Updated: w.updated, Version: w.version, Detail: w.detail, Since: w.since, Index: w.index, order: w.order}
	if f.Title == "" {
		f.Title = title(name)
	}
	if f.Column == "" {
		f.Column = name
	}
	f.Nullable = t.Kind() == reflect.Pointer
	f.Type, f.Secret = typeOf(t)
	if f.Type == "text" {
		if f.Values = oneof(tag.Get("validate")); f.Values != nil {
			f.Type = "enum"
		}
	}
	f.Fold = f.Type == "text" && !w.exact && !w.key
	return f, f.check(w)
}

func (f *Field) check(w words) error {
	base := f.GoType
	switch {
	case w.key && (base.Kind() != reflect.String || f.Type != "text"):
		return errors.New("the key must be a string")
	case (w.created || w.updated) && base != timeType:
		return errors.New("created and updated are of type time.Time")
	case w.version && base.Kind() != reflect.Int64:
		return errors.New("the version must be an int64")
	case f.Secret && (w.filter || w.sort || w.search || w.label || w.unique):
		return errors.New("a secret cannot be looked for or shown")
	case !f.Secret && holdsSecret(base, 0):
		return errors.New("a secret must be a field of the item itself")
	case w.readOnly && w.createOnly:
		return errors.New("readonly and createonly exclude each other")
	case w.search && f.Type != "text":
		return errors.New("only text can be searched")
	case w.sort && (f.Type == "list" || f.Type == "object" || f.Type == "duration"):
		return fmt.Errorf("a %s has no order", f.Type)
	case w.filter && (f.Type == "object" || f.Type == "duration"):
		return fmt.Errorf("a field of type %s cannot be filtered by", f.Type)
	case w.filter && f.Type == "list" && base.Elem().Kind() != reflect.String:
		return errors.New("only lists of strings can be filtered by")
	}
	return nil
}

var (
	timeType      = reflect.TypeFor[time.Time]()
	durationType  = reflect.TypeFor[time.Duration]()
	marshalerType = reflect.TypeFor[json.Marshaler]()
)

// typeOf names the kind of value that a Go type has in JSON.
func typeOf(t reflect.Type) (kind string, secret bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s, ok := reflect.TypeAssert[interface{ IsSecret() bool }](reflect.New(t)); ok && s.IsSecret() {
		return "text", true
	}
	switch {
	case t == timeType:
		return "time", false
	case t == durationType:
		return "duration", false
	case reflect.PointerTo(t).Implements(marshalerType):
		return "object", false
	}
	switch t.Kind() {
	case reflect.String:
		return "text", false
	case reflect.Bool:
		return "boolean", false
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return "integer", false
	case reflect.Float32, reflect.Float64:
		return "number", false
	case reflect.Slice, reflect.Array:
		return "list", false
	}
	return "object", false
}

// holdsSecret reports whether values of a type have secrets inside.
func holdsSecret(t reflect.Type, depth int) bool {
	if _, secret := typeOf(t); secret || depth > 8 {
		return secret
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsSecret(t.Elem(), depth+1)
	case reflect.Struct:
		for sf := range t.Fields() {
			if sf.IsExported() && holdsSecret(sf.Type, depth+1) {
				return true
			}
		}
	}
	return false
}

// oneof returns the values of a oneof rule of the field itself.
func oneof(rules string) []string {
	for rule := range strings.SplitSeq(rules, ",") {
		if rule == "dive" {
			return nil
		}
		if values, ok := strings.CutPrefix(rule, "oneof="); ok && !strings.Contains(values, "'") {
			return strings.Fields(values)
		}
	}
	return nil
}

// index finds the fields that have a part to play, and makes the schema.
func (f *Fields) index() error {
	var columns []string
	for i := range f.All {
		one := &f.All[i]
		if f.byName[one.Name] != nil {
			return fmt.Errorf("two fields are called %s", one.Name)
		}
		if slices.Contains(columns, one.Column) {
			return fmt.Errorf("two fields have the column %s", one.Column)
		}
		columns = append(columns, one.Column)
		f.byName[one.Name] = one
		if one.Search {
			f.searched = append(f.searched, one)
		}
		for _, part := range []struct {
			is   bool
			name string
			at   **Field
		}{{one.Key, "key", &f.Key}, {one.Label, "label", &f.Label}, {one.Version, "version", &f.Version}} {
			if !part.is {
				continue
			}
			if *part.at != nil {
				return fmt.Errorf("fields %s and %s are both the %s", (*part.at).Name, one.Name, part.name)
			}
			*part.at = one
		}
		if one.order != "" {
			if f.Order != "" {
				return errors.New("two fields are the default order")
			}
			f.Order = strings.TrimSuffix(one.order, "default") + one.Name
		}
	}
	if f.Key == nil {
		return errors.New(`no field is the key: tag one resource:"key"`)
	}
	if f.Label == nil {
		f.Label = f.Key
	}
	return f.schema()
}

// schema declares what can be filtered and sorted by. The key can always be
// sorted by: it breaks ties.
func (f *Fields) schema() error {
	var fields []query.Field
	for i := range f.All {
		one := &f.All[i]
		if !one.Filter && !one.Sort && !one.Key {
			continue
		}
		q := query.Field{Name: one.Name, Column: one.Column, Filter: one.Filter, Sort: one.Sort || one.Key,
			Values: one.Values, Nullable: one.Nullable, Fold: one.Fold, Kind: kindOf[one.Type]}
		if one.Type == "list" {
			q.Has = "? = ''" // SQL tables do not take such a field; see Table
		}
		fields = append(fields, q)
	}
	var err error
	if f.Schema, err = query.NewSchema(fields...); err != nil || len(f.searched) == 0 {
		return err
	}
	if len(f.searched) > maxSearched {
		return fmt.Errorf("more than %d fields are searched", maxSearched)
	}
	fields = fields[:0]
	for _, one := range f.searched {
		fields = append(fields, query.Field{Name: one.Name, Column: one.Column, Filter: true, Nullable: one.Nullable, Fold: one.Fold, Kind: query.Text})
	}
	f.searching, err = query.NewSchema(fields...)
	return err
}

var kindOf = map[string]query.Kind{"text": query.Text, "integer": query.Integer, "number": query.Number, "boolean": query.Boolean,
	"time": query.Time, "enum": query.Enum, "list": query.Set}

// Field returns the field of a name in JSON, nil where there is none.
func (f *Fields) Field(name string) *Field { return f.byName[name] }

// title makes "Created at" of created_at.
func title(name string) string {
	if name == "id" {
		return "ID"
	}
	text := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):]
}

// snake makes created_at of CreatedAt.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		upper := r >= 'A' && r <= 'Z'
		if upper && i > 0 && (runes[i-1] < 'A' || runes[i-1] > 'Z' || i+1 < len(runes) && runes[i+1] >= 'a' && runes[i+1] <= 'z') {
			b.WriteByte('_')
		}
		if upper {
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
