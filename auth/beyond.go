package auth

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/modular-dashboard/dashboard/storage"
)

// Nobody gives or takes more than they hold: who may manage accounts and roles
// must not make themselves an owner, or lock one out. What the principal of the
// context holds is read inside the transaction that gives or takes, under the
// lock that every change of rights takes. Otherwise who is being demoted could be
// faster.

// Beyond returns a pattern that the patterns or roles would give and p does not
// hold, "" if there is none: for a user interface that says so before anybody
// tries. It compares patterns, not the permissions registered now, so it holds
// for later ones too. Unknown roles give nothing; CreateUser and PutRole refuse
// them, and what is beyond the principal of their context.
func (a *Authority) Beyond(p *Principal, patterns, roles []string) string {
	s := a.registry.now.Load()
	h := holder{}
	switch {
	case p == nil:
	case p.rights == nil:
		h.roles = p.Roles
	default:
		h = p.rights.holder
	}
	return s.beyond(h, patterns, roles)
}

// holder is what somebody's rights come from: roles and, with an API key, the
// patterns of the key, of which both must cover a permission.
type holder struct {
	roles  []string
	scope  []string
	scoped bool
}

// beyond returns the first pattern, of those given and of the roles, that h does
// not hold.
func (s *snapshot) beyond(h holder, patterns, roles []string) string {
	own := s.patterns(h.roles)
	for _, asked := range append(s.patterns(roles), patterns...) {
		if !covered(own, asked) || h.scoped && !covered(h.scope, asked) {
			return asked
		}
	}
	return ""
}

func covered(have []string, asked string) bool {
	return slices.ContainsFunc(have, func(pattern string) bool { return coversPattern(pattern, asked) })
}

// within refuses, with a [BeyondError], patterns and roles that the principal
// of ctx does not hold now. Without a principal the program acts for itself and
// nothing is refused. The caller holds the lock of the feed, and read s under
// it. early is what the principal held where the transaction changed that
// itself, nil elsewhere.
func (a *Authority) within(ctx context.Context, tx *storage.Tx, s *snapshot, early *holder, patterns, roles []string) error {
	p, ok := FromContext(ctx)
	if !ok {
		return nil
	}
	h := early
	if h == nil {
		var err error
		if h, err = a.holder(ctx, tx, p); err != nil {
			return err
		}
	}
	if pattern := s.beyond(*h, patterns, roles); pattern != "" {
		return &BeyondError{Permission: pattern}
	}
	return nil
}

// withinAccount is within for the roles of an account before and after a change.
// Those after must exist.
func (a *Authority) withinAccount(ctx context.Context, tx *storage.Tx, early *holder, before, after []string) error {
	s, err := definitions(ctx, tx)
	if err != nil {
		return err
	}
	if err := s.known(after); err != nil {
		return err
	}
	return a.within(ctx, tx, s, early, nil, append(before, after...))
}

// actor returns what the principal of ctx holds if it is a certain account, nil
// if not.
func (a *Authority) actor(ctx context.Context, tx *storage.Tx, userID string) (*holder, error) {
	p, ok := FromContext(ctx)
	if !ok || p.ID != userID {
		return nil, nil //nolint:nilnil // somebody else is no error
	}
	return a.holder(ctx, tx, p)
}

// definitions are the roles as a transaction sees them, good for patterns only.
func definitions(ctx context.Context, tx *storage.Tx) (*snapshot, error) {
	stored, err := storedRoles(ctx, tx)
	if err != nil {
		return nil, err
	}
	return defining(stored), nil
}

// known refuses roles that do not exist.
func (s *snapshot) known(roles []string) error {
	for _, role := range roles {
		if _, ok := s.defined[role]; !ok {
			return badEntry("roles", "unknown", "role", role, "no role")
		}
	}
	return nil
}

func defining(stored []Role) *snapshot {
	s := &snapshot{defined: map[string]Role{}}
	for _, role := range append(builtIn(), stored...) {
		s.defined[role.Name] = role
	}
	return s
}

// holder reads what a principal holds now. Errors: [ErrInvalidToken] once its
// account is disabled, or its session or key has ended.
func (a *Authority) holder(ctx context.Context, tx *storage.Tx, p *Principal) (*holder, error) {
	users, err := selectUsers(ctx, tx, `WHERE u.id = $1 AND u.disabled = 0`, p.ID)
	if err != nil {
		return nil, err
	}
	alive := len(users) == 1
	h := &holder{}
	switch {
	case !alive:
	case p.SessionID != "":
		n, err := count(ctx, tx, `SELECT count(*) FROM auth_sessions WHERE id = $1 AND user_id = $2 AND revoked_at = 0 AND expires_at > `+a.now,
			p.SessionID, p.ID)
		if err != nil {
			return nil, err
		}
		alive = n == 1
	case p.KeyID != "":
		h.scoped = true
		if h.scope, alive, err = a.keyScope(ctx, tx, p); err != nil {
			return nil, err
		}
	}
	if !alive {
		return nil, fmt.Errorf("%w: its session, key or account has ended", ErrInvalidToken)
	}
	h.roles = users[0].Roles
	return h, nil
}

// keyScope reads the patterns of a principal's API key, and whether it is live.
func (a *Authority) keyScope(ctx context.Context, tx *storage.Tx, p *Principal) (scope []string, alive bool, err error) {
	var list string
	err = tx.QueryRow(ctx, `SELECT permissions FROM auth_api_keys WHERE id = $1 AND user_id = $2 AND revoked_at = 0
		AND (expires_at = 0 OR expires_at > `+a.now+`)`, p.KeyID, p.ID).Scan(&list)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	err = json.Unmarshal([]byte(list), &scope)
	return scope, err == nil, err
}

// serialize takes the lock of the feed without a change to note: whoever does
// sees every change of rights that was committed before, and none is committed
// until tx ends.
func serialize(ctx context.Context, tx *storage.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE auth_feed SET seq = seq WHERE id = 1`)
	return err
}

// refuseKey refuses what a program with an API key must not do.
func refuseKey(ctx context.Context) error {
	if p, ok := FromContext(ctx); ok && p.Kind == KindAPIKey {
		return ErrAPIKey
	}
	return nil
}

// patterns lists what roles and those they inherit from say.
func (s *snapshot) patterns(roles []string) []string {
	var all []string
	seen := map[string]bool{}
	queue := append([]string{}, roles...)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		role := s.defined[name]
		all = append(all, role.Permissions...)
		queue = append(queue, role.Inherits...)
	}
	return all
}

// coversPattern reports whether have matches every name that asked matches.
func coversPattern(have, asked string) bool {
	for {
		h, moreHave, inHave := strings.Cut(have, ".")
		s, moreAsked, inAsked := strings.Cut(asked, ".")
		switch {
		case h == "*" && !inHave:
			return asked != ""
		case s == "*" && !inAsked: // any number of segments, where have ends
			return false
		case h != "*" && h != s:
			return false
		case !inHave || !inAsked:
			return inHave == inAsked
		}
		have, asked = moreHave, moreAsked
	}
}
