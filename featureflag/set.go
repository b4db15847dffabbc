package featureflag

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"iter"
	"sync"
)

// A Set is definitions, validated and compiled: immutable, safe for any number
// of goroutines. [Parse] makes one, [Set.With] makes another of it.
type Set struct {
	flags    []*Flag // by key
	index    map[string]int32
	keys     []string
	metadata Metadata
	segments []Segment
	problems Errors
	broken   Errors // the problems of segments
	schema   string // "$schema" as JSON, "" when there is none
	metaText string // the metadata, canonical, "" when there are none

	once sync.Once
	hash string
}

func emptySet() *Set {
	s, err := Parse([]byte(`{"flags":{}}`))
	if err != nil {
		return &Set{}
	}
	return s
}

// Len is how many flags there are.
func (s *Set) Len() int { return len(s.flags) }

// Keys are the names of all flags, sorted, shared: read only.
func (s *Set) Keys() []string { return s.keys }

// Flag finds a flag.
func (s *Set) Flag(key string) (*Flag, bool) {
	i, ok := s.index[key]
	if !ok {
		return nil, false
	}
	return s.flags[i], true
}

// Flags goes through all flags, by key.
func (s *Set) Flags() iter.Seq[*Flag] {
	return func(yield func(*Flag) bool) {
		for _, f := range s.flags {
			if !yield(f) {
				return
			}
		}
	}
}

// Metadata is the set's own, shared: read only.
func (s *Set) Metadata() Metadata { return s.metadata }

// Segments are the shared evaluators, by name: the rules that several flags
// refer to.
func (s *Set) Segments() []Segment { return s.segments }

// Problems are the rules of the set that cannot be evaluated, or never say what
// they seem to. Flags whose rule fails answer with PARSE_ERROR; all others are
// as good as ever. [ParseStrict] takes them for errors.
func (s *Set) Problems() Errors { return s.problems }

// Hash is the SHA-256 of the canonical definitions in hex: equal for sets that
// mean the same, whatever their layout.
func (s *Set) Hash() string {
	s.once.Do(func() {
		sum := sha256.New()
		s.write(sum)
		s.hash = hex.EncodeToString(sum.Sum(nil))
	})
	return s.hash
}

// Definitions are the set in flagd's format again, canonical and indented.
func (s *Set) Definitions() []byte {
	var plain, b bytes.Buffer
	s.write(&plain)
	if json.Indent(&b, plain.Bytes(), "", "  ") != nil {
		return nil
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// write writes the canonical definitions to what does not fail.
func (s *Set) write(w io.Writer) {
	var b []byte
	emit := func() {
		_, _ = w.Write(b) // a hash or a buffer
		b = b[:0]
	}
	b = append(b, '{')
	if len(s.segments) > 0 {
		b = append(b, `"$evaluators":{`...)
		for i, segment := range s.segments {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(appendText(b, segment.Name), ':'), segment.Definition...)
			emit()
		}
		b = append(b, `},`...)
	}
	if s.schema != "" {
		b = append(append(append(b, `"$schema":`...), s.schema...), ',')
	}
	b = append(b, `"flags":{`...)
	for i, f := range s.flags {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(appendText(b, f.key), ':'), f.definition...)
		emit()
	}
	b = append(b, '}')
	if s.metaText != "" {
		b = append(append(b, `,"metadata":`...), s.metaText...)
	}
	b = append(b, '}')
	emit()
}

// A Segment is a rule of its own under a name, an entry of "$evaluators", that
// flags refer to with {"$ref": "name"}.
type Segment struct {
	Name string
	// Definition is its rule, canonical JSON, shared: read only.
	Definition json.RawMessage
	// Flags are the keys of the flags that refer to it, directly or through
	// another segment, sorted.
	Flags []string
}
