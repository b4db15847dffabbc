package ui

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed all:dist
var embedded embed.FS

// Config is what is the same for every request. Its zero value serves the
// committed build under the title "Dashboard".
type Config struct {
	// Dist holds the build: index.html.gz, assets/… and SHA256.json. Nil means
	// the committed one.
	Dist fs.FS
	// Title is the document's title until a screen sets its own; "" means
	// "Dashboard".
	Title string
	// MinPassword is the least number of characters of a new password, which the
	// page tells beforehand; 0: it does not.
	MinPassword int
	// TrustedTypes names the one Trusted Types policy that scripts may create,
	// for a module that cannot do without; "" allows none.
	TrustedTypes string
	// Refuse answers a request that is not served: status is 404, 405 (Allow is
	// set), 406, or 500 for a file that cannot be read. Nil writes the status
	// text.
	Refuse func(w http.ResponseWriter, r *http.Request, status int)
}

// Page is what an answer depends on and the handler cannot see in the request
// by itself.
type Page struct {
	// Base is the decoded path of the mount as the browser sees it, beginning
	// and ending in a slash, such as "/" or "/admin/". "" means "/".
	Base string
	// Path is the canonical decoded path below Base, without a leading slash.
	Path string
	// Host is the host, and the port unless it is the scheme's default one, as
	// the browser's address bar shows them. It is only ever written into the
	// policy; one that is not a plain name or address falls back to 'self'.
	Host string
}

// Handler serves the page and the assets of one build. It is immutable and
// safe for concurrent use. Make one with [New].
type Handler struct {
	config Config
	shell  string
	words  map[string]string // files of first words, by locale
	files  map[string]*file
}

// New reads the page and reports a build that is not complete: no page, a file
// that is not compressed, or an asset that lacks one of its two encodings. Other
// files are read when they are asked for.
func New(config Config) (*Handler, error) {
	if config.Title == "" {
		config.Title = "Dashboard"
	}
	if config.TrustedTypes != "" && !policyName(config.TrustedTypes) {
		return nil, fmt.Errorf("trusted types policy %q: not a policy name", config.TrustedTypes)
	}
	if config.Refuse == nil {
		config.Refuse = func(w http.ResponseWriter, _ *http.Request, status int) {
			http.Error(w, http.StatusText(status), status)
		}
	}
	dist := config.Dist
	if dist == nil {
		sub, err := fs.Sub(embedded, "dist")
		if err != nil {
			return nil, fmt.Errorf("open committed build: %w", err)
		}
		dist = sub
	}
	files, err := load(dist)
	if err != nil {
		return nil, err
	}
	index, ok := files[indexName]
	if !ok {
		return nil, errors.New("load ui build: no " + indexName + ".gz")
	}
	delete(files, indexName)
	source, err := index.inflate()
	if err != nil {
		return nil, fmt.Errorf("load ui build: inflate %s.gz: %w", indexName, err)
	}
	parsed, words, err := parseShell(string(source), config.Title)
	if err != nil {
		return nil, fmt.Errorf("load ui build: %s: %w", indexName, err)
	}
	return &Handler{config: config, shell: parsed, words: words, files: files}, nil
}

// Serve answers one GET or HEAD request: a file of the build, or the page for
// every path that can be a screen. Paths below assets/, api/, m/{id}/assets/ and the
// protocol paths, files a page would load, and requests that want no document
// never get the page: a missing chunk is 404.
//
// Every answer carries [SecurityHeaders], and the page its own policy. A caller
// that knows of a proxy's https sets Strict-Transport-Security before.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, page Page) {
	SecurityHeaders(w.Header(), r.TLS != nil)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		h.refuse(w, r, http.StatusMethodNotAllowed)
		return
	}
	if f, ok := h.files[page.Path]; ok {
		h.serveFile(w, r, f)
		return
	}
	base, ok := cleanBase(page.Base)
	if !ok || !isScreen(page.Path) || !wantsDocument(r) {
		h.refuse(w, r, http.StatusNotFound)
		return
	}
	h.serveShell(w, r, base, page.Host)
}

// refuse keeps caches from remembering an answer that the next deployment, or
// another instance during this one, would give differently.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, status int) {
	w.Header().Set("Cache-Control", "no-store")
	h.config.Refuse(w, r, status)
}

// isScreen tells whether a path below the mount may be one of the UI's own
// routes. Their names are the UI's business; what never is one is known here.
func isScreen(path string) bool {
	first, rest, _ := strings.Cut(path, "/")
	switch first {
	case "m": // a module's page, but not its files
		_, below, _ := strings.Cut(rest, "/")
		if rest == "" || below == "assets" || strings.HasPrefix(below, "assets/") {
			return false
		}
	case "assets", "api", "ofrep", ".well-known", "livez", "readyz", indexName:
		return false
	case "ai":
		return !strings.HasPrefix(path, "ai/v1/")
	}
	last := path[strings.LastIndexByte(path, '/')+1:]
	dot := strings.LastIndexByte(last, '.')
	return dot < 0 || !loadable(last[dot:])
}

// loadable tells whether a page, rather than a person, asks for files with
// this extension. Other dots are fine: a flag may be called new.checkout.
func loadable(extension string) bool {
	switch strings.ToLower(extension) {
	case ".js", ".mjs", ".css", ".map", ".json", ".wasm", ".svg", ".png", ".jpg", ".jpeg",
		".gif", ".webp", ".avif", ".ico", ".woff", ".woff2", ".ttf", ".txt", ".xml",
		".html", ".htm", ".php", ".webmanifest", ".br", ".gz", ".env":
		return true
	}
	return false
}

// wantsDocument tells whether the answer would be shown as a document. A
// client that says nothing (curl, an old browser) gets the page.
func wantsDocument(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "", "document", "empty":
	default:
		return false
	}
	accept := r.Header.Values("Accept")
	for _, line := range accept {
		if strings.Contains(line, "text/html") || strings.Contains(line, "text/*") || strings.Contains(line, "*/*") {
			return true
		}
	}
	return len(accept) == 0
}
