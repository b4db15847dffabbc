package auth

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/modular-dashboard/dashboard/internal/query"
)

// A UserQuery asks for some accounts. The zero value is the first of all, by
// address.
type UserQuery struct {
	// Filter is a condition in the AIP-160 subset of the dashboard's lists, such
	// as "disabled = false AND roles:editor": over id, email, name, disabled,
	// created_at, last_login_at and roles (":" alone). Text is compared without
	// regard to case. Who never signed in did so before everybody else.
	Filter string
	// Sort is a list of fields such as "-created_at,name": of email, name,
	// created_at, last_login_at and id. Default "email".
	Sort string
	// Search finds the accounts whose address or name begins with it, without
	// regard to case: up to 100 characters.
	Search string
	// Cursor continues after the page that returned it, with the same Filter,
	// Sort and Search.
	Cursor string
	// Limit is the size of a page: 1 to 500. Default 50.
	Limit int
}

// A UserPage is one page of accounts.
type UserPage struct {
	Users []User
	// Next is the cursor of the next page, "" at the end.
	Next string
}

const (
	defaultLimit = 50
	maxLimit     = 500
	maxSearch    = 100
)

// userFields are what accounts are filtered and sorted by. Each order has an
// index; see searchIndexes.
func userFields() []query.Field {
	return []query.Field{
		{Name: "id", Column: "u.id", Kind: query.Text, Filter: true, Sort: true},
		{Name: "email", Column: "u.email_key", Kind: query.Text, Filter: true, Sort: true, Lowered: true},
		{Name: "name", Column: "u.name_key", Kind: query.Text, Filter: true, Sort: true, Lowered: true},
		{Name: "disabled", Column: "u.is_disabled", Kind: query.Boolean, Filter: true},
		{Name: "created_at", Column: "u.created_at", Kind: query.Time, Filter: true, Sort: true},
		{Name: "last_login_at", Column: "u.last_login_at", Kind: query.Time, Filter: true, Sort: true},
		{Name: "roles", Kind: query.Set, Filter: true,
			Has: "EXISTS (SELECT 1 FROM auth_user_roles h WHERE h.user_id = u.id AND h.role = ?)"},
	}
}

// value returns a field as accounts are sorted by it.
func (u User) value(field string) any {
	switch field {
	case "id":
		return u.ID
	case "email":
		return u.Email
	case "name":
		return u.Name
	case "created_at":
		return orNever(u.CreatedAt)
	case "last_login_at":
		return orNever(u.LastLoginAt)
	}
	return nil
}

// orNever is a time as the database has it, where zero is never.
func orNever(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// SearchUsers returns one page of accounts. Errors: [*InputError] with the field
// "filter", "sort", "search" or "cursor".
func (a *Authority) SearchUsers(ctx context.Context, q UserQuery) (UserPage, error) {
	if err := a.ready(); err != nil {
		return UserPage{}, err
	}
	plan, err := a.planUsers(q)
	if err != nil {
		return UserPage{}, err
	}
	if err := a.planSearch(ctx, &plan); err != nil {
		return UserPage{}, unavailable("search accounts", err)
	}
	// One more tells whether there is a next page.
	limit := pageSize(q.Limit)
	inner, outer := plan.sql(limit + 1)
	users, err := readUsers(ctx, a.db, inner, outer, plan.args...)
	if err != nil {
		return UserPage{}, unavailable("search accounts", err)
	}
	if len(users) <= limit {
		return UserPage{Users: users}, nil
	}
	users = users[:limit]
	next, err := query.Seal(a.cursorKey(), "users", plan.canonical, plan.sort.Values(users[limit-1].value))
	if err != nil {
		return UserPage{}, fmt.Errorf("search accounts: %w", err)
	}
	return UserPage{Users: users, Next: next}, nil
}

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return min(limit, maxLimit)
}

// cursorKey is the key of this package's cursors. It comes of the master keys,
// so that every instance has it.
func (a *Authority) cursorKey() []byte { return a.box.Load().Subkey("auth/cursor") }

// userPlan is a query that was read.
type userPlan struct {
	where     []string
	args      []any
	sort      query.Sort
	search    string
	canonical string
}

func (a *Authority) planUsers(q UserQuery) (userPlan, error) {
	filter, err := a.users.Filter(q.Filter)
	if err != nil {
		return userPlan{}, queryError(err)
	}
	if q.Sort == "" {
		q.Sort = "email"
	}
	sort, err := a.users.Sort(q.Sort)
	if err != nil {
		return userPlan{}, queryError(err)
	}
	key, _ := a.users.Field("id")
	p := userPlan{sort: sort.With(key)}
	if p.search, err = searchText(q.Search); err != nil {
		return userPlan{}, err
	}
	p.canonical = query.Canonical(filter, p.sort, p.search)
	after, err := query.Open(a.cursorKey(), "users", p.canonical, q.Cursor, p.sort)
	if err != nil {
		return userPlan{}, &InputError{Field: "cursor", Code: "format", Detail: "is not one of this query"}
	}
	p.and(filter.SQL(query.Dialect(a.db.Dialect()), p.next()))
	p.and(p.sort.After(after, p.next()))
	return p, nil
}

func (p *userPlan) next() int { return len(p.args) + 1 }

func (p *userPlan) and(sql string, args []any) {
	if sql != "" {
		p.where, p.args = append(p.where, "("+sql+")"), append(p.args, args...)
	}
}

// sql returns what is read: a page of accounts, and the order in which they and
// their roles come.
func (p *userPlan) sql(limit int) (from, rest string) {
	from = `(SELECT u.id, u.email, u.email_key, u.name, u.name_key, u.disabled, u.created_at, u.last_login_at, u.version FROM auth_users u`
	if len(p.where) > 0 {
		from += ` WHERE ` + strings.Join(p.where, " AND ")
	}
	order := ` ORDER BY ` + p.sort.OrderBy()
	return from + order + ` LIMIT ` + strconv.Itoa(limit) + `) u`, order + `, r.role`
}

// searchText is a search as it is compared.
func searchText(text string) (string, error) {
	text = norm.NFC.String(strings.TrimLeft(text, " "))
	if utf8.RuneCountInString(text) > maxSearch {
		return "", tooLong("search", maxSearch, "characters")
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", &InputError{Field: "search", Code: "format", Detail: "must be text"}
	}
	return strings.ToLower(text), nil
}

// manyFound is how many matches of a search are better met on the way through
// the order than looked up and put in order themselves.
const manyFound = 20_000

// planSearch adds the search to the plan: the matches by a range of each index,
// which is all that is read, or, where there are many, a condition on the rows
// that come in their order anyway.
func (a *Authority) planSearch(ctx context.Context, p *userPlan) error {
	if p.search == "" {
		return nil
	}
	limits := []any{p.search, p.search + "\U0010FFFF"}
	n, err := count(ctx, a.db, `SELECT (SELECT count(*) FROM (SELECT 1 FROM auth_users WHERE email_key >= $1 AND email_key < $2 LIMIT $3) e)
		+ (SELECT count(*) FROM (SELECT 1 FROM auth_users WHERE name_key >= $1 AND name_key < $2 LIMIT $3) n)`, append(limits, manyFound)...)
	if err != nil {
		return err
	}
	from, until := "$"+strconv.Itoa(p.next()), "$"+strconv.Itoa(p.next()+1)
	within := func(column string) string { return column + " >= " + from + " AND " + column + " < " + until }
	if n >= manyFound { // || keeps the indexes out of it
		p.and(within("u.email_key || ''")+" OR "+within("u.name_key || ''"), limits)
		return nil
	}
	p.and("u.id IN (SELECT id FROM auth_users WHERE "+within("email_key")+" UNION SELECT id FROM auth_users WHERE "+within("name_key")+")", limits)
	return nil
}

// queryError says what is wrong with a filter or an order as this package does.
func queryError(err error) error {
	if e, ok := errors.AsType[*query.Error](err); ok {
		return &InputError{Field: e.Parameter, Code: "format", Detail: e.Detail}
	}
	return err
}
