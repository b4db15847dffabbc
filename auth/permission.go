package auth

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Permission is a registered permission of one [Authority], ready to be
// checked. The zero value, and one of another Authority, is granted to nobody.
type Permission struct {
	name  string
	owner *registry
	bit   uint32
}

// Name returns the dotted name, "" for the zero value.
func (p Permission) Name() string { return p.name }

// IsZero reports whether p is no registered permission.
func (p Permission) IsZero() bool { return p.owner == nil }

// String returns the name.
func (p Permission) String() string { return p.name }

const (
	maxPermissions = 1 << 14
	maxSegments    = 8
	maxSegment     = 40
)

// validPermission reports whether name is 2 to 8 segments of [a-z0-9_-], 1 to 40
// characters each, that begin with a letter.
func validPermission(name string) bool {
	n := 0
	for segment := range strings.SplitSeq(name, ".") {
		n++
		if !validSegment(segment) {
			return false
		}
	}
	return n >= 2 && n <= maxSegments
}

func validSegment(s string) bool {
	if s == "" || len(s) > maxSegment || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// validPattern reports whether pattern is a permission's name in which any
// segment may be "*", or "*" alone.
func validPattern(pattern string) bool {
	if pattern == "*" {
		return true
	}
	n := 0
	for segment := range strings.SplitSeq(pattern, ".") {
		n++
		if segment != "*" && !validSegment(segment) {
			return false
		}
	}
	return n >= 2 && n <= maxSegments
}

// matchPattern reports whether pattern covers name: "*" covers one segment, as
// the last one it covers one or more.
func matchPattern(pattern, name string) bool {
	for {
		want, morePattern, inPattern := strings.Cut(pattern, ".")
		have, moreName, inName := strings.Cut(name, ".")
		switch {
		case want == "*" && !inPattern:
			return name != ""
		case want != "*" && want != have:
			return false
		case !inPattern || !inName:
			return inPattern == inName
		}
		pattern, name = morePattern, moreName
	}
}

// bits is a set of permissions. Bit 0 is never set, so that the zero
// Permission is in no set.
type bits []uint64

func (b bits) has(bit uint32) bool {
	word := int(bit >> 6)
	return word < len(b) && b[word]&(1<<(bit&63)) != 0
}

func (b bits) set(bit uint32) { b[bit>>6] |= 1 << (bit & 63) }

func (b bits) add(other bits) {
	for i, word := range other {
		b[i] |= word
	}
}

// keep takes out what other does not have.
func (b bits) keep(other bits) {
	for i := range b {
		b[i] &= other[i]
	}
}

func (b bits) intersects(other bits) bool {
	for i := range min(len(b), len(other)) {
		if b[i]&other[i] != 0 {
			return true
		}
	}
	return false
}

// registry knows every permission and role. Readers take the present snapshot;
// writers replace it.
type registry struct {
	mu    sync.Mutex
	names []string // bit n is names[n-1]
	roles []Role   // stored ones
	now   atomic.Pointer[snapshot]
}

// snapshot is permissions and roles compiled together. It is immutable.
type snapshot struct {
	owner   *registry
	names   []string
	index   map[string]uint32
	scopes  map[string]bits // by first segment
	defined map[string]Role
	roles   map[string]bits // with what they inherit
}

// rights is what one principal may do under one snapshot.
type rights struct {
	snapshot *snapshot
	bits     bits
	holder   holder
}

func newRegistry() *registry {
	r := &registry{}
	r.swap()
	return r
}

// register adds names, all or none.
func (r *registry) register(names []string) error {
	for _, name := range names {
		if !validPermission(name) {
			return fmt.Errorf("auth: permission %q is not of the form module.noun.verb", name)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	have := r.now.Load().index
	var fresh []string
	for _, name := range names {
		if _, ok := have[name]; !ok && !slices.Contains(fresh, name) {
			fresh = append(fresh, name)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if len(r.names)+len(fresh) > maxPermissions {
		return fmt.Errorf("auth: more than %d permissions", maxPermissions)
	}
	// A snapshot keeps the slice it was made with: appending in place could
	// write into what it shares, so clip first.
	r.names = append(slices.Clip(r.names), fresh...)
	r.swap()
	return nil
}

func (r *registry) setRoles(roles []Role) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.roles = roles
	r.swap()
}

// swap compiles the present names and roles. r.mu is held, except by newRegistry.
func (r *registry) swap() {
	s := &snapshot{owner: r, names: r.names, index: make(map[string]uint32, len(r.names)),
		scopes: map[string]bits{}, defined: map[string]Role{}, roles: map[string]bits{}}
	for i, name := range r.names {
		bit := uint32(i + 1)
		s.index[name] = bit
		module, _, _ := strings.Cut(name, ".")
		if s.scopes[module] == nil {
			s.scopes[module] = s.empty()
		}
		s.scopes[module].set(bit)
	}
	for _, role := range append(builtIn(), r.roles...) {
		s.defined[role.Name] = role
	}
	for name := range s.defined {
		s.compile(name, map[string]bool{})
	}
	r.now.Store(s)
}

func (s *snapshot) empty() bits { return make(bits, len(s.names)/64+1) }

// compile fills in the role and those it inherits. A circle, which PutRole
// refuses, ends where it began.
func (s *snapshot) compile(name string, busy map[string]bool) bits {
	if done, ok := s.roles[name]; ok {
		return done
	}
	role, ok := s.defined[name]
	if !ok || busy[name] {
		return nil
	}
	busy[name] = true
	set := s.empty()
	for _, pattern := range role.Permissions {
		s.grant(set, pattern)
	}
	for _, parent := range role.Inherits {
		set.add(s.compile(parent, busy))
	}
	delete(busy, name)
	s.roles[name] = set
	return set
}

func (s *snapshot) grant(set bits, pattern string) {
	if bit, ok := s.index[pattern]; ok {
		set.set(bit)
		return
	}
	if !strings.Contains(pattern, "*") {
		return // not registered, perhaps later
	}
	for i, name := range s.names {
		if matchPattern(pattern, name) {
			set.set(uint32(i + 1))
		}
	}
}

// rightsOf joins the rights of roles, as far as the scope covers them. Unknown
// roles grant nothing.
func (s *snapshot) rightsOf(h holder) *rights {
	set := s.empty()
	for _, role := range h.roles {
		set.add(s.roles[role])
	}
	if h.scoped {
		scope := s.empty()
		for _, pattern := range h.scope {
			s.grant(scope, pattern)
		}
		set.keep(scope)
	}
	return &rights{s, set, h}
}

func (s *snapshot) permission(name string) Permission {
	bit, ok := s.index[name]
	if !ok {
		return Permission{}
	}
	return Permission{name: s.names[bit-1], owner: s.owner, bit: bit}
}

// RegisterPermission makes a permission known and returns it. A name is 2 to 8
// segments of a-z, 0-9, - and _, joined by dots, such as billing.invoice.refund.
// Registering one again returns the same. It may be called at any time; the
// roles that cover it do so at once.
func (a *Authority) RegisterPermission(name string) (Permission, error) {
	if err := a.registry.register([]string{name}); err != nil {
		return Permission{}, err
	}
	return a.Permission(name), nil
}

// RegisterPermissions makes permissions known, all or none.
func (a *Authority) RegisterPermissions(names ...string) error {
	return a.registry.register(names)
}

// Permission returns a registered permission, the zero value if name is not one.
func (a *Authority) Permission(name string) Permission {
	return a.registry.now.Load().permission(name)
}

// PermissionNames lists every registered permission, sorted.
func (a *Authority) PermissionNames() []string {
	names := slices.Clone(a.registry.now.Load().names)
	slices.Sort(names)
	return names
}
