package ui

import (
	"net/http"
	"net/netip"
	"strings"
)

const (
	// inert is the policy of every answer that is not the page: should a
	// browser show it as a document, that document may load and run nothing.
	inert = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

	permissions = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), " +
		"geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"
)

// Headers holds the values of the security headers of one answer, so that they
// cost data no allocation of their own. Its zero value is ready. The slices it puts
// into a header have no room to grow, so an Add to one copies it.
type Headers struct{ values [4]string }

// Set sets what every answer of a dashboard carries, whatever it is: a policy
// under which it can load and run nothing (the page has its own, see
// [Handler.Serve]), nosniff, and no use by other origins' pages.
//
// With secure, for a browser that speaks https, it also asks the browser to
// keep doing so for a year (RFC 6797), on this host only, unless the header
// is set already: behind a proxy that terminates TLS only the caller can know.
func (h *Headers) Set(header http.Header, secure bool) {
	h.values = [...]string{inert, "nosniff", "same-origin", "max-age=31536000"}
	header["Content-Security-Policy"] = h.values[0:1:1]
	header["X-Content-Type-Options"] = h.values[1:2:2]
	header["Cross-Origin-Resource-Policy"] = h.values[2:3:3]
	if secure && len(header["Strict-Transport-Security"]) == 0 {
		header["Strict-Transport-Security"] = h.values[3:4:4]
	}
}

// Finish adds, to an answer whose type is known by now, what only matters where
// a browser shows it as a document: no referrer to other origins, isolation from
// other origins' windows, and no device permissions. Data is no such answer: JSON
// and event streams hold no link to follow, no script to isolate and nothing that
// could ask for a device. Headers that are set already stay. Set comes first.
func (h *Headers) Finish(header http.Header) {
	if t := header["Content-Type"]; len(t) == 1 && isData(t[0]) {
		return
	}
	if len(header["Referrer-Policy"]) == 0 {
		header["Referrer-Policy"] = h.values[2:3:3]
	}
	if len(header["Cross-Origin-Opener-Policy"]) == 0 {
		header["Cross-Origin-Opener-Policy"] = h.values[2:3:3]
	}
	if len(header["Permissions-Policy"]) == 0 {
		header["Permissions-Policy"] = []string{permissions}
	}
}

// isData tells whether a media type is data that no browser shows as a document
// of its own. Everything that is not known to be one counts as a document.
func isData(mediaType string) bool {
	switch mediaType {
	case "application/json", "application/problem+json", "text/event-stream":
		return true
	}
	return false
}

// SecurityHeaders sets all of them, for an answer that may be a document.
func SecurityHeaders(header http.Header, secure bool) {
	h := new(Headers)
	h.Set(header, secure)
	h.Finish(header)
}

// policy is the page's Content-Security-Policy for an escaped base on a host.
func (h *Handler) policy(base, host string) string {
	own := "'self'"
	if hostSource(host) {
		own = host + base + "assets/ " + host + base + "m/"
	}
	types := "'none'"
	if h.config.TrustedTypes != "" {
		types = h.config.TrustedTypes
	}
	return "default-src 'none'; script-src " + own + "; style-src " + own +
		"; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'" +
		"; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types " + types
}

// hostSource tells whether host can stand in a policy's host source (CSP level
// 3, section 2.3.1), whose grammar knows names and a port. The brackets of an
// IPv6 address are not in it, and matching another IPv4 address than 127.0.0.1
// is left out by section 6.7.2.6: there 'self' must do.
func hostSource(host string) bool {
	name, port, hasPort := strings.Cut(host, ":")
	if name == "" || len(host) > 260 || hasPort && !digits(port) {
		return false
	}
	if address, err := netip.ParseAddr(name); err == nil {
		return address == netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" {
			return false
		}
		for i := range len(label) {
			if !letterOrDigit(label[i]) && label[i] != '-' {
				return false
			}
		}
	}
	return true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 5
}

// policyName tells whether name is a Trusted Types policy name that a
// directive can hold without meaning something else.
func policyName(name string) bool {
	for i := range len(name) {
		if !letterOrDigit(name[i]) && !strings.ContainsRune("-#=_/@.%", rune(name[i])) {
			return false
		}
	}
	return name != ""
}

func letterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
