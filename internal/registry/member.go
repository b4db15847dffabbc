package registry

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// member is a unit on this instance and where it stands there.
type member struct {
	Unit
	id         string
	migrations []storage.Migration
	needs      []lifecycle.Requirement // those that are members
	neededBy   []*member               // who lists this one, optionally too
	wake       chan struct{}
	asked      atomic.Uint64 // how often the worker was told to look
	rested     atomic.Uint64 // how much of that it had heard when it last found nothing to do
	reported   atomic.Pointer[lifecycle.State]
	calls      calls

	mu    sync.Mutex
	here  standing
	dirty bool // the database does not have it yet

	// of the start, then of the worker alone
	schema    schema
	schemaErr error  // for broken
	begun     *begun // to be enabled, before there was a worker
}

// begun is the event that has moved a module to enabling, and the record that
// wanted it.
type begun struct {
	event lifecycle.Event
	rec   lifecycle.Record
}

// schema says whether the migrations of the module's code are applied.
type schema uint8

const (
	unchecked schema = iota
	current
	behind // some are pending: an upgrade is due although the version is the same
	broken // see schemaErr
)

// standing is where a module stands on this instance.
type standing struct {
	// Record follows the diagram. While it is available or installed the
	// module has nothing of its own here and just follows the fleet.
	lifecycle.Record
	settled   int64 // newest generation that has come to rest here
	skipped   int64 // generation at which Enable returned ErrSkip
	blockedBy []string
	detail    string
	health    Health
	ill       bool // health is not in the database yet
}

// idle reports whether the module just follows the fleet.
func (s standing) idle() bool {
	return s.State == lifecycle.Available || s.State == lifecycle.Installed
}

func newMember(u Unit) *member {
	m := &member{Unit: u, id: u.Manifest.ID, wake: make(chan struct{}, 1)}
	if m.Scope == "" {
		m.Scope = m.id
	}
	if u.Migrations != nil {
		m.migrations = slices.Clone(u.Migrations())
	}
	m.here = fromTheStart(m.id)
	m.asked.Store(1)
	state := lifecycle.Available
	m.reported.Store(&state)
	return m
}

// fromTheStart is where a module stands before anything is known of it.
func fromTheStart(id string) standing {
	return standing{Record: lifecycle.Record{Module: id, State: lifecycle.Installed}}
}

func (m *member) version() string { return m.Manifest.Version }

// nudge makes the member's worker look again.
func (m *member) nudge() {
	m.asked.Add(1)
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *member) standing() standing {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.here
}

// update changes the standing; change reports whether the database must hear
// of it.
func (m *member) update(change func(*standing) (bool, error)) (standing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := m.here
	changed, err := change(&next)
	if err != nil {
		return m.here, err
	}
	m.here, m.dirty = next, m.dirty || changed
	return m.here, nil
}

// publish makes the state on this instance what Actual answers, and reports
// whether that is news.
func (m *member) publish(fleet lifecycle.Record) bool {
	state := m.standing().reported(fleet)
	old := m.reported.Swap(&state)
	return *old != state
}

// reported is the state to show: the module's own, or the fleet's.
func (s standing) reported(fleet lifecycle.Record) lifecycle.State {
	if s.idle() {
		return fleet.State
	}
	return s.State
}

// report is the standing as the database keeps it.
func (s standing) report(m *member, instance string) report {
	p := report{module: m.id, instance: instance, version: m.version(), detail: s.detail, blockedBy: s.blockedBy,
		generation: s.settled, since: s.Since, health: s.health}
	if !s.idle() {
		p.state, p.op, p.step, p.attempt, p.err = s.State, s.Op, s.Step, s.Attempt, s.Error
	}
	return p
}
