// Package seal encrypts small secrets at rest under master keys that a host
// keeps outside the database, and derives subkeys from them.
//
// A [Box] holds master keys with ids, newest first. Each purpose gets a subkey
// of its own by HKDF-SHA-256 (RFC 5869); text is sealed with AES-256-GCM, and
// the place it belongs to is bound as additional data, so that a sealed value
// copied to another row or column does not open. The sealed text names its
// key: after a rotation older keys still open and the newest one seals.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// KeySize is the length of a master key and of a subkey in bytes.
const KeySize = 32

// MaxPlain is the longest plain text that a Box seals, in bytes.
const MaxPlain = 1 << 20

const (
	prefix     = "s1" // names the format: AES-256-GCM, HKDF-SHA-256
	sealInfo   = "dashboard/seal/v1"
	subkeyInfo = "dashboard/subkey/v1/"
	overhead   = 12 + 16 // nonce and tag
	maxSealed  = 64 + (MaxPlain+overhead)*4/3
)

// encoding refuses non-canonical trailing bits, so that a value has one text.
var encoding = base64.RawURLEncoding.Strict()

var (
	// ErrOpen reports a text that was not sealed by one of the keys for the
	// context, or was changed since. It says no more on purpose.
	ErrOpen = errors.New("seal: text does not open")
	// ErrUnknownKey reports a text sealed with a key that the Box does not hold.
	ErrUnknownKey = errors.New("seal: unknown master key")
)

// A Key is one master key.
type Key struct {
	ID  string // 1 to 32 of A-Z a-z 0-9 _ -; stored in every sealed text
	Key []byte // KeySize random bytes
}

// String hides the key.
func (k Key) String() string { return "key " + k.ID }

// GoString hides the key from %#v.
func (k Key) GoString() string { return k.String() }

// A Box seals with its newest key and opens with all. It is immutable and safe
// for concurrent use.
type Box struct {
	keys []boxKey
}

type boxKey struct {
	id   string
	root []byte
	aead cipher.AEAD
}

// New makes a Box of keys, newest first. It copies them. No key, a wrong
// length, an all-zero key and a repeated or malformed id are errors.
func New(keys ...Key) (*Box, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: no master key")
	}
	box := &Box{}
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return nil, err
		}
		for _, have := range box.keys {
			if have.id == key.ID {
				return nil, fmt.Errorf("seal: master key id %q is used twice", key.ID)
			}
		}
		sub, err := hkdf.Key(sha256.New, key.Key, nil, sealInfo, KeySize)
		if err != nil {
			return nil, fmt.Errorf("seal: derive key: %w", err)
		}
		block, err := aes.NewCipher(sub)
		if err != nil {
			return nil, fmt.Errorf("seal: make cipher: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("seal: make cipher: %w", err)
		}
		box.keys = append(box.keys, boxKey{key.ID, append([]byte(nil), key.Key...), aead})
	}
	return box, nil
}

func checkKey(key Key) error {
	if !validID(key.ID) {
		return fmt.Errorf("seal: master key id %q: want 1 to 32 of A-Z a-z 0-9 _ -", key.ID)
	}
	if len(key.Key) != KeySize {
		return fmt.Errorf("seal: master key %q has %d bytes, want %d", key.ID, len(key.Key), KeySize)
	}
	var or byte
	for _, b := range key.Key {
		or |= b
	}
	if or == 0 {
		return fmt.Errorf("seal: master key %q is all zero", key.ID)
	}
	return nil
}

func validID(id string) bool {
	if id == "" || len(id) > 32 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// Seal encrypts plain for context, which names the place the text will be
// stored, such as "settings/billing/token". The same plain text seals to
// another text each time. One key may seal 2^32 texts.
func (b *Box) Seal(context string, plain []byte) (string, error) {
	if len(plain) > MaxPlain {
		return "", fmt.Errorf("seal: %d bytes are more than %d", len(plain), MaxPlain)
	}
	key := b.keys[0]
	sealed := key.aead.Seal(nil, nil, plain, additional(key.id, context)) //nolint:gosec // G407: the AEAD makes its own nonce
	return prefix + "." + key.id + "." + encoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal made for the same context. The error matches
// [ErrUnknownKey] or [ErrOpen] and holds nothing of the text.
func (b *Box) Open(context, sealed string) ([]byte, error) {
	id, text, ok := split(sealed)
	if !ok {
		return nil, ErrOpen
	}
	for _, key := range b.keys {
		if key.id != id {
			continue
		}
		raw, err := encoding.DecodeString(text)
		if err != nil {
			return nil, ErrOpen
		}
		plain, err := key.aead.Open(nil, nil, raw, additional(id, context))
		if err != nil {
			return nil, ErrOpen
		}
		return plain, nil
	}
	return nil, fmt.Errorf("%w %q", ErrUnknownKey, id)
}

// Current reports whether sealed names the newest key. A text for which it is
// false is worth sealing again before the older key is dropped.
func (b *Box) Current(sealed string) bool {
	id, _, ok := split(sealed)
	return ok && id == b.keys[0].id
}

// Subkey derives KeySize bytes from the newest master key for purpose, for
// use as a MAC key. Each purpose has an unrelated key, none of them the one
// that seals.
func (b *Box) Subkey(purpose string) []byte {
	return subkey(b.keys[0].root, purpose)
}

// Subkeys derives the subkey for purpose from every master key, newest first:
// make with the first, accept with any.
func (b *Box) Subkeys(purpose string) [][]byte {
	keys := make([][]byte, len(b.keys))
	for i, key := range b.keys {
		keys[i] = subkey(key.root, purpose)
	}
	return keys
}

// String names the keys and hides their bytes.
func (b *Box) String() string {
	ids := make([]string, len(b.keys))
	for i, key := range b.keys {
		ids[i] = key.id
	}
	return "box of keys " + strings.Join(ids, ", ")
}

// GoString hides the keys from %#v.
func (b *Box) GoString() string { return b.String() }

func subkey(root []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, root, nil, subkeyInfo+purpose, KeySize)
	if err != nil {
		// Only a length above 255 hashes fails, and the length is a constant.
		panic("seal: derive subkey: " + err.Error()) //nolint:forbidigo // cannot happen
	}
	return key
}

// split takes a sealed text apart without decoding it.
func split(sealed string) (id, text string, ok bool) {
	if len(sealed) > maxSealed {
		return "", "", false
	}
	format, rest, ok := strings.Cut(sealed, ".")
	if !ok || format != prefix {
		return "", "", false
	}
	id, text, ok = strings.Cut(rest, ".")
	if !ok || !validID(id) || strings.ContainsAny(text, "\r\n") {
		return "", "", false
	}
	return id, text, true
}

// additional binds the key id and the context. The id cannot hold a zero byte,
// so no two pairs give the same bytes.
func additional(id, context string) []byte {
	return []byte(prefix + "\x00" + id + "\x00" + context)
}
