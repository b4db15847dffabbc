package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// target is the database file. It never opens the file itself: closing any
// descriptor of it would drop the POSIX locks that SQLite holds in this
// process.
type target struct {
	path      string // absolute
	name      string // as the caller wrote it, for messages
	ephemeral bool
	opened    atomic.Pointer[os.FileInfo] // the file as the first connection found it; nil until then
	found     chan struct{}               // closed then
}

// intact reports whether the file is still under its name. Writes into one that
// was removed or replaced would succeed and be lost with the last descriptor.
func (t *target) intact() error {
	if t.ephemeral {
		return nil
	}
	opened := t.opened.Load()
	now, err := os.Stat(t.path)
	if opened == nil {
		if errors.Is(err, fs.ErrNotExist) {
			return failure(storage.ErrUnavailable, err, "database %s was removed before its first use: put it back, or restart", t.name)
		}
		return nil
	}
	if err == nil && os.SameFile(now, *opened) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return failure(storage.ErrUnavailable, err, "database %s was removed or replaced while it was open: put it back, or restart", t.name)
}

// await connects, or waits until somebody else has connected: no longer, for the
// one connection for writes may then be in a transaction that is about to read.
func (t *target) await(ctx context.Context, connect func(context.Context) error) error {
	if t.opened.Load() != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var err error
	done := make(chan struct{})
	go func() { defer close(done); err = connect(ctx) }()
	select {
	case <-done:
		return err
	case <-t.found:
		cancel()
		<-done
		return nil
	}
}

// note remembers the file that the first connection has opened.
func (t *target) note() error {
	if t.opened.Load() != nil {
		return nil
	}
	info, err := os.Stat(t.path)
	if err != nil {
		return t.explain(err)
	}
	if t.opened.CompareAndSwap(nil, &info) {
		close(t.found)
	}
	return nil
}

func newTarget(path, name string, ephemeral bool) (*target, error) {
	switch {
	case path == "":
		return nil, failure(storage.ErrUnavailable, nil, "cannot open a database without a path")
	case strings.HasPrefix(path, "file:") || strings.ContainsRune(path, 0):
		return nil, failure(storage.ErrUnavailable, nil, "cannot open database %q: give a plain path, not a URI", path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, failure(storage.ErrUnavailable, err, "cannot open database %s: no current folder", path)
	}
	if ephemeral {
		name = ":memory:"
	}
	return &target{path: abs, name: name, ephemeral: ephemeral, found: make(chan struct{})}, nil
}

// dsn returns the SQLite URI of the file, which must exist.
func (t *target) dsn() string {
	p := filepath.ToSlash(t.path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // a Windows drive
	}
	return (&url.URL{Scheme: "file", Path: p, RawQuery: "mode=rw"}).String()
}

// create makes an empty file, readable by its owner only, unless there is
// one. The file appears under its name complete and closed, so that another
// Open of this process cannot lose its locks.
func (t *target) create() (err error) {
	info, err := os.Stat(t.path)
	switch {
	case err == nil && info.IsDir():
		return failure(storage.ErrUnavailable, nil, "cannot open database %s: it is a folder", t.name)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return t.explain(err)
	}
	f, err := os.CreateTemp(filepath.Dir(t.path), ".database-*")
	if err != nil {
		return t.explain(err)
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	if err := f.Close(); err != nil {
		return t.explain(err)
	}
	if err := os.Link(f.Name(), t.path); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	// A file system without hard links.
	direct, err := os.OpenFile(t.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return t.explain(err)
	}
	return direct.Close()
}

// explain turns a failure to reach the file into one line.
func (t *target) explain(cause error) error {
	dir := filepath.Dir(t.path)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return failure(storage.ErrUnavailable, cause, "cannot open database %s: folder %s does not exist", t.name, dir)
	case err == nil && !info.IsDir() || errors.Is(err, syscall.ENOTDIR):
		return failure(storage.ErrUnavailable, cause, "cannot open database %s: %s is not a folder", t.name, dir)
	case err != nil:
		return failure(storage.ErrUnavailable, cause, "cannot open database %s: folder %s cannot be read", t.name, dir)
	}
	if err := probe(dir); err != nil {
		return folderError(dir, err)
	}
	return failure(storage.ErrUnavailable, cause, "cannot open database %s: check that this process may read and write it", t.name)
}

// probe reports whether a file can be made in dir.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".database-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// folderError explains why no file can be made in dir.
func folderError(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return failure(storage.ErrReadOnly, err, "folder %s is read-only: SQLite writes files beside the database", dir)
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return failure(storage.ErrFull, err, "the disk of folder %s is full", dir)
	}
	return failure(storage.ErrUnavailable, err, "no file can be made in folder %s", dir)
}

func failure(code, cause error, format string, args ...any) error {
	return &storage.Error{Code: code, Detail: fmt.Sprintf(format, args...), Err: cause}
}

// gauge counts open connections.
type gauge struct {
	mu    sync.Mutex
	n     int
	empty chan struct{} // closed when n falls to 0, if somebody waits
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n += n
	if g.n == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

// wait returns when no connection is open, or an error after d.
func (g *gauge) wait(d time.Duration) error {
	g.mu.Lock()
	if g.n == 0 {
		g.mu.Unlock()
		return nil
	}
	if g.empty == nil {
		g.empty = make(chan struct{})
	}
	empty := g.empty
	g.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-empty:
		return nil
	case <-timer.C:
		g.mu.Lock()
		defer g.mu.Unlock()
		return fmt.Errorf("close database: %d connections are still in use after %s", g.n, d)
	}
}
