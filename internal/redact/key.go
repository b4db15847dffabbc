package redact

import "strings"

// keyKind says what a key tells of its value.
type keyKind uint8

const (
	keyOpen   keyKind = iota // nothing
	keySecret                // it is a secret
	keyPlural                // it is several secrets, or their number
)

// maxKey is the longest key that is looked at; its end decides.
const maxKey = 64

// secretEnds are the ends of keys of secrets, folded.
func secretEnd(key string) bool {
	for _, end := range [...]string{
		"password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "authorization", "cookie",
		"credential", "privatekey", "masterkey", "signingkey", "encryptionkey", "secretkey", "accesskey",
		"sessionkey", "clientkey", "jwt", "otp", "totp", "bearer", "recoverycode", "passcode",
	} {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}

// keyKind looks at the end of a key, as names of secrets end with what they
// are: access_token, DB_PASSWORD, clientSecret, X-API-Key, Set-Cookie2.
func (r *Redactor) keyKind(key string) keyKind {
	if key == "" {
		return keyOpen
	}
	if strings.HasSuffix(key, "-access") || strings.HasSuffix(key, "-refresh") {
		return keySecret // the names of our cookies
	}
	var room [maxKey]byte
	folded := foldInto(room[:0], key)
	if len(r.keys) > 0 && r.keys[string(folded)] {
		return keySecret
	}
	name := string(folded) // does not escape
	for _, tail := range [...]string{"value", "header", "text", "string", "raw", "plain", "new", "old", "hash", "base64", "hex"} {
		name = strings.TrimSuffix(name, tail)
	}
	name = strings.TrimRight(name, "0123456789")
	if secretEnd(name) {
		return keySecret
	}
	if one, ok := strings.CutSuffix(name, "s"); ok && secretEnd(one) {
		return keyPlural
	}
	return keyOpen
}

// fold returns the letters and digits of a key in lower case.
func fold(key string) string { return string(foldInto(nil, key)) }

func foldInto(dst []byte, key string) []byte {
	if len(key) > maxKey {
		key = key[len(key)-maxKey:]
	}
	for i := range len(key) {
		switch c := key[i]; {
		case c >= 'A' && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			dst = append(dst, c)
		}
	}
	return dst
}
