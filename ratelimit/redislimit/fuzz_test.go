package redislimit_test

import (
	"encoding/binary"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

// FuzzExact charges, settles and waits at random under a random policy, and
// compares each decision with a bucket of whole numbers without bounds.
func FuzzExact(f *testing.F) {
	f.Add(int64(3), int64(1000), int64(0), []byte{1, 2, 3, 4, 5, 6})
	f.Add(int64(31_000), int64(1000), int64(310), []byte{0xff, 0x11, 0x82, 0x07, 0x40, 0x99, 0x21})
	f.Add(int64(999_999_937), int64(1000), int64(1), []byte{9, 9, 9, 9, 9, 9, 9})
	f.Add(int64(1), int64(366*24*3600*1000), int64(1_000_000_000), []byte{250, 3, 250, 3, 250})
	f.Fuzz(func(t *testing.T, limit, milliseconds, burst int64, steps []byte) {
		p := ratelimit.Policy{Limit: limit, Window: time.Duration(milliseconds%(1<<40)) * time.Millisecond, Burst: burst}
		if p.Validate() != nil || len(steps) > 200 {
			return
		}
		// A full bucket of 2^51 parts of a microsecond or more is counted in coarser
		// ones: TestRoundedDown has those.
		divisor := new(big.Int).GCD(nil, nil, big.NewInt(p.Window.Microseconds()), big.NewInt(p.Limit))
		if full := new(big.Int).Div(product(p.Depth(), p.Window.Microseconds()), divisor); full.BitLen() > 51 {
			return
		}
		client := newFake()
		client.Stop()
		s, b := open(t, client, redislimit.FailClosed(), redislimit.WithTimeout(patience)), newPrecise(p)
		skew := time.Duration(0)
		for ; len(steps) >= 3; steps = steps[3:] {
			n := int64(binary.LittleEndian.Uint16(steps[1:]))
			switch steps[0] % 4 {
			case 0: // a time, of a microsecond to three years
				wait := min(time.Duration(n*n*n%100_000_000_000_000)*time.Microsecond, 100*year-skew)
				skew += wait
				client.Skew(skew)
				b.pass(wait)
			case 1, 2:
				cost := n % (p.Depth() + 2)
				d := take(t, s, p, "ann", cost)
				want := b.take(cost)
				if d.Allowed != want.Allowed || d.Remaining != want.Remaining || d.TooLarge != want.TooLarge || d.RetryAfter != want.RetryAfter {
					t.Fatalf("%v, cost %d: got %+v, want %+v", p, cost, d, want)
				}
			default:
				delta := n - 1<<15
				if err := s.Settle(t.Context(), []ratelimit.Charge{{Policy: p, Key: "ann", Cost: delta}}); err != nil {
					t.Fatal(err)
				}
				b.settle(delta)
			}
		}
	})
}

// A precise bucket counts in units times the window in microseconds.
type precise struct {
	policy ratelimit.Policy
	level  *big.Int
}

func newPrecise(p ratelimit.Policy) *precise {
	return &precise{p, product(p.Depth(), p.Window.Microseconds())}
}

func (b *precise) cost(units int64) *big.Int { return product(units, b.policy.Window.Microseconds()) }

func (b *precise) add(n *big.Int) {
	b.level.Add(b.level, n)
	if full := b.cost(b.policy.Depth()); b.level.Cmp(full) > 0 {
		b.level = full
	}
}

func (b *precise) pass(d time.Duration) { b.add(product(d.Microseconds(), b.policy.Limit)) }

func (b *precise) settle(delta int64) { b.add(new(big.Int).Neg(b.cost(delta))) }

func (b *precise) take(units int64) (d ratelimit.Decision) {
	d.TooLarge = units > b.policy.Depth()
	missing := new(big.Int).Sub(b.cost(units), b.level)
	switch d.Allowed = missing.Sign() <= 0; {
	case d.Allowed:
		b.level.Neg(missing)
	case !d.TooLarge:
		d.RetryAfter = b.wait(missing)
	}
	if b.level.Sign() > 0 {
		d.Remaining = new(big.Int).Div(b.level, b.cost(1)).Int64()
	}
	return d
}

// wait is the time in which as much is refilled, in whole microseconds and not
// less. Centuries are cut.
func (b *precise) wait(missing *big.Int) time.Duration {
	limit := big.NewInt(b.policy.Limit)
	missing.Add(missing, limit).Sub(missing, big.NewInt(1)).Div(missing, limit).Mul(missing, big.NewInt(int64(time.Microsecond)))
	if !missing.IsInt64() {
		return math.MaxInt64
	}
	return time.Duration(missing.Int64())
}
