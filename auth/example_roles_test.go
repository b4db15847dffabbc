package auth_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// Roles are patterns of permissions and inherit from each other. A change takes
// effect for tokens already out.
func ExampleAuthority_PutRole() {
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
	err = authority.RegisterPermissions("billing.invoice.read", "billing.invoice.refund", "crm.contact.read")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := authority.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer authority.Shutdown(ctx)

	role := auth.Role{Name: "support", Permissions: []string{"billing.*.read"}}
	if err := authority.PutRole(ctx, role); err != nil {
		log.Fatal(err)
	}
	user, err := authority.CreateUser(ctx, auth.NewUser{Email: "bo@example.org", Roles: []string{"support"}})
	if err != nil {
		log.Fatal(err)
	}
	grant, err := authority.LoginUser(ctx, user.ID, auth.Client{})
	if err != nil {
		log.Fatal(err)
	}
	show := func() {
		principal, err := authority.Verify(ctx, grant.AccessToken)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(principal.Permissions(), principal.Can(authority.Permission("crm.contact.read")))
	}
	show()
	role.Inherits = []string{auth.RoleViewer}
	role.Permissions = []string{"billing.*"}
	if err := authority.PutRole(ctx, role); err != nil {
		log.Fatal(err)
	}
	show()
	role.Inherits = []string{"support"}
	fmt.Println(authority.PutRole(ctx, role))
	// Output:
	// [billing.invoice.read] false
	// [billing.invoice.read billing.invoice.refund crm.contact.read] true
	// auth: roles inherit in a circle: support → support
}
