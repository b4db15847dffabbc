package openapi_test

import (
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/openapi"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { leaktest.Main(m) }

type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty" doc:"absent on the last page"`
}

type Address struct {
	Street string `json:"street" validate:"required"`
	City   string `json:"city" validate:"required,max=80"`
	Zip    *int   `json:"zip,omitempty"`
}

type Customer struct {
	ID        string            `json:"id"`
	Name      string            `json:"name" validate:"required,min=2,max=80"`
	Plan      string            `json:"plan" validate:"oneof=free 'team plus' business"`
	Address   Address           `json:"address"`
	Billing   *Address          `json:"billing"`
	Parent    *Customer         `json:"parent,omitempty"`
	Labels    map[string]string `json:"labels" validate:"max=5,dive,keys,alphanum,endkeys,max=20"`
	Created   time.Time         `json:"created_at"`
	Every     time.Duration     `json:"every" validate:"min=1s,max=1h"`
	Avatar    []byte            `json:"avatar,omitempty"`
	Anything  any               `json:"anything"`
	Weights   [3]float64        `json:"weights"`
	LastLogin *time.Time        `json:"last_login"`
}

type createCustomer struct {
	Key     string   `header:"Idempotency-Key" validate:"max=64"`
	Name    string   `json:"name" validate:"required,min=2,max=80" title:"Name" doc:"as on the invoice"`
	Email   string   `json:"email" validate:"required,email"`
	Website string   `json:"website" validate:"omitempty,url"`
	Plan    string   `json:"plan" default:"free" validate:"oneof=free team business"`
	Seats   int      `json:"seats" default:"1" validate:"gte=1,lt=500"`
	Tags    []string `json:"tags" validate:"max=10,unique,dive,min=1,max=20"`
	Address Address  `json:"address"`
	Ref     *string  `json:"ref" validate:"omitempty,uuid"`
	Terms   bool     `json:"terms" validate:"required"`
}

type listCustomers struct {
	Limit  int        `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string     `query:"cursor"`
	Tags   []string   `query:"tag" validate:"max=5"`
	Since  *time.Time `query:"since"`
	Plan   string     `query:"plan" validate:"omitempty,oneof=free team business"`
}

type byID struct {
	ID    string `path:"id" validate:"len=8"`
	Match string `header:"If-Match" validate:"required"`
}

type byKey struct {
	Key string `path:"key"`
}

type replaceLabels struct {
	Key    string            `path:"key"`
	Labels map[string]string `body:"" validate:"max=3"`
}

type search struct {
	Rest string     `path:"rest"`
	All  url.Values `query:"*"`
}

type event struct {
	Module string `json:"module"`
	State  string `json:"state" validate:"oneof=enabled installed"`
}

// temperature has a schema of its own.
type temperature float64

func (temperature) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "number", MultipleOf: new(0.5), Description: "degrees"}
}

type reading struct {
	Value temperature  `json:"value"`
	Max   *temperature `json:"max"`
}

func info() openapi.Info {
	return openapi.Info{
		Title: "Dashboard", Version: "1.2.3", Description: "An API for tests.", Server: "/admin",
		AccessCookie: "__Host-dashboard-access", APIKeyHeader: "X-API-Key",
		Tags: []openapi.Tag{{Name: "billing", Description: "Customers & invoices"}},
	}
}

func operations() []openapi.Operation {
	typ := reflect.TypeFor[Customer]
	return []openapi.Operation{
		{Method: "GET", Path: "/api/v1/m/billing/customers", Tags: []string{"billing"}, Summary: "List customers",
			In: reflect.TypeFor[listCustomers](), Out: reflect.TypeFor[Page[Customer]](), Permission: "billing.customer.read"},
		{Method: "POST", Path: "/api/v1/m/billing/customers", Tags: []string{"billing"}, Status: 201, Errors: []int{409},
			In: reflect.TypeFor[createCustomer](), Out: typ(), Permission: "billing.customer.create", Idempotent: true,
			Headers: []openapi.Header{{Name: "Location", Description: "where it is"}}},
		{Method: "POST", Path: "/api/v1/m/billing/customers/{key}/close", Tags: []string{"billing"}, Idempotent: true, In: reflect.TypeFor[byKey]()},
		{Method: "PUT", Path: "/api/v1/m/billing/customers/{key}/labels", Tags: []string{"billing"}, Deprecated: true,
			DeprecatedSince: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), Sunset: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
			In: reflect.TypeFor[replaceLabels]()},
		{Method: "GET", Path: "/api/v1/m/billing/customers/{id}", ID: "readCustomer", Tags: []string{"billing"},
			In: reflect.TypeFor[byID](), Out: typ(), Errors: []int{404, 412}},
		{Method: "DELETE", Path: "/api/v1/m/billing/customers/{key}", Tags: []string{"billing"}, In: reflect.TypeFor[byKey]()},
		{Method: "PATCH", Path: "/api/v1/m/billing/customers/{key}", In: reflect.TypeFor[struct {
			Key string    `path:"key"`
			To  *Customer `body:""`
		}](), Out: typ(), Also: []openapi.Answer{{Status: 202, Description: "will be done"}}},
		{Method: "GET", Path: "/api/v1/events", Stream: true, Out: reflect.TypeFor[event](), Errors: []int{503}},
		{Method: "GET", Path: "/api/v1/weather", Public: true, Out: reflect.TypeFor[[]reading]()},
		{Method: "GET", Path: "/api/v1/export/{rest...}", In: reflect.TypeFor[search](), ContentType: "text/csv"},
		{Method: "GET", Path: "/livez", Public: true, Out: reflect.TypeFor[map[string]string]()},
	}
}

func build(t testing.TB, ops []openapi.Operation) *openapi.Document {
	t.Helper()
	d, err := openapi.Build(info(), ops)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// golden compares got with a file, or writes the file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; run with -update and review\n got %s\nwant %s", name, got, want)
	}
}

// indent makes JSON readable without changing its order.
func indent(t *testing.T, data []byte) []byte {
	t.Helper()
	var b strings.Builder
	dec := json.NewDecoder(strings.NewReader(string(data)))
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, data)
	}
	out, err := json.MarshalIndent(raw, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	b.Write(out)
	b.WriteByte('\n')
	return []byte(b.String())
}

func TestDocument(t *testing.T) {
	golden(t, "document.json", indent(t, build(t, operations()).JSON()))
}

func TestTypeScript(t *testing.T) {
	golden(t, "document.ts", openapi.TypeScript(build(t, operations())))
}

func TestDocumentDoesNotDependOnOrder(t *testing.T) {
	want := string(build(t, operations()).JSON())
	ops := operations()
	for i, j := 0, len(ops)-1; i < j; i, j = i+1, j-1 {
		ops[i], ops[j] = ops[j], ops[i]
	}
	if got := string(build(t, ops).JSON()); got != want {
		t.Errorf("the reverse order gives another document\n got %s\nwant %s", got, want)
	}
}

func TestBuildErrors(t *testing.T) {
	out := reflect.TypeFor[map[string]string]()
	for _, c := range []struct {
		name string
		ops  []openapi.Operation
		want string
	}{
		{"twice", []openapi.Operation{{Method: "GET", Path: "/a/{x}", Out: out}, {Method: "GET", Path: "/a/{y}", Out: out}}, "twice"},
		{"id", []openapi.Operation{{Method: "GET", Path: "/a", ID: "a"}, {Method: "GET", Path: "/b", ID: "a"}}, "taken"},
		{"method", []openapi.Operation{{Method: "FETCH", Path: "/a"}}, "FETCH"},
		{"type", []openapi.Operation{{Method: "GET", Path: "/a", Out: reflect.TypeFor[func()]()}}, "no JSON Schema"},
		{"field", []openapi.Operation{{Method: "GET", Path: "/a", Out: reflect.TypeFor[struct{ C chan int }]()}}, "field"},
		{"key", []openapi.Operation{{Method: "GET", Path: "/a", Out: reflect.TypeFor[map[bool]int]()}}, "map key"},
		{"input", []openapi.Operation{{Method: "GET", Path: "/a", In: reflect.TypeFor[int]()}}, "not a struct"},
		{"answer", []openapi.Operation{{Method: "GET", Path: "/a", Out: out, Also: []openapi.Answer{{Status: 200}}}}, "twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openapi.Build(info(), c.ops)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}

// many returns n operations over eight different shapes.
func many(n int) []openapi.Operation {
	var ops []openapi.Operation
	for i := 0; len(ops) < n; i++ {
		for _, op := range operations() {
			op.Path = strings.Replace(op.Path, "/api/v1/", "/api/v1/m/module"+strconv.Itoa(i)+"/", 1)
			if op.Path == "/livez" || len(ops) == n {
				continue
			}
			op.ID = ""
			ops = append(ops, op)
		}
	}
	return ops
}

func BenchmarkBuild200(b *testing.B) {
	ops := many(200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := openapi.Build(info(), ops); err != nil {
			b.Fatal(err)
		}
	}
}
