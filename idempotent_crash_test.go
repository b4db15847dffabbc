package dashboard_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

type entryOut struct {
	Entries int `json:"entries"`
}

// enter adds an entry, and stands still where the test kills the process.
func (m *ledger) enter(ctx context.Context, _ none) (out entryOut, err error) {
	stop := func(point string) {
		if m.c.StopAt == point {
			fmt.Println("reached")
			select {}
		}
	}
	stop("claimed")
	err = m.host.DB().Update(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO ledger__entries (id) SELECT count(*) FROM ledger__entries`); err != nil {
			return err
		}
		stop("writing")
		return tx.QueryRow(ctx, `SELECT count(*) FROM ledger__entries`).Scan(&out.Entries)
	})
	stop("written")
	return out, err
}

// The real server is killed while it handles a request with an Idempotency-Key.
// Whoever repeats it ends with one entry.
func TestKilledWithIdempotencyKey(t *testing.T) {
	t.Parallel()
	for point, c := range map[string]struct {
		status int
		slug   string
	}{
		"claimed": {status: http.StatusOK},
		"writing": {status: http.StatusOK},
		"written": {http.StatusConflict, "idempotency-answer-lost"},
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			conf := crashConfig{Database: filepath.Join(dir, "d.db"), Journal: filepath.Join(dir, "journal"), Version: "1.0.0"}
			stopped := conf
			stopped.StopAt = point
			victim := startChild(t, stopped)
			victim.signIn()
			victim.waitState("ledger", "enabled")
			go enterUnheard(victim.URL, victim.token)
			if got := victim.line(t); got != "reached" {
				t.Fatalf("the child says %q, want reached", got)
			}
			victim.kill()

			after := startChild(t, conf)
			after.signIn()
			after.waitState("ledger", "enabled")
			enter := func() answer {
				return after.owner().do("POST", "/api/v1/m/ledger/entries", nil, "Idempotency-Key", "k")
			}
			busy := enter().wantProblem(http.StatusConflict, "idempotency-in-progress")
			if busy.header.Get("Retry-After") != "1" {
				t.Errorf("got Retry-After %q, want 1", busy.header.Get("Retry-After"))
			}
			endLeases(t, conf.Database)
			if c.slug != "" {
				enter().wantProblem(c.status, c.slug)
			} else {
				enter().wantStatus(c.status)
				if a := enter().wantStatus(c.status); a.header.Get("Idempotent-Replayed") != "true" {
					t.Errorf("the second repetition ran again: %v", a.header)
				}
			}
			var out entryOut
			after.owner().do("POST", "/api/v1/m/ledger/entries", nil, "Idempotency-Key", "another").wantStatus(http.StatusOK).decode(&out)
			if out.Entries != 2 {
				t.Errorf("got %d entries with the new one, want 2", out.Entries)
			}
		})
	}
}

// enterUnheard sends the request whose answer nobody hears.
func enterUnheard(url, token string) {
	r, err := http.NewRequest(http.MethodPost, url+"/api/v1/m/ledger/entries", nil)
	if err != nil {
		return
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Idempotency-Key", "k")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	if res, err := transport.RoundTrip(r); err == nil {
		_ = res.Body.Close()
	}
}

// endLeases makes the leases of claims end now instead of in a minute.
func endLeases(t *testing.T, file string) {
	t.Helper()
	db, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `UPDATE idempotency_keys SET lease_until = 0`); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
