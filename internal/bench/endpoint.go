package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-playground/validator/v10"

	"github.com/modular-dashboard/dashboard/internal/bind"
)

// customer is a body of eight fields, as a form sends it.
type customer struct {
	Name    string   `json:"name" validate:"required,max=80" maxLength:"80" minLength:"1"`
	Email   string   `json:"email" validate:"required,email" format:"email"`
	Age     int      `json:"age" validate:"min=0,max=150" minimum:"0" maximum:"150"`
	Active  bool     `json:"active"`
	Score   float64  `json:"score" validate:"gte=0" minimum:"0"`
	Plan    string   `json:"plan" validate:"oneof=free team business" enum:"free,team,business"`
	Tags    []string `json:"tags" validate:"max=10,dive,min=1" maxItems:"10"`
	Country string   `json:"country" validate:"len=2" minLength:"2" maxLength:"2"`
}

type created struct {
	ID string `json:"id"`
	customer
}

const customerJSON = `{"name":"Ada Lovelace","email":"ada@example.com","age":36,"active":true,"score":99.5,` +
	`"plan":"team","tags":["math","engine"],"country":"GB"}`

// endpoints compares a typed POST: decoded, validated, answered.
func endpoints(s settings) ([]result, error) {
	bound, err := boundHandler()
	if err != nil {
		return nil, err
	}
	var failed error
	send := func(name string, h http.Handler) contender {
		return contender{name, exchange(h, func(err error) { failed = fmt.Errorf("%s: %w", name, err) })}
	}
	got := race(s.rounds, send("bare", bareHandler()), send("ours", bound), send("huma", humaHandler()), send("bare again", bareHandler()))
	if failed != nil {
		return nil, failed
	}
	ours, bare, again := got["ours"], got["bare"], got["bare again"]
	spread := max(again.ns/bare.ns, bare.ns/again.ns) - 1
	const work = "typed POST of 8 fields"
	return []result{
		{work: work, ours: ours.ns / 1e3, theirs: bare.ns / 1e3, unit: "us", peer: "net/http, encoding/json, validator", bar: 1.1, spread: spread},
		{work: work, ours: ours.ns / 1e3, theirs: got["huma"].ns / 1e3, unit: "us", peer: "huma"},
		{work: work, ours: ours.allocs, theirs: bare.allocs, unit: "allocs", peer: "net/http, encoding/json, validator", bar: 40, absolute: true},
		{work: work, ours: ours.allocs, theirs: got["huma"].allocs, unit: "allocs", peer: "huma"},
	}, nil
}

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

func boundHandler() (http.Handler, error) {
	b := bind.New()
	plan, err := b.Compile(reflect.TypeFor[customer](), "POST /customers")
	if err != nil {
		return nil, err
	}
	enc, err := b.CompileOut(reflect.TypeFor[created]())
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /customers", func(w http.ResponseWriter, r *http.Request) {
		var in customer
		if err := plan.Decode(r, &in, 1<<20); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		_ = enc.Encode(w, http.StatusCreated, created{ID: "c1", customer: in}, 16<<20)
	})
	return mux, nil
}

func humaHandler() http.Handler {
	type in struct{ Body customer }
	type out struct{ Body created }
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("bench", "1.0.0"))
	huma.Register(api, huma.Operation{Method: http.MethodPost, Path: "/customers", DefaultStatus: http.StatusCreated},
		func(_ context.Context, i *in) (*out, error) { return &out{created{"c1", i.Body}}, nil })
	return mux
}

// body is a request body that can be read again.
type body struct{ bytes.Reader }

func (*body) Close() error { return nil }

// discard is a response writer that costs nothing.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// exchange returns a function that sends the customer to a handler once more.
func exchange(h http.Handler, fail func(error)) func() {
	r := httptest.NewRequest(http.MethodPost, "/customers", nil)
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
			fail(fmt.Errorf("status %d", out.status))
		}
	}
}
