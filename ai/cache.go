package ai

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"
)

// A CacheStore keeps bytes for a while, such as a storage.Cache: in this process
// or shared by a fleet. It may forget at any time. It is safe for concurrent use.
type CacheStore interface {
	// Get returns the value, and false when there is none.
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Set stores a value for ttl.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

// CacheOptions say what a [Cache] keeps. The zero value is what most programs
// want.
type CacheOptions struct {
	// TTL is how long an answer is kept. Zero: 1 h.
	TTL time.Duration
	// MaxEntry is the largest answer that is kept, in bytes. Zero: 256 KiB.
	MaxEntry int
	// Scope returns the same text for those who may get each other's answers. Nil:
	// the caller's Tenant. One that returns "" for everybody shares answers between
	// tenants; one that returns the User keeps a cache for each person.
	Scope func(Caller) string
	// Version is part of every key: change it when names of models, such as aliases,
	// come to mean other models.
	Version string
	// Policy decides of each request. Nil: what [WithCacheControl] says. It is
	// called at once by many.
	Policy func(context.Context, *Request) CacheControl
	// Timeout bounds what the store may take for one answer. Zero: 250 ms.
	Timeout time.Duration
	// Apart lets requests that are the same and under way at the same time call the
	// model each on its own. By default they share a call, as with [WithCoalescing].
	Apart bool
	// Coalescing bounds what is kept for requests that share a call. Its Scope is not
	// looked at.
	Coalescing Coalescing
	// Semantic, if any, answers requests that mean the same as an older one.
	Semantic *Semantic
	// Log is told of a store that fails; never of content. Nil: slog.Default.
	Log *slog.Logger
}

// CacheControl is what a request asks of caches, and of [WithCoalescing].
type CacheControl struct {
	NoLookup bool          // the answer has to be a new one, but may be kept
	NoStore  bool          // the answer is not kept
	TTL      time.Duration // for how long it is; zero: as the cache has it
}

type cacheControlKey struct{}

// WithCacheControl says what a request asks of caches.
func WithCacheControl(ctx context.Context, c CacheControl) context.Context {
	return context.WithValue(ctx, cacheControlKey{}, c)
}

// CacheControlOf returns what WithCacheControl said; else the zero value.
func CacheControlOf(ctx context.Context) CacheControl {
	c, _ := ctx.Value(cacheControlKey{}).(CacheControl)
	return c
}

// A Cache answers requests that were answered before. It is safe for concurrent use, and
// one may be around several models where their names tell them apart.
//
// Two requests are the same if they differ in nothing but [Request.Whole] and
// [Request.User], and their callers are of the same tenant. The temperature decides
// nothing: an answer is kept at any temperature, and who wants a new one says so with
// [WithCacheControl] or a policy. An answer is kept if it is whole, ended with
// [ReasonStop], says something and calls no tools. It comes back as the same events, in
// one piece where that is asked for, with [CacheExact] in its [Start] and the usage of
// the call that made it, for which nothing is owed.
//
// A store that fails, is slow or returns damaged entries makes requests miss, never fail;
// after a failure it is left alone for a second. Put the cache outside of retries and
// fallbacks, and inside of [WithFunctions], budgets and whatever decides who may ask.
type Cache struct {
	o       CacheOptions
	store   CacheStore
	keys    keys
	marks   *generations
	flights *flights     // nil: requests call on their own
	room    room         // of answers that are being recorded
	similar *similar     // nil: none
	resting atomic.Int64 // until when the store is left alone, in nanoseconds since 1970
}

const (
	cacheTTL     = time.Hour
	cacheEntry   = 256 << 10
	cacheTimeout = 250 * time.Millisecond
	cacheRoom    = 16 << 20    // of answers on their way
	cacheRest    = time.Second // of a store that failed
)

// NewCache returns a cache that keeps answers in a store.
func NewCache(store CacheStore, o CacheOptions) (*Cache, error) {
	if store == nil {
		return nil, errors.New("new cache: no store")
	}
	o.TTL = cmp.Or(max(0, o.TTL), cacheTTL)
	o.MaxEntry = cmp.Or(max(0, o.MaxEntry), cacheEntry)
	o.Timeout = cmp.Or(max(0, o.Timeout), cacheTimeout)
	o.Log = cmp.Or(o.Log, slog.Default())
	c := &Cache{o: o, store: store, keys: keys{scope: o.Scope, version: o.Version}, room: room{max: cacheRoom},
		marks: &generations{store: store, seen: map[mark]generation{}}}
	if !o.Apart {
		c.flights = newFlights(o.Coalescing)
	}
	if o.Semantic != nil {
		var err error
		if c.similar, err = newSimilar(*o.Semantic); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Decorate is the [Decorator] that puts the cache around a model.
func (c *Cache) Decorate(next Model) Model {
	return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
		if req == nil || req.embed != nil {
			return next.Generate(ctx, req)
		}
		return once(func(yield func(Event, error) bool) { c.generate(ctx, next, req, yield) })
	})
}

// asked is one request to a cache.
type asked struct {
	CacheControl
	key digest
}

func (c *Cache) generate(ctx context.Context, next Model, req *Request, yield func(Event, error) bool) {
	if ctx.Err() != nil {
		yield(Event{}, canceled(ctx))
		return
	}
	a := asked{CacheControl: CacheControlOf(ctx)}
	if c.o.Policy != nil {
		a.CacheControl = c.o.Policy(ctx, req)
	}
	if a.NoLookup && a.NoStore {
		next.Generate(ctx, req)(yield)
		return
	}
	var salt [3]string
	current := c.awake()
	if current {
		salt, current = c.marks.of(ctx, c, c.keys.scopeOf(ctx), req.Model)
	}
	if !current { // nobody knows what is still valid
		a.NoStore = true
	}
	var ok bool
	if a.key, ok = c.keys.of(ctx, req, salt[:]...); !ok {
		next.Generate(ctx, req)(yield)
		return
	}
	if current && !a.NoLookup {
		if events, start, ok := c.find(ctx, a.key); ok {
			trailOf(ctx).cache(CacheExact)
			replay(events, start, CacheExact, req.Whole, yield)
			return
		}
	}
	trailOf(ctx).cache(CacheMiss)
	call := func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
		return func(yield func(Event, error) bool) { c.call(ctx, next, req, a, salt[:], yield) }
	}
	if c.flights == nil || a.NoLookup {
		call(ctx, req)(yield)
		return
	}
	c.flights.generate(ctx, a.key, req, call, yield)
}

// call answers what the store does not have.
func (c *Cache) call(ctx context.Context, next Model, req *Request, a asked, salt []string, yield func(Event, error) bool) {
	var s *question
	if c.similar != nil && !(a.NoLookup && a.NoStore) {
		s = c.similar.question(ctx, c, req, salt)
	}
	if s != nil && !a.NoLookup {
		if events, start, ok := s.find(ctx, c); ok {
			trailOf(ctx).cache(CacheSemantic)
			replay(events, start, CacheSemantic, req.Whole, yield)
			return
		}
	}
	if a.NoStore {
		next.Generate(ctx, req)(yield)
		return
	}
	r := recording{max: c.o.MaxEntry, room: &c.room}
	defer r.done()
	kept := false
	vector := s.begin(ctx, c)
	defer func() {
		if !kept {
			vector(false)
		}
	}()
	listening := true
	for e, err := range next.Generate(ctx, req) {
		if err != nil {
			yield(Event{}, err)
			return
		}
		r.add(&e)
		if listening = listening && yield(e, nil); !listening && e.Kind != EventEnd {
			return
		}
	}
	entry, ok := r.entry()
	if !ok {
		return
	}
	ttl := cmp.Or(max(0, a.TTL), c.o.TTL)
	if kept = c.keep(ctx, a.key, entry, ttl); kept && s != nil {
		vector(true)
		s.add(a.key, ttl)
	}
}

// name is what an entry is called in the store.
func (d digest) name() string {
	const prefix = "ai/answer/"
	var b [len(prefix) + (len(d)*8+5)/6]byte
	copy(b[:], prefix)
	base64.RawURLEncoding.Encode(b[len(prefix):], d[:])
	return string(b[:])
}

// find returns an answer that is in the store.
func (c *Cache) find(ctx context.Context, key digest) (entryReader, *Start, bool) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	b, ok, err := c.store.Get(ctx, key.name())
	if err != nil {
		c.failed(ctx, "get", err)
		return entryReader{}, nil, false
	}
	if !ok {
		return entryReader{}, nil, false
	}
	return openEntry(b)
}

// keep stores an answer, even where the caller has left by now.
func (c *Cache) keep(ctx context.Context, key digest, entry []byte, ttl time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.o.Timeout)
	defer cancel()
	err := c.store.Set(ctx, key.name(), entry, ttl)
	if err != nil {
		c.failed(ctx, "set", err)
	}
	return err == nil
}

// awake reports whether the store is not left alone.
func (c *Cache) awake() bool { return c.resting.Load() < time.Now().UnixNano() }

func (c *Cache) failed(ctx context.Context, what string, err error) {
	if !errors.Is(context.Cause(ctx), context.Canceled) {
		c.resting.Store(time.Now().Add(cacheRest).UnixNano())
		c.o.Log.WarnContext(ctx, "cache of models failed", "operation", what, "error", err)
	}
}
