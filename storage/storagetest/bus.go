package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
)

// RunBus checks a bus. open returns one without subscribers; the test that
// opens it closes it.
func RunBus(t *testing.T, open func(t *testing.T) storage.Bus) {
	cases := []struct {
		name string
		run  func(*testing.T, storage.Bus)
	}{
		{"order and topics", testBusOrder},
		{"payload is copied", testBusCopies},
		{"stop", testBusStop},
		{"slow subscriber", testBusSlow},
		{"too large", testBusLarge},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// inbox collects what a subscriber receives.
type inbox struct {
	mu  sync.Mutex
	got []string
}

func (b *inbox) add(p []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, string(p))
}

func (b *inbox) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

func publish(t *testing.T, b storage.Bus, topic, payload string) {
	t.Helper()
	if err := b.Publish(t.Context(), topic, []byte(payload)); err != nil {
		t.Fatalf("publish: %v", err)
	}
}

// subscribe returns an inbox once the subscription works: a bus over a
// network may need a moment.
func subscribe(t *testing.T, b storage.Bus, topic string) (*inbox, func()) {
	t.Helper()
	box, ready := &inbox{}, make(chan struct{})
	var once sync.Once
	stop := b.Subscribe(topic, func(p []byte) {
		if string(p) == "ready?" {
			once.Do(func() { close(ready) })
			return
		}
		box.add(p)
	})
	t.Cleanup(stop)
	eventually(t, "subscription", func() bool {
		publish(t, b, topic, "ready?")
		select {
		case <-ready:
			return true
		default:
			return false
		}
	})
	return box, stop
}

func testBusOrder(t *testing.T, b storage.Bus) {
	one, _ := subscribe(t, b, "one")
	also, _ := subscribe(t, b, "one")
	two, _ := subscribe(t, b, "two")
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint(i))
		publish(t, b, "one", fmt.Sprint(i))
	}
	publish(t, b, "two", "")
	publish(t, b, "nobody", "x")
	for name, box := range map[string]*inbox{"one": one, "also": also} {
		eventually(t, name, func() bool { return len(box.all()) >= len(want) })
		if got := box.all(); !slices.Equal(got, want) {
			t.Errorf("%s received %v, want %v", name, got, want)
		}
	}
	eventually(t, "two", func() bool { return slices.Equal(two.all(), []string{""}) })
}

func testBusCopies(t *testing.T, b storage.Bus) {
	box, _ := subscribe(t, b, "topic")
	payload := []byte("before")
	if err := b.Publish(t.Context(), "topic", payload); err != nil {
		t.Fatal(err)
	}
	copy(payload, "after!")
	eventually(t, "message", func() bool { return len(box.all()) == 1 })
	if got := box.all()[0]; got != "before" {
		t.Errorf("received %q, want before", got)
	}
}

func testBusStop(t *testing.T, b storage.Bus) {
	stopped, stop := subscribe(t, b, "topic")
	other, _ := subscribe(t, b, "topic")
	stop()
	stop()
	before := len(stopped.all())
	publish(t, b, "topic", "x")
	eventually(t, "other subscriber", func() bool { return len(other.all()) == 1 })
	if got := len(stopped.all()); got != before {
		t.Errorf("a stopped subscriber received %d messages", got-before)
	}
	// From inside.
	var calls inbox
	var stopInside func()
	set := make(chan struct{})
	stopInside = b.Subscribe("inside", func(p []byte) {
		<-set
		calls.add(p)
		stopInside()
	})
	close(set)
	eventually(t, "first call", func() bool {
		publish(t, b, "inside", "x")
		return len(calls.all()) > 0
	})
	marker, _ := subscribe(t, b, "inside")
	publish(t, b, "inside", "y")
	eventually(t, "marker", func() bool { return len(marker.all()) == 1 })
	if got := calls.all(); len(got) != 1 {
		t.Errorf("calls = %v, want one", got)
	}
}

func testBusSlow(t *testing.T, b storage.Bus) {
	const flood = 20_000
	release := make(chan struct{})
	var slow inbox
	t.Cleanup(b.Subscribe("topic", func(p []byte) {
		<-release
		slow.add(p)
	}))
	fast, _ := subscribe(t, b, "other")
	for i := range flood {
		publish(t, b, "topic", strconv.Itoa(i))
	}
	publish(t, b, "other", "x")
	eventually(t, "a subscriber beside the slow one", func() bool { return len(fast.all()) == 1 })
	close(release)
	last := strconv.Itoa(flood - 1)
	eventually(t, "the latest message", func() bool { return slices.Contains(slow.all(), last) })
	got := slow.all()
	if len(got) > flood/2 {
		t.Errorf("%d messages were kept for a slow subscriber", len(got))
	}
	if !slices.IsSortedFunc(got, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	}) {
		t.Error("messages came out of order")
	}
}

func testBusLarge(t *testing.T, b storage.Bus) {
	box, _ := subscribe(t, b, "topic")
	if err := b.Publish(t.Context(), "topic", make([]byte, storage.MaxMessage+1)); !errors.Is(err, storage.ErrTooLarge) {
		t.Errorf("publish = %v, want ErrTooLarge", err)
	}
	publish(t, b, "topic", string(make([]byte, storage.MaxMessage)))
	eventually(t, "message", func() bool { return len(box.all()) == 1 })
	if got := len(box.all()[0]); got != storage.MaxMessage {
		t.Errorf("received %d bytes, want %d", got, storage.MaxMessage)
	}
}
