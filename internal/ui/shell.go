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

// shell is the page cut where a request's own values go. Between two parts
// stands the base, so the whole is one join.
type shell struct {
	open  string   // up to the html element's name
	head  string   // from its attributes to the end of <head>
	parts []string // the rest, cut before every relative address
	title string
}

// parseShell cuts the built page. The build is ours: what it must hold is
// little, and its absence is an error rather than a guess.
func parseShell(source, title string) (shell, error) {
	open, rest, ok := cutAfter(source, "<html")
	if !ok {
		return shell{}, errors.New("no html element")
	}
	head, rest, ok := cutAfter(rest, "<head>")
	if !ok {
		return shell{}, errors.New("no head element")
	}
	if before, after, ok := strings.Cut(rest, "<title>"); ok {
		_, after, ok = strings.Cut(after, "</title>")
		if !ok {
			return shell{}, errors.New("title does not end")
		}
		rest = before + "<title>" + html.EscapeString(title) + "</title>" + after
	}
	return shell{open: open, head: head, parts: strings.Split(rest, `="./`), title: title}, nil
}

// cutAfter cuts s after the first mark, which stays with the first part.
func cutAfter(s, mark string) (before, after string, ok bool) {
	i := strings.Index(s, mark)
	if i < 0 {
		return s, "", false
	}
	i += len(mark)
	return s[:i], s[i:], true
}

// settings is the content of the dashboard-config element.
type settings struct {
	Base  string `json:"base"`
	Title string `json:"title"`
	Theme string `json:"theme"`
}

// render writes the page for a base, escaped as a URL path, and a theme.
func (s shell) render(base, theme string) (string, error) {
	config, err := json.Marshal(settings{Base: base, Title: s.title, Theme: theme})
	if err != nil {
		return "", err
	}
	escaped := html.EscapeString(base)
	var b strings.Builder
	b.WriteString(s.open)
	b.WriteString(` data-theme="`)
	b.WriteString(theme)
	b.WriteString(`"`)
	b.WriteString(s.head)
	b.WriteString("\n<meta name=\"dashboard-config\" content=\"")
	b.WriteString(html.EscapeString(string(config)))
	b.WriteString(`">`)
	for i, part := range s.parts {
		if i > 0 {
			b.WriteString(`="`)
			b.WriteString(escaped)
		}
		b.WriteString(part)
	}
	return b.String(), nil
}

func (h *Handler) serveShell(w http.ResponseWriter, r *http.Request, base, host string) {
	body, err := h.shell.render(base, theme(r))
	if err != nil {
		h.config.Refuse(w, r, http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256([]byte(body))
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	header := w.Header()
	SecurityHeaders(header, r.TLS != nil)
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
	_, _ = w.Write([]byte(body)) // the client has gone when this fails
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
	for _, segment := range strings.Split(base, "/") {
		if segment == "." || segment == ".." {
			return "", false
		}
	}
	escaped := (&url.URL{Path: base}).EscapedPath()
	return strings.NewReplacer(";", "%3B", ",", "%2C", "'", "%27").Replace(escaped), true
}
