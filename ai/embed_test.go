package ai_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// embedder answers with [aitest.Vector], after errors.
type embedder struct {
	calls int
	fails []error
	asked []*ai.EmbedRequest
}

func (e *embedder) Embed(_ context.Context, req *ai.EmbedRequest) (*ai.Embeddings, error) {
	e.calls++
	e.asked = append(e.asked, req)
	if n := e.calls - 1; n < len(e.fails) && e.fails[n] != nil {
		return nil, e.fails[n]
	}
	out := &ai.Embeddings{Provider: "p", Model: "e-1", Usage: ai.Usage{Input: 3}}
	for _, text := range req.Inputs {
		out.Vectors = append(out.Vectors, aitest.Vector(text, req.Dimensions))
	}
	return out, nil
}

// Embedders are retried, recorded and named as models are.
func TestDecorateEmbedder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &embedder{fails: []error{&ai.Error{Kind: ai.Overloaded}, &ai.Error{Kind: ai.RateLimited, RetryAfter: time.Second}}}
		var got *ai.Record
		decorated := ai.DecorateEmbedder(e, ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { got = r }), ai.WithRetry(ai.Retry{}),
			ai.WithTimeouts(ai.Timeouts{First: time.Minute}), ai.WithBreaker(ai.Breaker{}), ai.WithCoalescing(ai.Coalescing{}),
			newCache(t, &store{}, ai.CacheOptions{}).Decorate)
		req := &ai.EmbedRequest{Model: "e", Inputs: []string{"a", "b"}, Dimensions: 4, User: "u", Extra: map[string]json.RawMessage{"x": json.RawMessage("1")}}
		out, err := decorated.Embed(t.Context(), req)
		if err != nil || len(out.Vectors) != 2 || len(out.Vectors[1]) != 4 || out.Provider != "p" || out.Model != "e-1" || out.Usage.Input != 3 || e.calls != 3 {
			t.Errorf("got %+v, %v after %d calls", out, err, e.calls)
		}
		if last := e.asked[2]; last.Model != "e" || !slices.Equal(last.Inputs, req.Inputs) || last.Dimensions != 4 || last.User != "u" || string(last.Extra["x"]) != "1" {
			t.Errorf("asked for %+v", last)
		}
		if got == nil || got.Usage.Input != 3 || got.Provider != "p" || got.Err != nil {
			t.Errorf("the record is %+v", got)
		}
	})
}

// What a guard makes of a request is what is embedded.
func TestEmbedderGuards(t *testing.T) {
	e := &embedder{}
	hide := func(_ context.Context, r *ai.Request) (*ai.Request, ai.Filter, error) {
		changed := *r
		changed.Messages = []ai.Message{{Role: ai.RoleUser, Parts: []ai.Part{ai.Text("hidden"), r.Messages[0].Parts[1]}}}
		return &changed, nil, nil
	}
	out, err := ai.DecorateEmbedder(e, ai.WithGuards(hide)).Embed(t.Context(), &ai.EmbedRequest{Model: "e", Inputs: []string{"secret", "b"}, Dimensions: 4})
	if err != nil || len(out.Vectors) != 2 || !slices.Equal(e.asked[0].Inputs, []string{"hidden", "b"}) {
		t.Errorf("got %v, %v, asked for %q", out, err, e.asked[0].Inputs)
	}
}

// A directory has models and embedders under one name, and says which is missing.
func TestDirectoryEmbeds(t *testing.T) {
	d := ai.NewDirectory(ai.WithRetry(ai.Retry{}))
	e := &embedder{}
	health := ai.NewHealth(ai.Breaker{})
	keyed, err := health.Keys("both", ai.Key{Name: "1", Model: ai.WithEmbedder(e)(play(says(nil, "x")))}, ai.Key{Name: "2", Model: ai.WithEmbedder(e)(play(says(nil, "x")))})
	if err := errors.Join(err, d.Provider("both", keyed), d.Provider("chat", play(says(nil, "x"))), d.Provider("vectors", ai.EmbeddingModel(e)),
		d.Alias("embed", "both/e1", "vectors/e2")); err != nil {
		t.Fatal(err)
	}
	for model, want := range map[string]string{"both/e": "e", "vectors/e": "e", "embed": "e1"} {
		out, err := ai.EmbedderOf(d).Embed(t.Context(), &ai.EmbedRequest{Model: model, Inputs: []string{"a"}})
		if err != nil || len(out.Vectors) != 1 || e.asked[len(e.asked)-1].Model != want {
			t.Errorf("%s: got %v, %v, want the model %s asked", model, out, err, want)
		}
	}
	if a, err := ai.Collect(d.Generate(t.Context(), &ai.Request{Model: "both/m", Messages: []ai.Message{ai.User("Hi")}})); err != nil || a.Text() != "x" {
		t.Errorf("its model: got %q, %v", a.Text(), err)
	}
	for model, kind := range map[string]ai.ErrorKind{"chat/m": ai.Unsupported, "nobody/m": ai.NotFound} {
		_, err := ai.EmbedderOf(d).Embed(t.Context(), &ai.EmbedRequest{Model: model, Inputs: []string{"a"}})
		if failed, _ := errors.AsType[*ai.Error](err); failed == nil || failed.Kind != kind {
			t.Errorf("%s: got %v, want kind %v", model, err, kind)
		}
	}
	_, err = ai.Collect(d.Generate(t.Context(), &ai.Request{Model: "vectors/e", Messages: []ai.Message{ai.User("Hi")}}))
	if failed, _ := errors.AsType[*ai.Error](err); failed == nil || failed.Kind != ai.Unsupported {
		t.Errorf("an answer of an embedder: got %v", err)
	}
}

func TestGatewayEmbeddings(t *testing.T) {
	d := ai.NewDirectory()
	if err := errors.Join(d.Provider("p", ai.EmbeddingModel(&embedder{})), d.Provider("chat", ai.ModelFunc(func(_ context.Context, r *ai.Request) seq {
		return ai.Fail(r.Validate())
	}))); err != nil {
		t.Fatal(err)
	}
	g := &ai.Gateway{Model: d, Log: discard()}
	ask := func(body string) (int, string) {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/embeddings", strings.NewReader(body)))
		return w.Code, w.Body.String()
	}
	type list struct {
		Object, Model string
		Data          []struct {
			Object    string
			Index     int
			Embedding json.RawMessage
		}
		Usage struct {
			Prompt int `json:"prompt_tokens"`
			Total  int `json:"total_tokens"`
		}
	}
	for name, body := range map[string]string{
		"one":    `{"model":"p/e","input":"one two","dimensions":4}`,
		"many":   `{"model":"p/e","input":["one two"],"dimensions":4,"encoding_format":"float","user":"u"}`,
		"base64": `{"model":"p/e","input":["one two"],"dimensions":4,"encoding_format":"base64"}`,
	} {
		status, got := ask(body)
		var out list
		if err := json.Unmarshal([]byte(got), &out); err != nil || status != http.StatusOK || out.Object != "list" || out.Model != "e-1" || len(out.Data) != 1 ||
			out.Data[0].Object != "embedding" || out.Usage.Prompt != 3 || out.Usage.Total != 3 {
			t.Errorf("%s: got %d %s, %v", name, status, got, err)
			continue
		}
		var vector []float32
		if name == "base64" {
			var raw []byte
			var text string
			err := json.Unmarshal(out.Data[0].Embedding, &text)
			if err != nil {
				t.Fatal(err)
			}
			if raw, err = base64.StdEncoding.DecodeString(text); err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(raw); i += 4 {
				vector = append(vector, math.Float32frombits(binary.LittleEndian.Uint32(raw[i:])))
			}
		} else if err := json.Unmarshal(out.Data[0].Embedding, &vector); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(vector, aitest.Vector("one two", 4)) {
			t.Errorf("%s: got %v", name, vector)
		}
	}
	for body, want := range map[string]string{
		`{"model":"p/e","input":[1,2]}`:                           `"param":"input"`,
		`{"model":"p/e","input":[[1,2]]}`:                         `"param":"input"`,
		`{"model":"p/e"}`:                                         `"param":"input"`,
		`{"model":"p/e","input":["a",""]}`:                        `"param":"input[1]"`,
		`{"model":"p/e","input":[]}`:                              `0 inputs`,
		`{"model":"p/e","input":"a","encoding_format":"ubinary"}`: `"param":"encoding_format"`,
		`{"model":"p/e","input":"a","dimensions":0}`:              `"param":"dimensions"`,
		`{"model":"p/e","input":"a","input_type":"query"}`:        `input_type`,
		`{"model":"chat/e","input":"a"}`:                          `"code":"unsupported"`,
		`{"model":"p/e","input":"` + "\x00" + `"}`:                `"code":"invalid_body"`,
		`{"input":"a"}`:                                           `names no model`,
		`[]`:                                                      `"code":"invalid_body"`,
	} {
		if status, got := ask(body); status != http.StatusBadRequest || !strings.Contains(got, want) {
			t.Errorf("%s: got %d %s, want %s", body, status, got, want)
		}
	}
	if status, got := ask(`{"model":"nobody/e","input":"a"}`); status != http.StatusNotFound {
		t.Errorf("a model that is not there: got %d %s", status, got)
	}
}

func FuzzGatewayEmbeddings(f *testing.F) {
	g := &ai.Gateway{Model: ai.EmbeddingModel(&embedder{}), Log: discard()}
	f.Add(`{"model":"p/e","input":["a","b"],"encoding_format":"base64","dimensions":3}`)
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/embeddings", strings.NewReader(body)))
		if !json.Valid(w.Body.Bytes()) || w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("%q: got %d %s", body, w.Code, w.Body)
		}
	})
}

// A client says of caches what HTTP has words for.
func TestGatewayCacheControl(t *testing.T) {
	var got []ai.CacheControl
	g := &ai.Gateway{Log: discard(), Model: ai.ModelFunc(func(ctx context.Context, _ *ai.Request) seq {
		got = append(got, ai.CacheControlOf(ctx))
		return says(nil, "x")
	})}
	for _, field := range []string{"", "No-Cache", "max-age=0, no-store", "no-store,no-cache"} {
		r := httptest.NewRequest(http.MethodPost, "/chat/completions", strings.NewReader(`{"model":"m","messages":[{"role":"user","content":"Hi"}]}`))
		if field != "" {
			r.Header.Set("Cache-Control", field)
		}
		g.ServeHTTP(httptest.NewRecorder(), r)
	}
	if want := []ai.CacheControl{{}, {NoLookup: true}, {NoStore: true}, {NoLookup: true, NoStore: true}}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func ExampleDecorateEmbedder() {
	e := &embedder{fails: []error{&ai.Error{Kind: ai.Overloaded}}}
	decorated := ai.DecorateEmbedder(e, ai.WithRetry(ai.Retry{Base: time.Millisecond}))
	out, err := decorated.Embed(context.Background(), &ai.EmbedRequest{Model: "e", Inputs: []string{"Hello"}, Dimensions: 8})
	fmt.Println(len(out.Vectors[0]), err, e.calls, "calls")
	// Output: 8 <nil> 2 calls
}
