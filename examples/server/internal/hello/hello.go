// Package hello is an example module: a guest book. It has a table, settings
// with a secret, endpoints, panels of the kinds that system does not use, a panel behind
// a feature flag, an experiment, and a page of its own in the browser.
package hello

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/storage"
)

// The rights that the module knows.
var (
	Read  = dashboard.NewPermission("entry.read", "Read the guest book")
	Write = dashboard.NewPermission("entry.write", "Write into the guest book")
)

// Settings of the module.
type Settings struct {
	Greeting   string           `json:"greeting" validate:"required,max=40" title:"Greeting" doc:"What the page greets its reader with."`
	Passphrase dashboard.Secret `json:"passphrase" title:"Passphrase" doc:"Who writes must know it. Empty lets everyone in."`
}

// Flags of the module, as the file flags.json of the reference server defines
// them: one is a gate, the other an experiment.
const (
	FlagGuests  = "guest-book-guests"  // boolean: the panel with the number of guests
	FlagWelcome = "guest-book-welcome" // string: what the page asks its reader to do
	signed      = "guest-book-signed"  // the metric of the experiment
)

// Module is the guest book.
type Module struct {
	host     *dashboard.Host
	settings atomic.Pointer[Settings]
}

// New returns the module.
func New() *Module { return &Module{} }

// Manifest describes the module.
func (m *Module) Manifest() dashboard.Manifest {
	return dashboard.Manifest{
		ID: "hello", Version: "1.0.0", Title: "Guest book",
		Description: "An example: who was here, with a page of its own.",
		Permissions: []dashboard.Permission{Read, Write},
	}
}

// Provision keeps the host.
func (m *Module) Provision(h *dashboard.Host) error {
	m.host = h
	return nil
}

// Migrations make the table.
func (m *Module) Migrations() []storage.Migration {
	return []storage.Migration{{Version: 1, Name: "entries", SQL: `CREATE TABLE ` + m.host.Table("entries") + ` (
		id TEXT PRIMARY KEY, name TEXT NOT NULL, written_at BIGINT NOT NULL)`}}
}

// Settings are applied in place.
func (m *Module) Settings() dashboard.Settings {
	return dashboard.SettingsOf(Settings{Greeting: "Hello"}, func(_ context.Context, s Settings) error {
		m.settings.Store(&s)
		return nil
	})
}

//go:embed assets
var files embed.FS

// Assets hold the module's own page.
func (m *Module) Assets() fs.FS {
	sub, err := fs.Sub(files, "assets")
	if err != nil {
		return files // the folder is embedded above: it is there
	}
	return sub
}

// Routes declares what the module answers.
func (m *Module) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/entries", m.list, dashboard.Require(Read), dashboard.Summary("The last entries"))
	dashboard.Post(r, "/entries", m.write, dashboard.Require(Write), dashboard.Summary("Write an entry"),
		dashboard.Status(http.StatusCreated), dashboard.Answers(http.StatusForbidden))
	// Nobody sees this panel until somebody defines the flag and switches it on.
	r.Panel(dashboard.Stat("guests", "Guests", m.guests, dashboard.Require(Read), dashboard.Flag(FlagGuests)))
	r.Panel(dashboard.Markdown("welcome", "Welcome", m.welcome, dashboard.Require(Read)))
	r.Panel(dashboard.Table("entries", "Last entries", m.table, dashboard.Require(Read), dashboard.Refresh(5*time.Second)))
	r.Panel(dashboard.Form("sign", "Sign the guest book",
		func(context.Context) (NewEntry, error) { return NewEntry{}, nil },
		func(ctx context.Context, in NewEntry) (dashboard.FormResult, error) {
			e, err := m.write(ctx, in)
			return dashboard.FormResult{Message: "Thank you, " + e.Name + "."}, err
		}, dashboard.Require(Write)))
	return nil
}

// Entry is one line of the guest book.
type Entry struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	WrittenAt time.Time `json:"written_at"`
}

// NewEntry is what a guest writes.
type NewEntry struct {
	Name       string `json:"name" validate:"required,max=80" title:"Your name"`
	Passphrase string `json:"passphrase,omitempty" validate:"max=200" title:"Passphrase" doc:"Only where the guest book asks for one."`
}

// shown is how many entries are listed: the example has no further pages.
const shown = 50

const selectEntries = `SELECT id, name, written_at FROM %s ORDER BY written_at DESC, id LIMIT $1`

func (m *Module) list(ctx context.Context, _ struct{}) (dashboard.Page[Entry], error) {
	out := dashboard.Page[Entry]{Items: []Entry{}}
	rows, err := m.host.DB().Query(ctx, fmt.Sprintf(selectEntries, m.host.Table("entries")), shown)
	if err != nil {
		return out, fmt.Errorf("list entries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Entry
		var micros int64
		if err := rows.Scan(&e.ID, &e.Name, &micros); err != nil {
			return out, fmt.Errorf("list entries: %w", err)
		}
		e.WrittenAt = time.UnixMicro(micros).UTC()
		out.Items = append(out.Items, e)
	}
	if err := rows.Err(); err != nil {
		return out, fmt.Errorf("list entries: %w", err)
	}
	return out, nil
}

const insertEntry = `INSERT INTO %s (id, name, written_at) VALUES ($1, $2, $3)`

func (m *Module) write(ctx context.Context, in NewEntry) (Entry, error) {
	want := m.settings.Load().Passphrase.Reveal()
	if want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(in.Passphrase)) != 1 {
		return Entry{}, dashboard.Invalid(dashboard.FieldError{Pointer: "/passphrase", Code: "wrong", Detail: "That is not the passphrase."})
	}
	e := Entry{ID: strings.ToLower(rand.Text()), Name: in.Name, WrittenAt: time.Now().UTC().Truncate(time.Microsecond)}
	_, err := m.host.DB().Exec(ctx, fmt.Sprintf(insertEntry, m.host.Table("entries")), e.ID, e.Name, e.WrittenAt.UnixMicro())
	if err != nil {
		return Entry{}, fmt.Errorf("write entry: %w", err)
	}
	m.host.PanelChanged("entries")
	m.host.Flags().Track(ctx, signed, 1) // for the variant that this caller has
	return e, nil
}

func (m *Module) welcome(ctx context.Context) (dashboard.MarkdownData, error) {
	invitation := featureflag.String(ctx, FlagWelcome, "it has a table, settings, a form and a page of its own.")
	return dashboard.MarkdownData{Markdown: "**" + m.settings.Load().Greeting + "!** This module is an example: " + invitation}, nil
}

func (m *Module) guests(ctx context.Context) (dashboard.StatData, error) {
	out := dashboard.StatData{Unit: dashboard.UnitCount, AsOf: time.Now().UTC()}
	err := m.host.DB().QueryRow(ctx, `SELECT COUNT(*) FROM `+m.host.Table("entries")).Scan(&out.Value)
	if err != nil {
		return out, fmt.Errorf("count entries: %w", err)
	}
	return out, nil
}

func (m *Module) table(ctx context.Context) (dashboard.TableData, error) {
	page, err := m.list(ctx, struct{}{})
	if err != nil {
		return dashboard.TableData{}, err
	}
	rows := make([]map[string]any, 0, len(page.Items))
	for _, e := range page.Items {
		rows = append(rows, map[string]any{"name": e.Name, "written_at": e.WrittenAt})
	}
	return dashboard.TableData{AsOf: time.Now().UTC(), Rows: rows, Columns: []dashboard.Column{
		{Key: "name", Title: "Name", Kind: "text"},
		{Key: "written_at", Title: "Written", Kind: "time"},
	}}, nil
}

// Interface guards.
var (
	_ dashboard.Module       = (*Module)(nil)
	_ dashboard.Provisioner  = (*Module)(nil)
	_ dashboard.Migrator     = (*Module)(nil)
	_ dashboard.Configurable = (*Module)(nil)
	_ dashboard.Assets       = (*Module)(nil)
)
