package ratelimit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// A Key says whose bucket a request uses, or, with false, that the rule is not
// for this request. Keys of different kinds do not meet: addresses stand as they
// are, and the others made by this package begin with "user:", "key:", "route:"
// and the like. One longer than 256 bytes is replaced by its hash.
//
// A key decides what a limit is worth: one that callers can change as they like,
// such as a header field that nobody has verified, is no limit at all.
type Key func(*http.Request) (key string, ok bool)

// maxKey is the length from which keys are hashed: stores keep them.
const maxKey = 256

// Everyone puts all requests into one bucket.
func Everyone(*http.Request) (string, bool) { return "all", true }

// ByPrincipal keys by who is signed in: of returns the id that an authenticating
// middleware left in the context, or "" where nobody is signed in, and the rule
// does not apply.
func ByPrincipal(of func(context.Context) string) Key {
	return byContext(of, PrincipalKey)
}

// ByModule keys by the part of the program that a request is for: of returns its
// name, or "", and the rule does not apply.
func ByModule(of func(context.Context) string) Key {
	return byContext(of, ModuleKey)
}

func byContext(of func(context.Context) string, key func(string) string) Key {
	return func(r *http.Request) (string, bool) {
		id := of(r.Context())
		if id == "" {
			return "", false
		}
		return key(id), true
	}
}

// ByRoute keys by the pattern that the request matched, [http.Request.Pattern].
// It applies only inside the router, where the pattern is known.
func ByRoute(r *http.Request) (string, bool) {
	if r.Pattern == "" {
		return "", false
	}
	return RouteKey(r.Pattern), true
}

// ByAPIKey keys by the hash of the API key in the first of the named header
// fields that has one; of Authorization, only the Bearer scheme counts. Without
// names it reads X-API-Key and Authorization. The rule does not apply to
// requests that have none.
//
// It does not verify keys. Before authentication a caller gets a new bucket with
// each key made up, so there it needs a rule by address beside it.
func ByAPIKey(headers ...string) Key {
	if len(headers) == 0 {
		headers = []string{"X-API-Key", "Authorization"}
	}
	names := make([]string, len(headers))
	for i, name := range headers {
		names[i] = http.CanonicalHeaderKey(name)
	}
	return func(r *http.Request) (string, bool) {
		for _, name := range names {
			values := r.Header[name]
			if len(values) == 0 {
				continue
			}
			secret := values[0]
			if name == "Authorization" {
				secret = bearer(secret)
			}
			if secret != "" {
				return SecretKey(secret), true
			}
		}
		return "", false
	}
}

func bearer(credentials string) string {
	scheme, token, _ := strings.Cut(credentials, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// FirstOf keys by the first of several keys that applies.
func FirstOf(keys ...Key) Key {
	return func(r *http.Request) (string, bool) {
		for _, by := range keys {
			if key, ok := by(r); ok {
				return key, true
			}
		}
		return "", false
	}
}

// AllOf keys by several keys together, such as each address on each route. It
// applies where all of them do.
func AllOf(keys ...Key) Key {
	return func(r *http.Request) (string, bool) {
		parts := make([]string, 0, 4)
		for _, by := range keys {
			key, ok := by(r)
			if !ok {
				return "", false
			}
			parts = append(parts, key)
		}
		return JoinKeys(parts...), true
	}
}

// PrincipalKey is the key that [ByPrincipal] makes of an id.
func PrincipalKey(id string) string { return "user:" + id }

// ModuleKey is the key that [ByModule] makes of a name.
func ModuleKey(name string) string { return "module:" + name }

// RouteKey is the key that [ByRoute] makes of a pattern.
func RouteKey(pattern string) string { return "route:" + pattern }

// SecretKey is the key that [ByAPIKey] makes of a secret: 128 bits of its
// SHA-256 hash.
func SecretKey(secret string) string { return "key:" + digest(secret) }

// JoinKeys is the key that [AllOf] makes of several. Each has its length before
// it, so that no two lists of keys give the same one.
func JoinKeys(keys ...string) string {
	b := make([]byte, 0, 128)
	for _, key := range keys {
		b = strconv.AppendInt(b, int64(len(key)), 10)
		b = append(append(b, ':'), key...)
	}
	return string(b)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// bounded is a key that a store can keep, however long it was.
func bounded(key string) string {
	if len(key) <= maxKey {
		return key
	}
	return "hash:" + digest(key)
}
