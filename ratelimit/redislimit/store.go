package redislimit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// maxPlans bounds the policies whose numbers are kept ready.
const maxPlans = 4096

// Store is a [ratelimit.Store] on Redis or Valkey. Make one with [New] and end
// it with [Store.Close]. It is safe for concurrent use.
type Store struct {
	config  config
	caller  *caller
	several Sharded // the client, where it may be of several servers
	plans   atomic.Pointer[map[ratelimit.Policy]*plan]
	planMu  sync.Mutex // held to add a plan

	circuits [circuitsOfShards]circuit // of one server the first
	life     context.Context           //nolint:containedctx // of probes and calls, from New to Close
	end      context.CancelFunc
	probes   sync.WaitGroup
	closeMu  sync.Mutex // held to start a probe and to close

	leases *leases // nil: without
	shares *shares // nil: not FailLocal
	log    *slog.Logger
}

// New returns a store on a client, which it asks nothing yet and does not close.
// Errors: no client, those of the options.
func New(client Client, options ...Option) (*Store, error) {
	if client == nil {
		return nil, errors.New("redislimit: no client")
	}
	c := defaults()
	for _, o := range options {
		if err := o.apply(&c); err != nil {
			return nil, fmt.Errorf("redislimit: %w", err)
		}
	}
	life, end := context.WithCancel(context.Background())
	s := &Store{config: c, caller: newCaller(life, client, c.timeout), life: life, end: end, log: c.log}
	s.plans.Store(&map[ratelimit.Policy]*plan{})
	s.several, _ = client.(Sharded)
	if c.failure == failLocal {
		s.shares = newShares(c.shares)
	}
	if c.leases {
		s.leases = newLeases()
	}
	return s, nil
}

// Close ends what the store does in the background. It decides on, as when Redis
// cannot be asked. It may be called more than once.
func (s *Store) Close() {
	s.closeMu.Lock()
	s.end()
	s.closeMu.Unlock()
	s.probes.Wait()
	s.caller.close()
}

// SetInstances changes among how many instances [FailLocal] divides every limit.
// Less than 1 counts as 1. What was used stays used: a change while Redis cannot be
// asked neither grants it again nor charges it twice.
func (s *Store) SetInstances(n int) {
	if s.shares != nil {
		s.shares.divide(s.life, n)
	}
}

// Health is nil, or why Redis could not be asked when it was last tried.
func (s *Store) Health() error {
	for i := range s.circuits {
		if err := s.circuits[i].err(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) sharded() bool { return s.several != nil && s.several.Sharded() }

// Take implements [ratelimit.Store]. It asks Redis once, or in a cluster once for
// each different key. It returns [ratelimit.ErrCost] and the error of ctx, never
// one of Redis: then the stated policy decides.
func (s *Store) Take(ctx context.Context, charges []ratelimit.Charge, decisions []ratelimit.Decision) (bool, error) {
	if err := ctx.Err(); err != nil {
		return refused(charges, decisions), err
	}
	if s.leases != nil {
		return s.takeLeased(ctx, charges, decisions)
	}
	items, err := s.items(charges, false)
	if err != nil {
		return refused(charges, decisions), err
	}
	return s.takeExact(ctx, items, decisions)
}

// refused writes decisions that go with an error, and is false.
func refused(charges []ratelimit.Charge, decisions []ratelimit.Decision) bool {
	for i := range decisions {
		p := &charges[i].Policy
		decisions[i] = ratelimit.Decision{Policy: p.Label(), Limit: p.Depth(), RetryAfter: retryBlind, Source: ratelimit.Unreachable}
	}
	return false
}

func (s *Store) takeExact(ctx context.Context, items []item, decisions []ratelimit.Decision) (bool, error) {
	if err := s.decide(ctx, items); err != nil {
		return s.takeElsewhere(ctx, items, decisions, err)
	}
	for i := range items {
		decisions[i] = items[i].decision(ratelimit.Exact)
	}
	return allowed(items), nil
}

// takeElsewhere decides without Redis.
func (s *Store) takeElsewhere(ctx context.Context, items []item, decisions []ratelimit.Decision, cause error) (bool, error) {
	if errors.Is(cause, context.Canceled) && ctx.Err() != nil {
		for i := range items {
			decisions[i] = items[i].unknown(false)
		}
		return false, ctx.Err()
	}
	if s.shares != nil {
		s.name(items)
		return s.shares.take(ctx, items, decisions)
	}
	open, all := s.config.failure == failOpen, true
	for i := range items {
		decisions[i] = items[i].unknown(open)
		all = all && (decisions[i].Allowed || items[i].plan.policy.Shadow)
	}
	return all, nil
}

// Settle implements [ratelimit.Store]. Errors: [ratelimit.ErrCost], that of ctx,
// and with [FailOpen] and [FailClosed] that of Redis: the correction is lost.
func (s *Store) Settle(ctx context.Context, charges []ratelimit.Charge) error {
	items, err := s.items(charges, true)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	err = s.decide(ctx, items)
	if err == nil && s.leases != nil {
		s.leases.settled(items)
	}
	if err != nil && s.shares != nil && ctx.Err() == nil {
		return s.shares.settle(ctx, items)
	}
	return err
}

// items makes charges ready.
func (s *Store) items(charges []ratelimit.Charge, settle bool) ([]item, error) {
	items := make([]item, 0, len(charges))
	for i := range charges {
		c := &charges[i]
		if c.Cost > ratelimit.MaxLimit || c.Cost < 0 && (!settle || c.Cost < -ratelimit.MaxLimit) {
			return nil, ratelimit.ErrCost
		}
		p, err := s.plan(c.Policy)
		if err != nil {
			return nil, err
		}
		mode := modeCharge
		switch {
		case settle:
			mode = modeSettle
		case p.policy.Shadow:
			mode = modeShadow
		}
		items = append(items, item{plan: p, key: c.Key, cost: c.Cost, mode: mode})
	}
	return items, nil
}

// plan returns the numbers of a policy.
func (s *Store) plan(p ratelimit.Policy) (*plan, error) {
	if made, ok := (*s.plans.Load())[p]; ok {
		return made, nil
	}
	made, err := newPlan(p)
	if err != nil {
		return nil, err
	}
	s.planMu.Lock()
	defer s.planMu.Unlock()
	old := *s.plans.Load()
	plans := map[ratelimit.Policy]*plan{p: made}
	if len(old) < maxPlans {
		maps.Copy(plans, old)
	}
	s.plans.Store(&plans)
	return made, nil
}

// name gives items the tags of their keys.
func (s *Store) name(items []item) {
	for i := range items {
		switch it := &items[i]; {
		case it.tag != "":
		case i > 0 && it.key == items[i-1].key:
			it.tag = items[i-1].tag
		default:
			it.tag = tag(it.key)
		}
	}
}

// tag names a key in Redis: all keys are as long, tell nothing of what they are
// for, and cannot hold a brace.
func tag(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

var _ ratelimit.Store = (*Store)(nil)
