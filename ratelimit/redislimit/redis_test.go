package redislimit_test

import (
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

// Keys tell nothing of what they are for, are short, and those of one key are in
// one slot.
func TestKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newFake()
		s := open(t, client, redislimit.WithPrefix("shop:"))
		secret := "sk-live-0123456789}{"
		for _, name := range []string{"api", ""} {
			take(t, s, ratelimit.Policy{Name: name, Limit: 1, Window: time.Hour}, secret, 1)
		}
		first := regexp.MustCompile(`^shop:\{[\w-]{22}\}api$`)
		if len(client.seen) != 2 || !first.MatchString(client.seen[0]) || client.seen[1] != client.seen[0][:29]+"default" {
			t.Errorf("keys %q", client.seen)
		}
	})
}

// A key lives until its bucket is full, and a little longer.
func TestTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, leases := range []bool{false, true} {
			client := newFake()
			var options []redislimit.Option
			if leases {
				options = append(options, redislimit.WithLeases())
			}
			s := open(t, client, options...)
			take(t, s, perMinute(), "ann", 0)
			same(t, "keys after a look", client.Keys(), 0)
			d := take(t, s, perMinute(), "ann", 10)
			if ttl := client.TTL(client.seen[0]); ttl < d.Reset || ttl > d.Reset+100*time.Millisecond {
				t.Errorf("lives for %v, is full after %v", ttl, d.Reset)
			}
			pass(d.Reset + 100*time.Millisecond)
			same(t, "keys", client.Keys(), 0)
			take(t, s, perMinute(), "ann", 10)
			if err := s.Settle(t.Context(), []ratelimit.Charge{{Policy: perMinute(), Key: "ann", Cost: -10}}); err != nil {
				t.Fatal(err)
			}
			same(t, "keys of full buckets", client.Keys(), 0)
		}
	})
}

// A server whose clock is set, or another one that takes over, neither locks keys
// out nor forgets what they used.
func TestClockOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newFake()
		s := open(t, client, redislimit.FailClosed())
		leased := open(t, client, redislimit.FailClosed(), redislimit.WithLeases())
		for range 5 {
			take(t, leased, perMinute(), "bob", 1)
		}
		take(t, s, perMinute(), "ann", 100)
		client.Skew(-24 * time.Hour)
		d := take(t, s, perMinute(), "ann", 1)
		same(t, "allowed", d.Allowed, false)
		same(t, "retry after", d.RetryAfter, 600*time.Millisecond)
		take(t, s, perMinute(), "bob", 0)
		pass(600 * time.Millisecond)
		same(t, "allowed", take(t, s, perMinute(), "ann", 1).Allowed, true)
		pass(10 * time.Second)
		same(t, "what leases parked is back", take(t, s, perMinute(), "bob", 100).Allowed, true)
		client.Skew(24 * time.Hour)
		same(t, "a day later", take(t, s, perMinute(), "ann", 0).Remaining, 100)
	})
}

// A restart forgets buckets and scripts, and nothing else happens.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newFake()
		s := open(t, client)
		take(t, s, perMinute(), "ann", 60)
		client.Flush()
		same(t, "remaining", take(t, s, perMinute(), "ann", 1).Remaining, 99)
		same(t, "health", s.Health(), nil)
	})
}

// Somebody else's value in a bucket's key is no bucket, and is replaced. One of
// another type keeps nobody else from Redis.
func TestForeignValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newFake()
		s := open(t, client)
		take(t, s, perMinute(), "ann", 60)
		for _, value := range []string{"", "hello", "123456789012345678901234567890"} {
			client.Put(client.seen[0], value, time.Minute)
			same(t, "remaining", take(t, s, perMinute(), "ann", 1).Remaining, 99)
		}
		other := perMinute()
		other.Name = "other"
		both := []ratelimit.Charge{{Policy: perMinute(), Key: "ann", Cost: 1}, {Policy: other, Key: "ann", Cost: 1}}
		for want := int64(99); want > 97; want-- {
			client.PutList(client.seen[0], time.Minute)
			var d [2]ratelimit.Decision
			if _, err := s.Take(t.Context(), both, d[:]); err != nil {
				t.Fatal(err)
			}
			same(t, "remaining", d[0].Remaining, 99)
			same(t, "of another policy", d[1].Remaining, want)
			client.PutList(client.seen[0], time.Minute)
			same(t, "alone", take(t, s, perMinute(), "ann", 1).Remaining, 99)
		}
		same(t, "health", s.Health(), nil)
	})
}

// A bucket of an instance with leases is understood by one without, and the other
// way round.
func TestMixedFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := ratelimit.Policy{Name: "api", Limit: 6000, Window: time.Minute}
		client, j := newFake(), newJudge(p)
		exact, leased := open(t, client), open(t, client, redislimit.WithLeases())
		for range 2000 {
			for _, s := range []*redislimit.Store{leased, exact, leased} {
				if take(t, s, p, "ann", 2).Allowed {
					j.use(t, 2)
				}
			}
			pass(20 * time.Millisecond)
		}
		if want := most(p, 40*time.Second); float64(j.used) < 0.99*float64(want) {
			t.Errorf("used %d of %d", j.used, want)
		}
	})
}
