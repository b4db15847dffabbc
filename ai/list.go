package ai

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Lister knows which models its provider has, by the provider's names. The
// adapters are Listers. Models returns when ctx ends, and is safe for concurrent
// use.
type Lister interface {
	Models(ctx context.Context) ([]ModelInfo, error)
}

// A ModelInfo is a model that can be asked for.
type ModelInfo struct {
	Name     string // as requests have it
	Provider string // empty for an alias
	Created  time.Time
}

const (
	listFresh    = 5 * time.Minute
	listFailed   = 30 * time.Second
	listPatience = 5 * time.Second
	// How many models of one provider are listed, and how long their names may be.
	listModels = 1000
	listName   = 200
)

// listing is what a provider said of its models.
type listing struct {
	lister Lister

	turn  chan struct{} // held by who reads or asks
	infos []ModelInfo
	until time.Time // when to ask again
}

// ListedBy says who lists the models of a provider, where what was given to
// [Directory.Provider] is something around the adapter that is no [Lister].
func (d *Directory) ListedBy(provider string, lister Lister) error {
	if d.providers[provider] == nil || lister == nil {
		return fmt.Errorf("list models of %q: no such provider, or nobody to list them", provider)
	}
	d.listings[provider] = &listing{lister: lister, turn: make(chan struct{}, 1)}
	return nil
}

// Models returns what can be asked for, sorted by name: the aliases, and as
// "provider/model" what the providers list that are [Lister]s or have one. They
// are asked at the same time, have 5 s, and are asked again after 5 minutes. One
// that fails is left out, or has what it listed before, and is asked again after
// 30 s. A provider's first 1,000 models count.
func (d *Directory) Models(ctx context.Context) ([]ModelInfo, error) {
	var infos []ModelInfo
	for name := range d.aliases {
		infos = append(infos, ModelInfo{Name: name})
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for provider, l := range d.listings {
		all.Go(func() {
			listed := l.models(ctx)
			mu.Lock()
			defer mu.Unlock()
			for _, m := range listed {
				if name := provider + "/" + m.Name; d.aliases[name] == nil {
					infos = append(infos, ModelInfo{Name: name, Provider: provider, Created: m.Created})
				}
			}
		})
	}
	all.Wait()
	slices.SortFunc(infos, func(a, b ModelInfo) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(infos, func(a, b ModelInfo) bool { return a.Name == b.Name }), nil
}

// models returns what is known, after asking where that is nothing or old.
func (l *listing) models(ctx context.Context) []ModelInfo {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil
	}
	if time.Now().Before(l.until) {
		return l.infos
	}
	limited, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	infos, err := l.lister.Models(limited)
	switch {
	case err == nil:
		l.infos, l.until = listable(infos), time.Now().Add(listFresh)
	case ctx.Err() == nil: // who asked is still there, so it is the provider that failed
		l.until = time.Now().Add(listFailed)
	}
	return l.infos
}

// listable keeps what can be named, up to the limit.
func listable(infos []ModelInfo) []ModelInfo {
	kept := slices.DeleteFunc(slices.Clone(infos), func(m ModelInfo) bool {
		return m.Name == "" || len(m.Name) > listName || strings.ContainsFunc(m.Name, func(r rune) bool { return r <= ' ' || r == 0x7f })
	})
	return slices.Clip(kept[:min(len(kept), listModels)])
}

var _ Lister = (*Directory)(nil)
