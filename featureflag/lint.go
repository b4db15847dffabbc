package featureflag

import (
	"fmt"
	"strconv"
	"strings"
)

// UnknownMember is the code of what [Lint] finds.
const UnknownMember = "unknown-member" // nothing reads it: it is misspelled, or stands in the wrong place

// The members that are read.
var (
	documentMembers  = [...]string{"$schema", "$evaluators", "flags", "metadata"}
	flagMembers      = [...]string{"key", "state", "variants", "defaultVariant", "targeting", "metadata", "$schema"}
	extensionMembers = [...]string{"owner", "description", "expires", "killed", "killedVariant", "prerequisites", "schedule"}
)

// Lint finds what nothing reads in definitions: members of the document or of a
// flag that flagd's format does not have, such as "target", and metadata of flags
// that look like misspelled [Extensions], such as "expire"; other metadata belong
// to whoever wrote them. None of that is an error: flagd's schema allows it,
// [Parse] and [ParseStrict] accept it, and flags are evaluated as if it were not
// there. Show it to people who are editing. It finds nothing in a text that is
// not JSON, which Parse refuses.
func Lint(definitions []byte) Errors {
	root, syntax := readJSON(definitions)
	if syntax != nil || root.kind != nodeObject {
		return nil
	}
	l := linter{parser: &parser{src: definitions}}
	l.members("", "definitions", &root, documentMembers[:])
	flags := root.member("flags")
	if flags == nil {
		return l.found
	}
	for i := range flags.kids {
		pointer := "/flags/" + strconv.Itoa(i)
		if flags.kind == nodeObject {
			pointer = "/flags/" + escapePointer(flags.keys[i].name)
		}
		l.members(pointer, "a flag", &flags.kids[i], flagMembers[:])
		if metadata := flags.kids[i].member("metadata"); metadata != nil {
			l.metadata(pointer+"/metadata", metadata)
		}
	}
	return l.found
}

type linter struct {
	parser *parser
	found  Errors
}

func (l *linter) warn(pointer string, n *node, i int, format string, args ...any) {
	name := n.keys[i].name
	l.parser.report(&l.found, pointer+"/"+escapePointer(name), n.keys[i].off, UnknownMember, fmt.Sprintf(format, args...))
}

// members warns of those that are not known. What begins with "$" or "_" is a note
// of somebody's, unless it is nearly one that is known.
func (l *linter) members(pointer, what string, n *node, known []string) {
	for i := range n.keys {
		name := n.keys[i].name
		near := nearest(name, known)
		extension := pointer != "" && nearest(name, extensionMembers[:]) != ""
		switch {
		case near == name:
		case near != "":
			l.warn(pointer, n, i, "%s has no %q, which is ignored: is it %q?", what, name, near)
		case extension:
			l.warn(pointer, n, i, `%s has no %q, which is ignored: %q stands in "metadata"`, what, name, nearest(name, extensionMembers[:]))
		case !strings.HasPrefix(name, "$") && !strings.HasPrefix(name, "_"):
			l.warn(pointer, n, i, "%s has no %q, which is ignored", what, name)
		}
	}
}

func (l *linter) metadata(pointer string, n *node) {
	for i := range n.keys {
		name := n.keys[i].name
		if near := nearest(name, extensionMembers[:]); near != "" && near != name {
			l.warn(pointer, n, i, "nothing is done by %q: is it %q?", name, near)
		}
	}
}

// nearest returns the word that a name is, or that it is nearly; "": none.
func nearest(name string, words []string) (best string) {
	least := 3
	for _, word := range words {
		if name == word {
			return word
		}
		most := 2
		if len(word) < 6 {
			most = 1
		}
		if far := distance(strings.ToLower(name), strings.ToLower(word)); far <= most && far < least {
			best, least = word, far
		}
	}
	return best
}

// distance is how many bytes are to be put in, left out, replaced or swapped with
// their neighbor to make b of a, or more than two where that is more.
func distance(a, b string) int {
	const width = 32 // the longest known word has 14
	if len(a) >= width || len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return 3
	}
	var rows [3][width]int // of the prefixes of b: the one before the last, the last, this
	for j := range len(a) + 1 {
		rows[1][j] = j
	}
	for i := 1; i <= len(b); i++ {
		rows[2][0] = i
		for j := 1; j <= len(a); j++ {
			step := 1
			if a[j-1] == b[i-1] {
				step = 0
			}
			d := min(rows[1][j]+1, rows[2][j-1]+1, rows[1][j-1]+step)
			if i > 1 && j > 1 && a[j-1] == b[i-2] && a[j-2] == b[i-1] {
				d = min(d, rows[0][j-2]+1)
			}
			rows[2][j] = d
		}
		rows[0], rows[1] = rows[1], rows[2]
	}
	return rows[1][len(a)]
}
