package dashboard_test

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// takeable is a connection that a handler may take over.
type takeable struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (w takeable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.conn, nil, nil }

// A handler that has taken the connection over, as for a WebSocket, has no limit.
func TestTakenConnectionsHaveNoLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var err error
		h := newSlowHouse(t, func(r *dashboard.Router) error {
			r.Handle("GET /socket", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, _, taken := w.(http.Hijacker).Hijack()
				if err = taken; err == nil {
					err = slowItems{80 * time.Second}.wait(r.Context())
					_ = conn.Close()
				}
			}), dashboard.Public())
			return nil
		})
		ours, theirs := net.Pipe()
		defer theirs.Close()
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/m/slow/socket", nil)
		r.Host = "localhost"
		h.d.ServeHTTP(takeable{httptest.NewRecorder(), ours}, r)
		if err != nil {
			t.Errorf("the handler ended with %v", err)
		}
	})
}
