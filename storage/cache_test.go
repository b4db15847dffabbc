package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/storagetest"
)

func newCache(t testing.TB, maxBytes int64) *storage.MemoryCache {
	t.Helper()
	c := storage.NewMemoryCache(maxBytes)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestMemoryCacheConformance(t *testing.T) {
	storagetest.RunCache(t, func(t *testing.T) storage.Cache { return newCache(t, 0) })
}

func TestMemoryCacheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, 0)
		if err := c.Set(t.Context(), "a", []byte("1"), time.Hour); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour - time.Second)
		if _, ok, err := c.Get(t.Context(), "a"); !ok || err != nil {
			t.Errorf("a second before: %t, %v; want a value", ok, err)
		}
		<-time.After(2 * time.Second) // reading does not extend
		if _, ok, err := c.Get(t.Context(), "a"); ok || err != nil {
			t.Errorf("a second after: %t, %v; want none", ok, err)
		}
	})
}

// TestMemoryCacheBound stores ten times what fits.
func TestMemoryCacheBound(t *testing.T) {
	const maxBytes, size, n = 1 << 20, 1000, 10_000
	c := newCache(t, maxBytes)
	value := bytes.Repeat([]byte("x"), size)
	for i := range n {
		if err := c.Set(t.Context(), fmt.Sprint(i), value, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() (kept int) {
		for i := range n {
			if _, ok, _ := c.Get(t.Context(), fmt.Sprint(i)); ok {
				kept++
			}
		}
		return kept
	}
	deadline := time.Now().Add(time.Minute)
	for kept()*size > maxBytes && time.Now().Before(deadline) {
	}
	if got := kept(); got == 0 || got*size > maxBytes {
		t.Errorf("%d values of %d bytes are kept in %d bytes", got, size, maxBytes)
	}
	// What cannot fit replaces what was there by nothing.
	if err := c.Set(t.Context(), "big", []byte("small"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := c.Set(t.Context(), "big", make([]byte, maxBytes), time.Hour); err != nil {
		t.Fatal(err)
	}
	if v, ok, _ := c.Get(t.Context(), "big"); ok {
		t.Errorf("a value of %d bytes is found under a key whose last value is too large", len(v))
	}
}

func TestMemoryCacheClosed(t *testing.T) {
	c := storage.NewMemoryCache(0)
	if err := errors.Join(c.Set(t.Context(), "a", nil, time.Hour), c.Close(), c.Close()); err != nil {
		t.Fatal(err)
	}
	_, _, err := c.Get(t.Context(), "a")
	for name, err := range map[string]error{
		"get": err, "set": c.Set(t.Context(), "a", nil, time.Hour), "delete": c.Delete(t.Context(), "a"),
	} {
		if !errors.Is(err, storage.ErrClosed) {
			t.Errorf("%s = %v, want ErrClosed", name, err)
		}
	}
}

func TestMemoryCacheAllocations(t *testing.T) {
	c := newCache(t, 0)
	ctx := context.Background()
	if err := c.Set(ctx, "a", []byte("value"), time.Hour); err != nil {
		t.Fatal(err)
	}
	get := func(key string, want bool) func() {
		return func() {
			if _, ok, err := c.Get(ctx, key); ok != want || err != nil {
				t.Errorf("get %s = %t, %v", key, ok, err)
			}
		}
	}
	if got := testing.AllocsPerRun(1000, get("a", true)); got > 1 {
		t.Errorf("a hit allocates %.0f times, want the copy alone", got)
	}
	if got := testing.AllocsPerRun(1000, get("b", false)); got > 0 {
		t.Errorf("a miss allocates %.0f times", got)
	}
}

func BenchmarkMemoryCacheGet(b *testing.B) {
	c := newCache(b, 0)
	ctx := context.Background()
	if err := c.Set(ctx, "key", make([]byte, 100), time.Hour); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, _ := c.Get(ctx, "key"); !ok {
			b.Fatal("lost")
		}
	}
}

func BenchmarkMemoryCacheSet(b *testing.B) {
	c := newCache(b, 0)
	ctx, value := context.Background(), make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Set(ctx, "key", value, time.Hour); err != nil {
			b.Fatal(err)
		}
	}
}
