package storage

import (
	"slices"
	"sync"
)

// memo is what a DB has migrated. It is empty until something is noted.
type memo struct {
	mu     sync.Mutex
	scopes map[string][]Migration
	era    int // rises when something is forgotten
}

// has reports whether s was noted.
func (m *memo) has(s Schema, d Dialect) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.scopes[s.Scope]
	return ok && slices.EqualFunc(known, s.Migrations, func(a, b Migration) bool {
		return a.Version == b.Version && a.Name == b.Name && a.script(d) == b.script(d)
	})
}

// now is what note wants to be told.
func (m *memo) now() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.era
}

// note remembers that s was migrated, unless something was forgotten since: what
// the database said of s may be from before that.
func (m *memo) note(s Schema, since int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.era != since {
		return
	}
	if m.scopes == nil {
		m.scopes = make(map[string][]Migration)
	}
	m.scopes[s.Scope] = slices.Clone(s.Migrations)
}

// forget is called when a transaction that has forgotten scopes has ended.
func (m *memo) forget(scopes []string) {
	if len(scopes) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.era++
	for _, s := range scopes {
		delete(m.scopes, s)
	}
}
