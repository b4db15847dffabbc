package dashboard_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
)

// books keeps its data in a table of the dashboard's database.
type books struct{ host *dashboard.Host }

var (
	readBooks  = dashboard.NewPermission("book.read", "See books")
	writeBooks = dashboard.NewPermission("book.write", "Add books")
)

func (*books) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "books", Version: "1.1.0", Permissions: []dashboard.Permission{readBooks, writeBooks}}
}

func (b *books) Provision(h *dashboard.Host) error {
	b.host = h
	return nil
}

// Migrations run once per fleet, in order. One that has been released is not
// edited any more: what changes is a further one.
func (b *books) Migrations() []storage.Migration {
	table := b.host.Table("books")
	return []storage.Migration{
		{Version: 1, Name: "books", SQL: `CREATE TABLE ` + table + ` (isbn TEXT PRIMARY KEY, title TEXT NOT NULL)`},
		{Version: 2, Name: "year", SQL: `ALTER TABLE ` + table + ` ADD COLUMN year BIGINT NOT NULL DEFAULT 0`},
	}
}

func (b *books) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/books", b.list, dashboard.Require(readBooks))
	dashboard.Put(r, "/books/{isbn}", b.put, dashboard.Require(writeBooks))
	return nil
}

// Book is one row.
type Book struct {
	ISBN  string `path:"isbn" json:"isbn" validate:"max=13"`
	Title string `json:"title" validate:"required,max=200"`
	Year  int    `json:"year" validate:"max=3000"`
}

func (b *books) put(ctx context.Context, in Book) (struct{}, error) {
	_, err := b.host.DB().Exec(ctx, `INSERT INTO `+b.host.Table("books")+` (isbn, title, year) VALUES ($1, $2, $3)
		ON CONFLICT (isbn) DO UPDATE SET title = excluded.title, year = excluded.year`, in.ISBN, in.Title, in.Year)
	if err != nil {
		return struct{}{}, fmt.Errorf("put book: %w", err) // answered 500, logged with its cause
	}
	return struct{}{}, nil
}

func (b *books) list(ctx context.Context, _ struct{}) (dashboard.Page[Book], error) {
	var out dashboard.Page[Book]
	rows, err := b.host.DB().Query(ctx, `SELECT isbn, title, year FROM `+b.host.Table("books")+` ORDER BY isbn LIMIT 50`)
	if err != nil {
		return out, fmt.Errorf("list books: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var one Book
		if err := rows.Scan(&one.ISBN, &one.Title, &one.Year); err != nil {
			return out, fmt.Errorf("list books: %w", err)
		}
		out.Items = append(out.Items, one)
	}
	return out, rows.Err()
}

// A module's tables are named by the host, made by migrations, and dropped
// only when the module is uninstalled with purge.
func ExampleMigrator() {
	d, stop := startDemo(&books{})
	defer stop()
	d.show(d.owner, http.MethodPut, "/api/v1/m/books/books/0451526538", `{"title":"Tom Sawyer","year":1876}`)
	d.show(d.owner, http.MethodGet, "/api/v1/m/books/books", "")
	// Output:
	// 204
	// 200 {"items":[{"isbn":"0451526538","title":"Tom Sawyer","year":1876}]}
}
