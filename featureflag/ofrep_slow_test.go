package featureflag_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// pipes is a listener whose connections are made in memory, so that their
// deadlines are a bubble's.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

func (*pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// inBubble serves a handler in memory, and in a time of its own.
func inBubble(t *testing.T, test func(t *testing.T, handler *featureflag.OFREP, server *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		handler := remote(t, parsed(t, remoteFlags))
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		server := &http.Server{Handler: handler}
		done := make(chan error, 1)
		go func() { done <- server.Serve(listener) }()
		test(t, handler, listener)
		if err := handler.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
}

// A body that is promised and does not come is waited for a while, and a
// connection that was used well is as good as new much later.
func TestOFREPSlowBody(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *featureflag.OFREP, server *pipes) {
		conn := server.dial()
		defer conn.Close()
		answers := bufio.NewReader(conn)
		for range 3 {
			send(t, conn, "POST /ofrep/v1/evaluate/flags/on HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 14\n\n"+`{"context":{}}`)
			w, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(w.Body); err != nil || w.StatusCode != 200 {
				t.Fatalf("got %d %s %v", w.StatusCode, body, err)
			}
			sleep(time.Hour)
		}
		began := time.Now()
		send(t, conn, "POST /ofrep/v1/evaluate/flags/on HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 1000\n\n{")
		w, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); w.StatusCode != 400 || took > 15*time.Second {
			t.Errorf("got %d after %s", w.StatusCode, took)
		}
	})
}

// A client that opens a stream and reads nothing is left after a while.
func TestOFREPSlowReader(t *testing.T) {
	inBubble(t, func(t *testing.T, handler *featureflag.OFREP, server *pipes) {
		conn := server.dial()
		defer conn.Close()
		send(t, conn, "GET /ofrep/v1/events HTTP/1.1\nHost: x\n\n")
		sleep(time.Minute)
		began := time.Now()
		if err := handler.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("a stream that nobody reads was still there for %s", took)
		}
	})
}

// A stream outlives the server's limit for writing, and a request that follows
// on its connection has its own.
func TestOFREPStreamOutlivesWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := remote(t, parsed(t, remoteFlags))
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		server := &http.Server{Handler: handler, WriteTimeout: 5 * time.Second}
		done := make(chan error, 1)
		go func() { done <- server.Serve(listener) }()
		conn := listener.dial()
		defer conn.Close()
		send(t, conn, "GET /ofrep/v1/events HTTP/1.1\nHost: x\n\n")
		answers := bufio.NewReader(conn)
		w, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		beats := 0
		for lines := bufio.NewScanner(w.Body); beats < 10 && lines.Scan(); {
			if lines.Text() == ": alive" {
				beats++
			}
		}
		if beats < 10 {
			t.Errorf("the stream ended after %d heartbeats", beats)
		}
		ended := make(chan error, 1)
		go func() { ended <- handler.Shutdown(context.Background()) }()
		if _, err := io.Copy(io.Discard, w.Body); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		sleep(time.Minute)
		send(t, conn, "POST /ofrep/v1/evaluate/flags/on HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 14\n\n"+`{"context":{}}`)
		if w, err = http.ReadResponse(answers, nil); err != nil || w.StatusCode != 200 {
			t.Errorf("got %v %v", w, err)
		}
		server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}
