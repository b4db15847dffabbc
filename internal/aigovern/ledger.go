package aigovern

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/storage"
)

const (
	flushEvery  = 500 * time.Millisecond // how long what was used may be known here alone
	leaseFor    = 30 * time.Second       // how long what a crashed instance set aside is missing
	renewWithin = leaseFor / 2
	flushAtOnce = 200     // accounts in one transaction
	maxAccounts = 100_000 // in use on one instance at a time
	chunk       = 16      // requests that a lease is for, while there is plenty
)

// errTooMany says that more accounts are in use than an instance keeps.
var errTooMany = errors.New("too many accounts have budgets in use")

// Ledger is an [ai.Ledger] that all instances share: an instance leases amounts of
// an account from the database, for several requests at once while there is
// plenty (a sixteenth of what is left at most), and to the token when there is
// not. What is leased is taken from what others can have, so instances together
// never set aside more than the cap. What was used is written down within half a
// second; what is leased and not needed goes back as soon. An instance that
// crashes has its leases returned after thirty seconds, and what it used within its
// last half second is forgotten.
type Ledger struct {
	db       *storage.DB
	log      *slog.Logger
	instance string
	talking  chan struct{} // held by who talks to the database

	mu       sync.Mutex
	accounts map[ai.Account]*account
}

// account is what this instance knows of one.
type account struct {
	limit  ai.Amount // as the last request had it
	leased ai.Amount // as the database has it; covers held and used
	held   ai.Amount // for requests under way
	used   ai.Amount // not yet written down
	until  time.Time // of the lease
	busy   bool      // it was asked for since the last flush
}

func newLedger(db *storage.DB, log *slog.Logger) *Ledger {
	return &Ledger{db: db, log: log, instance: rand.Text(), talking: make(chan struct{}, 1), accounts: map[ai.Account]*account{}}
}

// Reserve implements [ai.Ledger].
func (l *Ledger) Reserve(ctx context.Context, holds []ai.Hold) (full int, err error) {
	if ok, err := l.reserveHere(holds); ok || err != nil {
		return -1, err
	}
	select {
	case l.talking <- struct{}{}:
		defer func() { <-l.talking }()
	case <-ctx.Done():
		return -1, ctx.Err()
	}
	if ok, err := l.reserveHere(holds); ok || err != nil { // somebody else has asked for more
		return -1, err
	}
	return l.lease(ctx, holds)
}

// reserveHere takes the holds where what is leased already is enough for all.
func (l *Ledger) reserveHere(holds []ai.Hold) (bool, error) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	enough := true
	for i := range holds {
		h := &holds[i]
		a := l.accounts[h.Account]
		if a == nil {
			if len(l.accounts) >= maxAccounts {
				return false, errTooMany
			}
			a = &account{}
			l.accounts[h.Account] = a
		}
		a.limit, a.busy = h.Cap, true
		enough = enough && a.covers(h.Amount, now)
	}
	if enough {
		l.hold(holds)
	}
	return enough, nil
}

func (l *Ledger) hold(holds []ai.Hold) {
	for i := range holds {
		a := l.accounts[holds[i].Account]
		a.held = a.held.Plus(holds[i].Amount)
	}
}

func (l *Ledger) unhold(holds []ai.Hold) {
	for i := range holds {
		a := l.accounts[holds[i].Account]
		a.held = minus(a.held, holds[i].Amount)
	}
}

// covers reports whether more fits into what is leased.
func (a *account) covers(more ai.Amount, now time.Time) bool {
	if !now.Before(a.until) {
		return false
	}
	sum := a.held.Plus(a.used).Plus(more)
	return (a.limit.Tokens == 0 || sum.Tokens <= a.leased.Tokens) && (a.limit.Micros == 0 || sum.Micros <= a.leased.Micros)
}

// lease takes the holds with what the database can give, or none.
func (l *Ledger) lease(ctx context.Context, holds []ai.Hold) (full int, err error) {
	l.mu.Lock()
	l.hold(holds) // nobody else takes it in the meantime
	var asked []*exchange
	for i := range holds {
		a := l.accounts[holds[i].Account]
		if !a.covers(ai.Amount{}, time.Now()) {
			asked = append(asked, a.exchange(holds[i].Account, i, holds[i].Amount))
		}
	}
	l.mu.Unlock()
	err = l.talk(ctx, asked)
	l.mu.Lock()
	defer l.mu.Unlock()
	full = -1
	if err == nil {
		for _, one := range asked {
			l.accounts[one.at].adopt(one)
			if one.refused && (full < 0 || one.hold < full) {
				full = one.hold
			}
		}
	}
	if err != nil || full >= 0 {
		l.unhold(holds)
	}
	return full, err
}

// Settle implements [ai.Ledger].
func (l *Ledger) Settle(holds []ai.Hold, used ai.Amount) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range holds {
		a := l.accounts[holds[i].Account]
		if a == nil { // nothing was set aside
			a = &account{limit: holds[i].Cap}
			l.accounts[holds[i].Account] = a
		}
		a.held = minus(a.held, holds[i].Amount)
		a.used = a.used.Plus(used)
	}
}

// run writes down what was used and renews leases, until ctx ends.
func (l *Ledger) run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	clean := time.NewTicker(time.Hour)
	defer clean.Stop()
	failing := false
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			err = l.flush(ctx, false)
		case <-clean.C:
			err = l.clean(ctx)
		}
		if err != nil && ctx.Err() == nil && !failing {
			l.log.WarnContext(ctx, "what models used cannot be written down yet", "error", err)
		}
		failing = err != nil
	}
}

// flush writes down what was used here, and keeps of the leases what is needed.
func (l *Ledger) flush(ctx context.Context, last bool) error {
	for {
		select {
		case l.talking <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		n, err := l.flushSome(ctx, last)
		<-l.talking
		if err != nil || n < flushAtOnce {
			return err
		}
	}
}

func (l *Ledger) flushSome(ctx context.Context, last bool) (int, error) {
	now := time.Now()
	var due []*exchange
	l.mu.Lock()
	for at, a := range l.accounts {
		if len(due) == flushAtOnce {
			break
		}
		if one := a.due(at, now, last); one != nil {
			due = append(due, one)
		} else if a.idle() {
			delete(l.accounts, at)
		}
	}
	l.mu.Unlock()
	if len(due) == 0 {
		return 0, nil
	}
	if err := l.talk(ctx, due); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range due {
		a := l.accounts[one.at]
		a.adopt(one)
		if a.idle() {
			delete(l.accounts, one.at)
		}
	}
	return len(due), nil
}

// idle reports whether nothing is to be kept of the account.
func (a *account) idle() bool {
	return a.held == (ai.Amount{}) && a.used == (ai.Amount{}) && a.leased == (ai.Amount{}) && !a.busy
}

// due is what is to be written of an account now, nil for nothing.
func (a *account) due(at ai.Account, now time.Time, last bool) *exchange {
	busy := a.busy
	a.busy = false
	spare := a.leased != (ai.Amount{}) && a.leased != a.held
	renew := a.held != (ai.Amount{}) && a.until.Sub(now) < renewWithin
	if a.used == (ai.Amount{}) && !renew && (busy || !spare) && !last {
		return nil
	}
	one := a.exchange(at, -1, ai.Amount{})
	if one.keep = busy && !last; one.keep {
		one.spare = minus(minus(a.leased, a.held), a.used)
	}
	// The spare is nobody's until the database has said how much of it stays ours.
	need := a.held.Plus(a.used)
	a.leased = ai.Amount{Tokens: min(a.leased.Tokens, need.Tokens), Micros: min(a.leased.Micros, need.Micros)}
	return one
}

// close writes everything down and gives the leases back.
func (l *Ledger) close(ctx context.Context) error {
	if err := l.flush(ctx, true); err != nil {
		return err
	}
	return l.giveBack(ctx)
}

// minus is what is left of a without b, not below zero.
func minus(a, b ai.Amount) ai.Amount {
	return ai.Amount{Tokens: max(0, a.Tokens-b.Tokens), Micros: max(0, a.Micros-b.Micros)}
}

var _ ai.Ledger = (*Ledger)(nil)
