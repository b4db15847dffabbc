package featureflag

import (
	"slices"
	"sync/atomic"
)

// counts are how often each variant of a flag was served: the first for the
// code default, then one for each variant.
type counts struct {
	variants []Variant
	served   []atomic.Uint64
}

func (c *counts) add(variant int32) { c.served[variant+1].Add(1) }

// newCounts makes the counts of a set. Flags with the variants they had keep
// theirs; others take over what they can.
func newCounts(s *Set, before *state) []*counts {
	all := make([]*counts, len(s.flags))
	inPlace := before != nil && len(s.keys) > 0 && len(s.keys) == len(before.set.keys) && &s.keys[0] == &before.set.keys[0]
	for i, f := range s.flags {
		var old *counts
		switch {
		case inPlace:
			if old = before.counts[i]; f == before.set.flags[i] {
				all[i] = old
				continue
			}
		case before != nil:
			if at, ok := before.set.index[f.key]; ok {
				old = before.counts[at]
			}
		}
		if old != nil && sameVariants(old.variants, f.variants) {
			all[i] = old
			continue
		}
		fresh := &counts{variants: f.variants, served: make([]atomic.Uint64, len(f.variants)+1)}
		if old != nil {
			fresh.served[0].Store(old.served[0].Load())
			for j, v := range f.variants {
				if at := findVariant(old.variants, v.Name); at >= 0 {
					fresh.served[j+1].Store(old.served[at+1].Load())
				}
			}
		}
		all[i] = fresh
	}
	return all
}

func sameVariants(a, b []Variant) bool {
	return slices.EqualFunc(a, b, func(a, b Variant) bool { return a.Name == b.Name })
}

// An Exposure is how often a variant of a flag was served.
type Exposure struct {
	// Variant is its name, "" for the code default.
	Variant string `json:"variant"`
	Count   uint64 `json:"count"`
}

// Exposures are how often each variant of a flag was served since the flag
// came: by typed calls, [Flags.Evaluate] and what is built on them. The code
// default comes first. Nil for an unknown flag.
func (f *Flags) Exposures(key string) []Exposure {
	now := f.current.Load()
	at, ok := now.set.index[key]
	if !ok {
		return nil
	}
	flag, c := now.set.flags[at], now.counts[at]
	list := make([]Exposure, len(c.served))
	for i := range c.served {
		list[i].Count = c.served[i].Load()
		if i > 0 {
			list[i].Variant = flag.variants[i-1].Name
		}
	}
	return list
}

// Exposed is how often a flag was served, all variants together.
func (f *Flags) Exposed(key string) uint64 {
	var sum uint64
	for _, e := range f.Exposures(key) {
		sum += e.Count
	}
	return sum
}
