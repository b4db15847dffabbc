package redislimit

import (
	"encoding/binary"
	"math"
	"math/bits"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

const (
	maxFill  = 1 << 51 // ticks of a full bucket: doubles hold twice its debt exactly
	maxLease = time.Second
	minLease = time.Millisecond
	minDepth = 64 // of buckets that are worth a lease

	timeOfLease  = 4 // leases live a quarter of the time that a bucket takes to fill
	partOfLife   = 8 // a refusal is held for at most this part of that
	unitsOfHold  = 24
	minHold      = 2 * time.Millisecond
	maxHold      = 20 * time.Millisecond
	partOfBurst  = 4   // together they hold at most a quarter of it; script.lua knows it too
	leaseOfBurst = 256 // and one of them this part
)

// A plan is a policy in the numbers of script.lua: k ticks pass in each u
// microseconds, a unit costs step ticks, a full bucket is fill ticks.
type plan struct {
	policy           ratelimit.Policy
	label            string
	depth            int64
	step, k, u, fill int64
	life             time.Duration // of leases; 0: none
	most             int64         // units that one takes ahead
	hold             time.Duration // of refusals in a store with leases, at least
}

func newPlan(p ratelimit.Policy) (*plan, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	window, limit, depth := uint64(p.Window/time.Microsecond), uint64(p.Limit), uint64(p.Depth())
	divisor := gcd(window, limit)
	step, k, u := window/divisor, limit/divisor, uint64(1)
	if largest := maxFill / depth; step > largest {
		step, k, u = rounded(window, limit, largest)
	}
	made := &plan{
		policy: p, label: p.Label(), depth: p.Depth(),
		step: int64(step), k: int64(k), u: int64(u), fill: int64(step * depth),
	}
	life := min(made.time(made.fill)/timeOfLease, maxLease).Truncate(time.Microsecond)
	if depth >= minDepth && life >= minLease {
		made.life, made.most = life, max(made.depth/leaseOfBurst, 1)
		made.hold = min(life/partOfLife, max(minHold, made.time(made.step*unitsOfHold)), maxHold)
	}
	return made, nil
}

// rounded finds whole numbers for a bucket so deep and slow that the exact ones
// would not fit: a unit costs at most largest ticks and up to one too many, so
// that the rate is never more than the policy's and less by a millionth.
func rounded(window, limit, largest uint64) (step, k, u uint64) {
	if hi, lo := bits.Mul64(largest, limit); hi > 0 || lo >= window {
		k, _ = bits.Div64(hi, lo, window)
		hi, lo = bits.Mul64(k, window)
		lo, carry := bits.Add64(lo, limit-1, 0)
		step, _ = bits.Div64(hi+carry, lo, limit)
		return step, k, 1
	}
	u = ceil(window, limit*largest)
	return ceil(window, limit*u), 1, u
}

func ceil(n, by uint64) uint64 { return (n + by - 1) / by }

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// time is how long ticks take, rounded up to a microsecond. Centuries are cut.
func (p *plan) time(ticks int64) time.Duration {
	if ticks <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(ceil(uint64(ticks), uint64(p.k)), uint64(p.u)*uint64(time.Microsecond))
	if hi > 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(lo)
}

// ticks are those that pass in a time, rounded down, at most the largest debt.
func (p *plan) ticks(passed time.Duration) int64 {
	if passed <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(passed/time.Microsecond)/uint64(p.u), uint64(p.k))
	if hi > 0 || lo > 2*maxFill {
		return 2 * maxFill
	}
	return int64(lo)
}

// left is how many whole units a bucket holds.
func (p *plan) left(debt int64) int64 { return max(p.fill-debt, 0) / p.step }

// decide fills in what a bucket's debt says of a charge.
func (p *plan) decide(cost, debt int64, charged bool, source ratelimit.Source) ratelimit.Decision {
	d := ratelimit.Decision{
		Policy: p.label, Limit: p.depth, Remaining: p.left(debt), Reset: p.time(debt),
		Allowed: charged, TooLarge: cost > p.depth, Source: source,
	}
	if !charged && !d.TooLarge {
		d.RetryAfter = p.time(debt + cost*p.step - p.fill)
	}
	return d
}

// mode is what script.lua does with a charge.
type mode int

// The modes, as in script.lua.
const (
	modeCharge mode = iota
	modeShadow
	modeSettle
	modeLook
	modeRefuse
)

// A lease is what a charge takes ahead, and what it renews.
type lease struct {
	want, left, granted, gen int64
}

// argument packs a charge for script.lua.
func (p *plan) argument(m mode, cost int64, l *lease) string {
	b := make([]byte, 0, 11*8)
	for _, f := range [...]float64{
		float64(m), float64(cost) * float64(p.step), float64(p.step), float64(p.k), float64(p.u), float64(p.fill),
	} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	if l != nil {
		for _, n := range [...]int64{l.want, l.left, l.granted, l.gen, int64(max(p.life, minLease) / time.Microsecond)} {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(n)))
		}
	}
	return string(b)
}
