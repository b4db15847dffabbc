package dashboardtest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
)

// A Client sends requests to a [Server] with the rights of one account. It may
// be used by several goroutines.
type Client struct {
	s     *Server
	token string
}

// Do sends a request to a path below the server's URL, such as
// "/api/v1/m/notes/notes", and reads the whole answer. A body that is a []byte
// is sent as it is, any other but nil as JSON. Headers are names and values in
// turn. What keeps the request from being answered ends the test.
func (c *Client) Do(method, path string, body any, headers ...string) *Response {
	t := c.s.t
	t.Helper()
	r := c.request(method, path, body, headers)
	res, err := c.s.http.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }() // it was read to its end
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: read answer: %v", method, path, err)
	}
	return &Response{Status: res.StatusCode, Header: res.Header, Body: raw, c: c, what: method + " " + path}
}

func (c *Client) request(method, path string, body any, headers []string) *http.Request {
	t := c.s.t
	t.Helper()
	var reader io.Reader
	if body != nil {
		raw, ok := body.([]byte)
		if !ok {
			var err error
			if raw, err = json.Marshal(body); err != nil {
				t.Fatalf("%s %s: encode body: %v", method, path, err)
			}
		}
		reader = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, c.s.URL+path, reader)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// Get is Do with the method GET and no body.
func (c *Client) Get(path string, headers ...string) *Response {
	c.s.t.Helper()
	return c.Do(http.MethodGet, path, nil, headers...)
}

// A Response is an answer, read whole.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	c    *Client
	what string
}

// Want ends the test where the status is another. It returns the response.
func (r *Response) Want(status int) *Response {
	t := r.c.s.t
	t.Helper()
	if r.Status != status {
		t.Fatalf("%s: got status %d, want %d: %s", r.what, r.Status, status, r.Body)
	}
	return r
}

// JSON decodes the body into v, or ends the test.
func (r *Response) JSON(v any) {
	t := r.c.s.t
	t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		t.Fatalf("%s: decode %q: %v", r.what, r.Body, err)
	}
}

func randomText() string { return rand.Text()[:12] }
