// Package mergepatch applies JSON merge patches (RFC 7396) to JSON texts.
//
// It works on texts, not on Go values, so that numbers keep every digit and
// members their order. Both texts are read strictly: a member that is there
// twice has no agreed meaning and is refused.
package mergepatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest, in the document and in the
// patch.
const MaxDepth = 64

// ErrInvalid reports a document or a patch that is not JSON, nests too deep or
// has a member twice where objects are merged. It is wrapped.
var ErrInvalid = errors.New("invalid merge patch")

// Apply returns the document that the patch makes of another. Members of the
// patch replace those of the document, null removes them, objects are merged
// and anything else, arrays too, is taken as a whole. An empty document is no
// document: the patch makes one. Neither argument is changed; the result may
// share memory with both.
func Apply(document, patch []byte) ([]byte, error) {
	if len(bytes.TrimSpace(document)) == 0 {
		document = []byte("null")
	}
	if err := check(document); err != nil {
		return nil, fmt.Errorf("%w: document: %w", ErrInvalid, err)
	}
	if err := check(patch); err != nil {
		return nil, fmt.Errorf("%w: patch: %w", ErrInvalid, err)
	}
	out, err := merge(bytes.TrimSpace(document), bytes.TrimSpace(patch))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return out, nil
}

// check reports why a text is not JSON that we merge.
func check(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("not UTF-8")
	}
	if depth(text) > MaxDepth {
		return fmt.Errorf("nested deeper than %d", MaxDepth)
	}
	if !json.Valid(text) {
		return errors.New("not JSON")
	}
	return nil
}

// depth is how deep brackets nest outside of strings.
func depth(text []byte) (deepest int) {
	inString, now := false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// A member of an object, its value as it was written.
type member struct {
	name  string
	value json.RawMessage
}

// merge is MergePatch of RFC 7396, section 2.
func merge(target, patch json.RawMessage) (json.RawMessage, error) {
	if patch[0] != '{' {
		return patch, nil
	}
	changes, err := members(patch)
	if err != nil {
		return nil, err
	}
	var all []member
	if target[0] == '{' {
		if all, err = members(target); err != nil {
			return nil, err
		}
	}
	at := make(map[string]int, len(all))
	for i, m := range all {
		at[m.name] = i
	}
	for _, c := range changes {
		i, there := at[c.name]
		switch {
		case c.value[0] == 'n' && there:
			all[i].value = nil
			continue
		case c.value[0] == 'n':
			continue
		case !there:
			i = len(all)
			all = append(all, member{c.name, json.RawMessage("null")})
		}
		if all[i].value, err = merge(all[i].value, c.value); err != nil {
			return nil, err
		}
	}
	return object(all)
}

// members reads an object that is known to be JSON.
func members(text json.RawMessage) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var out []member
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: token.(string)}
		if seen[m.name] {
			return nil, fmt.Errorf("member %q is there twice", m.name)
		}
		seen[m.name] = true
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// object writes the members that were not removed.
func object(all []member) (json.RawMessage, error) {
	all = slices.DeleteFunc(all, func(m member) bool { return m.value == nil })
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
