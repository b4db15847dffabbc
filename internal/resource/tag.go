package resource

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

var (
	columnName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)
	unitName   = regexp.MustCompile(`^[^,\s"\\]{1,20}$`)
)

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
		w.unit, ok = value, unitName.MatchString(value)
	case "column":
		w.column, ok = value, columnName.MatchString(value)
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
