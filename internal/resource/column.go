package resource

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// How values go into columns and come out. A value that cannot be of its field
// was written by somebody else: it is an error, never a zero.

func bindTime(v reflect.Value) any { return v.Interface().(time.Time).UnixMicro() }

func scanTime(v reflect.Value, src any) error {
	n, ok := src.(int64)
	if !ok {
		return misfit(v, src)
	}
	v.Set(reflect.ValueOf(time.UnixMicro(n).UTC()))
	return nil
}

func bindInteger(v reflect.Value) any {
	if v.CanUint() {
		return int64(v.Uint())
	}
	return v.Int()
}

func scanInteger(v reflect.Value, src any) error {
	n, ok := src.(int64)
	switch {
	case ok && v.CanInt() && !v.OverflowInt(n):
		v.SetInt(n)
	case ok && v.CanUint() && n >= 0 && !v.OverflowUint(uint64(n)):
		v.SetUint(uint64(n))
	default:
		return misfit(v, src)
	}
	return nil
}

func scanNumber(v reflect.Value, src any) error {
	switch n := src.(type) {
	case float64:
		v.SetFloat(n)
	case int64: // SQLite keeps a whole number as one
		v.SetFloat(float64(n))
	default:
		return misfit(v, src)
	}
	return nil
}

func scanBoolean(v reflect.Value, src any) error {
	switch b := src.(type) {
	case bool:
		v.SetBool(b)
	case int64:
		v.SetBool(b != 0)
	default:
		return misfit(v, src)
	}
	return nil
}

func scanText(v reflect.Value, src any) error {
	text, ok := textOf(src)
	if !ok {
		return misfit(v, src)
	}
	v.SetString(text)
	return nil
}

func bindJSON(v reflect.Value) any {
	raw, err := json.Marshal(v.Interface())
	if err != nil {
		return err // no driver takes it: the write fails
	}
	return string(raw)
}

func scanJSON(v reflect.Value, src any) error {
	text, ok := textOf(src)
	if !ok {
		return misfit(v, src)
	}
	v.SetZero()
	return json.Unmarshal([]byte(text), v.Addr().Interface())
}

func textOf(src any) (string, bool) {
	switch text := src.(type) {
	case string:
		return text, true
	case []byte:
		return string(text), true
	}
	return "", false
}

func misfit(v reflect.Value, src any) error {
	return fmt.Errorf("a %T in a column of %s", src, v.Type())
}

func nullableBind(bind func(reflect.Value) any) func(reflect.Value) any {
	return func(v reflect.Value) any {
		if v.IsNil() {
			return nil
		}
		return bind(v.Elem())
	}
}

func nullableScan(scan func(reflect.Value, any) error) func(reflect.Value, any) error {
	return func(v reflect.Value, src any) error {
		if src == nil {
			v.SetZero()
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return scan(v.Elem(), src)
	}
}

// A cell scans one column of a row into a field.
type cell struct {
	to   reflect.Value
	scan func(reflect.Value, any) error
	name string
}

// Scan implements sql.Scanner.
func (c *cell) Scan(src any) error {
	if err := c.scan(c.to, src); err != nil {
		return fmt.Errorf("column %s: %w", c.name, err)
	}
	return nil
}
