package auth

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

// maxAuthorization bounds the Authorization header.
const maxAuthorization = maxToken + len("Bearer ")

// headerCredentials reports whether the request has credentials in a header,
// which then count alone, and the bearer token or API key among them ("" if they
// are of another kind or malformed).
func headerCredentials(r *http.Request) (token string, present bool) {
	values := r.Header["Authorization"]
	keys := r.Header["X-Api-Key"] // as net/http writes it
	switch {
	case len(values)+len(keys) == 0:
		return "", false
	case len(values)+len(keys) > 1:
		return "", true
	case len(keys) == 1:
		if !strings.HasPrefix(keys[0], apiKeyPrefix) || len(keys[0]) > apiKeySize {
			return "", true
		}
		return keys[0], true
	case len(values[0]) > maxAuthorization:
		return "", true
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", true
	}
	return strings.TrimLeft(token, " "), true
}

// Authenticate returns whose request it is: nil and no error if it has no
// credentials. A header wins over the cookie, and a bad one never falls back to
// it: Authorization with an access token or an API key, or X-API-Key with an API
// key. Errors: [ErrInvalidToken], [ErrUnavailable].
//
// Whoever calls it, and not [Authority.Middleware], calls CheckOrigin too.
func (a *Authority) Authenticate(r *http.Request) (*Principal, error) {
	token, present := headerCredentials(r)
	if present && strings.HasPrefix(token, apiKeyPrefix) {
		return a.VerifyAPIKey(r.Context(), token)
	}
	if present {
		p, err := a.Verify(r.Context(), token)
		if err != nil {
			return nil, err
		}
		p.ViaHeader = true
		return p, nil
	}
	if len(r.Header["Cookie"]) == 0 {
		return nil, nil
	}
	token, ok := cookie(r, a.config.cookies(r).AccessName())
	if !ok {
		return nil, fmt.Errorf("%w: ambiguous cookie", ErrInvalidToken)
	}
	if token == "" {
		return nil, nil
	}
	return a.Verify(r.Context(), token)
}

// CheckOrigin refuses, with [ErrCrossOrigin], a write that another site may have
// made a browser send. Reads pass, and so do bearer tokens and API keys, which no
// browser adds by itself. Everything else goes through
// [http.CrossOriginProtection]. A write with one of our cookies must besides
// carry Sec-Fetch-Site or Origin, as every browser does, and a body must be
// JSON, which no form can send.
func (a *Authority) CheckOrigin(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if token, present := headerCredentials(r); present && (token != "" || r.Header.Get("X-Api-Key") != "") {
		return nil
	}
	if err := a.origin.Check(r); err != nil {
		return ErrCrossOrigin
	}
	c := a.config.cookies(r)
	if len(r.CookiesNamed(c.AccessName())) == 0 && len(r.CookiesNamed(c.RefreshName())) == 0 {
		return nil
	}
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
		return fmt.Errorf("%w: neither Sec-Fetch-Site nor Origin", ErrCrossOrigin)
	}
	if r.ContentLength != 0 && r.Body != nil && r.Body != http.NoBody && !isJSON(r.Header.Get("Content-Type")) {
		return fmt.Errorf("%w: a body that is not JSON", ErrCrossOrigin)
	}
	return nil
}

func isJSON(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && (mediaType == "application/json" ||
		strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json"))
}

// Challenge returns the WWW-Authenticate value of a 401 (RFC 6750 section 3):
// for an error of Authenticate, or nil where credentials were missing.
func (a *Authority) Challenge(err error) string {
	realm := `Bearer realm=` + strconv.QuoteToASCII(a.config.issuer)
	if err == nil {
		return realm
	}
	return realm + `, error="invalid_token"`
}

// Middleware authenticates each request, checks its origin and puts the
// [Principal] into its context. Requests without credentials pass, for
// [Authority.Require] to refuse; bad credentials are answered 401, another
// site's writes 403, and 503 where nobody can tell. Answers are RFC 9457
// problems.
func (a *Authority) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := a.Authenticate(r)
		if err == nil {
			err = a.CheckOrigin(r)
		}
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		if p != nil {
			r = r.WithContext(NewContext(r.Context(), p))
		}
		next.ServeHTTP(w, r)
	})
}

// refuse answers an error of Authenticate or CheckOrigin.
func (a *Authority) refuse(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, ErrCrossOrigin):
		problem.Write(w, problem.New(http.StatusForbidden, "cross-origin", "This request did not come from this site's own pages."))
	case errors.Is(err, ErrInvalidToken):
		if _, present := headerCredentials(r); !present {
			a.ClearAccessCookie(w, r)
		}
		w.Header().Set("WWW-Authenticate", a.Challenge(err))
		problem.Write(w, problem.New(http.StatusUnauthorized, "", "Sign in again."))
	default:
		a.config.log.WarnContext(r.Context(), "auth: cannot check credentials", "error", err)
		w.Header().Set("Retry-After", "1")
		problem.Write(w, problem.New(http.StatusServiceUnavailable, "unavailable", "Credentials cannot be checked right now."))
	}
}

// Require lets in principals who hold the permission: others are answered 403,
// requests without credentials 401. It goes inside [Authority.Middleware]. The
// zero Permission lets in nobody.
func (a *Authority) Require(perm Permission) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return a.RequireLogin(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if p, _ := FromContext(r.Context()); !p.Can(perm) {
				answer := problem.New(http.StatusForbidden, "permission-missing", "You lack the permission "+perm.Name()+".")
				answer.Extra = map[string]any{"permission": perm.Name()}
				problem.Write(w, answer)
				return
			}
			next.ServeHTTP(w, r)
		}))
	}
}

// RequireLogin lets in every principal and answers 401 to others. It goes inside
// [Authority.Middleware].
func (a *Authority) RequireLogin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := FromContext(r.Context()); !ok {
			w.Header().Set("WWW-Authenticate", a.Challenge(nil))
			problem.Write(w, problem.New(http.StatusUnauthorized, "", "Sign in first."))
			return
		}
		next.ServeHTTP(w, r)
	})
}
