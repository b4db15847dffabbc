// Package redisserver runs private redis-server processes for tests: on free
// ports of the loopback interface, without files, and gone with the test.
package redisserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	program = "redis-server"
	patient = 30 * time.Second // for a busy machine
	look    = 10 * time.Millisecond
)

// A Server is one process. Its methods are for one goroutine.
type Server struct {
	Addr string // host:port

	port    int
	dir     string
	args    []string
	command *exec.Cmd
	ended   chan struct{} // closed when it has; nil: it was not started
	failure error         // why, then
	output  *bytes.Buffer
}

// Start runs a server and waits until it answers. args are added to its command
// line.
func Start(ctx context.Context, args ...string) (*Server, error) {
	dir, err := os.MkdirTemp("", "redisserver")
	if err != nil {
		return nil, err
	}
	// The port is free when it is chosen; another process may be quicker to take it.
	for try := 0; ; try++ {
		port, err := freePort(ctx)
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		s := &Server{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), port: port, dir: dir, args: args}
		if err = s.Run(ctx); err == nil {
			return s, nil
		}
		if try == 4 || errors.Is(err, exec.ErrNotFound) {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
}

// freePort finds a port that is free together with that of a cluster's bus,
// 10,000 above it.
func freePort(ctx context.Context) (int, error) {
	for range 100 {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		address, ok := l.Addr().(*net.TCPAddr)
		if err := l.Close(); err != nil || !ok {
			return 0, errors.Join(errors.New("no TCP address"), err)
		}
		port := address.Port
		if port > 50_000 { // the bus would be out of range
			port -= 20_000
		}
		if free(ctx, port) && free(ctx, port+10_000) {
			return port, nil
		}
	}
	return 0, errors.New("find a free port: none in 100 tries")
}

func free(ctx context.Context, port int) bool {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	return err == nil && l.Close() == nil
}

// Run starts the process, on the port that it had before.
func (s *Server) Run(ctx context.Context) error {
	args := append([]string{
		"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", s.dir,
	}, s.args...)
	s.output = &bytes.Buffer{}
	s.command = exec.CommandContext(ctx, program, args...) //nolint:gosec // G204: what tests ask for
	s.command.Stdout, s.command.Stderr = s.output, s.output
	s.command.WaitDelay = time.Second
	s.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // no orphan when the test dies
	started, ended, command := make(chan error), make(chan struct{}), s.command
	go func() {
		runtime.LockOSThread() // the signal follows the thread that starts the child: it stays
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			s.failure = command.Wait()
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", program, err)
	}
	s.ended = ended
	deadline := time.NewTimer(patient)
	defer deadline.Stop()
	for {
		if s.answers(ctx) {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("start %s: %w\n%s", program, errors.Join(s.failure, errors.New("it ended")), s.output)
		case <-deadline.C:
			return errors.Join(fmt.Errorf("start %s: no answer in %v", program, patient), s.Kill())
		case <-time.After(look):
		}
	}
}

// answers tells whether the server says PONG.
func (s *Server) answers(ctx context.Context) bool {
	answer, err := s.Do(ctx, "PING")
	return err == nil && strings.HasPrefix(answer, "+PONG")
}

// Do sends one command and returns the raw answer: RESP, up to 64 KiB.
func (s *Server) Do(ctx context.Context, words ...string) (answer string, err error) {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.SetDeadline(time.Now().Add(patient)); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := c.Write([]byte(b.String())); err != nil {
		return "", err
	}
	text := make([]byte, 64<<10)
	n, err := c.Read(text)
	return string(text[:n]), err
}

// PID is that of the process.
func (s *Server) PID() int { return s.command.Process.Pid }

// Hang stops the process without ending it: it keeps its connections and
// answers nothing, until Continue.
func (s *Server) Hang() error { return s.command.Process.Signal(syscall.SIGSTOP) }

// Continue ends Hang.
func (s *Server) Continue() error { return s.command.Process.Signal(syscall.SIGCONT) }

// Kill ends the process at once and waits for it. Run starts it anew.
func (s *Server) Kill() error {
	if s.ended == nil {
		return nil
	}
	_ = s.command.Process.Kill() // it has ended when this fails
	<-s.ended
	s.ended = nil
	return nil
}

// Close ends the process and removes its files.
func (s *Server) Close() error { return errors.Join(s.Kill(), os.RemoveAll(s.dir)) }
