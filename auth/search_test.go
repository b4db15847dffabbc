package auth_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage"
)

func emails(users []auth.User) (list []string) {
	for _, u := range users {
		name, _, _ := strings.Cut(u.Email, "@")
		list = append(list, name)
	}
	return list
}

func TestSearchUsers(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	if err := a.PutRole(t.Context(), auth.Role{Name: "editor", Permissions: []string{"m.*"}}); err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, c := range []struct {
		email, name string
		roles       []string
		disabled    bool
		login       time.Time
	}{
		{"Dora@example.org", "Özgür Demir", []string{auth.RoleOwner, "editor"}, false, day.Add(3 * time.Hour)},
		{"bob@example.org", "anna", []string{"editor"}, true, time.Time{}},
		{"carl@example.com", "Berta 100%", nil, false, day},
		{"anna@example.org", "Zoë_X", []string{auth.RoleViewer}, false, time.Time{}},
		{"ünal@example.org", "Berta", []string{"editor"}, false, day.Add(time.Hour)},
	} {
		u, err := a.CreateUser(t.Context(), auth.NewUser{Email: c.email, Name: c.name, Roles: c.roles})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.UpdateUser(t.Context(), u.ID, auth.UserChange{Disabled: &c.disabled}); err != nil {
			t.Fatal(err)
		}
		login := int64(0)
		if !c.login.IsZero() {
			login = c.login.UnixMicro()
		}
		exec(t, db, `UPDATE auth_users SET created_at = $1, last_login_at = $2 WHERE id = $3`, day.Add(time.Duration(i)*time.Hour).UnixMicro(), login, u.ID)
	}
	for _, c := range []struct {
		q    auth.UserQuery
		want []string
	}{
		{auth.UserQuery{}, []string{"anna", "bob", "carl", "Dora", "ünal"}},
		{auth.UserQuery{Sort: "-email"}, []string{"ünal", "Dora", "carl", "bob", "anna"}},
		{auth.UserQuery{Sort: "name"}, []string{"bob", "ünal", "carl", "anna", "Dora"}},
		{auth.UserQuery{Sort: "-created_at"}, []string{"ünal", "anna", "carl", "bob", "Dora"}},
		{auth.UserQuery{Sort: "last_login_at,email"}, []string{"anna", "bob", "carl", "ünal", "Dora"}},
		{auth.UserQuery{Sort: "-last_login_at,email"}, []string{"Dora", "ünal", "carl", "anna", "bob"}},
		{auth.UserQuery{Search: "AN"}, []string{"anna", "bob"}},
		{auth.UserQuery{Search: "ö"}, []string{"Dora"}},
		{auth.UserQuery{Search: "Ö"}, []string{"Dora"}},
		{auth.UserQuery{Search: "O\u0308zg"}, []string{"Dora"}},
		{auth.UserQuery{Search: "berta", Sort: "-created_at"}, []string{"ünal", "carl"}},
		{auth.UserQuery{Search: "berta 100%"}, []string{"carl"}},
		{auth.UserQuery{Search: "%"}, nil},
		{auth.UserQuery{Search: "zoë_"}, []string{"anna"}},
		{auth.UserQuery{Search: "org"}, nil},
		{auth.UserQuery{Filter: "disabled = true"}, []string{"bob"}},
		{auth.UserQuery{Filter: "disabled = false AND roles:editor"}, []string{"Dora", "ünal"}},
		{auth.UserQuery{Filter: "NOT roles:editor"}, []string{"anna", "carl"}},
		{auth.UserQuery{Filter: `email = "DORA@example.org"`}, []string{"Dora"}},
		{auth.UserQuery{Filter: `name = "ÖZGÜR DEMIR"`}, []string{"Dora"}},
		{auth.UserQuery{Filter: `email:"ÜN*"`}, []string{"ünal"}},
		{auth.UserQuery{Filter: "created_at >= 2026-01-01T03:00:00Z"}, []string{"anna", "ünal"}},
		{auth.UserQuery{Filter: "last_login_at < 2026-01-01T00:30:00Z"}, []string{"anna", "bob", "carl"}},
		{auth.UserQuery{Filter: "disabled = false", Search: "b", Sort: "-email"}, []string{"ünal", "carl"}},
	} {
		for limit := 1; limit <= 6; limit++ {
			var got []string
			q := c.q
			q.Limit = limit
			for {
				page, err := a.SearchUsers(t.Context(), q)
				if err != nil || len(page.Users) > limit {
					t.Fatalf("%+v: got %d, %v", q, len(page.Users), err)
				}
				got = append(got, emails(page.Users)...)
				if q.Cursor = page.Next; q.Cursor == "" {
					break
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%+v: got %v, want %v", c.q, got, c.want)
			}
		}
	}
	page, err := a.SearchUsers(t.Context(), auth.UserQuery{Search: "dora"})
	if err != nil || len(page.Users) != 1 {
		t.Fatal(err)
	}
	u := page.Users[0]
	if !slices.Equal(u.Roles, []string{"editor", auth.RoleOwner}) || u.Version != 2 || !u.LastLoginAt.Equal(day.Add(3*time.Hour)) || !u.CreatedAt.Equal(day) {
		t.Errorf("got %+v", u)
	}
}

func TestSearchUsersRefuses(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	for i := range 3 {
		user(t, a, fmt.Sprintf("u%d@example.org", i))
	}
	page, err := a.SearchUsers(t.Context(), auth.UserQuery{Limit: 1})
	if err != nil || page.Next == "" {
		t.Fatalf("got %+v, %v", page, err)
	}
	for _, c := range []struct {
		q     auth.UserQuery
		field string
	}{
		{auth.UserQuery{Filter: "password = x"}, "filter"},
		{auth.UserQuery{Filter: "email ="}, "filter"},
		{auth.UserQuery{Filter: "roles = editor"}, "filter"},
		{auth.UserQuery{Filter: "created_at > yesterday"}, "filter"},
		{auth.UserQuery{Sort: "password"}, "sort"},
		{auth.UserQuery{Sort: "roles"}, "sort"},
		{auth.UserQuery{Sort: "email,email"}, "sort"},
		{auth.UserQuery{Search: strings.Repeat("é", 101)}, "search"},
		{auth.UserQuery{Search: "a\x00b"}, "search"},
		{auth.UserQuery{Search: "\xff"}, "search"},
		{auth.UserQuery{Cursor: "x"}, "cursor"},
		{auth.UserQuery{Cursor: page.Next, Sort: "-email"}, "cursor"},
		{auth.UserQuery{Cursor: page.Next, Filter: "disabled = false"}, "cursor"},
		{auth.UserQuery{Cursor: page.Next, Search: "u"}, "cursor"},
		{auth.UserQuery{Cursor: page.Next[:len(page.Next)-1]}, "cursor"},
	} {
		_, err := a.SearchUsers(t.Context(), c.q)
		if input, ok := errors.AsType[*auth.InputError](err); !ok || input.Field != c.field {
			t.Errorf("%+v: got %v, want it to be about %s", c.q, err, c.field)
		}
	}
	if page, err := a.SearchUsers(t.Context(), auth.UserQuery{Cursor: page.Next, Sort: "email"}); err != nil || len(page.Users) != 2 {
		t.Errorf("the default order by its name: got %+v, %v", page, err)
	}
}

// Every order that is declared is served by an index: nothing is sorted but the
// page itself.
func TestSearchUsersByIndex(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	user(t, a, "a@example.org")
	for _, sort := range []string{"email", "name", "created_at", "last_login_at", "-email", "-name", "-created_at", "-last_login_at"} {
		for _, after := range []bool{false, true} {
			plan := queryPlan(t, db, a, auth.UserQuery{Sort: sort}, after)
			if !strings.Contains(plan, "INDEX") || strings.Contains(strings.ReplaceAll(plan, "RIGHT PART OF ORDER BY", ""), "SCAN u\n") {
				t.Errorf("%s: %s", sort, plan)
			}
		}
	}
	if plan := queryPlan(t, db, a, auth.UserQuery{Search: "a"}, false); strings.Count(plan, "email_key>? AND email_key<?")+strings.Count(plan, "name_key>? AND name_key<?") != 2 {
		t.Errorf("search: %s", plan)
	}
}

func queryPlan(t *testing.T, db *storage.DB, a *auth.Authority, q auth.UserQuery, after bool) string {
	t.Helper()
	sql, args := a.PageSQL(t, q, after)
	rows, err := db.Query(t.Context(), `EXPLAIN QUERY PLAN `+sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

func TestUserVersion(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	u := user(t, a, "a@example.org", auth.RoleViewer)
	if u.Version != 1 || u.CreatedAt.IsZero() || !u.LastLoginAt.IsZero() {
		t.Errorf("got %+v", u)
	}
	login(t, a, "a@example.org")
	got, err := a.User(t.Context(), u.ID)
	if err != nil || got.Version != 1 || got.LastLoginAt.IsZero() {
		t.Errorf("signed in: got %+v, %v", got, err)
	}
	name := "Ada"
	if got, err = a.UpdateUser(t.Context(), u.ID, auth.UserChange{Name: &name}); err != nil || got.Version != 2 || got.Name != name || !slices.Equal(got.Roles, u.Roles) {
		t.Errorf("renamed: got %+v, %v", got, err)
	}
	if got, err = a.UpdateUser(t.Context(), u.ID, auth.UserChange{}); err != nil || got.Version != 2 {
		t.Errorf("nothing: got %+v, %v", got, err)
	}
	stale := errors.New("stale")
	_, err = a.EditUser(t.Context(), u.ID, func(u auth.User) (auth.UserChange, error) {
		if u.Version != 1 {
			return auth.UserChange{}, stale
		}
		return auth.UserChange{Name: new("Eve")}, nil
	})
	if err != stale { //nolint:errorlint // as it is
		t.Errorf("got %v, want the error of edit as it is", err)
	}
	if got, err = a.User(t.Context(), u.ID); err != nil || got.Name != name {
		t.Errorf("after a refused edit: got %+v, %v", got, err)
	}
}

func TestEditRole(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	edit := func(want int64, next *auth.Role) (*auth.Role, error) {
		return a.EditRole(t.Context(), "editor", func(r *auth.Role) (*auth.Role, error) {
			if (r == nil) != (want == 0) || r != nil && r.Version != want {
				return nil, fmt.Errorf("got %+v, want version %d", r, want)
			}
			return next, nil
		})
	}
	first, err := edit(0, &auth.Role{Name: "ignored", Permissions: []string{"m.b", "m.a", "m.a"}})
	if err != nil || first.Name != "editor" || first.Title != "editor" || !slices.Equal(first.Permissions, []string{"m.a", "m.b"}) || first.Version == 0 {
		t.Fatalf("made: got %+v, %v", first, err)
	}
	second, err := edit(first.Version, &auth.Role{Title: "Editors"})
	if err != nil || second.Version <= first.Version {
		t.Fatalf("changed: got %+v, %v", second, err)
	}
	roles, err := a.Roles(t.Context())
	if err != nil || !slices.ContainsFunc(roles, func(r auth.Role) bool { return r.Name == "editor" && r.Version == second.Version }) {
		t.Errorf("listed: got %+v, %v", roles, err)
	}
	if r, err := edit(second.Version, nil); err != nil || r != nil {
		t.Errorf("deleted: got %+v, %v", r, err)
	}
	third, err := edit(0, &auth.Role{})
	if err != nil || third.Version <= second.Version {
		t.Errorf("made again: got %+v, %v", third, err)
	}
}

// Accounts of an older schema are found like others once it is migrated.
func TestSearchAfterUpgrade(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	if err := auth.MigrateTo(t.Context(), db, 1); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"Özgür", "ada", "Берта"} {
		exec(t, db, `INSERT INTO auth_users (id, email, email_key, name, password, disabled, created_at, last_login_at) VALUES ($1, $2, $3, $4, '', $5, $6, 0)`,
			strings.Repeat("abc"[i:i+1], 26), fmt.Sprintf("U%d@example.org", i), fmt.Sprintf("u%d@example.org", i), name, i%2, i+1)
	}
	exec(t, db, `INSERT INTO auth_roles (name, title, permissions, inherits, updated_at) VALUES ('old', 'Old', '["a.b"]', '[]', 1)`)
	a := start(t, db)
	for search, want := range map[string]string{"ö": "U0", "ADA": "U1", "бер": "U2"} {
		page, err := a.SearchUsers(t.Context(), auth.UserQuery{Search: search})
		if err != nil || len(page.Users) != 1 || !slices.Equal(emails(page.Users), []string{want}) || page.Users[0].Version != 1 {
			t.Errorf("%s: got %+v, %v", search, page.Users, err)
		}
	}
	page, err := a.SearchUsers(t.Context(), auth.UserQuery{Sort: "name", Filter: "disabled = false"})
	if err != nil || !slices.Equal(emails(page.Users), []string{"U0", "U2"}) {
		t.Errorf("got %v, %v", emails(page.Users), err)
	}
	if err := a.PutRole(t.Context(), auth.Role{Name: "old", Permissions: []string{"a.c"}}); err != nil {
		t.Error(err)
	}
}

// A search that finds more than anybody looks at is answered in order as well.
func TestSearchFindsMany(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	exec(t, db, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 20999)
		INSERT INTO auth_users (id, email, email_key, name, name_key, password, disabled, created_at, last_login_at)
		SELECT printf('%026d', i), 'u' || i || '@example.org', printf('u%05d@example.org', i), 'N', 'n', '', i % 2, 21000 - i, 0 FROM n`)
	var got []string
	q := auth.UserQuery{Search: "U", Filter: "disabled = false", Sort: "-created_at", Limit: 500}
	for range 3 {
		page, err := a.SearchUsers(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, emails(page.Users)...)
		q.Cursor = page.Next
	}
	for i, name := range got {
		if want := fmt.Sprintf("u%d", 2*i); name != want {
			t.Fatalf("at %d: got %s, want %s", i, name, want)
		}
	}
	if len(got) != 1500 {
		t.Errorf("got %d", len(got))
	}
}
