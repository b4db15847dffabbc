// Package idempotency keeps what requests with an Idempotency-Key were answered,
// so that a client that heard nothing may ask again without anything being done
// twice.
//
// A key is claimed before the request is handled. The first transaction that
// writes for the request marks it as written: the mark and the write are one,
// or neither is there. When the request was handled its answer is stored, and
// every repetition gets that answer. What becomes of a claim whose process died
// follows from how far it came:
//
//   - not written: nothing was done. A repetition may claim the key once the
//     lease of the first has run out. Should the first be alive after all, its
//     write fails, because the key is somebody else's.
//   - written, not answered: it was done, and nobody knows the answer any more.
//     Repetitions are told so ([Lost]); nothing is done again.
//
// A request that fails before anything was written gives its key back: it may be
// tried again. One that does nothing in this database is not protected between
// its effect and its answer.
package idempotency

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// Bounds.
const (
	MaxKey    = 255              // bytes of a key
	MaxAnswer = 64 << 10         // bytes of a stored answer, headers and body
	MaxKeys   = 10_000           // keys of one owner
	MaxBytes  = 32 << 20         // stored answers of one owner
	Keep      = 24 * time.Hour   // how long a key is remembered
	Lease     = time.Minute      // how long a request may take before its key can be claimed again, where it does not say
	sweepTick = 10 * time.Minute // how often forgotten keys are removed
	sweepWait = time.Second      // before the first time, while the rest starts
)

// A Request says whose key it is and what it was sent with.
type Request struct {
	Owner string // who asks
	Scope string // what is asked: method and path
	Key   string
	Print string        // tells apart what was sent with it: see [Print]
	Lease time.Duration // default [Lease]
}

// Print returns the fingerprint of what a request holds.
func Print(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		var size [8]byte
		for i, n := 0, len(p); n > 0; i, n = i+1, n>>8 {
			size[i] = byte(n)
		}
		h.Write(size[:])
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (r Request) id() string {
	return Print([]byte(r.Owner), []byte(r.Scope), []byte(r.Key))
}

// Answer is what a request was answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Outcome says what to do with a request.
type Outcome int

// The outcomes of [Store.Claim].
const (
	Run        Outcome = iota + 1 // handle it; the claim must be finished
	Replay                        // answer what the first was answered
	InProgress                    // the first is being handled
	Reused                        // the key was sent with something else
	Lost                          // the first was handled, its answer is not there
)

// Store is the keys of one database. It is safe for concurrent use.
type Store struct {
	db  *storage.DB
	now string // SQL of the database's clock

	stop func()
	wg   sync.WaitGroup
}

// New returns the store of db. It does no I/O.
func New(db *storage.DB) *Store {
	return &Store{db: db, now: db.Dialect().NowMicros(), stop: func() {}}
}

// Start migrates the database and sweeps it until Shutdown.
func (s *Store) Start(ctx context.Context) error {
	if err := s.db.MigrateAll(ctx, Schema()); err != nil {
		return fmt.Errorf("start idempotency: %w", err)
	}
	sweeping, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = cancel
	s.wg.Go(func() {
		tick := time.NewTicker(sweepWait)
		defer tick.Stop()
		for {
			select {
			case <-sweeping.Done():
				return
			case <-tick.C:
			}
			tick.Reset(sweepTick)
			_, _ = s.Sweep(sweeping) // it is tried again, and claims do not see what is left
		}
	})
	return nil
}

// Shutdown stops the sweeping. It is valid without Start and may be called again.
func (s *Store) Shutdown(context.Context) error {
	s.stop()
	s.wg.Wait()
	return nil
}

// Claim is the right to handle a request with a key.
type Claim struct {
	s          *Store
	id, holder string
	stop       func()
}

const (
	claimed = iota + 1
	written
	answered
)

// Claim asks for the right to handle r. With Run it returns a claim, with Replay
// the answer.
func (s *Store) Claim(ctx context.Context, r Request) (o Outcome, c *Claim, a *Answer, err error) {
	id, holder := r.id(), strings.ToLower(rand.Text())
	r.Lease = cmp.Or(r.Lease, Lease)
	err = s.db.Update(ctx, func(tx *storage.Tx) error {
		if o, err = s.insert(ctx, tx, id, holder, r); err != nil {
			return err
		}
		if o == Run {
			return s.makeRoom(ctx, tx, r.Owner)
		}
		o, a, err = s.look(ctx, tx, id, r)
		return err
	})
	if err != nil {
		return 0, nil, nil, fmt.Errorf("claim idempotency key: %w", err)
	}
	if o == Run {
		c = &Claim{s: s, id: id, holder: holder, stop: func() {}}
	}
	return o, c, a, nil
}

// insert claims a key that is new, forgotten, or was claimed by who is gone.
func (s *Store) insert(ctx context.Context, tx *storage.Tx, id, holder string, r Request) (Outcome, error) {
	var got string
	err := tx.QueryRow(ctx, `INSERT INTO idempotency_keys (id, owner, print, holder, state, claimed_at, lease_until, forget_at, status, header, body, size)
		VALUES ($1, $2, $3, $4, `+state(claimed)+`, `+s.now+`, `+s.now+` + $5, `+s.now+` + $6, 0, '', NULL, 0)
		ON CONFLICT (id) DO UPDATE SET print = excluded.print, holder = excluded.holder, state = excluded.state, claimed_at = excluded.claimed_at,
			lease_until = excluded.lease_until, forget_at = excluded.forget_at, status = 0, header = '', body = NULL, size = 0
		WHERE idempotency_keys.forget_at <= excluded.claimed_at OR idempotency_keys.state = `+state(claimed)+`
			AND idempotency_keys.lease_until <= excluded.claimed_at AND idempotency_keys.print = excluded.print
		RETURNING holder`, id, r.Owner, r.Print, holder, r.Lease.Microseconds(), Keep.Microseconds()).Scan(&got)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return Run, nil
}

func state(n int) string { return strconv.Itoa(n) }

// look decides about a key that is taken.
func (s *Store) look(ctx context.Context, tx *storage.Tx, id string, r Request) (Outcome, *Answer, error) {
	var sent, header string
	var state, status int
	var leased bool
	var body []byte
	err := tx.QueryRow(ctx, `SELECT print, state, lease_until > `+s.now+`, status, header, body FROM idempotency_keys WHERE id = $1`, id).
		Scan(&sent, &state, &leased, &status, &header, &body)
	switch {
	case err != nil:
		return 0, nil, err
	case sent != r.Print:
		return Reused, nil, nil
	case state == answered && status == 0, state == written && !leased:
		return Lost, nil, nil
	case state != answered:
		return InProgress, nil, nil
	}
	a := &Answer{Status: status, Body: body}
	if err := json.Unmarshal([]byte(header), &a.Header); err != nil {
		return 0, nil, fmt.Errorf("stored header: %w", err)
	}
	return Replay, a, nil
}

// makeRoom forgets the oldest answers of an owner who has too many.
func (s *Store) makeRoom(ctx context.Context, tx *storage.Tx, owner string) error {
	for range 20 {
		var keys, bytes int64
		if err := tx.QueryRow(ctx, `SELECT count(*), COALESCE(sum(size), 0) FROM idempotency_keys WHERE owner = $1`, owner).Scan(&keys, &bytes); err != nil {
			return err
		}
		if keys <= MaxKeys && bytes <= MaxBytes {
			return nil
		}
		// A tenth at a time, so that this is done rarely.
		if _, err := tx.Exec(ctx, `DELETE FROM idempotency_keys WHERE id IN (SELECT id FROM idempotency_keys
			WHERE owner = $1 AND state = `+state(answered)+` ORDER BY claimed_at LIMIT $2)`, owner, max(keys/10, 1)); err != nil {
			return err
		}
	}
	return nil
}

// Sweep removes what is older than Keep, and returns how much that was.
func (s *Store) Sweep(ctx context.Context) (removed int64, err error) {
	const batch = 500 // so that no write waits long for it
	for {
		res, err := s.db.Exec(ctx, `DELETE FROM idempotency_keys WHERE id IN (SELECT id FROM idempotency_keys
			WHERE forget_at <= `+s.now+` LIMIT $1)`, batch)
		if err != nil {
			return removed, fmt.Errorf("sweep idempotency keys: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return removed, fmt.Errorf("sweep idempotency keys: %w", err)
		}
		if removed += n; n < batch {
			return removed, nil
		}
	}
}
