package aigovern

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

// keepAccounts is how long what was used stays known after its period.
const keepAccounts = 400 * 24 * time.Hour

func sortExchanges(list []*exchange) {
	slices.SortFunc(list, func(a, b *exchange) int {
		return cmp.Or(strings.Compare(a.at.Budget, b.at.Budget), cmp.Compare(a.at.From, b.at.From), strings.Compare(a.at.Subject, b.at.Subject))
	})
}

// clean removes what nobody asks for any more.
func (l *Ledger) clean(ctx context.Context) error {
	if _, err := l.db.Exec(ctx, `DELETE FROM aigovern_leases WHERE expires <= `+l.db.Dialect().NowMicros()); err != nil {
		return fmt.Errorf("clean leases of budgets: %w", err)
	}
	_, err := l.db.Exec(ctx, `DELETE FROM aigovern_accounts WHERE ends <= $1`, time.Now().Add(-keepAccounts).Unix())
	if err != nil {
		return fmt.Errorf("clean what was used of budgets: %w", err)
	}
	return nil
}

// giveBack gives all leases of this instance back.
func (l *Ledger) giveBack(ctx context.Context) error {
	if _, err := l.db.Exec(ctx, `DELETE FROM aigovern_leases WHERE instance = $1`, l.instance); err != nil {
		return fmt.Errorf("give leases of budgets back: %w", err)
	}
	return nil
}

// Used is what one subject used of a budget in a period.
type Used struct {
	Subject string
	ai.Amount
}

// Used returns what was used of a budget in the period that holds a time, by all
// instances: in total, and by at most n subjects, those who used most first. What
// the others used within their last half second may be missing.
func (l *Ledger) Used(ctx context.Context, b *ai.Allowance, at time.Time, n int) (total ai.Amount, by []Used, err error) {
	if err := l.flush(ctx, false); err != nil {
		return total, nil, err
	}
	from := b.Account("", at).From
	rows, err := l.db.Query(ctx, `SELECT subject, tokens, micros FROM aigovern_accounts WHERE budget = $1 AND begins = $2
		ORDER BY tokens DESC, micros DESC, subject`, b.Name, from)
	if err != nil {
		return total, nil, fmt.Errorf("read what was used: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	for rows.Next() {
		var u Used
		if err := rows.Scan(&u.Subject, &u.Tokens, &u.Micros); err != nil {
			return total, nil, fmt.Errorf("read what was used: %w", err)
		}
		if b.Subject != ai.Everyone && u.Subject != b.Subject {
			continue // of a budget that had this name before
		}
		if total = total.Plus(u.Amount); len(by) < n {
			by = append(by, u)
		}
	}
	return total, by, rows.Err()
}
