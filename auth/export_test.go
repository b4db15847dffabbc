package auth

import (
	"context"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/maypok86/otter/v2"

	"github.com/modular-dashboard/dashboard/storage"
)

// What the black-box tests cannot reach otherwise.

// VerifyJWS checks a compact JWS against one key, as access tokens are.
func VerifyJWS(token, kid, alg string, key any, typ string) ([]byte, error) {
	method := jwt.GetSigningMethod(alg)
	return verifyJWS(token, map[string]verifyKey{kid: {alg: alg, method: method, key: func() any { return key }}}, typ)
}

// ParsePHC parses a stored password hash and writes it again.
func ParsePHC(s string) (string, error) {
	p, err := parsePHC(s)
	return p.String(), err
}

var (
	MatchPattern    = matchPattern
	CoversPattern   = coversPattern
	ValidPattern    = validPattern
	ValidPermission = validPermission
)

// ParseRefresh reports whether a token's form and tag are right.
func (a *Authority) ParseRefresh(token string) (session string, ok bool) {
	session, _, ok = a.refresh.Load().parse(token)
	return session, ok
}

// HoldHashes takes every place to hash a password until release is called.
func (a *Authority) HoldHashes() (release func()) {
	n := cap(a.hasher.slots)
	for range n {
		a.hasher.slots <- struct{}{}
	}
	return func() {
		for range n {
			<-a.hasher.slots
		}
	}
}

// HashWaiters returns how many wait for a place.
func (a *Authority) HashWaiters() int { return int(a.hasher.waiting.Load()) }

// MaxHashWaiters is how many logins wait for a place.
const MaxHashWaiters = maxHashWaiters

// RecentChanges returns how many changes the authority keeps in memory, and
// the most that it ever does.
func (a *Authority) RecentChanges() (n, limit int) {
	r := &a.feed.recent
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.last), len(r.ring)
}

// KnownTokens returns how many verified tokens are remembered.
func (a *Authority) KnownTokens() int {
	sized(a.known).CleanUp()
	return sized(a.known).EstimatedSize()
}

// SetMaxKnown changes how many verified tokens are remembered.
func (a *Authority) SetMaxKnown(n uint64) { sized(a.known).SetMaximum(n) }

// NewMemoryLimiter returns the default limiter.
func NewMemoryLimiter() Limiter { return newMemoryLimiter() }

// LimiterSize returns how many buckets a default limiter holds, and the most.
func LimiterSize(l Limiter) (n, limit int) {
	m := l.(*memoryLimiter)
	for i := range m.shards {
		m.shards[i].mu.Lock()
		n += len(m.shards[i].buckets)
		m.shards[i].mu.Unlock()
	}
	return n, limiterShards * limiterEntries
}

// Housekeep runs one round of it.
func (a *Authority) Housekeep(ctx context.Context) error {
	for _, step := range []func(context.Context) error{a.rotate, a.dropKeys, a.cleanUp} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// AddressKey is the throttling key of a client address.
var AddressKey = addressKey

// MintForTest makes the first token of any session.
func (a *Authority) MintForTest(session string) string { return a.refresh.Load().mint(session) }

// OurKey reports whether a key carries the tag of a secret.
var OurKey = ourKey

// ForgeAPIKey makes what looks like a key, as anybody can, of 22 digits.
func ForgeAPIKey(random string) string {
	body := apiKeyPrefix + random + "0000000000"
	return body + "_" + string(checksum(body))
}

// KnownKeys returns how many API keys are remembered, and how many are known to
// be gone.
func (a *Authority) KnownKeys() (known, gone int) {
	sized(a.keys.known).CleanUp()
	sized(a.keys.gone).CleanUp()
	return sized(a.keys.known).EstimatedSize(), sized(a.keys.gone).EstimatedSize()
}

// PageSQL returns the statement that reads a page of accounts, the first or one
// after it.
func (a *Authority) PageSQL(t *testing.T, q UserQuery, after bool) (string, []any) {
	t.Helper()
	plan, err := a.planUsers(q)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.planSearch(t.Context(), &plan); err != nil {
		t.Fatal(err)
	}
	if after {
		plan.and(plan.sort.After(plan.sort.Values(User{ID: "x", Email: "m@example.org"}.value), plan.next()))
	}
	from, _ := plan.sql(50)
	return `SELECT * FROM ` + from, plan.args //nolint:unqueryvet // the copy has the columns that are there
}

// WriteUses writes when keys were used.
func (a *Authority) WriteUses(ctx context.Context) { a.writeUses(ctx) }

// MigrateTo applies the first n migrations.
func MigrateTo(ctx context.Context, db *storage.DB, n int) error {
	return db.Migrate(ctx, scope, migrations()[:n])
}

// PendingUses returns how many uses of API keys wait to be written.
func (a *Authority) PendingUses() int {
	a.keys.mu.Lock()
	defer a.keys.mu.Unlock()
	return len(a.keys.uses)
}

// sized is the cache of a memo, for looking at its size.
func sized[V any](m memo[V]) *otter.Cache[tokenHash, V] {
	return m.(*otter.Cache[tokenHash, V])
}
