package proc

import (
	"io/fs"
	"os"
	"path/filepath"
)

// A Dir is a folder of the kernel's files, such as /proc, as an [fs.FS]. It does
// what [os.DirFS] does, and lets a [Reader] read without the preparations that
// package os makes for files that may block: for a machine with hundreds of
// processes they are most of the work.
type Dir string

// Open opens a file.
func (d Dir) Open(name string) (fs.File, error) { return os.DirFS(string(d)).Open(name) }

// names lists a folder in no particular order.
func (d Dir) names(name string) ([]string, error) {
	f, err := os.Open(filepath.Join(string(d), name))
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only: nothing is lost
	return f.Readdirnames(-1)
}
