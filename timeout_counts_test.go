package dashboard_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// act asks for an action on the module slow and waits until it is in a state.
func (h *slowHouse) act(action, want string) {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), "POST", "/api/v1/modules/slow/"+action, nil)
	r.Host = "localhost"
	r.Header.Set("Authorization", "Bearer "+dashboard.AccessTokenForTest(h.t, h.d, ownerEmail, ownerPassword))
	w := httptest.NewRecorder()
	h.d.ServeHTTP(w, r)
	if w.Code != http.StatusAccepted {
		h.t.Fatalf("%s: got %d %s", action, w.Code, w.Body)
	}
	<-time.After(12 * time.Second)
	if state := h.state(); state != want {
		h.t.Fatalf("after %s: %s, want %s", action, state, want)
	}
}

// What was asked for before a module was disabled does not count against the one
// that is enabled now.
func TestHangsOfWhatWasDisabled(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]bool{"disabled and enabled": true, "enabled all the time": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stuck := make(chan struct{})
				h := newSlowHouse(t, func(r *dashboard.Router) error {
					dashboard.Get(r, "/stuck", stuckInHere(stuck), dashboard.Public())
					return nil
				}, dashboard.WithEndpointTimeout(30*time.Second), dashboard.WithDrainTimeout(time.Second))
				var wg sync.WaitGroup
				defer wg.Wait()
				defer close(stuck)
				for range 11 {
					wg.Go(func() { h.ask("GET", "/stuck", nil) })
				}
				want := "quarantined"
				if again {
					h.act("disable", "installed")
					h.act("enable", "enabled")
					want = "enabled"
				}
				<-time.After(time.Minute)
				if errs, text := h.reports.all(); len(errs) != 11 {
					t.Errorf("reported %q, want 11 that hang", text)
				}
				if state := h.state(); state != want {
					t.Errorf("got %s, want %s", state, want)
				}
			})
		})
	}
}

// The program stands still for stacks once in ten seconds at most.
func TestStacksAreRare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		h := newSlowHouse(t, func(r *dashboard.Router) error {
			dashboard.Get(r, "/stuck", stuckInHere(stuck), dashboard.Public())
			return nil
		}, dashboard.WithEndpointTimeout(time.Second))
		var wg sync.WaitGroup
		defer wg.Wait()
		defer close(stuck)
		for _, pause := range []time.Duration{5 * time.Second, 15 * time.Second, 20 * time.Second} {
			wg.Go(func() { h.ask("GET", "/stuck", nil) })
			<-time.After(pause)
		}
		errs, _ := h.reports.all()
		got := ""
		for _, err := range errs {
			s, ok := errors.AsType[interface {
				error
				Stack() []byte
			}](err)
			if ok && strings.Contains(string(s.Stack()), "stuckInHere") {
				got += "where "
			} else {
				got += "- "
			}
		}
		if got != "where - where " {
			t.Errorf("got %q, want no stack of the second, 5 s after the first", got)
		}
	})
}
