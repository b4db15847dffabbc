// Package customers is an example module: a table of customers that people list,
// search, filter, export and edit. The struct below is the table, the API, its
// documentation and the screens.
package customers

import (
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
)

// Customer is a row.
type Customer struct {
	ID        string    `json:"id" resource:"key"`
	Name      string    `json:"name" validate:"required,max=100" resource:"label,sort,filter,search"`
	Email     string    `json:"email" title:"Email" validate:"required,email,max=200" resource:"sort,search,unique"`
	Plan      string    `json:"plan" validate:"oneof=free team enterprise" default:"free" resource:"filter"`
	Seats     int       `json:"seats" validate:"min=0,max=100000" resource:"sort,filter"`
	Notes     string    `json:"notes" validate:"max=2000" resource:"detail"`
	CreatedAt time.Time `json:"created_at" title:"Customer since" resource:"created,sort=-default,filter"`
	Version   int64     `json:"-" resource:"version"`
}

// The rights that the module knows.
var (
	Read  = dashboard.NewPermission("customer.read", "See customers")
	Write = dashboard.NewPermission("customer.write", "Create, change and delete customers")
)

// Module is the table.
type Module struct {
	host  *dashboard.Host
	table *dashboard.SQLTable[Customer]
}

// New returns the module.
func New() *Module { return &Module{} }

// Manifest describes the module.
func (m *Module) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "customers", Version: "1.0.0", Title: "Customers", Permissions: []dashboard.Permission{Read, Write}}
}

// Provision plans the table.
func (m *Module) Provision(h *dashboard.Host) (err error) {
	m.host = h
	m.table, err = dashboard.NewSQLTable[Customer](h, "customers")
	return err
}

// Migrations make the table and its indexes.
func (m *Module) Migrations() []storage.Migration { return m.table.Migrations() }

// Routes declares what the module answers.
func (m *Module) Routes(r *dashboard.Router) error {
	dashboard.Resource(r, "customers", m.table, dashboard.ReadWith(Read), dashboard.WriteWith(Write))
	dashboard.Post(r, "/samples", m.makeSamples, dashboard.Require(Write), dashboard.Summary("Make customers up"))
	return nil
}

// Interface guards.
var (
	_ dashboard.Module      = (*Module)(nil)
	_ dashboard.Provisioner = (*Module)(nil)
	_ dashboard.Migrator    = (*Module)(nil)
)
