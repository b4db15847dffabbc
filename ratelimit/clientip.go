package ratelimit

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/modular-dashboard/dashboard/internal/clientip"
)

// DefaultIPv6Bits is the length of the IPv6 prefix that counts as one client: a
// host can use any address of its /64.
const DefaultIPv6Bits = 64

// A ClientIP says how to find the address of a client. The zero value takes that
// of the connection and believes no header field.
type ClientIP struct {
	// Proxies are the addresses of the reverse proxies that are believed. With
	// them the client is the first address, read from the right, that is not
	// one of them. What a client wrote itself is left of that and is never read.
	// Where a proxy does not say whom it forwards for, the proxy is the client.
	Proxies []netip.Prefix
	// Forwarded reads the Forwarded field (RFC 7239) that the proxies write. By
	// default it is X-Forwarded-For. Only one of them is read, because a proxy
	// that writes one passes on the other as the client sent it.
	Forwarded bool
	// IPv6Bits is the length of the prefix that shares a bucket, 1 to 128. 0 and
	// everything else means [DefaultIPv6Bits].
	IPv6Bits int
}

// Addr returns the address that a request came from: without a zone, IPv4 also
// where it came as IPv4-mapped IPv6. It is the zero Addr where the connection
// has none, as with a Unix socket.
func (c ClientIP) Addr(r *http.Request) netip.Addr {
	return c.proxies().Client(clientip.Peer(r.RemoteAddr), r.Header)
}

func (c ClientIP) proxies() clientip.Proxies {
	trusted := slices.Clone(c.Proxies)
	for i, p := range trusted {
		trusted[i] = clientip.Normalize(p)
	}
	return clientip.Proxies{Trusted: trusted, Forwarded: c.Forwarded}
}

// ByIP keys by the address of the client, as [AddrKey] writes it. Requests
// whose address is not known share one bucket.
func ByIP(c ClientIP) Key {
	proxies, bits := c.proxies(), c.IPv6Bits
	return func(r *http.Request) (string, bool) {
		if len(proxies.Trusted) == 0 {
			if text, ok := clientip.PeerIPv4(r.RemoteAddr); ok {
				return text, true // what follows would say the same
			}
		}
		return AddrKey(proxies.Client(clientip.Peer(r.RemoteAddr), r.Header), bits), true
	}
}

// AddrKey is the key that [ByIP] makes of an address: an IPv4 address as it is,
// also where it is IPv4-mapped, of an IPv6 address the prefix of the given
// length, without zone. It is "unknown" for the zero Addr.
func AddrKey(a netip.Addr, ipv6Bits int) string {
	if !a.IsValid() {
		return "unknown"
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	if ipv6Bits < 1 || ipv6Bits > 128 {
		ipv6Bits = DefaultIPv6Bits
	}
	p, _ := a.WithZone("").Prefix(ipv6Bits) // the length is in range
	var space [48]byte
	return string(p.AppendTo(space[:0]))
}
