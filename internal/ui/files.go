package ui

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

const (
	indexName    = "index.html"
	checksumName = "SHA256.json"
	// maxInflated bounds one inflated file; the whole build is far smaller.
	maxInflated = 8 << 20
)

// file is one file of the build in the encodings it was committed in. It is read
// when somebody asks for it: a start does not touch what nobody looks at.
type file struct {
	dist      fs.FS
	name      string // without the extension of an encoding
	mediaType string
	gz, br    bool // the encodings there are
	hashed    bool // the name changes with the content
	about     func() (about, error)
}

// about is what an answer says of a file besides its bytes.
type about struct {
	size uint32 // inflated, as gzip's trailer says (RFC 1952 section 2.3.1)
	tag  string // of the content, before the suffix of the encoding
}

// load finds every file of a build.
func load(dist fs.FS) (map[string]*file, error) {
	files := make(map[string]*file)
	err := fs.WalkDir(dist, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == checksumName {
			return err
		}
		plain, packed := strings.CutSuffix(name, ".gz")
		if !packed {
			if plain, packed = strings.CutSuffix(name, ".br"); !packed {
				return fmt.Errorf("%s is not compressed", name)
			}
		}
		f := files[plain]
		if f == nil {
			f = newFile(dist, plain)
			files[plain] = f
		}
		if strings.HasSuffix(name, ".br") {
			f.br = true
			return nil
		}
		f.gz = true
		info, err := entry.Info()
		if err == nil && info.Size() < gzipOverhead {
			err = fmt.Errorf("%s is cut short", name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load ui build: %w", err)
	}
	for name, f := range files {
		if !f.gz || !f.br && name != indexName {
			return nil, fmt.Errorf("load ui build: %s lacks an encoding", name)
		}
	}
	return files, nil
}

func newFile(dist fs.FS, name string) *file {
	f := &file{dist: dist, name: name, mediaType: mediaType(name)}
	f.hashed = strings.HasPrefix(name, "assets/") // the build hashes every name there
	f.about = sync.OnceValues(func() (about, error) {
		content, err := fs.ReadFile(dist, name+".gz")
		if err != nil {
			return about{}, err
		}
		if len(content) < gzipOverhead {
			return about{}, fmt.Errorf("%s.gz is cut short", name)
		}
		sum := sha256.Sum256(content)
		return about{binary.LittleEndian.Uint32(content[len(content)-4:]), base64.RawURLEncoding.EncodeToString(sum[:12])}, nil
	})
	return f
}

// gzipOverhead is the length of an empty gzip file's header and trailer.
const gzipOverhead = 18

// mediaType does not ask the machine's own tables, which differ and take long to
// read.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".ico":
		return "image/x-icon"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".png":
		return "image/png"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	return "application/octet-stream"
}

// inflate returns the content as it was before compression.
func (f *file) inflate() ([]byte, error) {
	packed, err := f.dist.Open(f.name + ".gz")
	if err != nil {
		return nil, err
	}
	defer func() { _ = packed.Close() }() // it was only read
	reader, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(reader, maxInflated+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxInflated {
		return nil, errors.New("file is too large")
	}
	return content, nil
}

func (h *Handler) serveFile(w http.ResponseWriter, r *http.Request, f *file) {
	header := w.Header()
	header.Add("Vary", "Accept-Encoding")
	chosen, ok := negotiate(r.Header.Values("Accept-Encoding"))
	if !ok {
		h.refuse(w, r, http.StatusNotAcceptable)
		return
	}
	about, err := f.about()
	if err != nil {
		h.refuse(w, r, http.StatusInternalServerError)
		return
	}
	if f.hashed {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		header.Set("Cache-Control", "no-cache")
	}
	tag := `"` + about.tag + chosen.suffix() + `"`
	header.Set("ETag", tag)
	if matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body, size, err := f.content(chosen, int64(about.size), r.Method == http.MethodHead)
	if err != nil {
		header.Del("ETag")
		h.refuse(w, r, http.StatusInternalServerError)
		return
	}
	switch chosen {
	case brotli:
		header.Set("Content-Encoding", "br")
	case gzipped:
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Type", f.mediaType)
	header.Set("Content-Length", strconv.FormatInt(size, 10))
	_, _ = w.Write(body) // an error means that the client has gone
}

// content is the file in one encoding, and how long it is. For a HEAD it is not
// inflated.
func (f *file) content(e encoding, inflated int64, head bool) (body []byte, size int64, err error) {
	switch {
	case e == brotli:
		body, err = fs.ReadFile(f.dist, f.name+".br")
	case e == gzipped:
		body, err = fs.ReadFile(f.dist, f.name+".gz")
	case head:
		return nil, inflated, nil
	default:
		body, err = f.inflate()
	}
	if size = int64(len(body)); head {
		body = nil
	}
	return body, size, err
}

// matches tells whether an If-None-Match header names the tag, by weak
// comparison (RFC 9110 section 13.1.2).
func matches(lines []string, tag string) bool {
	for _, line := range lines {
		for line != "" {
			var member string
			member, line, _ = strings.Cut(line, ",") // our own tags hold no comma
			member = strings.Trim(member, " \t")
			if member == "*" || strings.TrimPrefix(member, "W/") == tag {
				return true
			}
		}
	}
	return false
}
