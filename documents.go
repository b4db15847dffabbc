package dashboard

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/openapi"
	"github.com/modular-dashboard/dashboard/internal/ui"
)

func (d *Dashboard) routeDocuments(r *Router) {
	tagged(register(r, http.MethodGet, "/openapi.json", reflect.TypeFor[empty](), reflect.TypeFor[json.RawMessage](), d.serveOpenAPI,
		[]EndpointOption{Require(permAPIRead), ID("openapi"), Summary("OpenAPI 3.1 of what is enabled now")}))
	r.Handle("GET /docs", http.HandlerFunc(readDocuments), Public(), ID("docs"), Status(http.StatusSeeOther), ContentType("text/html"),
		Summary("The page of the UI that shows this document"))
}

// readDocuments leads to the page of the UI, which asks who is there.
func readDocuments(w http.ResponseWriter, r *http.Request) {
	target := (&url.URL{Path: stateOf(r.Context()).base + "system/api"}).EscapedPath()
	h := w.Header()
	h.Set("Location", target)
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusSeeOther)
	_, _ = fmt.Fprintf(w, "<!doctype html><html lang=en><meta charset=utf-8><title>See Other</title><a href=\"%s\">The API</a>",
		html.EscapeString(target)) // the client has gone when this fails
}

// documentCache keeps the API documents until a module comes or goes.
type documentCache struct {
	mu       sync.Mutex
	document map[string]*apiDocument // by base and by what is off
}

// apiDocument is a document as it is answered. It is a tenth as large with gzip, and
// nothing of it is secret or comes from who asks, so that its compressed length
// gives nothing away.
type apiDocument struct {
	plain, gzipped []byte
	tag            string // without quotes
}

func newAPIDocument(plain []byte) (*apiDocument, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(plain)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("compress API document: %w", err)
	}
	sum := sha256.Sum256(plain)
	return &apiDocument{plain, out.Bytes(), hex.EncodeToString(sum[:12])}, nil
}

func (c *documentCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.document = nil
}

const maxDocuments = 16 // kept at one time

func (d *Dashboard) serveOpenAPI(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	var in empty
	if err := e.plan.Decode(r, &in, e.config.bodyLimit); err != nil {
		return err
	}
	doc, err := d.openAPI(r.Context())
	if err != nil {
		return err
	}
	h := w.Header()
	body, tag := doc.plain, `"`+doc.tag+`"`
	if ui.AcceptsGzip(r.Header.Values("Accept-Encoding")) {
		body, tag = doc.gzipped, `"`+doc.tag+`-gz"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Add("Vary", "Accept-Encoding")
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache") // to be kept, and asked about
	if etag.Parse(r.Header["If-None-Match"]).Has(tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, err = w.Write(body) // net/http leaves it out for HEAD
	return answered(err)
}

func (d *Dashboard) openAPI(ctx context.Context) (*apiDocument, error) {
	base := stateOf(ctx).base
	key := base + "\x00" + d.absentFor(ctx)
	c := &d.document
	c.mu.Lock()
	defer c.mu.Unlock()
	if doc, ok := c.document[key]; ok {
		return doc, nil
	}
	doc, err := openapi.Build(openapi.Info{ //nolint:gosec // the name of a cookie
		Title: d.config.title, Version: Version, Server: base,
		APIKeyHeader: "X-API-Key", AccessCookie: d.cookiesFor(stateOf(ctx).r).AccessName(), Tags: d.tags(ctx),
	}, d.operations(ctx))
	if err != nil {
		return nil, fmt.Errorf("build API document: %w", err)
	}
	if c.document == nil || len(c.document) >= maxDocuments {
		c.document = map[string]*apiDocument{}
	}
	made, err := newAPIDocument(doc.JSON())
	if err != nil {
		return nil, err
	}
	c.document[key] = made
	return made, nil
}

func (d *Dashboard) tags(ctx context.Context) []openapi.Tag {
	tags := []openapi.Tag{{Name: coreModule, Description: "Accounts, modules, settings, audit."}}
	for _, m := range d.order {
		if m.live() != nil && d.here(ctx, m) {
			tags = append(tags, openapi.Tag{Name: m.id, Description: m.manifest.Description})
		}
	}
	return tags
}

// operations lists the endpoints that answer on this instance now, and exist for
// who asks in ctx.
func (d *Dashboard) operations(ctx context.Context) []openapi.Operation {
	var out []openapi.Operation
	for _, e := range d.coreAPI {
		out = append(out, e.operation("/api/v1", ""))
	}
	for _, m := range d.order {
		s := m.live()
		if s == nil || !d.here(ctx, m) {
			continue
		}
		for _, e := range s.endpoints {
			if !d.allOn(ctx, e.config.flags) {
				continue
			}
			out = append(out, e.operation("/api/v1/m/"+m.id, m.id+"-"))
		}
	}
	return out
}

func (e *endpoint) operation(base, idPrefix string) openapi.Operation {
	op := openapi.Operation{
		Method: e.method, Path: base + e.path, ID: idPrefix + e.config.id, Summary: e.config.summary,
		Description: e.config.details, Tags: []string{e.module}, In: e.in, Out: e.out, Status: e.config.status,
		Public: e.access.kind == accessPublic, Permission: e.permissionName(), Deprecated: e.config.deprecation.since != nil,
		DeprecatedSince: timeOr(e.config.deprecation.since), Sunset: timeOr(e.config.deprecation.sunset), Idempotent: e.once,
		Errors: append(slices.Clone(e.config.errors), http.StatusServiceUnavailable), Stream: e.config.stream,
	}
	if e.config.stream {
		op.Out = reflect.TypeFor[map[string]any]()
	}
	switch {
	case e.out == reflect.TypeFor[Blob](), e.out == nil && !e.config.stream:
		op.Out, op.ContentType = nil, e.config.contentType
		if op.ContentType == "" {
			op.ContentType = "application/octet-stream"
		}
	case e.config.status == http.StatusNoContent:
		op.Out = nil
	}
	for _, status := range e.config.also {
		op.Also = append(op.Also, openapi.Answer{Status: status, Out: e.out})
	}
	if _, ok := reflect.TypeAssert[ETagger](reflect.New(typeOr(e.out))); ok || e.config.tagged {
		op.Headers = append(op.Headers, openapi.Header{Name: "ETag", Description: "The version of what is answered."})
	}
	if e.paged && e.method == http.MethodGet {
		op.Headers = append(op.Headers, openapi.Header{Name: "Link", Description: "The next page, if there is one (RFC 8288)."})
	}
	for _, header := range e.config.deprecation.headers {
		if header.name != "" {
			op.Headers = append(op.Headers, openapi.Header{Name: header.name, Description: header.value})
		}
	}
	return op
}

func typeOr(t reflect.Type) reflect.Type {
	if t == nil {
		return reflect.TypeFor[empty]()
	}
	return t
}

func (d *Dashboard) jwks(w http.ResponseWriter, s *request) {
	if s.r.Method != http.MethodGet && s.r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		writeError(w, &Error{Status: http.StatusMethodNotAllowed}, s.id)
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(d.auth.JWKS()) // the client has gone when this fails
}
