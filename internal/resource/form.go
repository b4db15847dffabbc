package resource

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// A Form is the fields of a resource that a client may send, as a struct type of
// its own: what it does not have is refused like any unknown field.
type Form struct {
	Type   reflect.Type
	Fields []*Field // in the order of Type's fields
}

// Creation is the form for a new item.
func (f *Fields) Creation() Form {
	return f.form(func(one *Field) bool { return !one.ReadOnly })
}

// Change is the form of what can be changed of an item.
func (f *Fields) Change() Form {
	return f.form(func(one *Field) bool { return !one.ReadOnly && !one.CreateOnly })
}

func (f *Fields) form(has func(*Field) bool) Form {
	out := Form{}
	var members []reflect.StructField
	taken := map[string]bool{}
	for i := range f.All {
		one := &f.All[i]
		if !has(one) {
			continue
		}
		name := one.GoName
		for n := 2; taken[name]; n++ {
			name = one.GoName + strconv.Itoa(n)
		}
		taken[name] = true
		members = append(members, reflect.StructField{Name: name, Type: one.GoType, Tag: one.formTag(one.rules())})
		out.Fields = append(out.Fields, one)
	}
	out.Type = reflect.StructOf(members)
	return out
}

func (f *Field) rules() string { return f.Tag.Get("validate") }

// formTag is the field's tag with its name and title written out.
func (f *Field) formTag(rules string) reflect.StructTag {
	_, options, found := strings.Cut(f.Tag.Get("json"), ",")
	if found {
		options = "," + options
	}
	tag := fmt.Sprintf("json:%q title:%q", f.Name+options, f.Title)
	if f.Doc != "" {
		tag += fmt.Sprintf(" doc:%q", f.Doc)
	}
	if rules != "" {
		tag += fmt.Sprintf(" validate:%q", rules)
	}
	if text, ok := f.Tag.Lookup("default"); ok {
		tag += fmt.Sprintf(" default:%q", text)
	}
	return reflect.StructTag(tag)
}

// Patch is the type of a merge patch of the form, beside further fields: every
// member may be absent or null. It is for the API document only.
func (f Form) Patch(further ...reflect.StructField) reflect.Type {
	members := further
	taken := map[string]bool{}
	for _, one := range further {
		taken[one.Name] = true
	}
	for i, one := range f.Fields {
		name := f.Type.Field(i).Name
		for taken[name] {
			name += "_"
		}
		taken[name] = true
		t := one.GoType
		if t.Kind() != reflect.Pointer {
			t = reflect.PointerTo(t)
		}
		members = append(members, reflect.StructField{Name: name, Type: t, Tag: one.patchTag()})
	}
	return reflect.StructOf(members)
}

// patchTag is formTag without what makes a member needed.
func (f *Field) patchTag() reflect.StructTag {
	kept := []string{"omitempty"}
	for rule := range strings.SplitSeq(f.rules(), ",") {
		if rule == "" || rule == "omitempty" || strings.HasPrefix(rule, "required") {
			continue
		}
		kept = append(kept, rule)
	}
	rules := ""
	if len(kept) > 1 {
		rules = strings.Join(kept, ",")
	}
	bare := *f
	bare.Tag = ""
	return bare.formTag(rules)
}

// Fill writes the form's values into an item.
func (f Form) Fill(item, form reflect.Value) {
	for i, one := range f.Fields {
		item.FieldByIndex(one.Path).Set(form.Field(i))
	}
}

// Of returns a new form with the values of an item: a pointer.
func (f Form) Of(item reflect.Value) reflect.Value {
	p := reflect.New(f.Type)
	for i, one := range f.Fields {
		p.Elem().Field(i).Set(item.FieldByIndex(one.Path))
	}
	return p
}
