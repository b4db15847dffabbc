package docs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	top   = "../.."
	guide = "docs/guide.md"
)

// block is a fenced code block.
type block struct {
	document string // path from the top of the repository
	line     int    // of the opening fence
	language string // the first word after the fence
	text     string // with a newline at its end, "" where there is none
	above    string // the paragraph or the comment before it
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.document, b.line) }

// excerpt is the file of the repository that the comment above the block names:
// the block is part of it.
func (b block) excerpt() string {
	found := regexp.MustCompile(`^<!-- (\S+) -->$`).FindStringSubmatch(b.above)
	if found == nil {
		return ""
	}
	return found[1]
}

// file is the file that the sentence above the block names last.
func (b block) file() string {
	found := regexp.MustCompile("`([^` ]+\\.go)`").FindAllStringSubmatch(b.above, -1)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1][1]
}

// parse finds the blocks of a document.
func parse(document, text string) ([]block, error) {
	var (
		list      []block
		open      *block
		fence     string
		paragraph []string
	)
	n := 0
	for line := range strings.Lines(text) {
		n++
		bare := strings.TrimSpace(line)
		switch {
		case open != nil && bare == fence:
			list, open = append(list, *open), nil
			paragraph = nil
		case open != nil:
			open.text += line
		case strings.HasPrefix(bare, "```"):
			words := strings.TrimLeft(bare, "`")
			fence = bare[:len(bare)-len(words)]
			if strings.HasPrefix(line, " ") {
				return nil, fmt.Errorf("%s:%d: an indented block is not read", document, n)
			}
			open = &block{document: document, line: n, language: words, above: strings.TrimSpace(strings.Join(paragraph, " "))}
		case strings.HasPrefix(bare, "<!--"):
			paragraph = []string{bare}
		case bare == "":
			if len(paragraph) > 0 && paragraph[len(paragraph)-1] != "" {
				paragraph = append(paragraph, "") // one empty line may follow it
			} else {
				paragraph = nil
			}
		default:
			if len(paragraph) > 0 && paragraph[len(paragraph)-1] == "" {
				paragraph = nil
			}
			paragraph = append(paragraph, bare)
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s: its block has no end", *open)
	}
	return list, nil
}

// documents lists every Markdown file of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(top, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"node_modules", "testdata", ".git", "out"}, entry.Name()):
			return filepath.SkipDir
		case filepath.Ext(name) == ".md":
			rel, err := filepath.Rel(top, name)
			if err != nil {
				return err
			}
			list = append(list, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// blocksOf reads the blocks of a document.
func blocksOf(t *testing.T, document string) []block {
	t.Helper()
	list, err := parse(document, read(t, document))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// read returns a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestParse(t *testing.T) {
	t.Parallel()
	const text = "# T\n\nWrite `a.go`,\nthen `b/c.go`:\n\n```go\npackage c\n```\n\n<!-- examples/x.go -->\n```go\nx\n\ny\n```\n\nfar\n\naway\n\n\n````\n```\n````\n"
	got, err := parse("d.md", text)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ at, language, text, file, excerpt string }{
		{"d.md:6", "go", "package c\n", "b/c.go", ""},
		{"d.md:11", "go", "x\n\ny\n", "", "examples/x.go"},
		{"d.md:22", "", "```\n", "", ""},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d blocks, want %d: %+v", len(got), len(want), got)
	}
	for i, b := range got {
		if w := want[i]; b.String() != w.at || b.language != w.language || b.text != w.text || b.file() != w.file || b.excerpt() != w.excerpt {
			t.Errorf("got %+v (file %q, excerpt %q), want %+v", b, b.file(), b.excerpt(), w)
		}
	}
	for _, bad := range []string{"```go\nx\n", "- a\n\n  ```go\n  x\n  ```\n"} {
		if _, err := parse("d.md", bad); err == nil {
			t.Errorf("%q: got no error", bad)
		}
	}
}
