package assistant

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// A question is what a person is asked before a call that writes.
type question struct {
	ID        string    `json:"id" doc:"For the answer, once."`
	Call      string    `json:"call"`
	Tool      string    `json:"tool"`
	Module    string    `json:"module"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Summary   string    `json:"summary"`
	Arguments string    `json:"arguments" doc:"Exactly as they are sent, in JSON."`
	ExpiresAt time.Time `json:"expires_at"`
}

func (c *call) question(id string, expires time.Time) question {
	return question{ID: id, Call: c.ID, Tool: c.Tool, Module: c.Module, Method: c.Method, Path: c.Path, Summary: c.Summary, Arguments: c.Arguments, ExpiresAt: expires}
}

// digest is of all that a yes is for: another call has another.
func (c *conversation) digest(one *call) string {
	h := sha256.New()
	for _, s := range []string{c.id, c.owner, strconv.Itoa(len(c.turns)), one.ID, one.Tool, one.Module, one.Method, one.Path, one.Arguments} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ask makes the question about a call. A conversation has one at a time.
func (m *Module) ask(ctx context.Context, c *conversation, one *call) (question, error) {
	id, expires := newID(), time.Now().UTC().Add(yesTime).Truncate(time.Second)
	err := m.host.DB().Update(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM `+m.host.Table("confirmations")+` WHERE conversation = $1`, c.id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO `+m.host.Table("confirmations")+` (id, conversation, owner, digest, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			id, c.id, c.owner, c.digest(one), expires.Unix())
		return err
	})
	if err != nil {
		return question{}, fmt.Errorf("ask for a confirmation: %w", err)
	}
	one.State = callWaiting
	return one.question(id, expires), nil
}

// use takes a confirmation, which is gone then, and checks that it is for the call.
func (m *Module) use(ctx context.Context, c *conversation, id string) (*call, error) {
	one := c.waiting()
	if one == nil {
		return nil, errConfirmation
	}
	err := m.host.DB().Update(ctx, func(tx *storage.Tx) error {
		var digest string
		err := tx.QueryRow(ctx, `SELECT digest FROM `+m.host.Table("confirmations")+` WHERE id = $1 AND conversation = $2 AND owner = $3 AND expires_at > $4`,
			id, c.id, c.owner, time.Now().Unix()).Scan(&digest)
		if errors.Is(err, sql.ErrNoRows) {
			return errConfirmation
		}
		if err != nil {
			return fmt.Errorf("read confirmation: %w", err)
		}
		res, err := tx.Exec(ctx, `DELETE FROM `+m.host.Table("confirmations")+` WHERE id = $1`, id)
		if err != nil {
			return fmt.Errorf("use confirmation: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 || subtle.ConstantTimeCompare([]byte(digest), []byte(c.digest(one))) != 1 {
			return errors.Join(err, errConfirmation)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return one, nil
}

// pending returns the question that a person has not answered yet, nil where there
// is none or it is too old.
func (m *Module) pending(ctx context.Context, c *conversation) (*question, error) {
	one := c.waiting()
	if one == nil {
		return nil, nil
	}
	var id, digest string
	var expires int64
	err := m.host.DB().QueryRow(ctx, `SELECT id, digest, expires_at FROM `+m.host.Table("confirmations")+` WHERE conversation = $1 AND owner = $2 AND expires_at > $3`,
		c.id, c.owner, time.Now().Unix()).Scan(&id, &digest, &expires)
	if errors.Is(err, sql.ErrNoRows) || err == nil && digest != c.digest(one) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read confirmation: %w", err)
	}
	q := one.question(id, time.Unix(expires, 0).UTC())
	return &q, nil
}
