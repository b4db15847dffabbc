package bind

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// encNode encodes one type. It is built once per type.
type encNode struct {
	encode func(w *writer, v reflect.Value) error
}

var (
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
	anyMapType        = reflect.TypeFor[map[string]any]()
)

// encBuilder builds nodes; types may refer to themselves.
type encBuilder struct {
	binder *Binder
	built  map[reflect.Type]*encNode
}

func (b *encBuilder) of(t reflect.Type) (*encNode, error) {
	if n := b.built[t]; n != nil {
		return n, nil
	}
	if n, ok := b.binder.encoders.Load(t); ok {
		return n.(*encNode), nil
	}
	n := &encNode{}
	b.built[t] = n
	var err error
	n.encode, err = b.build(t)
	return n, err
}

func (b *encBuilder) build(t reflect.Type) (func(w *writer, v reflect.Value) error, error) {
	switch {
	case t == timeType:
		return encodeTime, nil
	case t == durationType:
		return encodeDuration, nil
	case t == numberType:
		return encodeNumber, nil
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
	case t.Implements(marshalerType):
		return encodeMarshaler, nil
	case reflect.PointerTo(t).Implements(marshalerType):
		return addressed(encodeMarshaler), nil
	case t.Implements(textMarshalerType):
		return encodeText, nil
	case reflect.PointerTo(t).Implements(textMarshalerType):
		return addressed(encodeText), nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(w *writer, v reflect.Value) error { return w.string(v.String()) }, nil
	case reflect.Bool:
		return encodeBool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return encodeInt, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return encodeUint, nil
	case reflect.Float32:
		return func(w *writer, v reflect.Value) error { return w.float(v.Float(), 32) }, nil
	case reflect.Float64:
		return func(w *writer, v reflect.Value) error { return w.float(v.Float(), 64) }, nil
	case reflect.Interface:
		return encodeInterface, nil
	case reflect.Pointer:
		return b.pointer(t)
	case reflect.Slice, reflect.Array:
		return b.list(t)
	case reflect.Map:
		return b.mapping(t)
	case reflect.Struct:
		return b.structure(t)
	}
	return nil, fmt.Errorf("type %s has no JSON form", t)
}

func (b *encBuilder) pointer(t reflect.Type) (func(w *writer, v reflect.Value) error, error) {
	elem, err := b.of(t.Elem())
	return func(w *writer, v reflect.Value) error {
		if v.IsNil() {
			w.buf = append(w.buf, "null"...)
			return nil
		}
		return elem.encode(w, v.Elem())
	}, err
}

func (b *encBuilder) list(t reflect.Type) (func(w *writer, v reflect.Value) error, error) {
	elem := t.Elem()
	if t.Kind() == reflect.Slice && elem.Kind() == reflect.Uint8 &&
		!reflect.PointerTo(elem).Implements(marshalerType) && !reflect.PointerTo(elem).Implements(textMarshalerType) {
		return encodeBytes, nil
	}
	en, err := b.of(elem)
	return func(w *writer, v reflect.Value) error {
		n := v.Len()
		if err := w.enter(n, 2); err != nil {
			return err
		}
		w.buf = append(w.buf, '[')
		for i := range n {
			if i > 0 {
				w.buf = append(w.buf, ',')
			}
			if err := en.encode(w, v.Index(i)); err != nil {
				return err
			}
			if err := w.room(0); err != nil {
				return err
			}
		}
		w.buf = append(w.buf, ']')
		w.leave()
		return nil
	}, err
}

func encodeInterface(w *writer, v reflect.Value) error {
	if v.IsNil() {
		w.buf = append(w.buf, "null"...)
		return nil
	}
	return w.any(v.Elem().Interface())
}

// any encodes a value of a type that is known only now.
func (w *writer) any(x any) error {
	switch x := x.(type) {
	case nil:
		w.buf = append(w.buf, "null"...)
		return nil
	case string:
		return w.string(x)
	case bool:
		w.buf = strconv.AppendBool(w.buf, x)
		return nil
	case float64:
		return w.float(x, 64)
	case int:
		w.buf = strconv.AppendInt(w.buf, int64(x), 10)
		return nil
	}
	if err := w.enter(0, 1); err != nil {
		return err
	}
	v := reflect.ValueOf(x)
	n, err := w.binder.encoder(v.Type())
	if err != nil {
		return err
	}
	err = n.encode(w, v)
	w.leave()
	return err
}

func encodeBool(w *writer, v reflect.Value) error {
	w.buf = strconv.AppendBool(w.buf, v.Bool())
	return nil
}

func encodeInt(w *writer, v reflect.Value) error {
	w.buf = strconv.AppendInt(w.buf, v.Int(), 10)
	return nil
}

func encodeUint(w *writer, v reflect.Value) error {
	w.buf = strconv.AppendUint(w.buf, v.Uint(), 10)
	return nil
}

// float writes a number as ECMAScript does (and encoding/json): short, with an exponent only when it
// is very small or very large.
func (w *writer) float(f float64, bits int) error {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return fmt.Errorf("%v has no JSON form", f)
	}
	format, abs := byte('f'), math.Abs(f)
	if abs != 0 && (bits == 64 && (abs < 1e-6 || abs >= 1e21) ||
		bits == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21)) {
		format = 'e'
	}
	w.buf = strconv.AppendFloat(w.buf, f, format, -1, bits)
	if n := len(w.buf); format == 'e' && w.buf[n-4] == 'e' && w.buf[n-3] == '-' && w.buf[n-2] == '0' {
		w.buf[n-2] = w.buf[n-1] // e-09 is written e-9
		w.buf = w.buf[:n-1]
	}
	return nil
}

const hexDigits = "0123456789abcdef"

// string writes a JSON string. Invalid UTF-8 becomes U+FFFD; U+2028 and U+2029 are escaped, so
// that the answer is JavaScript too.
func (w *writer) string(s string) error {
	if err := w.room(len(s) + 2); err != nil {
		return err
	}
	b := append(w.buf, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			b = appendEscape(b, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if (r == utf8.RuneError && size == 1) || r == '\u2028' || r == '\u2029' {
			b = append(b, s[start:i]...)
			if size == 1 {
				b = append(b, `\ufffd`...)
			} else {
				b = append(b, '\\', 'u', '2', '0', '2', hexDigits[r&0xf])
			}
			start = i + size
		}
		i += size
	}
	b = append(b, s[start:]...)
	w.buf = append(b, '"')
	return nil
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '\\', '"':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

func encodeBytes(w *writer, v reflect.Value) error {
	b := v.Bytes()
	if err := w.room(base64.StdEncoding.EncodedLen(len(b)) + 2); err != nil {
		return err
	}
	w.buf = append(w.buf, '"')
	w.buf = base64.StdEncoding.AppendEncode(w.buf, b)
	w.buf = append(w.buf, '"')
	return nil
}

// encodeTime writes RFC 3339 in UTC, with as many fractional digits as the time has.
func encodeTime(w *writer, v reflect.Value) error {
	t := v.Interface().(time.Time).UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return fmt.Errorf("time of the year %d has no RFC 3339 form", y)
	}
	w.buf = append(w.buf, '"')
	w.buf = t.AppendFormat(w.buf, time.RFC3339Nano)
	w.buf = append(w.buf, '"')
	return nil
}

func encodeDuration(w *writer, v reflect.Value) error {
	return w.string(time.Duration(v.Int()).String())
}

func encodeNumber(w *writer, v reflect.Value) error {
	s := v.String()
	if s == "" {
		s = "0" // as encoding/json has it
	}
	if n, _ := numberLen(s); n != len(s) {
		return fmt.Errorf("json.Number %q is not a number", s)
	}
	if err := w.room(len(s)); err != nil {
		return err
	}
	w.buf = append(w.buf, s...)
	return nil
}

// addressed gives a value an address, for methods that need one.
func addressed(encode func(w *writer, v reflect.Value) error) func(w *writer, v reflect.Value) error {
	return func(w *writer, v reflect.Value) error {
		if !v.CanAddr() {
			p := reflect.New(v.Type())
			p.Elem().Set(v)
			v = p.Elem()
		}
		return encode(w, v.Addr())
	}
}

func encodeMarshaler(w *writer, v reflect.Value) error {
	data, err := v.Interface().(json.Marshaler).MarshalJSON()
	if err != nil {
		return fmt.Errorf("encode %s: %w", v.Type(), err)
	}
	if err := w.room(len(data)); err != nil {
		return err
	}
	buf := bytes.NewBuffer(w.buf)
	if err := json.Compact(buf, data); err != nil {
		return fmt.Errorf("encode %s: %w", v.Type(), err)
	}
	w.buf = buf.Bytes()
	return nil
}

func encodeText(w *writer, v reflect.Value) error {
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return fmt.Errorf("encode %s: %w", v.Type(), err)
	}
	return w.string(string(text))
}
