package main

import (
	"errors"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
)

// cacheConfig is how answers of models are kept.
type cacheConfig struct {
	// TTL is how long an answer is kept. Zero: none is.
	TTL time.Duration `yaml:"ttl"`
	// Shared gives everybody who may ask models each other's answers; else people
	// get their own.
	Shared bool `yaml:"shared"`
	// Semantic answers questions that mean the same as an older one.
	Semantic semanticConfig `yaml:"semantic"`
}

type semanticConfig struct {
	// Model makes embeddings, such as openai/text-embedding-3-small. Empty: nothing
	// is compared by its meaning.
	Model string `yaml:"model"`
	// Threshold is how similar two questions have to be, in (0, 1]. Zero: 0.95.
	Threshold float64 `yaml:"threshold"`
}

func (c *cacheConfig) check() error {
	switch {
	case c.TTL < 0:
		return errors.New("model_cache.ttl is below zero")
	case c.TTL == 0 && (c.Semantic.Model != "" || c.Shared):
		return errors.New("model_cache.semantic and model_cache.shared need model_cache.ttl")
	case !(c.Semantic.Threshold >= 0 && c.Semantic.Threshold <= 1):
		return errors.New("model_cache.semantic.threshold is not in (0, 1]")
	}
	return nil
}

func (c *cacheConfig) options() []dashboard.Option {
	if c.TTL == 0 {
		return nil
	}
	o := ai.CacheOptions{TTL: c.TTL}
	if c.Shared {
		o.Scope = func(ai.Caller) string { return "everybody" }
	}
	if s := c.Semantic; s.Model != "" {
		o.Semantic = &ai.Semantic{Model: s.Model, Threshold: s.Threshold}
	}
	return []dashboard.Option{dashboard.WithModelCache(o)}
}
