package limits

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

const (
	maxRefused = 512              // keys remembered at a time
	recent     = 10 * time.Minute // how long after their last refusal
)

// Refused is a key that was refused of late, on this instance.
type Refused struct {
	Limit string
	Key   string
	Who   string // for people
	Count int64  // refusals since First
	First time.Time
	Last  time.Time
	Until time.Time // when it may go on; zero: waiting does not help
}

// Watch remembers who was refused of late, bounded. Its zero value is ready. It
// is safe for concurrent use.
type Watch struct {
	mu   sync.Mutex
	keys map[watched]Refused
}

type watched struct{ limit, key string }

// Add notes a refusal.
func (w *Watch) Add(limit, key, who string, now, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.keys == nil {
		w.keys = map[watched]Refused{}
	}
	at := watched{limit, key}
	r, ok := w.keys[at]
	if !ok || now.Sub(r.Last) > recent {
		if !ok && len(w.keys) >= maxRefused {
			w.makeRoom(now)
		}
		r = Refused{Limit: limit, Key: key, First: now}
	}
	r.Who, r.Last, r.Until = who, now, until
	r.Count++
	w.keys[at] = r
}

// makeRoom forgets what is no longer recent, at least the eighth that is
// longest ago, so that a flood of keys pays for it only now and then.
func (w *Watch) makeRoom(now time.Time) {
	list := w.sorted()
	for i, r := range list {
		if i >= maxRefused-maxRefused/8 || now.Sub(r.Last) > recent {
			delete(w.keys, watched{r.Limit, r.Key})
		}
	}
}

func (w *Watch) sorted() []Refused {
	list := make([]Refused, 0, len(w.keys))
	for _, r := range w.keys {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Refused) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Limit, b.Limit), cmp.Compare(a.Key, b.Key))
	})
	return list
}

// List returns who was refused within the last ten minutes, the latest first.
func (w *Watch) List(now time.Time) []Refused {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(w.sorted(), func(r Refused) bool { return now.Sub(r.Last) > recent })
}
