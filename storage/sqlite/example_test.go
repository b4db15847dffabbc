package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func Example() {
	db, err := sqlite.Open(":memory:") // or a file such as "app.db"
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	err = db.Migrate(ctx, "billing", []storage.Migration{
		{Version: 1, Name: "invoices", SQL: `CREATE TABLE billing__invoices (id TEXT PRIMARY KEY, cents BIGINT NOT NULL)`},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Exec(ctx, `INSERT INTO billing__invoices (id, cents) VALUES ($1, $2)`, "i1", 1999); err != nil {
		log.Fatal(err)
	}
	_, err = db.Exec(ctx, `INSERT INTO billing__invoices (id, cents) VALUES ($1, $2)`, "i1", 5)
	fmt.Println(errors.Is(err, storage.ErrUnique))
	var cents int
	if err := db.QueryRow(ctx, `SELECT sum(cents) FROM billing__invoices`).Scan(&cents); err != nil {
		log.Fatal(err)
	}
	fmt.Println(cents)
	// Output:
	// true
	// 1999
}

func ExampleOpen_error() {
	_, err := sqlite.Open("/no/such/folder/app.db")
	fmt.Println(err)
	// Output: cannot open database /no/such/folder/app.db: folder /no/such/folder does not exist
}
