package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

const (
	indexName    = "index.html"
	checksumName = "SHA256.json"
	// maxInflated bounds one inflated file; the whole build is far smaller.
	maxInflated = 8 << 20
)

// file is one file of the build in the encodings it was committed in.
type file struct {
	gz, br    []byte
	size      uint32 // inflated, as gzip's trailer says (RFC 1952 section 2.3.1)
	mediaType string
	tag       string // of the content, before the suffix of the encoding
	hashed    bool   // the name changes with the content
}

// load reads every file of a build.
func load(dist fs.FS) (map[string]file, error) {
	files := make(map[string]file)
	err := fs.WalkDir(dist, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == checksumName {
			return err
		}
		extension := path.Ext(name)
		if extension != ".gz" && extension != ".br" {
			return fmt.Errorf("%s is not compressed", name)
		}
		content, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		plain := strings.TrimSuffix(name, extension)
		f := files[plain]
		if extension == ".gz" {
			f.gz = content
		} else {
			f.br = content
		}
		files[plain] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load ui build: %w", err)
	}
	for name, f := range files {
		if f.gz == nil || f.br == nil && name != indexName {
			return nil, fmt.Errorf("load ui build: %s lacks an encoding", name)
		}
		if len(f.gz) < gzipOverhead {
			return nil, fmt.Errorf("load ui build: %s.gz is cut short", name)
		}
		sum := sha256.Sum256(f.gz)
		f.tag = base64.RawURLEncoding.EncodeToString(sum[:12])
		f.size = binary.LittleEndian.Uint32(f.gz[len(f.gz)-4:])
		f.mediaType = mediaType(name)
		f.hashed = strings.HasPrefix(name, "assets/") // the build hashes every name there
		files[name] = f
	}
	return files, nil
}

// gzipOverhead is the length of an empty gzip file's header and trailer.
const gzipOverhead = 18

// mediaType does not ask the machine's own tables first, which differ.
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
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// inflate returns the content as it was before compression.
func (f file) inflate() ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(f.gz))
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

func (h *Handler) serveFile(w http.ResponseWriter, r *http.Request, f file) {
	header := w.Header()
	header.Add("Vary", "Accept-Encoding")
	chosen, ok := negotiate(r.Header.Values("Accept-Encoding"))
	if !ok {
		h.refuse(w, r, http.StatusNotAcceptable)
		return
	}
	if f.hashed {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		header.Set("Cache-Control", "no-cache")
	}
	body, size, suffix := f.gz, int64(len(f.gz)), `-gz"`
	switch chosen {
	case brotli:
		body, size, suffix = f.br, int64(len(f.br)), `-br"`
	case identity:
		size, suffix = int64(f.size), `"`
	}
	tag := `"` + f.tag + suffix
	header.Set("ETag", tag)
	if matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
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
	if r.Method == http.MethodHead {
		return
	}
	if chosen == identity {
		var err error
		if body, err = f.inflate(); err != nil {
			return // short of the promised length, so net/http ends the connection
		}
	}
	_, _ = w.Write(body) // an error means that the client has gone
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
