//go:build clients

package judge_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// TestPublishedClients runs the published JavaScript clients of OFREP against a
// handler below a prefix. What they put to /control takes the flags' place.
func TestPublishedClients(t *testing.T) {
	handler, flags := suiteHandler(t, featureflag.WithOrigins("https://app.example.com"),
		featureflag.WithAuthentication(func(r *http.Request) (string, error) {
			if r.Header.Get("X-API-Key") != "secret" {
				return "", &featureflag.Refusal{Status: 401, Detail: "who are you?"}
			}
			return "clients", nil
		}))
	mux := http.NewServeMux()
	mux.Handle("/admin/", http.StripPrefix("/admin", handler))
	mux.HandleFunc("PUT /control", func(w http.ResponseWriter, r *http.Request) {
		definitions, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		set, err := featureflag.Parse(definitions)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		flags.Replace(set)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	runClient(t, "run.mjs", server.URL)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := handler.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// runClient runs one of the programs in the folder that PUBLISHED_CLIENTS names,
// where they and what they need are installed.
func runClient(t *testing.T, program string, arguments ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "node", append([]string{program}, arguments...)...)
	run.Dir = os.Getenv("PUBLISHED_CLIENTS")
	if output, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	} else {
		t.Logf("%s", output)
	}
}

// TestPublishedModelClient runs OpenAI's own JavaScript client against the
// gateway of a dashboard.
func TestPublishedModelClient(t *testing.T) {
	_, url, key := modelServer(t, plenty)
	runClient(t, "models.mjs", url, key)
}
