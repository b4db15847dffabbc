package auth

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// The feed carries to every instance what each of them must forget: a numbered
// row per change, written in the transaction of the change. A single counter row
// gives the numbers, so they commit in their order and without gaps.

type changeKind string

const (
	changeSession changeKind = "session" // one session was revoked
	changeUser    changeKind = "user"    // an account's roles, state or sessions
	changeRoles   changeKind = "roles"   // role definitions
	changeKeys    changeKind = "keys"    // the key ring
	changeAPIKey  changeKind = "api-key" // one API key was revoked
)

type change struct {
	seq             uint64
	kind            changeKind
	session, userID string // session is the key's id where the kind is changeAPIKey
}

const (
	pollEvery   = 400 * time.Millisecond
	renewEvery  = 100 * time.Millisecond // at most this often for tokens of unknown keys
	pollTimeout = 2 * time.Second
	lostAfter   = 5 * time.Second
	retryLost   = 500 * time.Millisecond // between attempts while the feed is lost
	feedPage    = 500
	recentMax   = 4096 // changes kept in memory
	changesKept = time.Hour
	busTopic    = "auth.changes"
)

// note numbers changes and writes them. It holds a lock that every other change
// waits for until tx ends: do it last.
func (a *Authority) note(ctx context.Context, tx *storage.Tx, changes ...change) ([]change, error) {
	var last uint64
	err := tx.QueryRow(ctx, `UPDATE auth_feed SET seq = seq + $1 WHERE id = 1 RETURNING seq`, len(changes)).Scan(&last)
	if err != nil {
		return nil, err
	}
	for i := range changes {
		c := &changes[i]
		c.seq = last - uint64(len(changes)-1-i)
		if _, err := tx.Exec(ctx, `INSERT INTO auth_changes (seq, at, kind, session_id, user_id)
			VALUES ($1, `+a.now+`, $2, $3, $4)`, int64(c.seq), string(c.kind), c.session, c.userID); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// feed follows the changes on one instance.
type feed struct {
	db     *storage.DB
	log    *slog.Logger
	reload func(ctx context.Context, roles, keys bool) error

	base  time.Time     // what okAt and failedAt count from
	okAt  atomic.Int64  // when the last successful reading began
	badAt atomic.Int64  // when the last failed one ended
	seq   atomic.Uint64 // everything up to here is known
	// era rises when it is unknown what was missed: whatever was loaded in an
	// earlier one is loaded again.
	era    atomic.Uint64
	recent recent

	turn chan struct{} // held while reading
	wake chan struct{}

	notify    sync.Mutex // held while listeners run
	listenMu  sync.Mutex
	listeners map[*listener]struct{}
}

type listener struct{ fn func(Change) }

func newFeed(db *storage.DB, log *slog.Logger, reload func(context.Context, bool, bool) error) *feed {
	f := &feed{db: db, log: log, reload: reload, base: time.Now(), turn: make(chan struct{}, 1),
		wake: make(chan struct{}, 1), listeners: map[*listener]struct{}{}}
	f.recent.init(recentMax)
	f.okAt.Store(-int64(lostAfter) - 1)
	f.badAt.Store(-int64(retryLost) - 1)
	return f
}

func (f *feed) since() int64 { return int64(time.Since(f.base)) }

// fresh makes sure that what this instance knows is at most lostAfter old: when
// the feed is lost it asks the database, and fails when there is no answer.
func (f *feed) fresh(ctx context.Context) error {
	now := f.since()
	if now-f.okAt.Load() <= int64(lostAfter) {
		return nil
	}
	if now-f.badAt.Load() < int64(retryLost) {
		return unavailable("follow changes", errors.New("the database did not answer a moment ago"))
	}
	return f.sync(ctx)
}

// renew is sync for those who may ask as often as they like: a token that names
// a key nobody has must not cost a reading of the database.
func (f *feed) renew(ctx context.Context) error {
	if f.since()-f.okAt.Load() < int64(renewEvery) {
		return nil
	}
	return f.sync(ctx)
}

// sync reads and applies what is new, up to the moment it was called, or gives up
// after a while.
func (f *feed) sync(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	return f.catchUp(ctx)
}

// catchUp is sync for as long as ctx allows.
func (f *feed) catchUp(ctx context.Context) error {
	asked := f.since()
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return unavailable("follow changes", ctx.Err())
	}
	if f.okAt.Load() > asked { // somebody read after we asked
		<-f.turn
		return nil
	}
	began := f.since()
	news, err := f.read(ctx)
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) { // not because the caller left
			f.badAt.Store(f.since())
		}
		<-f.turn
		return unavailable("follow changes", err)
	}
	f.okAt.Store(began)
	<-f.turn
	f.tell(news)
	return nil
}

// read applies everything new and returns what listeners should hear.
func (f *feed) read(ctx context.Context) ([]Change, error) {
	var head uint64
	if err := f.db.QueryRow(ctx, `SELECT seq FROM auth_feed WHERE id = 1`).Scan(&head); err != nil {
		return nil, err
	}
	known := f.seq.Load()
	if head == known {
		return nil, nil
	}
	if head < known { // another database, or an older copy of it
		return f.missed(ctx, head)
	}
	var news []Change
	for known < head {
		page, err := f.page(ctx, known)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 || page[0].seq != known+1 { // cleaned up before we came
			return f.missed(ctx, head)
		}
		told, err := f.apply(ctx, page)
		if err != nil {
			return nil, err
		}
		news = append(news, told...)
		known = f.seq.Load()
	}
	return news, nil
}

// missed makes everything be loaded again.
func (f *feed) missed(ctx context.Context, head uint64) ([]Change, error) {
	if err := f.reload(ctx, true, true); err != nil {
		return nil, err
	}
	f.seq.Store(head)
	f.era.Add(1)
	return []Change{{}}, nil
}

func (f *feed) page(ctx context.Context, after uint64) (page []change, err error) {
	rows, err := f.db.Query(ctx, `SELECT seq, kind, session_id, user_id FROM auth_changes
		WHERE seq > $1 ORDER BY seq LIMIT $2`, int64(after), feedPage)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c change
		if err := rows.Scan(&c.seq, &c.kind, &c.session, &c.userID); err != nil {
			return nil, err
		}
		page = append(page, c)
	}
	return page, rows.Err()
}

// apply makes one page known. Nothing is applied when roles or keys cannot be
// read, so the next reading tries again.
func (f *feed) apply(ctx context.Context, page []change) ([]Change, error) {
	var roles, keys bool
	var news []Change
	for _, c := range page {
		switch c.kind {
		case changeRoles:
			roles = true
			news = append(news, Change{})
		case changeKeys:
			keys = true
		case changeAPIKey:
			news = append(news, Change{KeyID: c.session, UserID: c.userID})
		default:
			news = append(news, Change{SessionID: c.session, UserID: c.userID})
		}
	}
	if roles || keys {
		if err := f.reload(ctx, roles, keys); err != nil {
			return nil, err
		}
	}
	f.recent.add(page)
	f.seq.Store(page[len(page)-1].seq)
	return news, nil
}

// current reports whether what was loaded at (era, seq) about a session, or an
// API key, and its account still holds.
func (f *feed) current(era, seq uint64, session, userID string) bool {
	if era != f.era.Load() {
		return false
	}
	return seq >= f.seq.Load() || !f.recent.touched(seq, session, userID)
}

// tell calls the listeners, one change after the other.
func (f *feed) tell(news []Change) {
	if len(news) == 0 {
		return
	}
	f.notify.Lock()
	defer f.notify.Unlock()
	f.listenMu.Lock()
	listeners := make([]*listener, 0, len(f.listeners))
	for l := range f.listeners {
		listeners = append(listeners, l)
	}
	f.listenMu.Unlock()
	for _, c := range news {
		for _, l := range listeners {
			f.listenMu.Lock()
			_, live := f.listeners[l]
			f.listenMu.Unlock()
			if live {
				l.fn(c)
			}
		}
	}
}

// poll reads until ctx ends. It logs when the feed is lost and found, once each.
func (f *feed) poll(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	lost := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-f.wake:
		}
		err := f.sync(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !lost:
			f.log.WarnContext(ctx, "auth: cannot follow changes", "error", err)
		case err == nil && lost:
			f.log.InfoContext(ctx, "auth: following changes again")
		}
		lost = err != nil
	}
}

// nudge makes poll read at once.
func (f *feed) nudge() {
	select {
	case f.wake <- struct{}{}:
	default: // it will
	}
}

// OnChange calls fn after each change that this instance learns of, its own
// included, never twice at a time. fn must not block and must not call the
// Authority: note the change, and ask [Authority.Recheck] elsewhere. A panic of
// fn is the program's. After stop no further call begins.
func (a *Authority) OnChange(fn func(Change)) (stop func()) {
	l := &listener{fn}
	f := a.feed
	f.listenMu.Lock()
	f.listeners[l] = struct{}{}
	f.listenMu.Unlock()
	return func() {
		f.listenMu.Lock()
		delete(f.listeners, l)
		f.listenMu.Unlock()
	}
}

// recent remembers the last changes of sessions and accounts, up to a bound.
type recent struct {
	mu   sync.RWMutex
	last map[string]uint64 // id → number of its last change
	ring []touch           // in the order of their numbers
	next int
	mark uint64 // what was loaded before this number is loaded again
}

type touch struct {
	id  string
	seq uint64
}

func (r *recent) init(size int) {
	r.last = map[string]uint64{}
	r.ring = make([]touch, size)
}

func (r *recent) add(page []change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range page {
		id := c.session
		if id == "" {
			id = c.userID
		}
		if id == "" {
			continue
		}
		if old := r.ring[r.next]; old.id != "" { // full: the oldest makes room and raises the mark
			r.mark = old.seq
			if r.last[old.id] == old.seq {
				delete(r.last, old.id)
			}
		}
		r.ring[r.next] = touch{id, c.seq}
		r.next = (r.next + 1) % len(r.ring)
		r.last[id] = c.seq
	}
}

// touched reports whether the session or its account may have changed since seq.
func (r *recent) touched(seq uint64, session, userID string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return seq < r.mark || r.last[session] > seq || r.last[userID] > seq
}
