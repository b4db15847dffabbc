// Package auth signs people in and decides what they may do, for any net/http
// server: accounts with passwords, sessions, short access tokens, rotating
// refresh tokens, roles and permissions.
//
// An [Authority] does it all, on a [storage.DB]:
//
//	authority, err := auth.New(db, auth.WithMasterKeys(auth.MasterKey{ID: "2026-11", Key: key}))
//	if err != nil {
//		return err
//	}
//	read, err := authority.RegisterPermission("report.page.read")
//	if err != nil {
//		return err
//	}
//	if err := authority.Start(ctx); err != nil {
//		return err
//	}
//	defer authority.Shutdown(context.Background())
//
//	mux.Handle("GET /report", authority.Require(read)(report))
//	http.ListenAndServe("localhost:8080", authority.Middleware(mux))
//
// # Credentials
//
// [Authority.Login] checks an address and a password and begins a session. Its
// [Grant] has an access token, a JSON Web Token (RFC 9068) that is signed with
// Ed25519 and lives for minutes, and a refresh token, which is opaque, stored as
// a hash and used once. [Authority.Refresh] trades it for the next. Browsers get
// both as cookies ([Authority.SetCookies]), programs in the answer's body.
//
// Used again within ten seconds and before its successor was, a refresh token
// answers the same successor: two tabs or a lost answer sign nobody out. Used
// again later it was stolen from somebody, and the session ends.
//
// # API keys
//
// Programs come with an API key, in Authorization: Bearer or X-API-Key. A person
// makes it ([Authority.CreateAPIKey]), it holds its own permissions as far as they
// hold them at that moment, and it makes and ends no credentials. Its text is
// shown once and stored as a hash. Scanners find leaked ones by their form
// ([LooksLikeAPIKey]), and a made-up one costs no database.
//
// # Permissions
//
// A permission is a dotted name such as billing.invoice.refund, a role a list of
// patterns and of roles it inherits from. Roles are compiled to bit sets, so
// [Principal.Can] takes nanoseconds and allocates nothing, however many roles
// there are. A pattern is a permission's name in which the segment * stands for
// any one segment, or, at the end, for one or more; * alone is everything.
//
// Where the context of a call carries a [Principal], as [Authority.Middleware]
// leaves it, accounts, roles and keys change only as far as their rights go: nobody
// gives or takes more than they hold, judged in the transaction that writes. A
// program that acts for itself passes a context without one.
//
// # A fleet
//
// Every instance reads the changes that others made (sessions and API keys revoked,
// roles changed, accounts disabled, signing keys rotated) from the database twice a second, or
// at once where a [storage.Bus] tells it to. A request with a token or key that the
// instance knows asks the database nothing. When the changes cannot be read for
// five seconds, requests ask, and get [ErrUnavailable] where there is no answer.
package auth
