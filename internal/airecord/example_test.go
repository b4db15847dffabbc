package airecord_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/airecord"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// What somebody used on a day.
func Example() {
	ctx := context.Background()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	s := airecord.New(db, airecord.Options{Key: func() []byte { return []byte("0123456789abcdef") }})
	if err := s.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer s.Shutdown(ctx)
	began := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	s.Add(&ai.Record{ID: "1", Caller: ai.Caller{User: "ada"}, Provider: "openai", Model: "gpt-5", Began: began, Usage: ai.Usage{Input: 20, Output: 5}})
	if err := s.Flush(ctx); err != nil {
		log.Fatal(err)
	}
	_, total, err := s.Usage(ctx, airecord.ByUser, airecord.Span{From: began, To: began, User: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(total.Requests, total.Input+total.Output)
	// Output: 1 25
}
