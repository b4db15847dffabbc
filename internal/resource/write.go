package resource

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/mergepatch"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

// A Writer changes items by merge patches (RFC 7396) of a form.
type Writer struct {
	form     Form
	body     *bind.Body
	encoders []*bind.Encoder
	defaults reflect.Value // what a member is after it was taken away by null
	byName   map[string]int
}

// NewWriter compiles the form.
func NewWriter(form Form, b *bind.Binder) (*Writer, error) {
	w := &Writer{form: form, byName: map[string]int{}}
	var err error
	if w.body, err = b.CompileBody(form.Type); err != nil {
		return nil, err
	}
	defaults := reflect.New(form.Type)
	_ = w.body.Decode([]byte("{}"), defaults.Interface()) // what must be given is missing; the defaults are there
	w.defaults = defaults.Elem()
	for i, f := range form.Fields {
		enc, err := b.CompileOut(f.GoType)
		if err != nil {
			return nil, err
		}
		w.encoders = append(w.encoders, enc)
		w.byName[f.Name] = i
	}
	return w, nil
}

// Apply changes an item, which may be set, by a patch. An error is a
// [*bind.Error], or one of encoding the item; the item is unchanged then.
func (w *Writer) Apply(item reflect.Value, patch []byte) error {
	members, order, err := object(patch)
	if err != nil {
		return err
	}
	var touched bytes.Buffer
	for _, name := range order {
		value, err := w.member(item, name, members[name])
		if err != nil {
			return err
		}
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		if touched.Len() > 0 {
			touched.WriteByte(',')
		}
		touched.Write(append(append(key, ':'), value...))
	}
	form := w.form.Of(item)
	for _, name := range order { // an object comes whole, with what was taken away absent
		if i, ok := w.byName[name]; ok && w.form.Fields[i].Type == "object" {
			form.Elem().Field(i).SetZero()
		}
	}
	if err := w.body.Merge([]byte("{"+touched.String()+"}"), form.Interface()); err != nil {
		return err
	}
	w.form.Fill(item, form.Elem())
	return nil
}

// object takes a patch apart. One that is no object would replace the whole
// item, which nobody may.
func object(patch []byte) (members map[string]json.RawMessage, order []string, err error) {
	bad := func(code, detail string) error {
		return &bind.Error{Status: http.StatusUnprocessableEntity, Slug: problem.InvalidInput, Detail: problem.InvalidInputDetail,
			Fields: []problem.Field{{Pointer: "", Code: code, Detail: detail}}}
	}
	dec := json.NewDecoder(bytes.NewReader(patch))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, bad("type", "must be an object")
	}
	members = map[string]json.RawMessage{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, nil, bad("syntax", "must be JSON")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, nil, bad("syntax", "must be JSON")
		}
		name, _ := key.(string)
		if _, ok := members[name]; ok {
			return nil, nil, bad("duplicate", "must not have a member twice")
		}
		members[name] = value
		order = append(order, name)
	}
	if _, err := dec.Token(); err != nil {
		return nil, nil, bad("syntax", "must be JSON")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, bad("syntax", "must be one value")
	}
	return members, order, nil
}

// member is what a member of the patch makes of the item's. Members that the
// form does not have are passed on, for their error.
func (w *Writer) member(item reflect.Value, name string, patch json.RawMessage) (json.RawMessage, error) {
	i, ok := w.byName[name]
	if !ok {
		return patch, nil
	}
	f := w.form.Fields[i]
	if string(patch) == "null" {
		if f.GoType.Kind() == reflect.Pointer {
			return patch, nil
		}
		return w.encoders[i].Append(nil, w.defaults.Field(i).Interface(), 0)
	}
	if f.Type != "object" || patch[0] != '{' {
		return patch, nil
	}
	now, err := w.encoders[i].Append(nil, item.FieldByIndex(f.Path).Interface(), 0)
	if err != nil {
		return nil, err
	}
	merged, err := mergepatch.Apply(now, patch)
	if err != nil {
		return nil, &bind.Error{Status: http.StatusUnprocessableEntity, Slug: problem.InvalidInput, Detail: problem.InvalidInputDetail,
			Fields: []problem.Field{{Pointer: "/" + name, Code: "syntax", Detail: "must be an object of at most 64 levels, no member twice"}}}
	}
	return merged, nil
}
