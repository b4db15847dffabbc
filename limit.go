package dashboard

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/clientip"
	"github.com/modular-dashboard/dashboard/internal/limits"
	"github.com/modular-dashboard/dashboard/ratelimit"
)

// Limit bounds how often one caller may use the endpoint: a person, an API key,
// or an address where nobody is signed in. The policy is one of
// [ratelimit.ParsePolicy], such as "10/m" (ten a minute, all at once if they
// like) or "100/h burst 5". It is the default: the limit appears in the UI as
// "module.id", with the endpoint's [ID], and what is set there holds on every
// instance within a second. Answers carry the fields RateLimit and
// RateLimit-Policy; what is refused is answered 429 with Retry-After.
func Limit(policy string) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.limit = append(c.limit, policy) })
}

// Limit bounds how often one caller may use all endpoints of the module
// together, as [Limit] does for one of them. It appears in the UI under the
// module's id. Endpoints that are [Public] do not count.
func (r *Router) Limit(policy string) {
	if r.limit != (ratelimit.Policy{}) {
		r.fail("the module has more than one limit")
		return
	}
	p, err := ratelimit.ParsePolicy(policy)
	if err != nil {
		r.fail("limit of the module: %w", err)
		return
	}
	p.Name = r.module
	r.limit = p
}

// sharing holds an endpoint to a limit that the dashboard declares for several.
func sharing(limit string) EndpointOption {
	return endpointOption(func(c *endpointConfig) { c.shared = limit })
}

// setLimit reads the endpoint's limit, if it has one.
func (e *endpoint) setLimit() error {
	switch len(e.config.limit) {
	case 0:
		return nil
	case 1:
	default:
		return fmt.Errorf("names %d limits, want one", len(e.config.limit))
	}
	p, err := ratelimit.ParsePolicy(e.config.limit[0])
	if err != nil {
		return err
	}
	p.Name = e.module + "." + strings.Map(limitRune, strings.ToLower(e.config.id))
	if err := p.Validate(); err != nil {
		return fmt.Errorf("%w: give the endpoint a shorter ID", err)
	}
	e.limit = p
	return nil
}

func limitRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		return r
	}
	return '-'
}

// Names of the dashboard's own limits.
const (
	limitAddress      = "address"
	limitCaller       = "caller"
	limitLoginAddress = "login-address"
	limitLoginAccount = "login-account"
)

// coreLimits are the dashboard's own. They are wide: an overview with many panels
// asks often, and an office shares an address.
func coreLimits() []limits.Declared {
	const minute = time.Minute
	return []limits.Declared{
		{Title: "All requests of one address, before it is known who asks. Those of this machine do not count.",
			Policy: ratelimit.Policy{Name: limitAddress, Limit: 12_000, Window: minute, Burst: 3_000}, Keys: limits.Addresses},
		{Title: "All requests of one person or API key",
			Policy: ratelimit.Policy{Name: limitCaller, Limit: 6_000, Window: minute, Burst: 1_500}, Keys: limits.Callers},
		{Title: "Sign-ins from one address",
			Policy: ratelimit.Policy{Name: limitLoginAddress, Limit: 20, Window: minute, Burst: 30}, Keys: limits.SignInAddresses},
		{Title: "Wrong sign-ins to one account, from anywhere",
			Policy: ratelimit.Policy{Name: limitLoginAccount, Limit: 1, Window: minute, Burst: 20}, Keys: limits.SignInAccounts},
		{Title: "Requests of one person or API key to models",
			Policy: ratelimit.Policy{Name: limitAI, Limit: 60, Window: minute, Burst: 20}, Keys: limits.Callers},
		{Title: "Tokens that one person or API key uses of models",
			Policy: ratelimit.Policy{Name: limitAITokens, Limit: 2_000_000, Window: minute, Burst: 2_000_000}, Keys: limits.Callers},
	}
}

// limiting is what the dashboard has for limits.
type limiting struct {
	store   ratelimit.Store
	book    *limits.Store
	refused limits.Watch
	address *ratelimit.Middleware
	opts    []ratelimit.MiddlewareOption
}

// composeLimits declares the dashboard's own limits.
func (d *Dashboard) composeLimits() error {
	l := &d.limiting
	if l.store = d.config.limitStore; l.store == nil {
		l.store = ratelimit.NewLocal()
	}
	l.book = limits.New(d.db, limits.Options{Bus: d.bus, Log: d.log, OnChange: d.limitsChanged})
	l.opts = []ratelimit.MiddlewareOption{ratelimit.WithRefusal(d.refuseLimited), ratelimit.WithLogger(d.log)}
	if d.config.meters != nil {
		l.opts = append(l.opts, ratelimit.WithMeterProvider(d.config.meters))
	}
	for _, one := range coreLimits() {
		if err := d.declareLimit(one); err != nil {
			return err
		}
	}
	var err error
	l.address, err = ratelimit.NewMiddleware(l.store, []ratelimit.Rule{{Live: l.book.Live(), Name: limitAddress, By: remoteKey}},
		append(slices.Clip(l.opts), ratelimit.FieldsOnRefusal())...)
	return err
}

// instanceCounter is a store of limits that wants to know how many instances share
// them.
type instanceCounter interface{ SetInstances(n int) }

// onLive is nil where the store does not want to know.
func (l *limiting) onLive() func(int) {
	if counter, ok := l.store.(instanceCounter); ok {
		return counter.SetInstances
	}
	return nil
}

// declareLimit declares a limit, with the host's own default if there is one.
func (d *Dashboard) declareLimit(one limits.Declared) error {
	if p, ok := d.config.limits[one.Policy.Name]; ok {
		p.Name = one.Policy.Name
		one.Policy = p
	}
	return d.limiting.book.Declare(one)
}

// checkLimits finds defaults of the host for limits that nobody declares.
func (d *Dashboard) checkLimits() error {
	for name := range d.config.limits {
		if _, err := d.limiting.book.Find(name); err != nil {
			return fmt.Errorf("rate limit %q: %w", name, err)
		}
	}
	return nil
}

const titleOfModuleLimit = "All requests of one caller to the module"

// declareLimits declares those of a module, and builds what holds its endpoints
// to them.
func (d *Dashboard) declareLimits(r *Router) error {
	if r.limit != (ratelimit.Policy{}) {
		one := limits.Declared{Policy: r.limit, Title: titleOfModuleLimit, Module: r.module, Keys: limits.Callers}
		if err := d.declareLimit(one); err != nil {
			return err
		}
	}
	var shared *ratelimit.Middleware
	for _, e := range r.endpoints {
		var err error
		if e.limit != (ratelimit.Policy{}) {
			one := limits.Declared{Policy: e.limit, Title: e.method + " " + e.path, Module: e.module, Keys: limits.Callers}
			if e.access.kind == accessPublic {
				one.Keys |= limits.Addresses
			}
			if e.config.summary != "" {
				one.Title = e.config.summary
			}
			if err = d.declareLimit(one); err == nil {
				e.limiter, err = d.newLimiter(r, e)
			}
		} else if e.config.shared != "" {
			e.limiter, err = d.newLimiter(r, e)
		} else if e.access.kind != accessPublic {
			if shared == nil {
				shared, err = d.newLimiter(r, nil)
			}
			e.limiter = shared
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// newLimiter holds an endpoint, or all that have no limit of their own, to the
// limits of the caller, the module and the endpoint.
func (d *Dashboard) newLimiter(r *Router, e *endpoint) (*ratelimit.Middleware, error) {
	live, opts := d.limiting.book.Live(), d.limiting.opts
	var rules []ratelimit.Rule
	if e == nil || e.access.kind != accessPublic {
		rules = append(rules, ratelimit.Rule{Live: live, Name: limitCaller, By: callerKey})
		if r.limit != (ratelimit.Policy{}) {
			rules = append(rules, ratelimit.Rule{Live: live, Name: r.limit.Name, By: callerKey})
		}
	}
	if e != nil {
		rules = append(rules, ratelimit.Rule{Live: live, Name: cmp.Or(e.config.shared, e.limit.Name), By: ratelimit.FirstOf(callerKey, addressKey)})
	} else if len(rules) == 1 {
		opts = append(slices.Clip(opts), ratelimit.FieldsOnRefusal())
	}
	return ratelimit.NewMiddleware(d.limiting.store, rules, opts...)
}

const apiKeyPrefix = "api-key:"

// callerKey is whose bucket a signed-in request uses.
func callerKey(r *http.Request) (string, bool) {
	p := stateOf(r.Context()).principal
	switch {
	case p == nil:
		return "", false
	case p.KeyID != "":
		return apiKeyPrefix + p.KeyID, true
	}
	return ratelimit.PrincipalKey(p.ID), true
}

func addressKey(r *http.Request) (string, bool) {
	return ratelimit.AddrKey(stateOf(r.Context()).client, ratelimit.DefaultIPv6Bits), true
}

// remoteKey leaves this machine out: it is no stranger or, where a proxy on it is
// not named as trusted, everybody at once. It goes by the connection: in a header
// field an address of this machine is what somebody within the trusted ones wrote.
func remoteKey(r *http.Request) (string, bool) {
	if client := stateOf(r.Context()).client; client.IsLoopback() && client == clientip.Peer(r.RemoteAddr) {
		return "", false
	}
	return addressKey(r)
}

// refuseLimited answers a request over a limit.
func (d *Dashboard) refuseLimited(w http.ResponseWriter, r *http.Request, f ratelimit.Refusal) {
	s := stateOf(r.Context())
	d.noteRefusal(r, f)
	e := &Error{Status: f.Status, Code: f.Type, Detail: f.Detail, RetryAfter: f.RetryAfter}
	if len(f.Violated) > 0 {
		e.Extra = map[string]any{"violated-policies": f.Violated}
	}
	writeError(w, e, s.id)
}

// noteRefusal remembers who was refused.
func (d *Dashboard) noteRefusal(r *http.Request, f ratelimit.Refusal) {
	s := stateOf(r.Context())
	s.wait = f.RetryAfter
	who := s.address()
	if s.principal != nil {
		who = s.principal.Name
		if s.principal.KeyID != "" {
			who = s.principal.KeyName
		}
	}
	now := time.Now()
	for _, name := range f.Violated {
		key, ok := callerKey(r)
		if !ok {
			key, _ = addressKey(r)
		}
		d.limiting.refused.Add(name, key, who, now, until(now, f.RetryAfter))
	}
}

func until(now time.Time, wait time.Duration) time.Time {
	if wait <= 0 {
		return time.Time{}
	}
	return now.Add(wait)
}

// signInLimiter holds sign-ins to the limits of addresses and accounts.
type signInLimiter struct{ d *Dashboard }

// Allow implements [auth.Limiter].
func (l signInLimiter) Allow(ctx context.Context, key string, cost int) (bool, time.Duration, error) {
	c, ok := l.charge(key, cost)
	if !ok {
		return true, 0, nil
	}
	var decision [1]ratelimit.Decision
	allowed, err := l.d.limiting.store.Take(ctx, []ratelimit.Charge{c}, decision[:])
	if err == nil && !allowed {
		now, wait := time.Now(), decision[0].RetryAfter
		l.d.limiting.refused.Add(c.Policy.Name, key, signInWho(key), now, until(now, wait))
	}
	return allowed, decision[0].RetryAfter, err
}

// Refund implements [auth.Refunder].
func (l signInLimiter) Refund(ctx context.Context, key string, cost int) error {
	c, ok := l.charge(key, -cost)
	if !ok {
		return nil
	}
	return l.d.limiting.store.Settle(ctx, []ratelimit.Charge{c})
}

func (l signInLimiter) charge(key string, cost int) (ratelimit.Charge, bool) {
	name, _, _ := strings.Cut(key, ":")
	p, ok := l.d.limiting.book.Live().Lookup(name, key)
	return ratelimit.Charge{Policy: p, Key: key, Cost: int64(cost)}, ok
}

// signInWho names an address; an account is known by a hash only.
func signInWho(key string) string {
	name, rest, _ := strings.Cut(key, ":")
	if name == limitLoginAddress {
		return rest
	}
	return "an account (" + truncate(rest, 8) + ")"
}

// Limiter returns a limiter of the module's own with a default policy, such as
// "100/h burst 10" ([ratelimit.ParsePolicy]), for what is no request: mails a
// customer is sent, rows an import reads. It appears in the UI as "module.name",
// where the policy can be changed while it is used. The name is of lower-case
// letters, digits, '.', '_' and '-'. Call it from Provision, once for each name.
func (h *Host) Limiter(name, policy string) (ratelimit.Limiter, error) {
	p, err := ratelimit.ParsePolicy(policy)
	if err != nil {
		return nil, err
	}
	p.Name = h.id + "." + name
	if err := h.d.declareLimit(limits.Declared{Policy: p, Title: name, Module: h.id}); err != nil {
		return nil, err
	}
	return hostLimiter{&h.d.limiting, p.Name}, nil
}

// maxWatchedKey is how much of a module's key is remembered of who was refused, in
// bytes: all that can be given a limit of its own.
const maxWatchedKey = 256

// hostLimiter follows the policy in force.
type hostLimiter struct {
	l    *limiting
	name string
}

func (h hostLimiter) charges(key string, cost int64) []ratelimit.Charge {
	p, _ := h.l.book.Live().Lookup(h.name, key) // it was declared
	return []ratelimit.Charge{{Policy: p, Key: key, Cost: cost}}
}

// Allow implements [ratelimit.Limiter].
func (h hostLimiter) Allow(ctx context.Context, key string, cost int64) (ratelimit.Decision, error) {
	var decision [1]ratelimit.Decision
	allowed, err := h.l.store.Take(ctx, h.charges(key, cost), decision[:])
	if err != nil {
		return ratelimit.Decision{Policy: h.name}, err
	}
	if !allowed {
		now := time.Now()
		short := truncate(key, maxWatchedKey)
		h.l.refused.Add(h.name, short, short, now, until(now, decision[0].RetryAfter))
	}
	decision[0].Allowed = allowed
	return decision[0], nil
}

// Settle implements [ratelimit.Limiter].
func (h hostLimiter) Settle(ctx context.Context, key string, delta int64) error {
	return h.l.store.Settle(ctx, h.charges(key, delta))
}

var (
	_ auth.Limiter      = signInLimiter{}
	_ auth.Refunder     = signInLimiter{}
	_ ratelimit.Limiter = hostLimiter{}
)
