package ratelimit

import (
	"reflect"
	"time"
	"unsafe"

	"golang.org/x/time/rate"
)

// A levelField is the offset of the field in which a [rate.Limiter] keeps what it
// holds, as of its last change. Reading it right after a charge spares asking
// TokensAt, which locks and computes again: a sixth of a decision. Only what is
// told about an allowed charge comes from there, never whether it is allowed. 0
// means that the field is not known, and TokensAt is asked.
type levelField uintptr

// findLevel looks for the field by its name and type, and tries it.
func findLevel() levelField {
	field, ok := reflect.TypeFor[rate.Limiter]().FieldByName("tokens")
	if !ok || field.Type.Kind() != reflect.Float64 {
		return 0
	}
	found, now := levelField(field.Offset), time.Now()
	for _, units := range []int{0, 3, 4} {
		l := rate.NewLimiter(1, 10)
		l.AllowN(now, units)
		if found.of(l) != l.TokensAt(now) {
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
