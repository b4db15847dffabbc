package ratelimit

import (
	"bufio"
	"net"
	"net/http"
)

// upgradable sees whether a handler hijacks its connection, and then lets the
// slot go with that.
type upgradable struct {
	http.ResponseWriter

	slot     *held
	hijacked bool
	returned bool // and did not panic
}

// Hijack implements [http.Hijacker].
func (u *upgradable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	u.hijacked = true
	return &hijackedConn{Conn: conn, slot: u.slot}, rw, nil
}

// Flush makes it an [http.Flusher] for handlers that ask by assertion.
func (u *upgradable) Flush() {
	_ = http.NewResponseController(u.ResponseWriter).Flush() // not every writer can
}

// Unwrap is for [http.ResponseController].
func (u *upgradable) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// done is called when the handler has ended.
func (u *upgradable) done() {
	if !u.hijacked || !u.returned {
		u.slot.release()
	}
}

// hijackedConn holds a slot until it is closed.
type hijackedConn struct {
	net.Conn

	slot *held
}

// Close implements [net.Conn].
func (c *hijackedConn) Close() error {
	defer c.slot.release()
	return c.Conn.Close()
}

// NetConn returns the connection itself, as [crypto/tls.Conn.NetConn] does.
func (c *hijackedConn) NetConn() net.Conn { return c.Conn }
