package query

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// Canonical joins what a cursor is bound to beside its list.
func Canonical(f *Filter, s Sort, search string) string {
	filter, sort := f.String(), s.String()
	return strconv.Itoa(len(filter)) + ":" + filter + strconv.Itoa(len(sort)) + ":" + sort + search
}

// A cursor is the first macSize bytes of an HMAC-SHA256 over the list, q and the
// values, and then the values, each a tag and what the tag says.
const (
	macSize = 16

	tagNull byte = iota
	tagText
	tagInteger
	tagNumber
	tagFalse
	tagTrue
)

// Seal makes the cursor that continues after the row with the given sort
// values. It is bound to a list and to q (see [Canonical]) and opens with the
// same key, of at least 16 bytes, only. What is in it can be read, not changed.
// A cursor that would be longer than [MaxCursor] is an error: keep the text that
// can be sorted by short.
func Seal(key []byte, list, q string, values []any) (string, error) {
	if len(key) < 16 {
		return "", fmt.Errorf("seal cursor: key of %d bytes, want at least 16", len(key))
	}
	raw := make([]byte, macSize, 128)
	for _, value := range values {
		switch v := value.(type) {
		case nil:
			raw = append(raw, tagNull)
		case string:
			raw = binary.AppendUvarint(append(raw, tagText), uint64(len(v)))
			raw = append(raw, v...)
		case int64:
			raw = binary.AppendVarint(append(raw, tagInteger), v)
		case float64:
			raw = binary.BigEndian.AppendUint64(append(raw, tagNumber), math.Float64bits(v))
		case bool:
			raw = append(raw, tagFalse+byte(truth(v)))
		default:
			return "", fmt.Errorf("seal cursor: a value of type %T", value)
		}
	}
	if n := base64.RawURLEncoding.EncodedLen(len(raw)); n > MaxCursor {
		return "", fmt.Errorf("seal cursor: %d bytes, at most %d", n, MaxCursor)
	}
	copy(raw, mac(key, list, q, raw[macSize:]))
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// Open returns the values in a cursor, nil for the empty cursor, if it was made
// for this list and q and fits the order; else [ErrCursor].
func Open(key []byte, list, q, cursor string, s Sort) ([]any, error) {
	if cursor == "" {
		return nil, nil
	}
	if len(cursor) > MaxCursor || len(key) < 16 {
		return nil, ErrCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	// The decoder skips line ends; the length does not.
	if err != nil || len(raw) < macSize || len(cursor) != base64.RawURLEncoding.EncodedLen(len(raw)) {
		return nil, ErrCursor
	}
	if !hmac.Equal(raw[:macSize], mac(key, list, q, raw[macSize:])) {
		return nil, ErrCursor
	}
	raw = raw[macSize:]
	values := make([]any, len(s))
	for i, t := range s {
		var ok bool
		if values[i], raw, ok = next(raw); !ok || !t.Field.holds(values[i]) {
			return nil, ErrCursor
		}
	}
	if len(raw) > 0 {
		return nil, ErrCursor
	}
	return values, nil
}

func mac(key []byte, list, q string, values []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("dashboard list cursor\x00"))
	for _, part := range [...]string{list, q} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	h.Write(values)
	return h.Sum(nil)[:macSize]
}

// next takes one value off a cursor.
func next(raw []byte) (value any, rest []byte, ok bool) {
	if len(raw) == 0 {
		return nil, nil, false
	}
	tag, raw := raw[0], raw[1:]
	switch tag {
	case tagNull:
		return nil, raw, true
	case tagText:
		size, n := binary.Uvarint(raw)
		if n <= 0 || size > uint64(len(raw)-n) {
			return nil, nil, false
		}
		return string(raw[n : n+int(size)]), raw[n+int(size):], true
	case tagInteger:
		v, n := binary.Varint(raw)
		if n <= 0 {
			return nil, nil, false
		}
		return v, raw[n:], true
	case tagNumber:
		if len(raw) < 8 {
			return nil, nil, false
		}
		return math.Float64frombits(binary.BigEndian.Uint64(raw)), raw[8:], true
	case tagFalse, tagTrue:
		return tag == tagTrue, raw, true
	}
	return nil, nil, false
}

// holds reports whether a value may be one of the field's: of a cursor that an
// earlier version made, it may not.
func (f Field) holds(value any) bool {
	switch value.(type) {
	case string:
		return f.Kind == Text || f.Kind == Enum
	case int64:
		return f.Kind == Integer || f.Kind == Time
	case float64:
		return f.Kind == Number
	case bool:
		return f.Kind == Boolean
	}
	return f.Nullable
}
