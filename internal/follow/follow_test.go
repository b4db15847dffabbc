package follow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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
		if got := fmt.Sprint(looks); got != "[400ms 450ms 500ms 800ms]" {
			t.Errorf("got looks after %s", got)
		}
		stop() // it may be called again
		if err := bus.Close(); err != nil {
			t.Error(err)
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
		<-time.After(5500 * time.Millisecond)
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
