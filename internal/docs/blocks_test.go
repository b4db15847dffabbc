package docs_test

import (
	"errors"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every block of every document is proved, or this fails.
func TestEveryBlock(t *testing.T) {
	t.Parallel()
	found := 0
	for _, document := range documents(t) {
		for _, b := range blocksOf(t, document) {
			found++
			var err error
			switch {
			case b.excerpt() != "":
				err = copied(t, b)
			case b.document == guide:
				continue // TestGuide, which fails on what it cannot run
			case b.language == "sh":
				err = shell(t, b)
			case b.language == "mermaid" && b.document == "docs/state-machine.md":
				err = contains(read(t, "internal/lifecycle/document_test.go"), "func TestDiagram(")
			case b.language == "text" && b.document == "CONTRIBUTING.md":
				err = commitMessage(b)
			default:
				err = errors.New("no rule covers a block of this kind")
			}
			if err != nil {
				t.Errorf("%s: %v", b, err)
			}
		}
	}
	if found < 40 {
		t.Errorf("got %d blocks: they are not found any more", found)
	}
}

// copied holds a block against the file that its comment names, which is built
// and run by tests of its own.
func copied(t *testing.T, b block) error {
	t.Helper()
	return contains(read(t, b.excerpt()), b.text)
}

func contains(text, part string) error {
	if !strings.Contains(text, part) {
		return errors.New("these lines are not there any more:\n" + part)
	}
	return nil
}

// What a reader copies is formatted already.
func TestGoBlocks(t *testing.T) {
	t.Parallel()
	for _, document := range documents(t) {
		for _, b := range blocksOf(t, document) {
			if b.language != "go" {
				continue
			}
			if got, err := format.Source([]byte(b.text)); err != nil || string(got) != b.text {
				t.Errorf("%s is not formatted: %v", b, err)
			}
		}
	}
}

// The first login takes twelve lines of host code and one command, in README and
// guide alike.
func TestFirstLogin(t *testing.T) {
	t.Parallel()
	host := read(t, "examples/minimal/main.go")
	_, body, _ := strings.Cut(host, "func main() {\n")
	if lines := strings.Count(strings.TrimSuffix(body, "}\n"), "\n"); lines == 0 || lines > 12 {
		t.Errorf("examples/minimal has %d lines of host code, want at most 12", lines)
	}
	if first := blocksOf(t, "README.md")[0]; first.excerpt() != "examples/minimal/main.go" {
		t.Errorf("README.md does not begin with examples/minimal/main.go, but with\n%s", first.text)
	}
	var commands []string
	for _, b := range blocksOf(t, guide) {
		if b.language == "go" && !strings.HasSuffix(host, b.text) {
			t.Errorf("%s: the first program is not examples/minimal/main.go", b)
		}
		if b.language == "go" {
			commands = nil // what comes before it makes the folder
		}
		if b.language == "text" {
			break
		}
		for line := range strings.Lines(b.text) {
			if command, ok := strings.CutPrefix(line, "$ "); ok && b.language == "console" {
				commands = append(commands, strings.TrimSpace(command))
			}
		}
	}
	if want := []string{"go mod tidy", "go run ."}; !slices.Equal(commands, want) {
		t.Errorf("got %q between the first program and its link, want %q: fetch, and one command", commands, want)
	}
}

// commitMessage is an example of one.
func commitMessage(b block) error {
	subject, body, _ := strings.Cut(b.text, "\n")
	name, _, ok := strings.Cut(subject, ": ")
	switch {
	case !ok || len(subject) >= 72 || strings.HasSuffix(subject, "."):
		return errors.New("the subject is not of the form that it is an example of")
	case !strings.HasPrefix(body, "\n") || len(body) < 20:
		return errors.New("the body is missing")
	}
	_, err := os.Stat(filepath.Join(top, name))
	return err
}

// What the documents point to is there.
func TestLinks(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	for _, document := range documents(t) {
		text := read(t, document)
		for _, b := range blocksOf(t, document) {
			text = strings.Replace(text, b.text, "", 1)
		}
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target := found[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(top, filepath.Dir(document), target)); err != nil {
				t.Errorf("%s points to %s, which is not there", document, target)
			}
		}
	}
}
