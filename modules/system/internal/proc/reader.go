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
func (r *Reader) Read(name string) ([]byte, error) {
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only: nothing is lost
	r.buf = r.buf[:0]
	for {
		if len(r.buf) == cap(r.buf) {
			if len(r.buf) >= maxFile {
				return nil, fmt.Errorf("read %s: larger than %d bytes", name, maxFile)
			}
			r.buf = append(r.buf, 0)[:len(r.buf)]
		}
		n, err := f.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+n]
		if errors.Is(err, io.EOF) {
			return r.buf, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
}

// PIDs returns the ids of the processes in no particular order. The slice is
// valid until the next call.
func (r *Reader) PIDs() ([]int, error) {
	entries, err := fs.ReadDir(r.fsys, ".")
	if err != nil {
		return nil, err
	}
	r.pids = r.pids[:0]
	for _, entry := range entries {
		pid, ok := parseUint([]byte(entry.Name()))
		if ok && pid > 0 && pid <= 1<<31-1 {
			r.pids = append(r.pids, int(pid))
		}
	}
	return r.pids, nil
}
