package aigovern

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/storage"
)

// An exchange is what is told to and asked of the database about one account.
type exchange struct {
	at      ai.Account
	hold    int       // its index in the call of Reserve
	limit   ai.Amount // of the account
	used    ai.Amount // to be written down
	held    ai.Amount // to be leased, with more
	more    ai.Amount // what of held may be refused
	keep    bool      // spare stays leased as far as there is plenty
	spare   ai.Amount
	refused bool
	leased  ai.Amount // what the database has now
	until   time.Time
}

// exchange begins one. The ledger's mutex is held.
func (a *account) exchange(at ai.Account, hold int, more ai.Amount) *exchange {
	return &exchange{at: at, hold: hold, limit: a.limit, used: a.used, held: a.held, more: more}
}

// adopt takes the answer over. The ledger's mutex is held.
func (a *account) adopt(s *exchange) {
	a.used = minus(a.used, s.used)
	a.leased, a.until = s.leased, s.until
}

// talk exchanges all of them in one transaction, in an order in which no two
// instances wait for each other.
func (l *Ledger) talk(ctx context.Context, list []*exchange) error {
	sortExchanges(list)
	until := time.Now().Add(leaseFor - leaseFor/10) // ours ends before the database's
	err := l.db.Update(ctx, func(tx *storage.Tx) error {
		for _, one := range list {
			if err := l.talkOne(ctx, tx, one); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("lease of budgets: %w", err)
	}
	for _, one := range list {
		one.until = until
	}
	return nil
}

func (l *Ledger) talkOne(ctx context.Context, tx *storage.Tx, s *exchange) error {
	written, err := l.writeUsed(ctx, tx, s)
	if err != nil {
		return err
	}
	others, err := l.leasedByOthers(ctx, tx, s.at)
	if err != nil {
		return err
	}
	s.leased, s.refused = s.decide(minus(minus(whole(s.limit), written), others))
	if s.leased == (ai.Amount{}) {
		_, err = tx.Exec(ctx, `DELETE FROM aigovern_leases WHERE budget = $1 AND begins = $2 AND subject = $3 AND instance = $4`,
			s.at.Budget, s.at.From, s.at.Subject, l.instance)
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO aigovern_leases (budget, begins, subject, instance, tokens, micros, expires)
		VALUES ($1, $2, $3, $4, $5, $6, `+l.db.Dialect().NowMicros()+` + $7)
		ON CONFLICT (budget, begins, subject, instance) DO UPDATE SET tokens = excluded.tokens, micros = excluded.micros, expires = excluded.expires`,
		s.at.Budget, s.at.From, s.at.Subject, l.instance, s.leased.Tokens, s.leased.Micros, leaseFor.Microseconds())
	return err
}

// writeUsed adds to what is used and returns the sum. On PostgreSQL the row is
// locked from then on.
func (l *Ledger) writeUsed(ctx context.Context, tx *storage.Tx, s *exchange) (sum ai.Amount, err error) {
	at := s.at
	_, err = tx.Exec(ctx, `INSERT INTO aigovern_accounts (budget, subject, begins, ends, tokens, micros) VALUES ($1, $2, $3, $4, 0, 0)
		ON CONFLICT (budget, begins, subject) DO NOTHING`, at.Budget, at.Subject, at.From, at.Until)
	if err != nil {
		return sum, err
	}
	const where = ` WHERE budget = $1 AND begins = $2 AND subject = $3`
	err = tx.QueryRow(ctx, `SELECT tokens, micros FROM aigovern_accounts`+where+l.db.Dialect().ForUpdate(), at.Budget, at.From, at.Subject).
		Scan(&sum.Tokens, &sum.Micros)
	if err != nil || s.used == (ai.Amount{}) {
		return sum, err
	}
	sum = sum.Plus(s.used)
	_, err = tx.Exec(ctx, `UPDATE aigovern_accounts SET tokens = $4, micros = $5`+where, at.Budget, at.From, at.Subject, sum.Tokens, sum.Micros)
	return sum, err
}

// leasedByOthers is what other instances have set aside. Leases that have expired
// are theirs no more.
func (l *Ledger) leasedByOthers(ctx context.Context, tx *storage.Tx, at ai.Account) (sum ai.Amount, err error) {
	now := l.db.Dialect().NowMicros()
	_, err = tx.Exec(ctx, `DELETE FROM aigovern_leases WHERE budget = $1 AND begins = $2 AND subject = $3 AND expires <= `+now, at.Budget, at.From, at.Subject)
	if err != nil {
		return sum, err
	}
	rows, err := tx.Query(ctx, `SELECT tokens, micros FROM aigovern_leases WHERE budget = $1 AND begins = $2 AND subject = $3 AND instance <> $4`,
		at.Budget, at.From, at.Subject, l.instance)
	if err != nil {
		return sum, err
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	for rows.Next() {
		var a ai.Amount
		if err := rows.Scan(&a.Tokens, &a.Micros); err != nil {
			return sum, err
		}
		sum = sum.Plus(a)
	}
	return sum, rows.Err()
}

// whole is a cap in which 0 bounds nothing.
func whole(limit ai.Amount) ai.Amount {
	if limit.Tokens == 0 {
		limit.Tokens = math.MaxInt64
	}
	if limit.Micros == 0 {
		limit.Micros = math.MaxInt64
	}
	return limit
}

// decide is what is leased of what is left, and whether that is too little.
func (s *exchange) decide(left ai.Amount) (leased ai.Amount, refused bool) {
	if s.more != (ai.Amount{}) && (s.held.Tokens > left.Tokens || s.held.Micros > left.Micros) {
		return s.bounded(minus(s.held, s.more)), true
	}
	leased = s.held
	plenty := minus(left, s.held)
	want := s.spare
	if s.more != (ai.Amount{}) {
		want = ai.Amount{Tokens: times(s.more.Tokens, chunk-1), Micros: times(s.more.Micros, chunk-1)}
	}
	leased.Tokens += min(want.Tokens, plenty.Tokens/16)
	leased.Micros += min(want.Micros, plenty.Micros/16)
	if scarce(s.more.Tokens, plenty.Tokens) {
		leased.Tokens = s.held.Tokens
	}
	if scarce(s.more.Micros, plenty.Micros) {
		leased.Micros = s.held.Micros
	}
	return s.bounded(leased), false
}

// scarce reports whether so little is left that every request has to ask.
func scarce(more, left int64) bool { return more > left/16 }

func times(a, n int64) int64 {
	if a > math.MaxInt64/n {
		return math.MaxInt64
	}
	return a * n
}

// bounded leaves out what has no cap and so needs no lease. What is held is known
// by at least one.
func (s *exchange) bounded(a ai.Amount) ai.Amount {
	if s.limit.Tokens == 0 {
		a.Tokens = 0
	}
	if s.limit.Micros == 0 {
		a.Micros = 0
	}
	return a
}
