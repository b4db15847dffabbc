package ai

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Scope says of whom an [Allowance] is.
type Scope string

// The scopes.
const (
	ScopeAll    Scope = "all"
	ScopeUser   Scope = "user"
	ScopeRole   Scope = "role" // shared by all who have it
	ScopeModule Scope = "module"
	ScopeKey    Scope = "key" // an API key
)

// A Period is how long a budget lasts, in UTC.
type Period string

// The periods.
const (
	PeriodDay   Period = "day"
	PeriodMonth Period = "month"
)

// Everyone is the [Allowance.Subject] that gives each subject of the scope an amount
// of its own.
const Everyone = "*"

// An Allowance is a budget: how much may be used in each period. At least one of Tokens and
// Micros is set.
type Allowance struct {
	Name    string // of at most 64 bytes; what is used is kept under it
	Scope   Scope
	Subject string // an id, or [Everyone]; empty with [ScopeAll]
	Period  Period
	// Tokens is how many, of requests and answers together. 0: any number.
	Tokens int64
	// Micros is how much money, in millionths of a unit of Currency. 0: any. Under
	// such a budget models whose price is not known, or is in another currency,
	// are refused.
	Micros   int64
	Currency string // ISO 4217
	// Models are patterns of names, such as "openai/*" or an alias, at most 64. A
	// request counts where the name that it asks for matches, or one of the models that
	// the name can lead to. None: all models.
	Models []string
}

// Validate reports what is wrong with a budget.
func (b *Allowance) Validate() error {
	switch {
	case b.Name == "" || len(b.Name) > 64:
		return errors.New("a budget has a name of 1 to 64 bytes")
	case !slices.Contains([]Scope{ScopeAll, ScopeUser, ScopeRole, ScopeModule, ScopeKey}, b.Scope):
		return fmt.Errorf("the scope %q is not all, user, role, module or key", b.Scope)
	case (b.Scope == ScopeAll) != (b.Subject == "") || len(b.Subject) > 200:
		return errors.New("a subject of at most 200 bytes is needed, but for the scope all")
	case b.Period != PeriodDay && b.Period != PeriodMonth:
		return fmt.Errorf("the period %q is not day or month", b.Period)
	case b.Tokens < 0 || b.Micros < 0 || b.Tokens == 0 && b.Micros == 0:
		return errors.New("a budget has tokens or money, above zero")
	case (b.Micros > 0) != (b.Currency != "") || b.Currency != "" && !validCurrency(b.Currency):
		return errors.New("money has a currency such as USD")
	case len(b.Models) > 64:
		return errors.New("a budget names at most 64 models")
	}
	for _, m := range b.Models {
		if !validPattern(m) {
			return fmt.Errorf("the name of a model %q is empty, too long or has more than four '*'", m)
		}
	}
	return nil
}

func validCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Bounds returns when the period that holds a time begins and ends.
func (p Period) Bounds(at time.Time) (from, until time.Time) {
	y, m, d := at.UTC().Date()
	if p == PeriodMonth {
		return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC), time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC)
}

// maxBudgets is how many a list may have.
const maxBudgets = 10_000

// Budgets is a list of budgets made ready. It does not change and is safe for
// concurrent use; a nil one is empty.
type Budgets struct {
	list []Allowance
	by   map[ofWhom][]int32
}

type ofWhom struct {
	scope   Scope
	subject string
}

// NewBudgets makes a list ready, of at most 10,000 budgets of different names.
func NewBudgets(list ...Allowance) (*Budgets, error) {
	if len(list) > maxBudgets {
		return nil, fmt.Errorf("there are more than %d budgets", maxBudgets)
	}
	b := &Budgets{list: slices.Clone(list), by: map[ofWhom][]int32{}}
	names := make(map[string]bool, len(list))
	for i := range b.list {
		one := &b.list[i]
		if err := one.Validate(); err != nil {
			return nil, fmt.Errorf("budget %q: %w", one.Name, err)
		}
		if names[one.Name] {
			return nil, fmt.Errorf("budget %q: there is another of this name", one.Name)
		}
		names[one.Name] = true
		one.Models = slices.Clone(one.Models)
		at := ofWhom{one.Scope, one.Subject}
		b.by[at] = append(b.by[at], int32(i))
	}
	return b, nil
}

// List returns the budgets.
func (b *Budgets) List() []Allowance {
	if b == nil {
		return nil
	}
	return slices.Clone(b.list)
}

// aim is what a request asks for, and when.
type aim struct {
	model   string
	targets func(string) []string // which models the name can lead to
	at      time.Time
}

// holds appends what a request counts against.
func (b *Budgets) holds(dst []Hold, c *Caller, to *aim) []Hold {
	if b == nil || len(b.list) == 0 {
		return dst
	}
	dst = b.add(dst, ofWhom{ScopeAll, ""}, "", to)
	dst = b.addSubject(dst, ScopeUser, c.User, to)
	dst = b.addSubject(dst, ScopeKey, c.Key, to)
	dst = b.addSubject(dst, ScopeModule, c.Module, to)
	for i, role := range c.Roles {
		if slices.Contains(c.Roles[:i], role) {
			continue
		}
		dst = b.addSubject(dst, ScopeRole, role, to)
	}
	return dst
}

func (b *Budgets) addSubject(dst []Hold, scope Scope, subject string, to *aim) []Hold {
	if subject == "" {
		return dst
	}
	if subject != Everyone { // nobody is called so
		dst = b.add(dst, ofWhom{scope, subject}, subject, to)
	}
	return b.add(dst, ofWhom{scope, Everyone}, subject, to)
}

func (b *Budgets) add(dst []Hold, at ofWhom, subject string, to *aim) []Hold {
	for _, i := range b.by[at] {
		one := &b.list[i]
		if len(one.Models) > 0 && !one.counts(to.model) && !slices.ContainsFunc(to.targets(to.model), one.counts) {
			continue
		}
		dst = append(dst, Hold{Account: one.Account(subject, to.at), Cap: Amount{one.Tokens, one.Micros}, currency: one.Currency})
	}
	return dst
}

// counts reports whether a name is one of a budget that names models.
func (b *Allowance) counts(name string) bool {
	return slices.ContainsFunc(b.Models, func(p string) bool { return matchPattern(p, name) })
}

// Account is where what a subject uses of the budget at a time is kept.
func (b *Allowance) Account(subject string, at time.Time) Account {
	from, until := b.Period.Bounds(at)
	return Account{b.Name, subject, from.Unix(), until.Unix()}
}
