package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Argon2 is the cost of a password hash by argon2id. The zero value of each
// field is the default: the second recommendation of RFC 9106 section 4.
type Argon2 struct {
	// MemoryKiB is the memory of one hash: 64 KiB to 1 GiB. Default 65536.
	MemoryKiB uint32
	// Passes over the memory: 1 to 64. Default 3.
	Passes uint32
	// Threads of one hash: 1 to 64. Default 4.
	Threads uint8
}

const (
	saltSize = 16
	hashSize = 32

	maxMemoryKiB = 1 << 20
	maxPasses    = 64
	maxThreads   = 64

	// maxHashWaiters bounds how many logins wait for a turn to hash. At about
	// 100 ms each, whoever comes later would have given up.
	maxHashWaiters = 128
)

func (a Argon2) orDefault() Argon2 {
	if a.MemoryKiB == 0 {
		a.MemoryKiB = 64 << 10
	}
	if a.Passes == 0 {
		a.Passes = 3
	}
	if a.Threads == 0 {
		a.Threads = 4
	}
	return a
}

func (a Argon2) check() error {
	c := a.orDefault()
	if c.MemoryKiB < 64 || c.MemoryKiB > maxMemoryKiB || c.Passes > maxPasses || c.Threads > maxThreads ||
		c.MemoryKiB < 8*uint32(c.Threads) {
		return fmt.Errorf("argon2id of %d KiB, %d passes, %d threads is out of range", c.MemoryKiB, c.Passes, c.Threads)
	}
	return nil
}

// phc is a stored hash in the PHC string format:
// $argon2id$v=19$m=65536,t=3,p=4$salt$hash.
type phc struct {
	cost       Argon2
	salt, hash []byte
}

var (
	phcEncoding = base64.RawStdEncoding.Strict()
	errPHC      = errors.New("auth: stored password hash is malformed")
)

func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.cost.MemoryKiB, p.cost.Passes,
		p.cost.Threads, phcEncoding.EncodeToString(p.salt), phcEncoding.EncodeToString(p.hash))
}

// parsePHC reads what String writes and nothing else; the bounds keep a
// damaged row from costing all memory.
func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(s) > 512 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errPHC
	}
	cost, err := parseCost(parts[3])
	if err != nil {
		return phc{}, err
	}
	p := phc{cost: cost}
	if p.salt, err = phcEncoding.DecodeString(parts[4]); err != nil || len(p.salt) < 8 || len(p.salt) > 64 {
		return phc{}, errPHC
	}
	if p.hash, err = phcEncoding.DecodeString(parts[5]); err != nil || len(p.hash) < 16 || len(p.hash) > 64 {
		return phc{}, errPHC
	}
	if p.String() != s {
		return phc{}, errPHC
	}
	return p, nil
}

func parseCost(s string) (Argon2, error) {
	fields := strings.Split(s, ",")
	if len(fields) != 3 {
		return Argon2{}, errPHC
	}
	var n [3]uint64
	for i, name := range []string{"m=", "t=", "p="} {
		digits, ok := strings.CutPrefix(fields[i], name)
		v, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || v == 0 {
			return Argon2{}, errPHC
		}
		n[i] = v
	}
	if n[2] > maxThreads {
		return Argon2{}, errPHC
	}
	cost := Argon2{uint32(n[0]), uint32(n[1]), uint8(n[2])}
	if cost.check() != nil {
		return Argon2{}, errPHC
	}
	return cost, nil
}

// hasher hashes a few passwords at a time, so that logins cannot take all
// memory and processors.
type hasher struct {
	cost    Argon2
	slots   chan struct{}
	waiting atomic.Int32
	dummy   phc // for accounts that do not exist
}

func newHasher(cost Argon2) *hasher {
	h := &hasher{cost: cost.orDefault(), slots: make(chan struct{}, min(max(runtime.GOMAXPROCS(0)/2, 1), 4))}
	h.dummy = phc{cost: h.cost, salt: random(saltSize), hash: random(hashSize)}
	return h
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// normalize makes the same password of the same characters, however a keyboard
// composes them (RFC 8265 section 4.2.2: NFC).
func normalize(password string) string { return norm.NFC.String(password) }

// hash returns the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	p := phc{cost: h.cost, salt: random(saltSize)}
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	p.hash = argon2.IDKey([]byte(normalize(password)), p.salt, p.cost.Passes, p.cost.MemoryKiB, p.cost.Threads, hashSize)
	return p.String(), nil
}

// verify reports whether password has the stored hash, and whether that hash
// should be renewed because its cost is not today's. An empty or damaged stored
// hash takes the same work and never matches.
func (h *hasher) verify(ctx context.Context, stored, password string) (ok, stale bool, err error) {
	p, parseErr := parsePHC(stored)
	if parseErr != nil {
		p = h.dummy
	}
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.leave()
	got := argon2.IDKey([]byte(normalize(password)), p.salt, p.cost.Passes, p.cost.MemoryKiB, p.cost.Threads, uint32(len(p.hash)))
	same := subtle.ConstantTimeCompare(got, p.hash) == 1
	return same && parseErr == nil, p.cost != h.cost || len(p.salt) != saltSize || len(p.hash) != hashSize, nil
}

func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	if h.waiting.Add(1) > maxHashWaiters {
		h.waiting.Add(-1)
		return fmt.Errorf("%w: too many passwords to check", ErrUnavailable)
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return unavailable("wait to check a password", ctx.Err())
	}
}

func (h *hasher) leave() { <-h.slots }
