package dashboard_test

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/modular-dashboard/dashboard"
)

// RelaySettings hold a password, which is encrypted at rest.
type RelaySettings struct {
	Host     string           `json:"host" validate:"required,hostname"`
	Password dashboard.Secret `json:"password" title:"Password"`
}

type relay struct{ settings atomic.Pointer[RelaySettings] }

func (*relay) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "relay", Version: "1.0.0"}
}

func (*relay) Routes(*dashboard.Router) error { return nil }

func (m *relay) Settings() dashboard.Settings {
	return dashboard.SettingsOf(RelaySettings{Host: "localhost"}, func(_ context.Context, s RelaySettings) error {
		m.settings.Store(&s)
		return nil
	})
}

// A Secret goes in and does not come out: the API says only whether it is set,
// and a change that leaves it out keeps it. Printing it shows nothing of it.
func ExampleSecret() {
	m := &relay{}
	d, stop := startDemo(m)
	defer stop()

	const path = "/api/v1/modules/relay/settings"
	d.show(d.owner, "PUT", path, `{"values":{"host":"localhost","password":"open sesame"}}`, "If-Match", "*")
	d.show(d.owner, "PUT", path, `{"values":{"host":"mail.example.com"}}`, "If-Match", "*")
	s := m.settings.Load()
	fmt.Println(s)
	fmt.Println(s.Password.Reveal())
	// Output:
	// 200 {"values":{"host":"localhost"},"secrets":{"password":true},"version":1}
	// 200 {"values":{"host":"mail.example.com"},"secrets":{"password":true},"version":2}
	// &{mail.example.com [secret]}
	// open sesame
}
