package redislimit_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// count takes the place of a server that has gone: it counts who dials, and hangs
// up at once.
func count(t *testing.T, addr string) (dialed *atomic.Int64, stop func()) {
	t.Helper()
	var l net.Listener
	eventually(t, "the port is free again", func() (ok bool) {
		var err error
		l, err = net.Listen("tcp", addr)
		return err == nil
	})
	dialed = &atomic.Int64{}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			dialed.Add(1)
			_ = c.Close() // whoever it is sees it
		}
	})
	return dialed, func() {
		_ = l.Close() // it ends Accept, which is all it is for
		group.Wait()
	}
}
