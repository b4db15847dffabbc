package judge_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/judge"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/openapi"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next_cursor,omitempty"`
}

type address struct {
	Street string `json:"street" validate:"required"`
	Zip    *int   `json:"zip,omitempty" validate:"omitempty,min=1"`
}

type base struct {
	Created time.Time  `json:"created_at"`
	Deleted *time.Time `json:"deleted_at"`
}

type customer struct {
	base
	ID      string            `json:"id"`
	Name    string            `json:"name" doc:"as on the invoice"`
	Plan    string            `json:"plan" validate:"oneof=free team business"`
	Home    address           `json:"home" doc:"where letters go"`
	Work    *address          `json:"work"`
	Parent  *customer         `json:"parent,omitempty"`
	Labels  map[string]string `json:"labels"`
	Tags    []string          `json:"tags"`
	Every   time.Duration     `json:"every"`
	Avatar  []byte            `json:"avatar,omitempty"`
	Extra   any               `json:"extra"`
	Weights [2]float64        `json:"weights"`
	Level   int8              `json:"level"`
	Big     uint64            `json:"big"`
}

type create struct {
	Key     string         `header:"Idempotency-Key" validate:"max=64"`
	Name    string         `json:"name" validate:"required,min=2,max=80"`
	Email   string         `json:"email" validate:"required,email"`
	Site    string         `json:"site,omitempty" validate:"omitempty,url"`
	Plan    string         `json:"plan" default:"free" validate:"oneof=free team business"`
	Seats   int            `json:"seats" default:"1" validate:"gte=1,lt=500"`
	Ratio   float64        `json:"ratio" validate:"gt=-1,lte=1"`
	Tags    []string       `json:"tags" validate:"max=3,unique,dive,min=1,max=9"`
	Limits  map[string]int `json:"limits" validate:"max=3,dive,keys,alphanum,endkeys,min=1"`
	Home    address        `json:"home"`
	Ref     *string        `json:"ref" validate:"omitempty,uuid"`
	Mode    *string        `json:"mode" validate:"omitempty,oneof=a b"`
	Code    string         `json:"code" validate:"omitempty,startswith=x+,len=5"`
	Terms   bool           `json:"terms" validate:"required"`
	Every   time.Duration  `json:"every" validate:"omitempty,min=1s"`
	Anyhow  any            `json:"anyhow"`
	Numbers [2]int         `json:"numbers"`
}

type list struct {
	Limit int        `query:"limit" default:"50" validate:"min=1,max=200"`
	Tags  []string   `query:"tag" validate:"max=2"`
	Since *time.Time `query:"since"`
	Exact bool       `query:"exact"`
}

type one struct {
	ID    string `path:"id" validate:"len=2"`
	Match string `header:"If-Match"`
}

type labels struct {
	Key  string            `path:"key"`
	Body map[string]string `body:"" validate:"max=3"`
}

type free struct {
	Rest string     `path:"rest"`
	All  url.Values `query:"*"`
}

type event struct {
	Module string `json:"module"`
}

// endpoint is one operation and what answers it.
type endpoint struct {
	op    openapi.Operation
	out   any
	extra func(w http.ResponseWriter)
}

func endpoints() []endpoint {
	ada := customer{ID: "c1", Name: "Ada", Plan: "free", Every: 90 * time.Second, Big: 1 << 40, base: base{Created: time.Unix(0, 0)}}
	child := ada
	child.Parent, child.Work = &ada, &address{Street: "Main St", Zip: new(12)}
	child.Extra, child.Avatar = map[string]any{"a": []any{1, nil}}, []byte("img")
	const root = "/api/v1/m/billing/"
	return []endpoint{
		{op: openapi.Operation{Method: "GET", Path: root + "customers", Summary: "List", Tags: []string{"billing"},
			In: reflect.TypeFor[list](), Out: reflect.TypeFor[page[customer]](), Permission: "billing.customer.read"},
			out: page[customer]{Items: []customer{ada, child}}},
		{op: openapi.Operation{Method: "POST", Path: root + "customers", Status: 201, In: reflect.TypeFor[create](), Out: reflect.TypeFor[customer](),
			Errors: []int{409}, Headers: []openapi.Header{{Name: "Location", Description: "where"}}},
			out: child, extra: func(w http.ResponseWriter) { w.Header().Set("Location", "/c1") }},
		{op: openapi.Operation{Method: "GET", Path: root + "customers/{id}", In: reflect.TypeFor[one](), Out: reflect.TypeFor[customer](), Errors: []int{404}}, out: ada},
		{op: openapi.Operation{Method: "PUT", Path: root + "customers/{key}/labels", In: reflect.TypeFor[labels](), Deprecated: true}},
		{op: openapi.Operation{Method: "DELETE", Path: root + "customers/{id}/labels", In: reflect.TypeFor[struct {
			ID string `path:"id"`
		}]()}},
		{op: openapi.Operation{Method: "PATCH", Path: root + "customers/{id}", In: reflect.TypeFor[struct {
			ID   string  `path:"id"`
			Name *string `json:"name" validate:"omitempty,min=2"`
		}](), Out: reflect.TypeFor[customer]()}, out: ada},
		{op: openapi.Operation{Method: "GET", Path: root + "export/{rest}", In: reflect.TypeFor[free](), ContentType: "text/csv"},
			extra: func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", "text/csv")
				fmt.Fprint(w, "a,b\n")
			}},
		{op: openapi.Operation{Method: "GET", Path: "/api/v1/events", Stream: true, Out: reflect.TypeFor[event]()},
			extra: func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", "text/event-stream")
				fmt.Fprint(w, "event: module\ndata: {\"module\":\"a\"}\n\n")
			}},
		{op: openapi.Operation{Method: "GET", Path: "/livez", Public: true, Out: reflect.TypeFor[map[string]string]()}, out: map[string]string(nil)},
	}
}

func document(t *testing.T, server string) []byte {
	t.Helper()
	var ops []openapi.Operation
	for _, e := range endpoints() {
		ops = append(ops, e.op)
	}
	doc, err := openapi.Build(openapi.Info{Title: "Test", Version: "1", Description: "All kinds of operations.", Server: server,
		AccessCookie: "__Host-dashboard-access", APIKeyHeader: "X-API-Key", Tags: []openapi.Tag{{Name: "billing", Description: "Bills"}}}, ops)
	if err != nil {
		t.Fatal(err)
	}
	return doc.JSON()
}

// serve answers the endpoints with bind and problem, as the real server does.
func serve(t *testing.T, prefix string) *httptest.Server {
	t.Helper()
	b := bind.New()
	mux := http.NewServeMux()
	for _, e := range endpoints() {
		in := e.op.In
		if in == nil {
			in = reflect.TypeFor[struct{}]()
		}
		pattern := e.op.Method + " " + prefix + e.op.Path
		plan, err := b.Compile(in, pattern)
		if err != nil {
			t.Fatal(err)
		}
		var enc *bind.Encoder
		if e.out != nil {
			if enc, err = b.CompileOut(e.op.Out); err != nil {
				t.Fatal(err)
			}
		}
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := plan.Decode(r, reflect.New(in).Interface(), 4096); err != nil {
				if e, ok := errors.AsType[*bind.Error](err); ok {
					problem.Write(w, e.Problem())
				}
				return
			}
			if e.extra != nil {
				e.extra(w)
			}
			switch {
			case enc != nil:
				if err := enc.Encode(w, max(e.op.Status, 200), e.out, 0); err != nil {
					t.Error(err)
				}
			case e.extra == nil:
				w.WriteHeader(http.StatusNoContent)
			}
		})
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestDocumentIsValid(t *testing.T) {
	for _, server := range []string{"", "/admin"} {
		j, err := judge.New(document(t, server))
		if err != nil {
			t.Fatal(err)
		}
		j.Close()
	}
}

func TestInvalidDocuments(t *testing.T) {
	for _, c := range []struct{ name, document string }{
		{"not JSON", "{"},
		{"no info", `{"openapi":"3.1.0","paths":{}}`},
		{"bad parameter", `{"openapi":"3.1.0","info":{"title":"a","version":"1"},"paths":{"/a":{"get":{"parameters":[{"in":"nowhere"}],"responses":{"200":{"description":"ok"}}}}}}`},
		{"missing path parameter", `{"openapi":"3.1.0","info":{"title":"a","version":"1"},"paths":{"/a/{b}":{"get":{"responses":{"200":{"description":"ok"}}}}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := judge.New([]byte(c.document)); err == nil {
				t.Error("got no error")
			}
		})
	}
}

const goodCustomer = `{"name":"Ada","email":"ada@example.com","home":{"street":"Main St","zip":null},"terms":true,` +
	`"tags":["a","b"],"limits":{"a1":1},"ref":null,"mode":null,"code":"x+123","every":"2s","anyhow":[{"x":null}],"numbers":[1,2],` +
	`"ratio":0.5,"seats":3,"plan":"team","site":"https://example.com/"}`

// TestExchanges sends what the document allows and what it does not: the server must do as the document
// says in both cases.
func TestExchanges(t *testing.T) {
	for _, prefix := range []string{"", "/admin"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			s := serve(t, prefix)
			j, err := judge.New(document(t, prefix))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(j.Close)
			client := s.Client()
			client.Transport = j.Transport(client.Transport, func(err error) { t.Error(err) })
			for _, x := range exchanges() {
				r, err := http.NewRequestWithContext(t.Context(), x.method, s.URL+prefix+x.path, strings.NewReader(x.body))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer x")
				if x.body != "" {
					r.Header.Set("Content-Type", "application/json")
				}
				w, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				w.Body.Close()
				if w.StatusCode != x.want {
					t.Errorf("%s %s %s: got %d, want %d", x.method, x.path, x.body, w.StatusCode, x.want)
				}
			}
			if missing := j.Uncalled(); len(missing) > 0 {
				t.Errorf("not called: %v", missing)
			}
		})
	}
}

type call struct {
	method, path, body string
	want               int
}

func exchanges() []call {
	const root = "/api/v1/m/billing/"
	return []call{
		{"GET", root + "customers", "", 200},
		{"GET", root + "customers?limit=10&tag=a&tag=b&since=2024-01-02T03:04:05Z&exact=true", "", 200},
		{"GET", root + "customers?limit=0", "", 422},
		{"GET", root + "customers?limit=ten", "", 422},
		{"GET", root + "customers?other=1", "", 400},
		{"POST", root + "customers", goodCustomer, 201},
		{"POST", root + "customers", `{"name":"Ada","email":"ada@example.com","home":{"street":"x"},"terms":true}`, 201},
		{"POST", root + "customers", `{"name":"A"}`, 422},
		{"POST", root + "customers", `{`, 400},
		{"POST", root + "customers", `{"name":"` + strings.Repeat("x", 5000) + `"}`, 413},
		{"GET", root + "customers/c1", "", 200},
		{"GET", root + "customers/c", "", 422},
		{"PUT", root + "customers/c1/labels", `{"a":"b"}`, 204},
		{"PUT", root + "customers/c1/labels", `["a"]`, 422},
		{"DELETE", root + "customers/c1/labels", "", 204},
		{"PATCH", root + "customers/c1", `{"name":null}`, 200},
		{"PATCH", root + "customers/c1", `{}`, 200},
		{"GET", root + "export/a?x=1&y=2", "", 200},
		{"GET", "/api/v1/events", "", 200},
		{"GET", "/livez", "", 200},
	}
}

// TestJudgeFindsFaults proves that the judges do not accept everything.
func TestJudgeFindsFaults(t *testing.T) {
	j, err := judge.New(document(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	const customers = "/api/v1/m/billing/customers"
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		contentType, answer      string
	}{
		{"unknown path", "GET", "/nowhere", "", 200, "application/json", "{}"},
		{"unknown status", "GET", customers, "", 418, "application/problem+json", `{"type":"a:b","title":"t","status":418}`},
		{"null list", "GET", customers, "", 200, "application/json", `{"items":null}`},
		{"missing member", "GET", customers, "", 200, "application/json", `{}`},
		{"media type", "GET", customers, "", 200, "text/plain", `{"items":[]}`},
		{"problem", "GET", customers, "", 401, "application/problem+json", `{"title":"t"}`},
		{"accepted what it should not", "POST", customers, `{"name":"A"}`, 201, "application/json", `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/json")
			w := &http.Response{StatusCode: c.status, Header: http.Header{"Content-Type": {c.contentType}}, Body: http.NoBody}
			if err := j.Exchange(r, []byte(c.body), w, []byte(c.answer)); err == nil {
				t.Error("got no error")
			}
		})
	}
	if missing := j.Uncalled(); !slices.Contains(missing, "getLivez") {
		t.Errorf("uncalled: got %v, want getLivez among them", missing)
	}
}
