package featureflag

import "encoding/json"

// A Variant is one of the values that a flag can have.
type Variant struct {
	Name  string
	Value Value
}

// A Flag is one flag of a [Set], immutable like it.
type Flag struct {
	key        string
	kind       Kind
	disabled   bool
	dynamic    bool // there is more to it than the default variant
	rules      bool // it has targeting
	variants   []Variant
	dflt       int    // index of the default variant, -1 when there is none
	hash       murmur // of the key
	program    inst
	nodes      int      // of the program
	metadata   Metadata // merged over the set's
	own        Metadata
	ext        *extensions
	definition string // canonical
	problems   Errors // of its rules
}

// Key is the flag's name.
func (f *Flag) Key() string { return f.key }

// Kind is what its values are.
func (f *Flag) Kind() Kind { return f.kind }

// Enabled reports whether its state is ENABLED. A disabled flag leaves every
// caller to the code default.
func (f *Flag) Enabled() bool { return !f.disabled }

// Variants are its variants by name, shared: read only.
func (f *Flag) Variants() []Variant { return f.variants }

// Variant finds a variant.
func (f *Flag) Variant(name string) (Variant, bool) {
	if i := f.find(name); i >= 0 {
		return f.variants[i], true
	}
	return Variant{}, false
}

func (f *Flag) find(name string) int { return findVariant(f.variants, name) }

func findVariant(variants []Variant, name string) int {
	for i := range variants {
		if variants[i].Name == name {
			return i
		}
	}
	return -1
}

// DefaultVariant names the variant that is served when no rule applies; ok is
// false when the code default is.
func (f *Flag) DefaultVariant() (name string, ok bool) {
	if f.dflt < 0 {
		return "", false
	}
	return f.variants[f.dflt].Name, true
}

// HasTargeting reports whether rules decide.
func (f *Flag) HasTargeting() bool { return f.rules }

// Metadata is the flag's own, with the keys of its extensions, shared: read
// only.
func (f *Flag) Metadata() Metadata { return f.own }

// Definition is the flag's object in flagd's format, canonical: without space,
// keys sorted.
func (f *Flag) Definition() json.RawMessage { return json.RawMessage(f.definition) }
