package featureflag

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// A File is flags that follow a file of definitions. Make one with [Open].
type File struct {
	flags  *Flags
	path   string
	config *fileConfig
	stop   chan struct{}
	once   sync.Once
	done   sync.WaitGroup

	mark   mark // what the file looked like when it was last read
	young  bool // it had just changed then: it may change again and look the same
	sum    [sha256.Size]byte
	failed bool
}

// tick is how coarse the times of file systems may be.
const tick = 2 * time.Second

// A mark is what tells that a file changed.
type mark struct {
	size    int64
	changed time.Time
	err     bool
}

// Open reads definitions from a file and follows it: a file that changes is
// read again, by default within a second. When it cannot be read or parsed the
// last good set stays in use; the error is logged, and [WithErrorHandler] hears of
// it. A file that is bad when it is opened is an error.
func Open(path string, opts ...Option) (*File, error) {
	c, err := newFileConfig(opts)
	if err != nil {
		return nil, err
	}
	f := &File{flags: New(), path: path, config: c, stop: make(chan struct{})}
	f.mark = look(path)
	f.young = f.mark.young()
	if err := f.load(); err != nil {
		return nil, fmt.Errorf("open flags: %w", err)
	}
	f.done.Go(f.follow)
	return f, nil
}

// Flags are the flags of the file.
func (f *File) Flags() *Flags { return f.flags }

// Close ends following the file and waits for it to end. The flags stay as they
// are. Closing twice is fine.
func (f *File) Close() error {
	f.once.Do(func() { close(f.stop) })
	f.done.Wait()
	return nil
}

func (f *File) follow() {
	ticker := time.NewTicker(f.config.poll)
	defer ticker.Stop()
	for {
		select {
		case <-f.stop:
			return
		case <-ticker.C:
			f.check()
		}
	}
}

// check reads the file again when it does not look as it did.
func (f *File) check() {
	now := look(f.path)
	if now == f.mark && !f.young {
		return
	}
	sum := f.sum
	err := f.load()
	again := now == f.mark && f.sum == sum
	f.mark, f.young = now, now.young()
	if again || err == nil && !f.failed {
		return
	}
	if f.failed = err != nil; !f.failed {
		f.flags.Report(SourceReady, nil)
	} else {
		f.flags.Report(SourceStale, err)
		f.config.log.Error("cannot reload flags; the last good ones stay", slog.String("path", f.path), slog.Any("error", err))
	}
	f.config.onError(err)
}

func (f *File) load() error {
	text, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	f.sum = sha256.Sum256(text)
	set, err := Parse(text)
	if err != nil {
		return err
	}
	if set.Hash() != f.flags.Snapshot().Hash() {
		f.flags.Replace(set)
	}
	return nil
}

// young reports whether a file changed so shortly ago that it may change again
// and look the same.
func (m mark) young() bool { return !m.err && time.Since(m.changed) < tick }

func look(path string) mark {
	info, err := os.Stat(path)
	if err != nil {
		return mark{err: true}
	}
	if info.IsDir() {
		return mark{err: true}
	}
	return mark{size: info.Size(), changed: info.ModTime()}
}
