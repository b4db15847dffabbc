package proc

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// maxFile bounds what is read of one file. The largest, /proc/stat on a machine
// with thousands of interrupts, stays far below it.
const maxFile = 4 << 20

// Reader reads whole files of a file system into one buffer that it keeps. It is
// not safe for use by several goroutines at once.
type Reader struct {
	fsys fs.FS
	buf  []byte
	pids []int
}

// NewReader returns a Reader of fsys, which is rooted at /proc or at the cgroup
// tree.
func NewReader(fsys fs.FS) *Reader {
	return &Reader{fsys: fsys, buf: make([]byte, 0, 16<<10)}
}

// Read returns the text of a file. It is valid until the next call. A file
// larger than 4 MiB is an error.
func (r *Reader) Read(name string) (text []byte, err error) {
	if d, ok := r.fsys.(Dir); ok {
		r.buf, err = d.read(name, r.buf[:0])
	} else {
		r.buf, err = readFrom(r.fsys, name, r.buf[:0])
	}
	if err != nil {
		return nil, err
	}
	return r.buf, nil
}

func readFrom(fsys fs.FS, name string, buf []byte) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return buf, err
	}
	defer f.Close() //nolint:errcheck // read only: nothing is lost
	for {
		if buf, err = room(name, buf); err != nil {
			return buf, err
		}
		n, err := f.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return buf, fmt.Errorf("read %s: %w", name, err)
		}
	}
}

// room makes some where the buffer is full.
func room(name string, buf []byte) ([]byte, error) {
	if len(buf) < cap(buf) {
		return buf, nil
	}
	if len(buf) >= maxFile {
		return buf, fmt.Errorf("read %s: larger than %d bytes", name, maxFile)
	}
	return append(buf, 0)[:len(buf)], nil
}

// PIDs returns the ids of the processes in no particular order. The slice is
// valid until the next call.
func (r *Reader) PIDs() ([]int, error) {
	names, err := r.names()
	if err != nil {
		return nil, err
	}
	r.pids = r.pids[:0]
	for _, name := range names {
		pid, ok := parseUint([]byte(name))
		if ok && pid > 0 && pid <= 1<<31-1 {
			r.pids = append(r.pids, int(pid))
		}
	}
	return r.pids, nil
}

func (r *Reader) names() ([]string, error) {
	if d, ok := r.fsys.(Dir); ok {
		return d.names(".")
	}
	entries, err := fs.ReadDir(r.fsys, ".")
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names, err
}
