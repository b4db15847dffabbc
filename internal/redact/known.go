package redact

import (
	"slices"
	"strings"
)

// Bounds of secrets that are known by value. Short ones stay unknown: whoever
// reads the log could guess them, by having a guess logged and looking at what
// is missing.
const (
	minKnown  = 12
	maxKnown  = 16 << 10
	maxOwners = 1000
	perOwner  = 64
)

// Know tells of secrets by their value, such as the secret settings of a
// module: wherever they occur in text they are replaced, whatever is around them.
// What an owner told before stays known for one time more, as who used it may
// still speak of it; what it told before that is forgotten. Values shorter than 12
// bytes or longer than 16 KiB, and more than 64 of one owner, are not taken.
func (r *Redactor) Know(owner string, secrets ...string) {
	taken := slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return len(s) < minKnown || len(s) > maxKnown })
	taken = taken[:min(len(taken), perOwner)]
	r.mu.Lock()
	defer r.mu.Unlock()
	last, there := r.owners[owner]
	if !there && (len(taken) == 0 || len(r.owners) >= maxOwners) || slices.Equal(last.now, taken) {
		return
	}
	if r.owners == nil {
		r.owners = map[string]generations{}
	}
	r.owners[owner] = generations{now: taken, before: last.now}
	var all []string
	for _, g := range r.owners {
		all = append(append(all, g.now...), g.before...)
	}
	// The longest first: one may be a part of another.
	slices.SortFunc(all, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	all = slices.Compact(all)
	r.known.Store(&all)
}

// generations are the secrets of one owner.
type generations struct{ now, before []string }

// hideKnown replaces what is known by value.
func (r *Redactor) hideKnown(s string) (string, bool) {
	known := r.known.Load()
	if known == nil || len(s) < minKnown {
		return s, false
	}
	changed := false
	for _, secret := range *known {
		if strings.Contains(s, secret) {
			s, changed = strings.ReplaceAll(s, secret, Mark), true
		}
	}
	return s, changed
}
