package ratelimit

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The response fields of draft-ietf-httpapi-ratelimit-headers, as net/http
// spells them. Both are lists of strings with parameters (RFC 9651), which may
// stand on several lines.
const (
	policyField = "Ratelimit-Policy"
	stateField  = "Ratelimit"
	retryField  = "Retry-After"
)

// limit is a policy with what is made of it once.
type limit struct {
	policy Policy
	line   []string // of RateLimit-Policy; nil where clients are not to know
	state  string   // of RateLimit, up to the remaining units
	series *series
}

func newLimit(p Policy) *limit {
	name := `"` + p.Label() + `"` // needs no escapes
	l := &limit{policy: p, state: name + ";r=", series: &series{policy: p.Label()}}
	if !p.Shadow {
		l.line = []string{string(appendPolicy([]byte(name), p))}
	}
	return l
}

func (l *limit) enforced() bool { return !l.policy.Shadow }

// appendPolicy appends q and w. A window is whole seconds there: the smallest
// number of windows that is, with what they bring. Where those would be longer
// than any policy's, the one window is rounded up, by less than 0.01 %.
func appendPolicy(b []byte, p Policy) []byte {
	windows := int64(1)
	for windows < 1000 && windows*int64(p.Window/time.Millisecond)%1000 != 0 {
		windows++
	}
	whole := windows * int64(p.Window/time.Millisecond) / 1000
	if whole > int64(MaxWindow/time.Second) {
		windows, whole = 1, seconds(p.Window)
	}
	b = strconv.AppendInt(append(b, ";q="...), windows*p.Limit, 10)
	return strconv.AppendInt(append(b, ";w="...), whole, 10)
}

// appendState appends an item of RateLimit. Without a reset it has no t.
func (l *limit) appendState(b []byte, remaining int64, reset time.Duration) []byte {
	b = strconv.AppendInt(append(b, l.state...), max(remaining, 0), 10)
	if reset < 0 {
		return b
	}
	return strconv.AppendInt(append(b, ";t="...), seconds(reset), 10)
}

// seconds rounds up.
func seconds(d time.Duration) int64 {
	return int64(d/time.Second) + min(1, int64(max(d%time.Second, 0)))
}

// addField adds a line to a field that others may have written, such as another
// middleware outside of this one.
func addField(h http.Header, name string, line []string) {
	if before := h[name]; len(before) > 0 {
		line = append(slices.Clip(before), line...)
	}
	h[name] = line
}
