package dashboard

import (
	"context"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
)

// WithFastPasswords makes password hashes cheap, and lets the start wait for modules
// for as long as a busy machine may take, for tests.
func WithFastPasswords() Option {
	return option(func(c *config) error {
		c.settle = 3 * time.Minute
		c.argon2 = auth.Argon2{MemoryKiB: 64, Passes: 1, Threads: 1}
		return nil
	})
}

// WithStepHook calls fn at every named point of the lifecycle, for tests that
// kill the process there.
func WithStepHook(fn func(point string)) Option {
	return option(func(c *config) error { c.stepHook = fn; return nil })
}

// WithBodyPatience sets how long a client may keep us waiting for a body.
func WithBodyPatience(d time.Duration) Option {
	return option(func(c *config) error { c.patience = d; return nil })
}

// WithLease sets how long the work of a dead instance stays reserved.
func WithLease(d time.Duration) Option {
	return option(func(c *config) error { c.lease = d; return nil })
}

// AccessTokenForTest signs in.
func AccessTokenForTest(t testing.TB, d *Dashboard, email, password string) string {
	t.Helper()
	g, err := d.auth.Login(t.Context(), auth.Credentials{Email: email, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return g.AccessToken
}

// ClientContextForTest returns the context of the request that ctx belongs to,
// which ends when its client leaves.
func ClientContextForTest(ctx context.Context) context.Context { return stateOf(ctx).r.Context() }
