package dashboard_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// PollSettings have their rules in tags. A duration is written as in "2s".
type PollSettings struct {
	Every time.Duration `json:"every" validate:"min=1s,max=1h" title:"Interval"`
	URL   string        `json:"url" validate:"required,url" title:"Address"`
}

// poller keeps the settings in force behind one pointer.
type poller struct{ settings atomic.Pointer[PollSettings] }

func (*poller) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "poller", Version: "1.0.0"}
}

func (*poller) Routes(*dashboard.Router) error { return nil }

func (p *poller) Settings() dashboard.Settings {
	return dashboard.SettingsOf(PollSettings{Every: time.Minute, URL: "https://example.com"},
		func(_ context.Context, s PollSettings) error {
			if s.URL == "https://example.net" {
				return errors.New("example.net does not answer") // refuses the change as a whole
			}
			p.settings.Store(&s)
			return nil
		})
}

// Settings are applied before the module is enabled and, without a restart, at
// each change on every instance.
func ExampleSettingsOf() {
	p := &poller{}
	d, stop := startDemo(p)
	defer stop()
	fmt.Println(p.settings.Load().Every)

	const path = "/api/v1/modules/poller/settings"
	tag := d.show(d.owner, "GET", path, "").Header().Get("ETag")
	a := d.show(d.owner, "PUT", path, `{"values":{"every":"5s","url":"https://example.com"}}`, "If-Match", tag)
	fmt.Println(p.settings.Load().Every)

	tag = a.Header().Get("ETag")
	d.show(d.owner, "PUT", path, `{"values":{"every":"2h","url":"https://example.com"}}`, "If-Match", tag)
	d.show(d.owner, "PUT", path, `{"values":{"every":"9s","url":"https://example.net"}}`, "If-Match", tag)
	fmt.Println(p.settings.Load().Every)
	// Output:
	// 1m0s
	// 200 {"values":{"every":"1m0s","url":"https://example.com"},"secrets":{},"version":0}
	// 200 {"values":{"every":"5s","url":"https://example.com"},"secrets":{},"version":1}
	// 5s
	// 422 invalid-input: The request was understood, but some of its values cannot be accepted.
	//     /values/every must be at most 1h
	// 422 settings-refused: The module did not take these settings: example.net does not answer
	// 5s
}
