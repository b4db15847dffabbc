//go:build unix

package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// read appends the text of a file to buf.
func (d Dir) read(name string, buf []byte) ([]byte, error) {
	if !fs.ValidPath(name) {
		return buf, fmt.Errorf("read %s: %w", name, fs.ErrInvalid)
	}
	fd, err := retry(func() (int, error) { return syscall.Open(string(d)+"/"+name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0) })
	if err != nil {
		return buf, fmt.Errorf("open %s: %w", name, err)
	}
	defer syscall.Close(fd) //nolint:errcheck // read only: nothing is lost
	for {
		if buf, err = room(name, buf); err != nil {
			return buf, err
		}
		n, err := retry(func() (int, error) { return syscall.Read(fd, buf[len(buf):cap(buf)]) })
		if err != nil {
			return buf, fmt.Errorf("read %s: %w", name, err)
		}
		if n == 0 {
			return buf, nil
		}
		buf = buf[:len(buf)+n]
	}
}

// retry calls again what a signal has interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
