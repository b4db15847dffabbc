package auth

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// tokenHash is what a verified token is remembered by, so that the token itself
// is nowhere in memory for long.
type tokenHash [sha256.Size]byte

// hashToken copies the token, of at most maxToken bytes, to the stack: a
// conversion would allocate.
func hashToken(token string) tokenHash {
	var buf [maxToken]byte
	return sha256.Sum256(buf[:copy(buf[:], token)])
}

// knownToken is a verified token and what the database said about its session.
type knownToken struct {
	ring   *keyRing // that it was verified with
	claims claims
	seen   atomic.Pointer[loaded]
}

// loaded is an answer of the database and the point of the feed before it.
type loaded struct {
	era, seq  uint64
	principal Principal // without rights
	rights    *rights
}

// Verify checks an access token and returns whose it is, with their present
// rights. A token that this instance has seen before asks the database only
// after a change to its session or account. Errors: [ErrInvalidToken],
// [ErrUnavailable].
func (a *Authority) Verify(ctx context.Context, accessToken string) (*Principal, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	if len(accessToken) > maxToken {
		return nil, ErrInvalidToken
	}
	if err := a.feed.fresh(ctx); err != nil {
		return nil, err
	}
	hash := hashToken(accessToken)
	known, ok := a.known.GetIfPresent(hash)
	if !ok || known.ring != a.ring.Load() { // a key of another ring may be gone
		var err error
		if known, err = a.judge(ctx, accessToken); err != nil {
			a.known.Invalidate(hash)
			return nil, err
		}
		ok = false
	} else if known.claims.Expires <= time.Now().Add(-leeway).Unix() {
		a.known.Invalidate(hash)
		return nil, ErrInvalidToken
	}
	now, err := a.settle(ctx, known)
	if err != nil {
		if ok && errors.Is(err, ErrInvalidToken) {
			a.known.Invalidate(hash)
		}
		return nil, err
	}
	if !ok {
		a.known.Set(hash, known)
	}
	p := now.principal
	p.rights = now.rights
	return &p, nil
}

// judge checks everything about a token that the token itself can tell. One with
// an unknown key may come from an instance that has just discarded the old ones:
// the changes are read before it is refused, unless they were a moment ago.
func (a *Authority) judge(ctx context.Context, accessToken string) (*knownToken, error) {
	ring := a.ring.Load()
	payload, err := verifyJWS(accessToken, ring.verify, tokenType)
	if errors.Is(err, errKey) {
		if err := a.feed.renew(ctx); err != nil {
			return nil, err
		}
		ring = a.ring.Load()
		payload, err = verifyJWS(accessToken, ring.verify, tokenType)
	}
	if err != nil {
		return nil, ErrInvalidToken
	}
	c, err := judgeClaims(payload, a.config.issuer, a.config.audience, time.Now())
	if err != nil {
		return nil, ErrInvalidToken
	}
	return &knownToken{ring: ring, claims: c}, nil
}

// settle brings what is known of a token up to date.
func (a *Authority) settle(ctx context.Context, known *knownToken) (*loaded, error) {
	snapshot := a.registry.now.Load()
	seen := known.seen.Load()
	if seen != nil && a.feed.current(seen.era, seen.seq, known.claims.Session, known.claims.Subject) {
		if seen.rights.snapshot == snapshot {
			return seen, nil
		}
		next := *seen // the roles changed, or permissions were registered
		next.rights = snapshot.rightsOf(next.rights.holder)
		known.seen.Store(&next)
		return &next, nil
	}
	next, err := a.loadSession(ctx, known.claims.Session, known.claims.Subject)
	if err != nil {
		return nil, err
	}
	known.seen.Store(next)
	return next, nil
}

// loadSession asks the database about a live session of an enabled account.
func (a *Authority) loadSession(ctx context.Context, session, userID string) (_ *loaded, err error) {
	// The point of the feed is taken before the question: what changes
	// meanwhile is asked again.
	l := &loaded{era: a.feed.era.Load(), seq: a.feed.seq.Load()}
	rows, err := a.db.Query(ctx, `SELECT s.created_at, s.expires_at, u.email, u.name, r.role FROM auth_sessions s
		JOIN auth_users u ON u.id = s.user_id LEFT JOIN auth_user_roles r ON r.user_id = u.id
		WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at = 0 AND s.expires_at > `+a.now+` AND u.disabled = 0
		ORDER BY r.role`, session, userID)
	if err != nil {
		return nil, unavailable("read session", err)
	}
	defer func() {
		if closeErr := rows.Close(); closeErr != nil && err == nil {
			err = unavailable("read session", closeErr)
		}
	}()
	p := Principal{Roles: []string{}}
	for rows.Next() {
		var created, expires int64
		var role sql.NullString
		if err := rows.Scan(&created, &expires, &p.Email, &p.Name, &role); err != nil {
			return nil, unavailable("read session", err)
		}
		p.Kind, p.ID, p.SessionID = KindUser, userID, session
		p.SessionCreatedAt, p.SessionExpiresAt = fromMicros(created), fromMicros(expires)
		if role.Valid {
			p.Roles = append(p.Roles, role.String)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable("read session", err)
	}
	if p.Kind == 0 {
		return nil, fmt.Errorf("%w: no such session", ErrInvalidToken)
	}
	l.principal = p
	l.rights = a.registry.now.Load().rightsOf(holder{roles: p.Roles})
	return l, nil
}

// Recheck returns p with its present rights, or [ErrInvalidToken] once its
// session or API key has ended: for what outlives a request, such as an event
// stream. It asks the database.
func (a *Authority) Recheck(ctx context.Context, p *Principal) (*Principal, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	var l *loaded
	var err error
	switch {
	case p == nil || p.SessionID == "" && p.KeyID == "":
		return nil, ErrInvalidToken
	case p.KeyID != "":
		l, err = a.recheckKey(ctx, p)
	default:
		l, err = a.loadSession(ctx, p.SessionID, p.ID)
	}
	if err != nil {
		return nil, err
	}
	next := l.principal
	next.ViaHeader, next.rights = p.ViaHeader, l.rights
	return &next, nil
}
