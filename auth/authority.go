package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/internal/seal"
	"github.com/modular-dashboard/dashboard/storage"
)

// An Authority signs people in and decides what they may do. Make one with
// [New]. It is safe for concurrent use.
type Authority struct {
	config   config
	db       *storage.DB
	now      string // the database's clock as SQL
	registry *registry
	hasher   *hasher
	limiter  Limiter
	origin   *http.CrossOriginProtection
	feed     *feed
	known    memo[*knownToken]
	box      atomic.Pointer[seal.Box]
	ring     atomic.Pointer[keyRing]
	refresh  atomic.Pointer[refreshKeys]
	setUp    atomic.Bool // an account exists, which never ends
	users    *query.Schema
	keys     keyBook

	mu      sync.Mutex // guards starting and stopping
	state   state
	cancel  context.CancelFunc
	unwatch func()
	work    sync.WaitGroup
	live    atomic.Bool
	warned  atomic.Bool // of insecure cookies
}

type state uint8

const (
	stateNew state = iota
	stateStarted
	stateStopped
)

// maxKnown bounds the verified tokens that an instance remembers, at about a
// kilobyte each.
const maxKnown = 20_000

// New returns an Authority on a database. It checks the options and does no
// I/O. [WithMasterKeys] or [WithKeySource] is required. Permissions may be
// registered at once; everything else waits for [Authority.Start].
func New(db *storage.DB, opts ...Option) (*Authority, error) {
	if db == nil {
		return nil, errors.New("new authority: nil database")
	}
	c := defaultConfig()
	for _, o := range opts {
		if o == nil {
			return nil, errors.New("new authority: nil option")
		}
		if err := o.apply(&c); err != nil {
			return nil, fmt.Errorf("new authority: %w", err)
		}
	}
	if c.keySource == nil {
		return nil, errors.New("new authority: no master key: use WithMasterKeys or WithKeySource")
	}
	known, err := newMemo[*knownToken](maxKnown)
	if err != nil {
		return nil, fmt.Errorf("new authority: %w", err)
	}
	a := &Authority{config: c, db: db, now: db.Dialect().NowMicros(), registry: newRegistry(),
		hasher: newHasher(c.argon2), limiter: c.limiter, origin: http.NewCrossOriginProtection(), known: known}
	if a.users, err = query.NewSchema(userFields()...); err != nil {
		return nil, fmt.Errorf("new authority: accounts: %w", err)
	}
	if err := a.keys.init(); err != nil {
		return nil, fmt.Errorf("new authority: %w", err)
	}
	if a.limiter == nil {
		a.limiter = newMemoryLimiter()
	}
	for _, o := range c.origins {
		if err := a.origin.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("new authority: %w", err)
		}
	}
	a.feed = newFeed(db, c.log, a.reload)
	return a, nil
}

// Start migrates the database, makes the first signing key, loads keys and
// roles, and follows changes until [Authority.Shutdown]; ctx bounds the start
// alone. Once started, further calls return nil. One that failed may be
// repeated.
func (a *Authority) Start(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch a.state {
	case stateStarted:
		return nil
	case stateStopped:
		return errors.New("start auth: it was shut down")
	}
	if err := a.load(ctx); err != nil {
		return fmt.Errorf("start auth: %w", err)
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.cancel = cancel
	a.work.Go(func() { a.feed.poll(work) })
	a.work.Go(func() { a.housekeep(work) })
	a.work.Go(func() { a.noteUses(work) })
	if a.config.bus != nil {
		a.unwatch = a.config.bus.Subscribe(busTopic, func([]byte) { a.feed.nudge() })
	}
	a.state = stateStarted
	a.live.Store(true)
	return nil
}

func (a *Authority) load(ctx context.Context) error {
	keys, err := a.config.keySource(ctx)
	if err != nil {
		return fmt.Errorf("get master keys: %w", err)
	}
	box, err := newBox(keys)
	if err != nil {
		return err
	}
	a.box.Store(box)
	a.refresh.Store(newRefreshKeys(box))
	if err := a.db.MigrateAll(ctx, Schema()); err != nil {
		return err
	}
	began := a.feed.since()
	var done, signing int64
	var head uint64
	var secret sql.NullString
	err = a.db.QueryRow(ctx, `SELECT done_at, (SELECT seq FROM auth_feed WHERE id = 1), (SELECT secret FROM auth_api_secret WHERE id = 1),
		(SELECT `+signingKeys+a.now+` - $1) FROM auth_setup WHERE id = 1`, a.config.keyPeriod.Microseconds()).Scan(&done, &head, &secret, &signing)
	if err != nil {
		return err
	}
	if signing == 0 {
		if err := a.rotate(ctx); err != nil {
			return err
		}
	}
	if err := a.loadKeySecret(ctx, secret.String); err != nil {
		return err
	}
	a.setUp.Store(done != 0)
	a.feed.seq.Store(head)
	if err := a.reload(ctx, true, true); err != nil {
		return err
	}
	if signing == 0 { // the new key is a change, too
		return a.feed.catchUp(ctx)
	}
	a.feed.okAt.Store(began) // what came after head, it will follow
	return nil
}

// Shutdown stops following changes and waits for it, as long as ctx allows.
// Afterwards methods fail with [ErrUnavailable]. It may be called more than
// once, and without Start. The database stays open.
func (a *Authority) Shutdown(ctx context.Context) error {
	a.mu.Lock()
	a.live.Store(false)
	a.state = stateStopped
	if a.cancel != nil {
		a.cancel()
	}
	if a.unwatch != nil {
		a.unwatch()
	}
	a.mu.Unlock()
	done := make(chan struct{})
	go func() { a.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("shut down auth: %w", ctx.Err())
	}
}

func (a *Authority) ready() error {
	if !a.live.Load() {
		return fmt.Errorf("%w: not started, or shut down", ErrUnavailable)
	}
	return nil
}

// reload takes over roles or keys that another instance changed.
func (a *Authority) reload(ctx context.Context, roles, keys bool) error {
	if roles {
		stored, err := storedRoles(ctx, a.db)
		if err != nil {
			return err
		}
		a.registry.setRoles(stored)
	}
	if keys {
		ring, err := a.readRing(ctx, a.db)
		if err != nil {
			return err
		}
		a.ring.Store(ring)
	}
	return nil
}

// update runs a write transaction and then makes its changes known, here at
// once and elsewhere soon.
func (a *Authority) update(ctx context.Context, fn func(*storage.Tx) ([]change, error)) error {
	var changes []change
	err := a.db.Update(ctx, func(tx *storage.Tx) (err error) {
		changes, err = fn(tx)
		return err
	})
	if err != nil || len(changes) == 0 {
		return err
	}
	// It is committed: whatever the caller's context does, it must be known.
	ctx = context.WithoutCancel(ctx)
	if err := a.feed.sync(ctx); err != nil {
		a.feed.era.Add(1) // ask the database about everybody
		a.feed.nudge()
		a.config.log.WarnContext(ctx, "auth: cannot read back a change", "error", err)
	}
	if a.config.bus != nil {
		if err := a.config.bus.Publish(ctx, busTopic, nil); err != nil {
			a.config.log.WarnContext(ctx, "auth: cannot tell other instances of a change, they will poll", "error", err)
		}
	}
	return nil
}

// auditBy keeps an event in the name of the principal of ctx, unless it names
// an actor itself.
func (a *Authority) auditBy(ctx context.Context, tx *storage.Tx, e AuditEvent) error {
	if p, ok := FromContext(ctx); ok && e.Actor == "" {
		e.Actor = p.ID
	}
	return a.config.audit(ctx, tx, e)
}

const (
	housekeepEvery = time.Minute
	housekeepLimit = 500 // rows per statement
	revokedKept    = 24 * time.Hour
)

// housekeep rotates keys and deletes what is of no use any more.
func (a *Authority) housekeep(ctx context.Context) {
	ticker := time.NewTicker(housekeepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := errors.Join(a.rotate(ctx), a.dropKeys(ctx), a.cleanUp(ctx))
		if err != nil && ctx.Err() == nil {
			a.config.log.WarnContext(ctx, "auth: housekeeping failed, will retry", "error", err)
		}
	}
}

// cleanUp deletes expired sessions, revoked ones, changes that every instance
// has seen and API keys that ended long ago, a few rows at a time.
func (a *Authority) cleanUp(ctx context.Context) error {
	for _, one := range []struct {
		query string
		keep  time.Duration
	}{
		{`DELETE FROM auth_sessions WHERE id IN (SELECT id FROM auth_sessions
			WHERE expires_at < ` + a.now + ` - $1 ORDER BY expires_at LIMIT $2)`, 0},
		{`DELETE FROM auth_sessions WHERE id IN (SELECT id FROM auth_sessions
			WHERE revoked_at > 0 AND revoked_at < ` + a.now + ` - $1 ORDER BY revoked_at LIMIT $2)`, revokedKept},
		{`DELETE FROM auth_changes WHERE seq IN (SELECT seq FROM auth_changes
			WHERE at < ` + a.now + ` - $1 ORDER BY at LIMIT $2)`, changesKept},
		{`DELETE FROM auth_api_keys WHERE id IN (SELECT id FROM auth_api_keys
			WHERE revoked_at > 0 AND revoked_at < ` + a.now + ` - $1 ORDER BY revoked_at LIMIT $2)`, keysKept},
		{`DELETE FROM auth_api_keys WHERE id IN (SELECT id FROM auth_api_keys
			WHERE expires_at > 0 AND expires_at < ` + a.now + ` - $1 ORDER BY expires_at LIMIT $2)`, keysKept},
	} {
		for n := int64(housekeepLimit); n == housekeepLimit; {
			var err error
			if n, err = affected(a.db.Exec(ctx, one.query, one.keep.Microseconds(), housekeepLimit)); err != nil {
				return err
			}
		}
	}
	return nil
}

// newID returns 130 random bits as text.
func newID() string { return strings.ToLower(rand.Text()) }

// isID reports whether newID may have made s. What it did not make is not asked
// for: a database may refuse the text itself.
func isID(s string) bool {
	return len(s) == idSize && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

const idSize = 26

func affected(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func count(ctx context.Context, q storage.Querier, query string, args ...any) (n int64, err error) {
	err = q.QueryRow(ctx, query, args...).Scan(&n)
	return n, err
}

// wrapDB turns a failure of the database into ErrUnavailable and leaves alone
// what this package means to say.
func wrapDB(doing string, err error) error {
	if err == nil || isOurs(err) {
		return err
	}
	return unavailable(doing, err)
}

func isOurs(err error) bool {
	for _, ours := range []error{ErrInvalidCredentials, ErrInvalidToken, ErrUnavailable, ErrSetupDone, ErrNotFound,
		ErrEmailTaken, ErrLastOwner, ErrRoleInUse, ErrBuiltInRole, ErrAPIKey, ErrTooManyAPIKeys} {
		if errors.Is(err, ours) {
			return true
		}
	}
	_, input := errors.AsType[*InputError](err)
	_, cycle := errors.AsType[*CycleError](err)
	_, beyond := errors.AsType[*BeyondError](err)
	return input || cycle || beyond
}
