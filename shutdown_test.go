package dashboard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard"
)

// slowBody is a body that says when it is read and comes when it is told to.
type slowBody struct {
	reading, come chan struct{}
	text          io.Reader
	once          sync.Once
}

func (b *slowBody) Read(p []byte) (int, error) {
	b.once.Do(func() { close(b.reading) })
	<-b.come
	return b.text.Read(p)
}

func signIn(t *testing.T, d *dashboard.Dashboard, body io.Reader) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/api/v1/auth/login", body)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// slowSignIn is a started dashboard with a sign-in in flight.
func slowSignIn(t *testing.T) (*dashboard.Dashboard, *slowBody, <-chan int) {
	t.Helper()
	d, err := dashboard.New(memory(t), dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount(ownerEmail, ownerPassword))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	body := &slowBody{reading: make(chan struct{}), come: make(chan struct{}),
		text: strings.NewReader(fmt.Sprintf(`{"email":%q,"password":%q,"delivery":"token"}`, ownerEmail, ownerPassword))}
	status := make(chan int, 1)
	go func() { status <- signIn(t, d, body).Code }()
	<-body.reading
	return d, body, status
}

// A sign-in needs accounts, keys and the database until its end.
func TestShutdownWaitsForRequests(t *testing.T) {
	t.Parallel()
	d, body, status := slowSignIn(t)
	stopped := make(chan error, 1)
	go func() { stopped <- d.Shutdown(t.Context()) }()
	for refused := false; !refused; { // from when the stop has begun
		w := signIn(t, d, strings.NewReader("{}"))
		if refused = w.Code == http.StatusServiceUnavailable; refused && w.Header().Get("Retry-After") == "" {
			t.Error("request while stopping: got no Retry-After")
		}
	}
	select {
	case err := <-stopped:
		t.Errorf("Shutdown returned %v before the request had ended", err)
	default:
	}
	close(body.come)
	if got := <-status; got != http.StatusOK {
		t.Errorf("request in flight: got %d, want 200", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestShutdownGivesUpOnRequests(t *testing.T) {
	t.Parallel()
	d, body, status := slowSignIn(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := d.Shutdown(ctx)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "requests are still running") {
		t.Errorf("Shutdown: got %v, want it to say that requests are still running", err)
	}
	close(body.come)
	<-status
}
