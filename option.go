package dashboard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/clientip"
	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/storage"
)

// An Option adjusts a [Dashboard]; see the With functions.
type Option interface{ apply(*config) error }

type option func(*config) error

func (f option) apply(c *config) error { return f(c) }

type config struct {
	modules      []Module
	title        string
	prefix       string
	publicURL    *url.URL
	log          *slog.Logger
	reporter     ErrorReporter
	tracers      trace.TracerProvider // nil: no spans
	meters       metric.MeterProvider // nil: no metrics
	masterKeys   []MasterKey
	cache        storage.Cache
	bus          storage.Bus
	locker       storage.Locker
	proxies      clientip.Proxies
	setupLink    func(link string)
	hookTimeout  time.Duration
	drain        time.Duration
	endpointTime time.Duration // zero: no limit
	bodyLimit    int64
	patience     time.Duration // with a request body
	settle       time.Duration // of a start with modules
	answerLimit  int64
	account      *firstAccount
	argon2       auth.Argon2
	stepHook     func(point string)
	lease        time.Duration
	limitStore   ratelimit.Store // nil: in this process
	limits       map[string]ratelimit.Policy
	flagSource   flagSource
	flagOrigins  []string
	models       *ai.Directory
	modelRecords time.Duration     // zero: the default
	modelPrices  func() *ai.Prices // nil: the default
	modelGuards  []ai.Guard
	modelContent bool             // is logged
	modelCache   *ai.CacheOptions // nil: none
}

type firstAccount struct{ email, password string }

func defaultConfig() config {
	return config{
		title:        "Dashboard",
		log:          slog.Default(),
		hookTimeout:  30 * time.Second,
		drain:        10 * time.Second,
		endpointTime: time.Minute,
		bodyLimit:    1 << 20,
		patience:     bodyPatience,
		settle:       settlePatience,
		answerLimit:  8 << 20,
		setupLink:    printSetupLink(os.Stderr),
	}
}

// WithModules adds modules. On a database that has never seen a module it is
// installed and enabled; afterwards the stored state is honored. The UI shows
// modules in the order given here.
func WithModules(modules ...Module) Option {
	return option(func(c *config) error {
		for _, m := range modules {
			if m == nil {
				return errors.New("nil module")
			}
		}
		c.modules = append(c.modules, modules...)
		return nil
	})
}

// WithTitle names the dashboard in its UI. The default is "Dashboard".
func WithTitle(title string) Option {
	return option(func(c *config) error { c.title = title; return nil })
}

// WithPrefix says below which path the dashboard is mounted, such as "/admin".
// The router passes the full path then. Without it, a prefix that
// [net/http.StripPrefix] removed is found per request.
func WithPrefix(prefix string) Option {
	return option(func(c *config) error {
		prefix = strings.TrimSuffix(prefix, "/")
		if prefix != "" && canonicalPath(prefix) != nil {
			return fmt.Errorf("prefix %q is not a clean absolute path", prefix)
		}
		c.prefix = prefix
		return nil
	})
}

// WithPublicURL names the address at which people reach the dashboard's host,
// such as "https://ops.example.com". It is the only source of absolute links
// and the only name answered besides loopback ones; requests for other hosts
// get 421. It must be https, except for loopback names.
func WithPublicURL(raw string) Option {
	return option(func(c *config) error {
		u, err := url.Parse(raw)
		if err != nil {
			return fmt.Errorf("public URL: %w", err)
		}
		if (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("public URL %q is not of the form https://host", raw)
		}
		if p := strings.TrimSuffix(u.Path, "/"); p != "" {
			return fmt.Errorf("public URL %q has a path: use WithPrefix(%q) for it", raw, p)
		}
		if u.Scheme == "http" && !loopbackHost(u.Hostname()) {
			return fmt.Errorf("public URL %q: plain http is for loopback names only", raw)
		}
		u.Path = ""
		c.publicURL = u
		return nil
	})
}

// WithLogger sets the logger. The default is [slog.Default]. Requests are
// logged at debug level, failures at error level. Records, those of modules too,
// carry request_id, trace_id and module as far as their context knows them, and
// reach the logger without secrets: by type, by key, by the look of text, and
// secret settings wherever they occur. The latest of them, from info on or from
// the logger's own level if that is lower, are held in memory (2,048 records, 2
// MiB) for the system screen.
func WithLogger(log *slog.Logger) Option {
	return option(func(c *config) error {
		if log == nil {
			return errors.New("nil logger")
		}
		c.log = log
		return nil
	})
}

// An ErrorReporter is told of panics and internal errors, besides the log: of
// panics in modules and in the dashboard, of endpoints that hang, and of errors that
// were answered with a status of 500 or more. The context is that of the request or the task, if
// there was one, so that a reporter finds the span there. The attributes are
// request_id, trace_id, module and endpoint (the pattern of a module's, such as
// "GET /invoices/{id}"), as far as they are known. The error of a panic, and of an
// endpoint that hangs, has a method Stack() []byte.
//
// Report must return quickly, must not panic, and must be safe for concurrent
// use; it may be called after the context has ended. The error's text was
// written by a module and may be read by whoever reads the reports, so it passes
// the same redaction as the log only where the reporter applies it: package
// telemetry has a reporter that writes to a [slog.Logger].
type ErrorReporter interface {
	Report(ctx context.Context, err error, attrs ...slog.Attr)
}

// WithErrorReporter sets where panics and internal errors go besides the log.
func WithErrorReporter(r ErrorReporter) Option {
	return option(func(c *config) error { c.reporter = r; return nil })
}

// A MasterKey encrypts secrets at rest, such as signing keys and secret settings.
type MasterKey = auth.MasterKey

// WithMasterKeys sets the master keys, newest first: the first encrypts, all
// decrypt. A key that is not of 32 bytes fails [New]. Without keys a key file is
// made beside a SQLite database (mode 0600, with a warning in the log), and start
// fails on any other database.
func WithMasterKeys(keys ...MasterKey) Option {
	return option(func(c *config) error {
		if len(keys) > 0 {
			if _, err := boxOf(keys); err != nil {
				return err
			}
		}
		c.masterKeys = slices.Clone(keys)
		return nil
	})
}

// WithCache sets the cache given to modules. The default is in process.
func WithCache(cache storage.Cache) Option {
	return option(func(c *config) error { c.cache = cache; return nil })
}

// WithBus sets how instances wake each other. Without one they poll the
// database twice a second or more often.
func WithBus(bus storage.Bus) Option {
	return option(func(c *config) error { c.bus = bus; return nil })
}

// WithLocker sets who hands out leases. The default is a table of the database.
func WithLocker(locker storage.Locker) Option {
	return option(func(c *config) error { c.locker = locker; return nil })
}

// WithRateLimitStore sets where the buckets of rate limits are. The default is
// in this process, so that each instance allows its callers the whole limit;
// package redislimit shares them among a fleet. A store with a method
// SetInstances(int), such as that one, is told how many instances are live, from
// the start and within seconds of a change. Dashboards that are not one fleet need
// keys of their own in Redis, by their prefix or their database: else an address
// or an account that signs in has one bucket in all of them.
func WithRateLimitStore(store ratelimit.Store) Option {
	return option(func(c *config) error {
		if store == nil {
			return errors.New("nil store of rate limits")
		}
		c.limitStore = store
		return nil
	})
}

// WithRateLimit changes the default of a rate limit; a policy that is set in the
// UI wins over it. The dashboard's own are "address" (12000/m burst 3000),
// "caller" (6000/m burst 1500), "login-address" (20/m burst 30), "login-account"
// (1/m burst 20), "ai" (60/m burst 20) and "ai-tokens" (2000000/m); [Limit],
// [Router.Limit] and [Host.Limiter] say how those of modules are named. The
// policy is one of [ratelimit.ParsePolicy]. A name that nothing declares fails
// [New].
func WithRateLimit(name, policy string) Option {
	return option(func(c *config) error {
		p, err := ratelimit.ParsePolicy(policy)
		if err != nil {
			return err
		}
		if c.limits == nil {
			c.limits = map[string]ratelimit.Policy{}
		}
		c.limits[name] = p
		return nil
	})
}

// WithArgon2 sets the cost of password hashes. The default is the second
// recommendation of RFC 9106, section 4: 64 MiB and three passes. Hashes made at
// another cost stay valid.
func WithArgon2(cost auth.Argon2) Option {
	return option(func(c *config) error {
		c.argon2 = cost
		return nil
	})
}

// WithTrustedProxies names the addresses of reverse proxies, as CIDR prefixes
// or single addresses. Only from them are X-Forwarded-For, -Proto and -Prefix
// believed or, with [WithForwarded], the Forwarded field. The default is none.
func WithTrustedProxies(prefixes ...string) Option {
	return option(func(c *config) error {
		for _, s := range prefixes {
			p, err := netip.ParsePrefix(s)
			if err != nil {
				a, aerr := netip.ParseAddr(s)
				if aerr != nil {
					return fmt.Errorf("trusted proxy %q is neither an address nor a prefix", s)
				}
				p = netip.PrefixFrom(a, a.BitLen())
			}
			c.proxies.Trusted = append(c.proxies.Trusted, clientip.Normalize(p))
		}
		return nil
	})
}

// WithForwarded says that the trusted proxies write the Forwarded field (RFC 7239):
// its "for" and "proto" count, and X-Forwarded-For, -Proto and -Prefix do not,
// because a proxy that writes the one passes on the others as the client sent
// them. It needs [WithTrustedProxies]. Below a path, such a proxy needs
// [WithPrefix].
func WithForwarded() Option {
	return option(func(c *config) error { c.proxies.Forwarded = true; return nil })
}

// WithSetupLink sets the function that is called with the set-up link at each
// start while there is no account. The link holds a secret that makes the first
// account, so it must not be logged. The default prints it to standard error. It
// leads to [WithPublicURL]; without one to the address of the request that
// started the dashboard or, where the host calls [Dashboard.Start], to
// http://localhost:8080.
func WithSetupLink(show func(link string)) Option {
	return option(func(c *config) error {
		if show == nil {
			return errors.New("nil set-up link function")
		}
		c.setupLink = show
		return nil
	})
}

// WithFirstAccount makes the first account, an owner, at a start that finds
// none, instead of offering a set-up link: for unattended installations.
func WithFirstAccount(email, password string) Option {
	return option(func(c *config) error {
		if email == "" || password == "" {
			return errors.New("first account: want an e-mail address and a password")
		}
		c.account = &firstAccount{email, password}
		return nil
	})
}

func printSetupLink(w io.Writer) func(string) {
	return func(link string) {
		_, _ = fmt.Fprintf(w, "\nNo account yet. Create the first one within 24 hours at\n\n    %s\n\n", link)
	}
}

// WithHookTimeout bounds each hook of a module. The default is 30 s.
func WithHookTimeout(d time.Duration) Option {
	return option(func(c *config) error { return positive(&c.hookTimeout, d, "hook timeout") })
}

// WithDrainTimeout bounds how long a module that is disabled may take to finish
// requests in flight before their contexts end. The default is 10 s.
func WithDrainTimeout(d time.Duration) Option {
	return option(func(c *config) error { return positive(&c.drain, d, "drain timeout") })
}

func positive(dst *time.Duration, d time.Duration, what string) error {
	if d <= 0 {
		return fmt.Errorf("%s %s is not positive", what, d)
	}
	*dst = d
	return nil
}

func (m Manifest) lifecycle() lifecycle.Manifest {
	out := lifecycle.Manifest{ID: m.ID, Version: m.Version, Dashboard: m.Dashboard}
	for _, r := range m.Requires {
		out.Requires = append(out.Requires, lifecycle.Requirement{ID: r.id, Constraint: r.constraint, Optional: r.optional})
	}
	return out
}
