package lifecycle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A CycleError reports modules that wait for each other. Path begins and ends
// with the same module.
type CycleError struct{ Path []string }

// Error prints the path.
func (e *CycleError) Error() string {
	return "modules require each other: " + strings.Join(e.Path, " -> ")
}

// An UnmetError reports a requirement that the modules at hand do not meet.
type UnmetError struct {
	Module, Version string // who requires
	Requires        string // whom: a module, or "dashboard"
	Constraint      string
	Have            string // the version there is; empty: none
}

// Error prints both versions.
func (e *UnmetError) Error() string {
	need := e.Requires
	if e.Constraint != "" {
		need += " " + e.Constraint
	}
	if e.Have == "" {
		return fmt.Sprintf("%s %s needs %s, which is not there", e.Module, e.Version, need)
	}
	return fmt.Sprintf("%s %s needs %s, but %s is %s", e.Module, e.Version, need, e.Requires, e.Have)
}

// Check judges manifests together: each valid, no id twice, every requirement
// met by another's version, the dashboard's version (empty: not checked)
// accepted, and no cycle, not even through an optional requirement. It reports
// everything at once; see [CycleError] and [UnmetError].
func Check(manifests []Manifest, dashboard string) error {
	var errs []error
	byID := make(map[string]Manifest, len(manifests))
	for _, m := range manifests {
		if _, twice := byID[m.ID]; twice {
			errs = append(errs, fmt.Errorf("module %.60q is there twice", m.ID))
		}
		errs = append(errs, ValidateManifest(m))
		byID[m.ID] = m
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, m := range manifests {
		if m.Dashboard != "" && dashboard != "" && !Satisfies(dashboard, m.Dashboard) {
			errs = append(errs, &UnmetError{m.ID, m.Version, "dashboard", m.Dashboard, dashboard})
		}
		for _, q := range m.Requires {
			have := byID[q.ID].Version
			if !q.Optional && !Satisfies(have, q.Constraint) {
				errs = append(errs, &UnmetError{m.ID, m.Version, q.ID, q.Constraint, have})
			}
		}
	}
	_, err := Order(manifests)
	return errors.Join(append(errs, err)...)
}

// Order returns the ids so that each comes after those it requires, optional
// ones too, and otherwise by name. Requirements that are not among the
// manifests are left out. The error is a [*CycleError].
func Order(manifests []Manifest) ([]string, error) {
	after := make(map[string][]string, len(manifests))
	for _, m := range manifests {
		after[m.ID] = nil
	}
	for _, m := range manifests {
		for _, q := range m.Requires {
			if _, there := after[q.ID]; there {
				after[m.ID] = append(after[m.ID], q.ID)
			}
		}
		slices.Sort(after[m.ID])
	}
	s := sorter{after: after, mark: make(map[string]int, len(after))}
	ids := make([]string, 0, len(after))
	for id := range after {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if err := s.visit(id); err != nil {
			return nil, err
		}
	}
	return s.order, nil
}

// sorter is a depth-first topological sort.
type sorter struct {
	after       map[string][]string
	mark        map[string]int // 1 on the path, 2 done
	path, order []string
}

func (s *sorter) visit(id string) error {
	switch s.mark[id] {
	case 1:
		start := slices.Index(s.path, id)
		return &CycleError{Path: append(slices.Clone(s.path[start:]), id)}
	case 2:
		return nil
	}
	s.mark[id] = 1
	s.path = append(s.path, id)
	for _, next := range s.after[id] {
		if err := s.visit(next); err != nil {
			return err
		}
	}
	s.path = s.path[:len(s.path)-1]
	s.mark[id] = 2
	s.order = append(s.order, id)
	return nil
}
