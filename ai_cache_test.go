package dashboard_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

// Answers are kept for the person who asked, in the dashboard's cache, until they
// are forgotten.
func TestModelCache(t *testing.T) {
	t.Parallel()
	upstream, s, key := modelServer(t, dashboard.WithModelCache(ai.CacheOptions{TTL: time.Hour, Timeout: patience}))
	ask := func(credential string, want int) {
		t.Helper()
		for _, whole := range []bool{true, false} {
			if a, err := askModel(t, s, credential, whole); err != nil || a.Text() != "Hello, wörld 😀" || a.Usage.Total() != 21 {
				t.Errorf("whole %v: got %q, %v", whole, a.Text(), err)
			}
		}
		if got := len(upstream.Requests()); got != want {
			t.Errorf("%d requests upstream, want %d", got, want)
		}
	}
	ask(key, 1)
	ask(s.token, 1) // the key's owner
	_, other := newKey(t, s.member("analyst", "dashboard.ai.use"), "dashboard.ai.use")
	ask(other, 2)
	if err := s.d.ModelCache().Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(key, 3)
}

// The directory's embedders are reached below the gateway, and by the cache.
func TestModelEmbeddings(t *testing.T) {
	t.Parallel()
	upstream := aitest.NewServer()
	t.Cleanup(upstream.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	at := ai.Endpoint{BaseURL: upstream.BaseURL(aitest.OpenAIChat), Transport: transport}
	chat, err := openai.New("key", at)
	embedder, err2 := openai.NewEmbedder("key", at)
	models := ai.NewDirectory()
	if err := errors.Join(err, err2, models.Provider("openai", ai.WithEmbedder(embedder)(chat))); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, dashboard.WithModels(models), dashboard.WithModelCache(ai.CacheOptions{Timeout: patience,
		Semantic: &ai.Semantic{Model: "openai/e", Threshold: 0.5, Timeout: patience}}))
	_, key := newKey(t, s.owner(), "dashboard.ai.use")
	a := s.as("").do(http.MethodPost, "/ai/v1/embeddings", []byte(`{"model":"openai/e","input":["one","two"],"dimensions":3}`), "X-API-Key", key).wantStatus(http.StatusOK)
	var out struct {
		Data []struct{ Embedding []float32 }
	}
	if err := json.Unmarshal(a.body, &out); err != nil || len(out.Data) != 2 || len(out.Data[0].Embedding) != 3 {
		t.Errorf("got %s, %v", a.body, err)
	}
	s.as("").do(http.MethodPost, "/ai/v1/embeddings", []byte(`{"model":"openai/e","input":"one"}`)).wantStatus(http.StatusUnauthorized)
	for i, text := range []string{"how do I do it", "how do I do it please"} {
		answer, err := ai.Collect(s.d.Model().Generate(t.Context(), &ai.Request{Model: "openai/m", Messages: []ai.Message{ai.User(text)}}))
		if err != nil || (answer.Cache == ai.CacheSemantic) != (i == 1) {
			t.Errorf("%q: got %v, %v", text, answer.Cache, err)
		}
	}
}
