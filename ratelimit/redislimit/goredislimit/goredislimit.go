// Package goredislimit lets package redislimit use the go-redis client that a
// host has already.
package goredislimit

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

// Client is a [redislimit.Client] on go-redis.
type Client struct {
	client redis.Scripter
	shards bool
}

// FromGoRedis uses a client of go-redis: a [redis.Client], [redis.ClusterClient]
// or [redis.Ring], which stays the host's to close. go-redis repeats commands that
// failed on the way, so that a charge may then count twice, unless its MaxRetries
// is -1.
func FromGoRedis(client redis.Scripter) *Client {
	c := &Client{client: client}
	switch client.(type) {
	case *redis.ClusterClient, *redis.Ring:
		c.shards = true
	}
	return c
}

// Eval implements [redislimit.Client].
func (c *Client) Eval(ctx context.Context, script redislimit.Script, keys, args []string) ([]int64, error) {
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg
	}
	answer, err := c.client.EvalSha(ctx, script.SHA1, keys, values...).Int64Slice()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		answer, err = c.client.Eval(ctx, script.Text, keys, values...).Int64Slice()
	}
	return answer, err
}

// Sharded implements [redislimit.Sharded].
func (c *Client) Sharded() bool { return c.shards }

var _ redislimit.Sharded = (*Client)(nil)
