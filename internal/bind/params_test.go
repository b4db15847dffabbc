package bind_test

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/bind"
)

type paging struct {
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string `query:"cursor"`
}

type params struct {
	paging
	ID      string        `path:"id" validate:"min=2"`
	Number  uint8         `path:"number"`
	Rest    string        `path:"rest"`
	Tags    []string      `query:"tag" validate:"max=3"`
	Levels  []int         `query:"level"`
	Since   *time.Time    `query:"since"`
	Every   time.Duration `query:"every" default:"1m"`
	Exact   *bool         `query:"exact"`
	Ratio   float32       `query:"ratio"`
	Address netip.Addr    `query:"address"`
	Match   string        `header:"if-match" validate:"required"`
	Trace   *int          `header:"X-Trace"`
}

const paramsPattern = "GET /a/{id}/b/{number}/{rest...}"

// get sends a request through a real ServeMux and returns what Decode says.
func get[T any](t *testing.T, pattern, target string, header http.Header) (T, error) {
	t.Helper()
	plan := compile(t, reflect.TypeFor[T](), pattern)
	var in T
	err := errors.New("no route")
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(_ http.ResponseWriter, r *http.Request) { err = plan.Decode(r, &in, 0) })
	r := httptest.NewRequest("GET", target, nil)
	maps.Copy(r.Header, header)
	mux.ServeHTTP(httptest.NewRecorder(), r)
	return in, err
}

func TestDecodeParams(t *testing.T) {
	target := "/a/x%2Fy/b/200/c/d%20e?limit=10&tag=a&tag=b%26c&level=1&level=-2&since=2024-01-02T03:04:05Z&exact=false&ratio=-0.5" +
		"&address=10.0.0.1&cursor=a+b&"
	got, err := get[params](t, paramsPattern, target, http.Header{"If-Match": {`"1"`}, "X-Trace": {"7"}})
	if err != nil {
		t.Fatal(err)
	}
	want := params{
		paging: paging{Limit: 10, Cursor: "a b"}, ID: "x/y", Number: 200, Rest: "c/d e", Tags: []string{"a", "b&c"}, Levels: []int{1, -2},
		Since: new(time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)), Every: time.Minute, Exact: new(false), Ratio: -0.5,
		Address: netip.MustParseAddr("10.0.0.1"), Match: `"1"`, Trace: new(7),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// The lines of a header that is a list are one.
func TestDecodeHeaderOfSeveralLines(t *testing.T) {
	got, err := get[params](t, paramsPattern, "/a/xy/b/0/", http.Header{"If-Match": {`"1"`, `"2", "3"`}})
	if want := `"1", "2", "3"`; err != nil || got.Match != want {
		t.Errorf("got %q, %v, want %q", got.Match, err, want)
	}
}

func TestDecodeParamsDefaults(t *testing.T) {
	got, err := get[params](t, paramsPattern, "/a/xy/b/0/", http.Header{"If-Match": {"*"}})
	if err != nil {
		t.Fatal(err)
	}
	want := params{paging: paging{Limit: 50}, ID: "xy", Every: time.Minute, Match: "*"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func TestDecodeParamsErrors(t *testing.T) {
	for _, c := range []struct {
		name, query string
		header      http.Header
		status      int
		fields      []string
	}{
		{"missing header", "", nil, 422, []string{"#/header/If-Match missing"}},
		{"header twice", "", http.Header{"If-Match": {"a"}, "X-Trace": {"1", "2"}}, 422, []string{"#/header/X-Trace duplicate"}},
		{"header type", "", http.Header{"If-Match": {"a"}, "X-Trace": {"b"}}, 422, []string{"#/header/X-Trace type"}},
		{"header not UTF-8", "", http.Header{"If-Match": {"\xff"}}, 422, []string{"#/header/If-Match type"}},
		{"types", "limit=ten&level=1&level=x&since=today&every=5&exact=1&ratio=NaN&address=here", http.Header{"If-Match": {"a"}}, 422, []string{
			"#/query/limit type", "#/query/level/1 type", "#/query/since type", "#/query/every type", "#/query/exact type", "#/query/ratio type",
			"#/query/address type",
		}},
		{"numbers", "limit=%2B1&ratio=1e99", http.Header{"If-Match": {"a"}}, 422, []string{"#/query/limit type", "#/query/ratio type"}},
		{"leading zero", "limit=007", http.Header{"If-Match": {"a"}}, 422, []string{"#/query/limit type"}},
		{"rules", "limit=0&tag=a&tag=b&tag=c&tag=d", http.Header{"If-Match": {"a"}}, 422, []string{"#/query/limit min", "#/query/tag max"}},
		{"unknown", "Limit=1&x/y=2", http.Header{"If-Match": {"a"}}, 400, []string{"#/query/Limit unknown", "#/query/x~1y unknown"}},
		{"twice", "limit=1&limit=2", http.Header{"If-Match": {"a"}}, 400, []string{"#/query/limit duplicate"}},
		{"malformed", "limit=%zz", http.Header{"If-Match": {"a"}}, 400, []string{"#/query syntax"}},
		{"semicolon", "limit=1;cursor=2", http.Header{"If-Match": {"a"}}, 400, []string{"#/query syntax"}},
		{"not UTF-8", "cursor=%ff", http.Header{"If-Match": {"a"}}, 400, []string{"#/query syntax"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := get[params](t, paramsPattern, "/a/xy/b/1/?"+c.query, c.header)
			checkError(t, err, c.status, c.fields)
		})
	}
	_, err := get[params](t, paramsPattern, "/a/x/b/300/%ff", http.Header{"If-Match": {"a"}})
	checkError(t, err, 422, []string{"#/path/number type", "#/path/rest type", "#/path/id min"})
}

func TestAllQueryParameters(t *testing.T) {
	type in struct {
		Limit int        `query:"limit"`
		All   url.Values `query:"*"`
	}
	got, err := get[in](t, "/", "/?a=1&limit=3&a=2&b", nil)
	if want := (in{Limit: 3, All: url.Values{"a": {"1", "2"}, "b": {""}}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if got, err := get[in](t, "/", "/", nil); err != nil || got.All == nil {
		t.Errorf("without any: got %+v, %v, want an empty map", got, err)
	}
}

func TestParamsAndBody(t *testing.T) {
	type in struct {
		ID   string `path:"id" json:"-"`
		Dry  bool   `query:"dry"`
		Name string `json:"name" validate:"required"`
		Same string `json:"same" validate:"eqfield=Name"`
	}
	plan := compile(t, reflect.TypeFor[in](), "PUT /{id}")
	r := post(`{"name":"a","same":"b"}`)
	r.URL.RawQuery = "dry=yes"
	r.SetPathValue("id", "7")
	var got in
	checkError(t, plan.Decode(r, &got, 0), 422, []string{"#/query/dry type", "/same eqfield"})
	r = post(`{"ID":"8","id":"9","Dry":true,"name":"a","same":"a"}`)
	r.SetPathValue("id", "7")
	checkError(t, plan.Decode(r, &got, 0), 422, []string{"/ID unknown", "/id unknown", "/Dry unknown"})
	if got.ID != "7" || got.Dry {
		t.Errorf("a body reached a parameter: %+v", got)
	}
}

type embedded struct {
	Limit int `query:"limit"`
}

func TestCompileErrors(t *testing.T) {
	type inner struct {
		ID string `path:"id"`
	}
	type ruled struct {
		Name string `json:"name" validate:"required"`
	}
	for _, c := range []struct {
		name    string
		in      any
		pattern string
		want    string
	}{
		{"not a struct", 1, "/", "not a struct"},
		{"no path", struct{}{}, "GET", "no path"},
		{"wildcard without field", struct{}{}, "/{id}", `no field is tagged path:"id"`},
		{"field without wildcard", struct {
			ID string `path:"id"`
		}{}, "/{key}", "the pattern has no {id}"},
		{"bad wildcard", struct{}{}, "/{id}/{id}", "bad wildcard"},
		{"path pointer", struct {
			ID *string `path:"id"`
		}{}, "/{id}", "always there"},
		{"path slice", struct {
			ID []string `path:"id"`
		}{}, "/{id}", "written as text"},
		{"header slice", struct {
			ID []string `header:"X-Id"`
		}{}, "/", "written as text"},
		{"header of ours", struct {
			A string `header:"authorization"`
		}{}, "/", "not for endpoints"},
		{"query struct", struct {
			Q struct{ A int } `query:"q"`
		}{}, "/", "written as text"},
		{"empty tag", struct {
			Q string `query:""`
		}{}, "/", "empty query tag"},
		{"two sources", struct {
			Q string `query:"q" header:"Q"`
		}{}, "/", "more than one"},
		{"twice", struct {
			A string `header:"X-A"`
			B string `header:"x-a"`
		}{}, "/", "same parameter"},
		{"all of another type", struct {
			Q map[string]string `query:"*"`
		}{}, "/", "url.Values"},
		{"bad default", struct {
			Q int `query:"q" default:"x"`
		}{}, "/", "must be an integer"},
		{"bad body default", struct {
			Q bool `json:"q" default:"1"`
		}{}, "/", "must be true or false"},
		{"default of a list", struct {
			Q []int `json:"q" default:"1"`
		}{}, "/", "a default needs a single value"},
		{"unexported", struct {
			q string `query:"q"`
		}{}, "/", "not exported"},
		{"unexported rule", struct {
			q string `validate:"required"`
		}{}, "/", "not exported"},
		{"embedded pointer", struct{ *embedded }{}, "/", "embedded pointer"},
		{"embedded pointer, body", struct{ *item }{}, "/", "cannot be set"},
		{"nested source", struct {
			A inner `json:"a"`
		}{}, "/", "inside the body"},
		{"whole and fields", struct {
			A int `json:"a"`
			B int `body:""`
		}{}, "/", "whole body"},
		{"two wholes", struct {
			A int `body:""`
			B int `body:""`
		}{}, "/", "same parameter"},
		{"name clash", struct {
			Name  string `path:"name"`
			Other string `json:"Name"`
		}{}, "/{name}", "name of a body field"},
		{"channel", struct{ C chan int }{}, "/", "chan int"},
		{"function", struct{ F []func() }{}, "/", "func()"},
		{"interface", struct{ E error }{}, "/", "interface type error"},
		{"map key", struct{ M map[bool]int }{}, "/", "map key"},
		{"string option", struct {
			S string `json:"s,string"`
		}{}, "/", "string option"},
		{"unknown rule", struct {
			S string `json:"s" validate:"shiny"`
		}{}, "/", "shiny"},
		{"bad parameter", struct {
			S string `json:"s" validate:"omitempty,min=abc"`
		}{}, "/", "min=abc"},
		{"bad parameter behind a failing rule", struct {
			S string `json:"s" validate:"email,min=abc"`
		}{}, "/", "min=abc"},
		{"rule of another kind", struct {
			S struct{ A int } `json:"s" validate:"omitempty,min=1"`
		}{}, "/", "min=1"},
		{"rule in a list", struct {
			L []string `json:"l" validate:"dive,min=abc"`
		}{}, "/", "min=abc"},
		{"rule in a nested type", struct {
			L map[string][]struct {
				S string `validate:"shiny"`
			} `json:"l" validate:"dive,dive"`
		}{}, "/", "shiny"},
		{"dive into a string", struct {
			S string `json:"s" validate:"dive"`
		}{}, "/", "no elements"},
		{"keys of a list", struct {
			L []string `json:"l" validate:"dive,keys,min=1,endkeys"`
		}{}, "/", "map"},
		{"no dive", struct {
			L []ruled `json:"l"`
		}{}, "/", "dive"},
		{"no second dive", struct {
			L map[string][]*ruled `json:"l" validate:"dive"`
		}{}, "/", "dive"},
		{"unknown field in a rule", struct {
			S string `json:"s" validate:"eqfield=Other"`
		}{}, "/", "names no field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := bind.New().Compile(reflect.TypeOf(c.in), c.pattern)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestCompileAccepts(t *testing.T) {
	type ruled struct {
		Name string `json:"name" validate:"required"`
	}
	type tree struct {
		Children []tree `json:"children" validate:"dive"`
		Parent   *tree  `json:"parent"`
		Ruled    ruled  `json:"ruled"`
	}
	for _, in := range []any{
		struct{}{}, tree{}, params{},
		struct {
			L []ruled `json:"l" validate:"-"`
		}{},
		struct {
			M map[string][]ruled `json:"m" validate:"max=2,dive,keys,min=1,endkeys,max=2,dive"`
		}{},
		struct {
			S string `json:"s" validate:"omitempty,ip|hostname"`
		}{},
		struct {
			A string `json:"a"`
			B string `json:"b" validate:"required_with=A,omitempty,nefield=A"`
		}{},
		struct {
			T time.Time     `json:"t" validate:"required"`
			D time.Duration `json:"d" validate:"min=1s,max=1h"`
		}{},
	} {
		pattern := "/"
		if _, ok := in.(params); ok {
			pattern = paramsPattern
		}
		if _, err := bind.New().Compile(reflect.TypeOf(in), pattern); err != nil {
			t.Errorf("%T: %v", in, err)
		}
	}
}

// A time whose offset leads out of RFC 3339's years has no answer to be in.
func TestTimesAtTheEdge(t *testing.T) {
	t.Parallel()
	type in struct {
		At time.Time `query:"at"`
	}
	plan, err := bind.New().Compile(reflect.TypeFor[in](), "/x")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"9999-12-31T23:59:59Z": true, "9999-12-31T23:59:59-23:59": false, "0000-01-01T00:00:00Z": true, "0000-01-01T00:00:00%2B23:59": false,
	} {
		var v in
		err := plan.Decode(httptest.NewRequest(http.MethodGet, "/x?at="+text, nil), &v, 0)
		if got := err == nil; got != want {
			t.Errorf("at=%s: accepted %v, want %v (%v)", text, got, want, err)
		}
	}
}
