package auth

import (
	"fmt"

	"github.com/maypok86/otter/v2"
)

// memo remembers something about tokens: what is used of a bounded cache. It is
// an interface so that the cache's generic types are not part of Authority. A
// package that imports it, each module for one, would compile them again.
type memo[V any] interface {
	GetIfPresent(key tokenHash) (V, bool)
	Set(key tokenHash, value V) (V, bool)
	Invalidate(key tokenHash) (V, bool)
}

func newMemo[V any](most int) (memo[V], error) {
	cache, err := otter.New(&otter.Options[tokenHash, V]{MaximumSize: most})
	if err != nil {
		return nil, fmt.Errorf("new memo: %w", err)
	}
	return cache, nil
}
