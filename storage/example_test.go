package storage_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func ExampleDB_Update() {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	if _, err := db.Exec(ctx, `CREATE TABLE accounts (id TEXT PRIMARY KEY, cents BIGINT NOT NULL CHECK (cents >= 0))`); err != nil {
		log.Fatal(err)
	}
	if _, err := db.Exec(ctx, `INSERT INTO accounts (id, cents) VALUES ('a', 100), ('b', 0)`); err != nil {
		log.Fatal(err)
	}
	transfer := func(cents int) error {
		return db.Update(ctx, func(tx *storage.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE accounts SET cents = cents + $1 WHERE id = 'b'`, cents); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE accounts SET cents = cents - $1 WHERE id = 'a'`, cents)
			return err
		})
	}
	fmt.Println(transfer(70))
	fmt.Println(errors.Is(transfer(70), storage.ErrConstraint))
	var cents int
	if err := db.QueryRow(ctx, `SELECT cents FROM accounts WHERE id = 'b'`).Scan(&cents); err != nil {
		log.Fatal(err)
	}
	fmt.Println(cents)
	// Output:
	// <nil>
	// true
	// 70
}

func ExampleNewLocker() {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	if _, err := db.Exec(ctx, `CREATE TABLE runs (fence BIGINT)`); err != nil {
		log.Fatal(err)
	}
	locker := storage.NewLocker(db)
	lease, err := locker.Acquire(ctx, "nightly-report", time.Minute)
	if err != nil {
		log.Fatal(err) // storage.ErrHeld: another instance does it
	}
	_, err = locker.Acquire(ctx, "nightly-report", time.Minute)
	fmt.Println(err)

	work, stop := lease.Keep(ctx) // ends if the lease is lost
	defer stop()
	err = db.Update(work, func(tx *storage.Tx) error {
		if err := lease.Check(work, tx); err != nil {
			return err
		}
		_, err := tx.Exec(work, `INSERT INTO runs (fence) VALUES ($1)`, lease.Fence())
		return err
	})
	fmt.Println(err, lease.Release(ctx))
	// Output:
	// acquire lease nightly-report: lease is held
	// <nil> <nil>
}

func ExampleNewMemoryCache() {
	cache := storage.NewMemoryCache(8 << 20)
	defer cache.Close()
	ctx := context.Background()
	if err := cache.Set(ctx, "greeting", []byte("hello"), time.Minute); err != nil {
		log.Fatal(err)
	}
	value, ok, err := cache.Get(ctx, "greeting")
	fmt.Println(string(value), ok, err)
	// Output: hello true <nil>
}

func ExampleNewMemoryBus() {
	bus := storage.NewMemoryBus()
	defer bus.Close()
	done := make(chan string)
	stop := bus.Subscribe("flags", func(payload []byte) { done <- string(payload) })
	defer stop()
	if err := bus.Publish(context.Background(), "flags", []byte("dark-mode")); err != nil {
		log.Fatal(err)
	}
	fmt.Println("changed:", <-done)
	// Output: changed: dark-mode
}
