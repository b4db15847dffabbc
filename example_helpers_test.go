package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// The examples share what is written here: a dashboard on a database in memory,
// its owner signed in, and a way to call it that prints the answer. What the
// examples are about is in their own files.

// A demo is the dashboard of an example.
type demo struct {
	*dashboard.Dashboard
	owner string // the access token of the first account
}

// startDemo starts a dashboard with modules and waits until they are enabled.
// The function that it returns ends it.
func startDemo(modules ...dashboard.Module) (_ demo, stop func()) {
	db := exampleDB()
	d, shutdown := startDemoOn(db, modules...)
	return d, func() { shutdown(); db.Close() }
}

func exampleDB() *storage.DB {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		panic(err)
	}
	return db
}

// startDemoOn is startDemo on a database that stays open.
func startDemoOn(db *storage.DB, modules ...dashboard.Module) (_ demo, stop func()) {
	return startDemoWith(db, dashboard.WithTitle("Demo"), modules...)
}

// startDemoWith is startDemoOn with an option.
func startDemoWith(db *storage.DB, option dashboard.Option, modules ...dashboard.Module) (_ demo, stop func()) {
	d, err := dashboard.New(db, option, dashboard.WithModules(modules...),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount("ada@example.com", "correct horse battery staple"),
		dashboard.WithMasterKeys(dashboard.MasterKey{ID: "demo", Key: []byte("a key of 32 bytes for an example")}))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		panic(err)
	}
	out := demo{Dashboard: d}
	out.owner = out.signIn("ada@example.com")
	for _, m := range modules {
		out.wait("/api/v1/modules/"+m.Manifest().ID, `"state":"enabled"`)
	}
	return out, func() {
		if err := d.Shutdown(ctx); err != nil {
			panic(err)
		}
	}
}

// signIn returns the access token of an account of the example.
func (d demo) signIn(email string) string {
	a := d.do("", "POST", "/api/v1/auth/login",
		`{"email":"`+email+`","password":"correct horse battery staple","delivery":"token"}`)
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(a.Body.Bytes(), &out); err != nil || out.AccessToken == "" {
		panic(fmt.Sprintf("sign in as %s: %d %s", email, a.Code, a.Body))
	}
	return out.AccessToken
}

// do sends one request with a token ("" for none) and pairs of header and value.
func (d demo) do(token, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "http://localhost"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// show sends one request as do does, and prints status and body of the answer,
// or what a problem document says in short.
func (d demo) show(token, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	a := d.do(token, method, path, body, headers...)
	text := a.Body.String()
	if a.Header().Get("Content-Type") == "application/problem+json" {
		text = shortProblem(a.Body.Bytes())
	}
	fmt.Println(strings.TrimSpace(fmt.Sprint(a.Code, " ", text)))
	return a
}

// shortProblem is the slug, the detail and the fields of a problem document.
func shortProblem(body []byte) string {
	var p struct {
		Type, Detail string
		Errors       []struct{ Pointer, Detail string }
	}
	if err := json.Unmarshal(body, &p); err != nil {
		panic(err)
	}
	text := strings.TrimPrefix(p.Type, "urn:dashboard:problem:") + ": " + p.Detail
	for _, e := range p.Errors {
		text += "\n    " + e.Pointer + " " + e.Detail
	}
	return text
}

// wait reads a path, as the owner, until its answer holds the text.
func (d demo) wait(path, text string) {
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		a := d.do(d.owner, "GET", path, "")
		if a.Code == http.StatusOK && strings.Contains(a.Body.String(), text) {
			return
		}
		select {
		case <-deadline.C:
			panic(fmt.Sprintf("%s never held %s: %d %s", path, text, a.Code, a.Body))
		case <-tick.C:
		}
	}
}
