package ai

import (
	"context"
	"errors"
	"sync"
	"time"
)

// An Account is what one subject uses of one budget in one period. From and Until
// are seconds since the Unix epoch.
type Account struct {
	Budget, Subject string
	From, Until     int64
}

// An Amount is what is used of a budget: tokens and millionths of its currency.
type Amount struct{ Tokens, Micros int64 }

// Plus returns both together, capped at the greatest int64.
func (a Amount) Plus(b Amount) Amount {
	return Amount{addCapped(a.Tokens, b.Tokens), addCapped(a.Micros, b.Micros)}
}

// Fits reports whether more can be used under a cap where a is used already. A
// part of the cap that is 0 bounds nothing.
func (a Amount) Fits(more, limit Amount) bool {
	sum := a.Plus(more)
	return (limit.Tokens == 0 || sum.Tokens <= limit.Tokens) && (limit.Micros == 0 || sum.Micros <= limit.Micros)
}

// A Hold is an amount of an account that is set aside for a request under way.
type Hold struct {
	Account
	Cap    Amount // of the account, as the budget has it now
	Amount Amount

	currency string
}

// A Ledger keeps what is used. It is safe for concurrent use.
type Ledger interface {
	// Reserve sets the amount of every hold aside, each within its cap, or that of
	// none. It returns the index of the first that has no room, or -1. An error
	// says that the ledger cannot tell: nothing is set aside then.
	Reserve(ctx context.Context, holds []Hold) (full int, err error)
	// Settle puts what was used in the place of what was set aside by one call of
	// Reserve. It may be more than that and is counted in full, beyond the cap too.
	// It is called once for each Reserve that had room, and does not block on
	// anything slow.
	Settle(holds []Hold, used Amount)
}

// maxAccounts is how many accounts a LocalLedger keeps.
const maxAccounts = 200_000

// LocalLedger is a [Ledger] in this process: what is used is forgotten with it.
// Make one with [NewLocalLedger].
type LocalLedger struct {
	mu       sync.Mutex
	accounts map[Account]*balance
	swept    int64 // when those of ended periods were last looked for
}

type balance struct{ used, held Amount }

// NewLocalLedger returns an empty ledger.
func NewLocalLedger() *LocalLedger { return &LocalLedger{accounts: map[Account]*balance{}} }

// Reserve implements [Ledger].
func (l *LocalLedger) Reserve(_ context.Context, holds []Hold) (full int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	for i := range holds {
		h := &holds[i]
		b := l.accounts[h.Account]
		if b == nil {
			if len(l.accounts) >= maxAccounts {
				return i, errors.New("too many accounts have budgets")
			}
			b = &balance{}
			l.accounts[h.Account] = b
		}
		if !b.used.Plus(b.held).Fits(h.Amount, h.Cap) {
			for _, h := range holds[:i] {
				l.accounts[h.Account].release(h.Amount)
			}
			return i, nil
		}
		b.held = b.held.Plus(h.Amount)
	}
	return -1, nil
}

func (b *balance) release(a Amount) {
	b.held.Tokens -= a.Tokens
	b.held.Micros -= a.Micros
}

// sweep forgets accounts of periods that have ended, once a minute.
func (l *LocalLedger) sweep() {
	now := time.Now().Unix()
	if now-l.swept < 60 {
		return
	}
	l.swept = now
	for a, b := range l.accounts {
		if a.Until <= now && b.held == (Amount{}) {
			delete(l.accounts, a)
		}
	}
}

// Settle implements [Ledger].
func (l *LocalLedger) Settle(holds []Hold, used Amount) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range holds {
		b := l.accounts[holds[i].Account]
		b.release(holds[i].Amount)
		b.used = b.used.Plus(used)
	}
}

// Used returns what is used of an account, and what is set aside.
func (l *LocalLedger) Used(a Account) (used, held Amount) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.accounts[a]; b != nil {
		return b.used, b.held
	}
	return Amount{}, Amount{}
}

var _ Ledger = (*LocalLedger)(nil)
