package featureflag

import (
	"maps"
	"slices"
)

// changes lists the flags that two sets may answer differently for: those with
// another definition, in one of them only, below a segment that changed or a
// prerequisite that is in the list.
func changes(before, after *Set) []string {
	if before == after {
		return nil
	}
	changed := map[string]bool{}
	differ := !maps.Equal(before.metadata, after.metadata)
	for _, f := range after.flags {
		if old, ok := before.Flag(f.key); differ || !ok || old != f && old.definition != f.definition {
			changed[f.key] = true
		}
	}
	for _, f := range before.flags {
		if _, ok := after.index[f.key]; !ok {
			changed[f.key] = true
		}
	}
	segments := map[string]string{}
	for _, s := range before.segments {
		segments[s.Name] = string(s.Definition)
	}
	for _, s := range after.segments {
		if old, ok := segments[s.Name]; !ok || old != string(s.Definition) {
			for _, key := range s.Flags {
				changed[key] = true
			}
		}
		delete(segments, s.Name)
	}
	for _, s := range before.segments {
		if _, gone := segments[s.Name]; gone {
			for _, key := range s.Flags {
				changed[key] = true
			}
		}
	}
	for grown := true; grown; {
		grown = false
		for _, f := range after.flags {
			if !changed[f.key] && f.dependsOn(changed) {
				changed[f.key], grown = true, true
			}
		}
	}
	return slices.Sorted(maps.Keys(changed))
}

func (f *Flag) dependsOn(changed map[string]bool) bool {
	if f.ext == nil {
		return false
	}
	return slices.ContainsFunc(f.ext.Prerequisites, func(p Prerequisite) bool { return changed[p.Flag] })
}
