package redislimit

import "context"

// A Client runs scripts on Redis or Valkey, 5 or newer. It is what a [Store]
// needs of a Redis library: package rueidislimit has one on rueidis, package
// goredislimit one on go-redis. It is safe for concurrent use.
type Client interface {
	// Eval runs a script with its keys, which are all in one cluster slot, and its
	// arguments, which are any bytes, and returns the numbers of its answer. It
	// sends EVALSHA, and EVAL when the server does not know the script, and
	// retries nothing else: a charge must not happen twice. It ends when ctx does;
	// a Store waits no longer than that even for one that does not.
	Eval(ctx context.Context, script Script, keys, args []string) ([]int64, error)
}

// Sharded is a [Client] of several servers that divide keys among them by their
// hash tags, as a Redis Cluster does. A [Store] then makes one script call for
// each different key of a request, and fails over server by server.
type Sharded interface {
	Client
	// Sharded tells whether there are several servers. It may become true once the
	// client has connected.
	Sharded() bool
}

// A Script is what a [Client] runs.
type Script struct {
	Text string
	SHA1 string // of Text, in hexadecimal, as EVALSHA takes it
}
