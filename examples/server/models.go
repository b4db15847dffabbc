package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/gemini"
	"github.com/modular-dashboard/dashboard/ai/ollama"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

// provider is one of models, configured by the variables its own tools know.
type provider struct {
	name, key, baseURL string // of variables; no key: the URL alone configures it
	open               func(key string, at ai.Endpoint) (ai.Model, error)
}

func providers() []provider {
	return []provider{
		{"openai", "OPENAI_API_KEY", "OPENAI_BASE_URL", func(key string, at ai.Endpoint) (ai.Model, error) { return openai.New(key, at) }},
		{"anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", func(key string, at ai.Endpoint) (ai.Model, error) { return anthropic.New(key, at) }},
		{"gemini", "GEMINI_API_KEY", "GEMINI_BASE_URL", func(key string, at ai.Endpoint) (ai.Model, error) { return gemini.New(key, at) }},
		{"ollama", "", "OLLAMA_HOST", func(key string, at ai.Endpoint) (ai.Model, error) { return ollama.New(key, at) }},
	}
}

// How long a model may be silent.
const (
	firstPiece = time.Minute
	nextPiece  = time.Minute
)

// openModels makes the models of the providers that the environment names.
func openModels(getenv func(string) string) (dashboard.Option, error) {
	models := ai.NewDirectory()
	var failed error
	for _, p := range providers() {
		key, at := "", ai.Endpoint{BaseURL: getenv(p.baseURL)}
		if p.key != "" {
			key = getenv(p.key)
		}
		if key == "" && (p.key != "" || at.BaseURL == "") {
			continue
		}
		if at.BaseURL != "" && !strings.Contains(at.BaseURL, "://") {
			at.BaseURL = "http://" + at.BaseURL // as Ollama's own tools take it
		}
		model, err := p.open(key, at)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", p.baseURL, err))
			continue
		}
		model = ai.Decorate(model, ai.WithRetry(ai.Retry{}), ai.WithTimeouts(ai.Timeouts{First: firstPiece, Between: nextPiece}), ai.WithBreaker(ai.Breaker{}))
		failed = errors.Join(failed, models.Provider(p.name, model))
	}
	if failed != nil {
		return nil, failed
	}
	return dashboard.WithModels(models), nil
}
