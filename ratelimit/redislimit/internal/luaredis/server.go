package luaredis

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // G505: EVALSHA names scripts by it
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
)

// A Server answers the commands that clients send to make a connection and to
// run scripts, in RESP 2 and 3, on a free port of the loopback interface.
type Server struct {
	Addr string // host:port

	engine   *Engine
	listener net.Listener
	serving  sync.WaitGroup

	mu      sync.Mutex
	conns   map[net.Conn]bool
	scripts map[string]string // by SHA-1
	evals   int
}

// Serve starts a server on an engine.
func Serve(ctx context.Context, engine *Engine) (*Server, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: l.Addr().String(), engine: engine, listener: l, conns: map[net.Conn]bool{}, scripts: map[string]string{}}
	s.serving.Go(s.accept)
	return s, nil
}

// Close ends all connections. It may be called more than once.
func (s *Server) Close() error {
	err := s.listener.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	s.mu.Lock()
	for c := range s.conns {
		err = errors.Join(err, c.Close())
	}
	clear(s.conns)
	s.mu.Unlock()
	s.serving.Wait()
	return err
}

// FlushScripts forgets the scripts, as SCRIPT FLUSH and a restart do.
func (s *Server) FlushScripts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.scripts)
}

// Evals is how often a script's text was sent.
func (s *Server) Evals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.evals
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = true
		s.mu.Unlock()
		s.serving.Go(func() { s.serve(c) })
	}
}

func (s *Server) serve(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		words, err := read(r)
		if err != nil {
			break
		}
		if _, err := io.WriteString(c, s.answer(words)); err != nil {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns[c] {
		delete(s.conns, c)
		_ = c.Close() // what it lost nobody reads
	}
}

// read reads a command: an array of strings.
func read(r *bufio.Reader) ([]string, error) {
	number := func(mark byte) (int, error) {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		if line[0] != mark {
			return 0, fmt.Errorf("want %c, got %q", mark, line)
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	n, err := number('*')
	if err != nil {
		return nil, err
	}
	words := make([]string, 0, n)
	for range n {
		size, err := number('$')
		if err != nil {
			return nil, err
		}
		text := make([]byte, size+2)
		if _, err := io.ReadFull(r, text); err != nil {
			return nil, err
		}
		words = append(words, string(text[:size]))
	}
	return words, nil
}

func (s *Server) answer(words []string) string {
	if len(words) == 0 {
		return "-ERR no command\r\n"
	}
	switch name := strings.ToUpper(words[0]); name {
	case "HELLO":
		return "%2\r\n+server\r\n+redis\r\n+proto\r\n:3\r\n"
	case "PING":
		return "+PONG\r\n"
	case "CLIENT", "SELECT":
		return "+OK\r\n"
	case "EVAL", "EVALSHA":
		if len(words) < 3 {
			return "-ERR wrong number of arguments\r\n"
		}
		return s.eval(name, words[1], words[2:])
	case "CLUSTER":
		return "-ERR This instance has cluster support disabled\r\n"
	default:
		return "-ERR unknown command '" + name + "'\r\n"
	}
}

func (s *Server) eval(name, script string, words []string) string {
	s.mu.Lock()
	if name == "EVAL" {
		sum := sha1.Sum([]byte(script)) //nolint:gosec // G401: EVALSHA names scripts by it
		s.scripts[hex.EncodeToString(sum[:])] = script
		s.evals++
	}
	text, ok := script, true
	if name == "EVALSHA" {
		text, ok = s.scripts[script]
	}
	s.mu.Unlock()
	if !ok {
		return "-NOSCRIPT No matching script. Please use EVAL.\r\n"
	}
	keys, err := strconv.Atoi(words[0])
	if err != nil || keys < 0 || keys >= len(words) {
		return "-ERR Number of keys can't be greater than number of args\r\n"
	}
	numbers, err := s.engine.Run(context.Background(), text, words[1:1+keys], words[1+keys:])
	if err != nil {
		return "-" + strings.ReplaceAll(err.Error(), "\n", " ") + "\r\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(numbers))
	for _, n := range numbers {
		fmt.Fprintf(&b, ":%d\r\n", n)
	}
	return b.String()
}
