package etag_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestCondition(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		lines       []string
		tag         string
		allows, has bool
	}{
		{"not sent", nil, `"1"`, true, false},
		{"the tag", []string{`"1"`}, `"1"`, true, true},
		{"another", []string{`"2"`}, `"1"`, false, false},
		{"a beginning", []string{`"11"`}, `"1"`, false, false},
		{"anything", []string{"*"}, `"1"`, true, true},
		{"anything, spaced", []string{" * "}, `"1"`, true, true},
		{"list", []string{`"0", "1"`}, `"1"`, true, true},
		{"list without spaces", []string{`"0","1"`}, `"1"`, true, true},
		{"list with empty members", []string{`,"0",, "1" ,`}, `"1"`, true, true},
		{"lines", []string{`"0"`, `"1"`}, `"1"`, true, true},
		{"comma in a tag", []string{`"a,b"`}, `"a,b"`, true, true},
		{"comma in a tag of a list", []string{`"x", "a, b"`}, `"a, b"`, false, false}, // a space is not of a tag
		{"part of a tag", []string{`"a,"1",b"`}, `"1"`, false, false},
		{"empty tag", []string{`""`}, `""`, true, true},
		{"weak", []string{`W/"1"`}, `"1"`, false, true},
		{"weak representation", []string{`"1"`}, `W/"1"`, false, true},
		{"both weak", []string{`W/"1"`}, `W/"1"`, false, true},
		{"weak among others", []string{`W/"1", "1"`}, `"1"`, true, true},
		{"small w", []string{`w/"1"`}, `"1"`, false, false},
		{"no quotes", []string{"1"}, `"1"`, false, false},
		{"not closed", []string{`"1`}, `"1"`, false, false},
		{"no comma", []string{`"0" "1"`}, `"1"`, false, false},
		{"sent, empty", []string{""}, `"1"`, false, false},
		{"anything in a list", []string{`"0", *`}, `"1"`, false, false},
		{"anything and more", []string{"*", `"0"`}, `"1"`, false, false},
		{"half malformed", []string{`"1", 2`}, `"1"`, false, false},
	}
	for _, tt := range tests {
		c := etag.Parse(tt.lines)
		if got := c.Allows(tt.tag); got != tt.allows {
			t.Errorf("%s: Allows: got %t, want %t", tt.name, got, tt.allows)
		}
		if got := c.Has(tt.tag); got != tt.has {
			t.Errorf("%s: Has: got %t, want %t", tt.name, got, tt.has)
		}
		if got, want := c.Given(), len(tt.lines) > 0; got != want {
			t.Errorf("%s: Given: got %t, want %t", tt.name, got, want)
		}
	}
}

// FuzzParse checks that a condition means the same when it is written and read
// again, and that no text lets pass what it does not name.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "*", `"1"`, `W/"1", "2"`, `"a,b",,"c"`, `"0", *`, `"x`, "\"\x00\"", `"é"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := etag.Parse([]string{text})
		written, err := c.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		again := etag.Parse([]string{string(written)})
		if !slices.Equal(again.Tags(), c.Tags()) || again.Any() != c.Any() {
			t.Fatalf("%q was read as %q, then as %q", text, c.Tags(), again.Tags())
		}
		for _, tag := range c.Tags() {
			if !strings.Contains(text, tag) || !c.Has(tag) || c.Allows(tag) == strings.HasPrefix(tag, "W/") {
				t.Errorf("%q: tag %q", text, tag)
			}
		}
		if c.Allows(`"never sent"`) != c.Any() {
			t.Errorf("%q allows anything", text)
		}
	})
}
