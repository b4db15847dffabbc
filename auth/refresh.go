package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/seal"
	"github.com/modular-dashboard/dashboard/storage"
)

// A refresh token is "dsr_", the session's id, "_" and 48 bytes in base64url: a
// secret of 32 and a tag of 16. The tag proves that we made the token for that
// session, so a random one costs no database, and an old one, of which no trace
// is kept, is still known for what it is: used before.
//
// The first secret is random, each next one an HMAC of the one before. Only the
// hashes of the present token and its predecessor are stored, in the session's
// row, which is the family: one row, one lock.

const (
	refreshPrefix = "dsr_"
	secretSize    = 32
	tagSize       = 16
	refreshSize   = len(refreshPrefix) + idSize + 1 + (secretSize+tagSize)*4/3

	// graceMicros is how long a used token answers its successor again.
	graceMicros = 10_000_000
)

// refreshKeys are the MAC keys of refresh tokens, one pair per master key,
// newest first.
type refreshKeys struct{ tag, next [][]byte }

func newRefreshKeys(box *seal.Box) *refreshKeys {
	return &refreshKeys{tag: box.Subkeys("auth/refresh/tag"), next: box.Subkeys("auth/refresh/next")}
}

func mac(key []byte, session string, secret []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(session)) // of one length always
	m.Write(secret)
	return m.Sum(nil)
}

func (k *refreshKeys) text(session string, secret []byte) string {
	tagged := append(append([]byte{}, secret...), mac(k.tag[0], session, secret)[:tagSize]...)
	return refreshPrefix + session + "_" + strict.EncodeToString(tagged)
}

// mint returns the first token of a session.
func (k *refreshKeys) mint(session string) string { return k.text(session, random(secretSize)) }

// parse takes a token apart and checks its tag.
func (k *refreshKeys) parse(token string) (session string, secret []byte, ok bool) {
	if len(token) != refreshSize || !strings.HasPrefix(token, refreshPrefix) || strings.ContainsAny(token, "\r\n") {
		return "", nil, false
	}
	session, text, found := strings.Cut(token[len(refreshPrefix):], "_")
	if !found || !isID(session) {
		return "", nil, false
	}
	tagged, err := strict.DecodeString(text)
	if err != nil || len(tagged) != secretSize+tagSize {
		return "", nil, false
	}
	secret = tagged[:secretSize]
	for _, key := range k.tag {
		if subtle.ConstantTimeCompare(mac(key, session, secret)[:tagSize], tagged[secretSize:]) == 1 {
			return session, secret, true
		}
	}
	return "", nil, false
}

// successors derives the next token by every master key, newest first: an
// instance that rotated its keys earlier may have derived it. The tag is part
// of the text, so all pairs of keys are tried.
func (k *refreshKeys) successors(session string, secret []byte) []string {
	var all []string
	for _, key := range k.next {
		next := mac(key, session, secret)
		for _, tag := range k.tag {
			tagged := append(append([]byte{}, next...), mac(tag, session, next)[:tagSize]...)
			all = append(all, refreshPrefix+session+"_"+strict.EncodeToString(tagged))
		}
	}
	return all
}

// family is a session's row as a refresh found it.
type family struct {
	userID            string
	expires, revoked  int64
	present, previous string
	previousAt, now   int64
}

// Refresh trades a refresh token for a new access token and the next refresh
// token. A token is used once. The same token again within ten seconds, by the
// database's clock, and before its successor was used answers the same
// successor, with another access token; two tabs and a lost answer sign nobody
// out. Used again later it is [ErrReused]: the session is revoked with all its
// tokens and the event audited, in one transaction. Unknown, expired and revoked
// tokens are [ErrInvalidToken], which ErrReused matches as well. Any other error
// matches [ErrUnavailable] and says nothing about the token.
func (a *Authority) Refresh(ctx context.Context, refreshToken string, c Client) (Grant, error) {
	if err := a.ready(); err != nil {
		return Grant{}, err
	}
	keys := a.refresh.Load()
	session, secret, ok := keys.parse(refreshToken)
	if !ok {
		return Grant{}, ErrInvalidToken
	}
	successors := keys.successors(session, secret)
	var grant Grant
	var refusal error // of a transaction that must commit
	err := a.update(ctx, func(tx *storage.Tx) (changes []change, err error) {
		grant, refusal = Grant{}, nil
		fresh, expires, now, err := a.advance(ctx, tx, session, hashText(refreshToken), hashText(successors[0]), c)
		if err != nil {
			return nil, err
		}
		successor := successors[0]
		if !fresh {
			f, err := a.family(ctx, tx, session)
			if err != nil {
				return nil, err
			}
			if successor, err = f.again(hashText(refreshToken), successors); errors.Is(err, ErrReused) {
				refusal = err
				return a.revokeFamily(ctx, tx, session, f.userID, c)
			}
			if err != nil {
				return nil, err
			}
			expires, now = f.expires, f.now
		}
		user, err := a.sessionUser(ctx, tx, session)
		if err != nil {
			return nil, err
		}
		grant, err = a.grant(user, session, successor, now, expires)
		return nil, err
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return Grant{}, wrapDB("refresh", err)
	}
	return grant, nil
}

// advance uses the presented token: one statement, which holds the family's row
// from then on. It reports whether the token was the present one.
func (a *Authority) advance(ctx context.Context, tx *storage.Tx, session, presented, successor string, c Client) (fresh bool, expires, now int64, err error) {
	err = tx.QueryRow(ctx, `UPDATE auth_sessions SET previous_hash = refresh_hash, previous_at = `+a.now+`,
			refresh_hash = $1, last_used_at = `+a.now+`, address = $2, user_agent = $3,
			expires_at = CASE WHEN `+a.now+` + $4 < absolute_at THEN `+a.now+` + $4 ELSE absolute_at END
		WHERE id = $5 AND refresh_hash = $6 AND revoked_at = 0 AND expires_at > `+a.now+`
		RETURNING expires_at, previous_at`,
		successor, clip(c.Address, maxAddress), clip(c.UserAgent, maxUserAgent), a.config.refreshIdle.Microseconds(),
		session, presented).Scan(&expires, &now)
	if errors.Is(err, sql.ErrNoRows) {
		return false, 0, 0, nil
	}
	return err == nil, expires, now, err
}

func (a *Authority) family(ctx context.Context, tx *storage.Tx, session string) (f family, err error) {
	err = tx.QueryRow(ctx, `SELECT user_id, expires_at, revoked_at, refresh_hash, previous_hash, previous_at, `+a.now+`
		FROM auth_sessions WHERE id = $1`+a.db.Dialect().ForUpdate(), session).
		Scan(&f.userID, &f.expires, &f.revoked, &f.present, &f.previous, &f.previousAt, &f.now)
	if errors.Is(err, sql.ErrNoRows) {
		return f, ErrInvalidToken
	}
	return f, err
}

// again judges a token that is one of the family's and not the present one. Its
// successor is unused as long as it is the present one.
func (f family) again(presented string, successors []string) (string, error) {
	if f.revoked != 0 || f.expires <= f.now {
		return "", ErrInvalidToken
	}
	if f.previous != presented || f.now-f.previousAt > graceMicros {
		return "", ErrReused
	}
	for _, s := range successors {
		if hashText(s) == f.present {
			return s, nil
		}
	}
	return "", fmt.Errorf("%w: the successor was derived with a master key that is not here", ErrUnavailable)
}

// revokeFamily ends the session of a reused token.
func (a *Authority) revokeFamily(ctx context.Context, tx *storage.Tx, session, userID string, c Client) ([]change, error) {
	if _, err := tx.Exec(ctx, `UPDATE auth_sessions SET revoked_at = `+a.now+` WHERE id = $1`, session); err != nil {
		return nil, err
	}
	a.config.log.WarnContext(ctx, "auth: refresh token reused, session revoked", "session", session, "account", userID)
	return a.noteSession(ctx, tx, AuditEvent{Action: "session.reuse", Target: session, Address: clip(c.Address, maxAddress)}, userID)
}

// sessionUser returns the enabled account of a session.
func (a *Authority) sessionUser(ctx context.Context, tx *storage.Tx, session string) (User, error) {
	users, err := selectUsers(ctx, tx, `WHERE u.id = (SELECT user_id FROM auth_sessions WHERE id = $1)`, session)
	if err != nil {
		return User{}, err
	}
	if len(users) == 0 || users[0].Disabled {
		return User{}, ErrInvalidToken
	}
	return users[0], nil
}

// Logout ends the session of a refresh token, present or used. A token that is
// not good is no error: its session has ended. Who has a [Principal] instead
// calls [Authority.RevokeSession].
func (a *Authority) Logout(ctx context.Context, refreshToken string) error {
	if err := a.ready(); err != nil {
		return err
	}
	session, _, ok := a.refresh.Load().parse(refreshToken)
	if !ok {
		return nil
	}
	var userID string
	err := a.db.QueryRow(ctx, `SELECT user_id FROM auth_sessions WHERE id = $1 AND revoked_at = 0`, session).Scan(&userID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return unavailable("read session", err)
	}
	err = a.endSession(ctx, userID, session, "session.logout")
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
