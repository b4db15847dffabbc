package ratelimit_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

type idKey struct{}

func idOf(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

func request(id, remote string, fields ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = remote
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	if id == "" {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), idKey{}, id))
}

func TestKeys(t *testing.T) {
	t.Parallel()
	byIP, byUser := ratelimit.ByIP(ratelimit.ClientIP{}), ratelimit.ByPrincipal(idOf)
	routed := request("", "192.0.2.1:1")
	routed.Pattern = "GET /{$}"
	const hash = "key:yv66vg" // of nothing: only its form counts
	for _, test := range []struct {
		name string
		by   ratelimit.Key
		r    *http.Request
		want string // "" is not for it
	}{
		{"everyone", ratelimit.Everyone, request("", ""), "all"},
		{"user", byUser, request("ann", ""), "user:ann"},
		{"no user", byUser, request("", ""), ""},
		{"module", ratelimit.ByModule(idOf), request("billing", ""), "module:billing"},
		{"no module", ratelimit.ByModule(idOf), request("", ""), ""},
		{"route", ratelimit.ByRoute, routed, "route:GET /{$}"},
		{"no route", ratelimit.ByRoute, request("", ""), ""},
		{"address", byIP, request("", "192.0.2.1:1234"), "192.0.2.1"},
		{"first", ratelimit.FirstOf(byUser, byIP), request("ann", "192.0.2.1:1"), "user:ann"},
		{"second", ratelimit.FirstOf(byUser, byIP), request("", "192.0.2.1:1"), "192.0.2.1"},
		{"none of both", ratelimit.FirstOf(byUser, ratelimit.ByRoute), request("", "192.0.2.1:1"), ""},
		{"all", ratelimit.AllOf(byUser, byIP), request("ann", "192.0.2.1:1"), "8:user:ann9:192.0.2.1"},
		{"not all", ratelimit.AllOf(byUser, byIP), request("", "192.0.2.1:1"), ""},
		{"own function", header("Tenant"), request("", "", "Tenant", "t1"), "t1"},
		{"no key", ratelimit.ByAPIKey(), request("", ""), ""},
		{"empty key", ratelimit.ByAPIKey(), request("", "", "X-API-Key", "", "Authorization", "Bearer"), ""},
		{"another scheme", ratelimit.ByAPIKey(), request("", "", "Authorization", "Basic YTpi"), ""},
		{"another header", ratelimit.ByAPIKey("x-token"), request("", "", "X-API-Key", "secret"), ""},
		{"key", ratelimit.ByAPIKey(), request("", "", "X-API-Key", "secret"), ratelimit.SecretKey("secret")},
		{"bearer", ratelimit.ByAPIKey(), request("", "", "authorization", "bearer  secret"), ratelimit.SecretKey("secret")},
		{"key before bearer", ratelimit.ByAPIKey(), request("", "", "Authorization", "Bearer b", "X-API-Key", "a"), ratelimit.SecretKey("a")},
		{"named", ratelimit.ByAPIKey("x-token"), request("", "", "X-Token", "secret"), ratelimit.SecretKey("secret")},
	} {
		got, ok := test.by(test.r)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%s: got %q, %t, want %q", test.name, got, ok, test.want)
		}
		if strings.Contains(got, "secret") {
			t.Errorf("%s: the secret is in %q", test.name, got)
		}
	}
	if got := ratelimit.SecretKey("secret"); !strings.HasPrefix(got, "key:") || len(got) != len(hash)+16 || got == ratelimit.SecretKey("Secret") {
		t.Errorf("SecretKey: got %q", got)
	}
}

// Joined keys are the same only where all parts are.
func TestJoinKeys(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, keys := range [][]string{{}, {""}, {"", ""}, {"a"}, {"a", "b"}, {"ab"}, {"a", "", "b"}, {"1:a"}, {"a1:b"}, {"a,b"}, {"1:a1:b"}} {
		joined := ratelimit.JoinKeys(keys...)
		if other, ok := seen[joined]; ok {
			t.Errorf("%q and %q give %q", keys, other, joined)
		}
		seen[joined] = keys
	}
}

// Stores get no key longer than they would want to keep.
func TestLongKeys(t *testing.T) {
	t.Parallel()
	store := &asked{Store: ratelimit.NewLocal()}
	long := strings.Repeat("x", 100_000)
	live := must(ratelimit.NewPolicies(policy(t, "a", "1/s")))
	set(t, live.Override("a", long, policy(t, "", "9/s")))
	handler := wrapped(t, store, []ratelimit.Rule{{Live: live, Name: "a", By: header("Key")}})
	for _, key := range []string{long, long + "y", long[:256]} {
		get(handler, "Key", key)
	}
	calls := store.take()
	seen := map[string]bool{}
	for _, call := range calls {
		seen[call[0].Key] = true
		if len(call[0].Key) > 256 {
			t.Errorf("a key of %d bytes", len(call[0].Key))
		}
	}
	if len(seen) != 3 || calls[0][0].Policy.Limit != 9 || calls[1][0].Policy.Limit != 1 {
		t.Errorf("got %d keys: %+v", len(seen), calls)
	}
}

func TestByIP(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104"), netip.MustParsePrefix("fd00::/8")}
	plain, behind := ratelimit.ClientIP{}, ratelimit.ClientIP{Proxies: proxies}
	modern := ratelimit.ClientIP{Proxies: proxies, Forwarded: true}
	for _, test := range []struct {
		name   string
		client ratelimit.ClientIP
		remote string
		field  string
		value  string
		want   string
	}{
		{"IPv4", plain, "192.0.2.1:1234", "X-Forwarded-For", "203.0.113.9", "192.0.2.1"},
		{"no port", plain, "192.0.2.1", "", "", "192.0.2.1"},
		{"mapped", plain, "[::ffff:192.0.2.1]:1234", "", "", "192.0.2.1"},
		{"mapped, long", plain, "0:0:0:0:0:ffff:192.0.2.1", "", "", "192.0.2.1"},
		{"IPv6", plain, "[2001:db8:1:2:3:4:5:6]:1234", "", "", "2001:db8:1:2::/64"},
		{"its neighbor", plain, "[2001:db8:1:2:ffff::1]:99", "", "", "2001:db8:1:2::/64"},
		{"zone", plain, "[fe80::1%eth0]:1234", "", "", "fe80::/64"},
		{"/48", ratelimit.ClientIP{IPv6Bits: 48}, "[2001:db8:1:2:3:4:5:6]:1234", "", "", "2001:db8:1::/48"},
		{"/128", ratelimit.ClientIP{IPv6Bits: 128}, "[2001:db8::6]:1234", "", "", "2001:db8::6/128"},
		{"nonsense", ratelimit.ClientIP{IPv6Bits: 129}, "[2001:db8::6]:1234", "", "", "2001:db8::/64"},
		{"nonsense", ratelimit.ClientIP{IPv6Bits: -1}, "[2001:db8::6]:1234", "", "", "2001:db8::/64"},
		{"Unix socket", behind, "@", "X-Forwarded-For", "192.0.2.7", "unknown"},
		{"not a proxy", behind, "192.0.2.1:1", "X-Forwarded-For", "192.0.2.7", "192.0.2.1"},
		{"proxy", behind, "10.0.0.1:1", "X-Forwarded-For", "203.0.113.9, 192.0.2.7", "192.0.2.7"},
		{"proxy, IPv6", behind, "[fd00::1]:1", "X-Forwarded-For", "[2001:db8::7]:80, 10.2.3.4", "2001:db8::/64"},
		{"the other field", behind, "10.0.0.1:1", "Forwarded", "for=203.0.113.9", "10.0.0.1"},
		{"Forwarded", modern, "10.0.0.1:1", "Forwarded", `for=203.0.113.9, for="[2001:db8::7]:80";proto=https`, "2001:db8::/64"},
		{"the other field", modern, "10.0.0.1:1", "X-Forwarded-For", "203.0.113.9", "10.0.0.1"},
	} {
		r := request("", test.remote, test.field, test.value)
		if got, ok := ratelimit.ByIP(test.client)(r); got != test.want || !ok {
			t.Errorf("%s: got %q, %t, want %q", test.name, got, ok, test.want)
		}
		if got := ratelimit.AddrKey(test.client.Addr(r), test.client.IPv6Bits); got != test.want {
			t.Errorf("%s: of the address: got %q, want %q", test.name, got, test.want)
		}
	}
	if got := ratelimit.AddrKey(netip.MustParseAddr("::ffff:192.0.2.1"), 0); got != "192.0.2.1" {
		t.Errorf("mapped: got %q", got)
	}
	if proxies[0].String() != "::ffff:10.0.0.0/104" {
		t.Errorf("the caller's prefixes are now %v", proxies)
	}
}

// FuzzByIP checks that a key is the same however the address is written, and
// that it is one of the address.
func FuzzByIP(f *testing.F) {
	for _, seed := range []string{"192.0.2.1:80", "[2001:db8::1]:80", "::1", "0:0:0:0:0:ffff:1.2.3.4", "[fe80::1%x]:1", "@", "1.2.3.4:x", "a.b:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, remote string) {
		r := &http.Request{RemoteAddr: remote}
		key, ok := ratelimit.ByIP(ratelimit.ClientIP{})(r)
		if !ok {
			t.Fatalf("%q has no key", remote)
		}
		addr := ratelimit.ClientIP{}.Addr(r)
		if want := ratelimit.AddrKey(addr, 0); key != want {
			t.Errorf("%q: got %q, of its address %q", remote, key, want)
		}
		if !addr.IsValid() {
			if key != "unknown" {
				t.Errorf("%q has no address, and the key %q", remote, key)
			}
			return
		}
		p, err := netip.ParsePrefix(key)
		if err != nil {
			a, err := netip.ParseAddr(key)
			if err != nil || !a.Is4() {
				t.Fatalf("%q: the key %q is no address", remote, key)
			}
			p = netip.PrefixFrom(a, 32)
		}
		if !p.Contains(addr) || p.Masked() != p {
			t.Errorf("%q: %v is not in %v", remote, addr, p)
		}
	})
}
