package resource

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/internal/spelling"
)

// words is a resource tag, read.
type words struct {
	key, label, sort, filter, search, unique, exact bool
	readOnly, createOnly, created, updated          bool
	version, detail                                 bool
	order                                           string // "", "default" or "-default"
	unit, column                                    string
	since, index                                    int
}

// maxColumn is how long the name of a column may be, in bytes.
const maxColumn = 60

// isUnit tells whether a unit is 1 to 20 characters that need no quoting.
func isUnit(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 1 && n <= 20 && !strings.ContainsAny(s, ",\"\\ \t\n\f\r")
}

// parseTag reads a resource tag.
func parseTag(tag string) (words, error) {
	w := words{since: 1}
	if tag == "" {
		w.index = 1
		return w, nil
	}
	var seen []string
	for word := range strings.SplitSeq(tag, ",") {
		name, value, valued := strings.Cut(word, "=")
		if slices.Contains(seen, name) {
			return w, fmt.Errorf("resource tag says %s twice", name)
		}
		seen = append(seen, name)
		if err := w.set(name, value, valued); err != nil {
			return w, err
		}
	}
	if w.index == 0 {
		w.index = w.since
	}
	if w.index < w.since {
		return w, fmt.Errorf("resource tag has index=%d before since=%d", w.index, w.since)
	}
	return w, nil
}

func (w *words) set(name, value string, valued bool) error {
	flags := map[string]*bool{"key": &w.key, "label": &w.label, "filter": &w.filter, "search": &w.search, "unique": &w.unique,
		"exact": &w.exact, "readonly": &w.readOnly, "createonly": &w.createOnly, "created": &w.created, "updated": &w.updated,
		"version": &w.version, "detail": &w.detail}
	if flag, ok := flags[name]; ok {
		if valued {
			return fmt.Errorf("resource tag %s takes no value", name)
		}
		*flag = true
		return nil
	}
	var ok bool
	switch name {
	case "sort":
		w.sort, w.order = true, value
		ok = !valued || value == "default" || value == "-default"
	case "unit":
		w.unit, ok = value, isUnit(value)
	case "column":
		w.column, ok = value, spelling.Snake(value, maxColumn)
	case "since", "index":
		n, err := strconv.Atoi(value)
		ok = err == nil && n >= 1 && n <= 1_000_000
		if name == "since" {
			w.since = n
		} else {
			w.index = n
		}
	default:
		return fmt.Errorf("resource tag has the unknown word %q", name)
	}
	if !ok {
		return fmt.Errorf("resource tag %s has the bad value %q", name, value)
	}
	return nil
}
