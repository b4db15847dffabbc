package assistant

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
)

// forget is the job.
func (m *Module) forget(ctx context.Context) error {
	return errors.Join(m.forgetOld(ctx, time.Now()), m.forgetGone(ctx))
}

// forgetOld deletes what nobody has written to for long.
func (m *Module) forgetOld(ctx context.Context, now time.Time) error {
	return m.host.DB().Update(ctx, func(tx *storage.Tx) error {
		if lease := dashboard.JobLease(ctx); lease != nil {
			if err := lease.Check(ctx, tx); err != nil {
				return err
			}
		}
		for _, one := range []struct {
			kept   bool
			before time.Time
		}{{true, now.Add(-m.settings.Load().KeepFor)}, {false, now.Add(-brief)}} {
			_, err := tx.Exec(ctx, `DELETE FROM `+m.host.Table("conversations")+` WHERE kept = $1 AND updated_at < $2`, number(one.kept), one.before.Unix())
			if err != nil {
				return fmt.Errorf("forget conversations: %w", err)
			}
		}
		if _, err := tx.Exec(ctx, `DELETE FROM `+m.host.Table("confirmations")+` WHERE expires_at < $1`, now.Unix()); err != nil {
			return fmt.Errorf("forget confirmations: %w", err)
		}
		return nil
	})
}

// forgetGone deletes the conversations of accounts that are there no more.
func (m *Module) forgetGone(ctx context.Context) error {
	owners, err := m.texts(ctx, `SELECT DISTINCT owner FROM `+m.host.Table("conversations"))
	if err != nil {
		return fmt.Errorf("find owners of conversations: %w", err)
	}
	for _, owner := range owners {
		there, err := m.host.HasAccount(ctx, owner)
		if err != nil {
			return fmt.Errorf("find owner of conversations: %w", err)
		}
		if there {
			continue
		}
		ids, err := m.texts(ctx, `SELECT id FROM `+m.host.Table("conversations")+` WHERE owner = $1`, owner)
		if err != nil {
			return fmt.Errorf("find conversations of nobody: %w", err)
		}
		for _, id := range ids {
			if err := m.remove(ctx, owner, id); err != nil && !errors.Is(err, errNoConversation) {
				return err
			}
		}
	}
	return nil
}

// texts reads one column.
func (m *Module) texts(ctx context.Context, query string, args ...any) (out []string, err error) {
	rows, err := m.host.DB().Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}
