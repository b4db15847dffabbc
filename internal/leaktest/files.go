package leaktest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/goleak"
)

const descriptors = "/proc/self/fd"

// openFiles returns what the process has open, by target, with counts: nil
// where the system does not say.
func openFiles() map[string]int {
	entries, err := os.ReadDir(descriptors)
	if err != nil {
		return nil
	}
	files := make(map[string]int, len(entries))
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(descriptors, e.Name()))
		if err != nil || !counts(target) {
			continue // closed meanwhile: ReadDir's own descriptor
		}
		files[target]++
	}
	return files
}

// counts reports whether a descriptor is a file or socket of the program's:
// the runtime opens its poller, event counters and control group by itself.
func counts(target string) bool {
	if strings.HasPrefix(target, "socket:") || strings.HasPrefix(target, "pipe:") {
		return true
	}
	return strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "/sys/fs/cgroup/") &&
		!strings.HasPrefix(target, "/proc/") && !strings.HasPrefix(target, "/dev/")
}

// leftFiles returns what is open now and was not before. It waits for closes
// that are under way.
func leftFiles(before map[string]int) []string {
	for deadline, wait := time.Now().Add(patience()), time.Millisecond; ; wait = min(2*wait, time.Second) {
		var left []string
		for target, n := range openFiles() {
			if n > before[target] {
				left = append(left, target)
			}
		}
		slices.Sort(left)
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		<-time.After(wait)
	}
}

// leftGoroutines waits for goroutines to end, longer than goleak does by itself:
// some libraries leave one that sleeps for up to a second, and a busy machine
// lets others wait for their turn.
func leftGoroutines(options ...goleak.Option) error {
	for deadline := time.Now().Add(patience()); ; {
		err := goleak.Find(options...)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

func report(before map[string]int) int {
	if err := leftGoroutines(); err != nil {
		fmt.Fprintln(os.Stderr, "leaktest:", err)
		return 1
	}
	if left := leftFiles(before); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "leaktest: files left open:", left)
		return 1
	}
	return 0
}
