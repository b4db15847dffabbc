package rueidislimit

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/redis/rueidis"
)

// wait is how long a connection may take to be made, or to answer anything at
// all before it is made anew. A [redislimit.Store] does not wait for that.
const wait = time.Second

// Open returns a client of its own for a URL. It connects when it is first
// asked, and again when that failed or the connection was lost, so that a server
// which is down does not keep a program from starting.
//
//	redis://user:password@host:6379/0
//	rediss://host:6379                      with TLS
//	redis://host1:6379?addr=host2:6379      a cluster, by some of its nodes
//	redis://sentinel:26379?master_set=name  whatever Sentinel says
//	unix:///run/redis.sock
//
// The scheme may be valkey or valkeys as well. Errors: those of the URL, without
// its text, which may hold a password.
func Open(redisURL string) (*Client, error) {
	option, err := rueidis.ParseURL(redisURL)
	if err != nil {
		if wrong := (*url.Error)(nil); errors.As(err, &wrong) {
			err = wrong.Err
		}
		return nil, fmt.Errorf("rueidislimit: read URL: %w", err)
	}
	option.DisableCache = true    // nothing is cached: no memory for it, and no need of its commands
	option.DisableRetry = true    // a charge must not happen twice
	option.PipelineMultiplex = -1 // one connection for each server: the most goroutines share one write
	if option.Dialer.Timeout == 0 {
		option.Dialer.Timeout = wait
	}
	if option.ConnWriteTimeout == 0 {
		option.ConnWriteTimeout = wait
	}
	return &Client{option: option, own: true}, nil
}
