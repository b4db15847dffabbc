// Package problem writes errors as RFC 9457 problem documents.
//
// A [Problem] holds only what the client may read. It has no place for a cause: what went
// wrong inside is logged by the caller and never reaches the answer.
package problem

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// ContentType is the media type of a problem document (RFC 9457 section 3).
const ContentType = "application/problem+json"

// The slug and the detail of the problem whose errors say what is wrong with an input.
const (
	InvalidInput       = "invalid-input"
	InvalidInputDetail = "The request was understood, but some of its values cannot be accepted."
)

// typePrefix makes a slug a URI that never changes with the host.
const typePrefix = "urn:dashboard:problem:"

// Problem is one error answer. Its zero value is a 500 without detail.
type Problem struct {
	// Type is a stable slug such as "module-required", or the absolute URI of a type that
	// somebody else defined. Empty: the slug of the status.
	Type string
	// Title is a short summary that is the same for every problem of the type. Empty: the
	// text of the status.
	Title string
	// Status is the HTTP status code. Anything outside 400–599 counts as 500.
	Status int
	// Detail is a sentence about this occurrence, for a person. Empty: left out.
	Detail string
	// RequestID names the request in the log. Empty: left out.
	RequestID string
	// Errors lists what is wrong with the input, in the order found. Empty: left out.
	Errors []Field
	// Extra holds extension members (RFC 9457 section 3.2). A member with the name of a
	// standard one, or a value that is not JSON, is left out.
	Extra map[string]any
}

// Field is one thing wrong with the input.
type Field struct {
	// Pointer is where: an RFC 6901 JSON pointer into the body ("/items/3/email", "" is the
	// whole body), or "#/query/limit", "#/path/id", "#/header/If-Match" for a parameter.
	Pointer string `json:"pointer"`
	// Code is what, for programs: a validation rule such as "min", or "type", "unknown",
	// "duplicate", "missing", "syntax".
	Code string `json:"code"`
	// Detail is what, for a person: "must be at least 1".
	Detail string `json:"detail"`
	// Params are the values that Detail speaks of, such as value and of. Unless nil, Detail is
	// the usual sentence for the code and them, so that a client can say it in another language.
	Params map[string]string `json:"params,omitzero"`
}

// New returns a problem of a status, a slug (empty: the status' own) and a detail sentence.
func New(status int, slug, detail string) Problem {
	return Problem{Type: slug, Status: status, Detail: detail}
}

// URI returns the type URI of a slug: "urn:dashboard:problem:" and the slug. What is a URI
// already, by its colon, stays as it is.
func URI(slug string) string {
	if strings.Contains(slug, ":") {
		return slug
	}
	return typePrefix + slug
}

// Slug returns the default slug of a status: "not-found" for 404.
func Slug(status int) string {
	text := []byte(http.StatusText(normalStatus(status)))
	slug := make([]byte, 0, len(text))
	for _, c := range text {
		switch {
		case c >= 'A' && c <= 'Z':
			slug = append(slug, c+'a'-'A')
		case c >= 'a' && c <= 'z':
			slug = append(slug, c)
		case c == ' ' || c == '-':
			slug = append(slug, '-')
		}
	}
	if len(slug) == 0 {
		return "status-" + strconv.Itoa(normalStatus(status))
	}
	return string(slug)
}

// Write answers a request with a problem. It sets the content type and Cache-Control: no-store
// and keeps other headers the caller set, such as Retry-After, except those that
// describe a body that is not sent.
func Write(w http.ResponseWriter, p Problem) {
	body, err := p.MarshalJSON()
	if err != nil { // cannot happen: every member is checked as it is written
		body = []byte("{}")
	}
	h := w.Header()
	for _, name := range []string{"Content-Encoding", "ETag", "Last-Modified", "Content-Range"} {
		h.Del(name)
	}
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(normalStatus(p.Status))
	_, _ = w.Write(body) // the client is gone; the server's log has the request
}

// MarshalJSON returns the document: the standard members in the order of the RFC, then the
// extension members by name. The same problem always gives the same bytes.
func (p Problem) MarshalJSON() ([]byte, error) {
	status := normalStatus(p.Status)
	slug, title := p.Type, p.Title
	if slug == "" {
		slug = Slug(status)
	}
	if title == "" {
		title = http.StatusText(status)
	}
	if title == "" {
		title = "Error " + strconv.Itoa(status)
	}
	o := object{}
	o.member("type", URI(slug))
	o.member("title", title)
	o.member("status", status)
	if p.Detail != "" {
		o.member("detail", p.Detail)
	}
	if p.RequestID != "" {
		o.member("request_id", p.RequestID)
	}
	if len(p.Errors) > 0 {
		o.member("errors", p.Errors)
	}
	names := make([]string, 0, len(p.Extra))
	for name := range p.Extra {
		if !reserved(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		o.member(name, p.Extra[name])
	}
	o.buf.WriteByte('}')
	return o.buf.Bytes(), nil
}

func reserved(name string) bool {
	switch name {
	case "", "type", "title", "status", "detail", "instance", "request_id", "errors":
		return true
	}
	return false
}

func normalStatus(status int) int {
	if status < 400 || status > 599 {
		return http.StatusInternalServerError
	}
	return status
}

// object builds a JSON object member by member and leaves out what cannot be written.
type object struct{ buf bytes.Buffer }

func (o *object) member(name string, value any) {
	key, err := encode(name)
	if err != nil {
		return
	}
	val, err := encode(value)
	if err != nil {
		return
	}
	if o.buf.Len() == 0 {
		o.buf.WriteByte('{')
	} else {
		o.buf.WriteByte(',')
	}
	o.buf.Write(key)
	o.buf.WriteByte(':')
	o.buf.Write(val)
}

func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

var _ json.Marshaler = Problem{}
