package dashboard_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"testing"
)

// The API document is compressed for who takes that, and has an entity tag of its
// own for either form.
func TestAPIDocumentIsCompressed(t *testing.T) {
	t.Parallel()
	const path = "/api/v1/openapi.json"
	c := newServer(t).owner()
	plain := c.get(path, "Accept-Encoding", "identity").wantStatus(http.StatusOK)
	if plain.header.Get("Content-Encoding") != "" || !json.Valid(plain.body) {
		t.Fatalf("plain: got %v, %.80s", plain.header, plain.body)
	}
	small := c.get(path, "Accept-Encoding", "br, gzip;q=0.8").wantStatus(http.StatusOK)
	if small.header.Get("Content-Encoding") != "gzip" || !slices.Contains(small.header.Values("Vary"), "Accept-Encoding") {
		t.Fatalf("gzip: got %v", small.header)
	}
	if len(small.body)*6 > len(plain.body) {
		t.Errorf("gzip: got %d bytes of %d", len(small.body), len(plain.body))
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(small.body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(unzipped); err != nil || !bytes.Equal(got, plain.body) {
		t.Errorf("gzip holds another document: %.80s, %v", got, err)
	}
	tag := small.header.Get("ETag")
	if tag == "" || tag == plain.header.Get("ETag") {
		t.Errorf("got the tags %q and %q", tag, plain.header.Get("ETag"))
	}
	if same := c.get(path, "Accept-Encoding", "gzip", "If-None-Match", tag).wantStatus(http.StatusNotModified); len(same.body) > 0 {
		t.Errorf("not modified, and yet %d bytes", len(same.body))
	}
	c.get(path, "Accept-Encoding", "gzip", "If-None-Match", plain.header.Get("ETag")).wantStatus(http.StatusOK)
	if head := c.do(http.MethodHead, path, nil, "Accept-Encoding", "gzip").wantStatus(http.StatusOK); head.header.Get("ETag") != tag {
		t.Errorf("HEAD: got %v", head.header)
	}
}
