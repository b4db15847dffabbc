package featureflag

import "strings"

// A version is a semantic version as flagd's sem_ver reads it: "v" may stand
// before it, the minor and patch numbers may be missing, and what follows a
// plus sign does not count.
type version struct {
	major, minor, patch string
	pre                 string // with its hyphen
}

func parseVersion(s string) (v version, ok bool) {
	if s != "" && (s[0] == 'v' || s[0] == 'V') {
		s = s[1:]
	}
	v.minor, v.patch = "0", "0"
	if v.major, s, ok = wholeNumber(s); !ok || s == "" {
		return v, ok
	}
	if s[0] != '.' {
		return v, false
	}
	if v.minor, s, ok = wholeNumber(s[1:]); !ok || s == "" {
		return v, ok
	}
	if s[0] != '.' {
		return v, false
	}
	if v.patch, s, ok = wholeNumber(s[1:]); !ok {
		return v, false
	}
	s, build, built := strings.Cut(s, "+")
	if built && !identifiers(build, false) {
		return v, false
	}
	if s == "" {
		return v, true
	}
	v.pre = s
	return v, s[0] == '-' && identifiers(s[1:], true)
}

func wholeNumber(s string) (num, rest string, ok bool) {
	i := 0
	for i < len(s) && digit(s[i]) {
		i++
	}
	if i == 0 || s[0] == '0' && i > 1 {
		return "", s, false
	}
	return s[:i], s[i:], true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// identifiers checks a list separated by dots; numbers without leading zeros
// when they count.
func identifiers(s string, strict bool) bool {
	for more := true; more; {
		var id string
		id, s, more = strings.Cut(s, ".")
		if id == "" || strict && len(id) > 1 && id[0] == '0' && numeric(id) {
			return false
		}
		for i := range len(id) {
			if c := id[i]; !digit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' {
				return false
			}
		}
	}
	return true
}

func numeric(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return true
}

// compareVersions orders by precedence (semver.org, section 11).
func compareVersions(a, b *version) int {
	if c := compareNumbers(a.major, b.major); c != 0 {
		return c
	}
	if c := compareNumbers(a.minor, b.minor); c != 0 {
		return c
	}
	if c := compareNumbers(a.patch, b.patch); c != 0 {
		return c
	}
	switch {
	case a.pre == b.pre:
		return 0
	case a.pre == "":
		return 1
	case b.pre == "":
		return -1
	}
	return comparePre(a.pre[1:], b.pre[1:])
}

func compareNumbers(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func comparePre(a, b string) int {
	for {
		x, restA, moreA := strings.Cut(a, ".")
		y, restB, moreB := strings.Cut(b, ".")
		if x != y {
			numX, numY := numeric(x), numeric(y)
			switch {
			case numX && numY:
				return compareNumbers(x, y)
			case numX:
				return -1
			case numY:
				return 1
			}
			return strings.Compare(x, y)
		}
		switch {
		case !moreA && !moreB:
			return 0
		case !moreA:
			return -1
		case !moreB:
			return 1
		}
		a, b = restA, restB
	}
}

// A versionTest is an operator of sem_ver.
type versionTest uint8

const (
	versionEqual versionTest = iota + 1
	versionNotEqual
	versionLess
	versionLessEqual
	versionGreater
	versionGreaterEqual
	versionSameMajor
	versionSameMinor
)

func parseVersionTest(s string) (versionTest, bool) {
	switch s {
	case "=":
		return versionEqual, true
	case "!=":
		return versionNotEqual, true
	case "<":
		return versionLess, true
	case "<=":
		return versionLessEqual, true
	case ">":
		return versionGreater, true
	case ">=":
		return versionGreaterEqual, true
	case "^":
		return versionSameMajor, true
	case "~":
		return versionSameMinor, true
	}
	return 0, false
}

func (t versionTest) holds(a, b *version) bool {
	switch t {
	case versionSameMajor:
		return a.major == b.major
	case versionSameMinor:
		return a.major == b.major && a.minor == b.minor
	}
	c := compareVersions(a, b)
	switch t {
	case versionEqual:
		return c == 0
	case versionNotEqual:
		return c != 0
	case versionLess:
		return c < 0
	case versionLessEqual:
		return c <= 0
	case versionGreater:
		return c > 0
	}
	return c >= 0
}
