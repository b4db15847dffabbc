package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/storage"
)

func hub(t testing.TB, bus storage.Bus, opts events.Options) *events.Hub {
	t.Helper()
	h := events.New(bus, opts)
	if err := h.Start(t.Context()); err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() {
		if err := h.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return h
}

func subscribe(t testing.TB, h *events.Hub, who events.Subscriber) *events.Subscription {
	t.Helper()
	s, err := h.Subscribe(who)
	if err != nil {
		t.Fatalf("Subscribe: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

func publish(t testing.TB, h *events.Hub, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := h.Publish(t.Context(), events.Event{Name: name}); err != nil {
			t.Fatalf("Publish %s: %v", name, err)
		}
	}
}

// drain reads what is there without waiting.
func drain(t testing.TB, s *events.Subscription) (names []string, ended error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := errors.New("nothing more")
	for {
		waiting, done := context.WithCancelCause(ctx)
		type result struct {
			e   events.Event
			err error
		}
		out := make(chan result, 1)
		go func() {
			e, err := s.Next(waiting)
			out <- result{e, err}
		}()
		synctest.Wait()
		done(stop)
		r := <-out
		switch {
		case r.err == nil:
			names = append(names, r.e.Name)
		case errors.Is(r.err, stop):
			return names, nil
		default:
			return names, r.err
		}
	}
}

func TestDeliveryInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hub(t, nil, events.Options{})
		publish(t, h, "before")
		s := subscribe(t, h, events.Subscriber{Filter: func(e events.Event) bool { return e.Name != "hidden" }})
		publish(t, h, "a", "hidden", "b")
		got, err := drain(t, s)
		if want := []string{"a", "b"}; !slices.Equal(got, want) || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}

func TestPublishCopiesAndCompacts(t *testing.T) {
	t.Parallel()
	h := hub(t, nil, events.Options{})
	s := subscribe(t, h, events.Subscriber{})
	data := json.RawMessage("{ \"a\" : \n1 }")
	if err := h.Publish(t.Context(), events.Event{Name: "x", Data: data}); err != nil {
		t.Fatal(err)
	}
	copy(data, "garbage")
	e, err := s.Next(t.Context())
	if err != nil || string(e.Data) != `{"a":1}` || e.ID != 1 {
		t.Errorf("got %d %s, %v, want 1 {\"a\":1}", e.ID, e.Data, err)
	}
}

func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	h := hub(t, storage.NewMemoryBus(), events.Options{})
	for name, e := range map[string]events.Event{
		"no name":        {},
		"name with LF":   {Name: "a\nb"},
		"resync":         {Name: events.Resync},
		"bad JSON":       {Name: "a", Data: json.RawMessage("{")},
		"two values":     {Name: "a", Data: json.RawMessage("{}{}")},
		"large":          {Name: "a", Data: json.RawMessage(`"` + strings.Repeat("x", events.MaxData) + `"`)},
		"large audience": {Name: "a", Audience: events.Audience{User: strings.Repeat("x", events.MaxAudience+1)}},
		"large together": {Name: "a", Data: json.RawMessage(`"` + strings.Repeat("x", events.MaxData-2) + `"`),
			Audience: events.Audience{User: strings.Repeat("\x01", events.MaxAudience), Session: strings.Repeat("\x01", events.MaxAudience)}},
	} {
		if err := h.Publish(t.Context(), e); !errors.Is(err, events.ErrInvalidEvent) {
			t.Errorf("%s: got %v, want ErrInvalidEvent", name, err)
		}
	}
}

func TestAudience(t *testing.T) {
	t.Parallel()
	has := func(p string) bool { return p == "billing.read" }
	hasAny := func(m string) bool { return m == "billing" }
	for name, tc := range map[string]struct {
		a    events.Audience
		want bool
	}{
		"everyone":           {events.Audience{}, true},
		"user":               {events.Audience{User: "u1"}, true},
		"other user":         {events.Audience{User: "u2"}, false},
		"session":            {events.Audience{Session: "s1"}, true},
		"other session":      {events.Audience{Session: "s2"}, false},
		"permission":         {events.Audience{Permission: "billing.read"}, true},
		"other permission":   {events.Audience{Permission: "billing.write"}, false},
		"module":             {events.Audience{Module: "billing"}, true},
		"other module":       {events.Audience{Module: "hr"}, false},
		"all must hold":      {events.Audience{User: "u1", Module: "hr"}, false},
		"user and module":    {events.Audience{User: "u1", Module: "billing"}, true},
		"session of another": {events.Audience{User: "u2", Session: "s1"}, false},
	} {
		if got := tc.a.Admits("u1", "s1", has, hasAny); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
	if (events.Audience{Permission: "p"}).Admits("u", "s", nil, nil) || (events.Audience{Module: "m"}).Admits("u", "s", nil, nil) {
		t.Error("a nil judge admitted somebody")
	}
}

func TestSlowReaderIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hub(t, nil, events.Options{Ring: 4})
		slow, quick := subscribe(t, h, events.Subscriber{}), subscribe(t, h, events.Subscriber{})
		publish(t, h, "1", "2", "3", "4")
		if got, err := drain(t, quick); len(got) != 4 || err != nil {
			t.Fatalf("quick: got %q, %v", got, err)
		}
		publish(t, h, "5")
		got, err := drain(t, slow)
		var ended *events.EndedError
		if len(got) != 0 || !errors.As(err, &ended) || ended.Reason != events.ReasonOverflow {
			t.Errorf("slow: got %q, %v, want the end by %s", got, err, events.ReasonOverflow)
		}
		if got, err := drain(t, quick); len(got) != 1 || err != nil {
			t.Errorf("quick: got %q, %v, want one event", got, err)
		}
	})
}

func TestEndDropsWhatWasNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hub(t, nil, events.Options{})
		gone := subscribe(t, h, events.Subscriber{User: "u", Session: "s1"})
		stays := subscribe(t, h, events.Subscriber{User: "u", Session: "s2"})
		publish(t, h, "secret")
		if n := h.End(events.ReasonSessionEnded, func(s events.Subscriber) bool { return s.Session == "s1" }); n != 1 {
			t.Errorf("End: got %d, want 1", n)
		}
		got, err := drain(t, gone)
		if len(got) != 0 || err == nil || err.Error() != "stream ended: session-ended" {
			t.Errorf("ended session: got %q, %v", got, err)
		}
		if got, err := drain(t, stays); len(got) != 1 || err != nil {
			t.Errorf("other session: got %q, %v", got, err)
		}
		stays.End(events.ReasonModuleDisabled)
		stays.End("again")
		if _, err := drain(t, stays); err == nil || err.Error() != "stream ended: module-disabled" {
			t.Errorf("ended by itself: got %v", err)
		}
	})
}

func TestNextEndsWithItsContext(t *testing.T) {
	t.Parallel()
	h := hub(t, nil, events.Options{})
	s := subscribe(t, h, events.Subscriber{Filter: func(events.Event) bool { return false }})
	cause := errors.New("cause")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	publish(t, h, "a")
	if _, err := s.Next(ctx); !errors.Is(err, cause) {
		t.Errorf("got %v, want the cause", err)
	}
}

func TestCaps(t *testing.T) {
	t.Parallel()
	h := hub(t, nil, events.Options{MaxPerUser: 2, MaxStreams: 4})
	first := subscribe(t, h, events.Subscriber{User: "u"})
	subscribe(t, h, events.Subscriber{User: "u"})
	if _, err := h.Subscribe(events.Subscriber{User: "u"}); !errors.Is(err, events.ErrTooManyStreams) {
		t.Errorf("third of a person: got %v, want ErrTooManyStreams", err)
	}
	// An ended stream counts until its reader has given it back: it still holds a goroutine.
	first.End("x")
	if _, err := h.Subscribe(events.Subscriber{User: "u"}); !errors.Is(err, events.ErrTooManyStreams) {
		t.Errorf("after End: got %v, want ErrTooManyStreams", err)
	}
	first.Close()
	first.Close()
	subscribe(t, h, events.Subscriber{User: "u"})
	subscribe(t, h, events.Subscriber{})
	subscribe(t, h, events.Subscriber{})
	if _, err := h.Subscribe(events.Subscriber{}); !errors.Is(err, events.ErrTooManyStreams) {
		t.Errorf("over the total: got %v, want ErrTooManyStreams", err)
	}
	if got := h.Streams(); got != 4 {
		t.Errorf("Streams: got %d, want 4", got)
	}
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	h := events.New(storage.NewMemoryBus(), events.Options{})
	s := subscribe(t, h, events.Subscriber{})
	for range 2 {
		if err := h.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	}
	var ended *events.EndedError
	if _, err := s.Next(t.Context()); !errors.As(err, &ended) || ended.Reason != events.ReasonShutdown {
		t.Errorf("Next: got %v, want the end by %s", err, events.ReasonShutdown)
	}
	if err := h.Publish(t.Context(), events.Event{Name: "a"}); !errors.Is(err, events.ErrClosed) {
		t.Errorf("Publish: got %v, want ErrClosed", err)
	}
	if _, err := h.Subscribe(events.Subscriber{}); !errors.Is(err, events.ErrClosed) {
		t.Errorf("Subscribe: got %v, want ErrClosed", err)
	}
	if err := h.Start(t.Context()); !errors.Is(err, events.ErrClosed) {
		t.Errorf("Start: got %v, want ErrClosed", err)
	}
}

func TestFanOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := storage.NewMemoryBus()
		defer bus.Close()
		one, two := hub(t, bus, events.Options{}), hub(t, bus, events.Options{})
		a, b := subscribe(t, one, events.Subscriber{}), subscribe(t, two, events.Subscriber{})
		want := events.Event{Name: "module", Data: json.RawMessage(`{"id":"system"}`), Audience: events.Audience{
			Permission: "p", Module: "m", User: "u", Session: "s"}}
		if err := one.Publish(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := b.Next(t.Context())
		if err != nil || got.Name != want.Name || string(got.Data) != string(want.Data) || got.Audience != want.Audience {
			t.Errorf("other instance: got %+v, %v, want %+v", got, err, want)
		}
		if got, err := drain(t, a); len(got) != 1 || err != nil {
			t.Errorf("own instance: got %q, %v, want the event once", got, err)
		}
		if got, err := drain(t, b); len(got) != 0 || err != nil {
			t.Errorf("other instance: got %q, %v, want nothing more", got, err)
		}
	})
}

func FuzzBusMessage(f *testing.F) {
	f.Add([]byte(`{"o":"x","n":"module","d":{"id":"system"},"a":{"module":"system"}}`))
	f.Add([]byte(`{"o":"x","n":"a\nb","d":{}}`))
	f.Add([]byte(`{"o":"x","n":"resync"}`))
	f.Add([]byte(`[]`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > storage.MaxMessage {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			bus := storage.NewMemoryBus()
			defer bus.Close()
			h := events.New(bus, events.Options{})
			defer h.Shutdown(context.Background())
			if err := h.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			s, err := h.Subscribe(events.Subscriber{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := bus.Publish(t.Context(), events.Topic, payload); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			publish(t, h, "after")
			for {
				e, err := s.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if e.Name == "after" && e.ID > 1 || e.Name == "after" && string(e.Data) == "{}" {
					return
				}
				if !json.Valid(e.Data) || e.Name == events.Resync {
					t.Fatalf("delivered %+v", e)
				}
				if _, err := events.AppendMessage(nil, events.Message{Name: e.Name, Data: e.Data}); err != nil {
					t.Fatalf("delivered what cannot be sent: %v", err)
				}
			}
		})
	})
}

func BenchmarkPublish(b *testing.B) {
	for _, readers := range []int{0, 100} {
		b.Run(fmt.Sprint(readers, " readers"), func(b *testing.B) {
			h := events.New(nil, events.Options{})
			for range readers {
				if _, err := h.Subscribe(events.Subscriber{}); err != nil {
					b.Fatal(err)
				}
			}
			e := events.Event{Name: "panel", Data: json.RawMessage(`{"module":"system","panel":"cpu"}`)}
			b.ReportAllocs()
			for b.Loop() {
				if err := h.Publish(b.Context(), e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
