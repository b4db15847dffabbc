package dashboard

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/etag"
)

// assets are a module's own files for the browser, read once and small.
type assets struct {
	files map[string]asset
}

type asset struct {
	body        []byte
	contentType string
	tag         string
}

const maxAssets = 32 << 20

// loadAssets reads a module's files into memory, at most 32 MiB of them.
func loadAssets(fsys fs.FS) (*assets, error) {
	if fsys == nil {
		return nil, errors.New("assets: nil file system")
	}
	out := &assets{files: map[string]asset{}}
	total := 0
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		var body []byte
		if info.Size() <= maxAssets {
			if body, err = fs.ReadFile(fsys, name); err != nil {
				return err
			}
		}
		if total += max(len(body), int(info.Size())); total > maxAssets {
			return fmt.Errorf("%s: more than %d MiB of assets", name, maxAssets>>20)
		}
		sum := sha256.Sum256(body)
		out.files[name] = asset{body: body, contentType: contentType(name), tag: `"` + hex.EncodeToString(sum[:8]) + `"`}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("assets: %w", err)
	}
	return out, nil
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// script is the address of the module's page relative to the base, versioned
// by its content, or "" where it has none.
func (a *assets) script(module string) string {
	f, ok := a.files["index.js"]
	if !ok {
		return ""
	}
	return "m/" + module + "/assets/index.js?v=" + strings.Trim(f.tag, `"`)
}

// serveAssets answers m/{module}/assets/…, to who holds a permission of the
// module while it is enabled here.
func (d *Dashboard) serveAssets(w http.ResponseWriter, s *request, rest string) {
	id, name, _ := strings.Cut(rest, "/assets/")
	r := s.r
	p, err := d.auth.Authenticate(r)
	if err != nil {
		d.authFailed(w, s, err)
		return
	}
	s.principal = p
	m := d.modules[id]
	if m == nil || m.assets == nil || !m.visible(p) || !d.here(s.r.Context(), m) {
		d.unknown(w, s)
		return
	}
	if m.live() == nil {
		writeError(w, d.absent(m), s.id)
		return
	}
	name, err = url.PathUnescape(name)
	f, ok := m.assets.files[name]
	if err != nil || !ok {
		writeError(w, errNotFound, s.id)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		writeError(w, &Error{Status: http.StatusMethodNotAllowed}, s.id)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "private, no-cache")
	if r.URL.Query().Get("v") == strings.Trim(f.tag, `"`) {
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	h.Set("ETag", f.tag)
	h.Set("Vary", "Cookie, Authorization")
	if etag.Parse(r.Header["If-None-Match"]).Has(f.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(f.body) // the client is gone when this fails
	}
}
