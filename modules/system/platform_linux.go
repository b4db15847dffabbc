package system

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/modular-dashboard/dashboard/modules/system/internal/proc"
)

func platformProc() fs.FS { return proc.Dir("/proc") }

func platformCgroup() fs.FS { return proc.Dir("/sys/fs/cgroup") }

// statfs asks for the size of the file system mounted at a folder. A container
// also has single files mounted; they are no disks.
func statfs(mount string) (usage, error) {
	info, err := os.Stat(mount)
	if err != nil {
		return usage{}, err
	}
	if !info.IsDir() {
		return usage{}, fmt.Errorf("statfs %s: not a folder", mount)
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(mount, &s); err != nil {
		return usage{}, fmt.Errorf("statfs %s: %w", mount, err)
	}
	block := uint64(s.Frsize)
	return usage{total: s.Blocks * block, free: s.Bfree * block, available: s.Bavail * block}, nil
}
