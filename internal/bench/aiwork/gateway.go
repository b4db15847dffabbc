package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/openai"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func printMedian(took []float64) error {
	slices.Sort(took)
	return json.NewEncoder(os.Stdout).Encode(figures{Wall: took[len(took)/2]})
}

// directory is one provider, with what the reference server puts around it.
func directory(model ai.Model) (*ai.Directory, error) {
	d := ai.NewDirectory(ai.WithRetry(ai.Retry{}))
	d.Health = ai.NewHealth(ai.Breaker{})
	ring, err := d.Health.Keys("openai", ai.Key{Model: ai.WithTimeouts(ai.Timeouts{First: time.Minute, Between: time.Minute})(model)})
	if err != nil {
		return nil, err
	}
	return d, d.Provider("openai", ring)
}

// newDashboard is a dashboard of which no limit is reached.
func newDashboard(models *ai.Directory) (*dashboard.Dashboard, error) {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		return nil, err
	}
	const never = "1000000000/s"
	return dashboard.New(db, dashboard.WithModels(models), dashboard.WithFirstAccount("ann@example.com", "correct horse battery"),
		dashboard.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))),
		dashboard.WithRateLimit("address", never), dashboard.WithRateLimit("caller", never), dashboard.WithRateLimit("ai", never), dashboard.WithRateLimit("ai-tokens", never))
}

// gateway serves models of an upstream: as a dashboard, or with "plain" the
// gateway alone, since a dashboard lets one person have twenty answers at once.
func gateway(args []string) error {
	addr, url := args[0], args[1]
	model, err := openai.New("key", ai.Endpoint{BaseURL: url, Transport: &http.Transport{MaxIdleConnsPerHost: 1000}})
	if err != nil {
		return err
	}
	models, err := directory(model)
	if err != nil {
		return err
	}
	var handler http.Handler
	if len(args) > 2 && args[2] == "plain" {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
		mux.Handle("/ai/v1/", http.StripPrefix("/ai/v1", &ai.Gateway{Model: models}))
		handler = mux
	} else {
		d, err := newDashboard(models)
		if err != nil {
			return err
		}
		if err := d.Start(context.Background()); err != nil {
			return err
		}
		handler = d
	}
	return (&http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: time.Minute}).ListenAndServe()
}

// instant answers at once, without JSON or HTTP.
func instant(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
	return func(yield func(ai.Event, error) bool) {
		_ = yield(ai.Event{Kind: ai.EventStart, Start: &ai.Start{ID: "1", Provider: "openai", Model: "gpt-4.1"}}, nil) &&
			yield(ai.Event{Kind: ai.EventText, Text: "Hello! How can I assist you today?"}, nil) &&
			yield(ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 19, Output: 10}}, nil) &&
			yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
	}
}

// own measures what a dashboard does between reading a request and the adapter,
// and back: "chain"; or an answer from the exact cache: "hit".
func own(what string) error {
	models, err := directory(ai.ModelFunc(instant))
	if err != nil {
		return err
	}
	var model ai.Model
	switch what {
	case "chain":
		d, err := newDashboard(models)
		if err != nil {
			return err
		}
		if err := d.Start(context.Background()); err != nil {
			return err
		}
		model = d.Model()
	case "hit":
		cache, err := ai.NewCache(storage.NewMemoryCache(64<<20), ai.CacheOptions{})
		if err != nil {
			return err
		}
		model = cache.Decorate(models)
	default:
		return fmt.Errorf("no work %q", what)
	}
	ctx := ai.WithCaller(context.Background(), ai.Caller{Tenant: "t", User: "u", Roles: []string{"admin"}, Key: "k"})
	ask := ours(model)
	return measure(thread, func() (int, error) {
		for range 100 {
			if err := ask.call(ctx); err != nil {
				return 0, err
			}
		}
		return 100, nil
	})
}
