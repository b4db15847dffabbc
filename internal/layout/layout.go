// Package layout keeps how people arranged the panels of their overview: one
// layout per account, and one per role as the default of those who have none.
package layout

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/modular-dashboard/dashboard/storage"
)

// Scope is the migration scope of the package's table.
const Scope = "layout"

// MaxItems is how many panels a layout may place.
const MaxItems = 500

// Columns and Rows bound the size of a panel.
const (
	Columns = 4
	Rows    = 3
)

// ErrChanged reports that a layout is no longer the one that a change was
// based on.
var ErrChanged = errors.New("the layout has changed")

// An Item places one panel; its order is that of the list.
type Item struct {
	Module string `json:"module"`
	Panel  string `json:"panel"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Hidden bool   `json:"hidden"`
}

// Kind says whose a layout is.
type Kind string

// The kinds of owner.
const (
	Account Kind = "account"
	Role    Kind = "role"
)

// An Owner has at most one layout.
type Owner struct {
	Kind Kind
	ID   string // of an account, or the name of a role
}

// A Layout is an owner's arrangement. Version counts its changes, from 1; the
// zero Layout stands for none.
type Layout struct {
	Owner   Owner
	Version int64
	Items   []Item
}

// A Store keeps layouts in a database. It is safe for concurrent use.
type Store struct{ db *storage.DB }

// New returns the store of a database. It does no I/O.
func New(db *storage.DB) *Store { return &Store{db: db} }

// Schema returns the migrations that Start applies.
func Schema() storage.Schema {
	return storage.Schema{Scope: Scope, Migrations: []storage.Migration{{Version: 1, Name: "layouts of accounts and roles", SQL: `
CREATE TABLE layout_layouts (
	kind    TEXT   NOT NULL,
	owner   TEXT   NOT NULL,
	version BIGINT NOT NULL,
	items   TEXT   NOT NULL,
	PRIMARY KEY (kind, owner)
);
`}}}
}

// Start brings the table up to date. The other methods need it.
func (s *Store) Start(ctx context.Context) error { return s.db.MigrateAll(ctx, Schema()) }

const read = `SELECT version, items FROM layout_layouts WHERE kind = $1 AND owner = $2`

// First returns the layout of the first owner that has one, else the zero
// Layout.
func (s *Store) First(ctx context.Context, owners ...Owner) (Layout, error) {
	for _, o := range owners {
		l, err := find(ctx, s.db, o)
		if err != nil || l.Version > 0 {
			return l, err
		}
	}
	return Layout{}, nil
}

func find(ctx context.Context, q storage.Querier, o Owner) (Layout, error) {
	l := Layout{Owner: o}
	var items string
	err := q.QueryRow(ctx, read, string(o.Kind), o.ID).Scan(&l.Version, &items)
	if errors.Is(err, sql.ErrNoRows) {
		return Layout{}, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(items), &l.Items)
	}
	if err != nil {
		return Layout{}, fmt.Errorf("read layout of %s: %w", o.Kind, err)
	}
	return l, nil
}

const write = `INSERT INTO layout_layouts (kind, owner, version, items) VALUES ($1, $2, $3, $4)
	ON CONFLICT (kind, owner) DO UPDATE SET version = excluded.version, items = excluded.items`

// Put replaces the owner's layout. Where based is not nil it must be the
// present version (0: none), else [ErrChanged]. Also, if not nil, runs in the
// same transaction.
func (s *Store) Put(ctx context.Context, o Owner, items []Item, based *int64, also func(*storage.Tx) error) (Layout, error) {
	if err := check(items); err != nil {
		return Layout{}, err
	}
	if items == nil {
		items = []Item{}
	}
	raw, err := json.Marshal(items)
	if err != nil {
		return Layout{}, err
	}
	l := Layout{Owner: o, Items: slices.Clone(items)}
	err = s.change(ctx, o, based, also, func(tx *storage.Tx, now int64) error {
		l.Version = now + 1
		_, err := tx.Exec(ctx, write, string(o.Kind), o.ID, l.Version, string(raw))
		return err
	})
	return l, err
}

// Delete removes the owner's layout, if there is one; see [Store.Put].
func (s *Store) Delete(ctx context.Context, o Owner, based *int64, also func(*storage.Tx) error) error {
	return s.change(ctx, o, based, also, func(tx *storage.Tx, _ int64) error { return Forget(ctx, tx, o) })
}

// Forget removes the owner's layout within a transaction that ends the owner.
func Forget(ctx context.Context, tx *storage.Tx, o Owner) error {
	_, err := tx.Exec(ctx, `DELETE FROM layout_layouts WHERE kind = $1 AND owner = $2`, string(o.Kind), o.ID)
	return err
}

func (s *Store) change(ctx context.Context, o Owner, based *int64, also func(*storage.Tx) error, do func(*storage.Tx, int64) error) error {
	err := s.db.Update(ctx, func(tx *storage.Tx) error {
		present, err := find(ctx, tx, o)
		if err != nil {
			return err
		}
		if based != nil && *based != present.Version {
			return ErrChanged
		}
		if err := do(tx, present.Version); err != nil || also == nil {
			return err
		}
		return also(tx)
	})
	if err != nil && !errors.Is(err, ErrChanged) {
		return fmt.Errorf("change layout of %s: %w", o.Kind, err)
	}
	return err
}

// An InvalidError says which item of a layout cannot be kept, and why.
type InvalidError struct {
	Index  int
	Field  string
	Detail string
}

// Error returns the place and the reason.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("item %d of the layout: %s: %s", e.Index, e.Field, e.Detail)
}

func check(items []Item) error {
	type place struct{ module, panel string }
	seen := make(map[place]bool, len(items))
	for i, it := range items {
		at := place{it.Module, it.Panel}
		switch {
		case i >= MaxItems:
			return &InvalidError{i, "", fmt.Sprintf("a layout has at most %d panels", MaxItems)}
		case seen[at]:
			return &InvalidError{i, "panel", "the panel is placed twice"}
		case it.Module == "" || len(it.Module) > 40:
			return &InvalidError{i, "module", "it is not the id of a module"}
		case it.Panel == "" || len(it.Panel) > 40:
			return &InvalidError{i, "panel", "it is not the id of a panel"}
		case it.Width < 1 || it.Width > Columns:
			return &InvalidError{i, "width", fmt.Sprintf("it is not between 1 and %d", Columns)}
		case it.Height < 1 || it.Height > Rows:
			return &InvalidError{i, "height", fmt.Sprintf("it is not between 1 and %d", Rows)}
		}
		seen[at] = true
	}
	return nil
}
