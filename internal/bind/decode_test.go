package bind_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

type values = map[string]string

// level is a type that reads itself from text.
type level int

func (l *level) UnmarshalText(b []byte) error {
	switch string(b) {
	case "low":
		*l = 1
	case "high":
		*l = 2
	default:
		return fmt.Errorf("secret internals: %q", b)
	}
	return nil
}

// point is a type that reads itself from JSON.
type point struct{ x, y int }

func (p *point) UnmarshalJSON(b []byte) error {
	var pair [2]int
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	p.x, p.y = pair[0], pair[1]
	return nil
}

type item struct {
	Email string `json:"email" validate:"required,email"`
	Count int8   `json:"count" validate:"omitempty,min=1"`
}

type kitchen struct {
	Text    string            `json:"text"`
	Flag    bool              `json:"flag"`
	Int     int               `json:"int"`
	Small   int8              `json:"small"`
	Unsign  uint16            `json:"unsign"`
	Float   float64           `json:"float"`
	Single  float32           `json:"single"`
	When    time.Time         `json:"when"`
	Every   time.Duration     `json:"every"`
	Bytes   []byte            `json:"bytes"`
	Strings []string          `json:"strings"`
	Items   []item            `json:"items" validate:"max=3,dive"`
	Ptr     *int              `json:"ptr"`
	Nested  *item             `json:"nested"`
	Pair    [2]int            `json:"pair"`
	Map     map[string]int    `json:"map" validate:"max=3,dive,keys,alphanum,endkeys,min=1"`
	Numbers map[int]string    `json:"numbers"`
	Any     any               `json:"any"`
	Raw     json.RawMessage   `json:"raw"`
	Number  json.Number       `json:"number"`
	Level   level             `json:"level"`
	Point   point             `json:"point"`
	Quoted  int64             `json:"quoted,string"`
	Slashes string            `json:"a/b~c"`
	Matrix  [][]float64       `json:"matrix"`
	Levels  map[level]float64 `json:"levels"`
	Skipped string            `json:"-"`
}

func compile(t testing.TB, in reflect.Type, pattern string) *bind.Plan {
	t.Helper()
	p, err := bind.New().Compile(in, pattern)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func post(body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestDecodeBody(t *testing.T) {
	plan := compile(t, reflect.TypeFor[kitchen](), "/")
	const text = ` {"text":"a\"\u00e9\ud83d\ude00\n\/","flag":true,"int":-12,"small":-128,"unsign":65535,"float":1.5e3,"single":0.25,
		"when":"2024-01-02T03:04:05.5+01:00","every":"1m30s","bytes":"aGk=","strings":[],"items":[{"email":"a@b.cc"},{"count":3,"email":"c@d.ee"}],
		"ptr":7,"nested":{"email":"x@y.zz"},"pair":[1,2],"map":{"a":1},"numbers":{"-1":"x"},"any":{"a":[1,null,"x",false,{}]},
		"raw": {"k" : 1},"number":12.50,"level":"high","point":[3,4],"quoted":"99","a/b~c":"s","matrix":[[1],[],[2,3]],"levels":{"low":1}} `
	var got kitchen
	if err := plan.Decode(post(text), &got, 0); err != nil {
		t.Fatal(err)
	}
	when, err := time.Parse(time.RFC3339, "2024-01-02T03:04:05.5+01:00")
	if err != nil {
		t.Fatal(err)
	}
	want := kitchen{
		Text: "a\"é😀\n/", Flag: true, Int: -12, Small: -128, Unsign: 65535, Float: 1500, Single: 0.25, When: when, Every: 90 * time.Second,
		Bytes: []byte("hi"), Strings: []string{}, Items: []item{{Email: "a@b.cc"}, {Email: "c@d.ee", Count: 3}}, Ptr: new(7),
		Nested: &item{Email: "x@y.zz"}, Pair: [2]int{1, 2}, Map: map[string]int{"a": 1}, Numbers: map[int]string{-1: "x"},
		Any: map[string]any{"a": []any{1.0, nil, "x", false, map[string]any{}}}, Raw: json.RawMessage(`{"k" : 1}`), Number: "12.50",
		Level: 2, Point: point{3, 4}, Quoted: 99, Slashes: "s", Matrix: [][]float64{{1}, {}, {2, 3}}, Levels: map[level]float64{1: 1},
	}
	if !got.When.Equal(want.When) {
		t.Errorf("when: got %v, want %v", got.When, want.When)
	}
	got.When, want.When = time.Time{}, time.Time{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// wrong is a body and what must be said about it, as "pointer code".
type wrong struct {
	name, body string
	status     int
	fields     []string
}

func TestDecodeBodyErrors(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	var manyKeys strings.Builder
	for i := range 40 {
		fmt.Fprintf(&manyKeys, `"k%d":0,`, i)
	}
	cases := []wrong{
		{"empty", " ", 400, []string{" syntax"}},
		{"not JSON", "{x}", 400, []string{" syntax"}},
		{"open", `{"text":"a"`, 400, []string{" syntax"}},
		{"open string", `{"text":"a`, 400, []string{"/text syntax"}},
		{"trailing comma", `{"text":"a",}`, 400, []string{" syntax"}},
		{"trailing data", `{"text":"a"} {}`, 400, []string{" syntax"}},
		{"trailing NUL", "{}\x00", 400, []string{" syntax"}},
		{"control character", "{\"text\":\"a\nb\"}", 400, []string{"/text syntax"}},
		{"bad escape", `{"text":"\x"}`, 400, []string{"/text syntax"}},
		{"short escape", `{"text":"\u12"}`, 400, []string{"/text syntax"}},
		{"lone surrogate", `{"text":"\ud800"}`, 400, []string{"/text syntax"}},
		{"wrong surrogates", `{"text":"\ud800\u0041"}`, 400, []string{"/text syntax"}},
		{"invalid UTF-8", "{\"text\":\"\xff\"}", 400, []string{" syntax"}},
		{"byte order mark", "\ufeff{}", 400, []string{" syntax"}},
		{"bad number", `{"int":01}`, 400, []string{" syntax"}},
		{"bad number 2", `{"float":1.}`, 400, []string{"/float syntax"}},
		{"bad literal", `{"flag":tru}`, 400, []string{"/flag syntax"}},
		{"too deep", `{"any":` + deep(80) + `}`, 400, []string{"/any" + strings.Repeat("/0", 63) + " syntax"}},
		{"too deep, unknown", `{"other":` + deep(80) + `}`, 400, []string{"/other" + strings.Repeat("/0", 63) + " syntax"}},
		{"deep enough", `{"any":` + deep(63) + `}`, 200, nil},
		{"duplicate", `{"text":"a","text":"b"}`, 400, []string{"/text duplicate"}},
		{"duplicate, escaped", `{"text":"a","te\u0078t":"b"}`, 400, []string{"/text duplicate"}},
		{"duplicate in any", `{"any":{"a":[{"b":1,"b":2}]}}`, 400, []string{"/any/a/0/b duplicate"}},
		{"duplicate in raw", `{"raw":{"a":[{"b":1,"\u0062":2}]}}`, 400, []string{"/raw/a/0/b duplicate"}},
		{"duplicate in unknown", `{"other":{"b":1,"b":2}}`, 400, []string{"/other unknown", "/other/b duplicate"}},
		{"duplicate in map", `{"map":{"a":1,"a":2}}`, 400, []string{"/map/a duplicate"}},
		{"duplicate among many", `{"raw":{` + manyKeys.String() + `"k7":1}}`, 400, []string{"/raw/k7 duplicate"}},
		{"not an object", `[]`, 422, []string{" type"}},
		{"null", `null`, 422, []string{" type"}},
		{"unknown", `{"txt":1,"text":"a"}`, 422, []string{"/txt unknown"}},
		{"wrong case", `{"Text":"a"}`, 422, []string{"/Text unknown"}},
		{"skipped by its tag", `{"Skipped":"a","-":"b"}`, 422, []string{"/Skipped unknown", "/- unknown"}},
		{"types", `{"text":1,"flag":"x","int":"1","small":200,"unsign":-1,"float":true,"when":1,"every":5,"bytes":"%","strings":{},` +
			`"pair":[1],"map":[],"level":3,"number":"1","quoted":1}`, 422, []string{
			"/text type", "/flag type", "/int type", "/small type", "/unsign type", "/float type", "/when type", "/every type", "/bytes type",
			"/strings type", "/pair type", "/map type", "/level type", "/number type", "/quoted type",
		}},
		{"values", `{"int":1.0,"unsign":1e2,"float":1e999,"when":"2024-13-01T00:00:00Z","every":"5","numbers":{"x":"y"},"pair":[1,2,3],` +
			`"level":"mid","point":"x","quoted":"x","any":[1e999]}`, 422, []string{
			"/int type", "/unsign type", "/float type", "/when type", "/every type", "/numbers/x type", "/pair type", "/level type", "/point type",
			"/quoted type", "/any/0 type",
		}},
		{"nulls", `{"text":null,"strings":null,"map":null,"nested":null,"ptr":null,"any":null,"raw":null,"when":null}`, 422, []string{
			"/text type", "/strings type", "/map type", "/when type",
		}},
		{"in lists", `{"items":[{"email":"a@b.cc"},{"email":"no","count":-1,"more":1},{"count":500}]}`, 422, []string{
			"/items/1/more unknown", "/items/2/count type", "/items/2/email missing", "/items/1/count min", "/items/1/email email",
		}},
		{"in maps", `{"map":{"a.b]":1,"b":0}}`, 422, []string{"/map/a.b] alphanum", "/map/b min"}},
		{"in pointers", `{"nested":{"email":""}}`, 422, []string{"/nested/email required"}},
		{"escaped pointer", `{"a/b~c":1}`, 422, []string{"/a~1b~0c type"}},
		{"too many items", `{"items":[{"email":"a@b.cc"},{"email":"a@b.cc"},{"email":"a@b.cc"},{"email":"a@b.cc"}]}`, 422, []string{"/items max"}},
	}
	plan := compile(t, reflect.TypeFor[kitchen](), "/")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			checkError(t, plan.Decode(post(c.body), &kitchen{}, 0), c.status, c.fields)
		})
	}
}

// checkError compares an error's status and fields; 200 wants no error.
func checkError(t *testing.T, err error, status int, want []string) {
	t.Helper()
	if err == nil {
		if status != 200 {
			t.Errorf("got no error, want %d", status)
		}
		return
	}
	e, ok := errors.AsType[*bind.Error](err)
	if !ok {
		t.Fatalf("got %T %v, want *bind.Error", err, err)
	}
	if e.Status != status {
		t.Errorf("status: got %d, want %d: %v", e.Status, status, err)
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Pointer+" "+f.Code)
		if f.Detail == "" || strings.Contains(f.Detail, "secret internals") {
			t.Errorf("%s: detail %q", f.Pointer, f.Detail)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("fields\n got %q\nwant %q\n%v", got, want, err)
	}
	if p := e.Problem(); p.Status != e.Status || len(p.Errors) != len(e.Fields) || strings.Contains(p.Detail, "secret") {
		t.Errorf("problem: got %+v", p)
	}
}

func TestErrorsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("{")
	for i := range 200 {
		fmt.Fprintf(&b, `"unknown%d":1,`, i)
	}
	b.WriteString(`"text":"a"}`)
	err := compile(t, reflect.TypeFor[kitchen](), "/").Decode(post(b.String()), &kitchen{}, 0)
	e, _ := errors.AsType[*bind.Error](err)
	if e == nil || len(e.Fields) != 32 {
		t.Errorf("got %v, want an error of 32 fields", err)
	}
}

// TestMemoryIsBounded: small elements must not become large structs without end.
func TestMemoryIsBounded(t *testing.T) {
	type in struct {
		Rows []struct{ A, B, C, D, E, F [64]string } `json:"rows"`
	}
	body := `{"rows":[` + strings.Repeat("{},", 1000) + `{}]}`
	checkError(t, compile(t, reflect.TypeFor[in](), "/").Decode(post(body), &in{}, 0), 413, []string{"/rows syntax"})
}

func TestPrivateCause(t *testing.T) {
	err := compile(t, reflect.TypeFor[kitchen](), "/").Decode(post(`{"level":"mid"}`), &kitchen{}, 0)
	if err == nil || !strings.Contains(err.Error(), "secret internals") {
		t.Errorf("the log gets %v, want the cause", err)
	}
	if e, _ := errors.AsType[*bind.Error](err); e == nil || e.Err == nil {
		t.Error("no private cause")
	}
}

func TestBodyHeaders(t *testing.T) {
	plan := compile(t, reflect.TypeFor[customer](), "/")
	with := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			if r.Header.Del(name); value != "" {
				r.Header.Set(name, value)
			}
		}
	}
	for _, c := range []struct {
		name   string
		change func(r *http.Request)
		limit  int64
		status int
	}{
		{"plain", func(*http.Request) {}, 0, 200},
		{"charset", with("Content-Type", "application/json; charset=UTF-8"), 0, 200},
		{"upper case", with("Content-Type", "Application/JSON"), 0, 200},
		{"latin", with("Content-Type", "application/json; charset=latin1"), 0, 415},
		{"none", with("Content-Type", ""), 0, 415},
		{"twice", func(r *http.Request) { r.Header["Content-Type"] = []string{"application/json", "text/plain"} }, 0, 415},
		{"form", with("Content-Type", "application/x-www-form-urlencoded"), 0, 415},
		{"text", with("Content-Type", "text/plain"), 0, 415},
		{"broken", with("Content-Type", "application/json; ="), 0, 415},
		{"merge patch of POST", with("Content-Type", "application/merge-patch+json"), 0, 415},
		{"merge patch", func(r *http.Request) { r.Method = "PATCH"; r.Header.Set("Content-Type", bind.MergePatch) }, 0, 200},
		{"merge patch, charset", func(r *http.Request) {
			r.Method = "PATCH"
			r.Header.Set("Content-Type", "Application/Merge-Patch+JSON; charset=utf-8")
		}, 0, 200},
		{"JSON patch", func(r *http.Request) { r.Method = "PATCH"; r.Header.Set("Content-Type", "application/json-patch+json") }, 0, 415},
		{"JSON of PATCH", func(r *http.Request) { r.Method = "PATCH" }, 0, 200},
		{"compressed", with("Content-Encoding", "gzip"), 0, 415},
		{"identity", with("Content-Encoding", "identity"), 0, 200},
		{"limit", func(*http.Request) {}, int64(len(customerJSON)), 200},
		{"over the limit", func(*http.Request) {}, int64(len(customerJSON)) - 1, 413},
		{"over the limit, chunked", func(r *http.Request) { r.ContentLength = -1 }, int64(len(customerJSON)) - 1, 413},
		{"chunked", func(r *http.Request) { r.ContentLength = -1 }, 0, 200},
		{"chunked, form", func(r *http.Request) { r.ContentLength = -1; r.Header.Set("Content-Type", "text/plain") }, 0, 415},
		{"slow", func(r *http.Request) { r.Body = io.NopCloser(iotest.OneByteReader(r.Body)) }, 0, 200},
		{"outer limit", func(r *http.Request) { r.Body = http.MaxBytesReader(nil, r.Body, 10) }, 0, 413},
		{"broken off", func(r *http.Request) { r.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF)) }, 0, 400},
		{"timeout", func(r *http.Request) { r.Body = io.NopCloser(iotest.ErrReader(os.ErrDeadlineExceeded)) }, 0, 408},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := post(customerJSON)
			c.change(r)
			err := plan.Decode(r, &customer{}, c.limit)
			e, _ := errors.AsType[*bind.Error](err)
			got := 200
			if e != nil {
				got = e.Status
			}
			if got != c.status {
				t.Errorf("got %d (%v), want %d", got, err, c.status)
			}
		})
	}
}

func TestMissingBody(t *testing.T) {
	type optional struct {
		Note string `json:"note"`
		Many int    `json:"many" default:"3"`
	}
	type whole struct {
		Body []int `body:""`
	}
	type pointer struct {
		Body *item `body:""`
	}
	type none struct{}
	for _, c := range []struct {
		name, body string
		in         any
		status     int
		fields     []string
		want       any
	}{
		{"optional", "", &optional{}, 200, nil, &optional{Many: 3}},
		{"required", "", &item{}, 422, []string{"/email missing"}, nil},
		{"list", "", &whole{}, 422, []string{" missing"}, nil},
		{"list given", "[1]", &whole{}, 200, nil, &whole{Body: []int{1}}},
		{"list of wrong", `[1,"x"]`, &whole{}, 422, []string{"/1 type"}, nil},
		{"pointer", "", &pointer{}, 200, nil, &pointer{}},
		{"pointer null", "null", &pointer{}, 200, nil, &pointer{}},
		{"pointer given", `{"email":"a"}`, &pointer{}, 422, []string{"/email email"}, nil},
		{"none", "", &none{}, 200, nil, &none{}},
		{"none, empty object", "{}", &none{}, 200, nil, &none{}},
		{"none, something", `{"a":1}`, &none{}, 422, []string{"/a unknown"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := compile(t, reflect.TypeOf(c.in).Elem(), "/")
			checkError(t, plan.Decode(post(c.body), c.in, 0), c.status, c.fields)
			if c.want != nil && !reflect.DeepEqual(c.in, c.want) {
				t.Errorf("got %+v, want %+v", c.in, c.want)
			}
		})
	}
}

func TestDecodeIntoAnother(t *testing.T) {
	plan := compile(t, reflect.TypeFor[item](), "/")
	for _, dst := range []any{item{}, &customer{}, nil, (*item)(nil)} {
		if e, _ := errors.AsType[*bind.Error](plan.Decode(post("{}"), dst, 0)); e == nil || e.Status != 500 {
			t.Errorf("into %T: got %v, want status 500", dst, e)
		}
	}
}

func TestSentences(t *testing.T) {
	type in struct {
		Name  string        `json:"name" validate:"min=3"`
		Short string        `json:"short" validate:"max=1"`
		Age   int           `json:"age" validate:"min=1"`
		Tags  []string      `json:"tags" validate:"max=1"`
		Every time.Duration `json:"every" validate:"min=1s"`
		Plan  string        `json:"plan" validate:"oneof=free 'team plus'"`
		Mail  string        `json:"mail" validate:"email"`
		Code  string        `json:"code" validate:"startswith=x"`
		Odd   string        `json:"odd" validate:"isbn"`
		Less  float64       `json:"less" validate:"lt=5"`
	}
	body := `{"name":"a","short":"abc","age":0,"tags":["a","b"],"every":"1ms","plan":"x","mail":"x","code":"y","odd":"z","less":9}`
	err := compile(t, reflect.TypeFor[in](), "/").Decode(post(body), &in{}, 0)
	e, _ := errors.AsType[*bind.Error](err)
	if e == nil {
		t.Fatal("got no error")
	}
	want := []problem.Field{
		{Pointer: "/name", Code: "min", Detail: "must be at least 3 characters long", Params: values{"value": "3", "of": "characters"}},
		{Pointer: "/short", Code: "max", Detail: "must be at most 1 character long", Params: values{"value": "1", "of": "characters"}},
		{Pointer: "/age", Code: "min", Detail: "must be at least 1", Params: values{"value": "1"}},
		{Pointer: "/tags", Code: "max", Detail: "must have at most 1 item", Params: values{"value": "1", "of": "items"}},
		{Pointer: "/every", Code: "min", Detail: "must be at least 1s", Params: values{"value": "1s"}},
		{Pointer: "/plan", Code: "oneof", Detail: "must be one of free, team plus", Params: values{"value": "free, team plus"}},
		{Pointer: "/mail", Code: "email", Detail: "must be an email address", Params: values{}},
		{Pointer: "/code", Code: "startswith", Detail: "must begin with x", Params: values{"value": "x"}},
		{Pointer: "/odd", Code: "isbn", Detail: "must satisfy isbn"},
		{Pointer: "/less", Code: "lt", Detail: "must be less than 5", Params: values{"value": "5"}},
	}
	for i := range max(len(want), len(e.Fields)) {
		if i >= len(want) || i >= len(e.Fields) || !reflect.DeepEqual(e.Fields[i], want[i]) {
			t.Fatalf("field %d\n got %+v\nwant %+v", i, e.Fields, want)
		}
	}
}
