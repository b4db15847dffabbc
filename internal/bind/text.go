package bind

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// setter sets a value from text and returns what is wrong with the text, "" if nothing.
type setter func(v reflect.Value, text string) (detail string)

// textSetter returns the setter of a type that is written as plain text: in a parameter, a
// default or a map key. Numbers and booleans are written as in JSON.
func textSetter(t reflect.Type) (setter, error) {
	switch {
	case t == timeType:
		return setTime, nil
	case t == durationType:
		return setDuration, nil
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(textUnmarshalerType):
		return setText, nil
	}
	switch t.Kind() {
	case reflect.String:
		return setString, nil
	case reflect.Bool:
		return setBool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return setUint, nil
	case reflect.Float32, reflect.Float64:
		return setFloat, nil
	case reflect.Pointer:
		set, err := textSetter(t.Elem())
		if err != nil || t.Elem().Kind() == reflect.Pointer {
			return nil, fmt.Errorf("type %s cannot be written as text", t)
		}
		return func(v reflect.Value, text string) string {
			p := reflect.New(t.Elem())
			detail := set(p.Elem(), text)
			v.Set(p)
			return detail
		}, nil
	}
	return nil, fmt.Errorf("type %s cannot be written as text", t)
}

func setString(v reflect.Value, text string) string {
	v.SetString(text)
	return ""
}

func setBool(v reflect.Value, text string) string {
	if text != "true" && text != "false" {
		return "must be true or false"
	}
	v.SetBool(text == "true")
	return ""
}

func setInt(v reflect.Value, text string) string {
	if n, integer := numberLen(text); n == 0 || n != len(text) || !integer {
		return "must be an integer"
	}
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v.OverflowInt(i) {
		return intRange(v.Type())
	}
	v.SetInt(i)
	return ""
}

func setUint(v reflect.Value, text string) string {
	if n, integer := numberLen(text); n == 0 || n != len(text) || !integer {
		return "must be an integer"
	}
	u, err := strconv.ParseUint(text, 10, 64)
	if err != nil || v.OverflowUint(u) {
		return intRange(v.Type())
	}
	v.SetUint(u)
	return ""
}

// intRange says which integers a type holds.
func intRange(t reflect.Type) string {
	bits := t.Bits()
	if t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64 {
		return "must be an integer from 0 to " + strconv.FormatUint(1<<bits-1, 10)
	}
	high := int64(1)<<(bits-1) - 1
	return "must be an integer from " + strconv.FormatInt(-high-1, 10) + " to " + strconv.FormatInt(high, 10)
}

func setFloat(v reflect.Value, text string) string {
	if n, _ := numberLen(text); n == 0 || n != len(text) {
		return "must be a number"
	}
	f, err := strconv.ParseFloat(text, v.Type().Bits())
	if err != nil {
		return "must be a number that fits " + strconv.Itoa(v.Type().Bits()) + " bits"
	}
	v.SetFloat(f)
	return ""
}

func setTime(v reflect.Value, text string) string {
	t, ok := parseTime([]byte(text))
	if !ok {
		return timeSentence
	}
	*v.Addr().Interface().(*time.Time) = t
	return ""
}

// parseTime takes RFC 3339 times that have that form in UTC, too: an offset may
// lead out of the years 0 to 9999.
func parseTime(text []byte) (time.Time, bool) {
	var t time.Time
	err := t.UnmarshalText(text)
	y := t.UTC().Year()
	return t, err == nil && y >= 0 && y <= 9999
}

func setDuration(v reflect.Value, text string) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		return durationSentence
	}
	v.SetInt(int64(d))
	return ""
}

// setText leaves the cause of a refusal out: it may say more than the client should know.
func setText(v reflect.Value, text string) string {
	if v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) != nil {
		return "is not a valid value"
	}
	return ""
}
