package dashboardtest

import (
	"testing" //nolint:depguard // it is for tests

	"github.com/modular-dashboard/dashboard"
)

// Host returns a [dashboard.Host] of an enabled module with the given id, for
// tests of code that takes one. Its database is in memory and ends with the
// test.
func Host(t testing.TB, id string, opts ...dashboard.Option) *dashboard.Host {
	t.Helper()
	m := &bare{manifest: dashboard.Manifest{ID: id, Version: "0.0.0"}}
	New(t, append([]dashboard.Option{dashboard.WithModules(m)}, opts...)...)
	return m.host
}

// bare is a module that has nothing but its host.
type bare struct {
	manifest dashboard.Manifest
	host     *dashboard.Host
}

func (m *bare) Manifest() dashboard.Manifest { return m.manifest }

func (m *bare) Routes(*dashboard.Router) error { return nil }

func (m *bare) Provision(h *dashboard.Host) error {
	m.host = h
	return nil
}

var _ dashboard.Provisioner = (*bare)(nil)
