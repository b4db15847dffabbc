package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Cookies says how the tokens of one browser are delivered. The zero value is
// right for https.
type Cookies struct {
	// Mount is part of the names, so that dashboards on one host do not take
	// each other's: letters, digits and "-". Default "dashboard". See
	// [MountName].
	Mount string
	// Insecure drops the __Host- prefix and the Secure attribute, which
	// browsers demand of https and refuse or ignore elsewhere: only for plain
	// HTTP on a loopback name.
	Insecure bool
	// Port, if there is one, is part of insecure names: browsers do not tell
	// apart the ports of a host, where developers run one dashboard each.
	Port string
}

// defaultCookies are the cookies of an Authority without [WithCookies].
func defaultCookies(r *http.Request) Cookies {
	_, port := splitHost(r.Host)
	return Cookies{Insecure: LoopbackHTTP(r), Port: port}
}

// MountName makes a [Cookies].Mount of a name and the path prefix a dashboard
// is mounted at. Different prefixes give different mounts.
func MountName(name, prefix string) string {
	prefix = strings.Trim(prefix, "/")
	if prefix == "" {
		return name
	}
	if len(prefix) <= 40 && strings.Trim(prefix, "abcdefghijklmnopqrstuvwxyz0123456789") == "" {
		return name + "-" + prefix
	}
	sum := sha256.Sum256([]byte(prefix))
	return name + "-x-" + hex.EncodeToString(sum[:6])
}

// LoopbackHTTP reports whether r came by plain HTTP under a loopback name:
// localhost, *.localhost or a loopback address.
func LoopbackHTTP(r *http.Request) bool {
	if r.TLS != nil {
		return false
	}
	host, _ := splitHost(r.Host)
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func splitHost(hostport string) (host, port string) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return strings.Trim(hostport, "[]"), ""
	}
	return host, port
}

// AccessName returns the name of the cookie with the access token.
func (c Cookies) AccessName() string { return c.stem() + "-access" }

// RefreshName returns the name of the cookie with the refresh token.
func (c Cookies) RefreshName() string { return c.stem() + "-refresh" }

func (c Cookies) stem() string {
	stem := cookieWord(c.Mount)
	if stem == "" {
		stem = "dashboard"
	}
	if !c.Insecure {
		return "__Host-" + stem
	}
	if c.Port != "" {
		stem += "-" + cookieWord(c.Port)
	}
	return stem
}

// cookieWord replaces what must not be in a cookie's name.
func cookieWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, s)
}

// cookie returns the value of the request's cookie of a name: "" and true if
// there is none. Two of a name are refused, as one of them may be planted.
func cookie(r *http.Request, name string) (string, bool) {
	values := r.CookiesNamed(name)
	switch {
	case len(values) == 0:
		return "", true
	case len(values) > 1 || len(values[0].Value) > maxToken || values[0].Value == "":
		return "", false
	}
	return values[0].Value, true
}

func (c Cookies) set(w http.ResponseWriter, name, value string, same http.SameSite, until time.Time) {
	age := int(time.Until(until) / time.Second)
	if value == "" || age <= 0 {
		value, age = "", -1
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: insecure by Cookies.Insecure alone, SameSite by the caller
		Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: !c.Insecure, SameSite: same,
	})
}

// SetCookies delivers a grant to a browser: the access token with SameSite=Lax,
// the refresh token with Strict, neither readable by scripts.
func (a *Authority) SetCookies(w http.ResponseWriter, r *http.Request, g Grant) {
	c := a.config.cookies(r)
	if c.Insecure && a.warned.CompareAndSwap(false, true) {
		a.config.log.WarnContext(r.Context(), "auth: cookies are sent without Secure, over plain HTTP on a loopback name")
	}
	c.set(w, c.AccessName(), g.AccessToken, http.SameSiteLaxMode, g.AccessExpires)
	c.set(w, c.RefreshName(), g.RefreshToken, http.SameSiteStrictMode, g.RefreshExpires)
}

// ClearCookies removes both cookies, as after a logout.
func (a *Authority) ClearCookies(w http.ResponseWriter, r *http.Request) {
	a.ClearAccessCookie(w, r)
	a.clearRefreshCookie(w, r)
}

// ClearAccessCookie removes the access cookie alone: for a request whose access
// cookie was refused with [ErrInvalidToken], and for no other reason.
func (a *Authority) ClearAccessCookie(w http.ResponseWriter, r *http.Request) {
	c := a.config.cookies(r)
	c.set(w, c.AccessName(), "", http.SameSiteLaxMode, time.Time{})
}

func (a *Authority) clearRefreshCookie(w http.ResponseWriter, r *http.Request) {
	c := a.config.cookies(r)
	c.set(w, c.RefreshName(), "", http.SameSiteStrictMode, time.Time{})
}

// RefreshCookie returns the refresh token of the request's cookie, "" if there
// is none. Credentials in a header, good or not, count alone here too.
func (a *Authority) RefreshCookie(r *http.Request) string {
	if _, present := headerCredentials(r); present {
		return ""
	}
	token, _ := cookie(r, a.config.cookies(r).RefreshName())
	return token
}

// RefreshByCookie refreshes with the request's cookie and sets the new cookies.
// Only a real refusal clears the refresh cookie, and only that one; when the
// database is down everything stays. Check [Authority.CheckOrigin] first.
// Errors: those of [Authority.Refresh]; [ErrInvalidToken] without a cookie, and
// with credentials in a header, which no cookie stands in for.
func (a *Authority) RefreshByCookie(w http.ResponseWriter, r *http.Request, c Client) (Grant, error) {
	if _, present := headerCredentials(r); present {
		return Grant{}, fmt.Errorf("%w: credentials in a header, not in a cookie", ErrInvalidToken)
	}
	token, ok := cookie(r, a.config.cookies(r).RefreshName())
	if token == "" {
		if !ok {
			a.clearRefreshCookie(w, r)
		}
		return Grant{}, fmt.Errorf("%w: no refresh cookie", ErrInvalidToken)
	}
	grant, err := a.Refresh(r.Context(), token, c)
	switch {
	case err == nil:
		a.SetCookies(w, r, grant)
	case errors.Is(err, ErrInvalidToken) && !errors.Is(err, ErrUnavailable):
		a.clearRefreshCookie(w, r)
	}
	return grant, err
}
