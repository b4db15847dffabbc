package airecord

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Group is what usage is summed up by.
type Group string

// The groups. A request of somebody with several roles counts for each of them.
const (
	ByDay      Group = "day"
	ByModel    Group = "model"
	ByProvider Group = "provider"
	ByUser     Group = "user"
	ByModule   Group = "module"
	ByKey      Group = "key"
	ByRole     Group = "role"
)

// column is what a group is in the table.
func (g Group) column() (string, error) {
	switch g {
	case ByDay, ByModel, ByProvider, ByModule:
		return string(g), nil
	case ByUser:
		return "user_id", nil
	case ByKey:
		return "key_id", nil
	case ByRole:
		return "roles", nil
	}
	return "", fmt.Errorf("usage is not kept by %q", g)
}

// A Span asks for the usage of some days, in UTC, both included. Empty texts are
// all there are.
type Span struct {
	From, To                           time.Time
	User, Key, Module, Provider, Model string
}

// A Usage is what some requests came to.
type Usage struct {
	Key                      string
	Requests, Errors, Cached int64
	Input, Output            int64
	Micros                   int64 // of Currency
	Currency                 string
	Unknown                  bool // a price is not known, or something was paid for in another currency
	Median, Percentile95     float64
	took                     histogram
	byCurrency               map[string]int64
	unpriced                 int64
}

// Usage sums up what was written, by group, the greatest sum of requests first;
// days in their order. Requests that wait to be written are not among them.
func (s *Store) Usage(ctx context.Context, by Group, span Span) (items []Usage, total Usage, err error) {
	text, args, err := s.usageStatement(by, span)
	if err != nil {
		return nil, Usage{}, err
	}
	rows, err := s.db.Query(ctx, text, args...)
	if err != nil {
		return nil, Usage{}, fmt.Errorf("read usage of models: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	groups := map[string]*Usage{}
	for rows.Next() {
		var key, currency string
		var u Usage
		into := []any{&key, &currency, &u.Requests, &u.Errors, &u.Cached, &u.Input, &u.Output, &u.Micros, &u.unpriced}
		for i := range u.took {
			into = append(into, &u.took[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, Usage{}, fmt.Errorf("read usage of models: %w", err)
		}
		u.Currency = currency
		total.add(&u)
		for _, k := range by.keys(key) {
			if groups[k] == nil {
				groups[k] = &Usage{Key: k}
			}
			groups[k].add(&u)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, Usage{}, fmt.Errorf("read usage of models: %w", err)
	}
	items = make([]Usage, 0, len(groups))
	for _, u := range groups {
		u.finish()
		items = append(items, *u)
	}
	total.finish()
	slices.SortFunc(items, func(a, b Usage) int {
		if by == ByDay {
			return cmp.Compare(a.Key, b.Key)
		}
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Key, b.Key))
	})
	return items, total, nil
}

func (s *Store) usageStatement(by Group, span Span) (string, []any, error) {
	column, err := by.column()
	if err != nil {
		return "", nil, err
	}
	args := []any{dayOf(span.From), dayOf(span.To)}
	var where strings.Builder
	where.WriteString("day BETWEEN $1 AND $2")
	for _, f := range [...]struct{ column, value string }{
		{"user_id", span.User}, {"key_id", span.Key}, {"module", span.Module}, {"model", span.Model}, {"provider", span.Provider},
	} {
		if f.value != "" {
			args = append(args, clean(f.value))
			where.WriteString(" AND " + f.column + " = $" + strconv.Itoa(len(args)))
		}
	}
	return `SELECT CAST(` + column + ` AS TEXT), currency, ` + s.queries.total + ` FROM airecord_usage
		WHERE ` + where.String() + ` GROUP BY ` + column + `, currency`, args, nil
}

// keys are the groups that a row of the table belongs to.
func (g Group) keys(text string) []string {
	switch g {
	case ByRole:
		if text != "" {
			return strings.Split(text, ",")
		}
	case ByDay:
		if day, err := strconv.ParseInt(text, 10, 64); err == nil {
			return []string{time.Unix(day*24*60*60, 0).UTC().Format(time.DateOnly)}
		}
	case ByModel, ByProvider, ByUser, ByModule, ByKey:
	}
	return []string{text}
}

func (u *Usage) add(v *Usage) {
	u.Requests += v.Requests
	u.Errors += v.Errors
	u.Cached += v.Cached
	u.Input += v.Input
	u.Output += v.Output
	u.unpriced += v.unpriced
	for i := range u.took {
		u.took[i] += v.took[i]
	}
	if v.Currency == "" {
		return
	}
	if u.byCurrency == nil {
		u.byCurrency = map[string]int64{}
	}
	u.byCurrency[v.Currency] += v.Micros
}

// finish tells the cost in the currency that most was paid in.
func (u *Usage) finish() {
	u.Median, u.Percentile95 = u.took.quantile(0.5), u.took.quantile(0.95)
	u.Unknown = u.unpriced > 0 || len(u.byCurrency) > 1
	for currency, micros := range u.byCurrency {
		if u.Currency == "" || micros > u.Micros || micros == u.Micros && currency < u.Currency {
			u.Currency, u.Micros = currency, micros
		}
	}
}

// Recent is what became of requests of late.
type Recent struct {
	Fallbacks int64            // another model answered than the one asked first
	Cache     map[string]int64 // requests, by what a cache had to do with them
}

// countLately goes by time: || keeps the index on the cache out of it.
const countLately = `SELECT cache || '', COUNT(*), SUM(fell_back) FROM airecord_records WHERE at > $1 GROUP BY cache || ''`

// Lately counts the requests that began after a moment, on all instances.
func (s *Store) Lately(ctx context.Context, after time.Time) (Recent, error) {
	out := Recent{Cache: map[string]int64{}}
	rows, err := s.db.Query(ctx, countLately, after.UnixMicro())
	if err != nil {
		return out, fmt.Errorf("count requests to models: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	for rows.Next() {
		var cache string
		var n, fell int64
		if err := rows.Scan(&cache, &n, &fell); err != nil {
			return out, fmt.Errorf("count requests to models: %w", err)
		}
		out.Cache[cache] += n
		out.Fallbacks += fell
	}
	if err := rows.Err(); err != nil {
		return out, fmt.Errorf("count requests to models: %w", err)
	}
	return out, nil
}
