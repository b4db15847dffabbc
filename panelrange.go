package dashboard

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Ranges offers ranges of time to look back over, such as 15*time.Minute and
// 24*time.Hour, between a minute and ten years. The data function finds the one
// that was chosen by [RangeOf].
func Ranges(ranges ...time.Duration) PanelOption {
	return panelOption(func(c *panelConfig) {
		for _, r := range ranges {
			r = min(max(r.Truncate(time.Minute), time.Minute), maxRange)
			if !slices.Contains(c.ranges, r) {
				c.ranges = append(c.ranges, r)
			}
		}
	})
}

const (
	day      = 24 * time.Hour
	maxRange = 3650 * day
)

type rangeKey struct{}

// RangeOf returns the range of time that the person asked a panel for, one of
// its [Ranges], or 0: the panel is live.
func RangeOf(ctx context.Context) time.Duration {
	r, _ := ctx.Value(rangeKey{}).(time.Duration)
	return r
}

type rangeIn struct {
	Range string `query:"range" validate:"max=20" doc:"One of the panel's ranges, such as 24h or 7d; empty: live."`
}

// withRange hands the range to the data function, by the context.
func withRange[T any](ranges []time.Duration, data func(context.Context) (T, error)) func(context.Context, rangeIn) (T, error) {
	names := rangeNames(ranges)
	return func(ctx context.Context, in rangeIn) (T, error) {
		if in.Range == "" {
			return data(ctx)
		}
		i := slices.Index(names, in.Range)
		if i < 0 {
			return *new(T), Invalid(FieldError{Pointer: "#/query/range", Code: "oneof", Detail: "Choose one of " + strings.Join(names, ", ") + "."})
		}
		return data(context.WithValue(ctx, rangeKey{}, ranges[i]))
	}
}

func rangeNames(ranges []time.Duration) []string {
	out := make([]string, len(ranges))
	for i, r := range ranges {
		out[i] = rangeName(r)
	}
	return out
}

// rangeName writes a range with one unit: 15m, 24h, 7d.
func rangeName(r time.Duration) string {
	switch {
	case r%day == 0 && r > day:
		return strconv.Itoa(int(r/day)) + "d"
	case r%time.Hour == 0:
		return strconv.Itoa(int(r/time.Hour)) + "h"
	}
	return strconv.Itoa(int(r/time.Minute)) + "m"
}
