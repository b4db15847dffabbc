package dashboard

import (
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/internal/airecord"
)

func (d *Dashboard) routeModelUsage(r *Router) {
	Get(r, "/ai/usage", d.modelUsage, Authenticated(), ID("ai-usage"), Summary("What models were used for"), Answers(403, 422),
		Description("By days in UTC, kept for 400 days. Who has dashboard.ai.use but not dashboard.ai.read sees their own. A request of somebody with several roles counts for each of them. "+
			"At most 500 items, the greatest first; all days; the total is of everything. Requests appear within a second of their end."))
	Get(r, "/ai/requests", d.modelRequests, Require(permAIRead), ID("ai-requests"), Summary("What became of requests to models, newest first"), Answers(400),
		Description("Without the content. Sorted by: at, id. Filtered by: id, at, user, key, module, asked, provider, model, prompt, cache, error (the kind; empty where it ended well)."))
}

type usageIn struct {
	By       string `query:"by" default:"day" validate:"oneof=day model provider user module key role"`
	From     string `query:"from" validate:"max=40" doc:"The first day, such as 2026-01-31, or a time, whose day in UTC counts. Default: 29 days before the last one."`
	To       string `query:"to" validate:"max=40" doc:"The last day, which is included. Default: today."`
	User     string `query:"user" validate:"max=200"`
	Key      string `query:"key" validate:"max=200"`
	Module   string `query:"module" validate:"max=200"`
	Provider string `query:"provider" validate:"max=200"`
	Model    string `query:"model" validate:"max=200"`
}

type usageSums struct {
	Requests int64    `json:"requests"`
	Errors   int64    `json:"errors"`
	Cached   int64    `json:"cached" doc:"Requests that a cache answered."`
	Input    int64    `json:"input" doc:"Tokens."`
	Output   int64    `json:"output" doc:"Tokens."`
	Cost     costInfo `json:"cost" doc:"In the currency that most was paid in."`
	P50MS    float64  `json:"p50_ms" doc:"Estimated of the answers that ended well; 0 without any."`
	P95MS    float64  `json:"p95_ms"`
}

type usageItem struct {
	Key string `json:"key" doc:"The day, the name or the id; empty for requests that have none."`
	usageSums
}

type usageOut struct {
	From  string      `json:"from"`
	To    string      `json:"to"`
	Items []usageItem `json:"items"`
	Total usageSums   `json:"total"`
}

// maxUsageItems bounds what is no list of days.
const maxUsageItems = 500

func (d *Dashboard) modelUsage(ctx context.Context, in usageIn) (usageOut, error) {
	p := stateOf(ctx).principal
	switch {
	case p.Has(coreModule + "." + permAIRead.name):
	case !p.Has(coreModule + "." + permAIUse.name):
		return usageOut{}, errForbidden(coreModule + "." + permAIRead.name)
	case in.User != "" && in.User != p.ID:
		return usageOut{}, errForbidden(coreModule + "." + permAIRead.name)
	default:
		in.User = p.ID
	}
	from, to, err := in.days(time.Now())
	if err != nil {
		return usageOut{}, err
	}
	items, total, err := d.models.records.Usage(ctx, airecord.Group(in.By),
		airecord.Span{From: from, To: to, User: in.User, Key: in.Key, Module: in.Module, Provider: in.Provider, Model: in.Model})
	if err != nil {
		return usageOut{}, err
	}
	out := usageOut{From: from.Format(time.DateOnly), To: to.Format(time.DateOnly), Items: []usageItem{}, Total: usageSumsOf(&total)}
	if in.By != string(airecord.ByDay) {
		items = items[:min(len(items), maxUsageItems)]
	}
	for i := range items {
		out.Items = append(out.Items, usageItem{items[i].Key, usageSumsOf(&items[i])})
	}
	return out, nil
}

func usageSumsOf(u *airecord.Usage) usageSums {
	return usageSums{Requests: u.Requests, Errors: u.Errors, Cached: u.Cached, Input: u.Input, Output: u.Output,
		Cost: costInfo{Micros: u.Micros, Currency: u.Currency, Unknown: u.Unknown}, P50MS: u.Median, P95MS: u.Percentile95}
}

// days are those asked for, at most as many as are kept.
func (in *usageIn) days(now time.Time) (from, to time.Time, err error) {
	if to, err = dayFrom(in.To, "to", now.UTC()); err != nil {
		return from, to, err
	}
	if from, err = dayFrom(in.From, "from", to.AddDate(0, 0, -29)); err != nil {
		return from, to, err
	}
	if from.After(to) || to.Sub(from) > 400*24*time.Hour {
		return from, to, Invalid(FieldError{Pointer: "#/query/from", Code: "range", Detail: "must be at most 400 days before to, and not after it"})
	}
	return from, to, nil
}

func dayFrom(text, name string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, Invalid(FieldError{Pointer: "#/query/" + name, Code: "date", Detail: "must be a day such as 2026-01-31, or a time in RFC 3339"})
}

type requestInfo struct {
	ID         string             `json:"id"`
	At         time.Time          `json:"at"`
	User       string             `json:"user"`
	Key        string             `json:"key" doc:"The id of the API key."`
	Roles      []string           `json:"roles"`
	Module     string             `json:"module"`
	Asked      string             `json:"asked" doc:"The model as the caller named it."`
	Provider   string             `json:"provider" doc:"Empty where none answered."`
	Model      string             `json:"model"`
	Prompt     string             `json:"prompt" doc:"The template and its version, such as summary@3."`
	FirstMS    float64            `json:"first_ms" doc:"Until the first piece; 0 without any."`
	TookMS     float64            `json:"took_ms"`
	Usage      usageInfo          `json:"usage"`
	Cost       costInfo           `json:"cost"`
	Cache      string             `json:"cache" validate:"oneof=none miss exact semantic shared"`
	Reason     string             `json:"reason" doc:"Why it ended; empty where it failed."`
	Error      string             `json:"error" doc:"The kind of the failure; empty where it ended well."`
	HTTPStatus int                `json:"http_status" doc:"The provider's, of the failure; 0 without any."`
	Attempts   []airecord.Attempt `json:"attempts" doc:"Calls of providers, in the order in which they ended."`
	Notes      []airecord.Note    `json:"notes" doc:"What routers decided."`
}

type orderedIn struct {
	pageIn
	Sort   string `query:"sort" validate:"max=260"`
	Filter string `query:"filter" validate:"max=2048" doc:"A condition such as provider = openai AND at > 2026-01-31T00:00:00Z."`
}

func (in *orderedIn) list() airecord.List {
	return airecord.List{Filter: in.Filter, Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit}
}

func (d *Dashboard) modelRequests(ctx context.Context, in orderedIn) (Page[requestInfo], error) {
	rows, next, err := d.models.records.Records(ctx, in.list())
	if err != nil {
		return Page[requestInfo]{}, err
	}
	out := Page[requestInfo]{NextCursor: next}
	for i := range rows {
		out.Items = append(out.Items, requestInfoOf(&rows[i]))
	}
	return out, nil
}

func requestInfoOf(r *airecord.Row) requestInfo {
	out := requestInfo{ID: r.ID, At: r.At, User: r.User, Key: r.Key, Roles: r.Roles, Module: r.Module, Asked: r.Asked, Provider: r.Provider, Model: r.Model,
		Prompt: r.Prompt, FirstMS: float64(r.First) / float64(time.Millisecond), TookMS: float64(r.Took) / float64(time.Millisecond),
		Usage: usageInfo{Input: r.Input, Output: r.Output, CachedInput: r.CachedInput, Reasoning: r.Reasoning, Estimated: r.Estimated},
		Cost:  costInfo{Micros: r.Micros, Currency: r.Currency, Unknown: r.Unpriced},
		Cache: r.Cache, Reason: r.Reason, Error: r.Error, HTTPStatus: r.Status, Attempts: r.Trail.Attempts, Notes: r.Trail.Notes}
	return out
}

// WithModelRecords sets how long records of requests to models are kept, 90 days by
// default; sums by day stay for 400 days. At most two million records are kept, the
// newest.
func WithModelRecords(keep time.Duration) Option {
	return option(func(c *config) error {
		if keep < 24*time.Hour {
			return fmt.Errorf("records of models: %s is less than a day", keep)
		}
		c.modelRecords = keep
		return nil
	})
}
