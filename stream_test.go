package dashboard_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// ticker is a module with a stream that goes on until it is ended, and, before
// the stream begins, waits for what the test does meanwhile.
func ticker(meanwhile func()) *hooks {
	return &hooks{id: "ticker", routes: func(r *dashboard.Router) error {
		dashboard.Get(r, "/ticks", func(context.Context, none) (dashboard.Stream, error) {
			if meanwhile != nil {
				meanwhile()
			}
			return func(ctx context.Context, send func(string, any) error) error {
				if err := send("tick", 1); err != nil {
					return err
				}
				<-ctx.Done()
				return nil
			}, nil
		}, dashboard.Require(permRead))
		return nil
	}}
}

// A stream of a module ends when its reader loses the permission, not only with
// the session.
func TestStreamEndsWithPermission(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(ticker(nil)))
	s.waitState("ticker", "enabled")
	reader := s.member("reader", "ticker.note.read")
	stream, err := reader.listen(t.Context(), "/api/v1/m/ticker/ticks")
	if err != nil {
		t.Fatal(err)
	}
	next(t, stream, "tick")
	s.owner().do("PUT", "/api/v1/roles/reader", map[string]any{"permissions": []string{"dashboard.audit.read"}}).wantStatus(204)
	next(t, stream, "forbidden")
	reader.get("/api/v1/auth/me").wantStatus(200)
}

// A session that is revoked after the request was let in and before its stream
// has begun does not leave a stream that nobody ends: not even where the open
// streams were looked at meanwhile.
func TestStreamOfRevokedSession(t *testing.T) {
	t.Parallel()
	var revoke func()
	s := newServer(t, dashboard.WithModules(ticker(func() { revoke() })))
	s.waitState("ticker", "enabled")
	reader := s.member("reader", "ticker.note.read")
	revoke = func() {}
	first, err := reader.listen(t.Context(), "/api/v1/m/ticker/ticks")
	if err != nil {
		t.Fatal(err)
	}
	next(t, first, "tick")
	revoke = func() {
		reader.do("POST", "/api/v1/auth/logout", nil).wantStatus(204)
		next(t, first, "session-ended")
	}
	second, err := reader.listen(t.Context(), "/api/v1/m/ticker/ticks")
	if err != nil {
		t.Fatal(err)
	}
	next(t, second, "session-ended")
}

// A credential that expires by itself ends its streams, though nobody is told.
func TestStreamOfExpiredKey(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(ticker(nil)))
	s.waitState("ticker", "enabled")
	for life := time.Second; ; life *= 4 { // a machine may be too slow for a key of a second
		var made struct{ Key string }
		s.owner().do("POST", "/api/v1/api-keys", map[string]any{"name": "short", "permissions": []string{"ticker.note.read"},
			"expires_at": time.Now().Add(life)}).wantStatus(http.StatusCreated).decode(&made)
		stream, err := s.as(made.Key).listen(t.Context(), "/api/v1/m/ticker/ticks")
		if err != nil {
			t.Fatal(err)
		}
		first, begun := <-stream
		if !begun && life < time.Minute { // it was refused
			continue
		}
		if first.name != "tick" {
			t.Fatalf("got %+v first, want tick", first)
		}
		next(t, stream, "session-ended")
		return
	}
}

func TestStreamsPerPerson(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(ticker(nil)))
	s.waitState("ticker", "enabled")
	reader := s.member("reader", "ticker.note.read")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 20 {
		stream, err := reader.listen(ctx, "/api/v1/m/ticker/ticks")
		if err != nil {
			t.Fatal(err)
		}
		next(t, stream, "tick")
	}
	reader.get("/api/v1/m/ticker/ticks").wantProblem(http.StatusTooManyRequests, "too-many-streams")
	stream, err := s.owner().listen(t.Context(), "/api/v1/m/ticker/ticks") // another person
	if err != nil {
		t.Fatal(err)
	}
	next(t, stream, "tick")
	cancel()
	eventually(t, "there is room again", func() bool {
		again, err := reader.listen(t.Context(), "/api/v1/m/ticker/ticks")
		if err != nil {
			t.Fatal(err)
		}
		e, ok := <-again
		return ok && e.name == "tick"
	})
}

// HEAD of a stream has an end.
func TestHeadOfStream(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(ticker(nil)))
	s.waitState("ticker", "enabled")
	for _, path := range []string{"/api/v1/events", "/api/v1/m/ticker/ticks"} {
		a := s.owner().do("HEAD", path, nil).wantStatus(http.StatusOK)
		if got := a.header.Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("%s: got content type %q", path, got)
		}
	}
}

// A request that a drain cuts short is answered 503: its client has not left.
func TestDrainCutsShort(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	m := &hooks{id: "waiter", routes: func(r *dashboard.Router) error {
		dashboard.Get(r, "/wait", func(ctx context.Context, _ none) (none, error) {
			close(entered)
			<-ctx.Done()
			return none{}, ctx.Err()
		}, dashboard.Require(permRead))
		return nil
	}}
	s := newServer(t, dashboard.WithModules(m), dashboard.WithDrainTimeout(time.Millisecond))
	s.waitState("waiter", "enabled")
	var disabling sync.WaitGroup
	disabling.Go(func() {
		<-entered
		s.owner().do("POST", "/api/v1/modules/waiter/disable", nil)
	})
	a := s.owner().get("/api/v1/m/waiter/wait")
	a.wantProblem(http.StatusServiceUnavailable, "module-draining")
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	disabling.Wait()
	s.waitState("waiter", "installed")
}
