package dashboard

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// Whatever somebody's model writes, a request goes to the endpoint that was named and
// says nothing else of who asks.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{
		`{"id":"1","rest":"a/b","q":"x","If-Match":"\"1\"","body":{"n":1}}`, `{"id":"../..","rest":"x"}`, `{"id":"{rest...}","rest":"{id}"}`,
		`{"id":"%2e%2e","rest":"%2f..%2f"}`, `{"id":"a?b=c#d","rest":"//x"}`, `{"id":"a","rest":"a","X-Forwarded-For":"1.2.3.4"}`, `null`, `[]`, ``, `{"id":1e400,"rest":true}`,
	} {
		f.Add([]byte(seed))
	}
	type in struct {
		ID    string   `path:"id"`
		Rest  string   `path:"rest"`
		Q     []string `query:"q"`
		Match string   `header:"If-Match"`
		From  string   `header:"X-Forwarded-For"`
		N     int      `json:"n"`
	}
	e := &endpoint{method: "POST", path: "/items/{id}/files/{rest...}", in: reflect.TypeFor[in]()}
	parent := httptest.NewRequest("GET", "http://localhost/", nil)
	parent.Header.Set("Cookie", "secret")
	f.Fuzz(func(t *testing.T, arguments []byte) {
		r, err := e.requestOf(t.Context(), parent, json.RawMessage(arguments))
		if err != nil {
			if asError(err).Status != 422 {
				t.Errorf("%s: got %v, want 422", arguments, err)
			}
			return
		}
		path := r.URL.EscapedPath()
		if parts := strings.SplitN(path, "/", 5); r.Method != "POST" || len(parts) != 5 || parts[1] != "items" || parts[3] != "files" || canonicalPath(path) != nil {
			t.Errorf("%s: got %s %s", arguments, r.Method, path)
		}
		for name, values := range r.Header {
			switch name {
			case "Accept", "Content-Type", "If-Match":
			default:
				t.Errorf("%s: got the header %s: %v", arguments, name, values)
			}
			if strings.ContainsAny(values[0], "\r\n") {
				t.Errorf("%s: got %q", arguments, values[0])
			}
		}
		for name := range r.URL.Query() {
			if name != "q" {
				t.Errorf("%s: got the query %s", arguments, r.URL.RawQuery)
			}
		}
	})
}

// Somebody who is asked about arguments may see the first of two, and the last would
// be sent.
func TestArgumentsAreGivenOnce(t *testing.T) {
	t.Parallel()
	type in struct {
		ID string `path:"id"`
		N  int    `json:"n"`
	}
	e := &endpoint{method: "POST", path: "/items/{id}", in: reflect.TypeFor[in]()}
	parent := httptest.NewRequest("GET", "http://localhost/", nil)
	for arguments, ok := range map[string]bool{
		`{"id":"1","body":{"n":1}}`:                     true,
		`{"id":"1","id":"2","body":{"n":1}}`:            false,
		`{"id":"1","body":{"n":1},"body":{"n":2}}`:      false,
		`{"id":"1","body":{"n":1},"b\u006fdy":{"n":2}}`: false,
	} {
		if _, err := e.requestOf(t.Context(), parent, json.RawMessage(arguments)); (err == nil) != ok {
			t.Errorf("%s: got %v, want success %v", arguments, err, ok)
		}
	}
}
