// Package redislimit keeps the buckets of package ratelimit in Redis or Valkey, so
// that all instances of a program hold a key to one limit:
//
//	client, err := rueidislimit.Open("redis://localhost:6379")
//	store, err := redislimit.New(client, redislimit.FailLocal(4))
//	limiter, err := ratelimit.New(store, ratelimit.Policy{Limit: 100, Window: time.Minute})
//
// It needs a [Client]: packages rueidislimit and goredislimit have one each, and
// another is a dozen lines. Redis may be one server, a pair behind Sentinel, or a
// cluster, from version 5 on.
//
// # Decisions
//
// One script call decides all policies of a request, by the server's clock, and
// charges all or none. The algorithm is GCRA, a token bucket that is one number:
// the time until it is full. It is counted in whole parts of a microsecond that
// are chosen for each policy, so that 3 a second or 31,000 a second are exactly
// that, for years. Only for buckets that take more than 71 years to fill, or whose
// numbers have no common divisor and are as large, a unit costs up to a millionth
// more. A bucket lives in one key until it is full. Its name is the prefix, a hash
// of the key in braces, and the policy's name.
//
// In a cluster all policies of one key are in one slot. A request with different
// keys, such as an address and a person, there asks once for each, in the order of
// its charges, and gives back what was charged when a later one refuses: for that
// moment others see it as used.
//
// # Leases
//
// With [WithLeases] an instance takes units ahead for a key that it asks about
// often, as many as the key uses in a quarter of a lease's life, and decides without
// asking until they are used up. A refusal is remembered until there can be units
// again; where several come within 20 milliseconds, until some have come, and what
// it says of when to retry says so. Decisions tell which they are: their source is
// [ratelimit.Exact] or [ratelimit.Lease].
//
// Units taken ahead are charged, so no key gets more than its limit, at any time.
// They are parked: not given back, and lost when the lease ends, after a second or
// a quarter of the time that the bucket takes to fill, whichever is less. An
// instance parks at most a 256th of the burst, or one unit, and half of what is
// left; all instances together at most a quarter. Nothing is parked for a key that
// an instance asks about once, nor under a policy whose burst is below 64. So a
// key may be refused while that many units are still parked, for up to a second.
//
// An instance remembers 32,768 buckets. Where there are more it forgets some, at the
// cost of their leases or of one more question to Redis.
//
// # Without Redis
//
// A question that is not answered in time ([WithTimeout]) or fails opens a circuit.
// From then on nobody waits: [FailLocal], [FailOpen] or [FailClosed] decides, until
// a probe that asks now and then, 20 milliseconds to a second apart, has written to
// Redis again. In a cluster each part of the slots has a circuit of its own. Take
// returns no error for that; [Store.Health] tells, and the log.
//
// Redis that comes back empty has forgotten what was used, but for what instances
// decided meanwhile under [FailLocal]. Redis that evicts keys (maxmemory-policy)
// forgets limits early: give them a server that has room.
package redislimit
