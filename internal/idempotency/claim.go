package idempotency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/modular-dashboard/dashboard/storage"
)

// ErrTaken reports that somebody else has claimed the key meanwhile: what was to
// be written was not.
var ErrTaken = errors.New("the idempotency key was claimed by another request")

// Context returns the context to handle the request with: the first of its
// transactions that commits marks the key as written.
func (c *Claim) Context(ctx context.Context) context.Context {
	ctx, c.stop = c.s.db.WithCommitHook(ctx, c.mark)
	return ctx
}

func (c *Claim) mark(ctx context.Context, tx *storage.Tx) error {
	res, err := tx.Exec(ctx, `UPDATE idempotency_keys SET state = `+state(written)+`
		WHERE id = $1 AND holder = $2 AND state <= `+state(written), c.id, c.holder)
	if err != nil {
		return fmt.Errorf("mark idempotency key: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("mark idempotency key: %w", err)
	}
	if n == 0 {
		return ErrTaken
	}
	return nil
}

// Finish stores the answer. A nil answer, or one that is larger than
// [MaxAnswer], is one that repetitions are not given: they are told that it is
// lost.
func (c *Claim) Finish(ctx context.Context, a *Answer) error {
	c.stop()
	status, header, body := 0, []byte{}, []byte(nil)
	if a != nil {
		var err error
		if header, err = json.Marshal(a.Header); err != nil {
			return fmt.Errorf("store answer: %w", err)
		}
		status, body = a.Status, a.Body
		if len(header)+len(body) > MaxAnswer {
			status, header, body = 0, nil, nil
		}
	}
	_, err := c.s.db.Exec(ctx, `UPDATE idempotency_keys SET state = `+state(answered)+`, status = $3, header = $4, body = $5, size = $6
		WHERE id = $1 AND holder = $2`, c.id, c.holder, status, string(header), body, len(header)+len(body))
	if err != nil {
		return fmt.Errorf("store answer of idempotency key: %w", err)
	}
	return nil
}

// Release gives the key back where nothing was written, and reports whether it
// did. Else the claim must be finished.
func (c *Claim) Release(ctx context.Context) (released bool, err error) {
	c.stop()
	res, err := c.s.db.Exec(ctx, `DELETE FROM idempotency_keys WHERE id = $1 AND holder = $2 AND state = `+state(claimed), c.id, c.holder)
	if err != nil {
		return false, fmt.Errorf("release idempotency key: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("release idempotency key: %w", err)
	}
	return n > 0, nil
}
