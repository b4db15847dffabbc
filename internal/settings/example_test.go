package settings_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/modular-dashboard/dashboard/internal/seal"
	"github.com/modular-dashboard/dashboard/internal/settings"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func ExampleStore() {
	ctx := context.Background()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	box, err := seal.New(seal.Key{ID: "k1", Key: []byte("0123456789abcdef0123456789abcdef")})
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := settings.New(db, settings.Options{Box: box})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = store.Register("mail", settings.Spec{
		Defaults: json.RawMessage(`{"host":"localhost","token":""}`),
		Secrets:  []string{"/token"},
		Apply: func(_ context.Context, values json.RawMessage) error {
			fmt.Println("apply", string(values))
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := store.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer store.Shutdown(ctx)

	_ = store.Attach(ctx, "mail")
	version, err := store.Put(ctx, "mail", json.RawMessage(`{"host":"mx","token":"t0k3n"}`), 0, "u1")
	fmt.Println(version, err)
	view, _ := store.Get(ctx, "mail")
	fmt.Println(string(view.Values), view.Secrets)
	_, err = store.Put(ctx, "mail", json.RawMessage(`{"hots":"mx"}`), version, "u1")
	fmt.Println(err)
	// Output:
	// apply {"host":"localhost"}
	// apply {"host":"mx","token":"t0k3n"}
	// 1 <nil>
	// {"host":"mx"} map[token:true]
	// settings of module "mail" are invalid: /hots is not a setting of this module
}
