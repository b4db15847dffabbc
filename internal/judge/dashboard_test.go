package judge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/internal/judge"
	"github.com/modular-dashboard/dashboard/modules/system"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

var shelfRead = dashboard.NewPermission("book.read", "Read books")

type book struct {
	ID    string    `json:"id"`
	Title string    `json:"title" validate:"required,max=80"`
	Tags  []string  `json:"tags" validate:"max=3,dive,max=10"`
	Added time.Time `json:"added"`
	Pages *int      `json:"pages,omitempty" validate:"omitempty,min=1"`
}

type bookIn struct {
	ID    string   `path:"id"`
	Title string   `json:"title" validate:"required,max=80"`
	Tags  []string `json:"tags,omitempty"`
}

type booksIn struct {
	Limit int    `query:"limit" default:"10" validate:"min=1,max=50"`
	Sort  string `query:"sort" validate:"omitempty,oneof=title added"`
}

type orderIn struct {
	Copies int `json:"copies" validate:"min=1,max=9" title:"Copies"`
}

// shelf is a module with an endpoint of every kind.
func shelf() dashboard.Module {
	type none struct{}
	access := dashboard.Require(shelfRead)
	return dashboard.Func(dashboard.Manifest{ID: "shelf", Version: "1.0.0", Permissions: []dashboard.Permission{shelfRead}},
		func(r *dashboard.Router) error {
			dashboard.Get(r, "/books", func(context.Context, booksIn) (dashboard.Page[book], error) {
				return dashboard.Page[book]{Items: []book{{ID: "1"}}}, nil
			}, access, dashboard.ID("books"))
			dashboard.Put(r, "/books/{id}", func(_ context.Context, in bookIn) (book, error) {
				return book{ID: in.ID, Title: in.Title, Tags: in.Tags}, nil
			}, access, dashboard.ID("put-book"))
			dashboard.Delete(r, "/books/{id}", func(context.Context, struct {
				ID string `path:"id"`
			}) (none, error) {
				return none{}, nil
			}, access, dashboard.ID("delete-book"), dashboard.Deprecated(time.Unix(1767225600, 0)))
			dashboard.Get(r, "/ticks", func(context.Context, none) (dashboard.Stream, error) {
				return func(_ context.Context, send func(string, any) error) error { return send("tick", 1) }, nil
			}, access, dashboard.ID("ticks"))
			dashboard.Get(r, "/cover", func(context.Context, none) (dashboard.Blob, error) {
				return dashboard.Blob{ContentType: "text/plain", Name: "cover.txt", Body: strings.NewReader("cover")}, nil
			}, access, dashboard.ID("cover"), dashboard.ContentType("text/plain"))
			r.Handle("GET /raw", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/octet-stream")
				_, _ = io.WriteString(w, "raw")
			}), access, dashboard.ID("raw"))
			r.Panel(dashboard.Form("order", "Order", func(context.Context) (orderIn, error) { return orderIn{Copies: 1}, nil },
				func(context.Context, orderIn) (dashboard.FormResult, error) {
					return dashboard.FormResult{Message: "done"}, nil
				}, access))
			r.Panel(dashboard.Markdown("note", "Note", func(context.Context) (dashboard.MarkdownData, error) {
				return dashboard.MarkdownData{Markdown: "*hi*"}, nil
			}, access))
			return nil
		})
}

const (
	email    = "ada@example.com"
	password = "correct horse battery staple"
)

// live is the whole dashboard behind a real server.
type live struct {
	t     *testing.T
	url   string
	http  *http.Client
	token string
}

func (l *live) do(method, path, body string, headers ...string) (int, http.Header, []byte) {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, l.url+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	if body == "" {
		r.Body = nil
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	if l.token != "" {
		r.Header.Set("Authorization", "Bearer "+l.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	res, err := l.http.Do(r.WithContext(ctx))
	if err != nil {
		l.t.Fatal(err)
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		cancel()
		_ = res.Body.Close()
		return res.StatusCode, res.Header, nil
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return res.StatusCode, res.Header, b
}

// field reads one string of a JSON answer.
func (l *live) field(body []byte, path ...string) string {
	l.t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		l.t.Fatalf("%s: %v", body, err)
	}
	for _, key := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			v = x[0]
		}
	}
	s, _ := v.(string)
	return s
}

// startLive returns the server and the exchange that made its first account.
func startLive(t *testing.T) (*live, func(*judge.Judge) error) {
	t.Helper()
	link := ""
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	d, err := dashboard.New(db, dashboard.WithModules(system.New(), shelf()), dashboard.WithPrefix("/admin"), localModels(t),
		dashboard.WithSetupLink(func(l string) { link = l }), dashboard.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(d)
	l := &live{t: t, url: web.URL + "/admin", http: &http.Client{Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		l.http.CloseIdleConnections()
		web.Close()
		_ = db.Close()
	})
	return l, l.setUp(link)
}

// awaitModules waits for modules, which a start does for some seconds only.
func (l *live) awaitModules(ids ...string) {
	l.t.Helper()
	for _, id := range ids {
		for state := ""; state != "enabled"; {
			status, _, body := l.do("GET", "/api/v1/modules/"+id, "")
			if state = l.field(body, "state"); status != http.StatusOK || state == "failed" {
				l.t.Fatalf("module %s: %d %s", id, status, body)
			}
		}
	}
}

// setUp makes the first account. It happens once and before anyone may read the
// document, so it is judged later.
func (l *live) setUp(link string) func(*judge.Judge) error {
	l.t.Helper()
	_, token, _ := strings.Cut(link, "#")
	body := `{"token":"` + token + `","email":"` + email + `","password":"` + password + `","name":"Ada"}`
	r, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.url+"/api/v1/setup", strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	w, err := l.http.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	answer, err := io.ReadAll(w.Body)
	if err = errors.Join(err, w.Body.Close()); err != nil || w.StatusCode != http.StatusCreated {
		l.t.Fatalf("set-up: %d %s %v", w.StatusCode, answer, err)
	}
	return func(j *judge.Judge) error { return j.Exchange(r, []byte(body), w, answer) }
}

// Every operation of the real document is called, and answers as documented.
func TestDashboardAnswersAsDocumented(t *testing.T) {
	l, setUp := startLive(t)
	status, _, body := l.do("POST", "/api/v1/auth/login", `{"email":"`+email+`","password":"`+password+`","delivery":"token"}`)
	if status != http.StatusOK {
		t.Fatalf("login: %d %s", status, body)
	}
	l.token = l.field(body, "access_token")
	l.awaitModules("shelf", "system")
	_, _, document := l.do("GET", "/api/v1/openapi.json", "")
	j, err := judge.New(document)
	if err != nil {
		t.Fatalf("the document is not valid: %v\n%s", err, indent(document))
	}
	defer j.Close()
	if err := setUp(j); err != nil {
		t.Error(err)
	}
	l.http.Transport = j.Transport(l.http.Transport, func(err error) { t.Error(err) })
	call := func(want int, method, path, body string, headers ...string) (http.Header, []byte) {
		t.Helper()
		status, header, answer := l.do(method, "/api/v1"+path, body, headers...)
		if status != want {
			t.Errorf("%s %s: got %d, want %d: %s", method, path, status, want, answer)
		}
		return header, answer
	}
	callAccounts(l, call)
	callModules(call)
	for state := ""; state != "enabled"; {
		_, m := call(200, "GET", "/modules/system", "")
		state = l.field(m, "state")
	}
	for _, path := range []string{"/m/shelf/books?limit=3&sort=title", "/m/shelf/ticks", "/m/shelf/cover", "/m/shelf/raw",
		"/m/shelf/panels/order", "/m/shelf/panels/note", "/m/system/snapshot", "/m/system/history?metric=cpu", "/openapi.json", "/events",
		"/system/logs?level=debug&limit=2&q=module", "/system/logs/stream?module=shelf&after=0"} {
		call(200, "GET", path, "")
	}
	var panels struct {
		Items []struct{ Module, ID string }
	}
	_, listed := call(200, "GET", "/panels", "")
	if err := json.Unmarshal(listed, &panels); err != nil || len(panels.Items) < 10 {
		t.Fatalf("panels: %v %s", err, listed)
	}
	for _, p := range panels.Items {
		call(200, "GET", "/m/"+p.Module+"/panels/"+p.ID, "")
	}
	callScreens(l, call)
	callFlags(l, call)
	callModels(l, call)
	call(422, "GET", "/m/shelf/books?limit=99", "")
	call(400, "GET", "/system/logs?cursor=nonsense", "")
	call(200, "PUT", "/m/shelf/books/7", `{"title":"Emma","tags":["a"]}`)
	call(422, "PUT", "/m/shelf/books/7", `{"title":""}`)
	call(204, "DELETE", "/m/shelf/books/7", "")
	call(200, "POST", "/m/shelf/panels/order", `{"copies":2}`)
	call(422, "POST", "/m/shelf/panels/order", `{"copies":0}`)
	call(204, "POST", "/auth/logout", `{}`)
	if missing := j.Uncalled(); len(missing) > 0 {
		t.Errorf("documented but not seen: %v", missing)
	}
}

type callFunc = func(want int, method, path, body string, headers ...string) (http.Header, []byte)

func callAccounts(l *live, call callFunc) {
	call(200, "GET", "/setup", "")
	call(409, "POST", "/setup", `{"token":"x","email":"a@example.com","password":"`+password+`","name":""}`)
	_, signedIn := call(200, "POST", "/auth/login", `{"email":"`+email+`","password":"`+password+`","delivery":"token"}`)
	call(401, "POST", "/auth/login", `{"email":"`+email+`","password":"wrong","delivery":"token"}`)
	call(200, "POST", "/auth/refresh", `{"refresh_token":"`+l.field(signedIn, "refresh_token")+`"}`)
	call(401, "POST", "/auth/refresh", `{"refresh_token":"nonsense"}`)
	call(200, "GET", "/auth/me", "")
	call(200, "PATCH", "/auth/me", `{"name":"Ada"}`)
	call(200, "GET", "/auth/me/modules", "")
	_, key := call(201, "POST", "/api-keys", `{"name":"deploy","permissions":["*"],"expires_at":"2999-01-01T00:00:00Z"}`)
	call(200, "GET", "/auth/me", "", "Authorization", "Bearer "+l.field(key, "key"))
	call(403, "GET", "/auth/sessions", "", "Authorization", "Bearer "+l.field(key, "key"))
	call(200, "GET", "/api-keys?owner=all", "")
	call(204, "DELETE", "/api-keys/"+l.field(key, "id"), "")
	call(404, "DELETE", "/api-keys/"+l.field(key, "id"), "")
	_, sessions := call(200, "GET", "/auth/sessions", "")
	call(204, "DELETE", "/auth/sessions/"+l.field(sessions, "items", "newest", "id"), "")
	call(404, "DELETE", "/auth/sessions/nonsense", "")
	call(204, "PUT", "/roles/reader", `{"title":"Reader","permissions":["shelf.*"],"inherits":[]}`)
	call(200, "GET", "/roles", "")
	call(200, "GET", "/permissions", "")
	_, user := call(201, "POST", "/users", `{"email":"b@example.com","name":"B","password":"`+password+`","roles":["reader"]}`)
	call(409, "POST", "/users", `{"email":"b@example.com","name":"B","password":"`+password+`","roles":[]}`)
	id := l.field(user, "id")
	call(200, "GET", "/users?limit=1", "")
	call(200, "GET", "/users/"+id, "")
	call(200, "PATCH", "/users/"+id, `{"name":"Bea","roles":[]}`)
	call(204, "PUT", "/users/"+id+"/password", `{"password":"another 9 long password"}`)
	call(422, "PUT", "/users/"+id+"/password", `{"password":"short"}`)
	call(404, "PUT", "/users/nobody/password", `{"password":"another 9 long password"}`)
	_, bea := call(200, "POST", "/auth/login", `{"email":"b@example.com","password":"another 9 long password","delivery":"token"}`)
	asBea := []string{"Authorization", "Bearer " + l.field(bea, "access_token")}
	call(422, "POST", "/auth/password", `{"present":"wrong","password":"another 8 long password"}`, asBea...)
	call(200, "POST", "/auth/password", `{"present":"another 9 long password","password":"another 8 long password","delivery":"token"}`, asBea...)
	call(404, "GET", "/users/nobody", "")
	call(204, "DELETE", "/roles/reader", "")
	call(404, "DELETE", "/roles/reader", "")
	call(200, "GET", "/audit?limit=2", "")
	call(400, "GET", "/audit?cursor=nonsense", "")
}

func callModules(call callFunc) {
	call(200, "GET", "/modules", "")
	call(200, "GET", "/modules/system", "")
	call(404, "GET", "/modules/ghost", "")
	call(200, "GET", "/modules/system/plan?op=disable", "")
	call(200, "POST", "/modules/shelf/enable", "")
	call(412, "POST", "/modules/system/disable", "", "If-Match", `"999"`)
	header, _ := call(200, "GET", "/modules/system/settings", "")
	call(200, "GET", "/modules/system/settings/schema", "")
	call(200, "PUT", "/modules/system/settings", `{"values":{"interval":"3s"}}`, "If-Match", header.Get("ETag"))
	call(428, "PUT", "/modules/system/settings", `{"values":{"interval":"3s"}}`)
	call(422, "PUT", "/modules/system/settings", `{"values":{"interval":"3h"}}`, "If-Match", "*")
	call(200, "GET", "/modules/system/settings/history", "")
	call(428, "POST", "/modules/system/settings/rollback", `{"version":1}`)
	call(200, "POST", "/modules/system/settings/rollback", `{"version":1}`, "If-Match", "*")
	call(202, "POST", "/modules/system/disable", "")
	call(202, "POST", "/modules/system/enable", "")
}

func indent(raw []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", " ") != nil {
		return string(raw)
	}
	return b.String()
}
