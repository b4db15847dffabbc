package dashboard

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/aigovern"
	"github.com/modular-dashboard/dashboard/internal/airecord"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/internal/prompts"
	"github.com/modular-dashboard/dashboard/ratelimit"
)

// aiPath is where models are asked in OpenAI's format, below the mount.
const aiPath = "ai/v1"

// modelModule is what stands in the place of a module where models are asked. No
// module can be called so.
const modelModule = "dashboard.ai"

// maxModelRequest is the largest question, in bytes: pictures are part of it.
const maxModelRequest = 8 << 20

// limitAI is the limit of requests to models.
const limitAI = "ai"

// WithModels lets programs and people ask models at /ai/v1, in OpenAI's format:
// its official SDKs work with an API key of the dashboard, whatever provider
// answers. Callers need the permission "dashboard.ai.use". The limits "ai" and
// "ai-tokens" hold them to 60 requests and two million tokens a minute unless
// something else is set; budgets, and which models a role may ask for, are edited
// in the dashboard. An answer ends when its caller loses the right to it, and
// when the dashboard is shut down. The header X-Request-Id of an answer is the id
// that feedback at /api/v1/ai/feedback names it by. Without this option, or
// without a provider in the directory, every request there is answered 503 with a
// text that says what to set.
func WithModels(models *ai.Directory) Option {
	return option(func(c *config) error {
		if models == nil {
			return errors.New("nil directory of models")
		}
		c.models = models
		return nil
	})
}

// modelSide is the dashboard's side of the models. Its clients are programs: they
// send an Authorization or X-API-Key header, and cookies are not looked at.
type modelSide struct {
	models   *ai.Directory
	chain    ai.Model  // models, with all that is around them
	cache    *ai.Cache // nil: none
	records  *airecord.Store
	prompts  *prompts.Store
	rewards  *rewarding
	rules    *aigovern.Store // budgets, and models of roles
	gateway  *ai.Gateway
	limiter  *ratelimit.Middleware
	endpoint *endpoint // what the streams need to know of it
}

func (d *Dashboard) composeModels() error {
	models := d.config.models
	if models == nil {
		models = ai.NewDirectory()
	}
	telemetry, err := ai.WithTelemetry(ai.Telemetry{Tracers: d.config.tracers, Meters: d.config.meters})
	if err != nil {
		return err
	}
	m := &d.models
	m.models, m.rules = models, aigovern.New(d.db, aigovern.Options{Bus: d.bus, Log: d.log, OnChange: d.budgetsChanged})
	asked := telemetry(models)
	if m.cache, err = d.newModelCache(asked); err != nil {
		return err
	}
	m.chain = d.modelChain(asked)
	m.records = airecord.New(d.db, airecord.Options{Log: d.log, Keep: d.config.modelRecords, Key: func() []byte { return d.vault.subkey("cursor of requests to models") }})
	m.rewards = d.newRewarding(m.records, models.Bandits())
	m.prompts = prompts.New(d.db, prompts.Options{Bus: d.bus, Log: d.log})
	m.gateway = &ai.Gateway{Model: m.chain, Models: d.allowedModels, MaxBody: maxModelRequest, Log: d.log, Ended: modelEnded}
	m.endpoint = &endpoint{module: modelModule}
	m.endpoint.access.kind = accessPermission
	m.endpoint.permission = d.auth.Permission(coreModule + "." + permAIUse.name)
	live := d.limiting.book.Live()
	rules := []ratelimit.Rule{{Live: live, Name: limitCaller, By: callerKey}, {Live: live, Name: limitAI, By: callerKey}}
	opts := append(slices.Clip(d.limiting.opts), ratelimit.WithRefusal(
		func(_ http.ResponseWriter, r *http.Request, f ratelimit.Refusal) { d.noteRefusal(r, f) }))
	m.limiter, err = ratelimit.NewMiddleware(d.limiting.store, rules, opts...)
	return err
}

// modelChain puts around the models what every request goes through: the first is
// the outermost.
func (d *Dashboard) modelChain(models ai.Model) ai.Model {
	return ai.Decorate(models,
		ai.WithRecord(nil, d.recordModel),
		ai.WithPrices(d.modelPrices),
		ai.WithGuards(d.config.modelGuards...),
		d.logContent,
		ai.WithAccess(d.models.rules.Access, d.models.models.Targets),
		ai.WithTokenRate(tokenLimiter{hostLimiter{&d.limiting, limitAITokens}}, 0),
		ai.WithBudgets(ai.Budgeting{Budgets: d.models.rules.Budgets, Ledger: d.models.rules.Ledger(), Prices: d.modelPrices, Targets: d.models.models.Targets}),
		d.cacheModels,
	)
}

// recordModel takes the record of a request that has ended.
func (d *Dashboard) recordModel(ctx context.Context, r *ai.Record) {
	if kept, ok := ctx.Value(recordKey{}).(*ai.Record); ok {
		*kept = *r
	}
	d.models.records.Add(r)
}

// recordKey finds in a context where a copy of the record is wanted.
type recordKey struct{}

// withRecord has the record of the one request that is asked with the context
// copied to where its caller finds it when the answer has ended.
func withRecord(ctx context.Context) (context.Context, *ai.Record) {
	kept := &ai.Record{ID: rand.Text()}
	return ai.WithRecordID(context.WithValue(ctx, recordKey{}, kept), kept.ID), kept
}

func (d *Dashboard) startModels(ctx context.Context) error {
	if err := d.models.records.Start(ctx); err != nil {
		return err
	}
	err := d.models.prompts.Start(ctx)
	if err == nil {
		err = d.models.rewards.start(ctx)
	}
	if err != nil {
		return errors.Join(err, d.stopModels(ctx))
	}
	return nil
}

func (d *Dashboard) stopModels(ctx context.Context) error {
	d.models.rewards.shutdown()
	return errors.Join(d.models.prompts.Shutdown(ctx), d.models.records.Shutdown(ctx))
}

// Model returns the models of [WithModels] for the host's own code, by the names
// that requests have: with the records, budgets and whatever else the dashboard
// puts around them. [ai.WithCaller] says on whose behalf it is asked; below the
// dashboard's own handler it is the caller. Without WithModels every answer is an
// error of kind [ai.NotFound] with the code "no_provider".
func (d *Dashboard) Model() ai.Model { return d.models.chain }

// Model returns the models of the dashboard, by the names that requests have. The
// module is the one that asks, on behalf of the caller where the context is that of
// a request: both are in the records, and held to their budgets. Without a provider
// every answer is an error of kind [ai.NotFound] with the code "no_provider", which
// an endpoint that returns it answers with status 503.
func (h *Host) Model() ai.Model {
	return ai.ModelFunc(func(ctx context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
		c := ai.CallerOf(ctx)
		c.Module = h.id
		if c.Tenant == "" {
			c.Tenant = "module " + h.id // what it asks by itself is nobody else's
		}
		return h.d.models.chain.Generate(ai.WithCaller(ctx, c), req)
	})
}

// serveModels answers below /ai/v1; path begins with a slash.
func (d *Dashboard) serveModels(w http.ResponseWriter, s *request, path string) {
	if !d.limiting.address.Admit(w, s.r) {
		return
	}
	m := &d.models
	if err := d.admitToModels(s); err != nil {
		if err.status() == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", challengeOf(err))
		}
		m.gateway.Deny(w, denialOf(err))
		return
	}
	if !d.hasProvider() {
		w.Header().Set("X-Should-Retry", "false") // the SDKs ask again after a 503 else
		m.gateway.Deny(w, ai.Denial{Status: errNoProvider.Status, Code: codeNoProvider, Message: errNoProvider.Detail})
		return
	}
	ctx, _, done, err := openStreamOf(s.r.Context(), m.endpoint)
	if err != nil {
		e := asError(err)
		m.gateway.Deny(w, ai.Denial{Status: e.status(), Code: "too_many_streams", Message: e.Detail, RetryAfter: time.Second})
		return
	}
	defer done()
	// So that clients, which see it in the header X-Request-Id, can say what they
	// think of the answer.
	m.gateway.ServeHTTP(w, s.below(path).WithContext(ai.WithRecordID(ctx, s.id)))
}

// admitToModels goes the way of any other request: credentials, permission, limit.
func (d *Dashboard) admitToModels(s *request) *Error {
	bare := *s.r
	bare.Header = s.r.Header.Clone()
	bare.Header.Del("Cookie")
	p, err := d.auth.Authenticate(&bare)
	switch {
	case err != nil:
		return asError(err)
	case p == nil:
		return errUnauthenticated
	case !p.Can(d.models.endpoint.permission):
		return errForbidden(coreModule + "." + permAIUse.name)
	}
	if s.principal = p; !d.models.limiter.Admit(s.w, s.r) {
		return &Error{Status: http.StatusTooManyRequests, Code: "rate-limit-exceeded", Detail: "Too many requests.", RetryAfter: s.wait}
	}
	return nil
}

// modelEnded says why an answer was ended from here.
func modelEnded(cause error) ai.Denial {
	if ended, ok := errors.AsType[*events.EndedError](cause); ok {
		return denialOf(endedProblem(ended))
	}
	return denialOf(&Error{Status: http.StatusServiceUnavailable, Detail: "The answer was ended by the server."})
}

// denialOf says an error in the format of the gateway.
func denialOf(e *Error) ai.Denial {
	return ai.Denial{Status: e.status(), Code: modelCode(e.status()), Message: e.Detail, RetryAfter: e.RetryAfter}
}

// modelCode is what the format calls a status.
func modelCode(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "invalid_api_key"
	case http.StatusForbidden:
		return "permission_denied"
	case http.StatusTooManyRequests:
		return "rate_limit_exceeded"
	}
	return "unavailable"
}
