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
	themeMark  = "{{.Theme}}"  // written by parseShell
	localeMark = "{{.Locale}}" // written by parseShell
	wordsMark  = "{{.Words}}"  // written by parseShell
	baseMark   = `="./`
)

// How the build names the first words of a language, which only who speaks it
// should load: the locale and the file stand between these.
const (
	wordsBegin  = `<link rel="modulepreload" data-locale="`
	wordsMiddle = `" crossorigin href="./`
	wordsEnd    = `">`
)

// cutWords takes the links to first words out of the page.
func cutWords(source string) (page string, words map[string]string, err error) {
	words = make(map[string]string)
	for {
		before, rest, found := strings.Cut(source, wordsBegin)
		if !found {
			return source, words, nil
		}
		locale, rest, ok1 := strings.Cut(rest, wordsMiddle)
		file, after, ok2 := strings.Cut(rest, wordsEnd)
		if !ok1 || !ok2 || strings.ContainsAny(locale+file, `<>"`) {
			return "", nil, errors.New("a link to words that is not written as the build writes it")
		}
		words[locale] = file
		source = before + after
	}
}

// parseShell prepares the built page and tells the file of each locale's first
// words. The build is ours: what it must hold is little, and its absence is an
// error rather than a guess.
func parseShell(source, title string) (shell string, words map[string]string, err error) {
	if !strings.Contains(source, `name="dashboard-config" content="`+configMark+`"`) {
		return "", nil, errors.New("no dashboard-config element")
	}
	before, after, ok := strings.Cut(source, `<html lang="en"`)
	if !ok {
		return "", nil, errors.New("no html element with its language")
	}
	source = before + `<html lang="` + localeMark + `" data-theme="` + themeMark + `"` + after
	if source, words, err = cutWords(source); err != nil {
		return "", nil, err
	}
	source = strings.Replace(source, "</head>", wordsMark+"</head>", 1)
	return strings.ReplaceAll(source, titleMark, html.EscapeString(title)), words, nil
}

// settings is the content of the dashboard-config element.
type settings struct {
	Base   string `json:"base"`
	Title  string `json:"title"`
	Theme  string `json:"theme"`
	Locale string `json:"locale"`
	// MinPassword is there for who makes a password.
	MinPassword int `json:"minPassword,omitzero"`
}

// render writes the page for a base, escaped as a URL path, a theme and a
// locale.
func (h *Handler) render(base, theme, locale string) string {
	config, _ := json.Marshal(settings{base, h.config.Title, theme, locale, h.config.MinPassword}) // strings cannot fail
	var words string
	if name := h.words[locale]; name != "" {
		words = `<link rel="modulepreload" crossorigin href="` + html.EscapeString(base+name) + `">`
	}
	return strings.NewReplacer(
		wordsMark, words,
		configMark, html.EscapeString(string(config)),
		themeMark, theme,
		localeMark, locale,
		baseMark, `="`+html.EscapeString(base),
	).Replace(h.shell)
}

func (h *Handler) serveShell(w http.ResponseWriter, r *http.Request, base, host string) {
	body := []byte(h.render(base, theme(r), locale(r)))
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	header := w.Header()
	header.Set("Content-Security-Policy", h.policy(base, host))
	header.Add("Vary", "Cookie, Accept-Language")
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
