package system_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/modules/system"
)

// running starts a module on a recorded machine inside a bubble of time. The
// function returned stops it.
func running(t *testing.T) (*system.Module, func()) {
	t.Helper()
	m := system.New(system.WithProc(load(t, "machine").now), system.WithCgroup(nil))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.RunForTest(ctx)
	}()
	return m, func() { cancel(); <-done }
}

// taken lists when samples were taken, in seconds after begin.
func taken(m *system.Module, begin time.Time) string {
	var out []string
	for _, at := range m.TimesForTest() {
		out = append(out, fmt.Sprint(at.Sub(begin).Round(time.Millisecond).Seconds()))
	}
	return strings.Join(out, " ")
}

func TestSamplerFollowsTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		m, stop := running(t)
		<-time.After(5 * time.Second) // the bubble's time: nobody waits
		synctest.Wait()
		if got, want := taken(m, begin), "0 0.5 2.5 4.5"; got != want {
			t.Errorf("at the default interval: got samples at %s, want %s", got, want)
		}
		s := system.Defaults()
		s.Interval = time.Second
		if err := m.ApplyForTest(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		<-time.After(2500 * time.Millisecond)
		synctest.Wait()
		if got, want := taken(m, begin), "0 0.5 2.5 4.5 6 7"; got != want {
			t.Errorf("after a change to 1 s: got samples at %s, want %s", got, want)
		}
		stop()
		<-time.After(time.Minute)
		if got, want := taken(m, begin), "0 0.5 2.5 4.5 6 7"; got != want {
			t.Errorf("after the end: got samples at %s, want %s", got, want)
		}
	})
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if err := system.New().Health(t.Context()); err == nil {
			t.Error("healthy before anything was measured")
		}
		m, stop := running(t)
		<-time.After(3 * time.Second)
		synctest.Wait()
		if err := m.Health(t.Context()); err != nil {
			t.Errorf("while it samples: %v", err)
		}
		stop()
		<-time.After(time.Minute)
		if err := m.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "expected one every 2s") {
			t.Errorf("a minute after the last sample: got %v, want an error", err)
		}
	})
}

func TestHealthWithoutFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := system.New(system.WithProc(fstest.MapFS{}), system.WithCgroup(nil))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m.RunForTest(ctx)
		if err := m.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "cpu, memory") {
			t.Errorf("got %v, want an error that names cpu and memory", err)
		}
	})
}

func TestApplyRefusesNonsense(t *testing.T) {
	m := system.New(system.WithProc(nil))
	for _, s := range []system.Settings{
		{}, {Interval: time.Minute, Window: time.Second, TopProcesses: 1}, {Interval: time.Second, Window: time.Minute},
	} {
		if err := m.ApplyForTest(t.Context(), s); err == nil {
			t.Errorf("took %+v", s)
		}
	}
}
