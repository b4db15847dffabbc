package ratelimit

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// The bounds of [Policies].
const (
	MaxPolicies  = 1_000  // names
	MaxOverrides = 10_000 // keys with a policy of their own, over all names
)

// Errors of [Policies].
var (
	// ErrUnknownPolicy says that there is no policy of that name.
	ErrUnknownPolicy = errors.New("ratelimit: there is no policy of that name")
	// ErrTooManyPolicies says that a bound of [Policies] is reached.
	ErrTooManyPolicies = errors.New("ratelimit: too many policies or overrides")
)

// Policies are policies by name, and for some keys policies of their own, that
// change while they are in use: a [Rule] that names one follows it with the next
// request. Buckets keep what they hold. It is safe for concurrent use; a lookup
// takes no lock. Make one with [NewPolicies].
type Policies struct {
	mu      sync.Mutex // of those who change it
	current atomic.Pointer[policySet]
}

// An Override is the policy of one key. Its policy's name says which policy it
// takes the place of.
type Override struct {
	Key    string
	Policy Policy
}

// policySet does not change once it is published.
type policySet struct {
	named     map[string]*namedPolicy
	overrides int
}

type namedPolicy struct {
	limit     *limit
	overrides map[string]*limit
}

// NewPolicies returns a collection of the given policies. Errors: a policy that
// is not valid, two of one name, [ErrTooManyPolicies].
func NewPolicies(policies ...Policy) (*Policies, error) {
	c := &Policies{}
	c.current.Store(&policySet{})
	if err := c.Replace(policies, nil); err != nil {
		return nil, err
	}
	return c, nil
}

// Lookup returns the policy that a key has under a name, and false where there
// is none of that name.
func (c *Policies) Lookup(name, key string) (Policy, bool) {
	if l := c.limit(name, bounded(key)); l != nil {
		return l.policy, true
	}
	return Policy{}, false
}

// limit is nil where there is no policy of that name.
func (c *Policies) limit(name, key string) *limit {
	named := c.current.Load().named[name]
	if named == nil {
		return nil
	}
	if len(named.overrides) > 0 {
		if l := named.overrides[key]; l != nil {
			return l
		}
	}
	return named.limit
}

// List returns the policies, by name.
func (c *Policies) List() []Policy {
	var list []Policy
	for _, named := range c.current.Load().named {
		list = append(list, named.limit.policy)
	}
	slices.SortFunc(list, func(a, b Policy) int { return cmp.Compare(a.Label(), b.Label()) })
	return list
}

// Overrides returns the keys that have a policy of their own under a name, by
// key.
func (c *Policies) Overrides(name string) []Override {
	named := c.current.Load().named[name]
	if named == nil {
		return nil
	}
	list := make([]Override, 0, len(named.overrides))
	for key, l := range named.overrides {
		list = append(list, Override{Key: key, Policy: l.policy})
	}
	slices.SortFunc(list, func(a, b Override) int { return cmp.Compare(a.Key, b.Key) })
	return list
}

// Set adds a policy under its name, or puts it in the place of the one that has
// it; overrides stay. Errors: a policy that is not valid, [ErrTooManyPolicies].
func (c *Policies) Set(p Policy) error {
	if err := p.Validate(); err != nil {
		return fmt.Errorf("set rate limit: %w", err)
	}
	return c.change(func(set *policySet) error { return set.put(p) })
}

// Remove removes a policy and its overrides, and tells whether there was one.
// Rules that name it no longer apply.
func (c *Policies) Remove(name string) bool {
	return c.change(func(set *policySet) error {
		named := set.named[name]
		if named == nil {
			return ErrUnknownPolicy
		}
		delete(set.named, name)
		set.overrides -= len(named.overrides)
		return nil
	}) == nil
}

// Override gives a key a policy of its own under a name, as a [Key] returns it
// and functions such as [PrincipalKey] make it. The policy's own name does not
// count. Errors: a policy that is not valid, [ErrUnknownPolicy],
// [ErrTooManyPolicies].
func (c *Policies) Override(name, key string, p Policy) error {
	p.Name = ""
	if err := p.Validate(); err != nil {
		return fmt.Errorf("override rate limit: %w", err)
	}
	return c.change(func(set *policySet) error {
		named := set.named[name]
		if named == nil {
			return ErrUnknownPolicy
		}
		named = &namedPolicy{limit: named.limit, overrides: maps.Clone(named.overrides)}
		set.named[name] = named
		return set.override(named, key, p)
	})
}

// ClearOverride gives a key the policy that all others have under a name, and
// tells whether it had one of its own.
func (c *Policies) ClearOverride(name, key string) bool {
	key = bounded(key)
	return c.change(func(set *policySet) error {
		named := set.named[name]
		if named == nil || named.overrides[key] == nil {
			return ErrUnknownPolicy
		}
		named = &namedPolicy{limit: named.limit, overrides: maps.Clone(named.overrides)}
		delete(named.overrides, key)
		set.named[name] = named
		set.overrides--
		return nil
	}) == nil
}

// Replace puts other policies and overrides in the place of all there are, at
// once or, on an error, not at all. Errors: a policy that is not valid, two of
// one name or key, [ErrUnknownPolicy] for an override, [ErrTooManyPolicies].
func (c *Policies) Replace(policies []Policy, overrides []Override) error {
	return c.change(func(set *policySet) error {
		before := set.named
		set.named, set.overrides = make(map[string]*namedPolicy, len(policies)), 0
		for _, p := range policies {
			if err := p.Validate(); err != nil {
				return fmt.Errorf("replace rate limits: %w", err)
			}
			if set.named[p.Label()] != nil {
				return fmt.Errorf("replace rate limits: two policies are called %q", p.Label())
			}
			if err := set.put(p); err != nil {
				return err
			}
			if old := before[p.Label()]; old != nil {
				set.named[p.Label()].limit.series = old.limit.series
			}
		}
		for _, o := range overrides {
			if err := o.Policy.Validate(); err != nil {
				return fmt.Errorf("replace rate limits: override: %w", err)
			}
			named := set.named[o.Policy.Label()]
			switch {
			case named == nil:
				return ErrUnknownPolicy
			case named.overrides[bounded(o.Key)] != nil:
				return fmt.Errorf("replace rate limits: two overrides of %q for one key", o.Policy.Label())
			}
			if err := set.override(named, o.Key, o.Policy); err != nil {
				return err
			}
		}
		return nil
	})
}

// change publishes what edit makes of a copy, unless edit fails.
func (c *Policies) change(edit func(*policySet) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.current.Load()
	next := &policySet{named: maps.Clone(now.named), overrides: now.overrides}
	if err := edit(next); err != nil {
		return err
	}
	c.current.Store(next)
	return nil
}

// put is for a set that is not published.
func (s *policySet) put(p Policy) error {
	name := p.Label()
	named := &namedPolicy{limit: newLimit(p)}
	if old := s.named[name]; old != nil {
		named.limit.series, named.overrides = old.limit.series, old.overrides
	} else if len(s.named) == MaxPolicies {
		return ErrTooManyPolicies
	}
	s.named[name] = named
	return nil
}

// override is for a set and a policy that are not published.
func (s *policySet) override(named *namedPolicy, key string, p Policy) error {
	key, p.Name = bounded(key), named.limit.policy.Name // what buckets are told apart by
	if named.overrides[key] == nil {
		if s.overrides == MaxOverrides {
			return ErrTooManyPolicies
		}
		s.overrides++
	}
	if named.overrides == nil {
		named.overrides = map[string]*limit{}
	}
	l := newLimit(p)
	l.series = named.limit.series
	named.overrides[key] = l
	return nil
}
