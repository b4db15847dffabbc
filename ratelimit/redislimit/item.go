package redislimit

import (
	"context"
	"errors"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// An item is a charge on its way through script.lua.
type item struct {
	plan  *plan
	key   string
	tag   string // of the key, once it is needed
	cost  int64
	mode  mode
	lease *lease // what to take ahead; nil in a store without leases

	// What the script answered.
	debt  int64
	extra int64 // units taken ahead; below 0: nothing was charged
	gen   int64
}

// held is what the script answers for extra when nothing was charged and units
// that are parked in leases keep the bucket from filling.
const held = -2

// fits tells whether the bucket holds the cost.
func (it *item) fits() bool {
	return it.cost <= it.plan.depth && it.debt+it.cost*it.plan.step <= it.plan.fill
}

// unknown is the decision when no bucket can be asked.
func (it *item) unknown(open bool) ratelimit.Decision {
	d := it.plan.decide(it.cost, 0, open && it.cost <= it.plan.depth, ratelimit.Unreachable)
	if !d.Allowed && !d.TooLarge {
		d.Remaining, d.RetryAfter, d.Reset = 0, retryBlind, retryBlind
	}
	if !d.Allowed && it.plan.policy.Shadow {
		d.Source = ratelimit.Shadow
	}
	return d
}

// decision is the answer of one policy: whether it allows the cost, be it
// charged or refused by another.
func (it *item) decision(source ratelimit.Source) ratelimit.Decision {
	d := it.plan.decide(it.cost, it.debt, it.extra >= 0 || it.fits(), source)
	if it.extra == held && d.RetryAfter > 0 && it.cost > it.plan.depth-it.plan.depth/partOfBurst {
		d.RetryAfter += 2 * it.plan.life // until what is parked comes back
		d.Reset = max(d.Reset, d.RetryAfter)
	}
	if !d.Allowed && it.plan.policy.Shadow {
		d.Source = ratelimit.Shadow
	}
	return d
}

// allowed tells whether all was charged that had to be.
func allowed(items []item) bool {
	for i := range items {
		if items[i].extra < 0 && !items[i].plan.policy.Shadow {
			return false
		}
	}
	return true
}

// decide asks Redis about items, once where that is possible.
func (s *Store) decide(ctx context.Context, items []item) error {
	s.name(items)
	look := false
	for i := range items {
		look = look || items[i].mode == modeCharge && items[i].cost > items[i].plan.depth
	}
	if look { // a cost that never fits refuses the rest
		lookOnly(items)
	}
	var err error
	if s.sharded() && !oneTag(items) {
		err = s.decideApart(ctx, items)
	} else {
		err = s.ask(ctx, items, nil)
	}
	if err == nil && s.shares != nil {
		s.shares.mirror(ctx, items)
	}
	return err
}

func oneTag(items []item) bool {
	for i := range items {
		if items[i].tag != items[0].tag {
			return false
		}
	}
	return true
}

func lookOnly(items []item) {
	for i := range items {
		if m := items[i].mode; m == modeCharge || m == modeShadow {
			items[i].mode = modeLook
		}
	}
}

// ask makes one script call for items, or for those of them that only names.
func (s *Store) ask(ctx context.Context, items []item, only []int) error {
	if only == nil {
		only = all(items)
	}
	keys, args := s.encode(items, only)
	answer, err := s.call(ctx, items[only[0]].tag, keys, args)
	if err != nil {
		return err
	}
	stride := 2
	if items[only[0]].lease != nil {
		stride = 3
	}
	if len(answer) != stride*len(only) {
		return errAnswer
	}
	for n, i := range only {
		it := &items[i]
		it.debt, it.extra = answer[n*stride], answer[n*stride+1]
		if stride == 3 {
			it.gen = answer[n*stride+2]
		}
	}
	return nil
}

func all(items []item) []int {
	only := make([]int, len(items))
	for i := range only {
		only[i] = i
	}
	return only
}

// encode makes the keys and arguments of script.lua.
func (s *Store) encode(items []item, only []int) (keys, args []string) {
	keys, args = make([]string, len(only)), make([]string, len(only))
	for n, i := range only {
		it := &items[i]
		keys[n] = s.config.prefix + "{" + it.tag + "}" + it.plan.label
		args[n] = it.plan.argument(it.mode, it.cost, it.lease)
	}
	return keys, args
}

var errAnswer = errors.New("redislimit: the client's answer is not the script's")

// decideApart asks for each different key by itself: in a cluster they may be on
// different servers. What was charged when another key refuses, or cannot be
// asked, is given back. Meanwhile others see it as used: never too much is
// allowed, and rarely a little too little.
func (s *Store) decideApart(ctx context.Context, items []item) error {
	var charged []int
	var few [8]int
	for done := make([]bool, len(items)); ; {
		group := few[:0]
		for i := range items {
			if !done[i] && (len(group) == 0 || items[i].tag == items[group[0]].tag) {
				group, done[i] = append(group, i), true
			}
		}
		if len(group) == 0 {
			return nil
		}
		if err := s.ask(ctx, items, group); err != nil {
			_ = s.giveBack(ctx, items, charged) // err says as much
			return err
		}
		refused := false
		for _, i := range group {
			refused = refused || items[i].mode == modeCharge && items[i].extra < 0
			if items[i].mode != modeSettle && items[i].extra >= 0 && items[i].cost > 0 {
				charged = append(charged, i)
			}
		}
		if refused {
			lookOnly(items)
			if err := s.giveBack(ctx, items, charged); err != nil {
				return err
			}
			charged = nil
		}
	}
}

// giveBack undoes charges and leaves in items how things stand then.
func (s *Store) giveBack(ctx context.Context, items []item, charged []int) error {
	for n := 0; n < len(charged); {
		first := n
		var back []item
		for ; n < len(charged) && items[charged[n]].tag == items[charged[first]].tag; n++ {
			it := items[charged[n]]
			it.mode, it.cost, it.lease = modeSettle, -it.cost, nil
			back = append(back, it)
		}
		if err := s.ask(context.WithoutCancel(ctx), back, nil); err != nil {
			return err
		}
		for i := range back {
			it := &items[charged[first+i]]
			it.debt, it.extra = back[i].debt, -1
		}
	}
	return nil
}
