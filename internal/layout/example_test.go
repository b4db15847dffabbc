package layout_test

import (
	"context"
	"fmt"
	"log"

	"github.com/modular-dashboard/dashboard/internal/layout"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func Example() {
	ctx := context.Background()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	s := layout.New(db)
	if err := s.Start(ctx); err != nil {
		log.Fatal(err)
	}
	me := layout.Owner{Kind: layout.Account, ID: "u1"}
	if _, err := s.Put(ctx, me, []layout.Item{{Module: "system", Panel: "cpu", Width: 4, Height: 1}}, nil, nil); err != nil {
		log.Fatal(err)
	}
	l, err := s.First(ctx, me, layout.Owner{Kind: layout.Role, ID: "viewer"})
	fmt.Println(l.Version, l.Items[0].Panel, err)
	// Output: 1 cpu <nil>
}
