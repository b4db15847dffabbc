package registry

import "sync"

// watchers hold those who subscribed.
type watchers struct {
	mu     sync.Mutex
	closed bool
	all    map[*watcher]struct{}
}

// watcher is one subscriber. What waits for it is at most one event per module.
type watcher struct {
	fn   func(Event)
	mu   sync.Mutex
	due  map[string]bool
	wake chan struct{}
	quit chan struct{}
	done chan struct{}
}

// Subscribe calls fn for changes of modules, one at a time. Changes of one
// module that follow each other quickly come as one. stop returns when fn is
// not running and will not be called again; it must not be called from fn.
func (r *Registry) Subscribe(fn func(Event)) (stop func()) {
	w := &watcher{fn: fn, due: make(map[string]bool), wake: make(chan struct{}, 1),
		quit: make(chan struct{}), done: make(chan struct{})}
	r.watchers.mu.Lock()
	defer r.watchers.mu.Unlock()
	if r.watchers.closed {
		return func() {}
	}
	if r.watchers.all == nil {
		r.watchers.all = make(map[*watcher]struct{})
	}
	r.watchers.all[w] = struct{}{}
	go r.watch(w)
	return func() {
		r.watchers.mu.Lock()
		if _, there := r.watchers.all[w]; there {
			delete(r.watchers.all, w)
			close(w.quit)
		}
		r.watchers.mu.Unlock()
		<-w.done
	}
}

// tell lets subscribers know that a module has changed.
func (r *Registry) tell(id string) {
	r.watchers.mu.Lock()
	defer r.watchers.mu.Unlock()
	for w := range r.watchers.all {
		w.mu.Lock()
		w.due[id] = true
		w.mu.Unlock()
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

func (r *Registry) watch(w *watcher) {
	defer close(w.done)
	for {
		select {
		case <-w.quit:
			r.deliver(w)
			return
		case <-w.wake:
			r.deliver(w)
		}
	}
}

func (r *Registry) deliver(w *watcher) {
	w.mu.Lock()
	due := w.due
	w.due = make(map[string]bool)
	w.mu.Unlock()
	for id := range due {
		e := Event{Module: id, State: r.Actual(id), Generation: r.snap.Load().records[id].Generation}
		if err := protect(func() error { w.fn(e); return nil }); err != nil {
			r.log.Error("a subscriber of module events panicked", "error", err)
		}
	}
}

// close ends every watcher after what it is due.
func (ws *watchers) close() {
	ws.mu.Lock()
	ws.closed = true
	all := ws.all
	ws.all = nil
	for w := range all {
		close(w.quit)
	}
	ws.mu.Unlock()
	for w := range all {
		<-w.done
	}
}
