package aigovern

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/storage"
)

// Schema returns the migrations that Start applies.
func Schema() storage.Schema { return storage.Schema{Scope: Scope, Migrations: migrations()} }

// aigovern_state counts the changes of rules. aigovern_accounts has what is used;
// aigovern_leases what instances have set aside of it until expires.
func migrations() []storage.Migration {
	return []storage.Migration{{Version: 1, Name: "budgets and models of roles", SQL: `
CREATE TABLE aigovern_state (
	id         BIGINT PRIMARY KEY,
	generation BIGINT NOT NULL
);
INSERT INTO aigovern_state (id, generation) VALUES (1, 0);
CREATE TABLE aigovern_rules (
	kind     TEXT   NOT NULL,
	name     TEXT   NOT NULL,
	version  BIGINT NOT NULL,
	document TEXT   NOT NULL,
	PRIMARY KEY (kind, name)
);
CREATE TABLE aigovern_accounts (
	budget  TEXT   NOT NULL,
	subject TEXT   NOT NULL,
	begins  BIGINT NOT NULL,
	ends    BIGINT NOT NULL,
	tokens  BIGINT NOT NULL,
	micros  BIGINT NOT NULL,
	PRIMARY KEY (budget, begins, subject)
);
CREATE INDEX aigovern_accounts_ends ON aigovern_accounts (ends);
CREATE TABLE aigovern_leases (
	budget   TEXT   NOT NULL,
	subject  TEXT   NOT NULL,
	begins   BIGINT NOT NULL,
	instance TEXT   NOT NULL,
	tokens   BIGINT NOT NULL,
	micros   BIGINT NOT NULL,
	expires  BIGINT NOT NULL,
	PRIMARY KEY (budget, begins, subject, instance)
);
CREATE INDEX aigovern_leases_expires ON aigovern_leases (expires);
CREATE INDEX aigovern_leases_instance ON aigovern_leases (instance);
`}}
}

// Kinds of rules.
const (
	kindBudget = "budget"
	kindRole   = "role"
)

// document is a rule as it is stored.
type document struct {
	Scope    ai.Scope  `json:"scope,omitempty"`
	Subject  string    `json:"subject,omitempty"`
	Period   ai.Period `json:"period,omitempty"`
	Tokens   int64     `json:"tokens,omitempty"`
	Micros   int64     `json:"micros,omitempty"`
	Currency string    `json:"currency,omitempty"`
	Models   []string  `json:"models,omitempty"`
}

func generation(ctx context.Context, q storage.Querier) (g int64, err error) {
	if err := q.QueryRow(ctx, `SELECT generation FROM aigovern_state WHERE id = 1`).Scan(&g); err != nil {
		return 0, fmt.Errorf("read version of budgets: %w", err)
	}
	return g, nil
}

// read reads all there is at one moment.
func (s *Store) read(ctx context.Context) (*rules, error) {
	out := &rules{}
	err := s.db.View(ctx, func(tx *storage.Tx) (err error) {
		*out = rules{}
		if out.generation, err = generation(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT kind, name, version, document FROM aigovern_rules ORDER BY kind, name`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // its error is that of Err
		for rows.Next() {
			var kind, name, text string
			var version int64
			if err := rows.Scan(&kind, &name, &version, &text); err != nil {
				return err
			}
			if err := out.add(kind, name, text, version); err != nil {
				s.opts.Log.WarnContext(ctx, "a stored rule for models is not understood", "kind", kind, "name", name, "error", err)
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read budgets: %w", err)
	}
	return out, out.compile()
}

// add takes a rule in. One that a newer version wrote and this one does not
// understand is left out.
func (r *rules) add(kind, name, text string, version int64) error {
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return err
	}
	switch kind {
	case kindBudget:
		b := Budget{d.allowance(name), version}
		if err := b.Validate(); err != nil {
			return err
		}
		r.budgets = append(r.budgets, b)
	case kindRole:
		if _, err := ai.NewAccess(map[string][]string{name: d.Models}); err != nil {
			return err
		}
		r.roles = append(r.roles, Role{name, d.Models, version})
	default:
		return errors.New("the kind is unknown")
	}
	return nil
}

func (r *rules) compile() (err error) {
	list := make([]ai.Allowance, len(r.budgets))
	for i, b := range r.budgets {
		list[i] = b.Allowance
	}
	if r.compiled, err = ai.NewBudgets(list...); err != nil {
		return err
	}
	roles := make(map[string][]string, len(r.roles))
	for _, one := range r.roles {
		roles[one.Name] = one.Models
	}
	r.access, err = ai.NewAccess(roles)
	return err
}

// A Condition is what a change is based on, and what else happens with it.
type Condition struct {
	// Based is the version that the change is based on, 0 where there was none; nil
	// is whatever is there.
	Based *int64
	// Also runs in the transaction, with what the change replaces: nothing where its
	// Version is 0, and of the rule of a role the name and the models alone. Its
	// error undoes the change.
	Also func(tx *storage.Tx, before Budget) error
}

// PutBudget makes or replaces a budget, which is in force on this instance when it
// returns. Errors: [ErrChanged], [ErrTooMany], a budget that is not valid.
func (s *Store) PutBudget(ctx context.Context, b ai.Allowance, c Condition) (Budget, error) {
	if err := b.Validate(); err != nil {
		return Budget{}, err
	}
	d := document{b.Scope, b.Subject, b.Period, b.Tokens, b.Micros, b.Currency, b.Models}
	if err := s.change(ctx, kindBudget, b.Name, &d, c); err != nil {
		return Budget{}, err
	}
	return s.FindBudget(b.Name)
}

// DeleteBudget takes a budget away. What was used stays known: another of the same
// name goes on from there. Errors: [ErrUnknown], [ErrChanged].
func (s *Store) DeleteBudget(ctx context.Context, name string, c Condition) error {
	return s.change(ctx, kindBudget, name, nil, c)
}

// PutRole says which models a role may ask for. Errors: as those of PutBudget.
func (s *Store) PutRole(ctx context.Context, name string, models []string, c Condition) (Role, error) {
	if _, err := ai.NewAccess(map[string][]string{name: models}); err != nil {
		return Role{}, err
	}
	if err := s.change(ctx, kindRole, name, &document{Models: models}, c); err != nil {
		return Role{}, err
	}
	return s.FindRole(name)
}

// DeleteRole takes the rule of a role away. Errors: [ErrUnknown], [ErrChanged].
func (s *Store) DeleteRole(ctx context.Context, name string, c Condition) error {
	return s.change(ctx, kindRole, name, nil, c)
}

// change writes a rule, or deletes it where d is nil.
func (s *Store) change(ctx context.Context, kind, name string, d *document, c Condition) error {
	err := s.db.Update(ctx, func(tx *storage.Tx) error { return write(ctx, tx, s.db.Dialect(), kind, name, d, c) })
	if err != nil {
		return fmt.Errorf("change %s %s: %w", kind, name, err)
	}
	if err := s.look(ctx); err != nil {
		return err
	}
	s.loop.Tell(ctx, nil)
	return nil
}

func write(ctx context.Context, tx *storage.Tx, dialect storage.Dialect, kind, name string, d *document, c Condition) error {
	var next int64
	if err := tx.QueryRow(ctx, `SELECT generation + 1 FROM aigovern_state WHERE id = 1`+dialect.ForUpdate()).Scan(&next); err != nil {
		return err
	}
	before, err := present(ctx, tx, kind, name)
	switch {
	case err != nil:
		return err
	case c.Based != nil && *c.Based != before.Version:
		return ErrChanged
	case d == nil && before.Version == 0:
		return ErrUnknown
	case d == nil:
		_, err = tx.Exec(ctx, `DELETE FROM aigovern_rules WHERE kind = $1 AND name = $2`, kind, name)
	default:
		err = writeRule(ctx, tx, kind, name, d, before.Version, next)
	}
	if err == nil {
		_, err = tx.Exec(ctx, `UPDATE aigovern_state SET generation = $1 WHERE id = 1`, next)
	}
	if err == nil && c.Also != nil {
		err = c.Also(tx, before)
	}
	return err
}

// present is the rule that is there, if any.
func present(ctx context.Context, tx *storage.Tx, kind, name string) (Budget, error) {
	var version int64
	var text string
	err := tx.QueryRow(ctx, `SELECT version, document FROM aigovern_rules WHERE kind = $1 AND name = $2`, kind, name).Scan(&version, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return Budget{}, nil
	}
	var d document
	if json.Unmarshal([]byte(text), &d) != nil { // a newer version wrote it: it can be replaced
		d = document{}
	}
	return Budget{d.allowance(name), version}, err
}

func (d *document) allowance(name string) ai.Allowance {
	return ai.Allowance{Name: name, Scope: d.Scope, Subject: d.Subject, Period: d.Period, Tokens: d.Tokens, Micros: d.Micros,
		Currency: d.Currency, Models: d.Models}
}

func writeRule(ctx context.Context, tx *storage.Tx, kind, name string, d *document, version, next int64) error {
	if version == 0 {
		var n int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM aigovern_rules WHERE kind = $1`, kind).Scan(&n); err != nil {
			return err
		}
		if n >= MaxRules {
			return ErrTooMany
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO aigovern_rules (kind, name, version, document) VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind, name) DO UPDATE SET version = excluded.version, document = excluded.document`, kind, name, next, string(text))
	return err
}
