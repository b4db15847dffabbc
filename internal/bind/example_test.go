package bind_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

// An endpoint compiles its plans once and then decodes and encodes by them.
func Example() {
	type in struct {
		ID    string        `path:"id"`
		Dry   bool          `query:"dry"`
		Every time.Duration `json:"every" validate:"min=1s"`
		To    []string      `json:"to" validate:"required,dive,email"`
	}
	type out struct {
		ID   string   `json:"id"`
		Sent []string `json:"sent"`
	}
	b := bind.New()
	plan, err := b.Compile(reflect.TypeFor[in](), "POST /reports/{id}")
	if err != nil {
		panic(err)
	}
	answer, err := b.CompileOut(reflect.TypeFor[out]())
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /reports/{id}", func(w http.ResponseWriter, r *http.Request) {
		var req in
		if err := plan.Decode(r, &req, 0); err != nil {
			if e, ok := errors.AsType[*bind.Error](err); ok {
				problem.Write(w, e.Problem())
			}
			return
		}
		if err := answer.Encode(w, http.StatusOK, out{ID: req.ID}, 0); err != nil {
			problem.Write(w, problem.New(http.StatusInternalServerError, "", ""))
		}
	})
	for _, body := range []string{`{"every":"1m","to":["ada@example.com"]}`, `{"every":"1ms","to":["ada@example.com","bob"],"cc":[]}`} {
		r := httptest.NewRequest("POST", "/reports/r1?dry=true", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.ReplaceAll(w.Body.String(), "},{", "},\n  {"))
	}
	// Output:
	// 200 {"id":"r1","sent":[]}
	// 422 {"type":"urn:dashboard:problem:invalid-input","title":"Unprocessable Entity","status":422,"detail":"The request was understood, but some of its values cannot be accepted.","errors":[{"pointer":"/cc","code":"unknown","detail":"is not a known field"},
	//   {"pointer":"/every","code":"min","detail":"must be at least 1s","params":{"value":"1s"}},
	//   {"pointer":"/to/1","code":"email","detail":"must be an email address","params":{}}]}
}
