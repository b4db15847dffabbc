package dashboard_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

type flagAnswer struct {
	Key, Kind, Owner, Source string
	Enabled, Killed, Stale   bool
	StaleWhy                 string `json:"stale_why"`
	DefaultVariant           string `json:"default_variant"`
	Variants                 []struct {
		Name  string
		Value any
	}
	Version   int64
	Exposures int64
	UpdatedBy struct{ ID, Name string } `json:"updated_by"`
	Segments  []string
	Needs     []string
	NeededBy  []string `json:"needed_by"`
}

func define(definition string) map[string]any {
	return map[string]any{"definition": json.RawMessage(definition)}
}

func TestFlagsAreEdited(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	o := s.owner()
	const at = "/api/v1/flags/shop%2Fcheckout"
	o.do("PUT", at, define(onForAll)).wantProblem(http.StatusPreconditionRequired, "if-match-required")
	o.do("PUT", at, define(onForAll), "If-Match", `"1"`).wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	made := o.do("PUT", at, define(onForAll), "If-None-Match", "*").wantStatus(http.StatusCreated)
	var got flagAnswer
	made.decode(&got)
	if made.header.Get("ETag") != `"1"` || got.Key != "shop/checkout" || got.Kind != "boolean" || !got.Enabled || got.UpdatedBy.ID == "" || len(got.Variants) != 2 || got.Source != "database" {
		t.Errorf("got %s %+v", made.header.Get("ETag"), got)
	}
	o.do("PUT", at, define(onForAll), "If-None-Match", "*").wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	o.do("PUT", at, map[string]any{"definition": json.RawMessage(onFor("x")), "comment": "only x"}, "If-Match", `"1"`).wantStatus(http.StatusOK)
	o.do("PUT", at, define(onForAll), "If-Match", `"1"`).wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	if a := o.get(at, "If-None-Match", `"2"`); a.status != http.StatusNotModified {
		t.Errorf("got %d, want not modified", a.status)
	}
	bad := o.do("PUT", at, map[string]any{"definition": "{\n\"state\": \"ENABLED\",\n\"variants\": {\"on\": true},\n\"defaultVariant\": \"of\"}"}, "If-Match", "*").wantProblem(http.StatusUnprocessableEntity, "invalid-input")
	if !strings.Contains(string(bad.body), `"/definition/defaultVariant"`) || !strings.Contains(string(bad.body), "line 4") {
		t.Errorf("got %s", bad.body)
	}
	o.do("POST", at+"/kill", map[string]any{"killed": true}).wantStatus(http.StatusOK).decode(&got)
	if !got.Killed || got.Version != 3 {
		t.Errorf("killed: got %+v", got)
	}
	o.do("POST", at+"/kill", map[string]any{"killed": true, "variant": "ghost"}).wantStatus(http.StatusUnprocessableEntity)
	o.do("POST", at+"/rollback", map[string]any{"version": 1}, "If-Match", `"3"`).wantStatus(http.StatusOK).decode(&got)
	if got.Killed || got.Version != 4 {
		t.Errorf("rolled back: got %+v", got)
	}
	o.do("POST", at+"/rollback", map[string]any{"version": 9}, "If-Match", `"4"`).wantProblem(http.StatusNotFound, "not-found")
	o.do("POST", at+"/rollback", map[string]any{"version": 1}, "If-Match", `"3"`).wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	var page struct {
		Items []struct {
			Version    int64
			Comment    string
			By         struct{ Name string }
			Definition json.RawMessage
		}
		Next string `json:"next_cursor"`
	}
	o.get(at + "/history?limit=2").wantStatus(http.StatusOK).decode(&page)
	if len(page.Items) != 2 || page.Items[0].Version != 4 || page.Items[0].Comment != "back to version 1" || page.Next == "" {
		t.Errorf("got %+v", page)
	}
	o.get(at + "/history?limit=2&cursor=" + page.Next).wantStatus(http.StatusOK).decode(&page)
	if len(page.Items) != 2 || page.Items[0].Version != 2 || page.Items[0].Comment != "only x" {
		t.Errorf("got %+v", page)
	}
	o.do("DELETE", at, nil).wantStatus(http.StatusPreconditionRequired)
	o.do("DELETE", at, nil, "If-Match", `"4"`).wantStatus(http.StatusNoContent)
	o.get(at).wantProblem(http.StatusNotFound, "not-found")
	o.get(at + "/history").wantStatus(http.StatusOK).decode(&page)
	if len(page.Items) != 5 || string(page.Items[0].Definition) != "null" {
		t.Errorf("after the end: got %+v", page)
	}
	o.do("POST", at+"/rollback", map[string]any{"version": 1}).wantStatus(http.StatusOK)
	o.get("/api/v1/flags/ghost/history").wantProblem(http.StatusNotFound, "not-found")
	if a := o.get("/api/v1/audit?target=shop%2Fcheckout"); strings.Count(string(a.body), `"flag.`) < 5 {
		t.Errorf("the audit log has %s", a.body)
	}
	for _, key := range []string{"check", "import", "explain", "metrics"} {
		o.do("PUT", "/api/v1/flags/"+key, define(onForAll), "If-None-Match", "*").wantStatus(http.StatusUnprocessableEntity)
	}
}

func TestFlagsAreListed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.setFlag("b", `{"state":"DISABLED","variants":{"x":"1"},"defaultVariant":"x","metadata":{"owner":"ops","expires":"2020-01-01","description":"Words"}}`)
	s.setFlag("a", onForAll)
	s.setFlag("c", `{"state":"ENABLED","variants":{"n":1,"m":2.5},"defaultVariant":"m"}`)
	keys := func(query string) string {
		t.Helper()
		var page struct{ Items []flagAnswer }
		s.owner().get("/api/v1/flags?" + query).wantStatus(http.StatusOK).decode(&page)
		var out []string
		for _, f := range page.Items {
			out = append(out, f.Key)
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{
		"": "a b c", "sort=-key": "c b a", "filter=enabled%3Dfalse": "b", "filter=kind%3Dnumber": "c", "q=wor": "b", "q=a": "a",
		"filter=stale%3Dtrue": "b", "filter=owner%3Dops": "b", "sort=-updated_at&limit=1": "c",
	} {
		if got := keys(query); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	var page struct {
		Items []flagAnswer
		Next  string `json:"next_cursor"`
	}
	s.owner().get("/api/v1/flags?limit=2").decode(&page)
	if got := keys("limit=2&cursor=" + page.Next); got != "c" {
		t.Errorf("second page: got %q", got)
	}
	s.owner().get("/api/v1/flags?sort=-key&cursor="+page.Next).wantProblem(http.StatusBadRequest, "bad-cursor")
	s.owner().get("/api/v1/flags?filter=ghost%3D1").wantStatus(http.StatusBadRequest)
	if f := page.Items[1]; !f.Stale || f.StaleWhy == "" || f.Owner != "ops" || f.Enabled {
		t.Errorf("got %+v", f)
	}
	out := s.owner().get("/api/v1/flags?format=flagd").wantStatus(http.StatusOK)
	var document struct{ Flags map[string]any }
	out.decode(&document)
	if len(document.Flags) != 3 || out.header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s", out.body)
	}
	if a := s.owner().do("POST", "/api/v1/flags/import?dry_run=true&mode=replace", out.body).wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"unchanged":["a","b","c"]`) {
		t.Errorf("there and back: got %s", a.body)
	}
}

func TestFlagsAreTakenOver(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.setFlag("old", onForAll)
	const document = `{"flags":{"new":` + onForAll + `},"$evaluators":{"staff":{"in":["x",{"var":"email"}]}}}`
	a := s.owner().do("POST", "/api/v1/flags/import?mode=replace", json.RawMessage(document)).wantStatus(http.StatusOK)
	if want := `{"created":["new","$evaluators/staff"],"changed":[],"deleted":["old"],"unchanged":[],"errors":[]}`; strings.TrimSpace(string(a.body)) != want {
		t.Errorf("got %s, want %s", a.body, want)
	}
	for _, garbage := range []string{`{"flags":{"x":{"state":"ENABLED","variants":{},"defaultVariant":"y"}}}`, `{"flags":[3]}`, `[]`, `{"flags":{"x":{}}}`} {
		s.owner().do("POST", "/api/v1/flags/import", json.RawMessage(garbage)).wantStatus(http.StatusUnprocessableEntity)
		if a := s.owner().do("POST", "/api/v1/flags/import?dry_run=true", json.RawMessage(garbage)).wantStatus(http.StatusOK); strings.Contains(string(a.body), `"errors":[]`) {
			t.Errorf("%s: got %s", garbage, a.body)
		}
	}
	s.owner().do("POST", "/api/v1/flags/import", []byte("{")).wantStatus(http.StatusBadRequest)
	s.owner().do("POST", "/api/v1/flags/import", []byte(`{"flags":{"x":"`+strings.Repeat("x", 4<<20)+`"}}`)).wantStatus(http.StatusRequestEntityTooLarge)
	s.owner().do("POST", "/api/v1/flags/import?mode=guess", json.RawMessage(document)).wantStatus(http.StatusUnprocessableEntity)
	if a := s.owner().get("/api/v1/flags/new").wantStatus(http.StatusOK); a.header.Get("ETag") != `"1"` {
		t.Errorf("garbage has changed something: %s", a.body)
	}
}

func TestSegmentsAreEdited(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	o := s.owner()
	const at = "/api/v1/segments/staff"
	o.do("PUT", at, define(`{"ends_with":[{"var":"email"},"@example.com"]}`), "If-None-Match", "*").wantStatus(http.StatusCreated)
	s.setFlag("a", `{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"off","targeting":{"if":[{"$ref":"staff"},"on"]}}`)
	if a := o.get(at).wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"used_by":["a"]`) {
		t.Errorf("got %s", a.body)
	}
	var f flagAnswer
	o.get("/api/v1/flags/a").decode(&f)
	if fmt.Sprint(f.Segments) != "[staff]" {
		t.Errorf("got %+v", f)
	}
	o.do("DELETE", at, nil, "If-Match", `"1"`).wantProblem(http.StatusConflict, "flag-in-use")
	o.do("PUT", at, define(`{"nonsense":[]}`), "If-Match", `"1"`).wantStatus(http.StatusUnprocessableEntity)
	o.do("PUT", at, define(`{"ends_with":[{"var":"email"},"@example.org"]}`), "If-Match", `"1"`).wantStatus(http.StatusOK)
	o.do("POST", at+"/rollback", map[string]any{"version": 1}, "If-Match", `"2"`).wantStatus(http.StatusOK)
	if a := o.get(at + "/history").wantStatus(http.StatusOK); strings.Count(string(a.body), `"version"`) != 3 {
		t.Errorf("got %s", a.body)
	}
	if a := o.get("/api/v1/segments?q=st").wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"name":"staff"`) {
		t.Errorf("got %s", a.body)
	}
	s.setFlag("base", onForAll)
	s.setFlag("needing", `{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"on","metadata":{"prerequisites":"base=on"}}`)
	o.get("/api/v1/flags/base").decode(&f)
	if fmt.Sprint(f.NeededBy) != "[needing]" {
		t.Errorf("got %+v", f)
	}
	o.do("DELETE", "/api/v1/flags/base", nil, "If-Match", `"1"`).wantProblem(http.StatusConflict, "flag-in-use")
}

func TestFlagsAreTried(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	o := s.owner()
	s.member("bea", "dashboard.audit.read")
	s.setFlag("a", onFor("bea@example.com"))
	type problem struct {
		Pointer, Code, Detail string
		Line, Column          int
	}
	var check struct{ Errors, Warnings []problem }
	o.do("POST", "/api/v1/flags/check", map[string]any{"definition": "{\n\"state\": \"MAYBE\",\n\"variants\": {\"on\": true}}"}).wantStatus(http.StatusOK).decode(&check)
	if len(check.Errors) != 1 || check.Errors[0].Pointer != "/state" || check.Errors[0].Line != 2 {
		t.Errorf("got %+v", check)
	}
	o.do("POST", "/api/v1/flags/check", map[string]any{"key": "a", "definition": json.RawMessage(onForAll)}).wantStatus(http.StatusOK).decode(&check)
	if len(check.Errors) != 0 || check.Warnings == nil || len(check.Warnings) != 0 {
		t.Errorf("got %+v", check)
	}
	// What nothing reads is no error, and not passed over in silence either.
	misspelled := "{\n\"state\": \"ENABLED\", \"variants\": {\"on\": true},\n\"targetings\": {\"if\": [true, \"on\"]},\n\"metadata\": {\"team\": \"x\", \"expire\": \"2026-01-01\"}}"
	o.do("POST", "/api/v1/flags/check", map[string]any{"key": "a/~b", "definition": misspelled}).wantStatus(http.StatusOK).decode(&check)
	if len(check.Errors) != 0 || len(check.Warnings) != 2 || check.Warnings[0].Pointer != "/targetings" || check.Warnings[0].Line != 3 || check.Warnings[0].Column != 1 ||
		check.Warnings[0].Code != "unknown-member" || !strings.Contains(check.Warnings[0].Detail, `"targeting"`) || check.Warnings[1].Pointer != "/metadata/expire" {
		t.Errorf("misspelled: got %+v", check)
	}
	o.do("PUT", "/api/v1/flags/misspelled", map[string]any{"definition": misspelled}, "If-None-Match", "*").wantStatus(http.StatusCreated)
	o.do("POST", "/api/v1/flags/check", map[string]any{"definition": "{}},\"x\":{"}).wantStatus(http.StatusOK).decode(&check)
	if len(check.Errors) == 0 || len(check.Warnings) != 0 {
		t.Errorf("no JSON: got %+v", check)
	}
	var users struct{ Items []struct{ ID, Email string } }
	o.get("/api/v1/users?q=bea").decode(&users)
	for _, tt := range []struct {
		body map[string]any
		want string
	}{
		{map[string]any{"key": "a", "user_id": users.Items[0].ID}, `"variant":"on"`},
		{map[string]any{"key": "a", "context": map[string]any{"targeting_key": "7", "email": "x"}}, `"variant":"off"`},
		{map[string]any{"key": "a", "user_id": users.Items[0].ID, "context": map[string]any{"email": "x"}}, `"variant":"off"`},
		{map[string]any{"key": "a", "definition": json.RawMessage(onForAll)}, `"variant":"on"`},
		{map[string]any{"key": "new", "definition": json.RawMessage(onForAll)}, `"variant":"on"`},
	} {
		if a := o.do("POST", "/api/v1/flags/explain", tt.body).wantStatus(http.StatusOK); !strings.Contains(string(a.body), tt.want) {
			t.Errorf("%v: got %s", tt.body, a.body)
		}
	}
	// Rules must not be a way to guess at accounts, and the caller's own roles do
	// not count for whom they ask for.
	reader := s.member("carl", "dashboard.flags.read")
	reader.do("POST", "/api/v1/flags/explain", map[string]any{"key": "a", "user_id": users.Items[0].ID}).wantProblem(http.StatusForbidden, "permission-missing")
	if a := reader.do("POST", "/api/v1/flags/a/preview", define(onForAll)).wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"accounts":{"people":0,`) {
		t.Errorf("got %s", a.body)
	}
	s.setFlag("mine", onFor(ownerEmail))
	if a := o.do("POST", "/api/v1/flags/explain", map[string]any{"key": "mine", "context": map[string]any{}}).wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"variant":"off"`) {
		t.Errorf("got %s", a.body)
	}
	o.do("POST", "/api/v1/flags/explain", map[string]any{"key": "ghost"}).wantProblem(http.StatusNotFound, "not-found")
	o.do("POST", "/api/v1/flags/explain", map[string]any{"key": "a", "user_id": "ghost"}).wantStatus(http.StatusUnprocessableEntity)
	o.do("POST", "/api/v1/flags/explain", map[string]any{"key": "a", "context": map[string]any{"targeting_key": 7}}).wantStatus(http.StatusUnprocessableEntity)
	var preview struct {
		Sample, Accounts struct {
			People, Changed int
			Shares          []struct {
				Variant string
				Draft   float64 `json:"draft_share"`
			}
		}
		All bool
	}
	half := `{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"off","targeting":{"fractional":[["on",50],["off",50]]}}`
	eventually(t, "there is time for all people", func() bool {
		o.do("POST", "/api/v1/flags/a/preview", define(half)).wantStatus(http.StatusOK).decode(&preview)
		return preview.Sample.People == 10_000 && preview.All
	})
	if preview.Sample.Changed < 4_500 || preview.Sample.Changed > 5_500 || preview.Accounts.People != 3 {
		t.Errorf("got %+v", preview)
	}
	o.do("POST", "/api/v1/flags/a/preview", define(`{"state":1}`)).wantStatus(http.StatusUnprocessableEntity)
	o.get("/api/v1/flags/a/experiment?metric=signed").wantStatus(http.StatusOK)
	o.get("/api/v1/flags/ghost/experiment").wantProblem(http.StatusNotFound, "not-found")
	if a := o.get("/api/v1/flags/metrics").wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"items":[]`) {
		t.Errorf("got %s", a.body)
	}
}

// Who may read flags may try definitions, but not occupy a processor with one.
func TestPreviewsOfSlowRulesEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	o := s.owner()
	s.setFlag("a", onForAll)
	list := "[" + strings.Repeat("1,", 299) + "1]"
	sum := func(of string) string { return `{"reduce":[` + list + `,{"+":[{"var":"accumulator"},` + of + `]},0]}` }
	slow := `{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"off","targeting":{"if":[` + sum(sum(`{"var":"current"}`)) + `,"on"]}}`
	var preview struct {
		Sample, Accounts struct{ People, Changed int }
	}
	o.do("POST", "/api/v1/flags/a/preview", map[string]any{"definition": json.RawMessage(slow), "sample": 100_000}).wantStatus(http.StatusOK).decode(&preview)
	if got := preview.Sample; got.People == 0 || got.People == 100_000 || got.Changed != got.People || preview.Accounts.People != 1 {
		t.Errorf("got %+v, want as many as there was time for, all of them changed", preview)
	}
}

// Every endpoint of flags is closed to who may not use it.
func TestFlagsAreClosed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.setFlag("a", onForAll)
	stranger, reader := s.member("stranger", "dashboard.audit.read"), s.member("reader", "dashboard.flags.read")
	read := []string{"GET /flags", "GET /flags?format=flagd", "GET /flags/a", "GET /flags/a/history", "GET /flags/metrics", "GET /flags/a/experiment",
		"POST /flags/check", "POST /flags/explain", "POST /flags/a/preview", "GET /segments", "GET /segments/x", "GET /segments/x/history"}
	manage := []string{"PUT /flags/a", "DELETE /flags/a", "POST /flags/a/kill", "POST /flags/a/rollback", "POST /flags/import",
		"PUT /segments/x", "DELETE /segments/x", "POST /segments/x/rollback"}
	for i, what := range append(read, manage...) {
		method, path, _ := strings.Cut(what, " ")
		var body any
		if method != "GET" {
			body = map[string]any{}
		}
		s.as("").do(method, "/api/v1"+path, body).wantProblem(http.StatusUnauthorized, "unauthenticated")
		stranger.do(method, "/api/v1"+path, body).wantProblem(http.StatusForbidden, "permission-missing")
		if a := reader.do(method, "/api/v1"+path, body); (a.status == http.StatusForbidden) != (i >= len(read)) {
			t.Errorf("%s: a reader gets %d", what, a.status)
		}
	}
}

// Instances that share a database follow each other, and tell browsers.
func TestFlagsReachOtherInstances(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "shared.db")
	a, b := openServer(t, file), openServer(t, file)
	req, err := http.NewRequestWithContext(t.Context(), "GET", b.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	res, err := b.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	told := make(chan string, 10)
	go func() {
		defer close(told)
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if strings.Contains(lines.Text(), `"key"`) {
				told <- lines.Text()
				return
			}
		}
	}()
	a.setFlag("new", onForAll)
	eventually(t, "the other instance has it", func() bool { return b.owner().get("/api/v1/flags/new").status == http.StatusOK })
	if got := <-told; !strings.Contains(got, `{"key":"new"}`) {
		t.Errorf("got %s", got)
	}
}

// A row that is damaged can be looked at and mended, and what is still in force
// of it can be stopped.
func TestDamagedFlagsAreMended(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "damaged.db")
	s := openServer(t, file)
	o := s.owner()
	s.setFlag("a", onForAll)
	s.setFlag("b", onForAll)
	o.do("PUT", "/api/v1/segments/c", define(`{"==":[1,1]}`), "If-None-Match", "*").wantStatus(http.StatusCreated)
	db, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{
		`UPDATE flags_items SET definition = '{"broken', version = version + 1, generation = 100`,
		`UPDATE flags_history SET definition = '{"broken'`,
		`UPDATE flags_state SET generation = 100`,
	} {
		if _, err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the damage is found", func() bool { return strings.Contains(string(o.get("/api/v1/flags").body), `"damaged"`) })
	for _, path := range []string{"/api/v1/flags/a", "/api/v1/flags/a/history", "/api/v1/segments", "/api/v1/segments/c"} {
		if a := o.get(path).wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"definition":"{\"broken"`) {
			t.Errorf("%s: got %s", path, a.body)
		}
	}
	var got flagAnswer
	o.do("POST", "/api/v1/flags/a/kill", map[string]any{"killed": true}).wantStatus(http.StatusOK).decode(&got)
	if !got.Killed {
		t.Errorf("got %+v, want it stopped", got)
	}
	o.do("POST", "/api/v1/flags/import", json.RawMessage(`{"flags":{"d":`+onForAll+`}}`)).wantStatus(http.StatusOK)
	o.do("PUT", "/api/v1/flags/b", define(onForAll), "If-Match", o.get("/api/v1/flags/b").header.Get("ETag")).wantStatus(http.StatusOK)
	if a := o.get("/api/v1/flags"); strings.Contains(string(a.body), `"damaged"`) {
		t.Errorf("got %s", a.body)
	}
}
