package ui

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// LocaleCookie is the name of the cookie that holds the person's language. The
// UI's own script sets it, so it is not HttpOnly.
const LocaleCookie = "dashboard-locale"

// locales are the languages the build speaks; the first is what everybody else
// gets. A script of the build has the same list.
var locales = [...]string{"en", "de"}

// maxLanguages bounds how much of an Accept-Language header is read: browsers
// send a handful, and what comes late weighs least.
const maxLanguages = 16

// locale is the language of the page: the cookie's, else the best of what the
// browser asks for.
func locale(r *http.Request) string {
	if cookie, err := r.Cookie(LocaleCookie); err == nil && slices.Contains(locales[:], cookie.Value) {
		return cookie.Value
	}
	return speaks(strings.Join(r.Header.Values("Accept-Language"), ","))
}

// speaks picks a locale by RFC 9110, section 12.5.4, with the lookup of RFC
// 4647: de-AT is content with de. Of equal weights the first wins.
func speaks(accept string) string {
	best, weight := locales[0], 0.0
	for range maxLanguages {
		part, rest, more := strings.Cut(accept, ",")
		tag, parameters, _ := strings.Cut(strings.TrimSpace(part), ";")
		language, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if i := slices.Index(locales[:], language); i >= 0 {
			if q := quality(parameters); q > weight {
				best, weight = locales[i], q
			}
		}
		if !more {
			break
		}
		accept = rest
	}
	return best
}

// quality reads "q=0.8"; without it the weight is 1, and one that is no weight
// is 0.
func quality(parameters string) float64 {
	name, value, found := strings.Cut(strings.TrimSpace(parameters), "=")
	if !found || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
