package featureflag

import (
	"time"
)

// Extensions are what a flag's metadata say beyond flagd, which ignores them.
type Extensions struct {
	// Owner answers for the flag, free text. Key "owner".
	Owner string
	// Description says what the flag is for, free text. Key "description".
	Description string
	// Expires is when the flag should be gone, zero when it may stay: it is
	// stale afterwards, and evaluated as ever. Key "expires": a date, which
	// begins in UTC, or a time (RFC 3339).
	Expires time.Time
	// Killed serves KilledVariant, or the default variant, to everyone,
	// whatever the rules say, unless the flag is disabled. Key "killed": true or false.
	Killed bool
	// KilledVariant is what a killed flag serves, "" the default variant. Key
	// "killedVariant".
	KilledVariant string
	// Prerequisites are what other flags must serve to the same caller, or this
	// flag serves its default variant. Key "prerequisites":
	// "other-flag=variant, third=on".
	Prerequisites []Prerequisite
	// Schedule changes the flag at dates. Key "schedule": a JSON array as text.
	Schedule []Change
}

// A Prerequisite is what another flag must serve.
type Prerequisite struct {
	Flag    string
	Variant string
}

// A Change is one entry of a schedule: what holds from a time on, until the
// next entry. Before the first one, a flag that this entry opens ("on", or a
// percentage without a variant) serves its default variant to everyone; any
// other is evaluated as if it had no schedule.
//
//	[{"at": "2026-03-01T09:00:00Z", "percent": 10},
//	 {"at": "2026-03-08T09:00:00Z", "percent": 50},
//	 {"at": "2026-03-15T09:00:00Z", "state": "on"}]
type Change struct {
	// At is when it begins, a date or time (RFC 3339) in the text.
	At time.Time
	// State "off" serves the default variant to everyone, "on" ends that: the
	// flag is evaluated as if it had no schedule. "" when the entry is of
	// another kind.
	State string
	// Percent is the share of targeting keys that are in, 0 to 100, counted to
	// the ten-thousandth; HasPercent tells 0 from none. Without Variant, who is
	// in is evaluated as usual, and who is not gets the default variant. With
	// Variant, who is in gets it, and who is not is evaluated as usual. Whoever
	// is in stays in as the share grows. Callers without a targeting key are in
	// at 100 only.
	Percent    float64
	HasPercent bool
	// Variant is served to those who are in, to everyone without a percentage.
	Variant string
}

type extensions struct {
	Extensions
	killed        int // index of the variant of a killed flag, -1 for none
	prerequisites []prerequisite
	schedule      []change
}

type prerequisite struct {
	flag    *Flag
	variant int
	at      *node // in the document, while it is parsed
}

type change struct {
	at      int64  // seconds since the epoch
	share   uint64 // of maxShare
	variant int    // -1 for none
	plain   bool   // as if there were no schedule
	opens   bool   // so that it was closed before, if it is the first
}

const maxShare = 1_000_000

// decides reports whether the extensions have a say in what is served.
func (x *extensions) decides() bool {
	return x.Killed || len(x.prerequisites) > 0 || len(x.schedule) > 0
}

// Extensions are the flag's, zero when it has none. Its lists are shared: read
// only.
func (f *Flag) Extensions() Extensions {
	if f.ext == nil {
		return Extensions{}
	}
	return f.ext.Extensions
}

// Stale reports whether the flag has outlived its expiry, and why in words.
func (f *Flag) Stale(now time.Time) (why string, stale bool) {
	ext := f.Extensions()
	if ext.Expires.IsZero() || now.Before(ext.Expires) {
		return "", false
	}
	return "expired on " + ext.Expires.Format(time.DateOnly), true
}
