package ai

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// An Arm is one of the models that a [Bandit] shares requests out among.
type Arm struct {
	Name string // in records and for [Bandit.Reward], such as "openai/gpt-5"
	Route
}

// BanditOptions are how a [Bandit] weighs what it hears. The zero value is what most
// want.
type BanditOptions struct {
	// Floor is the share of requests that each arm gets whatever is said of it, so
	// that a bandit notices when an arm gets better: 0.05 by default, negative
	// for no floor. All floors together are at most 1.
	Floor float64
	// HalfLife is after how long a reward counts half, 7 days by default.
	HalfLife time.Duration
	// Memory is how many rewards of an arm count at most, the latest most: 200 by
	// default.
	Memory float64
	// Source makes the choices; nil: one that nobody can foresee. It is used by one
	// goroutine at a time.
	Source rand.Source
}

// A Bandit shares requests out among arms by how good their answers are said to
// be: it draws for each arm from the Beta distribution of its rewards and asks the
// one with the best draw (Thompson sampling), so that an arm of which little is
// known is tried and one that is known to be worse is seldom asked. Where an arm
// fails before its first piece the others are asked, as [Fallback] does. Each
// choice is a [Note] of the request's [Record]: the last one is the arm that
// answered. It is safe for concurrent use.
type Bandit struct {
	name string
	opts BanditOptions
	arms []Arm

	mu      sync.Mutex
	random  *rand.Rand
	beliefs []belief
	heard   map[string]rated
	order   []string // of heard, a ring
	next    int
}

// belief is what is known of an arm: rewards, and what they fell short of 1 by, at
// a moment.
type belief struct {
	good, bad float64
	at        time.Time
	asked     int64
}

// rated is a reward that may be corrected.
type rated struct {
	arm    int
	reward float64
}

// maxHeard is how many rewards can be corrected, the latest.
const maxHeard = 4096

// NewBandit returns a bandit, whose name is in records.
func NewBandit(name string, o BanditOptions, arms ...Arm) (*Bandit, error) {
	o.Floor = max(0, cmp.Or(o.Floor, 0.05))
	o.HalfLife = cmp.Or(o.HalfLife, 7*24*time.Hour)
	o.Memory = cmp.Or(o.Memory, 200)
	switch {
	case name == "" || len(arms) == 0:
		return nil, errors.New("bandit: needs a name and arms")
	case !(o.Floor*float64(len(arms)) <= 1):
		return nil, fmt.Errorf("bandit %s: %d arms with a floor of %v each are more than all", name, len(arms), o.Floor)
	case o.HalfLife < 0 || !(o.Memory >= 1):
		return nil, fmt.Errorf("bandit %s: a half-life of %s and a memory of %v make no sense", name, o.HalfLife, o.Memory)
	}
	for i, a := range arms {
		if a.Model == nil || a.Name == "" || slices.ContainsFunc(arms[:i], func(b Arm) bool { return b.Name == a.Name }) {
			return nil, fmt.Errorf("bandit %s: arm %d has no model, or no name of its own", name, i)
		}
	}
	if o.Source == nil {
		o.Source = unforeseen()
	}
	return &Bandit{name: name, opts: o, arms: slices.Clone(arms), random: rand.New(o.Source), //nolint:gosec // it shares out requests
		beliefs: make([]belief, len(arms)), heard: map[string]rated{}}, nil
}

func unforeseen() rand.Source {
	var seed [16]byte
	_, _ = crand.Read(seed[:]) // it does not fail
	return rand.NewPCG(binary.LittleEndian.Uint64(seed[:8]), binary.LittleEndian.Uint64(seed[8:]))
}

// Name returns the bandit's name.
func (b *Bandit) Name() string { return b.name }

// Generate implements [Model].
func (b *Bandit) Generate(ctx context.Context, req *Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := req.valid(); err != nil {
			yield(Event{}, err)
			return
		}
		order, why := b.choose(time.Now())
		var failed []error
		for _, i := range order {
			arm := &b.arms[i]
			trailOf(ctx).note(Note{Router: b.name, Choice: arm.Name, Why: why})
			a := attempt{yield: yield}
			err := a.run(arm.Model.Generate(ctx, arm.request(req)))
			if a.decides(ctx, err) {
				return
			}
			failed = append(failed, err)
			why = "fallback"
		}
		yield(Event{}, together(failed))
	}
}

// choose returns the arms in the order in which they are asked, and why the first
// one is.
func (b *Bandit) choose(now time.Time) (order []int, why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	draws := make([]float64, len(b.arms))
	order = make([]int, len(b.arms))
	for i := range b.arms {
		order[i] = i
		good, bad := b.faded(i, now)
		draws[i] = b.beta(1+good, 1+bad)
	}
	why = "draw"
	if b.random.Float64() < b.opts.Floor*float64(len(b.arms)) {
		draws[b.random.IntN(len(b.arms))] = 2 // above every draw
		why = "floor"
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(draws[j], draws[i]) })
	b.beliefs[order[0]].asked++
	return order, why
}

// faded is a belief as it is now. b.mu is held.
func (b *Bandit) faded(i int, now time.Time) (good, bad float64) {
	w := b.weight(now.Sub(b.beliefs[i].at))
	return b.beliefs[i].good * w, b.beliefs[i].bad * w
}

// weight is what something counts after a while.
func (b *Bandit) weight(age time.Duration) float64 {
	if age <= 0 {
		return 1
	}
	return math.Exp2(-float64(age) / float64(b.opts.HalfLife))
}

// Reward tells how good an answer of an arm was, from 0 to 1, and when that was
// said; zero is now. id tells rewards apart: a later one of the same id counts in
// place of the one before, for the last few thousand. Rewards of an arm that is not
// there, and what is no number, count for nothing.
func (b *Bandit) Reward(id, arm string, reward float64, at time.Time) {
	i := slices.IndexFunc(b.arms, func(a Arm) bool { return a.Name == arm })
	if i < 0 || math.IsNaN(reward) {
		return
	}
	reward = min(max(reward, 0), 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if at.IsZero() || at.After(now) {
		at = now
	}
	k := &b.beliefs[i]
	k.good, k.bad = b.faded(i, now)
	k.at = now
	w := b.weight(now.Sub(at))
	before, again := b.heard[id]
	switch {
	case again && before.arm == i:
		k.good = max(0, k.good+w*(reward-before.reward))
		k.bad = max(0, k.bad-w*(reward-before.reward))
	case again:
		return // a request has one answer
	default:
		k.good, k.bad = k.good+w*reward, k.bad+w*(1-reward)
		b.remember(id)
	}
	b.heard[id] = rated{i, reward}
	if all := k.good + k.bad; all > b.opts.Memory {
		k.good, k.bad = k.good*b.opts.Memory/all, k.bad*b.opts.Memory/all
	}
}

// remember makes room for the reward of an id. b.mu is held.
func (b *Bandit) remember(id string) {
	if len(b.order) < maxHeard {
		b.order = append(b.order, id)
		return
	}
	delete(b.heard, b.order[b.next])
	b.order[b.next] = id
	b.next = (b.next + 1) % maxHeard
}

// An ArmState is what a bandit knows of an arm.
type ArmState struct {
	Name   string
	Asked  int64   // how often it was asked first, by this bandit
	Mean   float64 // of the rewards; 0.5 where nothing is known
	Weight float64 // how many rewards that is worth
}

// Arms returns what is known of the arms, in their order.
func (b *Bandit) Arms() []ArmState {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]ArmState, len(b.arms))
	now := time.Now()
	for i := range b.arms {
		good, bad := b.faded(i, now)
		out[i] = ArmState{Name: b.arms[i].Name, Asked: b.beliefs[i].asked, Mean: (1 + good) / (2 + good + bad), Weight: good + bad}
	}
	return out
}

// beta draws from a Beta distribution; a and b are at least 1. b.mu is held.
func (b *Bandit) beta(x, y float64) float64 {
	g := b.gamma(x)
	return g / (g + b.gamma(y))
}

// gamma draws from a Gamma distribution of a shape of at least 1, as Marsaglia and
// Tsang do (ACM Transactions on Mathematical Software 26, 2000).
func (b *Bandit) gamma(shape float64) float64 {
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := b.random.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-b.random.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

var _ Model = (*Bandit)(nil)
