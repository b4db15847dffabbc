package storage_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/storagetest"
)

func newBus(t testing.TB, opts ...storage.BusOption) *storage.MemoryBus {
	t.Helper()
	b := storage.NewMemoryBus(opts...)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestMemoryBusConformance(t *testing.T) {
	storagetest.RunBus(t, func(t *testing.T) storage.Bus { return newBus(t) })
}

// TestMemoryBusDrops shows which messages a slow subscriber keeps.
func TestMemoryBusDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t, storage.WithBuffer(3))
		release := make(chan struct{})
		var got []string
		b.Subscribe("topic", func(p []byte) {
			<-release
			got = append(got, string(p))
		})
		for m := range strings.SplitSeq("abcdefgh", "") {
			if err := b.Publish(t.Context(), "topic", []byte(m)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		close(release)
		synctest.Wait()
		// a was being handled, b to e were pushed out.
		if want := "a f g h"; strings.Join(got, " ") != want {
			t.Errorf("received %v, want %s", got, want)
		}
		if n := b.Dropped(); n != 4 {
			t.Errorf("dropped = %d, want 4", n)
		}
	})
}

func TestMemoryBusPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := newBus(t, storage.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		calls := 0
		b.Subscribe("topic", func([]byte) {
			if calls++; calls == 1 {
				panic("wanted")
			}
		})
		for range 2 {
			if err := b.Publish(t.Context(), "topic", nil); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if calls != 2 || !strings.Contains(log.String(), "panic=wanted") {
			t.Errorf("%d calls, log %q; want 2 and the panic", calls, log.String())
		}
	})
}

// A nil logger is the default one: it must not make a panic the program's.
func TestMemoryBusPanicWithoutLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t, storage.WithLogger(nil))
		calls := 0
		b.Subscribe("topic", func([]byte) {
			calls++
			panic("wanted")
		})
		for range 2 {
			if err := b.Publish(t.Context(), "topic", nil); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if calls != 2 {
			t.Errorf("%d calls, want 2", calls)
		}
	})
}

func TestMemoryBusClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := storage.NewMemoryBus()
		release, ended := make(chan struct{}), 0
		b.Subscribe("topic", func([]byte) { <-release; ended++ })
		for range 5 {
			if err := b.Publish(t.Context(), "topic", nil); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- b.Close() }()
		synctest.Wait()
		select {
		case err := <-closed:
			t.Fatalf("close did not wait for a running subscriber: %v", err)
		default:
		}
		close(release)
		if err := errors.Join(<-closed, b.Close()); err != nil || ended != 1 {
			t.Errorf("close = %v after %d calls, want the running one only", err, ended)
		}
		if err := b.Publish(t.Context(), "topic", nil); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("publish = %v, want ErrClosed", err)
		}
		b.Subscribe("topic", func([]byte) { t.Error("called on a closed bus") })()
	})
}

func TestMemoryBusContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newBus(t).Publish(ctx, "topic", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("publish = %v, want context.Canceled", err)
	}
}

func BenchmarkMemoryBusPublish(b *testing.B) {
	bus := newBus(b)
	done := make(chan struct{}, 1)
	bus.Subscribe("topic", func([]byte) { done <- struct{}{} })
	payload := []byte("id")
	b.ReportAllocs()
	for b.Loop() {
		if err := bus.Publish(b.Context(), "topic", payload); err != nil {
			b.Fatal(err)
		}
		<-done
	}
}
