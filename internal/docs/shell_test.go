package docs_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// step is a command of a console block and what the block shows of its output.
type step struct {
	command string
	want    string
}

// steps splits a console block: what stands behind "$ " is typed, the rest is
// printed.
func steps(text string) ([]step, error) {
	var list []step
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			list = append(list, step{command: strings.TrimSpace(command)})
			continue
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("%q stands before any command", line)
		}
		list[len(list)-1].want += line
	}
	return list, nil
}

// shows tells whether output is what a block shows: the same text, with
// anything of one line in place of each "…", whatever ends the lines.
func shows(want, output string) bool {
	return pattern("^", want, "$").MatchString(trimmed(output))
}

// says tells whether output has the lines that a block shows.
func says(want, output string) bool {
	return pattern("(^|\n)", want, "(\n|$)").MatchString(trimmed(output))
}

func pattern(before, want, after string) *regexp.Regexp {
	parts := strings.Split(trimmed(want), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(before + strings.Join(parts, `[^\n]*`) + after)
}

func trimmed(text string) string { return strings.Trim(strings.ReplaceAll(text, "\r", ""), "\n") }

// split reads a command as a shell does, as far as the documents go: words,
// quotes and variables.
func split(command string, variable func(string) string) ([]string, error) {
	var (
		words []string
		word  strings.Builder
		begun bool
		quote rune
	)
	rest := []rune(command)
	for len(rest) > 0 {
		c := rest[0]
		rest = rest[1:]
		switch {
		case c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, begun = c, true
		case quote != '\'' && c == '$':
			end := slices.IndexFunc(rest, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') })
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, errors.New("only $NAME is read")
			}
			word.WriteString(variable(string(rest[:end])))
			rest, begun = rest[end:], true
		case quote == 0 && c == ' ':
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		case quote == 0 && strings.ContainsRune("\\|&;<>(){}`*?~#", c):
			return nil, fmt.Errorf("%q is not read", c)
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote has no end")
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

func TestSplit(t *testing.T) {
	t.Parallel()
	variables := func(name string) string { return "<" + name + ">" }
	for command, want := range map[string][]string{
		`go run .`:                    {"go", "run", "."},
		`curl  -H "X: $KEY" a/$B-c`:   {"curl", "-H", "X: <KEY>", "a/<B>-c"},
		`a 'b "$C" d' ''`:             {"a", `b "$C" d`, ""},
		`A=b C="d e"`:                 {"A=b", "C=d e"},
		`curl --json '{"a":"b"}' x/y`: {"curl", "--json", `{"a":"b"}`, "x/y"},
	} {
		if got, err := split(command, variables); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", command, got, err, want)
		}
	}
	for _, command := range []string{"a | b", "a; b", "a && b", "a > b", "a 'b", "$(a)", "$1", "a *"} {
		if got, err := split(command, variables); err == nil {
			t.Errorf("%s: got %q, want an error", command, got)
		}
	}
}

func TestShows(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		want, output string
		shows, says  bool
	}{
		{"a\n", "a", true, true},
		{"a\n", "a\nb\n", false, true},
		{"{\"id\":\"…\",\"n\":1}\n", "{\"id\":\"x/y\",\"n\":1}", true, true},
		{"{\"id\":\"…\",\"n\":1}\n", "{\"id\":\"x/y\",\"n\":12}", false, false},
		{"a…\nb\n", "a c\nb", true, true},
		{"a…b\n", "a\nb", false, false},
		{"a.c\n", "abc", false, false},
		{"", "", true, true},
		{"a\nb\n", "a\r\nb\r\n", true, true},
	} {
		if got := shows(tc.want, tc.output); got != tc.shows {
			t.Errorf("shows(%q, %q): got %t", tc.want, tc.output, got)
		}
		if got := says(tc.want, tc.output); got != tc.says {
			t.Errorf("says(%q, %q): got %t", tc.want, tc.output, got)
		}
	}
	if _, err := steps("a\n$ b\n"); err == nil {
		t.Error("output before a command: got no error")
	}
}
