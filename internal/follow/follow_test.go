package follow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/follow"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestPollsAndWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := storage.NewMemoryBus()
		var looks []time.Duration
		begun := time.Now()
		l := follow.New(follow.Options{What: "things", Bus: bus, Look: func(context.Context) error {
			looks = append(looks, time.Since(begun))
			return nil
		}})
		stop := l.Start()
		time.AfterFunc(450*time.Millisecond, l.Rouse)
		time.AfterFunc(500*time.Millisecond, func() { l.Tell(context.Background(), nil) })
		<-time.After(850 * time.Millisecond)
		stop()
		// The first is somewhere within a poll, and sets the beat.
		first := looks[0]
		want := []time.Duration{first, 450 * time.Millisecond, 500 * time.Millisecond}
		for next := first + follow.Poll; next < 850*time.Millisecond; next += follow.Poll {
			want = append(want, next)
		}
		slices.Sort(want)
		if first < follow.Poll/4 || first > follow.Poll || !slices.Equal(looks, want) {
			t.Errorf("got looks after %s, want %s", looks, want)
		}
		stop() // it may be called again
		if err := bus.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What others tell once Start has returned is heard, however late the goroutine
// comes to run.
func TestHearsFromTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := storage.NewMemoryBus()
		var looks atomic.Int32
		for range 50 {
			defer follow.New(follow.Options{What: "things", Bus: bus, Look: func(context.Context) error {
				looks.Add(1)
				return nil
			}}).Start()()
		}
		if err := bus.Publish(t.Context(), "things", nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := looks.Load(); got != 50 {
			t.Errorf("got %d looks, want one of each of 50 loops", got)
		}
		if err := bus.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Loops that begin at the same moment do not ask at the same moment.
func TestLoopsSpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		at := map[time.Time]int{}
		for range 8 {
			l := follow.New(follow.Options{What: "things", Look: func(context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				at[time.Now()]++
				return nil
			}})
			defer l.Start()()
		}
		<-time.After(follow.Poll + time.Nanosecond)
		mu.Lock()
		defer mu.Unlock()
		if len(at) != 8 {
			t.Errorf("got looks at %d moments, want 8", len(at))
		}
	})
}

func TestTellsOfTrouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		var turned []string
		looks, then := 0, 0
		l := follow.New(follow.Options{What: "things", Log: slog.New(slog.NewTextHandler(&log, nil)), Poll: time.Second,
			Look: func(context.Context) error {
				if looks++; looks == 2 || looks == 3 {
					return errors.New("it is away")
				}
				return nil
			},
			Turned: func(err error) { turned = append(turned, fmt.Sprint(err)) },
			Then:   func(context.Context) { then++ },
		})
		stop := l.Start()
		<-time.After(5 * time.Second) // five looks, whenever within a second the first is
		stop()
		if got := strings.Join(turned, ", "); got != "it is away, <nil>" || strings.Count(log.String(), "it is away") != 1 || looks != 5 || then != 5 {
			t.Errorf("got %s after %d looks, log %s", got, looks, log.String())
		}
		l.Tell(context.Background(), nil) // without a bus
	})
}

func Example() {
	ready := make(chan struct{})
	l := follow.New(follow.Options{What: "things", Look: func(context.Context) error {
		close(ready)
		return nil
	}, Poll: time.Hour})
	stop := l.Start()
	l.Rouse()
	<-ready
	stop()
	fmt.Println("looked")
	// Output: looked
}
