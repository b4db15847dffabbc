package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// A site of its own, without the dashboard: people sign in with a password, get
// cookies, see a page that needs a permission, refresh and sign out.
func Example() {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	key := bytes.Repeat([]byte("k"), 32) // from the environment, never from the source
	authority, err := auth.New(db, auth.WithMasterKeys(auth.MasterKey{ID: "2026-11", Key: key}))
	if err != nil {
		log.Fatal(err)
	}
	read, err := authority.RegisterPermission("report.page.read")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := authority.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer authority.Shutdown(ctx)
	_, err = authority.EnsureAccount(ctx, auth.NewUser{Email: "ada@example.org", Name: "Ada", Password: "plum kettle 47 orbits"})
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Email, Password string }
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<12)).Decode(&in); err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		grant, err := authority.Login(r.Context(), auth.Credentials{Email: in.Email, Password: in.Password, Client: client(r)})
		if err != nil {
			status, text := answer(err)
			http.Error(w, text, status)
			return
		}
		authority.SetCookies(w, r, grant)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /refresh", func(w http.ResponseWriter, r *http.Request) {
		if _, err := authority.RefreshByCookie(w, r, client(r)); err != nil {
			status, text := answer(err)
			http.Error(w, text, status)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := authority.Logout(r.Context(), authority.RefreshCookie(r)); err != nil {
			status, text := answer(err)
			http.Error(w, text, status)
			return
		}
		authority.ClearCookies(w, r)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("GET /report", authority.Require(read)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		principal, _ := auth.FromContext(r.Context())
		fmt.Fprintf(w, "a report for %s", principal.Name)
	})))
	server := httptest.NewServer(authority.Middleware(mux))
	defer server.Close()

	// What a browser does.
	jar, _ := cookiejar.New(nil)
	browser := server.Client()
	browser.Jar = jar
	ask := func(method, path, body string) {
		r, _ := http.NewRequest(method, server.URL+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		resp, err := browser.Do(r)
		if err != nil {
			log.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		if resp.StatusCode == http.StatusOK {
			fmt.Println(method, path, resp.StatusCode, string(text))
			return
		}
		fmt.Println(method, path, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	ask("GET", "/report", "")
	ask("POST", "/login", `{"email":"ada@example.org","password":"wrong"}`)
	ask("POST", "/login", `{"email":"ada@example.org","password":"plum kettle 47 orbits"}`)
	ask("GET", "/report", "")
	ask("POST", "/refresh", "")
	ask("GET", "/report", "")
	ask("POST", "/logout", "")
	ask("GET", "/report", "")
	// Output:
	// GET /report 401 Unauthorized
	// POST /login 401 Unauthorized
	// POST /login 204 No Content
	// GET /report 200 a report for Ada
	// POST /refresh 204 No Content
	// GET /report 200 a report for Ada
	// POST /logout 204 No Content
	// GET /report 401 Unauthorized
}

// client says where a request comes from.
func client(r *http.Request) auth.Client {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return auth.Client{Address: host, UserAgent: r.UserAgent()}
}

// answer maps errors to HTTP, in one place.
func answer(err error) (int, string) {
	throttled, isThrottled := errors.AsType[*auth.ThrottledError](err)
	switch {
	case isThrottled:
		return http.StatusTooManyRequests, "try again in " + throttled.RetryAfter.String()
	case errors.Is(err, auth.ErrInvalidCredentials):
		return http.StatusUnauthorized, "the address or the password is wrong"
	case errors.Is(err, auth.ErrInvalidToken):
		return http.StatusUnauthorized, "sign in again"
	}
	return http.StatusServiceUnavailable, "try again later"
}
