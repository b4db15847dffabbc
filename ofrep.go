package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/ratelimit"
)

// ofrepPath is where the OpenFeature Remote Evaluation Protocol is spoken, below
// the mount.
const ofrepPath = "ofrep"

// ofrepSide is the dashboard's side of the protocol. Its clients are programs,
// and pages of origins that were named: they send an Authorization or X-API-Key
// header. Cookies are not looked at.
type ofrepSide struct {
	handler *featureflag.OFREP // made at the start, with a key of the vault
	limiter *ratelimit.Middleware

	changes atomic.Int64 // of sessions, keys and roles
	forget  func()
	mu      sync.Mutex
	checked map[string]ofrepCheck
}

// ofrepCheck is what was found out about the caller of a stream.
type ofrepCheck struct {
	changes int64
	until   time.Time
	err     error
}

// composeOFREP checks the options, and makes what needs no key.
func (d *Dashboard) composeOFREP() error {
	if _, err := featureflag.NewOFREP(d.flags, featureflag.WithOrigins(d.config.flagOrigins...)); err != nil {
		return err
	}
	rules := []ratelimit.Rule{{Live: d.limiting.book.Live(), Name: limitCaller, By: callerKey}}
	opts := append(slices.Clip(d.limiting.opts), ratelimit.FieldsOnRefusal(), ratelimit.WithRefusal(
		func(_ http.ResponseWriter, r *http.Request, f ratelimit.Refusal) { d.noteRefusal(r, f) }))
	var err error
	d.ofrep.limiter, err = ratelimit.NewMiddleware(d.limiting.store, rules, opts...)
	return err
}

func (d *Dashboard) startOFREP(context.Context) error {
	o := &d.ofrep
	var err error
	o.handler, err = featureflag.NewOFREP(d.flags,
		featureflag.WithOrigins(d.config.flagOrigins...),
		featureflag.WithAuthentication(d.ofrepCaller),
		featureflag.WithStreamCheck(d.ofrepStill),
		featureflag.WithStreamKey(d.vault.subkey("event streams of flags")),
		featureflag.WithBodyLimit(d.config.bodyLimit),
		featureflag.WithMountPath(func(r *http.Request) string {
			return strings.TrimSuffix((&url.URL{Path: stateOf(r.Context()).base}).EscapedPath(), "/")
		}),
		featureflag.WithLogger(d.log))
	o.checked = map[string]ofrepCheck{}
	o.forget = d.auth.OnChange(func(auth.Change) { o.changes.Add(1) })
	return err
}

func (d *Dashboard) stopOFREP(ctx context.Context) error {
	d.ofrep.forget()
	return d.ofrep.handler.Shutdown(ctx)
}

// serveOFREP answers below /ofrep.
func (d *Dashboard) serveOFREP(w http.ResponseWriter, s *request) {
	if !d.limiting.address.Admit(w, s.r) {
		return
	}
	d.ofrep.handler.ServeHTTP(w, s.r)
}

// ofrepCaller says who asks, and whether they may. It goes the way of any other
// request: credentials, permission, limit.
func (d *Dashboard) ofrepCaller(r *http.Request) (string, error) {
	s := stateOf(r.Context())
	bare := *r
	bare.Header = r.Header.Clone()
	bare.Header.Del("Cookie")
	p, err := d.auth.Authenticate(&bare)
	if err == nil && p == nil {
		err = errUnauthenticated
	}
	if err != nil {
		return "", ofrepRefusal(asError(err))
	}
	s.principal = p
	if err := d.mayAskFlags(p); err != nil {
		return "", ofrepRefusal(err)
	}
	if !d.ofrep.limiter.Admit(s.w, r) {
		return "", ofrepRefusal(&Error{Status: http.StatusTooManyRequests, Detail: "Too many requests.", RetryAfter: s.wait})
	}
	if p.KeyID != "" {
		return "key " + p.KeyID + " " + p.ID, nil
	}
	return "session " + p.SessionID + " " + p.ID, nil
}

func (d *Dashboard) mayAskFlags(p *auth.Principal) *Error {
	if name := coreModule + "." + permFlagsEvaluate.name; !p.Can(d.auth.Permission(name)) {
		return errForbidden(name)
	}
	return nil
}

// ofrepRefusal tells the protocol's handler of an error.
func ofrepRefusal(e *Error) error {
	out := &featureflag.Refusal{Status: e.status(), Detail: e.Detail, Header: http.Header{}}
	if e.RetryAfter > 0 {
		out.Header.Set("Retry-After", strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10))
	}
	if e.status() == http.StatusUnauthorized {
		out.Header.Set("WWW-Authenticate", challengeOf(e))
	}
	return out
}

const (
	streamChecked = 30 * time.Second // how long a check holds while nothing changes
	maxChecked    = 4_096
)

// ofrepStill tells whether the caller of an event stream may go on listening. It
// asks the database when rights have changed, and now and then.
func (d *Dashboard) ofrepStill(ctx context.Context, caller string) error {
	o := &d.ofrep
	changes, now := o.changes.Load(), time.Now()
	o.mu.Lock()
	known, ok := o.checked[caller]
	o.mu.Unlock()
	if ok && known.changes == changes && now.Before(known.until) {
		return known.err
	}
	check := ofrepCheck{changes: changes, until: now.Add(streamChecked)}
	var p auth.Principal
	if _, err := fmt.Sscanf(caller, "key %s %s", &p.KeyID, &p.ID); err != nil {
		_, _ = fmt.Sscanf(caller, "session %s %s", &p.SessionID, &p.ID) // else it is nobody's, which Recheck finds
	}
	present, err := d.auth.Recheck(ctx, &p)
	switch {
	case err == nil:
		if refused := d.mayAskFlags(present); refused != nil {
			check.err = refused
		}
		if end := present.SessionExpiresAt; !end.IsZero() && end.Before(check.until) {
			check.until = end
		}
	case errors.Is(err, auth.ErrInvalidToken):
		check.err = err
	default: // it cannot be decided now; what the stream tells is that something changed, and nothing else
		return ctx.Err()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.checked) >= maxChecked {
		clear(o.checked)
	}
	o.checked[caller] = check
	return check.err
}
