package dashboard

import (
	"cmp"

	"github.com/modular-dashboard/dashboard/ai"
)

// WithModelCache keeps answers of models in the dashboard's cache and gives them
// to whoever asks the same again; identical requests that are under way at once
// share a call. By default nobody gets an answer that was made for another
// person, or for another module: [ai.CacheOptions.Scope] may say otherwise. The
// Embedder of [ai.Semantic] may be left out: then its Model is one of
// [WithModels], such as "openai/text-embedding-3-small". Budgets are not charged
// for answers from the cache, nor for the embeddings that it needs.
func WithModelCache(o ai.CacheOptions) Option {
	return option(func(c *config) error { c.modelCache = &o; return nil })
}

// ModelCache returns the cache of [WithModelCache], to make it forget; nil where
// there is none.
func (d *Dashboard) ModelCache() *ai.Cache { return d.models.cache }

// newModelCache returns nil where none is asked for.
func (d *Dashboard) newModelCache(models ai.Model) (*ai.Cache, error) {
	if d.config.modelCache == nil {
		return nil, nil
	}
	o := *d.config.modelCache
	o.Log = cmp.Or(o.Log, d.log)
	if s := o.Semantic; s != nil && s.Embedder == nil {
		semantic := *s
		semantic.Embedder = ai.EmbedderOf(models)
		o.Semantic = &semantic
	}
	return ai.NewCache(scopedCache{d, "models:"}, o)
}

// cacheModels puts the cache around models, if there is one.
func (d *Dashboard) cacheModels(next ai.Model) ai.Model {
	if d.models.cache == nil {
		return next
	}
	return d.models.cache.Decorate(next)
}
