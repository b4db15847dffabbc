package bind

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strconv"
	"time"
)

func decodeString(d *decoder, v reflect.Value) bool {
	if d.next() != '"' {
		return d.mismatch("a string")
	}
	b, ok := d.str()
	if ok {
		v.SetString(string(b))
	}
	return ok
}

func decodeBool(d *decoder, v reflect.Value) bool {
	switch d.next() {
	case 't':
		v.SetBool(true)
		return d.literal("true")
	case 'f':
		v.SetBool(false)
		return d.literal("false")
	}
	return d.mismatch("true or false")
}

// isNumber reports whether a number begins here.
func (d *decoder) isNumber() bool {
	c := d.next()
	return c == '-' || c >= '0' && c <= '9'
}

func decodeInt(d *decoder, v reflect.Value) bool {
	if !d.isNumber() {
		return d.mismatch("an integer")
	}
	b, integer, ok := d.number()
	if ok {
		d.integer(v, b, integer)
	}
	return ok
}

func (d *decoder) integer(v reflect.Value, b []byte, integer bool) {
	if !integer {
		d.report("type", "must be an integer")
	} else if i, err := strconv.ParseInt(string(b), 10, 64); err != nil || v.OverflowInt(i) {
		d.report("type", intRange(v.Type()))
	} else {
		v.SetInt(i)
	}
}

func decodeUint(d *decoder, v reflect.Value) bool {
	if !d.isNumber() {
		return d.mismatch("an integer")
	}
	b, integer, ok := d.number()
	if !ok {
		return false
	}
	if !integer {
		d.report("type", "must be an integer")
	} else if u, err := strconv.ParseUint(string(b), 10, 64); err != nil || v.OverflowUint(u) {
		d.report("type", intRange(v.Type()))
	} else {
		v.SetUint(u)
	}
	return true
}

func decodeFloat(d *decoder, v reflect.Value) bool {
	if !d.isNumber() {
		return d.mismatch("a number")
	}
	b, _, ok := d.number()
	if !ok {
		return false
	}
	f, err := strconv.ParseFloat(string(b), v.Type().Bits())
	if err != nil {
		d.report("type", "must be a number that fits "+strconv.Itoa(v.Type().Bits())+" bits")
		return true
	}
	v.SetFloat(f)
	return true
}

func decodeAny(d *decoder, v reflect.Value) bool {
	x, ok := d.any()
	if ok && x != nil {
		v.Set(reflect.ValueOf(x))
	} else {
		v.SetZero()
	}
	return ok
}

const timeSentence = "must be an RFC 3339 time such as 2006-01-02T15:04:05Z"

func decodeTime(d *decoder, v reflect.Value) bool {
	if d.next() != '"' {
		return d.mismatch(timeSentence[len("must be "):])
	}
	b, ok := d.str()
	if ok {
		t, fits := parseTime(b)
		if !fits {
			d.report("type", timeSentence)
			return true
		}
		*v.Addr().Interface().(*time.Time) = t
	}
	return ok
}

const durationSentence = "must be a duration such as 1m30s"

func decodeDuration(d *decoder, v reflect.Value) bool {
	if d.next() != '"' {
		return d.mismatch(durationSentence[len("must be "):])
	}
	b, ok := d.str()
	if ok {
		dur, err := time.ParseDuration(string(b))
		if err != nil {
			d.report("type", durationSentence)
			return true
		}
		v.SetInt(int64(dur))
	}
	return ok
}

func decodeNumber(d *decoder, v reflect.Value) bool {
	if !d.isNumber() {
		return d.mismatch("a number")
	}
	b, _, ok := d.number()
	if ok {
		v.SetString(string(b))
	}
	return ok
}

func decodeBytes(d *decoder, v reflect.Value) bool {
	if d.next() != '"' {
		return d.mismatch("a base64 string")
	}
	text, ok := d.str()
	if !ok {
		return false
	}
	b := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(b, text)
	if err != nil {
		d.report("type", "must be a base64 string")
		return true
	}
	v.SetBytes(b[:n])
	return true
}

// decodeText hands a string to the type's UnmarshalText.
func decodeText(d *decoder, v reflect.Value) bool {
	if d.next() != '"' {
		return d.mismatch("a string")
	}
	b, ok := d.str()
	if ok {
		if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(b); err != nil {
			d.report("type", "is not a valid value")
			d.note(err)
		}
	}
	return ok
}

// decodeUnmarshaler hands the text of a value to the type's UnmarshalJSON.
func decodeUnmarshaler(d *decoder, v reflect.Value) bool {
	d.next()
	start := d.pos
	if !d.skip(d.dup) {
		return false
	}
	if err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(d.data[start:d.pos]); err != nil {
		d.report("type", "is not a valid value")
		d.note(err)
	}
	return true
}
