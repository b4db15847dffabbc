package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is a process that is compared with others.
type server struct {
	name, folder, pkg string // the package in its folder, built here
	addr, health      string
	args              func(dir string) []string
	env               []string
	bin               string
	cmd               *exec.Cmd
}

func (s *server) build(work string) error {
	s.bin = filepath.Join(work, s.name)
	cmd := exec.Command("go", "build", "-tags=validator_novalidatefn", "-trimpath", "-ldflags=-s -w", "-o", s.bin, s.pkg)
	cmd.Dir = s.folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", s.name, err, out)
	}
	return nil
}

// start runs the server in dir and returns how long it took to be ready.
func (s *server) start(dir string) (time.Duration, error) {
	if c, err := net.Dial("tcp", s.addr); err == nil {
		_ = c.Close()
		return 0, fmt.Errorf("%s: something already listens on %s", s.name, s.addr)
	}
	s.cmd = exec.Command(s.bin, s.args(dir)...)
	s.cmd.Dir, s.cmd.Env = dir, append(os.Environ(), s.env...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // no orphan keeps the port
	var stderr bytes.Buffer
	s.cmd.Stderr = &limited{&stderr, 1 << 16}
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return 0, err
	}
	for {
		if res, err := http.Get("http://" + s.addr + s.health); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(began), nil
			}
		}
		if time.Since(began) > 30*time.Second {
			s.stop()
			return 0, fmt.Errorf("%s did not answer: %s", s.name, stderr.String())
		}
		time.Sleep(time.Millisecond)
	}
}

// limited keeps the first bytes of what is written.
type limited struct {
	to   *bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.to.Write(p[:n])
	l.left -= n
	return len(p), nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt) // it has ended when this fails
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	context.AfterFunc(ctx, func() { _ = s.cmd.Process.Kill() })
	_ = s.cmd.Wait() // however it ends
}

// memory is a figure of the process table in MiB, such as VmRSS.
func (s *server) memory(field string) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(b)
	if m == nil {
		return 0, errors.New("no " + field)
	}
	kb, err := strconv.ParseFloat(string(m[1]), 64)
	return kb / 1024, err
}

// cpu is the server's CPU time so far in microseconds, user and system.
func (s *server) cpu() (float64, error) { return cpuOf(strconv.Itoa(s.cmd.Process.Pid)) }

// cpuOf is a process's CPU time in microseconds.
func cpuOf(pid string) (float64, error) {
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	u, err1 := strconv.ParseFloat(f[11], 64)
	k, err2 := strconv.ParseFloat(f[12], 64)
	return (u + k) * 1e4, errors.Join(err1, err2) // USER_HZ is 100 on Linux
}

var (
	requestsIn = regexp.MustCompile(`(\d+) requests in`)
	notOK      = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

// load sends requests for a while and returns CPU microseconds for each. Want
// says whether answers other than 2xx are the expected ones.
func (s *server) load(path, authorization string, length time.Duration, refused bool) (float64, error) {
	args := []string{"-t1", "-c32", fmt.Sprintf("-d%ds", int(length.Seconds())), "--timeout", "60s"}
	if authorization != "" {
		args = append(args, "-H", "Authorization: "+authorization)
	}
	before, err := s.cpu()
	if err != nil {
		return 0, err
	}
	out, err := exec.Command("wrk", append(args, "http://"+s.addr+path)...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	after, err := s.cpu()
	if err != nil {
		return 0, err
	}
	m := requestsIn.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("wrk printed no figure:\n%s", out)
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if bad := notOK.FindSubmatch(out); (bad != nil) != refused || n == 0 {
		return 0, fmt.Errorf("%s %s: unexpected answers:\n%s", s.name, path, out)
	}
	return (after - before) / n, err
}
