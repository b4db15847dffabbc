package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

const (
	maxToken  = 4096 // bytes; ours have about 500
	maxClaims = 64
	tokenType = "at+jwt" // RFC 9068 section 2.1

	// How far this clock may differ from the one that wrote a token: little
	// where it prolongs a life, more where only a strange clock is refused.
	leeway      = 5 * time.Second
	leewayEarly = time.Minute
)

var (
	// strict refuses padding and non-canonical trailing bits, so that a token
	// has one text.
	strict   = base64.RawURLEncoding.Strict()
	errToken = errors.New("not one of our tokens")
	// errKey is the same of a token whose key is not known here, perhaps not yet.
	errKey = fmt.Errorf("%w: unknown key", errToken)
)

// verifyKey fixes what a token that names it must say: RFC 8725 section 3.1.
type verifyKey struct {
	alg    string
	method jwt.SigningMethod
	key    func() any
}

// verifyJWS returns the payload of a compact JWS (RFC 7515 section 7.1) that one
// of the keys signed. The header must have kid and alg, and typ if one is
// wanted, with exactly the values that the key fixes, and no other member: what
// we never write (crit, jwk, jku, x5c, b64, zip …) is refused unread.
func verifyJWS(token string, keys map[string]verifyKey, typ string) ([]byte, error) {
	if len(token) > maxToken {
		return nil, errToken
	}
	header, rest, ok := strings.Cut(token, ".")
	payload, signature, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 || header == "" || signature == "" || strings.Contains(signature, ".") ||
		strings.ContainsAny(token, "\r\n") { // which base64 would skip
		return nil, errToken
	}
	key, err := judgeHeader(header, keys, typ)
	if err != nil {
		return nil, err
	}
	body, err := strict.DecodeString(payload)
	if err != nil {
		return nil, errToken
	}
	sig, err := strict.DecodeString(signature)
	if err != nil {
		return nil, errToken
	}
	if err := key.method.Verify(token[:len(header)+1+len(payload)], sig, key.key()); err != nil {
		return nil, errToken
	}
	return body, nil
}

func judgeHeader(header string, keys map[string]verifyKey, typ string) (verifyKey, error) {
	raw, err := strict.DecodeString(header)
	if err != nil {
		return verifyKey{}, errToken
	}
	members, err := strictObject(raw)
	if err != nil {
		return verifyKey{}, err
	}
	want := 2
	if typ != "" {
		want = 3
		if got, ok := stringMember(members, "typ"); !ok || got != typ {
			return verifyKey{}, errToken
		}
	}
	kid, ok := stringMember(members, "kid")
	if !ok || len(members) != want {
		return verifyKey{}, errToken
	}
	key, ok := keys[kid]
	if !ok {
		return verifyKey{}, errKey
	}
	if alg, ok := stringMember(members, "alg"); !ok || alg != key.alg {
		return verifyKey{}, errToken
	}
	return key, nil
}

// claims are what we write and require.
type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Client   string `json:"client_id"` // required by RFC 9068 section 2.2
	Subject  string `json:"sub"`
	Session  string `json:"sid"`
	ID       string `json:"jti"`
	Issued   int64  `json:"iat"` // seconds
	Expires  int64  `json:"exp"` // seconds
}

// judgeClaims reads a payload. Every claim must be there once, in its exact
// case, with its exact type; a second claim that differs from one of ours only
// by case is refused, as another reader could take it for ours. nbf is judged
// where it is present. Claims we do not know are ignored, so that a newer
// instance may add some.
func judgeClaims(payload []byte, issuer, audience string, now time.Time) (claims, error) {
	members, err := strictObject(payload)
	if err != nil {
		return claims{}, err
	}
	for name := range members {
		if imitates(name) {
			return claims{}, errToken
		}
	}
	var c claims
	for name, dst := range map[string]*string{"iss": &c.Issuer, "aud": &c.Audience, "client_id": &c.Client,
		"sub": &c.Subject, "sid": &c.Session, "jti": &c.ID} {
		s, ok := stringMember(members, name)
		if !ok || s == "" {
			return claims{}, errToken
		}
		*dst = s
	}
	issued, ok1 := timeMember(members, "iat")
	expires, ok2 := timeMember(members, "exp")
	if !ok1 || !ok2 {
		return claims{}, errToken
	}
	c.Issued, c.Expires = issued, expires
	early, late := now.Add(leewayEarly).Unix(), now.Add(-leeway).Unix()
	if _, present := members["nbf"]; present {
		if from, ok := timeMember(members, "nbf"); !ok || from > early {
			return claims{}, errToken
		}
	}
	if c.Issuer != issuer || c.Audience != audience || c.Client != audience ||
		c.Issued > early || c.Expires <= late || c.Expires <= c.Issued {
		return claims{}, errToken
	}
	return c, nil
}

// imitates reports whether a name differs from one of our claims by case alone.
func imitates(name string) bool {
	for _, known := range []string{"iss", "aud", "client_id", "sub", "sid", "jti", "iat", "exp", "nbf"} {
		if name != known && strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}

// strictObject reads one JSON object of at most maxClaims members, refusing
// repeated names, invalid UTF-8 and anything after it. Nested objects are kept
// as they are, judged by nobody.
func strictObject(raw []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(raw) {
		return nil, errToken
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errToken
	}
	members := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errToken
		}
		if _, twice := members[name]; twice || len(members) == maxClaims {
			return nil, errToken
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errToken
		}
		members[name] = value
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') {
		return nil, errToken
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errToken
	}
	return members, nil
}

func stringMember(members map[string]json.RawMessage, name string) (string, bool) {
	raw := members[name]
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// timeMember reads a NumericDate that is a whole number of seconds, as ours are.
func timeMember(members map[string]json.RawMessage, name string) (int64, bool) {
	n, err := strconv.ParseInt(string(members[name]), 10, 64)
	const year9999 = 253402300799
	return n, err == nil && n > 0 && n <= year9999
}
