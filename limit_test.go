package dashboard_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// mails is a module with a limit of its own, one on an endpoint, and one for what
// is no request.
type mails struct{ perDay ratelimit.Limiter }

func (m *mails) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "mails", Version: "1.0.0", Permissions: []dashboard.Permission{permRead}}
}

func (m *mails) Provision(h *dashboard.Host) (err error) {
	m.perDay, err = h.Limiter("customer", "1/d")
	return err
}

func (m *mails) Routes(r *dashboard.Router) error {
	r.Limit("6/h")
	dashboard.Get(r, "/list", answerNothing, dashboard.Require(permRead))
	dashboard.Post(r, "/send", answerNothing, dashboard.Require(permRead), dashboard.Limit("2/h"), dashboard.ID("send"))
	dashboard.Get(r, "/open", answerNothing, dashboard.Public(), dashboard.Limit("3/h"), dashboard.ID("open"))
	dashboard.Post(r, "/customers/{id}", func(ctx context.Context, in struct {
		ID string `path:"id"`
	}) (verdict, error) {
		d, err := m.perDay.Allow(ctx, in.ID, 1)
		return verdict{d.Allowed, d.Policy, d.Limit, d.RetryAfter > 0}, err
	}, dashboard.Require(permRead))
	return nil
}

type verdict struct {
	Allowed bool   `json:"allowed"`
	Policy  string `json:"policy"`
	Limit   int64  `json:"limit"`
	Later   bool   `json:"later"`
}

func answerNothing(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }

type limitState struct {
	Name, Policy, Default, Module string
	Keys                          []string
	Overrides                     []struct{ Key, Policy string }
}

func (s *server) limit(name string) (l limitState, tag string) {
	s.t.Helper()
	a := s.owner().get("/api/v1/limits/" + name).wantStatus(http.StatusOK)
	a.decode(&l)
	return l, a.header.Get("ETag")
}

// wantLimited checks an answer of 429 by the named policies.
func (a answer) wantLimited(policies ...string) {
	a.t.Helper()
	a.wantStatus(http.StatusTooManyRequests)
	var p struct {
		Type, RequestID string
		Violated        []string `json:"violated-policies"`
	}
	a.decode(&p)
	if !slices.Equal(p.Violated, policies) || !strings.Contains(p.Type, "quota-exceeded") || a.header.Get("Retry-After") == "" || a.header.Get("RateLimit") == "" {
		a.t.Errorf("%s: got %s and %v, want the policies %q", a.what, a.body, a.header, policies)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&mails{}))
	const send, list = "/api/v1/m/mails/send", "/api/v1/m/mails/list"
	bea, carl := s.member("bea", "mails.note.read"), s.member("carl", "mails.note.read")

	a := bea.do("POST", send, nil).wantStatus(http.StatusNoContent)
	if got, want := a.header.Get("RateLimit-Policy"), `"caller";q=6000;w=60, "mails";q=6;w=3600, "mails.send";q=2;w=3600`; got != want {
		t.Errorf("got RateLimit-Policy %s, want %s", got, want)
	}
	bea.do("POST", send, nil).wantStatus(http.StatusNoContent)
	bea.do("POST", send, nil).wantLimited("mails.send")
	carl.do("POST", send, nil).wantStatus(http.StatusNoContent)

	// The refused one was charged nowhere: four of the module's six are left.
	for range 4 {
		bea.get(list).wantStatus(http.StatusNoContent)
	}
	bea.get(list).wantLimited("mails")
	s.owner().get(list).wantStatus(http.StatusNoContent)

	for range 3 {
		s.as("").get("/api/v1/m/mails/open").wantStatus(http.StatusNoContent)
	}
	s.as("").get("/api/v1/m/mails/open").wantLimited("mails.open")

	var refused struct {
		Items []struct {
			Limit, Key, Who string
			Count           int
		}
	}
	s.owner().get("/api/v1/limits/refused").decode(&refused)
	var got []string
	for _, r := range refused.Items {
		got = append(got, fmt.Sprint(r.Limit, " ", r.Who, " ", r.Count))
	}
	if want := []string{"mails.open 127.0.0.1 1", "mails bea 1", "mails.send bea 1"}; !slices.Equal(got, want) {
		t.Errorf("refused: got %q, want %q", got, want)
	}
	// One caller gets a limit of its own.
	beasKey := refused.Items[1].Key
	s.owner().do("PUT", "/api/v1/limits/mails/keys/"+beasKey, map[string]string{"policy": "1000/s"}).wantStatus(http.StatusOK)
	eventually(t, "what was used up comes back", func() bool { return bea.get(list).status == http.StatusNoContent })
	s.owner().do("DELETE", "/api/v1/limits/mails/keys/"+beasKey, nil).wantStatus(http.StatusOK)
	eventually(t, "the limit of all others holds again", func() bool { return bea.get(list).status == http.StatusTooManyRequests })
}

func TestLimitsAreEdited(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fleet.db")
	s, other := openServer(t, file, dashboard.WithModules(&mails{})), openServer(t, file, dashboard.WithModules(&mails{}))
	other.token = s.token
	const limit = "/api/v1/limits/mails.send"

	before, tag := s.limit("mails.send")
	if before.Policy != "2/h" || before.Default != "2/h" || before.Module != "mails" {
		t.Errorf("got %+v", before)
	}
	s.member("bea", "dashboard.limits.read").do("PUT", limit, map[string]string{"policy": "1/s"}).wantStatus(http.StatusForbidden)
	s.as("").get("/api/v1/limits").wantStatus(http.StatusUnauthorized)
	for _, bad := range []string{"", "ten", "0/m", "10/w", "10/m burst", "10/m burst 0", strings.Repeat("1", 200)} {
		s.owner().do("PUT", limit, map[string]string{"policy": bad}).wantProblem(http.StatusUnprocessableEntity, "invalid-input")
	}
	s.owner().do("PUT", "/api/v1/limits/caller", map[string]string{"policy": "8/h"}).wantProblem(http.StatusUnprocessableEntity, "invalid-input")
	s.owner().do("PUT", "/api/v1/limits/nothing", map[string]string{"policy": "1/s"}).wantStatus(http.StatusNotFound)

	s.owner().do("PUT", limit, map[string]string{"policy": "50/h burst 1"}, "If-Match", tag).wantStatus(http.StatusOK)
	s.owner().do("PUT", limit, map[string]string{"policy": "3/h"}, "If-Match", tag).wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	eventually(t, "the other instance follows", func() bool {
		l, _ := other.limit("mails.send")
		return l.Policy == "50/h burst 1"
	})
	other.owner().do("POST", "/api/v1/m/mails/send", nil).wantStatus(http.StatusNoContent)
	other.owner().do("POST", "/api/v1/m/mails/send", nil).wantLimited("mails.send")

	s.owner().do("PUT", limit, map[string]string{"policy": "50/h burst 1 shadow"}).wantStatus(http.StatusOK)
	eventually(t, "the other instance only counts", func() bool {
		return other.owner().do("POST", "/api/v1/m/mails/send", nil).status == http.StatusNoContent
	})
	s.owner().do("DELETE", limit, nil).wantStatus(http.StatusOK)
	eventually(t, "the other instance is back at the default", func() bool {
		l, _ := other.limit("mails.send")
		return l.Policy == "2/h"
	})
	a := s.owner().get("/api/v1/audit?action=limit.change").wantStatus(http.StatusOK)
	if n := strings.Count(string(a.body), `"limit.change"`); n != 3 {
		t.Errorf("got %d entries in the audit log, want 3: %s", n, a.body)
	}
}

// An operator writes whom a limit is for as people do.
func TestKeysOfLimits(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&mails{}))
	bea := s.member("bea", "mails.note.read", "dashboard.limits.read", "dashboard.limits.manage")
	var me struct{ ID string }
	bea.get("/api/v1/auth/me").decode(&me)
	put := func(c caller, limit, key string) answer {
		return c.do("PUT", "/api/v1/limits/"+limit+"/keys/"+url.PathEscape(key), map[string]string{"policy": "7/s"})
	}
	for _, tt := range []struct{ limit, typed, want string }{
		{"caller", "bea@example.com", "user:" + me.ID}, {"mails.send", "Bea@Example.com", "user:" + me.ID}, {"mails", "user:" + me.ID, "user:" + me.ID},
		{"caller", "carl@example.com", ""}, {"caller", "user:nobody", ""}, {"caller", "bea", ""}, {"caller", "192.0.2.1", ""}, {"caller", "api-key:", ""},
		{"caller", "api-key:k1", "api-key:k1"},
		{"address", "192.0.2.1", "192.0.2.1"}, {"address", "::ffff:192.0.2.2", "192.0.2.2"}, {"address", "192.0.2.3/32", "192.0.2.3"},
		{"address", "2001:db8::1", "2001:db8::/64"}, {"address", "2001:DB8:1::/64", "2001:db8:1::/64"},
		{"address", "2001:db8::/32", ""}, {"address", "192.0.2.0/24", ""}, {"address", "example.com", ""}, {"address", "bea@example.com", ""},
		{"login-address", "192.0.2.1", "login-address:192.0.2.1"}, {"login-address", "login-address:2001:db8::/64", "login-address:2001:db8::/64"},
		{"login-address", "login-account:1", ""},
		{"login-account", "login-account:0123456789abcdef0123456789abcdef", "login-account:0123456789abcdef0123456789abcdef"},
		{"login-account", "bea@example.com", ""},
		{"mails.open", "192.0.2.1", "192.0.2.1"}, {"mails.open", "bea@example.com", "user:" + me.ID}, {"mails.send", "192.0.2.1", ""},
		{"mails.customer", "whatever / it is", "whatever / it is"},
	} {
		a := put(s.owner(), tt.limit, tt.typed)
		if tt.want == "" {
			a.wantProblem(http.StatusUnprocessableEntity, "invalid-input")
			continue
		}
		var l limitState
		a.wantStatus(http.StatusOK).decode(&l)
		if !slices.ContainsFunc(l.Overrides, func(o struct{ Key, Policy string }) bool { return o.Key == tt.want && o.Policy == "7/s" }) {
			t.Errorf("%s of %s: got %+v, want %s", tt.typed, tt.limit, l.Overrides, tt.want)
		}
	}
	put(s.owner(), "nothing", "192.0.2.1").wantStatus(http.StatusNotFound)
	put(bea, "caller", "bea@example.com").wantProblem(http.StatusUnprocessableEntity, "invalid-input") // may not see accounts
	if got, want := bea.do("POST", "/api/v1/m/mails/send", nil).header.Get("RateLimit-Policy"), `"caller";q=7;w=1, "mails";q=7;w=1, "mails.send";q=7;w=1`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for name, want := range map[string]string{"caller": "account api-key", "address": "address", "mails.open": "account api-key address", "mails.customer": ""} {
		if l, _ := s.limit(name); strings.Join(l.Keys, " ") != want {
			t.Errorf("%s: got the keys %q, want %q", name, l.Keys, want)
		}
	}
}

func TestLimitsOutliveARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "kept.db")
	t.Run("first", func(t *testing.T) {
		s := openServer(t, file, dashboard.WithModules(&mails{}))
		s.owner().do("PUT", "/api/v1/limits/caller", map[string]string{"policy": "500/m"}).wantStatus(http.StatusOK)
	})
	t.Run("then", func(t *testing.T) {
		s := openServer(t, file, dashboard.WithRateLimit("caller", "700/m"))
		if l, _ := s.limit("caller"); l.Policy != "500/m" || l.Default != "700/m" {
			t.Errorf("got %+v", l)
		}
	})
}

func TestAddressLimitComesFirst(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithTrustedProxies("127.0.0.1"), dashboard.WithRateLimit("address", "3/h"))
	for range 5 {
		s.owner().get("/api/v1/auth/me").wantStatus(http.StatusOK) // this machine's do not count
	}
	forged := s.as("forged")
	for range 3 {
		forged.get("/api/v1/auth/me", "X-Forwarded-For", "192.0.2.1").wantStatus(http.StatusUnauthorized)
	}
	forged.get("/api/v1/auth/me", "X-Forwarded-For", "192.0.2.1").wantLimited("address")
	s.owner().get("/api/v1/auth/me", "X-Forwarded-For", "192.0.2.1").wantLimited("address")
	s.owner().get("/livez", "X-Forwarded-For", "192.0.2.1").wantStatus(http.StatusOK)
	s.owner().get("/api/v1/auth/me", "X-Forwarded-For", "192.0.2.2").wantStatus(http.StatusOK)
	s.owner().get("/api/v1/auth/me", "X-Forwarded-For", "2001:db8::1").wantStatus(http.StatusOK)
	for i := range 2 {
		s.owner().get("/api/v1/auth/me", "X-Forwarded-For", fmt.Sprintf("2001:db8::%x", 2+i)).wantStatus(http.StatusOK)
	}
	s.owner().get("/api/v1/auth/me", "X-Forwarded-For", "2001:db8::ffff").wantLimited("address")
}

// Who is within the trusted range does not get around the limit as this machine.
func TestAddressLimitOfForgedLoopback(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithTrustedProxies("127.0.0.1"), dashboard.WithRateLimit("address", "2/h"))
	me := func(from string) answer { return s.owner().get("/api/v1/auth/me", "X-Forwarded-For", from) }
	for range 2 {
		me("127.0.0.2").wantStatus(http.StatusOK)
	}
	me("127.0.0.2").wantLimited("address")
	me("::ffff:127.0.0.2").wantLimited("address")
	me("127.0.0.1").wantStatus(http.StatusOK) // the proxy itself
}

func TestAddressLimitReadsForwarded(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithTrustedProxies("127.0.0.1"), dashboard.WithForwarded(), dashboard.WithRateLimit("address", "2/h"))
	me := func(headers ...string) answer { return s.owner().get("/api/v1/auth/me", headers...) }
	me("Forwarded", "for=192.0.2.1").wantStatus(http.StatusOK)
	me("Forwarded", `for=203.0.113.9, for="192.0.2.1:4711";proto=https`, "X-Forwarded-For", "192.0.2.2").wantStatus(http.StatusOK)
	me("Forwarded", `for="[::ffff:192.0.2.1]"`).wantLimited("address")
	me("X-Forwarded-For", "192.0.2.1").wantStatus(http.StatusOK)
}

func TestSignInsAreLimited(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithRateLimit("login-account", "3/h"))
	login := func(password string) answer {
		return s.as("").do("POST", "/api/v1/auth/login", map[string]string{"email": ownerEmail, "password": password})
	}
	for range 5 {
		login(ownerPassword).wantStatus(http.StatusOK) // a good one costs nothing
	}
	for range 3 {
		login("wrong").wantStatus(http.StatusUnauthorized)
	}
	if a := login("wrong").wantProblem(http.StatusTooManyRequests, "too-many-attempts"); a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	a := s.owner().get("/api/v1/limits/refused").wantStatus(http.StatusOK)
	if !strings.Contains(string(a.body), `"login-account"`) || strings.Contains(string(a.body), ownerEmail) {
		t.Errorf("got %s", a.body)
	}
	s.owner().do("PUT", "/api/v1/limits/login-account", map[string]string{"policy": "1/ms burst 100"}).wantStatus(http.StatusOK)
	eventually(t, "sign-ins are let in again", func() bool { return login(ownerPassword).status == http.StatusOK })
}

func TestHostLimiter(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&mails{}), dashboard.WithRateLimit("mails", "1000/s"))
	ask := func(id string) (v verdict) {
		s.owner().do("POST", "/api/v1/m/mails/customers/"+id, nil).wantStatus(http.StatusOK).decode(&v)
		return v
	}
	if d := ask("c1"); !d.Allowed || d.Policy != "mails.customer" {
		t.Errorf("got %+v", d)
	}
	if d := ask("c1"); d.Allowed || !d.Later {
		t.Errorf("got %+v", d)
	}
	if d := ask("c2"); !d.Allowed {
		t.Errorf("got %+v", d)
	}
	s.owner().do("PUT", "/api/v1/limits/mails.customer", map[string]string{"policy": "2000/d burst 2000"}).wantStatus(http.StatusOK)
	eventually(t, "the limiter follows", func() bool { return ask("c2").Limit == 2000 })
}

// noRedis is a client of a server that is down.
type noRedis struct{}

func (noRedis) Eval(context.Context, redislimit.Script, []string, []string) ([]int64, error) {
	return nil, errors.New("connection refused")
}

// While Redis cannot be asked each instance allows its share, of as many as there
// are.
func TestLimitsAreDividedWithoutRedis(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fleet.db")
	open := func(t *testing.T) *server {
		store, err := redislimit.New(noRedis{}, redislimit.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(store.Close)
		return openServer(t, file, dashboard.WithModules(&mails{}), dashboard.WithRateLimit("mails", "600/ms burst 600"), dashboard.WithRateLimitStore(store))
	}
	left := func(s *server) func() bool {
		return func() bool {
			a := s.owner().get("/api/v1/m/mails/list").wantStatus(http.StatusNoContent)
			return strings.Contains(a.header.Get("RateLimit"), `"mails";r=299;`)
		}
	}
	one := open(t)
	if a := one.owner().get("/api/v1/m/mails/list"); !strings.Contains(a.header.Get("RateLimit"), `"mails";r=599;`) {
		t.Errorf("alone: got %v", a.header)
	}
	t.Run("two", func(t *testing.T) {
		two := open(t)
		eventually(t, "the first instance allows half", left(one))
		eventually(t, "the second instance allows half", left(two))
	})
	eventually(t, "the first instance allows all again", func() bool { return !left(one)() })
}

func TestLimitsThatNewRefuses(t *testing.T) {
	t.Parallel()
	routes := func(fn func(r *dashboard.Router)) dashboard.Option {
		return dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "notes", Version: "1.0.0", Permissions: []dashboard.Permission{permRead}},
			func(r *dashboard.Router) error { fn(r); return nil }))
	}
	for name, opt := range map[string]dashboard.Option{
		"bad policy": routes(func(r *dashboard.Router) {
			dashboard.Get(r, "/x", answerNothing, dashboard.Require(permRead), dashboard.Limit("10/fortnight"))
		}),
		"two limits": routes(func(r *dashboard.Router) {
			dashboard.Get(r, "/x", answerNothing, dashboard.Require(permRead), dashboard.Limit("10/m"), dashboard.Limit("100/h"))
		}),
		"two limits of the module": routes(func(r *dashboard.Router) { r.Limit("10/m"); r.Limit("10/m") }),
		"bad limit of the module":  routes(func(r *dashboard.Router) { r.Limit("many") }),
		"name too long": routes(func(r *dashboard.Router) {
			dashboard.Get(r, "/"+strings.Repeat("x", 80), answerNothing, dashboard.Require(permRead), dashboard.Limit("10/m"))
		}),
		"unknown name": dashboard.WithRateLimit("nothing", "10/m"),
		"bad default":  dashboard.WithRateLimit("caller", "10"),
		"nil store":    dashboard.WithRateLimitStore(nil),
	} {
		db, err := sqlite.Open(":memory:")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = dashboard.New(db, dashboard.WithLogger(slog.New(slog.DiscardHandler)), opt); err == nil {
			t.Errorf("%s: New took it", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
