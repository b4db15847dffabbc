package auth_test

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
)

// site is a protected site and the credentials of a viewer.
type site struct {
	a       *auth.Authority
	handler http.Handler
	grant   auth.Grant
	cookies []*http.Cookie
}

func newSite(t testing.TB, opts ...auth.Option) site {
	t.Helper()
	a := start(t, openDB(t), opts...)
	read, err1 := a.RegisterPermission("m.page.read")
	write, err2 := a.RegisterPermission("m.page.write")
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	who := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := auth.FromContext(r.Context())
		switch {
		case !ok:
			_, _ = w.Write([]byte("nobody"))
		case p.ViaHeader:
			_, _ = w.Write([]byte(p.Email + " by header"))
		default:
			_, _ = w.Write([]byte(p.Email + " by cookie"))
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/public", who)
	mux.Handle("/login", a.RequireLogin(who))
	mux.Handle("/read", a.Require(read)(who))
	mux.Handle("/write", a.Require(write)(who))
	mux.Handle("/zero", a.Require(auth.Permission{})(who))
	user(t, a, "v@example.org", auth.RoleViewer)
	s := site{a: a, handler: a.Middleware(mux), grant: login(t, a, "v@example.org")}
	w := httptest.NewRecorder()
	a.SetCookies(w, httptest.NewRequest("POST", "http://localhost:8080/", nil), s.grant)
	s.cookies = w.Result().Cookies()
	return s
}

func (s site) do(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, r *http.Response) string {
	t.Helper()
	b := make([]byte, 4096)
	n, _ := r.Body.Read(b)
	return string(b[:n])
}

func TestMiddleware(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	bearer := "Bearer " + s.grant.AccessToken
	for _, c := range []struct {
		name, path string
		headers    []string // name, value, …
		cookies    []*http.Cookie
		status     int
		body       string // of a 200
		challenge  string
	}{
		{"public", "/public", nil, nil, 200, "nobody", ""},
		{"cookie", "/read", nil, s.cookies, 200, "v@example.org by cookie", ""},
		{"bearer", "/read", []string{"Authorization", bearer}, nil, 200, "v@example.org by header", ""},
		{"scheme in lower case", "/read", []string{"Authorization", "bearer " + s.grant.AccessToken}, nil, 200, "v@example.org by header", ""},
		{"bearer wins", "/read", []string{"Authorization", bearer}, s.cookies, 200, "v@example.org by header", ""},
		{"nothing", "/read", nil, nil, 401, "", `Bearer realm="dashboard"`},
		{"nothing, login", "/login", nil, nil, 401, "", `Bearer realm="dashboard"`},
		{"login", "/login", nil, s.cookies, 200, "v@example.org by cookie", ""},
		{"no right", "/write", nil, s.cookies, 403, "", ""},
		{"zero permission", "/zero", nil, s.cookies, 403, "", ""},
		{"bad bearer", "/public", []string{"Authorization", "Bearer x"}, nil, 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"bad bearer, good cookie", "/read", []string{"Authorization", "Bearer x"}, s.cookies, 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"empty bearer, good cookie", "/read", []string{"Authorization", ""}, s.cookies, 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"basic, good cookie", "/read", []string{"Authorization", "Basic dXNlcjpwYXNz"}, s.cookies, 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"two headers", "/read", []string{"Authorization", bearer, "Authorization", bearer}, nil, 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"api key, good cookie", "/read", []string{"X-API-Key", "k"}, s.cookies, 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"api key and bearer", "/read", []string{"X-API-Key", "k", "Authorization", bearer}, nil, 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"huge header", "/read", []string{"Authorization", "Bearer " + strings.Repeat("x", 1<<16)}, nil, 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"bad cookie", "/public", nil, []*http.Cookie{{Name: "dashboard-8080-access", Value: "x"}}, 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"refresh token as access", "/read", nil, []*http.Cookie{{Name: "dashboard-8080-access", Value: s.grant.RefreshToken}}, 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"refresh cookie alone", "/read", nil, s.cookies[1:], 401, "", `Bearer realm="dashboard"`},
		{"planted second cookie", "/read", nil, append([]*http.Cookie{{Name: "dashboard-8080-access", Value: "x"}}, s.cookies...), 401, "", `Bearer realm="dashboard", error="invalid_token"`},
		{"cookie of another port", "/public", nil, []*http.Cookie{{Name: "dashboard-8081-access", Value: "x"}}, 200, "nobody", ""},
	} {
		r := httptest.NewRequest("GET", "http://localhost:8080"+c.path, nil)
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Add(c.headers[i], c.headers[i+1])
		}
		for _, cookie := range c.cookies {
			r.AddCookie(cookie)
		}
		resp := s.do(r)
		got := body(t, resp)
		if resp.StatusCode != c.status || c.status == 200 && got != c.body || resp.Header.Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: got %d %q %q, want %d %q %q", c.name, resp.StatusCode, got, resp.Header.Get("WWW-Authenticate"), c.status, c.body, c.challenge)
		}
		if c.status >= 400 {
			var problem struct{ Type, Title string }
			if err := json.Unmarshal([]byte(got), &problem); err != nil || problem.Title == "" || resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: got %q of type %s", c.name, got, resp.Header.Get("Content-Type"))
			}
		}
		// Only a refused cookie is cleared, and only that one.
		cleared := strings.Join(resp.Header.Values("Set-Cookie"), "\n")
		refusedCookie := c.status == 401 && len(c.headers) == 0 && slices.ContainsFunc(c.cookies, func(k *http.Cookie) bool { return k.Name == "dashboard-8080-access" })
		if refusedCookie != (cleared != "") || strings.Contains(cleared, "refresh") || refusedCookie && !strings.Contains(cleared, "Max-Age=0") {
			t.Errorf("%s: set cookies %q", c.name, cleared)
		}
	}
}

func TestMiddlewareUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openDB(t)
		a := start(t, db)
		user(t, a, "v@example.org")
		s := site{a: a, grant: login(t, a, "v@example.org"), handler: a.Middleware(http.NotFoundHandler())}
		w := httptest.NewRecorder()
		a.SetCookies(w, request("POST", nil), s.grant)
		exec(t, db, `ALTER TABLE auth_feed RENAME TO away`)
		wait(10 * time.Second)
		resp := s.do(request("GET", w.Result().Cookies()))
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || len(resp.Cookies()) != 0 {
			t.Errorf("got %d, %v", resp.StatusCode, resp.Header)
		}
		if got := s.do(request("GET", nil)); got.StatusCode != 404 {
			t.Errorf("without credentials: got %d, want the handler's 404", got.StatusCode)
		}
		exec(t, db, `ALTER TABLE away RENAME TO auth_feed`)
		wait(time.Second)
	})
}

func TestCheckOrigin(t *testing.T) {
	t.Parallel()
	s := newSite(t, auth.WithTrustedOrigins("https://ops.example"))
	const json, form = "application/json", "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, method string
		cookies      []*http.Cookie
		headers      map[string]string
		body         string
		ok           bool
	}{
		{"read", "GET", s.cookies, map[string]string{"Sec-Fetch-Site": "cross-site"}, "", true},
		{"head", "HEAD", s.cookies, map[string]string{"Origin": "https://evil.example"}, "", true},
		{"same origin", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "same-origin", "Content-Type": json}, "{}", true},
		{"same origin, charset", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json; charset=utf-8"}, "{}", true},
		{"same origin, patch", "PATCH", s.cookies, map[string]string{"Sec-Fetch-Site": "same-origin", "Content-Type": "application/merge-patch+json"}, "{}", true},
		{"same origin, no body", "DELETE", s.cookies, map[string]string{"Sec-Fetch-Site": "same-origin"}, "", true},
		{"typed by hand", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "none", "Content-Type": json}, "{}", true},
		{"origin alone", "POST", s.cookies, map[string]string{"Origin": "http://localhost:8080", "Content-Type": json}, "{}", true},
		{"trusted origin", "POST", s.cookies, map[string]string{"Origin": "https://ops.example", "Content-Type": json}, "{}", true},
		{"cross-site", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "cross-site", "Content-Type": json}, "{}", false},
		{"same-site", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "same-site", "Content-Type": json}, "{}", false},
		{"unknown value", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "whatever", "Content-Type": json}, "{}", false},
		{"other origin", "POST", s.cookies, map[string]string{"Origin": "https://evil.example", "Content-Type": json}, "{}", false},
		{"other port", "POST", s.cookies, map[string]string{"Origin": "http://localhost:9090", "Content-Type": json}, "{}", false},
		{"null origin", "POST", s.cookies, map[string]string{"Origin": "null", "Content-Type": json}, "{}", false},
		{"neither header", "POST", s.cookies, map[string]string{"Content-Type": json}, "{}", false},
		{"neither header, refresh cookie alone", "POST", s.cookies[1:], map[string]string{"Content-Type": json}, "{}", false},
		{"form", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "same-origin", "Content-Type": form}, "a=b", false},
		{"text", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "same-origin", "Content-Type": "text/plain"}, "{}", false},
		{"no type", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "same-origin"}, "{}", false},
		{"lookalike type", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "same-origin", "Content-Type": "text/plain; application/json"}, "{}", false},
		{"bearer from anywhere", "POST", nil, map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer x"}, "a", true},
		{"bearer and cookies", "POST", s.cookies, map[string]string{"Authorization": "Bearer x"}, "a", true},
		{"api key", "POST", s.cookies, map[string]string{"X-API-Key": "k"}, "a", true},
		{"basic, which browsers add by themselves", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Basic dTpw"}, "", false},
		{"negotiate", "POST", s.cookies, map[string]string{"Authorization": "Negotiate abc"}, "", false},
		{"empty bearer", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer "}, "", false},
		{"empty authorization", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": ""}, "", false},
		{"empty api key", "POST", s.cookies, map[string]string{"Sec-Fetch-Site": "cross-site", "X-API-Key": ""}, "", false},
		{"curl without cookies", "POST", nil, map[string]string{"Content-Type": json}, "{}", true},
		{"cross-site login", "POST", nil, map[string]string{"Sec-Fetch-Site": "cross-site", "Content-Type": json}, "{}", false},
		{"lower case method", "post", s.cookies, map[string]string{"Sec-Fetch-Site": "cross-site"}, "", false},
		{"unknown method", "FROB", s.cookies, map[string]string{"Sec-Fetch-Site": "cross-site"}, "", false},
	} {
		r := httptest.NewRequest(c.method, "http://localhost:8080/", strings.NewReader(c.body))
		for k, v := range c.headers {
			r.Header.Set(k, v)
		}
		for _, cookie := range c.cookies {
			r.AddCookie(cookie)
		}
		err := s.a.CheckOrigin(r)
		if (err == nil) != c.ok {
			t.Errorf("%s: got %v, want ok %v", c.name, err, c.ok)
		}
		if err != nil {
			wantErr(t, c.name, err, auth.ErrCrossOrigin)
		}
	}
	// A body of unknown length counts as one.
	r := httptest.NewRequest("POST", "http://localhost:8080/", struct{ *strings.Reader }{strings.NewReader("a=b")})
	r.ContentLength = -1
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(s.cookies[0])
	wantErr(t, "chunked form", s.a.CheckOrigin(r), auth.ErrCrossOrigin)

	r = httptest.NewRequest("POST", "http://localhost:8080/public", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := s.do(r); got.StatusCode != 403 {
		t.Errorf("Middleware: got %d, want 403", got.StatusCode)
	}
}

func TestCookieAttributes(t *testing.T) {
	t.Parallel()
	a := start(t, openDB(t))
	user(t, a, "c@example.org")
	g := login(t, a, "c@example.org")
	for _, c := range []struct {
		url             string
		tls             bool
		access, refresh string
		secure          bool
	}{
		{"https://ops.example/", true, "__Host-dashboard-access", "__Host-dashboard-refresh", true},
		{"http://ops.example/", false, "__Host-dashboard-access", "__Host-dashboard-refresh", true},
		{"https://localhost:8443/", true, "__Host-dashboard-access", "__Host-dashboard-refresh", true},
		{"http://localhost:8080/", false, "dashboard-8080-access", "dashboard-8080-refresh", false},
		{"http://LOCALHOST/", false, "dashboard-access", "dashboard-refresh", false},
		{"http://app.localhost:1/", false, "dashboard-1-access", "dashboard-1-refresh", false},
		{"http://127.0.0.1:8080/", false, "dashboard-8080-access", "dashboard-8080-refresh", false},
		{"http://[::1]:8080/", false, "dashboard-8080-access", "dashboard-8080-refresh", false},
		{"http://localhost.evil.example:8080/", false, "__Host-dashboard-access", "__Host-dashboard-refresh", true},
		{"http://192.0.2.1:8080/", false, "__Host-dashboard-access", "__Host-dashboard-refresh", true},
	} {
		r := httptest.NewRequest("POST", c.url, nil)
		r.TLS = nil
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		a.SetCookies(w, r, g)
		cookies := w.Result().Cookies()
		if len(cookies) != 2 {
			t.Fatalf("%s: got %v", c.url, cookies)
		}
		for i, want := range []struct {
			name, value string
			same        http.SameSite
			age         int
		}{{c.access, g.AccessToken, http.SameSiteLaxMode, 300}, {c.refresh, g.RefreshToken, http.SameSiteStrictMode, 30 * 86400}} {
			k := cookies[i]
			if k.Name != want.name || k.Value != want.value || k.SameSite != want.same || k.Secure != c.secure ||
				!k.HttpOnly || k.Path != "/" || k.Domain != "" || k.MaxAge > want.age || k.MaxAge < want.age-10 {
				t.Errorf("%s: got %+v, want %+v", c.url, k, want)
			}
		}
		w = httptest.NewRecorder()
		a.ClearCookies(w, r)
		for i, k := range w.Result().Cookies() {
			if k.MaxAge >= 0 || k.Value != "" || k.Name != cookies[i].Name || k.Path != "/" || k.Secure != c.secure {
				t.Errorf("%s: cleared by %s", c.url, k)
			}
		}
	}
}

func TestMountName(t *testing.T) {
	t.Parallel()
	if got := auth.MountName("dashboard", ""); got != "dashboard" {
		t.Errorf("got %q", got)
	}
	if got := auth.MountName("dashboard", "/admin/"); got != "dashboard-admin" {
		t.Errorf("got %q", got)
	}
	seen := map[string]string{}
	for _, prefix := range []string{"", "/", "/a", "/a/b", "/a-b", "/a_b", "/A", "/x", "/ü", "/" + strings.Repeat("a", 50), "/" + strings.Repeat("a", 51)} {
		got := auth.MountName("d", prefix)
		if other, twice := seen[got]; twice && strings.Trim(prefix, "/") != strings.Trim(other, "/") {
			t.Errorf("%q and %q are both %q", prefix, other, got)
		}
		seen[got] = prefix
		if name := (auth.Cookies{Mount: got}).AccessName(); name != "__Host-"+got+"-access" {
			t.Errorf("%q: got cookie %q", prefix, name)
		}
	}
	if got := (auth.Cookies{Mount: "a b;c=d\r\n"}).RefreshName(); got != "__Host-a-b-c-d---refresh" {
		t.Errorf("got %q", got)
	}
}

func TestTwoMountsOnOneHost(t *testing.T) {
	t.Parallel()
	mount := func(prefix string) auth.Option {
		return auth.WithCookies(func(*http.Request) auth.Cookies { return auth.Cookies{Mount: auth.MountName("dashboard", prefix)} })
	}
	one, two := newSite(t, mount("/one")), newSite(t, mount("/two"))
	r := httptest.NewRequest("GET", "https://ops.example/read", nil)
	for _, c := range append(two.cookies, one.cookies...) {
		r.AddCookie(c)
	}
	for _, s := range []site{one, two} {
		if got := s.do(r); got.StatusCode != 200 {
			t.Errorf("got %d", got.StatusCode)
		}
	}
}

func FuzzCookies(f *testing.F) {
	s := newSite(f)
	good := s.cookies[0].Name + "=" + s.cookies[0].Value
	for _, c := range []string{good, good + "; " + good, "", "a=b; " + good, `dashboard-8080-access="x"`, s.cookies[1].String(), ";;=;", "dashboard-8080-access"} {
		f.Add(c, "")
	}
	f.Add("", "Bearer "+s.grant.AccessToken)
	f.Add(good, "Bearer")
	f.Fuzz(func(t *testing.T, cookies, authorization string) {
		r := httptest.NewRequest("GET", "http://localhost:8080/login", nil)
		r.Header["Cookie"] = []string{cookies}
		if authorization != "" {
			r.Header["Authorization"] = []string{authorization}
		}
		resp := s.do(r)
		switch {
		case resp.StatusCode != 200 && resp.StatusCode != 401:
			t.Errorf("got %d", resp.StatusCode)
		case resp.StatusCode == 200 && !strings.Contains(cookies+authorization, s.grant.AccessToken):
			t.Errorf("let in with %q and %q", cookies, authorization)
		case resp.StatusCode == 200 && authorization != "" && !strings.Contains(authorization, s.grant.AccessToken):
			t.Errorf("a bad header fell back to the cookie: %q", authorization)
		}
		_ = s.a.CheckOrigin(r)
		_ = s.a.RefreshCookie(r)
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	s := newSite(b)
	cookie := httptest.NewRequest("GET", "http://localhost:8080/read", nil)
	cookie.AddCookie(s.cookies[0])
	header := httptest.NewRequest("GET", "http://localhost:8080/read", nil)
	header.Header.Set("Authorization", "Bearer "+s.grant.AccessToken)
	_, owner := person(b, s.a, "keys@example.org", auth.RoleOwner)
	_, key := apiKey(b, s.a, owner, "*")
	apiKey := httptest.NewRequest("GET", "http://localhost:8080/read", nil)
	apiKey.Header.Set("X-API-Key", key)
	for name, r := range map[string]*http.Request{"cookie": cookie, "bearer": header, "api key": apiKey} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.a.Authenticate(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A known token costs the one allocation of its principal.
func TestAuthenticateAllocations(t *testing.T) {
	s := newSite(t)
	header := httptest.NewRequest("GET", "http://localhost:8080/read", nil)
	header.Header.Set("Authorization", "Bearer "+s.grant.AccessToken)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := s.a.Authenticate(header); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("bearer: got %v allocations, want 1", n)
	}
}
