package spelling_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/spelling"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// What the functions stand for, said the usual way.
var (
	slug       = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)
	snake      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,39}$`)
	choices    = regexp.MustCompile(`'[^']*'|\S+`)
)

func check(t *testing.T, s string) {
	t.Helper()
	if got, want := spelling.Slug(s, 2, 40), slug.MatchString(s); got != want {
		t.Errorf("Slug(%q): got %t, want %t", s, got, want)
	}
	if got, want := spelling.Snake(s, 40), snake.MatchString(s); got != want {
		t.Errorf("Snake(%q): got %t, want %t", s, got, want)
	}
	if got, want := spelling.Identifier(s, 40), identifier.MatchString(s); got != want {
		t.Errorf("Identifier(%q): got %t, want %t", s, got, want)
	}
	if got, want := spelling.Choices(s), choices.FindAllString(s, -1); !slices.Equal(got, want) {
		t.Errorf("Choices(%q): got %q, want %q", s, got, want)
	}
}

func examples() []string {
	return []string{
		"", "a", "ab", "-a", "a-", "a_b", "_a", "A", "Ab", "aB", "0a", "a0", "a.b", "a b", "ä", "aä", "a\x00", "a\n", "@", "`", "[",
		strings.Repeat("a", 40), strings.Repeat("a", 41),
		"free team business", "'two words' one", "'open", "a'b c'", "''", "' '", " a\t'b'c  d\n", "'a''b'", "\u00a0", "a\vb",
	}
}

func TestSpelling(t *testing.T) {
	for _, s := range examples() {
		check(t, s)
	}
}

func FuzzSpelling(f *testing.F) {
	for _, s := range examples() {
		f.Add(s)
	}
	f.Fuzz(check)
}
