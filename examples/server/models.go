package main

import (
	"errors"
	"fmt"
	"strconv"
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
	open               func(key string, at ai.Endpoint) (adapter, error)
	embed              func(key string, at ai.Endpoint) (ai.Embedder, error) // nil: it has no embeddings
}

// adapter is a provider's model that knows the names of the others.
type adapter interface {
	ai.Model
	ai.Lister
}

func providers() []provider {
	return []provider{
		{"openai", "OPENAI_API_KEY", "OPENAI_BASE_URL", func(key string, at ai.Endpoint) (adapter, error) { return openai.New(key, at) },
			func(key string, at ai.Endpoint) (ai.Embedder, error) { return openai.NewEmbedder(key, at) }},
		{"anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", func(key string, at ai.Endpoint) (adapter, error) { return anthropic.New(key, at) }, nil},
		{"gemini", "GEMINI_API_KEY", "GEMINI_BASE_URL", func(key string, at ai.Endpoint) (adapter, error) { return gemini.New(key, at) },
			func(key string, at ai.Endpoint) (ai.Embedder, error) { return gemini.NewEmbedder(key, at) }},
		{"ollama", "", "OLLAMA_HOST", func(key string, at ai.Endpoint) (adapter, error) { return ollama.New(key, at) },
			func(key string, at ai.Endpoint) (ai.Embedder, error) { return ollama.NewEmbedder(key, at) }},
	}
}

// How long a model may be silent.
const (
	firstPiece = time.Minute
	nextPiece  = time.Minute
)

// openModels makes the models of the providers that the environment names, and the
// aliases of the configuration file.
func openModels(getenv func(string) string, aliases map[string]aliasConfig) (dashboard.Option, error) {
	models := ai.NewDirectory(ai.WithRetry(ai.Retry{}))
	models.Health = ai.NewHealth(ai.Breaker{})
	var failed error
	for _, p := range providers() {
		model, lister, err := p.model(getenv, models.Health)
		switch {
		case err != nil:
			failed = errors.Join(failed, err)
		case model != nil:
			failed = errors.Join(failed, models.Provider(p.name, model), models.ListedBy(p.name, lister))
		}
	}
	if failed = errors.Join(failed, addAliases(models, aliases)); failed != nil {
		return nil, failed
	}
	return dashboard.WithModels(models), nil
}

// model returns nil where the provider is not configured. Several keys are
// separated by commas and used in turn; no error shows one.
func (p provider) model(getenv func(string) string, health *ai.Health) (ai.Model, ai.Lister, error) {
	at := ai.Endpoint{BaseURL: getenv(p.baseURL)}
	keys := []string{""}
	if p.key != "" {
		keys = strings.FieldsFunc(getenv(p.key), func(r rune) bool { return r == ',' || r == ' ' })
	}
	if len(keys) == 0 || p.key == "" && at.BaseURL == "" {
		return nil, nil, nil
	}
	if at.BaseURL != "" && !strings.Contains(at.BaseURL, "://") {
		at.BaseURL = "http://" + at.BaseURL // as Ollama's own tools take it
	}
	var ring []ai.Key
	var lister ai.Lister // with the first key
	for i, key := range keys {
		one, err := p.open(key, at)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", p.baseURL, err)
		}
		if i == 0 {
			lister = one
		}
		var model ai.Model = one
		if p.embed != nil {
			embedder, err := p.embed(key, at)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", p.baseURL, err)
			}
			model = ai.WithEmbedder(embedder)(model)
		}
		model = ai.WithTimeouts(ai.Timeouts{First: firstPiece, Between: nextPiece})(model)
		ring = append(ring, ai.Key{Name: keyName(i, len(keys)), Model: model})
	}
	model, err := health.Keys(p.name, ring...)
	return model, lister, err
}

// keyName is what people see of a key: its place in the list.
func keyName(i, n int) string {
	if n == 1 {
		return ""
	}
	return strconv.Itoa(i + 1)
}
