package rueidislimit

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/redis/rueidis"

	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

// Client is a [redislimit.Client] on rueidis. Make one with [Open] or
// [FromRueidis]. It is safe for concurrent use.
type Client struct {
	option rueidis.ClientOption
	own    bool // to close
	ready  atomic.Pointer[rueidis.Client]

	mu      sync.Mutex
	dial    *dial // under way
	dialing sync.WaitGroup
	closed  bool
}

// A dial is an attempt to connect, of which all who need it wait for the end.
type dial struct {
	done chan struct{}
	err  error
}

// errClosed answers after Close.
var errClosed = errors.New("rueidislimit: the client is closed")

// FromRueidis uses a client of rueidis, which stays the host's to close.
func FromRueidis(client rueidis.Client) *Client {
	c := &Client{}
	c.ready.Store(&client)
	return c
}

// Eval implements [redislimit.Client].
func (c *Client) Eval(ctx context.Context, script redislimit.Script, keys, args []string) ([]int64, error) {
	client, err := c.client(ctx)
	if err != nil {
		return nil, err
	}
	b := client.B()
	answer := client.Do(ctx, b.Evalsha().Sha1(script.SHA1).Numkeys(int64(len(keys))).Key(keys...).Arg(args...).Build())
	if err, ok := rueidis.IsRedisErr(answer.Error()); ok && err.IsNoScript() {
		answer = client.Do(ctx, b.Eval().Script(script.Text).Numkeys(int64(len(keys))).Key(keys...).Arg(args...).Build())
	}
	return answer.AsIntSlice()
}

// Sharded implements [redislimit.Sharded]: it tells whether the servers are a
// cluster. Before the first connection it does not know and says no.
func (c *Client) Sharded() bool {
	client := c.ready.Load()
	return client != nil && (*client).Mode() == rueidis.ClientModeCluster
}

// Close ends the connections of a client that [Open] made. It may be called more
// than once.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.dialing.Wait()
	if client := c.ready.Load(); client != nil && c.own {
		(*client).Close()
	}
}

// client returns the connected client, or connects.
func (c *Client) client(ctx context.Context) (rueidis.Client, error) {
	if client := c.ready.Load(); client != nil {
		return *client, nil
	}
	d, err := c.connect()
	if err != nil {
		return nil, err
	}
	select {
	case <-d.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if d.err != nil {
		return nil, d.err
	}
	return *c.ready.Load(), nil
}

// connect starts an attempt where none is under way.
func (c *Client) connect() (*dial, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	if c.dial != nil {
		return c.dial, nil
	}
	d := &dial{done: make(chan struct{})}
	if c.ready.Load() != nil { // since the caller looked
		close(d.done)
		return d, nil
	}
	c.dial = d
	c.dialing.Go(func() {
		client, err := rueidis.NewClient(c.option)
		if err == nil {
			c.ready.Store(&client)
		}
		c.mu.Lock()
		d.err, c.dial = err, nil
		c.mu.Unlock()
		close(d.done)
	})
	return d, nil
}

var _ redislimit.Sharded = (*Client)(nil)
