package logring

import "context"

// batch is how many entries a follower takes at a time: it holds on to them for
// as long as its reader takes.
const batch = 16

// A Follower reads records as they come. Its methods are for one goroutine.
type Follower struct {
	ring *Ring
	pass func(*Entry) bool
	next uint64
	wake chan struct{}
}

// Follow begins after the newest record, or, where after is not nil, after the
// one of that number: with the oldest that is held where the number is not one
// that was given yet, as after a restart. ErrBusy where too many follow already.
func (r *Ring) Follow(f Filter, after *uint64) (*Follower, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.followers) >= r.opts.Followers {
		return nil, ErrBusy
	}
	next := r.next
	if after != nil {
		if next = *after + 1; next > r.next || next == 0 {
			next = r.oldest
		}
	}
	out := &Follower{ring: r, pass: f.compile(), next: next, wake: make(chan struct{}, 1)}
	r.followers[out] = struct{}{}
	return out, nil
}

// Next waits for records that pass the filter. Dropped is how many went by
// before they could be read, whether they would have passed or not. One of the
// two is never empty, but where ctx ended: then its cause is returned.
func (f *Follower) Next(ctx context.Context) (list []*Entry, dropped uint64, err error) {
	for {
		read, missed := f.read()
		dropped += missed
		for _, e := range read {
			if f.pass(e) {
				list = append(list, e)
			}
		}
		if len(list) > 0 || dropped > 0 {
			return list, dropped, nil
		}
		if len(read) == batch { // there may be more
			if ctx.Err() != nil {
				return nil, 0, context.Cause(ctx)
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil, 0, context.Cause(ctx)
		case <-f.wake:
		}
	}
}

func (f *Follower) read() (list []*Entry, missed uint64) {
	r := f.ring
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.next < r.oldest {
		missed = r.oldest - f.next
		f.next = r.oldest
	}
	end := min(r.next, f.next+batch)
	list = r.span(f.next, end)
	f.next = end
	return list, missed
}

// Close ends the following. It may be called more than once.
func (f *Follower) Close() {
	f.ring.mu.Lock()
	defer f.ring.mu.Unlock()
	delete(f.ring.followers, f)
}
