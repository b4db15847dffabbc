package dashboard_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// promise sends the header of a request and the beginning of its body.
func promise(t *testing.T, s *server, path, token string) net.Conn {
	t.Helper()
	address := strings.TrimPrefix(s.URL, "http://")
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 60\r\nAuthorization: %s\r\n\r\n{",
		path, address, token)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A body that never comes holds nobody up, whether the handler reads it or has
// refused the request without.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithBodyPatience(time.Second))
	for _, tt := range []struct {
		path, token string
		status      int
	}{
		{"/api/v1/users", "Bearer " + s.token, http.StatusRequestTimeout},
		{"/api/v1/users", "Bearer x", http.StatusUnauthorized},
		{"/nothing", "Bearer x", http.StatusMethodNotAllowed},
	} {
		c := promise(t, s, tt.path, tt.token)
		if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(c)
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%s: no answer: %v", tt.path, err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != tt.status {
			t.Errorf("%s: got %d, want %d", tt.path, res.StatusCode, tt.status)
		}
		if _, err := in.ReadByte(); err != io.EOF {
			t.Errorf("%s: the connection is still open: %v", tt.path, err)
		}
	}
}

// The deadline is for the body alone: a handler that takes longer keeps its
// request, and so does the next one on the connection.
func TestBodyDeadlineEndsWithBody(t *testing.T) {
	t.Parallel()
	const patience = 500 * time.Millisecond // of the server, with a body
	type in struct {
		N int `json:"n"`
	}
	m := &hooks{id: "slow", routes: func(r *dashboard.Router) error {
		dashboard.Post(r, "/work", func(ctx context.Context, _ in) (none, error) {
			timer := time.NewTimer(3 * patience)
			defer timer.Stop()
			select {
			case <-timer.C:
				return none{}, nil
			case <-ctx.Done():
				return none{}, ctx.Err()
			}
		}, dashboard.Require(permRead))
		return nil
	}}
	s := newServer(t, dashboard.WithModules(m), dashboard.WithBodyPatience(patience))
	s.waitState("slow", "enabled")
	for range 2 {
		s.owner().do("POST", "/api/v1/m/slow/work", map[string]int{"n": 1}).wantStatus(http.StatusNoContent)
	}
}
