package lifecycle

import (
	"errors"
	"fmt"

	"github.com/Masterminds/semver/v3"

	"github.com/modular-dashboard/dashboard/internal/spelling"
)

// A Manifest is what the state machine knows of a module's code.
type Manifest struct {
	ID        string // [a-z][a-z0-9-]{1,39}
	Version   string // semantic version (semver.org 2.0.0, no leading "v")
	Requires  []Requirement
	Dashboard string // constraint on the dashboard's own version; empty means any
}

// A Requirement is what one module asks of another. An Optional one orders
// only: where the other is there it goes first, in whatever version.
type Requirement struct {
	ID         string
	Constraint string // Masterminds/semver, such as "^1.2"; empty means any
	Optional   bool
}

const (
	maxVersion    = 64
	maxConstraint = 256
	maxRequires   = 64
)

// idForm is what [validID] accepts, for who wrote something else.
const idForm = "^[a-z][a-z0-9-]{1,39}$"

func validID(id string) bool { return spelling.Slug(id, 2, 40) }

// ValidateManifest reports everything that is wrong with m, in one error. What
// it says about other modules is for [Check].
func ValidateManifest(m Manifest) error {
	var errs []error
	if !validID(m.ID) {
		errs = append(errs, fmt.Errorf("id %.60q does not match %s", m.ID, idForm))
	}
	if _, err := ParseVersion(m.Version); err != nil {
		errs = append(errs, err)
	}
	if m.Dashboard != "" {
		if _, err := ParseConstraint(m.Dashboard); err != nil {
			errs = append(errs, fmt.Errorf("on the dashboard: %w", err))
		}
	}
	if len(m.Requires) > maxRequires {
		errs = append(errs, fmt.Errorf("has %d requirements, at most %d are allowed", len(m.Requires), maxRequires))
		m.Requires = nil
	}
	seen := make(map[string]bool)
	for _, q := range m.Requires {
		errs = append(errs, validateRequirement(m.ID, q, seen))
		seen[q.ID] = true
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("manifest of module %.60q: %w", m.ID, err)
	}
	return nil
}

func validateRequirement(id string, q Requirement, seen map[string]bool) error {
	switch {
	case !validID(q.ID):
		return fmt.Errorf("required id %.60q does not match %s", q.ID, idForm)
	case q.ID == id:
		return errors.New("requires itself")
	case seen[q.ID]:
		return fmt.Errorf("requires %s twice", q.ID)
	}
	if _, err := ParseConstraint(q.Constraint); err != nil {
		return fmt.Errorf("on %s: %w", q.ID, err)
	}
	return nil
}

// ParseVersion parses a semantic version strictly: three numbers, no "v", at
// most 64 bytes.
func ParseVersion(s string) (*semver.Version, error) {
	if len(s) > maxVersion {
		return nil, fmt.Errorf("version %.60q… is longer than %d bytes", s, maxVersion)
	}
	v, err := semver.StrictNewVersion(s)
	if err != nil {
		return nil, fmt.Errorf("version %q is not a semantic version: %w", s, err)
	}
	return v, nil
}

// ParseConstraint parses a constraint of at most 256 bytes. Empty means any
// version, pre-releases too.
func ParseConstraint(s string) (*semver.Constraints, error) {
	if len(s) > maxConstraint {
		return nil, fmt.Errorf("constraint %.60q… is longer than %d bytes", s, maxConstraint)
	}
	if s == "" {
		s = ">=0.0.0-0"
	}
	c, err := semver.NewConstraint(s)
	if err != nil {
		return nil, fmt.Errorf("constraint %q: %w", s, err)
	}
	return c, nil
}

// Satisfies reports whether the version meets the constraint. What does not
// parse meets nothing.
func Satisfies(version, constraint string) bool {
	v, err := ParseVersion(version)
	if err != nil {
		return false
	}
	c, err := ParseConstraint(constraint)
	return err == nil && c.Check(v)
}

// Compare orders two versions by precedence, build metadata ignored
// (semver.org 2.0.0 §11): -1 where a is older than b, 0, or 1. One that does
// not parse is older than any that does.
func Compare(a, b string) int {
	va, errA := ParseVersion(a)
	vb, errB := ParseVersion(b)
	switch {
	case errA != nil && errB != nil:
		return 0
	case errA != nil:
		return -1
	case errB != nil:
		return 1
	}
	return va.Compare(vb)
}
