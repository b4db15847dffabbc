// Package clientip finds the address that a request came from where reverse
// proxies stand between.
//
// A header field says what whoever wrote it likes, so it counts only as far as
// trusted proxies wrote it: fields are read from the right, the end that the
// nearest proxy wrote, and reading stops at the first address that is not a
// trusted proxy's. What stands left of that is never looked at, however
// malformed it is.
package clientip

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops bounds the proxies that are followed; beyond it the last one found
// counts as the client.
const maxHops = 64

// Proxies are the reverse proxies that are believed. The zero value believes
// none. It is not to be changed once in use.
type Proxies struct {
	// Trusted are the addresses of the proxies, as [Normalize] leaves them.
	Trusted []netip.Prefix
	// Forwarded reads Forwarded (RFC 7239) instead of X-Forwarded-For. Only one
	// of them is ever read: a proxy that writes one passes on the other as the
	// client sent it.
	Forwarded bool
}

// Normalize returns a prefix of IPv4-mapped IPv6 addresses as one of IPv4
// addresses, and any prefix without the bits beyond its length.
func Normalize(p netip.Prefix) netip.Prefix {
	const mapped = 96
	if p.Addr().Is4In6() && p.Bits() >= mapped {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
	}
	return p.Masked()
}

// Peer returns the address in [http.Request.RemoteAddr], as [Parse] does, with
// or without a port. It is the zero Addr where there is none, as with a Unix
// socket.
func Peer(remote string) netip.Addr {
	a, _ := node(remote)
	return a
}

// PeerIPv4 returns the text of the address in [http.Request.RemoteAddr] where
// that is an IPv4 address with a port, as a server sets it most often. It costs
// a third of [Peer].
func PeerIPv4(remote string) (text string, ok bool) {
	dots, digits, value := 0, 0, 0
	for i := range len(remote) {
		c := remote[i]
		switch {
		case c >= '0' && c <= '9':
			if digits > 0 && value == 0 || digits == 3 { // a leading zero, or no byte
				return "", false
			}
			value = value*10 + int(c-'0')
			digits++
		case digits == 0 || value > 255:
			return "", false
		case c == '.' && dots < 3:
			dots, digits, value = dots+1, 0, 0
		case c == ':' && dots == 3:
			return remote[:i], validPort(remote[i+1:])
		default:
			return "", false
		}
	}
	return "", false
}

// Trusts tells whether an address is a trusted proxy's.
func (p Proxies) Trusts(a netip.Addr) bool {
	for _, trusted := range p.Trusted {
		if trusted.Contains(a) {
			return true
		}
	}
	return false
}

// Client returns the address of whoever sent the request that came from peer
// with the given header: peer itself unless that is a trusted proxy, else the
// first address from the right that is not one. Where a proxy did not say whom
// it forwards for, or not in a form that is understood, that proxy counts as
// the client, and so does the last of proxies that are all trusted.
func (p Proxies) Client(peer netip.Addr, header http.Header) netip.Addr {
	client, _, _ := p.read(peer, header)
	return client
}

// Origin returns the client as well, and the scheme of the URL that it asked for,
// "http" or "https", where a trusted proxy says so, else "": with Forwarded that of
// the "proto" parameter beside the client, or of the last proxy that is trusted.
// Else it is that of X-Forwarded-Proto. Some proxies replace that field and some
// add to it, as to X-Forwarded-For, so it is read as far from the right as the
// client stands there, or to its end where it has fewer elements.
func (p Proxies) Origin(peer netip.Addr, header http.Header) (client netip.Addr, scheme string) {
	client, last, hops := p.read(peer, header)
	switch {
	case len(p.Trusted) == 0 || !p.Trusts(peer):
		return client, ""
	case p.Forwarded:
		_, scheme, _ = forwardedElement(last)
		scheme = strings.ToLower(scheme)
	default:
		scheme = fromRight(header["X-Forwarded-Proto"], max(hops, 1))
	}
	if scheme != "http" && scheme != "https" {
		scheme = ""
	}
	return client, scheme
}

// fromRight returns the nth element from the right of a list on some lines, or the
// leftmost where there are fewer.
func fromRight(lines []string, n int) (element string) {
	last := ""
	for _, rest := range slices.Backward(lines) {
		for rest != "" {
			if rest, last = lastInList(rest); last == "" {
				continue // an empty element of the list
			}
			element = last
			if n--; n == 0 {
				return element
			}
		}
	}
	return element
}

// read returns the client, the last element read, which a trusted proxy wrote, and
// how many were read.
func (p Proxies) read(peer netip.Addr, header http.Header) (client netip.Addr, last string, hops int) {
	if len(p.Trusted) == 0 || !p.Trusts(peer) {
		return peer, "", 0
	}
	name, next := "X-Forwarded-For", lastInList
	if p.Forwarded {
		name, next = "Forwarded", lastForwarded
	}
	client = peer
	hop := ""
	for _, rest := range slices.Backward(header[name]) {
		for rest != "" {
			if rest, hop = next(rest); hop == "" {
				continue // an empty element of the list
			}
			last = hop
			a, ok := p.hop(hop)
			if hops++; !ok || hops > maxHops {
				return client, last, hops
			}
			if client = a; !p.Trusts(a) {
				return client, last, hops
			}
		}
	}
	return client, last, hops
}

func (p Proxies) hop(element string) (netip.Addr, bool) {
	if p.Forwarded {
		client, _, ok := forwardedElement(element)
		return client, ok
	}
	return node(element)
}

// lastInList cuts the last element off a list whose elements hold no commas.
func lastInList(s string) (rest, last string) {
	if i := strings.LastIndexByte(s, ','); i >= 0 {
		return s[:i], trim(s[i+1:])
	}
	return "", trim(s)
}

func trim(s string) string { return strings.Trim(s, " \t") }

// node reads an address with or without a port: IPv6 in brackets or, without a
// port, bare. Zones are dropped: they mean something on one machine only.
func node(s string) (netip.Addr, bool) {
	host, port, bracketed := s, "", false
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if host, port, ok = strings.Cut(inner, "]"); !ok || (port != "" && port[0] != ':') {
			return netip.Addr{}, false
		}
		bracketed = true
	} else if i := strings.IndexByte(s, ':'); i >= 0 && strings.IndexByte(s[i+1:], ':') < 0 {
		host, port = s[:i], s[i:]
	}
	if port != "" && !validPort(port[1:]) {
		return netip.Addr{}, false
	}
	if i := strings.IndexByte(host, '%'); i >= 0 {
		if host = host[:i]; !strings.Contains(host, ":") {
			return netip.Addr{}, false // only IPv6 has zones
		}
	}
	a, err := netip.ParseAddr(host)
	if err != nil || bracketed && !a.Is6() {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// validPort tells whether s is a port, or the obfuscated one of RFC 7239,
// section 6.
func validPort(s string) bool {
	if obfuscated, ok := strings.CutPrefix(s, "_"); ok {
		return obfuscated != "" && strings.Trim(obfuscated, obfuscatedRunes) == ""
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 5
}
