package auth_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// Whoever runs the server gets a one-time token, makes the first account with
// it, and nobody can ever do that again.
func ExampleAuthority_Setup() {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	key := bytes.Repeat([]byte("k"), 32)
	authority, err := auth.New(db, auth.WithMasterKeys(auth.MasterKey{ID: "2026-11", Key: key}))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := authority.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer authority.Shutdown(ctx)

	token, err := authority.SetupToken(ctx) // show it to the operator, do not log it
	if err != nil {
		log.Fatal(err)
	}
	account := auth.NewUser{Email: "ada@example.org", Name: "Ada", Password: "plum kettle 47 orbits"}
	_, err = authority.Setup(ctx, "a guess", account, auth.Client{})
	fmt.Println(err)
	user, err := authority.Setup(ctx, token, account, auth.Client{})
	fmt.Println(user.Name, user.Roles, err)
	_, err = authority.Setup(ctx, token, account, auth.Client{})
	fmt.Println(err)
	// Output:
	// auth: invalid token: of the set-up
	// Ada [owner] <nil>
	// auth: set-up is done
}
