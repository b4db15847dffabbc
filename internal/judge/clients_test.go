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

// TestPublishedClients runs the published JavaScript clients, installed in the
// folder that OFREP_CLIENTS names, against a handler below a prefix. What they
// put to /control takes the flags' place.
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "node", "run.mjs", server.URL)
	run.Dir = os.Getenv("OFREP_CLIENTS")
	if output, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	} else {
		t.Logf("%s", output)
	}
	if err := handler.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}
