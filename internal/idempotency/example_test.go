package idempotency_test

import (
	"context"
	"fmt"
	"log"

	"github.com/modular-dashboard/dashboard/internal/idempotency"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// A payment that is sent twice, because the client did not hear of the first.
func Example() {
	ctx := context.Background()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	s := idempotency.New(db)
	if err := s.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer s.Shutdown(ctx)
	if _, err := db.Exec(ctx, `CREATE TABLE payments (amount BIGINT NOT NULL)`); err != nil {
		log.Fatal(err)
	}
	for range 2 {
		outcome, claim, answer, err := s.Claim(ctx, idempotency.Request{
			Owner: "ada", Scope: "POST /payments", Key: "5f0c", Print: idempotency.Print([]byte(`{"amount":5}`))})
		if err != nil {
			log.Fatal(err)
		}
		if outcome == idempotency.Replay {
			fmt.Printf("answered before: %d %s\n", answer.Status, answer.Body)
			continue
		}
		if _, err := db.Exec(claim.Context(ctx), `INSERT INTO payments (amount) VALUES (5)`); err != nil {
			log.Fatal(err)
		}
		if err := claim.Finish(ctx, &idempotency.Answer{Status: 201, Body: []byte("paid")}); err != nil {
			log.Fatal(err)
		}
		fmt.Println("paid")
	}
	// Output:
	// paid
	// answered before: 201 paid
}
