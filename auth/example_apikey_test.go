package auth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// API keys for programs, with plain net/http: a person makes a key for what a
// program is to do, the program sends it in a header, and it is over when the
// person says so, or may no longer do it themselves.
func ExampleAuthority_CreateAPIKey() {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	master := bytes.Repeat([]byte("k"), 32) // from the environment, never from the source
	authority, err := auth.New(db, auth.WithMasterKeys(auth.MasterKey{ID: "2026-11", Key: master}))
	if err != nil {
		log.Fatal(err)
	}
	if err := authority.RegisterPermissions("report.page.read", "report.page.write"); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := authority.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer authority.Shutdown(ctx)

	mux := http.NewServeMux()
	report := func(w http.ResponseWriter, r *http.Request) {
		p, _ := auth.FromContext(r.Context())
		fmt.Fprintf(w, "report for %s, by %s", p.Email, p.KeyName)
	}
	mux.Handle("GET /report", authority.Require(authority.Permission("report.page.read"))(http.HandlerFunc(report)))
	mux.Handle("PUT /report", authority.Require(authority.Permission("report.page.write"))(http.HandlerFunc(report)))
	site := httptest.NewServer(authority.Middleware(mux))
	defer site.Close()

	// Ada signs in and makes a key that may read, although she may do more.
	ada := signIn(ctx, authority)
	key, secret, err := authority.CreateAPIKey(ctx, ada, auth.NewAPIKey{Name: "nightly build", Permissions: []string{"report.*.read"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(auth.LooksLikeAPIKey(secret), len(secret), secret[:len(key.Prefix)] == key.Prefix)

	ask := func(method string) {
		r, err := http.NewRequestWithContext(ctx, method, site.URL+"/report", nil)
		if err != nil {
			log.Fatal(err)
		}
		r.Header.Set("X-API-Key", secret) // or Authorization: Bearer
		res, err := site.Client().Do(r)
		if err != nil {
			log.Fatal(err)
		}
		res.Body.Close()
		fmt.Println(method, res.Status)
	}
	ask("GET")
	ask("PUT")

	// With a key nobody makes another one.
	program, err := authority.VerifyAPIKey(ctx, secret)
	if err != nil {
		log.Fatal(err)
	}
	_, _, err = authority.CreateAPIKey(ctx, program, auth.NewAPIKey{Name: "more", Permissions: []string{"report.page.read"}})
	fmt.Println(errors.Is(err, auth.ErrAPIKey))

	if err := authority.RevokeAPIKey(ctx, ada.ID, key.ID); err != nil {
		log.Fatal(err)
	}
	ask("GET")

	// Output:
	// true 43 true
	// GET 200 OK
	// PUT 403 Forbidden
	// true
	// GET 401 Unauthorized
}

// signIn makes the first account and signs it in.
func signIn(ctx context.Context, authority *auth.Authority) *auth.Principal {
	const password = "plum kettle 47 orbits"
	if _, err := authority.EnsureAccount(ctx, auth.NewUser{Email: "ada@example.org", Name: "Ada", Password: password}); err != nil {
		log.Fatal(err)
	}
	grant, err := authority.Login(ctx, auth.Credentials{Email: "ada@example.org", Password: password})
	if err != nil {
		log.Fatal(err)
	}
	p, err := authority.Verify(ctx, grant.AccessToken)
	if err != nil {
		log.Fatal(err)
	}
	return p
}
