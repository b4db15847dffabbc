package ratelimit_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

func TestParsePolicy(t *testing.T) {
	for _, test := range []struct {
		text string
		want ratelimit.Policy
		form string // in which it prints, where that differs
	}{
		{text: "100/m", want: ratelimit.Policy{Limit: 100, Window: time.Minute}},
		{text: "100/m burst 20", want: ratelimit.Policy{Limit: 100, Window: time.Minute, Burst: 20}},
		{text: "100/m burst 100", want: ratelimit.Policy{Limit: 100, Window: time.Minute}, form: "100/m"},
		{text: "5/15m", want: ratelimit.Policy{Limit: 5, Window: 15 * time.Minute}},
		{text: "1000/h burst 50 shadow", want: ratelimit.Policy{Limit: 1000, Window: time.Hour, Burst: 50, Shadow: true}},
		{text: " 1/d\tshadow ", want: ratelimit.Policy{Limit: 1, Window: 24 * time.Hour, Shadow: true}, form: "1/d shadow"},
		{text: "7/60s", want: ratelimit.Policy{Limit: 7, Window: time.Minute}, form: "7/m"},
		{text: "7/36h", want: ratelimit.Policy{Limit: 7, Window: 36 * time.Hour}},
		{text: "7/1500ms", want: ratelimit.Policy{Limit: 7, Window: 1500 * time.Millisecond}},
		{text: "1/ms", want: ratelimit.Policy{Limit: 1, Window: time.Millisecond}},
		{text: "1000000000/366d burst 1000000000", want: ratelimit.Policy{Limit: 1_000_000_000, Window: 366 * 24 * time.Hour}, form: "1000000000/366d"},
	} {
		got, err := ratelimit.ParsePolicy(test.text)
		if err != nil || got != test.want {
			t.Errorf("%q: got %+v, %v, want %+v", test.text, got, err, test.want)
		}
		want := test.form
		if want == "" {
			want = test.text
		}
		if got.String() != want {
			t.Errorf("%q prints as %q, want %q", test.text, got, want)
		}
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "100", "/", "100/", "/m", "0/m", "-1/m", "+1/m", "01/m", "1e3/m", "1_000/m", "1.5/m", "100 / m", "1000000001/m", "99999999999999999999/m",
		"1/0s", "1/w", "1/M", "1/m m", "1/-1m", "1/1.5h", "1/01m", "1/367d", "1/31622400001ms", "1/9999999999999d", "1/1h30m",
		"1/m burst", "1/m burst 0", "1/m burst x", "1/m burst -1", "1/m burst 1000000001", "1/m 5", "1/m shadow burst 5", "1/m shadow shadow", "1/m burst 5 burst 5", "1/m Shadow",
		"1/m" + strings.Repeat(" ", 200), "1/m\x00", "1/м",
	} {
		if got, err := ratelimit.ParsePolicy(text); err == nil || got != (ratelimit.Policy{}) {
			t.Errorf("%q: got %+v, %v, want an error", text, got, err)
		} else if len(err.Error()) > 400 {
			t.Errorf("%q: an error of %d bytes", text, len(err.Error()))
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	for _, text := range []string{"100/m", "100/m burst 20", "5/15m shadow", "1/1500ms burst 3 shadow", "1/366d", "0/0s", "1/m burst 1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ratelimit.ParsePolicy(text)
		if err != nil {
			if p != (ratelimit.Policy{}) {
				t.Errorf("%q: %+v beside %v", text, p, err)
			}
			return
		}
		if err := p.Validate(); err != nil {
			t.Errorf("%q parses as %+v, which is not valid: %v", text, p, err)
		}
		again, err := ratelimit.ParsePolicy(p.String())
		if err != nil || again != p || again.String() != p.String() {
			t.Errorf("%q prints as %q, which parses as %+v, %v", text, p, again, err)
		}
	})
}

func TestValidate(t *testing.T) {
	valid := ratelimit.Policy{Name: "api.v1_a-b", Limit: 1, Window: time.Second}
	for name, change := range map[string]func(*ratelimit.Policy){
		"":                     func(*ratelimit.Policy) {},
		"the name":             func(p *ratelimit.Policy) { p.Name = "a b" },
		"the name \"A\"":       func(p *ratelimit.Policy) { p.Name = "A" },
		"up to 64":             func(p *ratelimit.Policy) { p.Name = strings.Repeat("a", 65) },
		"the limit 0":          func(p *ratelimit.Policy) { p.Limit = 0 },
		"the limit 1000000001": func(p *ratelimit.Policy) { p.Limit = ratelimit.MaxLimit + 1 },
		"the burst -1":         func(p *ratelimit.Policy) { p.Burst = -1 },
		"the burst 1000000001": func(p *ratelimit.Policy) { p.Burst = ratelimit.MaxLimit + 1 },
		"the window 0s":        func(p *ratelimit.Policy) { p.Window = 0 },
		"the window 1.5ms":     func(p *ratelimit.Policy) { p.Window = 1500 * time.Microsecond },
		"the window 8784h0m0.001s": func(p *ratelimit.Policy) {
			p.Window = ratelimit.MaxWindow + time.Millisecond
		},
	} {
		p := valid
		change(&p)
		err := p.Validate()
		if (err != nil) != (name != "") || err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: got %v, want %q", p, err, name)
		}
	}
}

func TestPolicyText(t *testing.T) {
	type settings struct{ Login ratelimit.Policy }
	s := settings{Login: ratelimit.Policy{Name: "login", Limit: 1, Window: time.Hour}}
	if err := json.Unmarshal([]byte(`{"Login":"5/m burst 2"}`), &s); err != nil {
		t.Fatal(err)
	}
	if want := (ratelimit.Policy{Name: "login", Limit: 5, Window: time.Minute, Burst: 2}); s.Login != want {
		t.Errorf("got %+v, want %+v", s.Login, want)
	}
	text, err := json.Marshal(s)
	if err != nil || string(text) != `{"Login":"5/m burst 2"}` {
		t.Errorf("got %s, %v", text, err)
	}
	before := s
	if err := json.Unmarshal([]byte(`{"Login":"5/never"}`), &s); err == nil || s != before {
		t.Errorf("got %+v, %v, want an error and no change", s, err)
	}
	if got := (ratelimit.Policy{}).String(); got != "0/0s" {
		t.Errorf("the zero policy prints as %q", got)
	}
	for name, p := range map[string]ratelimit.Policy{"login": s.Login, "default": {}} {
		if p.Label() != name {
			t.Errorf("got %q, want %q", p.Label(), name)
		}
	}
}
