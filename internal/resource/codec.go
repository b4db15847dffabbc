package resource

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/bind"
)

// A Codec writes items of a type.
type Codec struct {
	fields  *Fields
	item    *bind.Encoder
	members []*bind.Encoder // of All; nil where it is hidden
}

// NewCodec compiles the encoders.
func NewCodec(f *Fields, b *bind.Binder) (*Codec, error) {
	c := &Codec{fields: f, members: make([]*bind.Encoder, len(f.All))}
	var err error
	if c.item, err = b.CompileOut(f.Type); err != nil {
		return nil, err
	}
	for i := range f.All {
		if f.All[i].Hidden {
			continue
		}
		if c.members[i], err = b.CompileOut(f.All[i].GoType); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// ETag is the item's entity tag: its version where it has one, else a digest of
// what a client sees of it.
func (c *Codec) ETag(item reflect.Value) (string, error) {
	if v := c.fields.Version; v != nil {
		return `"` + strconv.FormatInt(item.FieldByIndex(v.Path).Int(), 10) + `"`, nil
	}
	raw, err := c.item.Append(nil, item.Interface(), 0)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, nil
}

// Line appends the item as one line of NDJSON.
func (c *Codec) Line(dst []byte, item reflect.Value, limit int64) ([]byte, error) {
	dst, err := c.item.Append(dst, item.Interface(), limit)
	return append(dst, '\n'), err
}

// A Sheet writes items as CSV (RFC 4180).
type Sheet struct {
	codec *Codec
	out   *csv.Writer
	cells []string
}

// CSV returns what writes items to w, and writes the names of the columns.
func (c *Codec) CSV(w io.Writer) (*Sheet, error) {
	t := &Sheet{codec: c, out: csv.NewWriter(w)}
	t.out.UseCRLF = true
	for i := range c.fields.All {
		if c.shown(i) {
			t.cells = append(t.cells, c.fields.All[i].Name)
		}
	}
	return t, t.out.Write(t.cells)
}

// shown reports whether a field is a column of exports.
func (c *Codec) shown(i int) bool { return c.members[i] != nil && !c.fields.All[i].Secret }

// Write adds a row.
func (t *Sheet) Write(item reflect.Value, limit int64) error {
	t.cells = t.cells[:0]
	for i := range t.codec.fields.All {
		if !t.codec.shown(i) {
			continue
		}
		cell, err := t.codec.cell(i, item, limit)
		if err != nil {
			return err
		}
		t.cells = append(t.cells, cell)
	}
	return t.out.Write(t.cells)
}

// Flush writes out what is buffered.
func (t *Sheet) Flush() error {
	t.out.Flush()
	return t.out.Error()
}

// cell is a field's value as text: plain for single values, JSON for the rest.
func (c *Codec) cell(i int, item reflect.Value, limit int64) (string, error) {
	v := item.FieldByIndex(c.fields.All[i].Path)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", nil
		}
		v = v.Elem()
	}
	switch c.fields.All[i].Type {
	case "text", "enum":
		if v.Kind() == reflect.String {
			return Guard(v.String()), nil
		}
	case "boolean":
		return strconv.FormatBool(v.Bool()), nil
	case "time":
		if t := v.Interface().(time.Time); !t.IsZero() {
			return t.UTC().Format(time.RFC3339Nano), nil
		}
		return "", nil
	}
	raw, err := c.members[i].Append(nil, item.FieldByIndex(c.fields.All[i].Path).Interface(), limit)
	if err != nil {
		return "", err
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return Guard(text), nil
	}
	return string(raw), nil // a number, a list or an object begins no formula
}

// Guard keeps a spreadsheet from taking a cell for a formula, by an apostrophe
// in front. Who reads the file with a program takes one off again from cells
// that begin with an apostrophe: those that do so by themselves get one, too.
func Guard(text string) string {
	trimmed := strings.TrimLeft(text, " \u00a0\ufeff")
	if trimmed == "" {
		return text
	}
	switch trimmed[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n', '|', '%', '\'':
		return "'" + text
	}
	// Full-width forms of the signs are the same to some programs.
	for _, sign := range []string{"\uff1d", "\uff0b", "\uff0d", "\uff20"} {
		if strings.HasPrefix(trimmed, sign) {
			return "'" + text
		}
	}
	return text
}

// maxRecord is the most that one side of a change takes of an audit entry.
const maxRecord = 6 << 10

// Record is a change as the audit log has it: of an update the fields that
// changed, else all. Secrets are named, never told.
type Record struct {
	Before  map[string]json.RawMessage `json:"before,omitempty"`
	After   map[string]json.RawMessage `json:"after,omitempty"`
	Secrets []string                   `json:"secrets,omitempty"`
	Cut     []string                   `json:"cut,omitempty"` // too long to keep
}

// Record compares two states of an item, of which either may be nil.
func (c *Codec) Record(before, after *reflect.Value) (Record, error) {
	var out Record
	sizes := [2]int{}
	for i := range c.fields.All {
		one := &c.fields.All[i]
		if one.Hidden || one.Version || one.Updated {
			continue
		}
		if one.Secret {
			if !same(one, before, after) {
				out.Secrets = append(out.Secrets, one.Name)
			}
			continue
		}
		var sides [2]json.RawMessage
		for j, state := range []*reflect.Value{before, after} {
			if state == nil {
				continue
			}
			raw, err := c.members[i].Append(nil, state.FieldByIndex(one.Path).Interface(), 0)
			if err != nil {
				return out, err
			}
			sides[j] = raw
		}
		if before != nil && after != nil && bytes.Equal(sides[0], sides[1]) {
			continue
		}
		if sizes[0]+len(sides[0]) > maxRecord || sizes[1]+len(sides[1]) > maxRecord {
			if len(out.Cut) < 50 {
				out.Cut = append(out.Cut, one.Name)
			}
			continue
		}
		for j, side := range []*map[string]json.RawMessage{&out.Before, &out.After} {
			if sides[j] == nil {
				continue
			}
			if *side == nil {
				*side = map[string]json.RawMessage{}
			}
			(*side)[one.Name] = sides[j]
			sizes[j] += len(one.Name) + len(sides[j]) + 4
		}
	}
	return out, nil
}

// same reports whether a secret is the same in both states.
func same(f *Field, before, after *reflect.Value) bool {
	value := func(state *reflect.Value) any {
		if state == nil {
			return reflect.Zero(f.GoType).Interface()
		}
		return state.FieldByIndex(f.Path).Interface()
	}
	return reflect.DeepEqual(value(before), value(after))
}
