package ai_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/storage"
)

// long is an answer of n pieces, each of a word.
func long(n int) ai.Model {
	return ai.ModelFunc(func(context.Context, *ai.Request) seq {
		return func(yield func(ai.Event, error) bool) {
			if !yield(ai.Event{Kind: ai.EventStart, Start: &ai.Start{ID: "1", Model: "m", Provider: "p"}}, nil) {
				return
			}
			for range n {
				if !yield(ai.Event{Kind: ai.EventText, Text: " tok"}, nil) {
					return
				}
			}
			_ = yield(ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 1, Output: int64(n)}}, nil) && yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
		}
	})
}

func readAll(b testing.TB, model ai.Model, req *ai.Request) (pieces int) {
	for _, err := range model.Generate(b.Context(), req) {
		if err != nil {
			b.Fatal(err)
		}
		pieces++
	}
	return pieces
}

// memory is the cache that a program has by default.
func memory(b testing.TB) *storage.MemoryCache {
	c := storage.NewMemoryCache(0)
	b.Cleanup(func() {
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	return c
}

// BenchmarkCacheHit answers 1 KB from the cache, in 256 pieces or in one.
func BenchmarkCacheHit(b *testing.B) {
	for name, whole := range map[string]bool{"pieces": false, "whole": true} {
		b.Run(name, func(b *testing.B) {
			model := newCache(b, memory(b), ai.CacheOptions{}).Decorate(long(256))
			req := &ai.Request{Model: "m", Messages: []ai.Message{ai.System(strings.Repeat("You are helpful. ", 20)), ai.User(strings.Repeat("Why? ", 50))}, Whole: whole}
			readAll(b, model, req)
			b.ReportAllocs()
			for b.Loop() {
				readAll(b, model, req)
			}
		})
	}
}

// BenchmarkCacheDecorators tells what a piece of a long answer costs: bare, and
// with each of them.
func BenchmarkCacheDecorators(b *testing.B) {
	const pieces = 2000
	for _, tc := range []struct {
		name  string
		model ai.Model
	}{
		{"bare", long(pieces)},
		{"coalescing", ai.WithCoalescing(ai.Coalescing{})(long(pieces))},
		{"exact", newCache(b, memory(b), ai.CacheOptions{Apart: true}).Decorate(long(pieces))},
		{"exact and coalescing", newCache(b, memory(b), ai.CacheOptions{}).Decorate(long(pieces))},
		{"exact, semantic and coalescing", newCache(b, memory(b), ai.CacheOptions{Semantic: &ai.Semantic{Embedder: alike(), Model: "e"}}).Decorate(long(pieces))},
	} {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; n < b.N; n += pieces {
				req := request()
				req.User, req.Effort = "u", rand.Text() // never asked before
				readAll(b, tc.model, req)
			}
		})
	}
}

// A piece costs a reader nothing on the heap, or next to it: a block of pieces
// now and then, and the entry that grows.
func TestCacheAllocations(t *testing.T) {
	const pieces = 5000
	for name, model := range map[string]ai.Model{
		"coalescing": ai.WithCoalescing(ai.Coalescing{})(long(pieces)),
		"exact":      newCache(t, &store{}, ai.CacheOptions{Apart: true, Policy: func(context.Context, *ai.Request) ai.CacheControl { return ai.CacheControl{NoLookup: true} }}).Decorate(long(pieces)),
		"a hit":      newCache(t, memory(t), ai.CacheOptions{}).Decorate(long(pieces)),
	} {
		readAll(t, model, request())
		if per := testing.AllocsPerRun(5, func() { readAll(t, model, request()) }) / pieces; per > 0.1 {
			t.Errorf("%s: %.3f allocations a piece", name, per)
		}
	}
}

// download is a client that needs next to no memory.
func download(address, body string) (n int64, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	_, err = fmt.Fprintf(conn, "POST /chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if err != nil {
		return 0, err
	}
	var buf [1 << 10]byte
	for {
		m, err := conn.Read(buf[:])
		n += int64(m)
		if err == io.EOF { //nolint:errorlint // as io.Reader returns it
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// A thousand streams of 100 KB at once, of the gateway behind a real server and
// with the cache around the model, fit into 200 MiB together with their clients.
// Short tests have fewer.
func TestGatewayMemory(t *testing.T) {
	const piece, pieces = 250, 400
	streams := 1000
	if testing.Short() {
		streams = 200
	}
	var half sync.WaitGroup // all have come half of the way
	half.Add(streams)
	release := make(chan struct{})
	text := strings.Repeat("x", piece)
	upstream := ai.ModelFunc(func(ctx context.Context, _ *ai.Request) seq {
		return func(yield func(ai.Event, error) bool) {
			come := sync.OnceFunc(half.Done)
			defer come() // a stream that breaks keeps nobody waiting
			for i := range pieces {
				if i == pieces-1 { // all that can be held is held
					come()
					select {
					case <-release:
					case <-ctx.Done():
					}
				}
				if !yield(ai.Event{Kind: ai.EventText, Text: strings.Clone(text)}, nil) {
					return
				}
			}
			yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
		}
	})
	g := httptest.NewServer(&ai.Gateway{Model: newCache(t, memory(t), ai.CacheOptions{}).Decorate(upstream), Log: discard()})
	defer g.Close()
	var clients sync.WaitGroup
	for i := range streams {
		clients.Go(func() {
			n, err := download(g.Listener.Addr().String(), fmt.Sprintf(`{"model":"m","stream":true,"seed":%d,"messages":[{"role":"user","content":"Hi"}]}`, i))
			if err != nil || n < piece*pieces {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
	half.Wait()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	close(release)
	clients.Wait()
	const mib = 1 << 20
	t.Logf("%d MiB in use of heap and %d of stacks; %d MiB of the system at most", m.HeapInuse/mib, m.StackInuse/mib, m.Sys/mib)
	if used := m.HeapInuse + m.StackInuse; used > 200*mib {
		t.Errorf("%d MiB in use, want at most 200", used/mib)
	}
}
