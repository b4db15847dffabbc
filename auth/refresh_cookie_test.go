package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/modular-dashboard/dashboard/auth"
)

// request returns a request to a loopback address with cookies.
func request(method string, cookies []*http.Cookie) *http.Request {
	r := httptest.NewRequest(method, "http://localhost:8080/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func TestRefreshByCookie(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	a := start(t, db)
	user(t, a, "c@example.org")
	g := login(t, a, "c@example.org")
	set := httptest.NewRecorder()
	a.SetCookies(set, request("POST", nil), g)
	cookies := set.Result().Cookies()

	byCookie := func(cookies []*http.Cookie) (*http.Response, error) {
		w := httptest.NewRecorder()
		_, err := a.RefreshByCookie(w, request("POST", cookies), auth.Client{})
		return w.Result(), err
	}
	good, err := byCookie(cookies)
	if err != nil || len(good.Cookies()) != 2 {
		t.Fatalf("got %v, %v", good.Cookies(), err)
	}
	for _, c := range good.Cookies() {
		if c.MaxAge <= 0 || c.Value == "" {
			t.Errorf("got %s", c)
		}
	}
	onlyRefresh := func(name string, r *http.Response, err error, cleared bool) {
		t.Helper()
		wantErr(t, name, err, auth.ErrInvalidToken)
		got := r.Cookies()
		if !cleared && len(got) != 0 || cleared && (len(got) != 1 || got[0].Name != "dashboard-8080-refresh" || got[0].MaxAge >= 0) {
			t.Errorf("%s: got cookies %v, cleared %v", name, got, cleared)
		}
	}
	r, err := byCookie(nil)
	onlyRefresh("no cookie", r, err, false)
	r, err = byCookie([]*http.Cookie{{Name: "dashboard-8080-refresh", Value: "dsr_x"}})
	onlyRefresh("malformed", r, err, true)
	r, err = byCookie([]*http.Cookie{cookies[1], {Name: cookies[1].Name, Value: "dsr_planted"}})
	onlyRefresh("two of a name", r, err, true)
	if err := a.RevokeUser(t.Context(), g.User.ID); err != nil {
		t.Fatal(err)
	}
	r, err = byCookie(cookies)
	onlyRefresh("revoked", r, err, true)

	// The database is down: the token may be good, nothing is cleared.
	kept := httptest.NewRecorder()
	a.SetCookies(kept, request("POST", nil), login(t, a, "c@example.org"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	_, err = a.RefreshByCookie(w, request("POST", kept.Result().Cookies()).WithContext(ctx), auth.Client{})
	wantErr(t, "canceled", err, auth.ErrUnavailable)
	if got := w.Result().Cookies(); len(got) != 0 {
		t.Errorf("canceled: got cookies %v", got)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	r, err = byCookie(kept.Result().Cookies())
	wantErr(t, "database closed", err, auth.ErrUnavailable)
	if errors.Is(err, auth.ErrInvalidToken) || len(r.Cookies()) != 0 {
		t.Errorf("database closed: got %v and cookies %v", err, r.Cookies())
	}
}

// What a request says in a header counts alone, so no cookie is read beside it.
func TestRefreshCookieBesideHeader(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	user(t, a, "h@example.org")
	set := httptest.NewRecorder()
	a.SetCookies(set, request("POST", nil), login(t, a, "h@example.org"))
	for _, header := range [][2]string{{"Authorization", "Bearer x"}, {"Authorization", ""}, {"X-Api-Key", "x"}} {
		r := request("POST", set.Result().Cookies())
		r.Header.Set(header[0], header[1])
		if token := a.RefreshCookie(r); token != "" {
			t.Errorf("%q: got the cookie", header)
		}
		w := httptest.NewRecorder()
		_, err := a.RefreshByCookie(w, r, auth.Client{})
		wantErr(t, "refresh beside a header", err, auth.ErrInvalidToken)
		if got := w.Result().Cookies(); len(got) != 0 {
			t.Errorf("%q: got cookies %v", header, got)
		}
	}
	if a.RefreshCookie(request("POST", set.Result().Cookies())) == "" {
		t.Error("without a header: got no cookie")
	}
}
