package auth

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/storage"
)

const (
	maxKeyPatterns = 200
	maxKeys        = 500                 // live ones of one account
	keysKept       = 90 * 24 * time.Hour // after they were revoked or expired
)

// latestExpiry is the last time that RFC 3339 can say.
var latestExpiry = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

func (k *NewAPIKey) check() error {
	k.Name = norm.NFC.String(strings.TrimSpace(k.Name))
	switch {
	case k.Name == "":
		return wrong("name", "required", "", "is required")
	case utf8.RuneCountInString(k.Name) > maxName:
		return tooLong("name", maxName, "characters")
	case !utf8.ValidString(k.Name) || strings.ContainsFunc(k.Name, unicode.IsControl):
		return wrong("name", "format", "control", "must not have control characters")
	case len(k.Permissions) == 0:
		return wrong("permissions", "required", "items", "must have at least one entry")
	case len(k.Permissions) > maxKeyPatterns:
		return tooLong("permissions", maxKeyPatterns, "items")
	case !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(time.Now()):
		return wrong("expires_at", "past", "", "must be in the future")
	case k.ExpiresAt.After(latestExpiry):
		return wrong("expires_at", "format", "year", "must be before the year 10000")
	}
	for _, pattern := range k.Permissions {
		if !validPattern(pattern) {
			return badEntry("permissions", "format", "pattern", pattern, "no permission or pattern such as billing.*.read")
		}
	}
	k.Permissions = sorted(k.Permissions)
	return nil
}

// CreateAPIKey makes a key for the person that owner is and returns it with its
// text, which is shown this once: only its hash is stored. Its permissions must
// not be beyond those that the owner has now; when the owner has less later, the
// key has less with them. Errors: [*InputError], [*BeyondError], [ErrAPIKey] for
// an owner who came with a key, [ErrInvalidToken] where the owner's session has
// ended, [ErrTooManyAPIKeys].
func (a *Authority) CreateAPIKey(ctx context.Context, owner *Principal, k NewAPIKey) (_ APIKey, secret string, err error) {
	if err := a.ready(); err != nil {
		return APIKey{}, "", err
	}
	if owner == nil {
		return APIKey{}, "", fmt.Errorf("%w: nobody", ErrInvalidToken)
	}
	if err := errors.Join(refuseKey(ctx), refuseKey(NewContext(ctx, owner))); err != nil {
		return APIKey{}, "", err
	}
	if err := k.check(); err != nil {
		return APIKey{}, "", err
	}
	secret = mintKey(*a.keys.secret.Load())
	made := APIKey{ID: newID(), OwnerID: owner.ID, Name: k.Name, Prefix: secret[:shownPrefix], Permissions: k.Permissions,
		ExpiresAt: fromMicros(orNever(k.ExpiresAt))}
	ctx = NewContext(ctx, owner) // whose rights count, and who is audited
	err = a.update(ctx, func(tx *storage.Tx) ([]change, error) { return nil, a.insertKey(ctx, tx, &made, hashText(secret)) })
	if err != nil {
		return APIKey{}, "", wrapDB("create API key", err)
	}
	return made, secret, nil
}

func (a *Authority) insertKey(ctx context.Context, tx *storage.Tx, k *APIKey, hash string) error {
	owner, err := lockUser(ctx, tx, k.OwnerID)
	if err != nil {
		return err
	}
	k.OwnerEmail, k.OwnerName = owner.Email, owner.Name
	if err := serialize(ctx, tx); err != nil {
		return err
	}
	s, err := definitions(ctx, tx)
	if err != nil {
		return err
	}
	if err := a.within(ctx, tx, s, nil, k.Permissions, nil); err != nil {
		return err
	}
	n, err := count(ctx, tx, `SELECT count(*) FROM auth_api_keys WHERE user_id = $1 AND revoked_at = 0 AND (expires_at = 0 OR expires_at > `+a.now+`)`, k.OwnerID)
	if err != nil {
		return err
	}
	if n >= maxKeys {
		return ErrTooManyAPIKeys
	}
	var created int64
	err = tx.QueryRow(ctx, `INSERT INTO auth_api_keys (id, user_id, name, prefix, hash, permissions, created_at, expires_at, last_used_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6, `+a.now+`, $7, 0, 0) RETURNING created_at`,
		k.ID, k.OwnerID, k.Name, k.Prefix, hash, jsonList(k.Permissions), orNever(k.ExpiresAt)).Scan(&created)
	if err != nil {
		return err
	}
	k.CreatedAt = fromMicros(created)
	detail := map[string]string{"name": k.Name, "prefix": k.Prefix, "permissions": strings.Join(k.Permissions, " ")}
	if !k.ExpiresAt.IsZero() {
		detail["expires_at"] = k.ExpiresAt.Format(time.RFC3339)
	}
	return a.auditBy(ctx, tx, AuditEvent{Action: "api-key.create", Target: k.ID, Detail: detail})
}

// RevokeAPIKey ends a key: at once here, within a second on every instance.
// ownerID is whose it must be, "" for anybody's. Where ctx carries a
// [Principal], the key must be their own or have no permissions that they lack.
// Errors: [ErrNotFound], also for a key of another account and one that was
// revoked; [*BeyondError]; [ErrAPIKey] where the principal came with a key.
func (a *Authority) RevokeAPIKey(ctx context.Context, ownerID, id string) error {
	if err := a.ready(); err != nil {
		return err
	}
	if err := refuseKey(ctx); err != nil {
		return err
	}
	if !isID(id) {
		return fmt.Errorf("%w: API key", ErrNotFound)
	}
	err := a.update(ctx, func(tx *storage.Tx) ([]change, error) { return a.endKey(ctx, tx, ownerID, id) })
	return wrapDB("revoke API key", err)
}

func (a *Authority) endKey(ctx context.Context, tx *storage.Tx, ownerID, id string) ([]change, error) {
	var owner, name, list string
	err := tx.QueryRow(ctx, `UPDATE auth_api_keys SET revoked_at = `+a.now+` WHERE id = $1 AND (user_id = $2 OR $3 = 1) AND revoked_at = 0
		RETURNING user_id, name, permissions`, id, ownerID, flag(ownerID == "")).Scan(&owner, &name, &list)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: API key", ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	if err := a.auditBy(ctx, tx, AuditEvent{Action: "api-key.revoke", Target: id, Detail: map[string]string{"account": owner, "name": name}}); err != nil {
		return nil, err
	}
	changes, err := a.note(ctx, tx, change{kind: changeAPIKey, session: id, userID: owner})
	if err != nil {
		return nil, err
	}
	if p, ok := FromContext(ctx); !ok || p.ID == owner {
		return changes, nil
	}
	var patterns []string
	if err := json.Unmarshal([]byte(list), &patterns); err != nil {
		return nil, fmt.Errorf("read API key %s: %w", id, err)
	}
	s, err := definitions(ctx, tx)
	if err != nil {
		return nil, err
	}
	return changes, a.within(ctx, tx, s, nil, patterns, nil)
}

// flag is a condition that is passed as an argument.
func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

// APIKeys lists keys, newest first. Keys that were revoked or expired are there
// for 90 days more. Errors: [*InputError] with the field "cursor".
func (a *Authority) APIKeys(ctx context.Context, q APIKeyQuery) (APIKeyPage, error) {
	if err := a.ready(); err != nil {
		return APIKeyPage{}, err
	}
	list, sort := "api-keys", newestFirst()
	after, err := query.Open(a.cursorKey(), list, q.OwnerID, q.Cursor, sort)
	if err != nil {
		return APIKeyPage{}, &InputError{Field: "cursor", Code: "format", Detail: "is not one of this query"}
	}
	if q.OwnerID != "" && !isID(q.OwnerID) {
		return APIKeyPage{Keys: []APIKey{}}, nil
	}
	limit := pageSize(q.Limit)
	var where []string
	var args []any
	if q.OwnerID != "" {
		where, args = append(where, `k.user_id = $1`), append(args, q.OwnerID)
	}
	if condition, values := sort.After(after, len(args)+1); condition != "" {
		where, args = append(where, condition), append(args, values...)
	}
	rest := ` ORDER BY ` + sort.OrderBy() + ` LIMIT ` + strconv.Itoa(limit+1)
	if len(where) > 0 {
		rest = ` WHERE ` + strings.Join(where, " AND ") + rest
	}
	keys, err := readKeys(ctx, a.db, rest, args...)
	if err != nil {
		return APIKeyPage{}, unavailable("list API keys", err)
	}
	if len(keys) <= limit {
		return APIKeyPage{Keys: keys}, nil
	}
	keys = keys[:limit]
	last := keys[limit-1]
	next, err := query.Seal(a.cursorKey(), list, q.OwnerID, []any{orNever(last.CreatedAt), last.ID})
	if err != nil {
		return APIKeyPage{}, fmt.Errorf("list API keys: %w", err)
	}
	return APIKeyPage{Keys: keys, Next: next}, nil
}

func newestFirst() query.Sort {
	return query.Sort{
		{Field: query.Field{Name: "created_at", Column: "k.created_at", Kind: query.Time}, Desc: true},
		{Field: query.Field{Name: "id", Column: "k.id", Kind: query.Text}, Desc: true},
	}
}

func readKeys(ctx context.Context, q storage.Querier, rest string, args ...any) (keys []APIKey, err error) {
	rows, err := q.Query(ctx, `SELECT k.id, k.user_id, u.email, u.name, k.name, k.prefix, k.permissions, k.created_at, k.expires_at,
		k.last_used_at, k.revoked_at FROM auth_api_keys k JOIN auth_users u ON u.id = k.user_id`+rest, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	keys = []APIKey{}
	for rows.Next() {
		var k APIKey
		var list string
		var created, expires, used, revoked int64
		if err := rows.Scan(&k.ID, &k.OwnerID, &k.OwnerEmail, &k.OwnerName, &k.Name, &k.Prefix, &list,
			&created, &expires, &used, &revoked); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(list), &k.Permissions); err != nil {
			return nil, fmt.Errorf("read API key %s: %w", k.ID, err)
		}
		k.CreatedAt, k.ExpiresAt, k.LastUsedAt, k.RevokedAt = fromMicros(created), fromMicros(expires), fromMicros(used), fromMicros(revoked)
		keys = append(keys, k)
	}
	return slices.Clip(keys), rows.Err()
}
