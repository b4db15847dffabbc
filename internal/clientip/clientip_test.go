package clientip_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/clientip"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const proxy = "10.0.0.1" // the peer in these tests, a trusted proxy

func proxies(forwarded bool) clientip.Proxies {
	return clientip.Proxies{Forwarded: forwarded,
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
}

func TestPeer(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.1:1234":                  "192.0.2.1",
		"192.0.2.1":                       "192.0.2.1",
		"[2001:db8::1]:1234":              "2001:db8::1",
		"[2001:db8::1]":                   "2001:db8::1",
		"2001:db8::1":                     "2001:db8::1",
		"[::ffff:192.0.2.1]:1234":         "192.0.2.1",
		"::ffff:192.0.2.1":                "192.0.2.1",
		"[fe80::1%eth0]:1234":             "fe80::1",
		"fe80::1%1":                       "fe80::1",
		"[::ffff:192.0.2.1%1]:1":          "192.0.2.1",
		"":                                "",
		"@":                               "",
		"/run/socket":                     "",
		"example.com:80":                  "",
		"192.0.2.1%eth0":                  "",
		"[192.0.2.1]:80":                  "",
		"[2001:db8::1":                    "",
		"[2001:db8::1]x":                  "",
		"192.0.2.1:":                      "",
		"192.0.2.1:http":                  "",
		"192.0.2.1:123456":                "",
		"192.0.2.1:80:80":                 "",
		"192.0.2.256":                     "",
		"192.0.02.1":                      "",
		"2001:db8::1:" + long("0", 70000): "",
	} {
		plain(t, remote)
		got := clientip.Peer(remote)
		if want == "" && got.IsValid() || want != "" && got != netip.MustParseAddr(want) {
			t.Errorf("Peer(%.60q): got %v, want %q", remote, got, want)
		}
	}
}

// plain checks PeerIPv4 against Peer.
func plain(t *testing.T, remote string) {
	t.Helper()
	want, _, _ := strings.Cut(remote, ":")
	ok := strings.Contains(remote, ".") && strings.Contains(remote, ":") && clientip.Peer(remote).Is4() && clientip.Peer(remote).String() == want
	if !ok {
		want = ""
	}
	got, gotOK := clientip.PeerIPv4(remote)
	if !gotOK {
		got = ""
	}
	if got != want || gotOK != ok {
		t.Errorf("PeerIPv4(%.60q): got %q, %t, want %q", remote, got, gotOK, want)
	}
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{
		"10.1.2.3/8":              "10.0.0.0/8",
		"::ffff:10.0.0.0/104":     "10.0.0.0/8",
		"::ffff:192.0.2.1/128":    "192.0.2.1/32",
		"::/0":                    "::/0",
		"2001:db8:1:2:3::/64":     "2001:db8:1:2::/64",
		"::ffff:0.0.0.0/95":       "::fffe:0:0/95",
		"fd00:1234:5678::9abc/16": "fd00::/16",
	} {
		if got := clientip.Normalize(netip.MustParsePrefix(prefix)); got.String() != want {
			t.Errorf("Normalize(%s): got %v, want %s", prefix, got, want)
		}
	}
}

func TestClientFromXForwardedFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		peer  string
		lines []string
		want  string
	}{
		{"none", proxy, nil, proxy},
		{"empty", proxy, []string{""}, proxy},
		{"commas", proxy, []string{" , ,, "}, proxy},
		{"one", proxy, []string{"192.0.2.7"}, "192.0.2.7"},
		{"not from a proxy", "198.51.100.1", []string{"192.0.2.7"}, "198.51.100.1"},
		{"no address", "@", []string{"192.0.2.7"}, ""},
		{"what the client claims", proxy, []string{"203.0.113.9, 192.0.2.7"}, "192.0.2.7"},
		{"two proxies", proxy, []string{"203.0.113.9, 192.0.2.7, 10.0.0.2"}, "192.0.2.7"},
		{"three lines", proxy, []string{"203.0.113.9", "192.0.2.7", "10.0.0.3,\t10.0.0.2"}, "192.0.2.7"},
		{"all trusted", proxy, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"garbage beyond", proxy, []string{"\x00\"; drop, 192.0.2.7"}, "192.0.2.7"},
		{"garbage", proxy, []string{"192.0.2.7, unknown"}, proxy},
		{"garbage after a proxy", proxy, []string{"192.0.2.7, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"port", proxy, []string{"192.0.2.7:4711"}, "192.0.2.7"},
		{"IPv6", proxy, []string{"2001:DB8::7"}, "2001:db8::7"},
		{"IPv6 with port", proxy, []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		{"zone", proxy, []string{"fe80::7%eth0"}, "fe80::7"},
		{"mapped", proxy, []string{"::ffff:192.0.2.7"}, "192.0.2.7"},
		{"mapped proxy", proxy, []string{"192.0.2.7, ::ffff:10.0.0.2"}, "192.0.2.7"},
		{"IPv6 proxy", "fd00::1", []string{"192.0.2.7, fd00::2"}, "192.0.2.7"},
		{"endless", proxy, []string{"192.0.2.7" + long(",10.0.0.9", 100_000)}, "10.0.0.9"},
	} {
		header := http.Header{"X-Forwarded-For": test.lines, "Forwarded": {"for=203.0.113.200"}}
		check(t, test.name, proxies(false).Client(clientip.Peer(test.peer), header), test.want)
	}
}

func TestClientFromForwarded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"none", nil, proxy},
		{"empty elements", []string{",", " ; , ;;"}, proxy},
		{"one", []string{"for=192.0.2.7"}, "192.0.2.7"},
		{"parameters", []string{`proto=https;For="192.0.2.7:4711";by=_me;host="a, b;for=x\""`}, "192.0.2.7"},
		{"spaces", []string{" for=203.0.113.9 ,\tproto=https ; for=192.0.2.7 "}, "192.0.2.7"},
		{"IPv6", []string{`for="[2001:db8::7]"`}, "2001:db8::7"},
		{"IPv6 with port", []string{`FOR="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17"},
		{"obfuscated port", []string{`for="192.0.2.7:_secret-1"`}, "192.0.2.7"},
		{"two proxies", []string{`for=192.0.2.7, for="[fd00::2]:80"`}, "192.0.2.7"},
		{"two lines", []string{"for=203.0.113.9, for=192.0.2.7", "for=10.0.0.2"}, "192.0.2.7"},
		{"escaped", []string{`for="192.0.2\.7"`}, "192.0.2.7"},
		{"open quote beyond", []string{`for="203.0.113.9, for="[2001:db8::7]";by="x\\"`}, "2001:db8::7"},
		{"open quote on another line", []string{`for="203.0.113.9`, "for=192.0.2.7"}, "192.0.2.7"},
		{"empty pairs", []string{";;for=192.0.2.7;"}, "192.0.2.7"},

		{"unknown", []string{"for=192.0.2.9, for=unknown"}, proxy},
		{"obfuscated", []string{`for=192.0.2.9, for="_gazonk", for=10.0.0.2`}, "10.0.0.2"},
		{"no for", []string{"for=192.0.2.9, proto=https"}, proxy},
		{"twice", []string{"for=192.0.2.7;for=192.0.2.7"}, proxy},
		{"IPv6 without brackets", []string{`for="2001:db8::7"`}, proxy},
		{"IPv6 without quotes", []string{"for=[2001:db8::7]"}, proxy},
		{"port without quotes", []string{"for=192.0.2.7:80"}, proxy},
		{"port too long", []string{`for="192.0.2.7:123456"`}, proxy},
		{"IPv4 in brackets", []string{`for="[192.0.2.7]"`}, proxy},
		{"empty value", []string{`for=""`}, proxy},
		{"no value", []string{"for="}, proxy},
		{"no equals", []string{"for"}, proxy},
		{"no name", []string{"=192.0.2.7"}, proxy},
		{"open quote", []string{`for=192.0.2.7;by="`}, proxy},
		{"escaped end", []string{`for="192.0.2.7\"`}, proxy},
		{"after the quote", []string{`for="192.0.2.7"x`}, proxy},
		{"control character", []string{"for=192.0.2.7;by=\"a\x01\""}, proxy},
		{"space around equals", []string{"for = 192.0.2.7"}, proxy},
	} {
		header := http.Header{"Forwarded": test.lines, "X-Forwarded-For": {"203.0.113.200"}}
		check(t, test.name, proxies(true).Client(clientip.Peer(proxy), header), test.want)
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, peer     string
		proto, element []string // of X-Forwarded-Proto; of Forwarded
		plain, scheme  string   // what the one says, and the other
	}{
		{"nothing", proxy, nil, nil, "", ""},
		{"both", proxy, []string{"http"}, []string{"for=192.0.2.7;proto=https"}, "http", "https"},
		{"not from a proxy", "192.0.2.9", []string{"https"}, []string{"for=192.0.2.7;proto=https"}, "", ""},
		{"any case", proxy, []string{"HTTPS"}, []string{`For=192.0.2.7;Proto="HTTPS"`}, "", "https"},
		{"another scheme", proxy, []string{"gopher"}, []string{"for=192.0.2.7;proto=gopher"}, "", ""},
		{"of the client", proxy, nil, []string{"for=192.0.2.7;proto=https, for=10.0.0.2;proto=http"}, "", "https"},
		{"what the client claims", proxy, nil, []string{"for=192.0.2.1;proto=https, for=192.0.2.7"}, "", ""},
		{"on another line", proxy, nil, []string{"for=192.0.2.1;proto=https", "for=192.0.2.7;proto=http"}, "", "http"},
		{"hidden client", proxy, nil, []string{"for=192.0.2.1;proto=http, for=_hidden;proto=https"}, "", "https"},
		{"no client", proxy, nil, []string{"for=192.0.2.1;proto=http, proto=https"}, "", "https"},
		{"twice", proxy, nil, []string{"for=192.0.2.7;proto=https;proto=http"}, "", ""},
		{"malformed", proxy, nil, []string{`for=192.0.2.7;proto=https;by="`}, "", ""},
		{"all trusted", proxy, nil, []string{"for=10.0.0.3;proto=https, for=10.0.0.2"}, "", "https"},
	} {
		header := http.Header{"X-Forwarded-Proto": test.proto, "Forwarded": test.element}
		for forwarded, want := range map[bool]string{false: test.plain, true: test.scheme} {
			client, scheme := proxies(forwarded).Origin(clientip.Peer(test.peer), header)
			if scheme != want {
				t.Errorf("%s, Forwarded %t: got %q, want %q", test.name, forwarded, scheme, want)
			}
			check(t, test.name, client, proxies(forwarded).Client(clientip.Peer(test.peer), header).String())
		}
	}
}

// The scheme stands where the client does: neither what the client claims in front
// of it nor what a nearer proxy says of itself counts.
func TestOriginFromLists(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		hops, list []string // of X-Forwarded-For; of X-Forwarded-Proto
		want       string
	}{
		{"a claim before it", []string{"192.0.2.7"}, []string{"https, http"}, "http"},
		{"a claim on a line before it", []string{"192.0.2.7"}, []string{"https", "http"}, "http"},
		{"a claim of both", []string{"203.0.113.9", "192.0.2.7"}, []string{"http", "https"}, "https"},
		{"two proxies that add", []string{"192.0.2.7, 10.0.0.2"}, []string{"https, http"}, "https"},
		{"two proxies that add, a claim", []string{"203.0.113.9, 192.0.2.7, 10.0.0.2"}, []string{"https,http ,\thttps"}, "http"},
		{"two proxies that add lines", []string{"192.0.2.7", "10.0.0.2"}, []string{"gopher", "https", "http"}, "https"},
		{"two proxies that replace", []string{"192.0.2.7, 10.0.0.2"}, []string{"https"}, "https"},
		{"three, of which one adds", []string{"192.0.2.7, 10.0.0.3, 10.0.0.2"}, []string{"https, http"}, "https"},
		{"no client", nil, []string{"https, http"}, "http"},
		{"a client that is not understood", []string{"192.0.2.7, unknown"}, []string{"https, http"}, "http"},
		{"empty elements", []string{"192.0.2.7, , 10.0.0.2"}, []string{"http, https,, http, ", ""}, "https"},
		{"nothing but commas", []string{"192.0.2.7"}, []string{", ,", ""}, ""},
		{"not understood", []string{"192.0.2.7"}, []string{"https, gopher"}, ""},
	} {
		header := http.Header{"X-Forwarded-For": test.hops, "X-Forwarded-Proto": test.list}
		if _, scheme := proxies(false).Origin(clientip.Peer(proxy), header); scheme != test.want {
			t.Errorf("%s: got %q, want %q", test.name, scheme, test.want)
		}
	}
}

func check(t *testing.T, name string, got netip.Addr, want string) {
	t.Helper()
	if want == "" && got.IsValid() || want != "" && got != netip.MustParseAddr(want) {
		t.Errorf("%s: got %v, want %q", name, got, want)
	}
}

func long(s string, n int) string { return strings.Repeat(s, n) }

// FuzzClient checks that nothing a client writes on the left changes what a
// proxy wrote on the right, and that the answer is always one that was said.
func FuzzClient(f *testing.F) {
	for _, seed := range []string{
		"", "192.0.2.1", `for="`, `for="\`, `for="[::1]:80"`, `for=unknown, for="_x";by="a,b\""`, "1.2.3.4:5, [::1]:6",
		`","`, `\"`, `for="x\\", "`, ",,;;", "fe80::1%eth0", `for="10.0.0.9", for=10.0.0.8`,
	} {
		f.Add(seed, seed)
	}
	written := []struct{ forwarded, plain, want string }{
		{"for=192.0.2.7", "192.0.2.7", "192.0.2.7"},
		{`for="192.0.2.7:80";proto=https;host="a.example:80"`, "192.0.2.7:80", "192.0.2.7"},
		{`for="[2001:db8::7]:_p";by="\"\\, for=10.0.0.1;\\"`, "[2001:db8::7]:80", "2001:db8::7"},
		{`by="_a";for="[2001:db8::7]", for=10.0.0.2`, "2001:db8::7, 10.0.0.2", "2001:db8::7"},
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		plain(t, first)
		for _, forwarded := range []bool{false, true} {
			p := proxies(forwarded)
			name := map[bool]string{false: "X-Forwarded-For", true: "Forwarded"}[forwarded]
			alone := p.Client(netip.MustParseAddr(proxy), http.Header{name: {first, second}})
			if !alone.IsValid() || alone.Zone() != "" || alone.Is4In6() {
				t.Errorf("%s %q, %q: got %v", name, first, second, alone)
			}
			if got := p.Client(netip.MustParseAddr("192.0.2.99"), http.Header{name: {first, second}}); got != netip.MustParseAddr("192.0.2.99") {
				t.Errorf("%s %q, %q, not from a proxy: got %v", name, first, second, got)
			}
			for _, proxy := range written {
				line := proxy.plain
				if forwarded {
					line = proxy.forwarded
				}
				for _, lines := range [][]string{{first, second + "," + line}, {first, second, line}} {
					got := p.Client(netip.MustParseAddr("10.0.0.1"), http.Header{name: lines})
					if got != netip.MustParseAddr(proxy.want) {
						t.Errorf("%s %q: got %v, want %s", name, lines, got, proxy.want)
					}
				}
			}
		}
	})
}

func TestClientAllocatesNothing(t *testing.T) {
	header := http.Header{"X-Forwarded-For": {"203.0.113.9, 192.0.2.7, 10.0.0.2"}, "X-Forwarded-Proto": {"http", "https, http"}, "Forwarded": {`for=192.0.2.7;proto=https, for="[fd00::2]:80"`}}
	for _, p := range []clientip.Proxies{{}, proxies(false), proxies(true)} {
		if n := testing.AllocsPerRun(100, func() { p.Origin(clientip.Peer("10.0.0.1:4711"), header) }); n != 0 {
			t.Errorf("forwarded %t: got %v allocations, want 0", p.Forwarded, n)
		}
	}
}
