package bind_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/go-playground/validator/v10"

	"github.com/modular-dashboard/dashboard/internal/bind"
)

// customer is a body of eight fields, as a form sends it.
type customer struct {
	Name    string   `json:"name" validate:"required,max=80"`
	Email   string   `json:"email" validate:"required,email"`
	Age     int      `json:"age" validate:"min=0,max=150"`
	Active  bool     `json:"active"`
	Score   float64  `json:"score" validate:"gte=0"`
	Plan    string   `json:"plan" validate:"oneof=free team business"`
	Tags    []string `json:"tags" validate:"max=10,dive,min=1"`
	Country string   `json:"country" validate:"len=2"`
}

type created struct {
	ID string `json:"id"`
	customer
}

const customerJSON = `{"name":"Ada Lovelace","email":"ada@example.com","age":36,"active":true,"score":99.5,` +
	`"plan":"team","tags":["math","engine"],"country":"GB"}`

// bareHandler is what a careful author writes by hand, without the strictness.
func bareHandler() http.Handler {
	validate := validator.New(validator.WithRequiredStructEnabled())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /customers", func(w http.ResponseWriter, r *http.Request) {
		var in customer
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		if err := validate.Struct(&in); err != nil {
			http.Error(w, "invalid", http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(created{ID: "c1", customer: in})
	})
	return mux
}

func boundHandler(tb testing.TB) http.Handler {
	tb.Helper()
	b := bind.New()
	plan, err := b.Compile(reflect.TypeFor[customer](), "POST /customers")
	if err != nil {
		tb.Fatal(err)
	}
	enc, err := b.CompileOut(reflect.TypeFor[created]())
	if err != nil {
		tb.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /customers", func(w http.ResponseWriter, r *http.Request) {
		var in customer
		if err := plan.Decode(r, &in, 0); err != nil {
			tb.Error(err)
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		if err := enc.Encode(w, http.StatusCreated, created{ID: "c1", customer: in}, 0); err != nil {
			tb.Error(err)
		}
	})
	return mux
}

// body is a request body that can be read again.
type body struct{ bytes.Reader }

func (*body) Close() error { return nil }

// discard is a response writer that costs nothing.
type discard struct {
	header http.Header
	status int
	n      int
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(status int) {
	d.status = status
}
func (d *discard) Write(p []byte) (int, error) {
	d.n += len(p)
	return len(p), nil
}

// exchange returns a function that sends the customer to a handler once more.
func exchange(tb testing.TB, h http.Handler) func() {
	tb.Helper()
	r := httptest.NewRequest("POST", "/customers", nil)
	r.Header.Set("Content-Type", "application/json")
	r.ContentLength = int64(len(customerJSON))
	in, out := &body{}, &discard{header: http.Header{}}
	r.Body = in
	return func() {
		in.Reset([]byte(customerJSON))
		clear(out.header)
		out.status = 0
		h.ServeHTTP(out, r)
		if out.status != http.StatusCreated {
			tb.Fatalf("status %d", out.status)
		}
	}
}

func BenchmarkPost(b *testing.B) {
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{{"bare", bareHandler()}, {"bind", boundHandler(b)}} {
		b.Run(c.name, func(b *testing.B) {
			send := exchange(b, c.handler)
			b.ReportAllocs()
			for b.Loop() {
				send()
			}
		})
	}
}

func TestPostAllocs(t *testing.T) {
	send := exchange(t, boundHandler(t))
	send()
	got := testing.AllocsPerRun(200, send)
	if want := 40.0; got > want {
		t.Errorf("a POST of eight fields takes %v allocations, want at most %v", got, want)
	}
	t.Logf("bind %v, bare %v", got, testing.AllocsPerRun(200, exchange(t, bareHandler())))
}

var _ io.ReadCloser = (*body)(nil)
