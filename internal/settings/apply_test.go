package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/settings"
)

func wantRefused(t testing.TB, err error) (refused settings.ApplyError) {
	t.Helper()
	e, ok := errors.AsType[*settings.ApplyError](err)
	if !ok || e.Module != "mail" {
		t.Fatalf("got %v, want an *ApplyError", err)
	}
	return *e
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hook     func(context.Context, json.RawMessage) error
		panicked bool
		detail   string
	}{
		"error": {func(context.Context, json.RawMessage) error { return errors.New("no such host") }, false, "no such host"},
		"panic": {func(context.Context, json.RawMessage) error { panic("boom") }, true, "panic: boom"},
		"exit":  {func(context.Context, json.RawMessage) error { runtime.Goexit(); return nil }, true, "apply ended its goroutine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &mail{}
			s := start(t, open(t), settings.Options{}, m)
			put(t, s, `{"host":"mx","auth":{"password":"hunter2!"}}`, 0)
			_, before := m.last()
			m.on(func(ctx context.Context, values json.RawMessage) error {
				if strings.Contains(string(values), "bad") {
					return tc.hook(ctx, values)
				}
				return nil
			})
			_, err := s.Put(t.Context(), "mail", json.RawMessage(`{"host":"bad"}`), 1, "u1")
			if refused := wantRefused(t, err); refused.Panicked != tc.panicked || refused.Detail != tc.detail || !refused.Restored {
				t.Errorf("got %+v, want %q and the former values restored", refused, tc.detail)
			}
			wantView(t, s, effective("mx", 25, "", ""), true, 1)
			wantEffect(t, m, effective("mx", 25, "", "hunter2!"))
			if _, after := m.last(); after != before+1 {
				t.Errorf("applied %d times, want once: the former values", after-before)
			}
			if err := s.Failure("mail"); err != nil {
				t.Errorf("Failure: got %v", err)
			}
		})
	}
}

// What a module says about values may quote its secrets, the new ones and those it had.
func TestErrorsTellNoSecret(t *testing.T) {
	t.Parallel()
	const before, after = `old "pass" word/`, `new "pass" word/`
	quoted := strconv.Quote
	m := &mail{}
	s := start(t, open(t), settings.Options{}, m)
	put(t, s, `{"auth":{"password":`+quoted(before)+`}}`, 0)
	m.on(func(_ context.Context, values json.RawMessage) error {
		if !strings.Contains(string(values), "bad") {
			return nil
		}
		return errors.New("not " + after + " nor " + quoted(before) + " nor " + url.QueryEscape(after) + " nor " + url.PathEscape(before))
	})
	_, err := s.Put(t.Context(), "mail", json.RawMessage(`{"host":"bad","auth":{"password":`+quoted(after)+`}}`), 1, "u1")
	want := `not [secret] nor "[secret]" nor [secret] nor [secret]`
	if refused := wantRefused(t, err); refused.Detail != want {
		t.Errorf("got %q, want %q", refused.Detail, want)
	}
}

func TestApplyMayChangeItsBytes(t *testing.T) {
	t.Parallel()
	m := &mail{}
	s := start(t, open(t), settings.Options{}, m)
	var took []string
	m.on(func(_ context.Context, values json.RawMessage) error {
		took = append(took, string(values))
		defer clear(values)
		if strings.Contains(string(values), "bad") {
			return errors.New("refused")
		}
		return nil
	})
	put(t, s, `{"host":"mx"}`, 0)
	_, err := s.Put(t.Context(), "mail", json.RawMessage(`{"host":"bad"}`), 1, "u1")
	wantRefused(t, err)
	if got := took[len(took)-1]; got != effective("mx", 25, "", "") {
		t.Errorf("got %q, want the former values whole", got)
	}
}

// A hanging Apply costs its own module the change, and nobody else anything. When it returns after all, the module is
// brought back to what is stored.
func TestApplyHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mail{}
		s := start(t, open(t), settings.Options{}, m)
		if err := s.Register("chat", settings.Spec{Defaults: json.RawMessage(`{"room":""}`)}); err != nil {
			t.Fatal(err)
		}
		put(t, s, `{"host":"mx"}`, 0)
		release := make(chan struct{})
		m.on(func(_ context.Context, values json.RawMessage) error {
			if strings.Contains(string(values), "hang") {
				<-release
			}
			return nil
		})
		began := time.Now()
		_, err := s.Put(t.Context(), "mail", json.RawMessage(`{"host":"hang"}`), 1, "u1")
		if refused := wantRefused(t, err); !refused.TimedOut || refused.Restored {
			t.Errorf("got %+v, want a timeout with nothing restored", refused)
		}
		if took := time.Since(began); took > 11*time.Second {
			t.Errorf("took %v", took)
		}
		wantView(t, s, effective("mx", 25, "", ""), false, 1)
		var stale *settings.StaleError
		if err := s.Failure("mail"); !errors.As(err, &stale) || stale.Version != 1 {
			t.Errorf("Failure: got %v, want version 1", err)
		}
		began = time.Now()
		if _, err := s.Put(t.Context(), "mail", json.RawMessage(`{"host":"b"}`), 1, "u1"); !errors.Is(err, settings.ErrBusy) {
			t.Errorf("while it hangs: got %v, want ErrBusy", err)
		}
		if err := s.Attach(t.Context(), "mail"); !errors.Is(err, settings.ErrBusy) {
			t.Errorf("Attach while it hangs: got %v, want ErrBusy", err)
		}
		if _, err := s.Put(t.Context(), "chat", json.RawMessage(`{"room":"x"}`), 0, "u1"); err != nil {
			t.Errorf("another module: %v", err)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("others waited %v for it", took)
		}
		close(release)
		eventually(t, 2*time.Second, "stored values in effect", func() bool { return s.Failure("mail") == nil })
		wantEffect(t, m, effective("mx", 25, "", ""))
		put(t, s, `{"host":"c"}`, 1)
	})
}

// An Apply that honors its context is not in doubt: the former values are applied at once.
func TestApplyTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mail{}
		s := start(t, open(t), settings.Options{ApplyTimeout: 3 * time.Second}, m)
		m.on(func(ctx context.Context, values json.RawMessage) error {
			if strings.Contains(string(values), "slow") {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		began := time.Now()
		_, err := s.Put(t.Context(), "mail", json.RawMessage(`{"host":"slow"}`), 0, "u1")
		if refused := wantRefused(t, err); !refused.TimedOut || !refused.Restored {
			t.Errorf("got %+v, want a timeout and the former values", refused)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %v, want 3 s", took)
		}
		wantEffect(t, m, effective("localhost", 25, "", ""))
	})
}

// When the former values cannot be applied back either, the follower keeps trying what is stored.
func TestRestoreFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mail{}
		s := start(t, open(t), settings.Options{}, m)
		put(t, s, `{"host":"mx"}`, 0)
		m.on(func(context.Context, json.RawMessage) error { return errors.New("down") })
		_, err := s.Put(t.Context(), "mail", json.RawMessage(`{"host":"other"}`), 1, "u1")
		if refused := wantRefused(t, err); refused.Restored {
			t.Errorf("got %+v, want it to say that nothing was restored", refused)
		}
		if err := s.Failure("mail"); err == nil || !strings.Contains(err.Error(), "down") {
			t.Errorf("Failure: got %v, want the module's error", err)
		}
		wantView(t, s, effective("mx", 25, "", ""), false, 1)
		m.on(nil)
		eventually(t, 2*time.Second, "stored values in effect", func() bool { return s.Failure("mail") == nil })
		wantEffect(t, m, effective("mx", 25, "", ""))
	})
}

// The caller's leaving must not leave a change half done.
func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	m := &mail{}
	s := start(t, open(t), settings.Options{}, m)
	ctx, cancel := context.WithCancel(t.Context())
	m.on(func(context.Context, json.RawMessage) error { cancel(); return nil })
	if v, err := s.Put(ctx, "mail", json.RawMessage(`{"host":"mx"}`), 0, "u1"); err != nil || v != 1 {
		t.Errorf("got %d, %v, want 1", v, err)
	}
	if _, err := s.Put(ctx, "mail", json.RawMessage(`{"host":"mx2"}`), 1, "u1"); !errors.Is(err, context.Canceled) {
		t.Errorf("after leaving: got %v, want canceled", err)
	}
	wantView(t, s, effective("mx", 25, "", ""), false, 1)
	wantEffect(t, m, effective("mx", 25, "", ""))
}

func TestDetached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &mail{detached: true}
		s := start(t, open(t), settings.Options{}, m)
		put(t, s, `{"host":"mx"}`, 0)
		<-time.After(2 * time.Second)
		if _, calls := m.last(); calls != 0 {
			t.Errorf("applied %d times while detached, want none", calls)
		}
		m.on(func(context.Context, json.RawMessage) error { return errors.New("no") })
		wantRefused(t, s.Attach(t.Context(), "mail"))
		m.on(nil)
		put(t, s, `{"host":"mx2"}`, 1)
		if _, calls := m.last(); calls != 0 {
			t.Errorf("applied %d times after Attach failed, want none", calls)
		}
		if err := s.Attach(t.Context(), "mail"); err != nil {
			t.Fatal(err)
		}
		wantEffect(t, m, effective("mx2", 25, "", ""))
		if err := s.Detach(t.Context(), "mail"); err != nil {
			t.Fatal(err)
		}
		put(t, s, `{"host":"mx3"}`, 2)
		<-time.After(2 * time.Second)
		wantEffect(t, m, effective("mx2", 25, "", ""))
		for _, err := range []error{s.Attach(t.Context(), "x"), s.Detach(t.Context(), "x"), s.Failure("x")} {
			if !errors.Is(err, settings.ErrUnknownModule) {
				t.Errorf("got %v, want ErrUnknownModule", err)
			}
		}
	})
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		never, err := settings.New(open(t), settings.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := never.Shutdown(t.Context()); err != nil {
			t.Errorf("without Start: %v", err)
		}
		if err := never.Start(t.Context()); err == nil {
			t.Error("Start after Shutdown: got no error")
		}
		m := &mail{}
		s := start(t, open(t), settings.Options{}, m)
		if err := s.Start(t.Context()); err == nil {
			t.Error("second Start: got no error")
		}
		release := make(chan struct{})
		m.on(func(context.Context, json.RawMessage) error { <-release; return nil })
		go func() { _, _ = s.Put(context.Background(), "mail", json.RawMessage(`{"host":"x"}`), 0, "") }()
		<-time.After(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `"mail"`) {
			t.Errorf("while Apply hangs: got %v, want an error that names the module", err)
		}
		close(release)
		if err := s.Shutdown(t.Context()); err != nil {
			t.Errorf("second Shutdown: %v", err)
		}
		if _, err := s.Put(t.Context(), "mail", json.RawMessage(`{}`), 0, ""); !errors.Is(err, settings.ErrClosed) {
			t.Errorf("Put: got %v, want ErrClosed", err)
		}
		if err := s.Detach(t.Context(), "mail"); err != nil {
			t.Errorf("Detach: %v", err)
		}
	})
}
