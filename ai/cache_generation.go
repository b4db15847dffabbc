package ai

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"
)

// Answers are forgotten by a change of what is part of their keys: a random text
// for all, one for each scope and one for each model. They are in the store, so
// that a fleet has the same ones, and where the store loses one all answers of it
// are lost too. What is looked up is believed for a second.

const (
	markBelieved = time.Second
	markTTL      = 30 * 24 * time.Hour
	marksSeen    = 4096
)

// mark is what a generation is of.
type mark struct{ kind, name string }

const (
	markAll   = "all"
	markScope = "scope"
	markModel = "model"
)

type generation struct {
	text  string
	until time.Time
}

// generations are those that were seen lately.
type generations struct {
	store    CacheStore
	fetching sync.Mutex // two that miss at once would each begin a generation
	mu       sync.Mutex
	seen     map[mark]generation
}

// of returns the generations that answers for a scope and a model are of now, and
// false where the store does not say.
func (g *generations) of(ctx context.Context, c *Cache, scope, model string) (now [3]string, ok bool) {
	at := time.Now()
	for i, m := range [...]mark{{markAll, ""}, {markScope, scope}, {markModel, model}} {
		if now[i], ok = g.believed(m, at); ok {
			continue
		}
		if now[i], ok = g.fetch(ctx, c, m); !ok {
			return now, false
		}
	}
	return now, true
}

func (g *generations) believed(m mark, at time.Time) (string, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	seen, ok := g.seen[m]
	return seen.text, ok && at.Before(seen.until)
}

func (m mark) key() string {
	sum := sha256.Sum256([]byte(m.name))
	return "ai/generation/" + m.kind + "/" + base64.RawURLEncoding.EncodeToString(sum[:])
}

func (g *generations) fetch(ctx context.Context, c *Cache, m mark) (string, bool) {
	g.fetching.Lock()
	defer g.fetching.Unlock()
	if text, ok := g.believed(m, time.Now()); ok || !c.awake() {
		return text, ok
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	b, ok, err := g.store.Get(ctx, m.key())
	if err != nil {
		c.failed(ctx, "get", err)
		return "", false
	}
	text := string(b)
	if !ok || len(text) != len(rand.Text()) {
		text = rand.Text()
		if err := g.store.Set(ctx, m.key(), []byte(text), markTTL); err != nil {
			c.failed(ctx, "set", err)
			return "", false
		}
	}
	g.saw(m, text)
	return text, true
}

func (g *generations) saw(m mark, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.seen) >= marksSeen {
		clear(g.seen)
	}
	g.seen[m] = generation{text, time.Now().Add(markBelieved)}
}

// next begins a generation.
func (g *generations) next(ctx context.Context, m mark) error {
	text := rand.Text()
	if err := g.store.Set(ctx, m.key(), []byte(text), markTTL); err != nil {
		return &Error{Kind: Unknown, Message: "the cache could not be told to forget", Err: err}
	}
	g.saw(m, text)
	return nil
}

// Forget forgets all answers: here at once, and within a second in every other
// process that shares the store. Answers under way are not kept.
func (c *Cache) Forget(ctx context.Context) error { return c.marks.next(ctx, mark{markAll, ""}) }

// ForgetTenant forgets the answers of one tenant, or of what else
// [CacheOptions.Scope] returns.
func (c *Cache) ForgetTenant(ctx context.Context, tenant string) error {
	return c.marks.next(ctx, mark{markScope, tenant})
}

// ForgetModel forgets the answers of one model, as requests name it.
func (c *Cache) ForgetModel(ctx context.Context, model string) error {
	return c.marks.next(ctx, mark{markModel, model})
}
