package featureflag

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"
)

// A Set is definitions, validated and compiled: immutable, safe for any number
// of goroutines. [Parse] makes one.
type Set struct {
	flags      []*Flag // by key
	index      map[string]*Flag
	keys       []string
	metadata   Metadata
	segments   []Segment
	problems   Errors
	definition string // canonical
	hash       string
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
	f, ok := s.index[key]
	return f, ok
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
func (s *Set) Hash() string { return s.hash }

// Definitions are the set in flagd's format again, canonical and indented.
func (s *Set) Definitions() []byte {
	var b bytes.Buffer
	if json.Indent(&b, []byte(s.definition), "", "  ") != nil {
		return nil
	}
	b.WriteByte('\n')
	return b.Bytes()
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

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
