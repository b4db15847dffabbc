package lifecycle

import (
	"fmt"
	"slices"
	"strings"
)

// Desired is what a person asks of a module, and where every module stands.
type Desired struct {
	Module  string
	Op      Op
	Cascade bool // do it with what needs it, or what it needs, too
	Purge   bool // an uninstall of Module removes its data

	Records map[string]Record // by module; one that is missing has never been seen
	// Ailing holds modules that some live instance could not enable or disable,
	// by the operation that failed there; [EventQuarantine] stands for one that
	// was withdrawn.
	Ailing    map[string]Op
	Dashboard string // version of the dashboard; empty: not checked
}

// OpQuarantine is the mark of a quarantined module in [Desired]; it is not an
// operation that can be asked for.
const OpQuarantine Op = "quarantine"

// A Step is one line of a plan.
type Step struct {
	Module string
	Op     Op
	From   string // version before, for install and upgrade where there is one
	To     string // version after, for install and upgrade
	Purge  bool
}

// String returns the step as a line such as "upgrade billing 1.2.0 to 1.3.0".
func (s Step) String() string {
	line := string(s.Op) + " " + s.Module
	switch {
	case s.From != "" && s.To != "" && s.From != s.To:
		line += " " + s.From + " to " + s.To
	case s.To != "":
		line += " " + s.To
	}
	if s.Purge {
		line += " and remove its data"
	}
	return line
}

// Format prints a plan, one step per line.
func Format(steps []Step) string {
	var b strings.Builder
	for i, s := range steps {
		fmt.Fprintf(&b, "%d. %s\n", i+1, s)
	}
	return b.String()
}

// A RefusedError reports an action that is not allowed as things stand.
type RefusedError struct {
	Module string
	Op     Op
	Reason string
	// RequiredBy lists the modules that need Module, Requires those that it
	// needs; where one of them is set, cascade does it with them.
	RequiredBy, Requires []string
}

// Error says what was refused and why.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("cannot %s %s: %s", e.Op, e.Module, e.Reason)
}

// NeedsCascade reports whether the action is allowed together with the modules
// that are in its way.
func (e *RefusedError) NeedsCascade() bool { return len(e.RequiredBy)+len(e.Requires) > 0 }

// Plan returns the steps that lead to what is desired, in the order in which
// they take effect: what a module requires before it, what requires it first
// when it goes. No steps and no error: there is nothing to do. Refusals are
// [*RefusedError]; manifests that do not fit together are reported as by
// [Check].
func Plan(desired Desired, manifests []Manifest) ([]Step, error) {
	if err := Check(manifests, desired.Dashboard); err != nil {
		return nil, err
	}
	order, err := Order(manifests)
	if err != nil {
		return nil, err
	}
	p := planner{Desired: desired, order: order, manifests: make(map[string]Manifest, len(manifests))}
	for _, m := range manifests {
		p.manifests[m.ID] = m
	}
	if _, known := p.manifests[p.Module]; !known {
		return nil, p.refuse("this program has no code for it")
	}
	switch p.Op {
	case OpInstall, OpEnable:
		return p.raise()
	case OpDisable, OpUninstall:
		return p.lower()
	case OpUpgrade:
		return p.upgrade()
	case OpRetry, OpRollback, OpForce:
		return p.recover()
	}
	return nil, p.refuse("there is no such operation")
}

type planner struct {
	Desired
	order     []string
	manifests map[string]Manifest
}

func (p *planner) refuse(format string, args ...any) *RefusedError {
	return &RefusedError{Module: p.Module, Op: p.Op, Reason: fmt.Sprintf(format, args...)}
}

// levels are the desired states from the lowest to the highest.
var levels = [...]State{Available, Installed, Enabled}

// level is how far up a desired state is.
func level(s State) int { return slices.Index(levels[:], s) }

func (p *planner) desiredLevel(id string) int { return max(0, level(p.Records[id].Desired)) }

// raise plans install and enable.
func (p *planner) raise() ([]Step, error) {
	goal := level(Installed)
	if p.Op == OpEnable {
		goal = level(Enabled)
	}
	if p.desiredLevel(p.Module) >= goal {
		return nil, nil
	}
	steps, err := p.raiseNeeds(goal)
	if err != nil {
		return nil, err
	}
	own, err := p.raiseOne(p.Module, goal)
	if err != nil {
		return nil, err
	}
	return append(steps, own...), nil
}

// raiseNeeds plans what the module requires and what is not as high as goal,
// which takes cascade.
func (p *planner) raiseNeeds(goal int) (steps []Step, err error) {
	var missing []string
	with := p.closure(p.needs)
	for _, id := range p.order {
		if with[id] && id != p.Module && p.desiredLevel(id) < goal {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 && !p.Cascade {
		e := p.refuse("it needs %s, not %s", strings.Join(missing, ", "), levels[goal])
		e.Requires = missing
		return nil, e
	}
	for _, id := range missing {
		s, err := p.raiseOne(id, goal)
		if err != nil {
			return nil, err
		}
		steps = append(steps, s...)
	}
	return steps, nil
}

func (p *planner) raiseOne(id string, goal int) ([]Step, error) {
	r, code := p.Records[id], p.manifests[id].Version
	if f, failed := r.Failure(); failed {
		return nil, p.refuse("%s", failedReason(id, f))
	}
	var steps []Step
	if p.desiredLevel(id) < level(Installed) {
		if r.Version != "" && Compare(code, r.Version) < 0 {
			return nil, p.refuse("%s", downgradeReason(id, r.Version, code))
		}
		steps = append(steps, Step{Module: id, Op: OpInstall, From: r.Version, To: code})
	}
	if goal == level(Enabled) {
		steps = append(steps, Step{Module: id, Op: OpEnable})
	}
	return steps, nil
}

// lower plans disable and uninstall.
func (p *planner) lower() ([]Step, error) {
	goal := level(Installed)
	if p.Op == OpUninstall {
		goal = level(Available)
	}
	if p.desiredLevel(p.Module) <= goal {
		if p.Purge && p.Records[p.Module].Version != "" && p.Records[p.Module].State == Available {
			return nil, p.refuse("it is not installed; to remove the data it kept, install it and uninstall it with purge")
		}
		return nil, nil
	}
	needed, err := p.lowerUsers(goal)
	if err != nil {
		return nil, err
	}
	return p.lowerAll(append(needed, p.Module), goal)
}

// lowerUsers returns the modules that need this one and are higher than goal,
// the last to go last, which takes cascade.
func (p *planner) lowerUsers(goal int) ([]string, error) {
	var needed []string
	with := p.closure(p.neededBy)
	for _, id := range p.order {
		if with[id] && id != p.Module && p.desiredLevel(id) > goal {
			needed = append(needed, id)
		}
	}
	if len(needed) > 0 && !p.Cascade {
		e := p.refuse("%s %s it", strings.Join(needed, ", "), plural(len(needed), "needs", "need"))
		e.RequiredBy = needed
		return nil, e
	}
	slices.Reverse(needed)
	return needed, nil
}

func (p *planner) lowerAll(going []string, goal int) ([]Step, error) {
	var steps []Step
	for _, id := range going {
		if p.desiredLevel(id) == level(Enabled) {
			steps = append(steps, Step{Module: id, Op: OpDisable})
		}
	}
	if goal == level(Installed) {
		return steps, nil
	}
	for _, id := range going {
		r := p.Records[id]
		if f, failed := r.Failure(); failed {
			return nil, p.refuse("%s", failedReason(id, f))
		}
		if r.Version != "" && Compare(p.manifests[id].Version, r.Version) < 0 {
			return nil, p.refuse("%s", downgradeReason(id, r.Version, p.manifests[id].Version))
		}
		steps = append(steps, Step{Module: id, Op: OpUninstall, Purge: p.Purge && id == p.Module})
	}
	return steps, nil
}

func (p *planner) upgrade() ([]Step, error) {
	r, code := p.Records[p.Module], p.manifests[p.Module].Version
	if p.desiredLevel(p.Module) < level(Installed) {
		return nil, p.refuse("it is not installed")
	}
	if f, failed := r.Failure(); failed {
		return nil, p.refuse("%s", failedReason(p.Module, f))
	}
	switch c := Compare(code, r.Version); {
	case r.Version != "" && c < 0:
		return nil, p.refuse("%s", downgradeReason(p.Module, r.Version, code))
	case r.Version == "" || c == 0 && r.Held != code || r.Asked == code || r.State == Upgrading && r.Target == code:
		return nil, nil
	}
	var behind []string
	for _, q := range p.manifests[p.Module].Requires {
		if have := p.Records[q.ID].Version; !q.Optional && have != "" && !Satisfies(have, q.Constraint) {
			behind = append(behind, q.ID)
		}
	}
	slices.Sort(behind)
	if len(behind) > 0 && !p.Cascade {
		e := p.refuse("%s", p.behindReason(behind))
		e.Requires = behind
		return nil, e
	}
	var steps []Step
	for _, id := range behind {
		inner := *p
		inner.Module = id
		more, err := inner.upgrade()
		if err != nil {
			return nil, err
		}
		for _, s := range more {
			if !slices.Contains(steps, s) {
				steps = append(steps, s)
			}
		}
	}
	return append(steps, Step{Module: p.Module, Op: OpUpgrade, From: r.Version, To: code}), nil
}

func (p *planner) behindReason(ids []string) string {
	var reasons []string
	for _, q := range p.manifests[p.Module].Requires {
		if slices.Contains(ids, q.ID) {
			e := UnmetError{p.Module, p.manifests[p.Module].Version, q.ID, q.Constraint, p.Records[q.ID].Version}
			reasons = append(reasons, e.Error())
		}
	}
	return strings.Join(reasons, "; ")
}

// needs returns the modules that id requires.
func (p *planner) needs(id string) []string {
	var ids []string
	for _, q := range p.manifests[id].Requires {
		if !q.Optional {
			ids = append(ids, q.ID)
		}
	}
	return ids
}

// neededBy returns the modules that require id.
func (p *planner) neededBy(id string) []string {
	var ids []string
	for other := range p.manifests {
		if slices.Contains(p.needs(other), id) {
			ids = append(ids, other)
		}
	}
	return ids
}

// closure returns Module and all that next leads to.
func (p *planner) closure(next func(string) []string) map[string]bool {
	seen, queue := map[string]bool{p.Module: true}, []string{p.Module}
	for len(queue) > 0 {
		for _, id := range next(queue[0]) {
			if !seen[id] {
				seen[id] = true
				queue = append(queue, id)
			}
		}
		queue = queue[1:]
	}
	return seen
}

func failedReason(id string, f Failure) string {
	return fmt.Sprintf("%s failed at %s (attempt %d): %s; retry, roll back or force that first", id, f.Step, f.Attempt, f.Error)
}

func downgradeReason(id, installed, code string) string {
	return fmt.Sprintf("%s %s is installed and this program has %s; a downgrade is not possible", id, installed, code)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
