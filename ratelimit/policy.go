package ratelimit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The bounds of a [Policy].
const (
	MaxLimit  = 1_000_000_000                             // of Limit and Burst, in units
	MinWindow = time.Millisecond                          // of Window
	MaxWindow = 366 * 24 * time.Hour                      // of Window
	maxName   = 64                                        // of Name, in bytes
	maxText   = 128                                       // of a policy's text, in bytes
	anonymous = "default"                                 // what a policy without a name is called in headers
	day       = 24 * time.Hour                            // the largest unit of a window's text
	nameRunes = "abcdefghijklmnopqrstuvwxyz0123456789._-" // of a name
)

// A Policy says how much one key may use: Limit units in each Window, of which
// Burst may come at once. It is a token bucket: Burst units deep, refilled
// evenly at Limit units a Window. So a key gets at most Burst + Limit × t/Window
// units within any time t. It is plain data, comparable, and valid when
// [Policy.Validate] says so; the zero Policy is not.
type Policy struct {
	// Name tells policies apart in header fields, metrics and the UI: lower-case
	// letters, digits, '.', '_' and '-', at most 64. Empty is called "default".
	Name string
	// Limit is how many units each Window brings, 1 to [MaxLimit].
	Limit int64
	// Window is the time that Limit is for, [MinWindow] to [MaxWindow].
	Window time.Duration
	// Burst is how many units may be used at once, 1 to [MaxLimit]. 0 means Limit.
	Burst int64
	// Shadow counts and reports what the policy would refuse, and lets it pass.
	Shadow bool
}

// ParsePolicy reads a policy without a name, as [Policy.String] prints it: a
// limit, a slash and a window, then optionally "burst" with a number and
// "shadow".
//
//	100/m
//	100/m burst 20
//	5/15m
//	1000/h burst 50 shadow
//
// A window is a unit, one of ms, s, m, h and d, with an optional whole number
// before it. Numbers are decimal, without sign, leading zeros or separators.
func ParsePolicy(text string) (Policy, error) {
	if len(text) > maxText {
		return Policy{}, fmt.Errorf("parse rate limit: longer than %d bytes", maxText)
	}
	p, err := parsePolicy(strings.Fields(text))
	if err == nil {
		err = p.Validate()
	}
	if err != nil {
		return Policy{}, fmt.Errorf("parse rate limit %q: %w", text, err)
	}
	return p, nil
}

func parsePolicy(words []string) (p Policy, err error) {
	if len(words) == 0 {
		return p, errors.New(`want a limit such as "100/m"`)
	}
	limit, window, ok := strings.Cut(words[0], "/")
	if !ok {
		return p, errors.New(`want a limit and a window such as "100/m"`)
	}
	if p.Limit, err = parseNumber(limit); err != nil {
		return p, err
	}
	if p.Window, err = parseWindow(window); err != nil {
		return p, err
	}
	words = words[1:]
	if len(words) >= 2 && words[0] == "burst" {
		if p.Burst, err = parseNumber(words[1]); err != nil {
			return p, err
		}
		words = words[2:]
	}
	if len(words) >= 1 && words[0] == "shadow" {
		p.Shadow, words = true, words[1:]
	}
	if len(words) > 0 {
		return p, fmt.Errorf(`want "burst" with a number, then "shadow", not %q`, strings.Join(words, " "))
	}
	if p.Burst == p.Limit {
		p.Burst = 0 // so that equal policies compare equal
	}
	return p, nil
}

func parseNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > MaxLimit || strconv.FormatInt(n, 10) != text {
		return 0, fmt.Errorf("want a whole number from 1 to %d, not %q", MaxLimit, text)
	}
	return n, nil
}

// units are those of a window's text, largest first.
func units() [5]struct {
	name string
	size time.Duration
} {
	return [...]struct {
		name string
		size time.Duration
	}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}
}

func parseWindow(text string) (time.Duration, error) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n := int64(1)
	if digits > 0 {
		var err error
		if n, err = parseNumber(text[:digits]); err != nil {
			return 0, err
		}
	}
	for _, unit := range units() {
		if unit.name != text[digits:] {
			continue
		}
		if n > int64(MaxWindow/unit.size) {
			return 0, fmt.Errorf("want a window of at most %d d", MaxWindow/day)
		}
		return time.Duration(n) * unit.size, nil
	}
	return 0, fmt.Errorf("want a window such as s, 15m, h or d, not %q", text)
}

// Validate reports what is wrong with a policy.
func (p Policy) Validate() error {
	switch {
	case len(p.Name) > maxName || strings.Trim(p.Name, nameRunes) != "":
		return fmt.Errorf("the name %.80q is not up to %d lower-case letters, digits, '.', '_' and '-'", p.Name, maxName)
	case p.Limit < 1 || p.Limit > MaxLimit:
		return fmt.Errorf("the limit %d is not from 1 to %d", p.Limit, MaxLimit)
	case p.Burst < 0 || p.Burst > MaxLimit:
		return fmt.Errorf("the burst %d is not from 1 to %d", p.Burst, MaxLimit)
	case p.Window < MinWindow || p.Window > MaxWindow || p.Window%time.Millisecond != 0:
		return fmt.Errorf("the window %v is not whole milliseconds from %v to %v", p.Window, MinWindow, MaxWindow)
	}
	return nil
}

// Depth is the most that can be used at once: Burst, or Limit where that is 0.
func (p Policy) Depth() int64 {
	if p.Burst == 0 {
		return p.Limit
	}
	return p.Burst
}

// Label is the policy's name, or "default" where it has none.
func (p Policy) Label() string {
	if p.Name == "" {
		return anonymous
	}
	return p.Name
}

// String prints all but the name in the form that [ParsePolicy] reads.
func (p Policy) String() string {
	b, _ := p.AppendText(nil) // never fails
	return string(b)
}

// AppendText implements [encoding.TextAppender].
func (p Policy) AppendText(b []byte) ([]byte, error) {
	b = strconv.AppendInt(b, p.Limit, 10)
	b = append(b, '/')
	b = appendWindow(b, p.Window)
	if p.Burst != 0 && p.Burst != p.Limit {
		b = strconv.AppendInt(append(b, " burst "...), p.Burst, 10)
	}
	if p.Shadow {
		b = append(b, " shadow"...)
	}
	return b, nil
}

func appendWindow(b []byte, window time.Duration) []byte {
	for _, unit := range units() {
		if window%unit.size != 0 || window == 0 {
			continue
		}
		if n := int64(window / unit.size); n != 1 {
			b = strconv.AppendInt(b, n, 10)
		}
		return append(b, unit.name...)
	}
	return append(b, window.String()...) // not a valid policy's
}

// MarshalText implements [encoding.TextMarshaler] with [Policy.String].
func (p Policy) MarshalText() ([]byte, error) { return p.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] with [ParsePolicy]. It
// keeps the name.
func (p *Policy) UnmarshalText(text []byte) error {
	parsed, err := ParsePolicy(string(text))
	if err != nil {
		return err
	}
	parsed.Name = p.Name
	*p = parsed
	return nil
}
