package airecord_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/airecord"
	"github.com/modular-dashboard/dashboard/storage"
)

// occupy keeps the database busy until it is released.
func occupy(t *testing.T, db *storage.DB) (release func()) {
	t.Helper()
	hold, held := make(chan struct{}), make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		if err := db.Update(context.Background(), func(*storage.Tx) error { close(held); <-hold; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-held
	return func() { close(hold); writer.Wait() }
}

// A full queue drops, says so once, and never waits.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	db := open(t)
	var log syncText
	s := start(t, db, airecord.Options{Every: time.Hour, Log: slog.New(slog.NewTextHandler(&log, nil))})
	release := occupy(t, db)
	for i := range airecord.Queue + 100 {
		s.Add(record(fmt.Sprint(i)))
	}
	if n := s.Dropped(); n != 100 {
		t.Errorf("got %d dropped, want 100", n)
	}
	release()
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, total, err := s.Usage(t.Context(), airecord.ByDay, airecord.Span{From: noon(), To: noon()})
	if err != nil || total.Requests != airecord.Queue {
		t.Errorf("got %d written, %v, want %d", total.Requests, err, airecord.Queue)
	}
	if text := log.String(); strings.Count(text, "are dropped") != 1 || strings.Count(text, "written again") != 1 {
		t.Errorf("got log %s", text)
	}
}

// A flood of requests is no flood of lines in the log.
func TestDropsAreToldOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log syncText
		db := open(t)
		s := start(t, db, airecord.Options{Every: time.Hour, Log: slog.New(slog.NewTextHandler(&log, nil))})
		rounds := 3
		if testing.Short() {
			rounds = 2
		}
		for round := range rounds { // the queue fills again and again
			release := occupy(t, db)
			for i := range airecord.Queue + 1000 {
				s.Add(record(fmt.Sprint(round, i), func(r *ai.Record) { r.Began = noon().Add(time.Duration(i)) }))
			}
			release()
			if err := s.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if text := log.String(); s.Dropped() != int64(rounds)*1000 || strings.Count(text, "\n") > 2 {
			t.Errorf("%d dropped, got log %s", s.Dropped(), text)
		}
	})
}
