package dashboard

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/ratelimit"
)

// limitAITokens is the limit of tokens that a caller uses of models.
const limitAITokens = "ai-tokens"

// codeTokenRate is how errors of [ai.WithTokenRate] are told from a provider's.
const codeTokenRate = "tokens"

// WithModelPrices sets what models cost: records and budgets go by it, with
// [ai.DefaultPrices] where it has no price. The function is called for each
// request, so it can return another table at any time; it should not block.
func WithModelPrices(prices func() *ai.Prices) Option {
	return option(func(c *config) error {
		if prices == nil {
			return errors.New("no function that returns prices of models")
		}
		c.modelPrices = prices
		return nil
	})
}

// WithModelGuards puts guards around the models, such as [ai.Redact]: whoever asks,
// they see the request before anything else is decided about it, and the answer as
// the caller gets it. Caches are behind them, and so hold what was redacted.
func WithModelGuards(guards ...ai.Guard) Option {
	return option(func(c *config) error {
		if slices.ContainsFunc(guards, func(g ai.Guard) bool { return g == nil }) {
			return errors.New("nil guard of models")
		}
		c.modelGuards = append(c.modelGuards, guards...)
		return nil
	})
}

// WithModelContentLog logs what models are asked and answer, at level Debug, as
// [ai.WithContentLog] does: without it no content is ever logged.
func WithModelContentLog() Option {
	return option(func(c *config) error { c.modelContent = true; return nil })
}

// logContent is the decorator of WithModelContentLog, where that was asked for.
func (d *Dashboard) logContent(next ai.Model) ai.Model {
	if !d.config.modelContent {
		return next
	}
	return ai.WithContentLog(d.log)(next)
}

func (d *Dashboard) modelPrices() *ai.Prices {
	if d.config.modelPrices == nil {
		return ai.DefaultPrices()
	}
	return ai.DefaultPrices().With(d.config.modelPrices())
}

// allowedModels lists the models that the caller may ask for.
func (d *Dashboard) allowedModels(ctx context.Context) ([]ai.ModelInfo, error) {
	infos, err := d.models.models.Models(ctx)
	return d.models.rules.Access().Filter(ai.CallerOf(ctx), infos, d.models.models.Targets), err
}

// tokenLimiter holds callers to the limit of tokens. What modules ask by
// themselves has none.
type tokenLimiter struct{ limiter hostLimiter }

func tokenKey(c ai.Caller) string {
	switch {
	case c.Key != "":
		return apiKeyPrefix + c.Key
	case c.User != "":
		return ratelimit.PrincipalKey(c.User)
	}
	return ""
}

// Allow implements [ai.TokenLimiter].
func (l tokenLimiter) Allow(ctx context.Context, c ai.Caller, _ string, tokens int64) (bool, time.Duration, error) {
	key := tokenKey(c)
	if key == "" {
		return true, 0, nil
	}
	d, err := l.limiter.Allow(ctx, key, min(tokens, ratelimit.MaxLimit))
	return d.Allowed, d.RetryAfter, err
}

// Settle implements [ai.TokenLimiter].
func (l tokenLimiter) Settle(ctx context.Context, c ai.Caller, _ string, delta int64) error {
	key := tokenKey(c)
	if key == "" || delta == 0 {
		return nil
	}
	return l.limiter.Settle(ctx, key, max(-ratelimit.MaxLimit, min(delta, ratelimit.MaxLimit)))
}

// budgetsChanged tells browsers that show budgets to read them again.
func (d *Dashboard) budgetsChanged() {
	d.publish("ai-rules", map[string]any{}, events.Audience{Permission: coreModule + "." + permAIRead.name})
}

var _ ai.TokenLimiter = tokenLimiter{}
