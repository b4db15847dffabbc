package auth

import (
	"context"
	"hash/maphash"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	addressPrefix = "login-address:"
	accountPrefix = "login-account:"

	// The default limits. An office shares an address, so that one is wider; an
	// account's holds against guesses from all the world.
	addressBurst, addressEvery = 30, 3 * time.Second
	accountBurst, accountEvery = 20, time.Minute

	limiterShards  = 16
	limiterEntries = 4096 // per shard
)

// addressKey is the throttling key of a client: its IPv4 address or the /64 of
// its IPv6 address, which one person has all of.
func addressKey(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return addressPrefix + "unknown"
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if prefix, err := ip.Prefix(64); err == nil {
			return addressPrefix + prefix.String()
		}
	}
	return addressPrefix + ip.String()
}

// accountKey is the throttling key of an account, existing or not.
func accountKey(emailKey string) string { return accountPrefix + hashText(emailKey)[:32] }

// throttle asks the limiter about each key and refuses at the first no.
func (a *Authority) throttle(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		ok, wait, err := a.limiter.Allow(ctx, key, 1)
		if err != nil {
			return unavailable("throttle logins", err)
		}
		if !ok {
			return &ThrottledError{RetryAfter: max(wait, time.Second)}
		}
	}
	return nil
}

// refund gives back what an attempt on an account cost. Failing to is no reason
// to refuse the person.
func (a *Authority) refund(ctx context.Context, key string) {
	r, ok := a.limiter.(Refunder)
	if !ok {
		return
	}
	if err := r.Refund(ctx, key, 1); err != nil {
		a.config.log.WarnContext(ctx, "auth: cannot refund a sign-in to the limiter", "error", err)
	}
}

// memoryLimiter is the default Limiter: token buckets in this process, bounded
// in number. A key that finds no room shares a bucket with all such keys, so
// that a flood of keys limits itself and nobody else's bucket is lost.
type memoryLimiter struct {
	seed   maphash.Seed
	shards [limiterShards]limiterShard
}

type limiterShard struct {
	mu       sync.Mutex
	buckets  map[string]*rate.Limiter
	overflow map[string]*rate.Limiter // by prefix
	swept    time.Time
}

func newMemoryLimiter() *memoryLimiter {
	l := &memoryLimiter{seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].buckets = map[string]*rate.Limiter{}
		l.shards[i].overflow = map[string]*rate.Limiter{
			addressPrefix: newBucket(addressPrefix),
			accountPrefix: newBucket(accountPrefix),
		}
	}
	return l
}

func newBucket(prefix string) *rate.Limiter {
	if prefix == accountPrefix {
		return rate.NewLimiter(rate.Every(accountEvery), accountBurst)
	}
	return rate.NewLimiter(rate.Every(addressEvery), addressBurst)
}

// Allow implements [Limiter].
func (l *memoryLimiter) Allow(_ context.Context, key string, cost int) (bool, time.Duration, error) {
	shard, prefix := l.shard(key)
	now := time.Now()
	shard.mu.Lock()
	defer shard.mu.Unlock()
	bucket := shard.bucket(key, prefix, now)
	reservation := bucket.ReserveN(now, cost)
	if !reservation.OK() {
		return false, time.Hour, nil
	}
	if wait := reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
		return false, wait, nil
	}
	return true, 0, nil
}

// Refund implements [Refunder]. A bucket that was forgotten meanwhile is full.
func (l *memoryLimiter) Refund(_ context.Context, key string, cost int) error {
	shard, _ := l.shard(key)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if bucket, ok := shard.buckets[key]; ok {
		bucket.ReserveN(time.Now(), -cost) // never above the burst: it is cut to it before the next use
	}
	return nil
}

func (l *memoryLimiter) shard(key string) (s *limiterShard, prefix string) {
	prefix = addressPrefix
	if strings.HasPrefix(key, accountPrefix) {
		prefix = accountPrefix
	}
	return &l.shards[maphash.String(l.seed, key)%limiterShards], prefix
}

func (s *limiterShard) bucket(key, prefix string, now time.Time) *rate.Limiter {
	if b, ok := s.buckets[key]; ok {
		return b
	}
	if len(s.buckets) >= limiterEntries && now.Sub(s.swept) > time.Second {
		s.swept = now
		for k, b := range s.buckets { // a full bucket is as good as none
			if b.TokensAt(now) >= float64(b.Burst()) {
				delete(s.buckets, k)
			}
		}
	}
	if len(s.buckets) >= limiterEntries {
		return s.overflow[prefix]
	}
	b := newBucket(prefix)
	s.buckets[key] = b
	return b
}

var (
	_ Limiter  = (*memoryLimiter)(nil)
	_ Refunder = (*memoryLimiter)(nil)
)
