package ratelimit

import (
	"hash/maphash"
	"math"
	"math/bits"
	"time"

	"golang.org/x/time/rate"
)

// A rule is a policy made ready for decisions.
type rule struct {
	label   string
	name    uint64 // hash of the policy's name
	numbers uint64 // tells limit, window and depth from others
	rate    rate.Limit
	each    float64 // nanoseconds until one unit is refilled
	depth   int64
	shadow  bool
}

func newRule(p *Policy, seed maphash.Seed) rule {
	r := rule{label: p.Label(), depth: p.Depth(), shadow: p.Shadow}
	if p.Name != "" && p.Name != anonymous { // these two are the same
		r.name = maphash.String(seed, p.Name) & nameBits
	}
	r.rate = rate.Limit(float64(p.Limit) / p.Window.Seconds())
	r.each = float64(p.Window) / float64(p.Limit)
	r.numbers = mix(mix(uint64(p.Limit), uint64(p.Window)), uint64(r.depth))
	return r
}

// nameBits are the bits in which the hash of a policy's name changes that of
// the key: those that choose the shard are left, so that all buckets of a key
// are in one.
const nameBits = 1<<(64-maxShardBits) - 1

// mix makes one number of two.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xbf58476d1ce4e5b9)
	return high ^ low
}

// fill makes a slot's bucket a full one.
func (r *rule) fill(s *slot, hash uint64, now time.Time) {
	*s = slot{hash: hash, numbers: r.numbers}
	s.bucket.SetBurstAt(now, int(r.depth))
	s.bucket.ReserveN(now, -int(r.depth)) // gives: a limit of 0 is no reason to refuse
	s.bucket.SetLimitAt(now, r.rate)
}

// adopt gives a bucket the policy's present numbers. What it holds stays, as
// far as it fits.
func (r *rule) adopt(s *slot, now time.Time) {
	s.bucket.SetLimitAt(now, r.rate)
	s.bucket.SetBurstAt(now, int(r.depth))
	s.numbers = r.numbers
}

// full tells whether a bucket can be forgotten: a new one would be the same.
func (s *slot) full(now time.Time) bool {
	return s.bucket.TokensAt(now) >= float64(s.bucket.Burst())
}

// untilFull is how long a bucket needs to be full, at most a year.
func (s *slot) untilFull(now time.Time) time.Duration {
	missing := float64(s.bucket.Burst()) - s.bucket.TokensAt(now)
	return time.Duration(min(missing/float64(s.bucket.Limit())*float64(time.Second), float64(MaxWindow)))
}

// charge decides about a cost and takes it where the bucket holds it.
func (r *rule) charge(s *slot, cost int64, now time.Time, d *Decision) {
	tokens := s.bucket.TokensAt(now)
	if tokens < float64(cost) {
		r.refuse(s, tokens, cost, now, d)
		return
	}
	s.bucket.AllowN(now, int(cost))
	r.allow(tokens-float64(cost), d)
}

// peek decides about a cost and takes nothing. Without a slot the bucket is full.
func (r *rule) peek(s *slot, cost int64, now time.Time, d *Decision) {
	tokens := float64(r.depth)
	if s != nil {
		tokens = s.bucket.TokensAt(now)
	}
	if tokens < float64(cost) {
		r.refuse(s, tokens, cost, now, d)
		return
	}
	r.allow(tokens, d)
}

// give puts back what was just taken.
func (s *slot) give(cost int64, now time.Time) { s.bucket.ReserveN(now, -int(cost)) }

// settle takes or gives without asking: the bucket may go below zero, never
// above its depth.
func (r *rule) settle(s *slot, delta int64, now time.Time) {
	s.bucket.SetBurstAt(now, MaxLimit) // a reservation is at most the burst
	s.bucket.ReserveN(now, int(delta))
	s.bucket.SetBurstAt(now, int(r.depth))
}

// allow writes the decision of a bucket that holds tokens now. Field by field: a
// literal is made elsewhere and copied.
func (r *rule) allow(tokens float64, d *Decision) {
	d.Policy = r.label
	d.Limit = r.depth
	d.Remaining = max(int64(tokens), 0)
	d.Reset = r.until(float64(r.depth) - tokens)
	d.RetryAfter = 0
	d.Allowed = true
	d.TooLarge = false
	d.Source = Exact
}

// refuse writes the decision of a bucket that holds fewer tokens than the cost.
// The slot is nil when it is full.
func (r *rule) refuse(s *slot, tokens float64, cost int64, now time.Time, d *Decision) {
	r.allow(tokens, d)
	d.Allowed = false
	if r.shadow {
		d.Source = Shadow
	}
	if cost > r.depth {
		d.TooLarge = true
		return
	}
	wait := r.until(float64(cost) - tokens)
	// The division may be a little off: ask the bucket itself.
	for step := time.Duration(1); wait < forever && s.bucket.TokensAt(now.Add(wait)) < float64(cost); step *= 2 {
		wait += step
	}
	d.RetryAfter = min(wait, forever)
	d.Reset = max(d.Reset, d.RetryAfter)
}

// refuseUnknown writes the decision where there is no place for any bucket.
func (r *rule) refuseUnknown(cost int64, d *Decision) {
	*d = Decision{Policy: r.label, Limit: r.depth, Reset: r.until(float64(r.depth)), TooLarge: cost > r.depth, Source: Overflow}
	if !d.TooLarge {
		d.RetryAfter = r.until(float64(cost))
	}
	if r.shadow {
		d.Source = Shadow
	}
}

// forever is the longest time that decisions speak of, 146 years.
const forever = time.Duration(1 << 62)

// until is the time in which as many units are refilled, in whole nanoseconds
// and not less.
func (r *rule) until(units float64) time.Duration {
	if d := math.Ceil(units * r.each); d < float64(forever) {
		return time.Duration(d)
	}
	return forever
}
