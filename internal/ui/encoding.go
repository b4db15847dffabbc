package ui

import "strings"

// encoding is a content coding the build can answer with.
type encoding uint8

const (
	identity encoding = iota + 1
	gzipped
	brotli
)

// suffix tells the encodings of a file apart in its entity tag.
func (e encoding) suffix() string {
	switch e {
	case brotli:
		return "-br"
	case gzipped:
		return "-gz"
	}
	return ""
}

// negotiate picks the content coding for the given Accept-Encoding lines
// (RFC 9110 section 12.5.3): the highest quality value wins, among equals
// brotli before gzip before none. Without the header, or with one that names
// none of ours, the answer is not coded; false means that even that was
// excluded.
func negotiate(lines []string) (encoding, bool) {
	a := acceptedBy(lines)
	switch {
	case a.br > 0 && a.br >= a.gzip && a.br >= a.identity:
		return brotli, true
	case a.gzip > 0 && a.gzip >= a.identity:
		return gzipped, true
	case a.identity != 0:
		return identity, true
	}
	return 0, false
}

// AcceptsGzip reports whether gzip is at least as welcome as no coding to who sent
// the Accept-Encoding lines.
func AcceptsGzip(lines []string) bool {
	a := acceptedBy(lines)
	return a.gzip > 0 && a.gzip >= a.identity
}

// unset is the quality of what was not named.
const unset = -1

// accepted are quality values in thousandths.
type accepted struct{ br, gzip, identity int }

// acceptedBy reads Accept-Encoding lines. Members that break the grammar are
// ignored.
func acceptedBy(lines []string) accepted {
	a, rest := accepted{unset, unset, unset}, unset
	for _, line := range lines {
		for line != "" {
			var member string
			member, line, _ = strings.Cut(line, ",")
			name, quality, ok := parseCoding(member)
			if !ok {
				continue
			}
			switch {
			case strings.EqualFold(name, "br"):
				a.br = quality
			case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"):
				a.gzip = quality
			case strings.EqualFold(name, "identity"):
				a.identity = quality
			case name == "*":
				rest = quality
			}
		}
	}
	if rest != unset {
		a.br, a.gzip = orElse(a.br, rest), orElse(a.gzip, rest)
		if rest == 0 { // only an explicit zero excludes the plain form
			a.identity = orElse(a.identity, 0)
		}
	}
	return a
}

func orElse(quality, otherwise int) int {
	if quality < 0 {
		return otherwise
	}
	return quality
}

// parseCoding splits one member such as "gzip;q=0.8" into its name and its
// quality in thousandths, 1000 when it has none.
func parseCoding(member string) (name string, quality int, ok bool) {
	name, weight, weighted := strings.Cut(member, ";")
	name = strings.Trim(name, " \t")
	if name == "" {
		return "", 0, false
	}
	if !weighted {
		return name, 1000, true
	}
	weight = strings.Trim(weight, " \t")
	if len(weight) < 3 || (weight[0] != 'q' && weight[0] != 'Q') || weight[1] != '=' {
		return "", 0, false
	}
	quality, ok = parseQuality(weight[2:])
	return name, quality, ok
}

// parseQuality reads a qvalue (RFC 9110 section 12.4.2), 0 to 1 with at most
// three decimals, in thousandths.
func parseQuality(s string) (int, bool) {
	if s == "" || len(s) > 5 || (s[0] != '0' && s[0] != '1') {
		return 0, false
	}
	value := int(s[0]-'0') * 1000
	if len(s) == 1 {
		return value, true
	}
	if s[1] != '.' {
		return 0, false
	}
	for i, unit := 2, 100; i < len(s); i, unit = i+1, unit/10 {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		value += int(s[i]-'0') * unit
	}
	return value, value <= 1000
}
