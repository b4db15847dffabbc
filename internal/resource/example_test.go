package resource_test

import (
	"fmt"
	"reflect"

	"github.com/modular-dashboard/dashboard/internal/resource"
	"github.com/modular-dashboard/dashboard/storage"
)

// A type's tags say what its table looks like.
func ExampleTable() {
	type book struct {
		ISBN  string `json:"isbn" validate:"max=13" resource:"key,createonly"`
		Title string `json:"title" validate:"max=100" resource:"label,sort=default,search"`
		Year  int    `json:"year" resource:"filter"`
	}
	fields, err := resource.Describe(reflect.TypeFor[book]())
	if err != nil {
		panic(err)
	}
	table, err := resource.NewTable(fields, "shelf__books", storage.SQLite)
	if err != nil {
		panic(err)
	}
	fmt.Println(table.Migrations()[0].SQLite)
	// Output:
	// CREATE TABLE shelf__books (
	// 	isbn TEXT PRIMARY KEY,
	// 	title TEXT NOT NULL,
	// 	year BIGINT NOT NULL
	// );
	// CREATE INDEX shelf__books_by_title ON shelf__books (lower(title), isbn);
	// CREATE INDEX shelf__books_of_year ON shelf__books (year, lower(title), isbn)
}
