package ratelimit

import (
	"reflect"
	"time"
	"unsafe"

	"golang.org/x/time/rate"
)

// A levelField is the offset of the field in which a [rate.Limiter] keeps what it
// held after its last change. Reading it spares asking TokensAt, which locks and
// computes again, and most often also what AllowN answers: a bucket that held
// enough then holds enough now. It is a fifth of a decision. 0 means that the
// field is not known: everything is asked.
type levelField uintptr

// findLevel looks for the field of a name by its type, and tries it.
func findLevel(name string) levelField {
	field, ok := reflect.TypeFor[rate.Limiter]().FieldByName(name)
	if !ok || field.Type.Kind() != reflect.Float64 {
		return 0
	}
	found, now, l := levelField(field.Offset), time.Now(), rate.NewLimiter(1, 10)
	for _, step := range []struct {
		after time.Duration
		units int
		level float64
	}{{0, 0, 10}, {0, 4, 6}, {time.Second, 7, 0}, {time.Second, 3, 0}, {3 * time.Second, 1, 3}, {time.Hour, 3, 7}} {
		now = now.Add(step.after)
		before, held := found.of(l), l.TokensAt(now) >= float64(step.units)
		allowed := l.AllowN(now, step.units)
		if allowed != held || found.of(l) != step.level || !allowed && before != step.level {
			return 0
		}
	}
	return found
}

// of returns what a limiter held after its last change. No other goroutine
// changes it meanwhile.
func (f levelField) of(l *rate.Limiter) float64 {
	return *(*float64)(unsafe.Add(unsafe.Pointer(l), f)) //nolint:gosec // G103: findLevel made sure of the field
}
