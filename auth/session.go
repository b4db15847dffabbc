package auth

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/modular-dashboard/dashboard/storage"
)

const (
	// maxSessions bounds the live sessions of one account; one more ends the
	// oldest.
	maxSessions  = 100
	maxUserAgent = 256
	maxAddress   = 64
)

// begin starts a session in tx and returns its tokens. Whoever calls it holds
// the account's row.
func (a *Authority) begin(ctx context.Context, tx *storage.Tx, user User, c Client) (Grant, []change, error) {
	changes, err := a.makeRoom(ctx, tx, user.ID)
	if err != nil {
		return Grant{}, nil, err
	}
	id := newID()
	token := a.refresh.Load().mint(id)
	var now, expires int64
	err = tx.QueryRow(ctx, `INSERT INTO auth_sessions (id, user_id, created_at, last_used_at, expires_at, absolute_at,
			revoked_at, refresh_hash, previous_hash, previous_at, address, user_agent)
		VALUES ($1, $2, `+a.now+`, `+a.now+`, `+a.now+` + $3, `+a.now+` + $4, 0, $5, '', 0, $6, $7)
		RETURNING created_at, expires_at`,
		id, user.ID, a.config.refreshIdle.Microseconds(), a.config.refreshAbsolute.Microseconds(), hashText(token),
		clip(c.Address, maxAddress), clip(c.UserAgent, maxUserAgent)).Scan(&now, &expires)
	if err != nil {
		return Grant{}, nil, err
	}
	grant, err := a.grant(user, id, token, now, expires)
	return grant, changes, err
}

// makeRoom revokes the oldest sessions beyond maxSessions.
func (a *Authority) makeRoom(ctx context.Context, tx *storage.Tx, userID string) ([]change, error) {
	n, err := affected(tx.Exec(ctx, `UPDATE auth_sessions SET revoked_at = `+a.now+` WHERE id IN (SELECT id FROM auth_sessions
		WHERE user_id = $1 AND revoked_at = 0 AND expires_at > `+a.now+` ORDER BY created_at DESC, id LIMIT $2 OFFSET $3)`,
		userID, maxSessions, maxSessions-1))
	if err != nil || n == 0 {
		return nil, err
	}
	return []change{{kind: changeUser, userID: userID}}, nil
}

// grant signs an access token and puts everything together. now is the
// database's clock and expires the session's end, both in microseconds.
func (a *Authority) grant(user User, session, refreshToken string, now, expires int64) (Grant, error) {
	key, ok := a.ring.Load().signer(now)
	if !ok {
		return Grant{}, fmt.Errorf("%w: no signing key", ErrUnavailable)
	}
	issued := now / 1e6
	until := min(now+a.config.accessTTL.Microseconds(), expires) / 1e6
	if until <= issued {
		until = issued + 1
	}
	access, err := signToken(key, jwt.MapClaims{
		"iss": a.config.issuer, "aud": a.config.audience, "client_id": a.config.audience,
		"sub": user.ID, "sid": session, "jti": newID(), "iat": issued, "exp": until,
	})
	if err != nil {
		return Grant{}, fmt.Errorf("%w: sign: %w", ErrUnavailable, err)
	}
	return Grant{
		User: user, SessionID: session,
		AccessToken: access, AccessExpires: time.Unix(until, 0).UTC(),
		RefreshToken: refreshToken, RefreshExpires: fromMicros(expires),
	}, nil
}

func signToken(key signingKey, claims jwt.MapClaims) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["typ"] = tokenType
	token.Header["kid"] = key.id
	return token.SignedString(key.private())
}

// clip cuts s to at most n bytes of valid text.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
}

// Sessions lists the live sessions of an account, newest first.
func (a *Authority) Sessions(ctx context.Context, userID string) (sessions []Session, err error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	rows, err := a.db.Query(ctx, `SELECT id, user_id, created_at, last_used_at, expires_at, address, user_agent FROM auth_sessions
		WHERE user_id = $1 AND revoked_at = 0 AND expires_at > `+a.now+` ORDER BY created_at DESC, id LIMIT $2`, userID, maxSessions)
	if err != nil {
		return nil, unavailable("list sessions", err)
	}
	defer func() {
		if closeErr := rows.Close(); closeErr != nil && err == nil {
			err = unavailable("list sessions", closeErr)
		}
	}()
	sessions = []Session{}
	for rows.Next() {
		var s Session
		var created, used, expires int64
		if err := rows.Scan(&s.ID, &s.UserID, &created, &used, &expires, &s.Address, &s.UserAgent); err != nil {
			return nil, unavailable("list sessions", err)
		}
		s.CreatedAt, s.LastUsedAt, s.ExpiresAt = fromMicros(created), fromMicros(used), fromMicros(expires)
		sessions = append(sessions, s)
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable("list sessions", err)
	}
	return sessions, nil
}

// RevokeSession ends one session of an account: at once here, within a second
// on every instance. Errors: [ErrNotFound], also for a session of another account;
// [ErrAPIKey] where the principal of ctx came with an API key.
func (a *Authority) RevokeSession(ctx context.Context, userID, sessionID string) error {
	if err := refuseKey(ctx); err != nil {
		return err
	}
	return a.endSession(ctx, userID, sessionID, "session.revoke")
}

func (a *Authority) endSession(ctx context.Context, userID, sessionID, action string) error {
	if err := a.ready(); err != nil {
		return err
	}
	if !isID(sessionID) {
		return fmt.Errorf("%w: session", ErrNotFound)
	}
	err := a.update(ctx, func(tx *storage.Tx) ([]change, error) {
		n, err := affected(tx.Exec(ctx, `UPDATE auth_sessions SET revoked_at = `+a.now+`
			WHERE id = $1 AND user_id = $2 AND revoked_at = 0`, sessionID, userID))
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, fmt.Errorf("%w: session", ErrNotFound)
		}
		return a.noteSession(ctx, tx, AuditEvent{Action: action, Target: sessionID}, userID)
	})
	return wrapDB("end session", err)
}

// noteSession audits the end of the session that e targets and tells the feed.
func (a *Authority) noteSession(ctx context.Context, tx *storage.Tx, e AuditEvent, userID string) ([]change, error) {
	if e.Actor == "" && e.Action == "session.logout" {
		e.Actor = userID
	}
	e.Detail = map[string]string{"account": userID}
	if err := a.auditBy(ctx, tx, e); err != nil {
		return nil, err
	}
	return a.note(ctx, tx, change{kind: changeSession, session: e.Target, userID: userID})
}

// RevokeUser ends every session of an account.
func (a *Authority) RevokeUser(ctx context.Context, userID string) error {
	if err := a.ready(); err != nil {
		return err
	}
	err := a.update(ctx, func(tx *storage.Tx) ([]change, error) {
		if err := a.revokeAll(ctx, tx, userID); err != nil {
			return nil, err
		}
		if err := a.auditBy(ctx, tx, AuditEvent{Action: "session.revoke-all", Target: userID}); err != nil {
			return nil, err
		}
		return a.note(ctx, tx, change{kind: changeUser, userID: userID})
	})
	return wrapDB("end sessions", err)
}

func (a *Authority) revokeAll(ctx context.Context, tx *storage.Tx, userID string) error {
	_, err := tx.Exec(ctx, `UPDATE auth_sessions SET revoked_at = `+a.now+` WHERE user_id = $1 AND revoked_at = 0`, userID)
	return err
}
