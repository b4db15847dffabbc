package scrub

import (
	"strings"
	"sync"
)

// privateKey finds the first line of a key in PEM.
func privateKey(v view) (match, bool) {
	const begin = "-----BEGIN "
	ok, more := v.has(0, begin)
	if !ok {
		return match{}, more
	}
	n, more := v.run(len(begin), 40, labels)
	if more {
		return match{}, true
	}
	at := len(begin) + n
	if ok, more = v.has(at, "-----"); !ok {
		return match{}, more
	}
	if !strings.HasSuffix(v.t[:at], "PRIVATE KEY") && !strings.HasSuffix(v.t[:at], "PRIVATE KEY BLOCK") {
		return match{}, false
	}
	return match{kind: PrivateKey, to: at + 5, goesOn: pem}, false
}

// jwt finds the base64url of a JSON object, a dot and more of the kind: tokens
// signed or encrypted.
func jwt(v view) (match, bool) {
	const least, most = 10, 1024
	if base64s[v.prev] || v.prev == '.' {
		return match{}, false
	}
	ok, more := v.has(0, "eyJ")
	if !ok {
		return match{}, more
	}
	n, more := v.run(0, most, base64s)
	switch {
	case more:
		return match{}, true
	case n == most: // whatever it is, it is not for people
		return match{kind: JWT, to: n, goesOn: dotted}, false
	case n < least:
		return match{}, false
	}
	if ok, more = v.has(n, "."); !ok {
		return match{}, more
	}
	body, more := v.run(n+1, least, base64s)
	if body < least {
		return match{}, more
	}
	return match{kind: JWT, to: n + 1 + body, goesOn: dotted}, false
}

// leastKey is how long a key is after its prefix, at least.
const leastKey = 16

// own is the prefix of this dashboard's keys.
const own = "dsh_"

// prefixes of keys: our own, and those of services.
var prefixes = []string{
	own,                                                                              // this dashboard
	"sk-", "sk-proj-", "sess-", "xai-", "gsk_", "hf_", "AIza", "r8_", "pplx-", "AQ.", // providers of models
	"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", // code hosts
	"xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xapp-", // Slack
	"sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", // Stripe
	"npm_", "pypi-", "SG.", "dop_v1_", "shpat_", "ya29.", "sntrys_",
}

// prefixesBy are the prefixes that begin with a byte.
var prefixesBy = sync.OnceValue(func() *[256][]string {
	var by [256][]string
	for _, p := range prefixes {
		by[p[0]] = append(by[p[0]], p)
	}
	return &by
})

func prefixBytes() string {
	var b strings.Builder
	for _, p := range prefixes {
		b.WriteByte(p[0])
	}
	return b.String()
}

// apiKey finds what says by its beginning that it is a key.
func apiKey(v view) (match, bool) {
	waits := false
	for _, p := range prefixesBy()[v.t[0]] {
		ok, more := v.has(0, p)
		if waits = waits || more; !ok {
			continue
		}
		n, more := v.run(len(p), leastKey, base64s)
		if n == leastKey && (p == own || strings.ContainsAny(v.t[len(p):len(p)+n], digitChars+upperChars)) { // else it is a name, as in code
			return match{kind: APIKey, to: len(p) + n, goesOn: dotted}, false
		}
		waits = waits || more
	}
	return match{}, waits
}

// awsID finds an access key id.
func awsID(v view) (match, bool) {
	waits := false
	for _, p := range [...]string{"AKIA", "ASIA"} {
		ok, more := v.has(0, p)
		if waits = waits || more; !ok {
			continue
		}
		n, more := v.run(4, 17, uppers)
		if more {
			return match{}, true
		}
		if n == 16 {
			if ok, more = v.ended(20); ok {
				return match{kind: AWSKey, to: 20}, false
			}
			return match{}, more
		}
	}
	return match{}, waits
}

// awsSecret finds a secret access key by the name before it.
func awsSecret(v view) (match, bool) {
	waits := false
	for _, name := range [...]string{"aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "secret_access_key", "SECRET_ACCESS_KEY",
		"SecretAccessKey", "secretAccessKey", "aws_secret_key", "AWS_SECRET_KEY"} {
		ok, more := v.has(0, name)
		if waits = waits || more; !ok {
			continue
		}
		gap, more := v.run(len(name), 9, gaps)
		if more {
			return match{}, true
		}
		at := len(name) + gap
		if gap == 9 || !strings.ContainsAny(v.t[len(name):at], ":=") {
			continue
		}
		n, more := v.run(at, 41, standards)
		if more {
			return match{}, true
		}
		if n == 40 {
			return match{kind: AWSKey, from: at, to: at + n}, false
		}
	}
	return match{}, waits
}

// bearer finds what follows Bearer or Basic, where it does not look like prose.
func bearer(v view) (match, bool) {
	waits := false
	for _, name := range [...]string{"Bearer ", "bearer ", "Basic ", "basic "} {
		ok, more := v.has(0, name)
		if waits = waits || more; !ok {
			continue
		}
		n, more := v.run(len(name), leastKey, tokens)
		if more {
			return match{}, true
		}
		if to := len(name) + n; n == leastKey && strings.ContainsAny(v.t[len(name):to], "0123456789") {
			return match{kind: Bearer, from: len(name), to: to, goesOn: token}, false
		}
	}
	return match{}, waits
}

// password finds that of a URL.
func password(v view) (match, bool) {
	ok, more := v.has(0, "://")
	if !ok {
		return match{}, more
	}
	n, more := v.run(3, 256, inHost)
	if more {
		return match{}, true
	}
	authority := v.t[3 : 3+n]
	at := strings.LastIndexByte(authority, '@')
	colon := strings.IndexByte(authority, ':')
	if colon < 0 || at <= colon+1 {
		return match{}, false
	}
	return match{kind: Password, from: 3 + colon + 1, to: 3 + at}, false
}
