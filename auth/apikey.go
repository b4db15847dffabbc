package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"log/slog"
	"strings"
	"time"
)

// An API key is "dsh_", 22 random digits of base62 (131 bits), a tag of 10, "_"
// and a checksum of 6:
//
//	dsh_4cJvT0p9WxZk2LrQeB7nYa8GhUd3KfSm_3cCCRP
//
// Anybody can compute the checksum, so that a scanner tells a leaked key from
// something that looks like one. Only we can compute the tag: a made-up key
// costs no database. Both prove nothing about the key itself, which is known by
// its hash alone.
const (
	apiKeyPrefix = "dsh_"
	keyRandom    = 22
	keyTag       = 10
	keySum       = 6
	apiKeySize   = len(apiKeyPrefix) + keyRandom + keyTag + 1 + keySum
	shownPrefix  = len(apiKeyPrefix) + 6 // 35 of the 131 bits
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// LooksLikeAPIKey reports whether text has the form of an API key and the
// checksum in it is right, without asking anybody: for scanners that look for
// leaked keys. Their pattern is dsh_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}. The checksum
// is the CRC-32 (IEEE) of everything before the last "_", in base62 with the
// digits 0-9, A-Z, a-z, filled with 0 to six.
func LooksLikeAPIKey(text string) bool {
	if len(text) != apiKeySize || !strings.HasPrefix(text, apiKeyPrefix) || text[apiKeySize-keySum-1] != '_' {
		return false
	}
	body, sum := text[:apiKeySize-keySum-1], text[apiKeySize-keySum:]
	for i := len(apiKeyPrefix); i < len(body); i++ {
		if !isBase62(body[i]) {
			return false
		}
	}
	return string(checksum(body)) == sum
}

func isBase62(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func checksum(body string) []byte {
	return digits(make([]byte, keySum), uint64(crc32.ChecksumIEEE([]byte(body))))
}

// digits fills dst with the last digits of n in base62.
func digits(dst []byte, n uint64) []byte {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = base62[n%62]
		n /= 62
	}
	return dst
}

// tagOf returns the tag of a key's random part.
func tagOf(secret []byte, random string) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(random))
	var n uint64
	for _, b := range m.Sum(nil)[:8] {
		n = n<<8 | uint64(b)
	}
	return digits(make([]byte, keyTag), n)
}

// mintKey returns the text of a new key.
func mintKey(secret []byte) string {
	random := make([]byte, 0, keyRandom)
	var buf [2 * keyRandom]byte
	for len(random) < keyRandom {
		_, _ = rand.Read(buf[:]) // never fails
		for _, b := range buf {
			if b < 4*62 && len(random) < keyRandom { // no digit is likelier than another
				random = append(random, base62[b%62])
			}
		}
	}
	body := apiKeyPrefix + string(random) + string(tagOf(secret, string(random)))
	return body + "_" + string(checksum(body))
}

// ourKey reports whether we made the key, for all that its text can tell.
func ourKey(secret []byte, text string) bool {
	if !LooksLikeAPIKey(text) {
		return false
	}
	random, tag := text[len(apiKeyPrefix):][:keyRandom], text[len(apiKeyPrefix)+keyRandom:][:keyTag]
	return hmac.Equal(tagOf(secret, random), []byte(tag))
}

// loadKeySecret takes the text of what tags API keys, and makes it first where
// there is none. It is in the database as it is, and not sealed, so that keys outlive the
// master keys: whoever reads it there can make keys that cost a look-up, and
// none that opens anything.
func (a *Authority) loadKeySecret(ctx context.Context, text string) error {
	if text == "" { // the first instance of a fleet makes it
		if _, err := a.db.Exec(ctx, `INSERT INTO auth_api_secret (id, secret) VALUES (1, $1) ON CONFLICT (id) DO NOTHING`,
			hex.EncodeToString(random(sha256.Size))); err != nil {
			return err
		}
		if err := a.db.QueryRow(ctx, `SELECT secret FROM auth_api_secret WHERE id = 1`).Scan(&text); err != nil {
			return err
		}
	}
	secret, err := hex.DecodeString(text)
	if err != nil || len(secret) != sha256.Size {
		return fmt.Errorf("auth: the secret of API keys is malformed")
	}
	a.keys.secret.Store(&secret)
	return nil
}

// An APIKey lets a program in, in the name of the account that made it.
type APIKey struct {
	ID         string
	OwnerID    string
	OwnerEmail string
	OwnerName  string
	Name       string
	// Prefix is the beginning of the key, to know it by.
	Prefix string
	// Permissions are patterns as of a [Role]. The key holds what they cover and
	// its owner holds too.
	Permissions []string // sorted
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: never
	LastUsedAt  time.Time // zero: never; to the minute
	RevokedAt   time.Time // zero: not revoked
}

// NewAPIKey is what makes an API key.
type NewAPIKey struct {
	// Name is for people to read: 1 to 100 characters.
	Name string
	// Permissions are 1 to 200 patterns as of a [Role], none beyond the
	// owner's rights.
	Permissions []string
	// ExpiresAt ends the key. Zero: it does not end by itself.
	ExpiresAt time.Time
}

// An APIKeyQuery asks for some API keys. The zero value is the newest of all.
type APIKeyQuery struct {
	OwnerID string // "" is everybody's
	Cursor  string // continues after the page that returned it
	Limit   int    // 1 to 500. Default 50.
}

// An APIKeyPage is one page of API keys, newest first.
type APIKeyPage struct {
	Keys []APIKey
	Next string // the cursor of the next page, "" at the end
}

// LogValue is the key's id and whose it is.
func (k APIKey) LogValue() slog.Value {
	return slog.GroupValue(slog.String("api_key", k.ID), slog.String("owner", k.OwnerID))
}
