package ui

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ThemeCookie is the name of the cookie that holds the person's theme: light,
// dark or auto. The UI's own script sets it, so it is not HttpOnly.
const ThemeCookie = "dashboard-theme"

// What the built page holds for the request's own values. Addresses that begin
// with "./" are the third kind.
const (
	titleMark  = "{{.Title}}"
	configMark = "{{.Config}}"
	themeMark  = "{{.Theme}}" // written by parseShell
	baseMark   = `="./`
)

// parseShell prepares the built page. The build is ours: what it must hold is
// little, and its absence is an error rather than a guess.
func parseShell(source, title string) (string, error) {
	if !strings.Contains(source, `name="dashboard-config" content="`+configMark+`"`) {
		return "", errors.New("no dashboard-config element")
	}
	before, after, ok := strings.Cut(source, "<html")
	if !ok {
		return "", errors.New("no html element")
	}
	source = before + `<html data-theme="` + themeMark + `"` + after
	return strings.ReplaceAll(source, titleMark, html.EscapeString(title)), nil
}

// settings is the content of the dashboard-config element.
type settings struct {
	Base  string `json:"base"`
	Title string `json:"title"`
	Theme string `json:"theme"`
}

// render writes the page for a base, escaped as a URL path, and a theme.
func (h *Handler) render(base, theme string) string {
	config, _ := json.Marshal(settings{Base: base, Title: h.config.Title, Theme: theme}) // strings cannot fail
	return strings.NewReplacer(
		configMark, html.EscapeString(string(config)),
		themeMark, theme,
		baseMark, `="`+html.EscapeString(base),
	).Replace(h.shell)
}

func (h *Handler) serveShell(w http.ResponseWriter, r *http.Request, base, host string) {
	body := []byte(h.render(base, theme(r)))
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	header := w.Header()
	header.Set("Content-Security-Policy", h.policy(base, host))
	header.Add("Vary", "Cookie")
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", tag)
	if matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // an error means that the client has gone
}

// theme reads the theme cookie; what is not a theme is auto.
func theme(r *http.Request) string {
	cookie, err := r.Cookie(ThemeCookie)
	if err != nil {
		return "auto"
	}
	switch cookie.Value {
	case "light", "dark":
		return cookie.Value
	}
	return "auto"
}

// cleanBase returns the base as an escaped URL path that is safe in an
// attribute's URL and in a policy, or false for one that would point
// elsewhere: "//host/" is another origin.
func cleanBase(base string) (string, bool) {
	if base == "" {
		return "/", true
	}
	if base[0] != '/' || base[len(base)-1] != '/' || strings.Contains(base, "//") {
		return "", false
	}
	for segment := range strings.SplitSeq(base, "/") {
		if segment == "." || segment == ".." {
			return "", false
		}
	}
	escaped := (&url.URL{Path: base}).EscapedPath()
	return strings.NewReplacer(";", "%3B", ",", "%2C", "'", "%27").Replace(escaped), true
}
