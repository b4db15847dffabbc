package airecord

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/storage"
)

// maxText bounds each text of a record, in bytes.
const maxText = 200

// queries are the statements that are put together once.
type queries struct{ insert, sum, total string }

const recordColumns = `id, at, tenant, user_id, key_id, module, roles, asked, provider, model, prompt, first_us, took_us,
	input, output, cached_input, cache_write, reasoning, estimated, micros, currency, unpriced, cache, reason, error, status, trail`

const (
	usageKeys = `day, user_id, key_id, module, roles, provider, model, currency`
	usageSums = `requests, errors, cached, input, output, micros, unpriced`
)

func newQueries() queries {
	latencies := latencyColumns()
	sums := append(strings.Split(usageSums, ", "), latencies...)
	var grown, totals []string
	for _, c := range sums {
		grown = append(grown, c+" = airecord_usage."+c+" + excluded."+c)
		totals = append(totals, "SUM("+c+")")
	}
	return queries{
		insert: `INSERT INTO airecord_records (` + recordColumns + `, fell_back) VALUES (` + places(28) + `) ON CONFLICT (id) DO NOTHING`,
		sum: `INSERT INTO airecord_usage (` + usageKeys + `, ` + strings.Join(sums, ", ") + `) VALUES (` + places(8+len(sums)) + `)
			ON CONFLICT (` + usageKeys + `) DO UPDATE SET ` + strings.Join(grown, ", "),
		total: strings.Join(totals, ", "),
	}
}

func places(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "$" + strconv.Itoa(i+1)
	}
	return strings.Join(list, ", ")
}

// write stores a batch and adds it to the sums of its days, all or nothing.
func (s *Store) write(ctx context.Context, batch []*ai.Record) error {
	return s.db.Update(ctx, func(tx *storage.Tx) error {
		days := map[usageKey]*usageSum{}
		for _, r := range batch {
			args := rowOf(r)
			result, err := tx.Exec(ctx, s.queries.insert, args...)
			if err != nil {
				return fmt.Errorf("write record of a request to a model: %w", err)
			}
			if n, err := result.RowsAffected(); err != nil {
				return fmt.Errorf("write record of a request to a model: %w", err)
			} else if n == 0 {
				continue // it was written before
			}
			count(days, r)
		}
		return s.writeSums(ctx, tx, days)
	})
}

type usageKey struct {
	day                                                 int64
	user, key, module, roles, provider, model, currency string
}

type usageSum struct {
	requests, errors, cached, input, output, micros, unpriced int64
	took                                                      histogram
}

func count(days map[usageKey]*usageSum, r *ai.Record) {
	c := &r.Caller
	key := usageKey{dayOf(r.Began), clean(c.User), clean(c.Key), clean(c.Module), rolesOf(c), clean(r.Provider), modelOf(r), clean(r.Cost.Currency)}
	u := days[key]
	if u == nil {
		u = &usageSum{}
		days[key] = u
	}
	u.requests++
	if r.Err != nil {
		u.errors++
	} else {
		u.took[step(r.Took)]++
	}
	switch r.Cache {
	case ai.CacheExact, ai.CacheSemantic, ai.CacheShared:
		u.cached++
	case ai.CacheNone, ai.CacheMiss:
	}
	u.input += r.Usage.Input
	u.output += r.Usage.Output
	u.micros += r.Cost.Micros
	u.unpriced += flag(r.Cost.Unknown)
}

// writeSums adds to the sums in one order, so that two instances do not wait for
// each other.
func (s *Store) writeSums(ctx context.Context, tx *storage.Tx, days map[usageKey]*usageSum) error {
	keys := make([]usageKey, 0, len(days))
	for k := range days {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b usageKey) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.user, b.user), cmp.Compare(a.key, b.key), cmp.Compare(a.module, b.module),
			cmp.Compare(a.roles, b.roles), cmp.Compare(a.provider, b.provider), cmp.Compare(a.model, b.model), cmp.Compare(a.currency, b.currency))
	})
	for _, k := range keys {
		u := days[k]
		args := []any{k.day, k.user, k.key, k.module, k.roles, k.provider, k.model, k.currency,
			u.requests, u.errors, u.cached, u.input, u.output, u.micros, u.unpriced}
		for _, n := range u.took {
			args = append(args, n)
		}
		if _, err := tx.Exec(ctx, s.queries.sum, args...); err != nil {
			return fmt.Errorf("add to the usage of models: %w", err)
		}
	}
	return nil
}

func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// modelOf is the model of the sums: of a request that nobody answered the one that
// was asked for, unless there is none of that name.
func modelOf(r *ai.Record) string {
	if r.Model == "" && (r.Err == nil || r.Err.Kind != ai.NotFound && r.Err.Kind != ai.Invalid) {
		return clean(r.Asked)
	}
	return clean(r.Model)
}

func rolesOf(c *ai.Caller) string {
	roles := slices.Clone(c.Roles)
	slices.Sort(roles)
	return clean(strings.Join(roles, ","))
}

func rowOf(r *ai.Record) []any {
	c, u := &r.Caller, &r.Usage
	reason, kind, status := "", "", 0
	if r.Err != nil {
		kind, status = r.Err.Kind.String(), r.Err.Status
	} else {
		reason = r.Reason.String()
	}
	return []any{clean(r.ID), r.Began.UnixMicro(), clean(c.Tenant), clean(c.User), clean(c.Key), clean(c.Module), rolesOf(c),
		clean(r.Asked), clean(r.Provider), clean(r.Model), clean(r.Prompt), r.First.Microseconds(), r.Took.Microseconds(),
		u.Input, u.Output, u.CachedInput, u.CacheWrite, u.Reasoning, flag(u.Estimated),
		r.Cost.Micros, clean(r.Cost.Currency), flag(r.Cost.Unknown), r.Cache.String(), reason, kind, status, trailOf(r), flag(fellBack(r))}
}

// fellBack tells whether another model answered than the one asked first.
func fellBack(r *ai.Record) bool {
	for i := range r.Attempts {
		if first, a := &r.Attempts[0], &r.Attempts[i]; a.OK && (a.Provider != first.Provider || a.Model != first.Model) {
			return true
		}
	}
	return false
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// A Trail is how a request was answered: the calls of providers, and what routers
// decided.
type Trail struct {
	Attempts []Attempt `json:"attempts,omitempty"`
	Notes    []Note    `json:"notes,omitempty"`
}

// An Attempt is one call of a provider.
type Attempt struct {
	Provider string  `json:"provider"`
	Model    string  `json:"model"`
	Key      string  `json:"key,omitempty"`
	TookMS   float64 `json:"took_ms"`
	Hedge    bool    `json:"hedge,omitempty"`
	OK       bool    `json:"ok"`
	Error    string  `json:"error,omitempty"`
}

// A Note is what a router decided.
type Note struct {
	Router string `json:"router"`
	Choice string `json:"choice"`
	Why    string `json:"why,omitempty"`
}

func trailOf(r *ai.Record) string {
	var t Trail
	for _, a := range r.Attempts {
		one := Attempt{Provider: clean(a.Provider), Model: clean(a.Model), Key: clean(a.Key), TookMS: milliseconds(a.Took), Hedge: a.Hedge, OK: a.OK}
		if !a.OK {
			one.Error = a.Kind.String()
		}
		t.Attempts = append(t.Attempts, one)
	}
	for _, n := range r.Notes {
		t.Notes = append(t.Notes, Note{clean(n.Router), clean(n.Choice), clean(n.Why)})
	}
	return marshalTrail(t)
}

func marshalTrail(t Trail) string {
	b, err := json.Marshal(t)
	if err != nil { // numbers and texts can be written
		return "{}"
	}
	return string(b)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// clean makes s storable as text in every database, and bounds it.
func clean(s string) string { return bounded(s, maxText) }

func bounded(s string, most int) string {
	s = s[:min(len(s), most)]
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	for len(s) > most {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
