package flags

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A member of a JSON object, as it is written.
type member struct {
	name  string
	value json.RawMessage
}

// members reads an object without losing the order of its members.
func members(object json.RawMessage) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.Join(errors.New("want an object"), err)
	}
	var list []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: name.(string)} // the decoder takes nothing else there
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("want nothing after the object")
	}
	return list, nil
}

// object writes members as an object.
func object(list []member) json.RawMessage {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range list {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(quote(m.name))
		out.WriteByte(':')
		out.Write(m.value)
	}
	out.WriteByte('}')
	return out.Bytes()
}

func quote(text string) []byte {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err) //nolint:forbidigo // a string can always be written
	}
	return raw
}

// member returns the value of a name, nil where there is none.
func find(list []member, name string) json.RawMessage {
	for _, m := range list {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// with returns the members with one value set, or removed where it is nil.
func with(list []member, name string, value json.RawMessage) []member {
	out := make([]member, 0, len(list)+1)
	set := value == nil
	for _, m := range list {
		switch {
		case m.name != name:
			out = append(out, m)
		case !set:
			out, set = append(out, member{name, value}), true
		}
	}
	if !set {
		out = append(out, member{name, value})
	}
	return out
}

// needsOf are the flags that a flag names as prerequisites.
func needsOf(definition json.RawMessage) []string {
	if !bytes.Contains(definition, []byte(`"prerequisites"`)) {
		return nil
	}
	var f struct {
		Metadata struct {
			Prerequisites string `json:"prerequisites"`
		} `json:"metadata"`
	}
	if json.Unmarshal(definition, &f) != nil {
		return nil // and then it is refused, or damaged
	}
	var keys []string
	for part := range strings.SplitSeq(f.Metadata.Prerequisites, ",") {
		key, _, _ := strings.Cut(part, "=")
		if key = strings.TrimSpace(key); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// assemble writes definitions as one document of flagd's. What is first comes
// before the others, on a line of its own, so that errors are found by line.
func assemble(definitions map[ID]json.RawMessage, first ID) []byte {
	byKind := map[Kind][]string{}
	for id := range definitions {
		byKind[id.Kind] = append(byKind[id.Kind], id.Key)
	}
	var out bytes.Buffer
	section := func(kind Kind, name string) {
		keys := byKind[kind]
		slices.Sort(keys)
		if i, ok := slices.BinarySearch(keys, first.Key); ok && first.Kind == kind {
			keys = slices.Insert(slices.Delete(keys, i, i+1), 0, first.Key)
		}
		out.WriteString(`"` + name + `":{`)
		for i, key := range keys {
			if i > 0 {
				out.WriteByte(',')
			}
			out.Write(quote(key))
			out.WriteString(":\n")
			out.Write(definitions[ID{kind, key}])
		}
		out.WriteByte('}')
	}
	out.WriteByte('{')
	if first.Kind == Segment {
		section(Segment, "$evaluators")
		out.WriteByte(',')
		section(Flag, "flags")
	} else {
		section(Flag, "flags")
		out.WriteByte(',')
		section(Segment, "$evaluators")
	}
	if meta, ok := definitions[metadataID]; ok {
		out.WriteString(`,"metadata":`)
		out.Write(meta)
	}
	out.WriteByte('}')
	return out.Bytes()
}

// split takes a document of flagd's apart. It must have been parsed as one.
func split(document []byte) (map[ID]json.RawMessage, error) {
	top, err := members(document)
	if err != nil {
		return nil, fmt.Errorf("read flags: %w", err)
	}
	out := map[ID]json.RawMessage{}
	flags := bytes.TrimLeft(find(top, "flags"), " \t\r\n")
	if bytes.HasPrefix(flags, []byte("[")) {
		err = splitList(out, flags)
	} else {
		err = splitObject(out, Flag, flags)
	}
	if err == nil {
		err = splitObject(out, Segment, find(top, "$evaluators"))
	}
	if meta := find(top, "metadata"); err == nil && len(meta) > 0 && string(meta) != "null" {
		out[metadataID], err = compact(meta)
	}
	if err != nil {
		return nil, fmt.Errorf("read flags: %w", err)
	}
	return out, nil
}

func splitObject(out map[ID]json.RawMessage, kind Kind, text json.RawMessage) error {
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	list, err := members(text)
	if err != nil {
		return err
	}
	for _, m := range list {
		if out[ID{kind, m.name}], err = compact(m.value); err != nil {
			return err
		}
	}
	return nil
}

// splitList takes flags in a list, each with its key.
func splitList(out map[ID]json.RawMessage, text json.RawMessage) error {
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	for _, one := range list {
		parts, err := members(one)
		if err != nil {
			return err
		}
		var key string
		if err := json.Unmarshal(find(parts, "key"), &key); err != nil {
			return err
		}
		if out[flagID(key)], err = compact(object(with(parts, "key", nil))); err != nil {
			return err
		}
	}
	return nil
}

// compact removes the space; of nothing it makes nothing.
func compact(text json.RawMessage) (json.RawMessage, error) {
	if text == nil {
		return nil, nil
	}
	var out bytes.Buffer
	err := json.Compact(&out, text)
	return out.Bytes(), err
}

// setKilled returns a flag's definition with the emergency brake on or off.
func setKilled(definition json.RawMessage, killed bool, variant string) (json.RawMessage, error) {
	parts, err := members(definition)
	if err != nil {
		return nil, err
	}
	var meta []member
	if raw := find(parts, "metadata"); len(raw) > 0 && string(raw) != "null" {
		if meta, err = members(raw); err != nil {
			return nil, err
		}
	}
	meta = with(with(meta, "killed", nil), "killedVariant", nil)
	if killed {
		meta = with(meta, "killed", json.RawMessage("true"))
		if variant != "" {
			meta = with(meta, "killedVariant", quote(variant))
		}
	}
	if len(meta) == 0 {
		return object(with(parts, "metadata", nil)), nil
	}
	return object(with(parts, "metadata", object(meta))), nil
}

// Export writes all definitions as one document of flagd's, indented.
func (s *Store) Export() ([]byte, error) {
	v, _ := s.present()
	all := s.mended(v.definitions(), nil)
	var out bytes.Buffer
	if err := json.Indent(&out, assemble(all, ID{}), "", "  "); err != nil {
		return nil, fmt.Errorf("export flags: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
