package assistant

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
)

const (
	maxKept   = 500              // conversations of one person; the oldest go first
	brief     = time.Hour        // how long a conversation that is not kept lives
	turnTime  = 5 * time.Minute  // how long one answer may take, with all its calls
	leaseTime = 6 * time.Minute  // of a conversation that is being answered
	claimTime = 30 * time.Second // of one whose answer is about to begin
	saveTime  = 5 * time.Second  // how long storing may take once nobody waits for it
	yesTime   = 10 * time.Minute // how long a person may think
)

var (
	errNoConversation = dashboard.Errorf(http.StatusNotFound, "no-conversation", "There is no such conversation of yours.")
	errBusy           = dashboard.Errorf(http.StatusConflict, "conversation-busy", "This conversation is being answered. Stop that, or wait until it has ended.")
	errTooLong        = dashboard.Errorf(http.StatusConflict, "conversation-too-long", "This conversation is as long as one can be. Begin a new one.")
	errConfirmation   = dashboard.Errorf(http.StatusConflict, "confirmation-gone", "This question was answered already or is too old. Nothing was done.")
)

// Migrations make two tables: conversations, and the questions that wait for a yes.
// Times are seconds since 1970. A conversation that is not kept has a row without
// text.
func (m *Module) Migrations() []storage.Migration {
	conversations, confirmations := m.host.Table("conversations"), m.host.Table("confirmations")
	return []storage.Migration{{Version: 1, Name: "conversations", SQL: `CREATE TABLE ` + conversations + ` (
			id         TEXT   PRIMARY KEY,
			owner      TEXT   NOT NULL,
			title      TEXT   NOT NULL,
			model      TEXT   NOT NULL,
			created_at BIGINT NOT NULL,
			updated_at BIGINT NOT NULL,
			busy_until BIGINT NOT NULL,
			kept       BIGINT NOT NULL,
			content    TEXT   NOT NULL
		);
		CREATE INDEX ` + conversations + `_owner ON ` + conversations + ` (owner, kept, updated_at, id);
		CREATE INDEX ` + conversations + `_updated ON ` + conversations + ` (kept, updated_at);
		CREATE TABLE ` + confirmations + ` (
			id           TEXT   PRIMARY KEY,
			conversation TEXT   NOT NULL,
			owner        TEXT   NOT NULL,
			digest       TEXT   NOT NULL,
			expires_at   BIGINT NOT NULL
		);
		CREATE INDEX ` + confirmations + `_conversation ON ` + confirmations + ` (conversation);
		CREATE INDEX ` + confirmations + `_expires ON ` + confirmations + ` (expires_at)`}}
}

// newID is lower-case text that nobody guesses.
func newID() string { return strings.ToLower(rand.Text()) }

// begin makes a conversation, which is being answered from now on.
func (m *Module) begin(ctx context.Context, owner, title, model string, keep bool) (*conversation, error) {
	now := time.Now().UTC().Truncate(time.Second)
	c := &conversation{id: newID(), owner: owner, title: title, model: model, created: now, updated: now, kept: keep}
	stored := title
	if !keep {
		stored = ""
	}
	err := m.host.DB().Update(ctx, func(tx *storage.Tx) error {
		// Room for one more; what is not kept goes by itself.
		_, err := tx.Exec(ctx, `DELETE FROM `+m.host.Table("conversations")+` WHERE id IN (SELECT id FROM `+m.host.Table("conversations")+
			` WHERE owner = $1 AND kept = 1 ORDER BY updated_at DESC, id DESC LIMIT 1000 OFFSET $2)`, owner, maxKept-1)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO `+m.host.Table("conversations")+
			` (id, owner, title, model, created_at, updated_at, busy_until, kept, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')`,
			c.id, owner, stored, model, now.Unix(), now.Unix(), now.Add(claimTime).Unix(), number(keep))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin conversation: %w", err)
	}
	return c, nil
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

const conversationColumns = `SELECT id, owner, title, model, created_at, updated_at, kept, content FROM `

// load reads a conversation of a person.
func (m *Module) load(ctx context.Context, q storage.Querier, owner, id string) (*conversation, error) {
	c := &conversation{}
	var created, updated, kept int64
	var content string
	err := q.QueryRow(ctx, conversationColumns+m.host.Table("conversations")+` WHERE id = $1 AND owner = $2`, id, owner).
		Scan(&c.id, &c.owner, &c.title, &c.model, &created, &updated, &kept, &content)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoConversation
	}
	if err != nil {
		return nil, fmt.Errorf("read conversation: %w", err)
	}
	c.created, c.updated, c.kept = time.Unix(created, 0).UTC(), time.Unix(updated, 0).UTC(), kept == 1
	if !c.kept {
		return m.recall(ctx, c)
	}
	if content == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(content), &c.turns); err != nil {
		return nil, fmt.Errorf("read conversation %s: %w", id, err)
	}
	return c, nil
}

// remembered is a conversation that only the cache has.
type remembered struct {
	Title string `json:"title"`
	Turns []turn `json:"turns"`
}

func cacheKey(id string) string { return "conversation:" + id }

func (m *Module) recall(ctx context.Context, c *conversation) (*conversation, error) {
	raw, found, err := m.host.Cache().Get(ctx, cacheKey(c.id))
	if err != nil {
		return nil, fmt.Errorf("recall conversation: %w", err)
	}
	var r remembered
	if !found || json.Unmarshal(raw, &r) != nil {
		return nil, errNoConversation
	}
	c.title, c.turns = r.Title, r.Turns
	return c, nil
}

// claim loads a conversation for an answer: no other is given meanwhile.
func (m *Module) claim(ctx context.Context, owner, id string) (*conversation, error) {
	now := time.Now()
	res, err := m.host.DB().Exec(ctx, `UPDATE `+m.host.Table("conversations")+` SET busy_until = $1 WHERE id = $2 AND owner = $3 AND busy_until < $4`,
		now.Add(claimTime).Unix(), id, owner, now.Unix())
	if err != nil {
		return nil, fmt.Errorf("claim conversation: %w", err)
	}
	claimed, err := res.RowsAffected()
	if err != nil {
		return nil, fmt.Errorf("claim conversation: %w", err)
	}
	c, err := m.load(ctx, m.host.DB(), owner, id)
	switch {
	case err == nil && claimed == 0:
		return nil, errBusy
	case err != nil && claimed > 0:
		return nil, errors.Join(err, m.release(ctx, id))
	}
	return c, err
}

// release ends a claim of which nothing came.
func (m *Module) release(ctx context.Context, id string) error { return m.hold(ctx, id, 0) }

// hold keeps a conversation for as long, from now on; 0 ends it.
func (m *Module) hold(ctx context.Context, id string, d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	_, err := m.host.DB().Exec(ctx, `UPDATE `+m.host.Table("conversations")+` SET busy_until = $1 WHERE id = $2`, until(d), id)
	if err != nil {
		return fmt.Errorf("hold conversation: %w", err)
	}
	return nil
}

func until(d time.Duration) int64 {
	if d == 0 {
		return 0
	}
	return time.Now().Add(d).Unix()
}

// save stores what was said and keeps the conversation for as long as hold. It also
// does so for a person who has left.
func (m *Module) save(ctx context.Context, c *conversation, hold time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	c.updated = time.Now().UTC().Truncate(time.Second)
	title, content, err := m.stored(ctx, c)
	if err != nil {
		return fmt.Errorf("save conversation: %w", err)
	}
	// A conversation that was deleted meanwhile stays deleted.
	_, err = m.host.DB().Exec(ctx, `UPDATE `+m.host.Table("conversations")+
		` SET title = $1, model = $2, updated_at = $3, busy_until = $4, content = $5 WHERE id = $6 AND owner = $7`,
		title, c.model, c.updated.Unix(), until(hold), content, c.id, c.owner)
	if err != nil {
		return fmt.Errorf("save conversation: %w", err)
	}
	return nil
}

// stored is what the row has. What is not kept goes to the cache.
func (m *Module) stored(ctx context.Context, c *conversation) (title, content string, err error) {
	if !c.kept {
		raw, err := json.Marshal(remembered{c.title, c.turns})
		if err == nil {
			err = m.host.Cache().Set(ctx, cacheKey(c.id), raw, brief)
		}
		return "", "", err
	}
	raw, err := json.Marshal(c.turns)
	return c.title, string(raw), err
}

// size is that of what would be stored.
func (c *conversation) size() (n int) {
	for _, t := range c.turns {
		for _, p := range t.Parts {
			n += len(p.Text) + len(p.Signature) + len(p.Opaque) + 100
			if p.Call != nil {
				n += len(p.Call.Arguments) + len(p.Call.Result) + 200
			}
		}
	}
	return n
}

func (m *Module) rename(ctx context.Context, owner, id, title string) error {
	res, err := m.host.DB().Exec(ctx, `UPDATE `+m.host.Table("conversations")+` SET title = $1 WHERE id = $2 AND owner = $3 AND kept = 1`, title, id, owner)
	if err != nil {
		return fmt.Errorf("rename conversation: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errNoConversation)
	}
	return nil
}

func (m *Module) remove(ctx context.Context, owner, id string) error {
	err := m.host.DB().Update(ctx, func(tx *storage.Tx) error {
		res, err := tx.Exec(ctx, `DELETE FROM `+m.host.Table("conversations")+` WHERE id = $1 AND owner = $2`, id, owner)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errNoConversation)
		}
		_, err = tx.Exec(ctx, `DELETE FROM `+m.host.Table("confirmations")+` WHERE conversation = $1`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete conversation: %w", err)
	}
	return m.host.Cache().Delete(ctx, cacheKey(id))
}

// list returns those that are kept, the latest first, after the one that the cursor
// names.
func (m *Module) list(ctx context.Context, owner, cursor string, limit int) ([]*conversation, error) {
	query := `SELECT id, title, model, created_at, updated_at FROM ` + m.host.Table("conversations") + ` WHERE owner = $1 AND kept = 1`
	args := []any{owner, limit}
	if cursor != "" {
		var at int64
		err := m.host.DB().QueryRow(ctx, `SELECT updated_at FROM `+m.host.Table("conversations")+` WHERE id = $1 AND owner = $2`, cursor, owner).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, dashboard.Errorf(http.StatusBadRequest, "bad-cursor", "The cursor is not one of this list.")
		}
		if err != nil {
			return nil, fmt.Errorf("list conversations: %w", err)
		}
		query += ` AND (updated_at < $3 OR updated_at = $3 AND id < $4)`
		args = append(args, at, cursor)
	}
	rows, err := m.host.DB().Query(ctx, query+` ORDER BY updated_at DESC, id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	defer rows.Close()
	var out []*conversation
	for rows.Next() {
		c := &conversation{owner: owner, kept: true}
		var created, updated int64
		if err := rows.Scan(&c.id, &c.title, &c.model, &created, &updated); err != nil {
			return nil, fmt.Errorf("list conversations: %w", err)
		}
		c.created, c.updated = time.Unix(created, 0).UTC(), time.Unix(updated, 0).UTC()
		out = append(out, c)
	}
	return out, rows.Err()
}
