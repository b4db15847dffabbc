package dashboard

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/clientip"
)

// request is what the dashboard knows of a request, held by its context.
type request struct {
	id        string
	client    netip.Addr
	base      string // the mount as the browser sees it, decoded, beginning and ending in /
	path      string // decoded, canonical, below base, without a leading slash
	host      string // as the browser's address bar shows it
	secure    bool   // the browser speaks https
	principal *auth.Principal
	asked     flagRequest
	streams   *streamSet
	r         *http.Request // our own copy
	w         http.ResponseWriter

	// What became of it, for traces and metrics.
	endpoint *endpoint // the one that matched
	route    string    // the pattern, where it is no endpoint
	module   string
	panicked bool
	depth    int           // of calls within calls
	counted  bool          // among those a stop waits for
	wait     time.Duration // until a limit lets the caller go on, where it refused the request
	start    time.Duration // since the dashboard was made; zero where the log does not ask

	// What every request needs, in the one allocation of its state.
	ctx      requestContext
	rec      recorder
	stay     stay // among the requests under way
	url      url.URL
	inside   call
	idHeader [1]string
}

// address is the client's, without port.
func (s *request) address() string { return s.client.String() }

// stateOf returns the request a context belongs to, or nil.
func stateOf(ctx context.Context) *request {
	s, _ := ctx.Value(requestKey{}).(*request)
	return s
}

// RequestID returns the id of the request that ctx belongs to, as in the log
// and in problem documents, or "".
func RequestID(ctx context.Context) string {
	if s := stateOf(ctx); s != nil {
		return s.id
	}
	return ""
}

func newRequestID() string {
	var b [12]byte
	var text [2 * len(b)]byte
	_, _ = rand.Read(b[:]) // never fails
	hex.Encode(text[:], b[:])
	return string(text[:])
}

// locate reads where a request came from and where it goes. It decides on one
// canonical path before anything else looks at the request.
func (d *Dashboard) locate(r *http.Request) (*request, *Error) {
	s := &request{id: newRequestID(), streams: &d.streams}
	s.asked.flags = d.flags
	s.ctx.Context, s.ctx.state = r.Context(), s //nolint:fatcontext // the one context of the request
	s.r = r.WithContext(&s.ctx)
	peer := clientip.Peer(r.RemoteAddr)
	client, scheme := d.config.proxies.Origin(peer, r.Header)
	s.client = client
	s.secure = scheme == "https" || scheme == "" && r.TLS != nil
	prefix := d.config.prefix
	s.host = r.Host
	escaped := r.URL.EscapedPath()
	stripped := ""
	if prefix == "" {
		stripped = strippedPrefix(r, escaped)
	} else {
		rest, ok := strings.CutPrefix(escaped, prefix)
		if !ok || (rest != "" && rest[0] != '/') {
			return s, errNotFound
		}
		escaped = rest
	}
	s.base = prefix + stripped + "/"
	if !d.config.proxies.Forwarded && d.config.proxies.Trusts(peer) {
		if p := r.Header.Get("X-Forwarded-Prefix"); p != "" && canonicalPath(strings.TrimSuffix(p, "/")) == nil {
			s.base = strings.TrimSuffix(p, "/") + s.base
		}
	}
	s.base = unescapePath(s.base)
	if escaped == "" {
		return s, &Error{Status: http.StatusPermanentRedirect}
	}
	if err := canonicalPath(escaped); err != nil {
		return s, &Error{Status: http.StatusBadRequest, Code: "bad-path", Detail: "The path is not canonical: " + err.Error() + "."}
	}
	s.path = escaped[1:]
	return s, nil
}

// strippedPrefix is what a router took off the path before calling us: what
// RequestURI's path has before URL.Path, which is escaped here.
func strippedPrefix(r *http.Request, escaped string) string {
	full, _, _ := strings.Cut(r.RequestURI, "?")
	if i := strings.Index(full, "://"); i >= 0 { // absolute form
		if j := strings.IndexByte(full[i+3:], '/'); j >= 0 {
			full = full[i+3+j:]
		}
	}
	prefix, ok := strings.CutSuffix(full, escaped)
	if !ok || prefix == "" || canonicalPath(prefix) != nil {
		return ""
	}
	return strings.TrimSuffix(prefix, "/")
}

// canonicalPath reports why an escaped path is not the one spelling of itself:
// segments are split raw, then decoded; none may be empty (but the last), "."
// or "..", or hold a backslash or a control character once decoded. A decoded
// slash stays inside its segment, where it is data.
func canonicalPath(escaped string) error {
	if plainPath(escaped) {
		return nil
	}
	if escaped == "" || escaped[0] != '/' {
		return errors.New("it does not begin with a slash")
	}
	rest, more := escaped[1:], true
	for more {
		var raw string
		raw, rest, more = strings.Cut(rest, "/")
		segment, err := url.PathUnescape(raw)
		if err != nil {
			return errors.New("an escape is malformed")
		}
		switch {
		case segment == "" && more:
			return errors.New("it has an empty segment")
		case segment == "." || segment == "..":
			return errors.New("it has a dot segment")
		case strings.ContainsAny(segment, "\\\x7f") || strings.IndexFunc(segment, func(c rune) bool { return c < ' ' }) >= 0:
			return errors.New("it has a control character or a backslash")
		}
	}
	return nil
}

// plainPath reports that a path holds nothing that [canonicalPath] would have to
// look at twice, as nearly all do: only letters, digits, hyphens, underscores and
// tildes, dots inside of a segment, and single slashes.
func plainPath(escaped string) bool {
	before := byte(0)
	for i := range len(escaped) {
		c := escaped[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '~':
		case c == '.' && before != '/' && before != 0:
		case c == '/' && before != '/':
		default:
			return false
		}
		before = c
	}
	return escaped != "" && escaped[0] == '/'
}

func loopbackHost(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && a.IsLoopback()
}

// checkHost answers only the names we were told of, and plain http only on
// loopback ones.
func (d *Dashboard) checkHost(s *request) *Error {
	public := d.config.publicURL != nil && strings.EqualFold(s.host, d.config.publicURL.Host)
	name := s.host
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, ']') {
		name = name[:i]
	}
	if loopbackHost(name) {
		return nil
	}
	if !public {
		return &Error{Status: http.StatusMisdirectedRequest, Code: "unknown-host",
			Detail: fmt.Sprintf("This dashboard does not answer for the host %q. Set its public URL to the address you use.", s.host)}
	}
	if !s.secure {
		return &Error{Status: http.StatusForbidden, Code: "https-required",
			Detail: "Sign-in over plain HTTP is refused. Use https; behind a proxy that ends TLS, name the proxy as trusted and let it send X-Forwarded-Proto."}
	}
	return nil
}

// origin is the scheme and host that absolute links begin with.
func (d *Dashboard) origin(s *request) string {
	if d.config.publicURL != nil {
		return d.config.publicURL.String()
	}
	if s == nil {
		return ""
	}
	scheme := "http"
	if s.secure {
		scheme = "https"
	}
	return scheme + "://" + s.host
}
