package resource_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/resource"
	"github.com/modular-dashboard/dashboard/storage"
)

type secret struct{}

func (secret) IsSecret() bool { return true }

type pair[K, V any] struct {
	Key   K `json:"id" resource:"key"`
	Value V `json:"value"`
}

func TestDescribeRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		of   any
		want string
	}{
		{3, "not a struct"},
		{struct{ A string }{}, "no field is the key"},
		{pair[int, int]{}, "the key must be a string"},
		{struct {
			A string `json:"a" resource:"key"`
			B string `json:"b" resource:"key"`
		}{}, "fields a and b are both the key"},
		{struct {
			A string `json:"a" resource:"key,kye"`
		}{}, `unknown word "kye"`},
		{struct {
			A string `json:"a" resource:"key,key"`
		}{}, "says key twice"},
		{struct {
			A string `json:"a" resource:"key=1"`
		}{}, "key takes no value"},
		{struct {
			A string `json:"a" resource:"key,since=0"`
		}{}, `since has the bad value "0"`},
		{struct {
			A string `json:"a" resource:"key,since=3,index=2"`
		}{}, "index=2 before since=3"},
		{struct {
			A string   `json:"a" resource:"key"`
			B []string `json:"b" resource:"sort"`
		}{}, "a list has no order"},
		{struct {
			A string `json:"a" resource:"key"`
			B int    `json:"b" resource:"search"`
		}{}, "only text can be searched"},
		{struct {
			A string `json:"a" resource:"key"`
			B int    `json:"b" resource:"created"`
		}{}, "of type time.Time"},
		{struct {
			A string `json:"a" resource:"key"`
			B secret `json:"b" resource:"filter"`
		}{}, "a secret cannot be looked for"},
		{struct {
			A string   `json:"a" resource:"key"`
			B []secret `json:"b"`
		}{}, "a secret must be a field of the item itself"},
		{struct {
			A string `json:"a" resource:"key,sort=default"`
			B string `json:"b" resource:"sort=-default"`
		}{}, "two fields are the default order"},
		{struct {
			A string `json:"a" resource:"key"`
			B string `json:"-" resource:"filter"`
		}{}, "is not in JSON"},
	}
	for _, tt := range tests {
		if _, err := resource.Describe(reflect.TypeOf(tt.of)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%T: got %v, want %q", tt.of, err, tt.want)
		}
	}
}

func TestTableRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		of   any
		want string
	}{
		{pair[string, secret]{}, "a secret is not kept"},
		{struct {
			A string `json:"a" resource:"key"`
			B string `json:"order"`
		}{}, "order is a word of SQL"},
		{struct {
			A string `json:"a" resource:"key"`
			B string `json:"Größe"`
		}{}, "is not the name of a column"},
		{struct {
			A string `json:"a" resource:"key"`
			B *int   `json:"b" resource:"sort"`
		}{}, "a pointer cannot be sorted by"},
		{struct {
			A string `json:"a" resource:"key"`
			B string `json:"b" resource:"sort"`
		}{}, `needs a rule such as validate:"max=100"`},
		{struct {
			A string   `json:"a" resource:"key"`
			B []string `json:"b" resource:"filter"`
		}{}, "a list in a table cannot be filtered by"},
		{pair[string, chan int]{}, "cannot be kept as JSON"},
	}
	for _, tt := range tests {
		fields, err := resource.Describe(reflect.TypeOf(tt.of))
		if err == nil {
			_, err = resource.NewTable(fields, "t", storage.SQLite)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%T: got %v, want %q", tt.of, err, tt.want)
		}
	}
}

// What was released stays as it is; what is added later is a migration of its
// own.
func TestMigrations(t *testing.T) {
	t.Parallel()
	type first struct {
		ID   string `json:"id" resource:"key"`
		Name string `json:"name" validate:"max=50" resource:"sort=default,search"`
		Size int    `json:"size"`
	}
	type second struct {
		ID    string    `json:"id" resource:"key"`
		Name  string    `json:"name" validate:"max=50" resource:"sort=default,search"`
		Size  int       `json:"size" resource:"filter,index=2"`
		At    time.Time `json:"at" resource:"since=2"`
		Tags  []string  `json:"tags" resource:"since=3"`
		Maybe *string   `json:"maybe" resource:"since=3"`
	}
	migrations := func(of any) []storage.Migration {
		fields, err := resource.Describe(reflect.TypeOf(of))
		if err != nil {
			t.Fatal(err)
		}
		table, err := resource.NewTable(fields, "m__t", storage.SQLite)
		if err != nil {
			t.Fatal(err)
		}
		return table.Migrations()
	}
	before, after := migrations(first{}), migrations(second{})
	if len(before) != 1 || len(after) != 3 || fmt.Sprint(before[0]) != fmt.Sprint(after[0]) {
		t.Fatalf("got %+v and %+v", before, after)
	}
	for i, want := range []string{
		"CREATE TABLE m__t (\n\tid TEXT PRIMARY KEY,\n\tname TEXT NOT NULL,\n\tsize BIGINT NOT NULL\n);\n" +
			"CREATE INDEX m__t_by_name ON m__t (lower(name), id)",
		"ALTER TABLE m__t ADD COLUMN at BIGINT NOT NULL DEFAULT -62135596800000000;\nCREATE INDEX m__t_of_size ON m__t (size, lower(name), id)",
		"ALTER TABLE m__t ADD COLUMN tags TEXT NOT NULL DEFAULT 'null';\nALTER TABLE m__t ADD COLUMN maybe TEXT",
	} {
		if got := after[i].SQLite; got != want {
			t.Errorf("migration %d: got\n%s\nwant\n%s", i+1, got, want)
		}
	}
	if got := after[0].PostgreSQL; !strings.Contains(got, `name TEXT COLLATE "C" NOT NULL`) {
		t.Errorf("got %s", got)
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "Ada": "Ada", "3": "3", "a=b": "a=b",
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", " =1": "' =1", "\r=1": "'\r=1",
		"＝1": "'＝1", "'quoted": "''quoted", "|calc": "'|calc",
	} {
		if got := resource.Guard(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestNewIDsSort(t *testing.T) {
	t.Parallel()
	now := time.Now()
	last := ""
	for i := range 100 {
		id := resource.NewID(now.Add(time.Duration(i) * time.Millisecond))
		if id <= last || len(id) != 26 {
			t.Fatalf("got %s after %s", id, last)
		}
		last = id
	}
}
