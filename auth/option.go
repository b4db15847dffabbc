package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/modular-dashboard/dashboard/internal/seal"
	"github.com/modular-dashboard/dashboard/storage"
)

// An Option adjusts an [Authority]; see the With functions.
type Option interface{ apply(*config) error }

type option func(*config) error

func (o option) apply(c *config) error { return o(c) }

type config struct {
	log             *slog.Logger
	keySource       func(context.Context) ([]MasterKey, error)
	issuer          string
	audience        string
	accessTTL       time.Duration
	refreshIdle     time.Duration
	refreshAbsolute time.Duration
	keyPeriod       time.Duration
	limiter         Limiter
	bus             storage.Bus
	audit           AuditFunc
	cookies         func(*http.Request) Cookies
	origins         []string
	argon2          Argon2
	minPassword     int
}

func defaultConfig() config {
	return config{
		log:             slog.Default(),
		issuer:          "dashboard",
		audience:        "dashboard",
		accessTTL:       5 * time.Minute,
		refreshIdle:     30 * 24 * time.Hour,
		refreshAbsolute: 90 * 24 * time.Hour,
		keyPeriod:       30 * 24 * time.Hour,
		audit:           func(context.Context, *storage.Tx, AuditEvent) error { return nil },
		cookies:         defaultCookies,
		minPassword:     MinPassword,
	}
}

// WithLogger sets the logger. Default [slog.Default]. No secret, password or
// e-mail address is logged.
func WithLogger(log *slog.Logger) Option {
	return option(func(c *config) error {
		if log == nil {
			return errors.New("nil logger")
		}
		c.log = log
		return nil
	})
}

// WithMasterKeys sets the master keys, newest first: the first seals, all open.
// Either it or [WithKeySource] is required. To rotate, first add the new key at
// the end everywhere, then move it to the front, and drop the old one when the
// refresh tokens of its time have expired.
func WithMasterKeys(keys ...MasterKey) Option {
	return option(func(c *config) error {
		if _, err := newBox(keys); err != nil {
			return err
		}
		keys = append([]MasterKey(nil), keys...)
		c.keySource = func(context.Context) ([]MasterKey, error) { return keys, nil }
		return nil
	})
}

// WithKeySource sets where [Authority.Start] gets the master keys, for a host
// that keeps them in a file or a vault. See [WithMasterKeys].
func WithKeySource(source func(context.Context) ([]MasterKey, error)) Option {
	return option(func(c *config) error {
		if source == nil {
			return errors.New("nil key source")
		}
		c.keySource = source
		return nil
	})
}

func newBox(keys []MasterKey) (*seal.Box, error) {
	sealing := make([]seal.Key, len(keys))
	for i, k := range keys {
		sealing[i] = seal.Key{ID: k.ID, Key: k.Key}
	}
	return seal.New(sealing...)
}

// WithIssuer sets the iss claim of access tokens, usually the public URL.
// Default "dashboard".
func WithIssuer(issuer string) Option {
	return option(func(c *config) error { return text(&c.issuer, issuer, "issuer") })
}

// WithAudience sets the aud claim of access tokens. Default "dashboard".
func WithAudience(audience string) Option {
	return option(func(c *config) error { return text(&c.audience, audience, "audience") })
}

func text(dst *string, s, what string) error {
	if s == "" || len(s) > 256 {
		return fmt.Errorf("%s must have 1 to 256 bytes", what)
	}
	*dst = s
	return nil
}

// WithAccessTTL sets the lifetime of access tokens: 1 second to 1 hour. Default
// 5 minutes.
func WithAccessTTL(d time.Duration) Option {
	return option(func(c *config) error {
		if d < time.Second || d > time.Hour {
			return fmt.Errorf("access lifetime %s is not within 1s and 1h", d)
		}
		c.accessTTL = d
		return nil
	})
}

// WithRefreshTTL sets for how long a session lives without a refresh (idle) and
// at most (absolute). Default 30 and 90 days.
func WithRefreshTTL(idle, absolute time.Duration) Option {
	return option(func(c *config) error {
		if idle <= 0 || absolute < idle {
			return fmt.Errorf("refresh lifetimes %s and %s: want 0 < idle <= absolute", idle, absolute)
		}
		c.refreshIdle, c.refreshAbsolute = idle, absolute
		return nil
	})
}

// WithKeyRotation sets how long a signing key signs before the next takes over:
// at least an hour. Default 30 days.
func WithKeyRotation(period time.Duration) Option {
	return option(func(c *config) error {
		if period < time.Hour {
			return fmt.Errorf("key rotation period %s is below 1h", period)
		}
		c.keyPeriod = period
		return nil
	})
}

// WithLimiter sets what throttles logins. Default: in this process, 30 attempts
// from one address (for IPv6 a /64) and one more every 3 seconds, and 20 wrong ones
// at one account and one more a minute.
func WithLimiter(l Limiter) Option {
	return option(func(c *config) error {
		if l == nil {
			return errors.New("nil limiter")
		}
		c.limiter = l
		return nil
	})
}

// WithBus sets how instances wake each other after a change. Without one they
// only poll.
func WithBus(bus storage.Bus) Option {
	return option(func(c *config) error {
		if bus == nil {
			return errors.New("nil bus")
		}
		c.bus = bus
		return nil
	})
}

// WithAudit sets who keeps audit events. Default: nobody.
func WithAudit(fn AuditFunc) Option {
	return option(func(c *config) error {
		if fn == nil {
			return errors.New("nil audit function")
		}
		c.audit = fn
		return nil
	})
}

// WithCookies sets how the cookies of a request are named and delivered.
// Default: named "dashboard", and insecure for [LoopbackHTTP] alone.
func WithCookies(fn func(*http.Request) Cookies) Option {
	return option(func(c *config) error {
		if fn == nil {
			return errors.New("nil cookie function")
		}
		c.cookies = fn
		return nil
	})
}

// WithTrustedOrigins names origins besides the request's own host that may send
// writes, such as the public URL behind a proxy that changes the Host header:
// "https://ops.example.com".
func WithTrustedOrigins(origins ...string) Option {
	return option(func(c *config) error {
		for _, o := range origins {
			u, err := url.Parse(o)
			if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != o {
				return fmt.Errorf("origin %q is not of the form https://host", o)
			}
		}
		c.origins = append(c.origins, origins...)
		return nil
	})
}

// WithArgon2 sets the cost of a password hash. Stored hashes of another cost
// are renewed at the next login. Default: [Argon2]'s zero value.
func WithArgon2(a Argon2) Option {
	return option(func(c *config) error {
		c.argon2 = a
		return a.check()
	})
}

// WithMinPasswordLength sets the least number of characters of a new password.
// Default [MinPassword], which NIST SP 800-63B-4 asks for where the password is
// the only factor; 8 is its least where a second one is required.
func WithMinPasswordLength(n int) Option {
	return option(func(c *config) error {
		if n < 8 || n > 64 {
			return fmt.Errorf("least password length %d is not within 8 and 64", n)
		}
		c.minPassword = n
		return nil
	})
}
