package auth

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// keyBook is what an instance knows about API keys. What is in it is as fresh as
// the feed: a key that was revoked, and an account that changed, is asked for
// again.
type keyBook struct {
	secret atomic.Pointer[[]byte] // that tags keys
	known  memo[*knownKey]
	// gone are keys of ours that the database has not, and the era in which it
	// was asked. It asks for those again only once it may be another one.
	gone memo[uint64]

	mu   sync.Mutex
	uses map[string]int64 // by key's id, in microseconds: not yet written
}

const (
	maxGone = 10_000
	// maxUses bounds the uses that wait to be written; beyond it they are
	// forgotten until the key is used again.
	maxUses = 20_000
	// Uses are written a few at a time, and one of a key at most once a minute.
	usesEvery = 10 * time.Second
	usesBatch = 200
	useEvery  = time.Minute
)

func (b *keyBook) init() (err error) {
	b.uses = map[string]int64{}
	if b.known, err = newMemo[*knownKey](maxKnown); err != nil {
		return err
	}
	b.gone, err = newMemo[uint64](maxGone)
	return err
}

// knownKey is a key that the database has, good or not.
type knownKey struct {
	id, userID string
	seen       atomic.Pointer[loaded] // whose principal is none where the key is not good
	used       atomic.Int64           // when a use was noted last, in microseconds
}

// VerifyAPIKey checks an API key and returns in whose name it acts, with the
// rights that the key and its owner both have at present. A key that this
// instance has seen before asks the database only after a change to it or its
// owner, and one that we did not make never. Errors: [ErrInvalidToken], alike for
// unknown, expired and revoked keys and those of disabled accounts;
// [ErrUnavailable].
func (a *Authority) VerifyAPIKey(ctx context.Context, key string) (*Principal, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	if len(key) != apiKeySize {
		return nil, ErrInvalidToken
	}
	if err := a.feed.fresh(ctx); err != nil {
		return nil, err
	}
	var buf [apiKeySize]byte
	hash := tokenHash(sha256.Sum256(buf[:copy(buf[:], key)]))
	known, ok := a.keys.known.GetIfPresent(hash)
	if !ok {
		var err error
		if known, err = a.findKey(ctx, hash, key); err != nil {
			return nil, err
		}
	}
	now, err := a.settleKey(ctx, hash, known)
	if err != nil {
		return nil, err
	}
	at := time.Now()
	if p := &now.principal; p.Kind == 0 || !p.SessionExpiresAt.IsZero() && !p.SessionExpiresAt.After(at) {
		return nil, ErrInvalidToken
	}
	a.keys.use(known, at.UnixMicro())
	p := now.principal
	p.rights = now.rights
	return &p, nil
}

// findKey asks the database about a key that this instance does not know.
func (a *Authority) findKey(ctx context.Context, hash tokenHash, key string) (*knownKey, error) {
	if !ourKey(*a.keys.secret.Load(), key) {
		return nil, ErrInvalidToken
	}
	era := a.feed.era.Load()
	if asked, ok := a.keys.gone.GetIfPresent(hash); ok && asked == era {
		return nil, ErrInvalidToken
	}
	known := &knownKey{}
	l, err := a.loadKey(ctx, known, `k.hash = $1`, hashText(key))
	if err != nil {
		return nil, err
	}
	if l == nil { // it was deleted, or is of another database with our secret
		a.keys.gone.Set(hash, era)
		return nil, ErrInvalidToken
	}
	known.seen.Store(l)
	a.keys.known.Set(hash, known)
	return known, nil
}

// settleKey brings what is known of a key up to date.
func (a *Authority) settleKey(ctx context.Context, hash tokenHash, known *knownKey) (*loaded, error) {
	snapshot := a.registry.now.Load()
	seen := known.seen.Load()
	if a.feed.current(seen.era, seen.seq, known.id, known.userID) {
		if seen.rights.snapshot == snapshot {
			return seen, nil
		}
		next := *seen // the roles changed, or permissions were registered
		next.rights = snapshot.rightsOf(seen.rights.holder)
		known.seen.Store(&next)
		return &next, nil
	}
	next, err := a.loadKey(ctx, &knownKey{}, `k.id = $1`, known.id)
	if err != nil {
		return nil, err
	}
	if next == nil {
		a.keys.known.Invalidate(hash)
		return nil, ErrInvalidToken
	}
	known.seen.Store(next)
	return next, nil
}

// loadKey asks the database about a key and fills in what never changes about
// it. It returns nil where there is no such key.
func (a *Authority) loadKey(ctx context.Context, known *knownKey, where string, arg any) (_ *loaded, err error) {
	// The point of the feed is taken before the question: what changes
	// meanwhile is asked again.
	l := &loaded{era: a.feed.era.Load(), seq: a.feed.seq.Load()}
	rows, err := a.db.Query(ctx, `SELECT k.id, k.user_id, k.name, k.permissions, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
		u.email, u.name, u.disabled, r.role FROM auth_api_keys k JOIN auth_users u ON u.id = k.user_id
		LEFT JOIN auth_user_roles r ON r.user_id = u.id WHERE `+where+` ORDER BY r.role`, arg)
	if err != nil {
		return nil, unavailable("read API key", err)
	}
	defer func() {
		if closeErr := rows.Close(); closeErr != nil && err == nil {
			err = unavailable("read API key", closeErr)
		}
	}()
	h := holder{scoped: true}
	var list string
	var created, expires, revoked, used, disabled int64
	p := Principal{Kind: KindAPIKey, Roles: []string{}, ViaHeader: true}
	for rows.Next() {
		var role sql.NullString
		if err := rows.Scan(&known.id, &known.userID, &p.KeyName, &list, &created, &expires, &revoked, &used,
			&p.Email, &p.Name, &disabled, &role); err != nil {
			return nil, unavailable("read API key", err)
		}
		if role.Valid {
			h.roles = append(h.roles, role.String)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable("read API key", err)
	}
	if known.id == "" {
		return nil, nil //nolint:nilnil // no such key is an answer
	}
	if err := json.Unmarshal([]byte(list), &h.scope); err != nil {
		return nil, unavailable("read API key", err)
	}
	p.ID, p.KeyID, p.SessionCreatedAt, p.SessionExpiresAt = known.userID, known.id, fromMicros(created), fromMicros(expires)
	if revoked == 0 && disabled == 0 {
		l.principal = p
	}
	known.used.Store(used)
	l.rights = a.registry.now.Load().rightsOf(h)
	return l, nil
}

// recheckKey is loadSession for a principal that came with an API key.
func (a *Authority) recheckKey(ctx context.Context, p *Principal) (*loaded, error) {
	l, err := a.loadKey(ctx, &knownKey{}, `k.id = $1`, p.KeyID)
	if err != nil {
		return nil, err
	}
	if l == nil || l.principal.Kind == 0 || l.principal.ID != p.ID ||
		!l.principal.SessionExpiresAt.IsZero() && !l.principal.SessionExpiresAt.After(time.Now()) {
		return nil, fmt.Errorf("%w: no such key", ErrInvalidToken)
	}
	return l, nil
}

// use notes that a key was used, to be written soon, if the last time was more
// than a minute ago.
func (b *keyBook) use(k *knownKey, at int64) {
	last := k.used.Load()
	if at-last < useEvery.Microseconds() || !k.used.CompareAndSwap(last, at) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.uses[k.id]; ok || len(b.uses) < maxUses {
		b.uses[k.id] = at
	}
}

// take returns the uses to write.
func (b *keyBook) take() map[string]int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.uses) == 0 {
		return nil
	}
	uses := b.uses
	b.uses = map[string]int64{}
	return uses
}

// noteUses writes when keys were used, until ctx ends, and once more then.
func (a *Authority) noteUses(ctx context.Context) {
	ticker := time.NewTicker(usesEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), pollTimeout)
			defer cancel() //nolint:revive // the loop ends with it
			a.writeUses(last)
			return
		case <-ticker.C:
			a.writeUses(ctx)
		}
	}
}

// writeUses writes the uses noted so far. What cannot be written is lost: the
// key is used again, or it was not important when it was.
func (a *Authority) writeUses(ctx context.Context) {
	uses := a.keys.take()
	for len(uses) > 0 {
		err := a.db.Update(ctx, func(tx *storage.Tx) error {
			n := 0
			for id, at := range uses {
				if _, err := tx.Exec(ctx, `UPDATE auth_api_keys SET last_used_at = $1 WHERE id = $2 AND last_used_at <= $3`,
					at, id, at-useEvery.Microseconds()); err != nil {
					return err
				}
				delete(uses, id)
				if n++; n == usesBatch { // others want to write too
					return nil
				}
			}
			return nil
		})
		if err != nil {
			if ctx.Err() == nil {
				a.config.log.WarnContext(ctx, "auth: cannot write when API keys were used", "error", err)
			}
			return
		}
	}
}
