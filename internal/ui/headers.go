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

// SecurityHeaders sets the headers that every answer of a dashboard carries: a
// policy under which the answer can load and run nothing (the page has its
// own, see [Handler.Serve]), nosniff, no referrer to other origins, isolation
// from other origins' windows and pages, and no device permissions.
//
// With secure, for a browser that speaks https, it also asks the browser to
// keep doing so for a year (RFC 6797), on this host only, unless the header
// is set already: behind a proxy that terminates TLS only the caller can know.
func SecurityHeaders(header http.Header, secure bool) {
	// One array for all, because every answer pays for it. The slices have no
	// room to grow, so an Add to one copies it.
	values := [...]string{inert, "nosniff", "same-origin", permissions, "max-age=31536000"}
	header["Content-Security-Policy"] = values[0:1:1]
	header["X-Content-Type-Options"] = values[1:2:2]
	header["Referrer-Policy"] = values[2:3:3]
	header["Cross-Origin-Opener-Policy"] = values[2:3:3]
	header["Cross-Origin-Resource-Policy"] = values[2:3:3]
	header["Permissions-Policy"] = values[3:4:4]
	if secure && len(header["Strict-Transport-Security"]) == 0 {
		header["Strict-Transport-Security"] = values[4:5:5]
	}
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
