package dashboard

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/internal/limits"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/storage"
)

func (d *Dashboard) routeLimits(r *Router) {
	read, manage := Require(permLimitsRead), Require(permLimitsManage)
	Get(r, "/limits", d.listLimits, read, ID("limits"), Summary("The rate limits in force"))
	Get(r, "/limits/refused", d.listRefused, read, ID("limits-refused"), Summary("Who was refused of late"),
		Description("The callers that a limit refused within the last ten minutes on the instance that answers, the latest first; at most 512."))
	Get(r, "/limits/{name}", d.limit, read, ID("limit"), Summary("One rate limit"), Answers(404))
	Put(r, "/limits/{name}", d.putLimit, manage, ID("put-limit"), Summary("Change a rate limit"), Answers(404, 412),
		Description("It is in force on every instance within a second. What callers have used up stays used up."))
	Delete(r, "/limits/{name}", d.deleteLimit, manage, ID("delete-limit"), Summary("Go back to a rate limit's default"), Answers(404, 412))
	Put(r, "/limits/{name}/keys/{key}", d.putLimitKey, manage, ID("put-limit-key"), Summary("Give one caller a limit of its own"), Answers(404, 409, 412),
		Description("The key is one of /limits/refused, or what people write: an e-mail address, which needs dashboard.users.read, an IP address or, of IPv6, a /64. The answer has it as it is kept."))
	Delete(r, "/limits/{name}/keys/{key}", d.deleteLimitKey, manage, ID("delete-limit-key"), Summary("Give one caller the limit of all others"), Answers(404, 412))
}

type limitInfo struct {
	Name      string         `json:"name"`
	Title     string         `json:"title"`
	Module    string         `json:"module,omitempty" doc:"Whose limit it is; absent: the dashboard's own."`
	Policy    string         `json:"policy" doc:"What is in force, such as 100/m burst 20. With the word shadow it is counted only."`
	Default   string         `json:"default" doc:"What code asks for."`
	Keys      []string       `json:"keys" doc:"Whose buckets the limit has: account, api-key, address, sign-in-address, sign-in-account; none: any text."`
	Overrides []limitKeyInfo `json:"overrides" doc:"Callers that have a limit of their own."`
	tag       string
}

type limitKeyInfo struct {
	Key    string `json:"key"`
	Policy string `json:"policy"`
}

// ETag is the version of the limit that a change would replace.
func (l limitInfo) ETag() string { return l.tag }

func limitInfoOf(l limits.Limit) limitInfo {
	out := limitInfo{Name: l.Policy.Label(), Title: l.Title, Module: l.Module, Policy: l.InForce.String(), Default: l.Policy.String(),
		Keys: keyNames(l.Keys), Overrides: []limitKeyInfo{}, tag: generationTag(l.Version)}
	for _, o := range l.Overrides {
		out.Overrides = append(out.Overrides, limitKeyInfo{Key: o.Key, Policy: o.Policy.String()})
	}
	return out
}

func (d *Dashboard) listLimits(context.Context, empty) (Page[limitInfo], error) {
	out := Page[limitInfo]{}
	for _, l := range d.limiting.book.List() {
		out.Items = append(out.Items, limitInfoOf(l))
	}
	return out, nil
}

type refusedInfo struct {
	Limit   string     `json:"limit"`
	Key     string     `json:"key"`
	Who     string     `json:"who"`
	Count   int64      `json:"count"`
	FirstAt time.Time  `json:"first_at"`
	LastAt  time.Time  `json:"last_at"`
	Until   *time.Time `json:"until,omitempty" doc:"When the caller may go on; absent where waiting does not help."`
}

func (d *Dashboard) listRefused(context.Context, empty) (Page[refusedInfo], error) {
	out := Page[refusedInfo]{}
	for _, r := range d.limiting.refused.List(time.Now()) {
		one := refusedInfo{Limit: r.Limit, Key: r.Key, Who: r.Who, Count: r.Count, FirstAt: r.First.UTC(), LastAt: r.Last.UTC()}
		if !r.Until.IsZero() {
			until := r.Until.UTC()
			one.Until = &until
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

type limitNameIn struct {
	Name string `path:"name" validate:"max=64"`
}

func (d *Dashboard) limit(_ context.Context, in limitNameIn) (limitInfo, error) {
	l, err := d.limiting.book.Find(in.Name)
	if err != nil {
		return limitInfo{}, limitError(err)
	}
	return limitInfoOf(l), nil
}

type putLimitIn struct {
	limitNameIn
	IfMatch etag.Condition `header:"If-Match"`
	Policy  string         `json:"policy" validate:"required,max=128" doc:"Such as 100/m burst 20; units are ms, s, m, h and d."`
}

func (d *Dashboard) putLimit(ctx context.Context, in putLimitIn) (limitInfo, error) {
	return d.changeLimit(ctx, in.Name, "", in.Policy, in.IfMatch)
}

type deleteLimitIn struct {
	limitNameIn
	ifMatchIn
}

func (d *Dashboard) deleteLimit(ctx context.Context, in deleteLimitIn) (limitInfo, error) {
	return d.changeLimit(ctx, in.Name, "", "", in.IfMatch)
}

type putLimitKeyIn struct {
	Key string `path:"key" validate:"required,max=256"`
	putLimitIn
}

func (d *Dashboard) putLimitKey(ctx context.Context, in putLimitKeyIn) (limitInfo, error) {
	l, err := d.limiting.book.Find(in.Name)
	if err != nil {
		return limitInfo{}, limitError(err)
	}
	key, err := d.limitKey(ctx, l.Keys, in.Key)
	if err != nil {
		return limitInfo{}, err
	}
	return d.changeLimit(ctx, in.Name, key, in.Policy, in.IfMatch)
}

type deleteLimitKeyIn struct {
	Key string `path:"key" validate:"required,max=256"`
	deleteLimitIn
}

func (d *Dashboard) deleteLimitKey(ctx context.Context, in deleteLimitKeyIn) (limitInfo, error) {
	return d.changeLimit(ctx, in.Name, in.Key, "", in.IfMatch)
}

// changeLimit sets a policy, or takes it away where text is empty.
func (d *Dashboard) changeLimit(ctx context.Context, name, key, text string, ifMatch etag.Condition) (limitInfo, error) {
	c := limits.Change{Name: name, Key: key}
	if text != "" {
		p, err := ratelimit.ParsePolicy(text)
		if err != nil {
			return limitInfo{}, Invalid(FieldError{Pointer: "/policy", Code: "policy", Detail: errors.Unwrap(err).Error()})
		}
		if key == "" && locksOut(name, p) {
			return limitInfo{}, Invalid(FieldError{Pointer: "/policy", Code: "policy",
				Detail: fmt.Sprintf("would lock everybody out, you too: at least %d at once are needed", leastAtOnce), Params: map[string]string{"of": "lockout", "value": strconv.Itoa(leastAtOnce)}})
		}
		c.Policy = &p
	}
	before, err := d.limiting.book.Find(name)
	if err != nil {
		return limitInfo{}, limitError(err)
	}
	if c.Based, err = expectedVersion(ifMatch, func() (int64, error) { return before.Version, nil }); err != nil {
		return limitInfo{}, err
	}
	c.Also = func(tx *storage.Tx) error {
		return d.audit(ctx, tx, "limit.change", name, map[string]string{"key": key, "before": before.InForce.String(), "after": text})
	}
	l, err := d.limiting.book.Apply(ctx, c)
	if err != nil {
		return limitInfo{}, limitError(err)
	}
	return limitInfoOf(l), nil
}

// leastAtOnce is what a person needs to open the UI and mend a limit.
const leastAtOnce = 100

// locksOut tells whether nobody could use the dashboard any more, to set the
// limit back.
func locksOut(name string, p ratelimit.Policy) bool {
	return (name == limitCaller || name == limitAddress) && !p.Shadow && p.Depth() < leastAtOnce
}

func limitError(err error) error {
	switch {
	case errors.Is(err, limits.ErrUnknown):
		return errNotFound
	case errors.Is(err, limits.ErrChanged):
		return errStale
	case errors.Is(err, limits.ErrTooMany):
		return Errorf(409, "too-many-limits", "Too many callers have a limit of their own. Remove some first.")
	}
	return err
}

// limitsChanged tells browsers that show the limits to read them again.
func (d *Dashboard) limitsChanged() {
	d.publish("limit", map[string]any{}, events.Audience{Permission: coreModule + "." + permLimitsRead.name})
}
