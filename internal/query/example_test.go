package query_test

import (
	"fmt"
	"log"

	"github.com/modular-dashboard/dashboard/internal/query"
)

// The second page of a list of invoices that are not paid, the newest first.
func Example() {
	schema, err := query.NewSchema(
		query.Field{Name: "number", Kind: query.Text, Filter: true, Sort: true},
		query.Field{Name: "state", Kind: query.Enum, Values: []string{"open", "late", "paid"}, Filter: true},
		query.Field{Name: "created_at", Kind: query.Time, Filter: true, Sort: true},
	)
	if err != nil {
		log.Fatal(err)
	}
	filter, err := schema.Filter("state = open OR state = late AND number:2026-*")
	if err != nil {
		log.Fatal(err)
	}
	sort, err := schema.Sort("-created_at")
	if err != nil {
		log.Fatal(err)
	}
	number, _ := schema.Field("number")
	order := sort.With(number)

	key, q := []byte("a secret of this installation"), query.Canonical(filter, sort, "")
	cursor, err := query.Seal(key, "invoices", q, []any{int64(1769817600000000), "2026-17"})
	if err != nil {
		log.Fatal(err)
	}

	after, err := query.Open(key, "invoices", q, cursor, order)
	if err != nil {
		log.Fatal(err)
	}
	where, args := filter.SQL(query.SQLite, 1)
	next, more := order.After(after, len(args)+1)
	fmt.Println("WHERE", where)
	fmt.Println("  AND", next)
	fmt.Println("ORDER BY", order.OrderBy())
	fmt.Println(append(args, more...))

	_, err = schema.Filter("state = open AND total > 5")
	fmt.Println(err)
	// Output:
	// WHERE (state = $1 OR state = $2) AND (number >= $3 AND number < $4)
	//   AND (created_at, number) < ($5, $6)
	// ORDER BY created_at DESC, number DESC
	// [open late 2026- 2026. 1769817600000000 2026-17]
	// filter: There is no field total to filter by; there is number, state, created_at.
}
