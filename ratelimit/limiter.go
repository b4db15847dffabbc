package ratelimit

import (
	"context"
	"errors"
	"time"
)

// A Limiter decides whether a key may use some more now. [New] makes one of
// policies and a [Store]. It is safe for concurrent use.
type Limiter interface {
	// Allow charges cost units to the key's bucket of every policy, or to none.
	// The decision is that of the policy that refused; else that of a shadow
	// policy that would have, with Allowed true and Source [Shadow]; else that of
	// the policy with the least left. A cost of 0 charges nothing and tells how
	// things stand: allowed unless the key has units to pay back. The error says
	// that the store could not be asked and that no stated policy covers that:
	// the decision is then a refusal. Errors: [ErrCost], those of the store.
	Allow(ctx context.Context, key string, cost int64) (Decision, error)
	// Settle corrects a cost that is known only afterwards, such as of tokens or
	// bytes: delta is what was used beyond what was charged. A positive delta is
	// charged even where less is left, and the key waits until that is paid
	// back; a negative one is given back, never beyond a full bucket.
	Settle(ctx context.Context, key string, delta int64) error
}

// A Store holds buckets, one for each policy and key: [Local] in this process,
// package redislimit on Redis. Implementations are safe for concurrent use and
// bounded in memory, and pass the tests of ratelimittest.
type Store interface {
	// Take decides charges together: all are charged or, when one is refused,
	// none. It writes the answer for charges[i] to decisions[i]; both have the
	// same length, at least 1, and neither is kept. allowed is false when a
	// policy refused that is not a shadow one: the decisions of the others tell
	// how things stand without the charge. A shadow policy is charged with the
	// others where its bucket holds enough; else its decision says Allowed false
	// and Source [Shadow], and the others are decided as if it were not there.
	// The policies are valid. Errors: [ErrCost], those of the store; nothing is
	// charged then.
	Take(ctx context.Context, charges []Charge, decisions []Decision) (allowed bool, err error)
	// Settle corrects buckets; Cost is the delta of [Limiter.Settle], of either
	// sign. Policies are settled each for itself, shadow ones too.
	Settle(ctx context.Context, charges []Charge) error
}

// A Charge takes Cost units from the bucket that Key has under Policy. Two
// policies that differ in their names have buckets of their own; one whose
// numbers change keeps its buckets, with what they hold as far as it fits.
type Charge struct {
	Policy Policy
	Key    string
	Cost   int64
}

// Decision is the answer of one policy.
type Decision struct {
	// Policy is the label of the policy that decided.
	Policy string
	// Limit is the most that can be used at once: [Policy.Depth].
	Limit int64
	// Remaining is how many whole units are left now, 0 or more.
	Remaining int64
	// Reset is when the bucket will be full again if nothing more is used.
	Reset time.Duration
	// RetryAfter is when the same cost will be allowed if nothing else is used
	// until then: never too early. It is 0 where the policy allows it and where
	// TooLarge.
	RetryAfter time.Duration
	// Allowed says that the policy allows the cost. In a [Limiter]'s decision it
	// says that all do, and that it was charged.
	Allowed bool
	// TooLarge says that the cost is more than the bucket ever holds, so that
	// waiting does not help. Allowed is false then.
	TooLarge bool
	// Source says where the decision came from.
	Source Source
}

// Source says where a decision came from.
type Source uint8

// The sources of decisions.
const (
	// Exact is the key's own bucket, up to date.
	Exact Source = iota + 1
	// Lease is a batch of units that this instance took from the shared bucket
	// ahead, or a refusal of it that still holds.
	Lease
	// LocalShare is this instance's share of the limit, while the shared bucket
	// cannot be reached.
	LocalShare
	// Shadow is a policy in shadow mode: its refusal was not applied.
	Shadow
	// Overflow is the bucket that new keys share while the store is full of keys
	// that are in use.
	Overflow
	// Unreachable is no bucket: the store cannot be reached, and its stated
	// policy decided.
	Unreachable
)

// String is the source in lower case, as in metrics.
func (s Source) String() string {
	switch s {
	case Exact:
		return "exact"
	case Lease:
		return "lease"
	case LocalShare:
		return "local"
	case Shadow:
		return "shadow"
	case Overflow:
		return "overflow"
	case Unreachable:
		return "unreachable"
	}
	return "unknown"
}

// ErrCost says that a cost is negative or more than [MaxLimit].
var ErrCost = errors.New("ratelimit: the cost is not from 0 to 1000000000")
