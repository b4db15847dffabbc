package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/modular-dashboard/dashboard/storage"
)

const (
	maxEmail = 254 // RFC 5321 section 4.5.3.1.3, without the brackets
	maxName  = 100
)

// emailKey returns the address as it is stored and the form it is unique by.
func emailKey(email string) (address, key string, err error) {
	address = norm.NFC.String(strings.TrimSpace(email))
	if address == "" {
		return "", "", wrong("email", "required", "", "is required")
	}
	if len(address) > maxEmail {
		return "", "", tooLong("email", maxEmail, "bytes")
	}
	parsed, parseErr := mail.ParseAddress(address)
	if parseErr != nil || parsed.Address != address || strings.ContainsFunc(address, unicode.IsSpace) || strings.ContainsFunc(address, unicode.IsControl) || !utf8.ValidString(address) {
		return "", "", wrong("email", "format", "email", "must be an e-mail address")
	}
	return address, strings.ToLower(address), nil
}

func checkName(name, address string) (string, error) {
	name = norm.NFC.String(strings.TrimSpace(name))
	switch {
	case name == "":
		return address, nil
	case utf8.RuneCountInString(name) > maxName:
		return "", tooLong("name", maxName, "characters")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", wrong("name", "format", "control", "must not have control characters")
	}
	return name, nil
}

// prepared is a NewUser that was checked and hashed, ready to be written.
type prepared struct {
	user     User
	emailKey string
	password string
}

// prepare checks u and hashes its password, which is slow: before the
// transaction, not inside.
func (a *Authority) prepare(ctx context.Context, u NewUser, needPassword bool) (prepared, error) {
	address, key, err := emailKey(u.Email)
	if err != nil {
		return prepared{}, err
	}
	name, err := checkName(u.Name, address)
	if err != nil {
		return prepared{}, err
	}
	p := prepared{user: User{ID: newID(), Email: address, Name: name, Roles: sorted(u.Roles)}, emailKey: key}
	if u.Password == "" && !needPassword {
		return p, nil
	}
	if err := a.CheckPassword(u.Password, address, name); err != nil {
		return prepared{}, err
	}
	p.password, err = a.hasher.hash(ctx, u.Password)
	return p, err
}

func sorted(list []string) []string {
	list = append([]string{}, list...)
	slices.Sort(list)
	return slices.Compact(list)
}

// insert writes the account. The setup is over for good with it.
func (a *Authority) insert(ctx context.Context, tx *storage.Tx, p *prepared) error {
	if _, err := tx.Exec(ctx, `UPDATE auth_setup SET done_at = `+a.now+`, token_hash = '' WHERE id = 1 AND done_at = 0`); err != nil {
		return err
	}
	var created int64
	err := tx.QueryRow(ctx, `INSERT INTO auth_users (id, email, email_key, name, name_key, password, disabled, created_at, last_login_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, 0, `+a.now+`, 0, 1) ON CONFLICT (email_key) DO NOTHING RETURNING created_at`,
		p.user.ID, p.user.Email, p.emailKey, p.user.Name, strings.ToLower(p.user.Name), p.password).Scan(&created)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrEmailTaken
	}
	if err != nil {
		return err
	}
	p.user.CreatedAt, p.user.Version = fromMicros(created), 1
	return setRoles(ctx, tx, p.user.ID, p.user.Roles)
}

// setRoles writes the roles of an account that has none. Whoever calls it asks
// whether they are known, once nobody else can delete one.
func setRoles(ctx context.Context, tx *storage.Tx, userID string, roles []string) error {
	if len(roles) > maxInherits {
		return tooLong("roles", maxInherits, "items")
	}
	for _, role := range roles {
		if !validSegment(role) { // which not every database takes
			return (&snapshot{}).known([]string{role})
		}
		if _, err := tx.Exec(ctx, `INSERT INTO auth_user_roles (user_id, role) VALUES ($1, $2)`, userID, role); err != nil {
			return err
		}
	}
	return nil
}

// CreateUser makes an account. Where ctx carries a [Principal], it gives no
// rights that they do not hold themselves, and with an API key no password.
// Errors: [*InputError], [ErrEmailTaken], [*BeyondError], [ErrAPIKey].
func (a *Authority) CreateUser(ctx context.Context, u NewUser) (User, error) {
	if err := a.ready(); err != nil {
		return User{}, err
	}
	if u.Password != "" {
		if err := refuseKey(ctx); err != nil {
			return User{}, err
		}
	}
	p, err := a.prepare(ctx, u, false)
	if err != nil {
		return User{}, err
	}
	err = a.update(ctx, func(tx *storage.Tx) ([]change, error) {
		if err := a.insert(ctx, tx, &p); err != nil {
			return nil, err
		}
		if err := serialize(ctx, tx); err != nil {
			return nil, err
		}
		if err := a.withinAccount(ctx, tx, nil, nil, p.user.Roles); err != nil {
			return nil, err
		}
		return nil, a.auditBy(ctx, tx, AuditEvent{Action: "account.create", Target: p.user.ID,
			Detail: map[string]string{"roles": strings.Join(p.user.Roles, " ")}})
	})
	if err != nil {
		return User{}, wrapDB("create account", err)
	}
	a.setUp.Store(true)
	return p.user, nil
}

// User returns an account. Errors: [ErrNotFound].
func (a *Authority) User(ctx context.Context, id string) (User, error) {
	if err := a.ready(); err != nil {
		return User{}, err
	}
	if !isID(id) {
		return User{}, fmt.Errorf("%w: account", ErrNotFound)
	}
	users, err := selectUsers(ctx, a.db, `WHERE u.id = $1`, id)
	return one(users, err)
}

// UserByEmail returns the account with an address. Errors: [ErrNotFound].
func (a *Authority) UserByEmail(ctx context.Context, email string) (User, error) {
	if err := a.ready(); err != nil {
		return User{}, err
	}
	_, key, err := emailKey(email)
	if err != nil {
		return User{}, fmt.Errorf("%w: account", ErrNotFound)
	}
	users, err := selectUsers(ctx, a.db, `WHERE u.email_key = $1`, key)
	return one(users, err)
}

func one(users []User, err error) (User, error) {
	if err != nil {
		return User{}, unavailable("read account", err)
	}
	if len(users) == 0 {
		return User{}, fmt.Errorf("%w: account", ErrNotFound)
	}
	return users[0], nil
}

// Users lists at most limit accounts (1 to 200) after an id, in the order of
// their ids; "" begins.
func (a *Authority) Users(ctx context.Context, afterID string, limit int) ([]User, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	if afterID != "" && !isID(afterID) {
		return []User{}, nil
	}
	users, err := selectUsers(ctx, a.db, `WHERE u.id IN (SELECT id FROM auth_users WHERE id > $1 ORDER BY id LIMIT $2)`,
		afterID, min(max(limit, 1), 200))
	if err != nil {
		return nil, unavailable("list accounts", err)
	}
	return users, nil
}

// selectUsers reads accounts with their roles, in the order of their ids.
func selectUsers(ctx context.Context, q storage.Querier, where string, args ...any) ([]User, error) {
	return readUsers(ctx, q, `auth_users u`, where+` ORDER BY u.id, r.role`, args...)
}

// readUsers reads accounts with their roles. from must call the accounts u;
// rest orders them, and by role last.
func readUsers(ctx context.Context, q storage.Querier, from, rest string, args ...any) (users []User, err error) {
	rows, err := q.Query(ctx, `SELECT u.id, u.email, u.name, u.disabled, u.created_at, u.last_login_at, u.version, r.role FROM `+from+`
		LEFT JOIN auth_user_roles r ON r.user_id = u.id `+rest, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	users = []User{}
	for rows.Next() {
		var u User
		var disabled, created, login int64
		var role sql.NullString
		if err := rows.Scan(&u.ID, &u.Email, &u.Name, &disabled, &created, &login, &u.Version, &role); err != nil {
			return nil, err
		}
		if n := len(users); n == 0 || users[n-1].ID != u.ID {
			u.Disabled, u.CreatedAt, u.LastLoginAt, u.Roles = disabled != 0, fromMicros(created), fromMicros(login), []string{}
			users = append(users, u)
		}
		if last := &users[len(users)-1]; role.Valid {
			last.Roles = append(last.Roles, role.String)
		}
	}
	return users, rows.Err()
}

const enabledOwners = `SELECT count(*) FROM auth_user_roles r JOIN auth_users u ON u.id = r.user_id
	WHERE r.role = $1 AND u.disabled = 0`

// lastOwner refuses to lose the last enabled owner. It runs under the lock of
// the feed, so that two owners cannot remove each other.
func lastOwner(ctx context.Context, tx *storage.Tx, before int64) error {
	if before == 0 {
		return nil
	}
	n, err := count(ctx, tx, enabledOwners, RoleOwner)
	if err == nil && n == 0 {
		return ErrLastOwner
	}
	return err
}

// fromMicros reads a time of the database.
func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
