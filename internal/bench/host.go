package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// hostLines counts the lines of the smallest host that gets a person to a first
// login: those of its main function's body, which one command runs.
func hostLines(s settings) ([]result, error) {
	ours, err := bodyLines(filepath.Join(s.root, "examples/minimal/main.go"))
	if err != nil {
		return nil, err
	}
	theirs := 15.0 // and two commands: an account is made by another one
	return []result{{work: "lines of host code to the first login", ours: ours, theirs: theirs, unit: "lines", peer: "PocketBase", bar: 12, absolute: true}}, nil
}

// bodyLines counts the lines between the braces of func main.
func bodyLines(file string) (float64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	if _, err := parser.ParseFile(token.NewFileSet(), file, text, 0); err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(text), "func main() {\n")
	inside, _, _ := strings.Cut(after, "\n}")
	n := 0
	for l := range strings.SplitSeq(inside, "\n") {
		if strings.TrimSpace(l) != "" {
			n++
		}
	}
	return float64(n), nil
}
