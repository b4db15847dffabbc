package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/modular-dashboard/dashboard/internal/seal"
	"github.com/modular-dashboard/dashboard/storage"
)

const (
	// announce is how long a new key is published before it signs, so that
	// everybody who caches the key set has it by then.
	announce = 10 * time.Minute
	// retain is how long a key verifies after the next one signs: longer than
	// any access token lives.
	retain = 2 * time.Hour
)

// signingKey is one key of the ring. Its private half is made of the seed when it
// is first used: that takes a millisecond, which a start need not.
type signingKey struct {
	id      string
	private func() ed25519.PrivateKey
	signsAt int64
}

func (k signingKey) public() any { return k.private().Public() }

// keyRing is the keys of one moment, oldest first. It is immutable.
type keyRing struct {
	keys   []signingKey
	verify map[string]verifyKey
	jwks   func() []byte
}

func newKeyRing(keys []signingKey) *keyRing {
	ring := &keyRing{keys: keys, verify: map[string]verifyKey{}}
	for _, key := range keys {
		ring.verify[key.id] = verifyKey{alg: jwt.SigningMethodEdDSA.Alg(), method: jwt.SigningMethodEdDSA, key: key.public}
	}
	ring.jwks = sync.OnceValue(ring.set)
	return ring
}

// set is the ring as a JSON Web Key Set.
func (r *keyRing) set() []byte {
	type jwk struct {
		KeyType string `json:"kty"`
		Curve   string `json:"crv"`
		X       string `json:"x"`
		ID      string `json:"kid"`
		Use     string `json:"use"`
		Alg     string `json:"alg"`
	}
	set := []jwk{}
	for _, key := range r.keys {
		public := key.public().(ed25519.PublicKey)
		set = append(set, jwk{"OKP", "Ed25519", base64.RawURLEncoding.EncodeToString(public), key.id, "sig", "EdDSA"})
	}
	text, _ := json.Marshal(map[string]any{"keys": set}) // strings always marshal
	return text
}

// signer returns the newest key whose time has come.
func (r *keyRing) signer(now int64) (signingKey, bool) {
	for _, key := range slices.Backward(r.keys) {
		if key.signsAt <= now {
			return key, true
		}
	}
	if len(r.keys) > 0 { // a clock that is behind the database's
		return r.keys[0], true
	}
	return signingKey{}, false
}

// JWKS returns the public signing keys as a JSON Web Key Set (RFC 7517), the
// ones that will sign next included. They may be cached for five minutes.
func (a *Authority) JWKS() []byte {
	if ring := a.ring.Load(); ring != nil {
		return append([]byte(nil), ring.jwks()...)
	}
	return []byte(`{"keys":[]}`)
}

func keyContext(id string) string { return "auth/key/" + id }

// readRing loads the keys. One that no master key opens can neither sign nor
// verify: without its private half nothing proves that we made it. The newest
// must open.
func (a *Authority) readRing(ctx context.Context, q storage.Querier) (ring *keyRing, err error) {
	rows, err := q.Query(ctx, `SELECT id, private, signs_at FROM auth_keys ORDER BY signs_at, id`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var keys []signingKey
	var lastErr error
	for rows.Next() {
		var id, sealed string
		var signsAt int64
		if err := rows.Scan(&id, &sealed, &signsAt); err != nil {
			return nil, err
		}
		key, openErr := openKey(a.box.Load(), id, sealed)
		key.signsAt = signsAt
		if lastErr = openErr; openErr != nil {
			a.config.log.WarnContext(ctx, "auth: a signing key does not open", "key", id, "error", openErr)
			continue
		}
		keys = append(keys, key)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if lastErr != nil {
		return nil, fmt.Errorf("auth: the signing key does not open with the master keys given: %w", lastErr)
	}
	return newKeyRing(keys), nil
}

func openKey(box *seal.Box, id, sealed string) (signingKey, error) {
	seed, err := box.Open(keyContext(id), sealed)
	if err != nil {
		return signingKey{}, err
	}
	if len(seed) != ed25519.SeedSize {
		return signingKey{}, errors.New("auth: signing key has the wrong length")
	}
	return signingKey{id: id, private: sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(seed) })}, nil
}

// rotate makes the next signing key if one is due. Once per fleet: the second
// to come sees the first one's key.
func (a *Authority) rotate(ctx context.Context) error {
	due, err := a.rotationDue(ctx, a.db)
	if err != nil || !due {
		return err
	}
	err = a.update(ctx, func(tx *storage.Tx) ([]change, error) {
		changes, err := a.note(ctx, tx, change{kind: changeKeys}) // one at a time
		if err != nil {
			return nil, err
		}
		if due, err := a.rotationDue(ctx, tx); err != nil || !due {
			return nil, errors.Join(err, errNothing)
		}
		delay := announce
		if n, err := count(ctx, tx, `SELECT count(*) FROM auth_keys`); err != nil {
			return nil, err
		} else if n == 0 {
			delay = 0
		}
		return changes, a.addKey(ctx, tx, delay)
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// errNothing rolls back a transaction that has nothing to do.
var errNothing = errors.New("auth: nothing to do")

// signingKeys counts the keys that have signed since the moment that follows.
const signingKeys = `count(*) FROM auth_keys WHERE signs_at > `

func (a *Authority) rotationDue(ctx context.Context, q storage.Querier) (bool, error) {
	n, err := count(ctx, q, `SELECT `+signingKeys+a.now+` - $1`, a.config.keyPeriod.Microseconds())
	return n == 0, err
}

func (a *Authority) addKey(ctx context.Context, tx *storage.Tx, delay time.Duration) error {
	id := newID()
	sealed, err := a.box.Load().Seal(keyContext(id), random(ed25519.SeedSize))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO auth_keys (id, private, created_at, signs_at)
		VALUES ($1, $2, `+a.now+`, `+a.now+` + $3)`, id, sealed, delay.Microseconds()); err != nil {
		return err
	}
	return a.auditBy(ctx, tx, AuditEvent{Action: "key.rotate", Target: id})
}

// dropKeys deletes keys whose successor has signed for longer than retain.
func (a *Authority) dropKeys(ctx context.Context) error {
	outdated := ` FROM auth_keys WHERE signs_at < (SELECT max(signs_at) FROM auth_keys WHERE signs_at < ` + a.now + ` - $1)`
	if n, err := count(ctx, a.db, `SELECT count(*)`+outdated, retain.Microseconds()); err != nil || n == 0 {
		return err
	}
	return a.update(ctx, func(tx *storage.Tx) ([]change, error) {
		if _, err := tx.Exec(ctx, `DELETE`+outdated, retain.Microseconds()); err != nil {
			return nil, err
		}
		return a.note(ctx, tx, change{kind: changeKeys})
	})
}

// RotateKeys makes a new signing key now. With discardOld it signs at once and
// all others are deleted: for when one may be known to somebody else. Every
// access token ends then, and clients refresh. Without, it is announced first
// and the old keys verify what they signed.
func (a *Authority) RotateKeys(ctx context.Context, discardOld bool) error {
	if err := a.ready(); err != nil {
		return err
	}
	err := a.update(ctx, func(tx *storage.Tx) ([]change, error) {
		changes, err := a.note(ctx, tx, change{kind: changeKeys})
		if err != nil {
			return nil, err
		}
		delay := announce
		if discardOld {
			delay = 0
			if _, err := tx.Exec(ctx, `DELETE FROM auth_keys`); err != nil {
				return nil, err
			}
		}
		return changes, a.addKey(ctx, tx, delay)
	})
	return wrapDB("rotate keys", err)
}
