package problem_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		name    string
		problem problem.Problem
		status  int
	}{
		{"zero", problem.Problem{}, 500},
		{"plain", problem.New(404, "", ""), 404},
		{"full", problem.Problem{
			Type: "module-required", Title: "Module required", Status: 409, Detail: `"billing" needs <it> & more`, RequestID: "r1",
			Errors: []problem.Field{{Pointer: "/a~1b", Code: "min", Detail: "must be at least 1"}},
			Extra:  map[string]any{"required_by": []string{"billing"}, "cascade": true, "a": nil},
		}, 409},
		{"reserved", problem.Problem{Status: 400, Extra: map[string]any{
			"type": "x", "title": "x", "status": 1, "detail": "x", "instance": "x", "request_id": "x", "errors": 1, "": 1, "kept": 1}}, 400},
		{"unwritable", problem.Problem{Status: 400, Extra: map[string]any{"f": func() {}, "n": math.NaN(), "kept": 1}}, 400},
		{"foreign type", problem.New(429, "https://iana.org/assignments/http-problem-types#quota-exceeded", ""), 429},
		{"not an error", problem.New(200, "odd", ""), 500},
		{"unknown status", problem.New(499, "", ""), 499},
		{"invalid text", problem.New(400, "", "a\xffb\u2028"), 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			problem.Write(w, c.problem)
			if w.Code != c.status {
				t.Errorf("status: got %d, want %d", w.Code, c.status)
			}
			for name, want := range map[string]string{
				"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
				"Content-Length": strconv.Itoa(w.Body.Len()),
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			golden(t, strings.ReplaceAll(c.name, " ", "-")+".json", w.Body.Bytes())
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if !json.Valid(got) {
		t.Fatalf("not JSON: %s", got)
	}
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestWriteHeaders(t *testing.T) {
	w := httptest.NewRecorder()
	for name, value := range map[string]string{"ETag": `"1"`, "Content-Encoding": "gzip", "Last-Modified": "x", "Retry-After": "5", "Cache-Control": "max-age=60"} {
		w.Header().Set(name, value)
	}
	problem.Write(w, problem.New(http.StatusServiceUnavailable, "draining", ""))
	for name, want := range map[string]string{"ETag": "", "Content-Encoding": "", "Last-Modified": "", "Retry-After": "5", "Cache-Control": "no-store"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestDeterministic(t *testing.T) {
	p := problem.Problem{Status: 400, Extra: map[string]any{}}
	for i := range 20 {
		p.Extra[fmt.Sprintf("x%02d", i)] = i
	}
	want, err := p.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if got, _ := p.MarshalJSON(); string(got) != string(want) {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
}

func TestSlug(t *testing.T) {
	for status, want := range map[int]string{
		404: "not-found", 413: "request-entity-too-large", 418: "im-a-teapot", 203: "internal-server-error", 500: "internal-server-error", 499: "status-499",
	} {
		if got := problem.Slug(status); got != want {
			t.Errorf("%d: got %q, want %q", status, got, want)
		}
	}
}

func ExampleWrite() {
	w := httptest.NewRecorder()
	problem.Write(w, problem.Problem{
		Type: "module-required", Status: http.StatusConflict, Detail: "Other modules need this one.",
		Extra: map[string]any{"required_by": []string{"billing"}},
	})
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(w.Body)
	// Output:
	// 409 application/problem+json
	// {"type":"urn:dashboard:problem:module-required","title":"Conflict","status":409,"detail":"Other modules need this one.","required_by":["billing"]}
}
