// Command aiwork is the processes that area ai compares: an upstream with canned
// answers, clients of it, gateways before it, and a gateway's own work.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime"
	"syscall"
	"time"
)

// figures are what a client prints: of its own process, for each unit of work.
type figures struct {
	CPU    float64 `json:"cpu"`  // us
	Wall   float64 `json:"wall"` // us
	Allocs float64 `json:"allocs"`
}

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: aiwork upstream|gateway|client|own …")
	}
	var err error
	switch os.Args[1] {
	case "upstream":
		err = upstream(os.Args[2])
	case "gateway":
		err = gateway(os.Args[2:])
	case "client":
		err = client(os.Args[2:])
	case "own":
		err = own(os.Args[2])
	default:
		err = fmt.Errorf("no command %q", os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

// Whose CPU time counts: the process's, or that of the thread that works, without
// what others write meanwhile.
const (
	process = syscall.RUSAGE_SELF
	thread  = 1 // RUSAGE_THREAD of Linux
)

// measure does the work, which returns how many units it was, until it has been
// done for long enough.
func measure(whose int, work func() (int, error)) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const long = 250 * time.Millisecond
	for range 3 {
		if _, err := work(); err != nil { // connections and caches are there
			return err
		}
	}
	runtime.GC()
	var before, after runtime.MemStats
	var from, to syscall.Rusage
	runtime.ReadMemStats(&before)
	if err := syscall.Getrusage(whose, &from); err != nil {
		return err
	}
	began, units := time.Now(), 0
	for time.Since(began) < long {
		n, err := work()
		if err != nil {
			return err
		}
		units += n
	}
	took := time.Since(began)
	if err := syscall.Getrusage(whose, &to); err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	n := float64(units)
	return json.NewEncoder(os.Stdout).Encode(figures{
		CPU:    float64(used(&to)-used(&from)) / n,
		Wall:   float64(took.Microseconds()) / n,
		Allocs: float64(after.Mallocs-before.Mallocs) / n,
	})
}

// used is CPU time in microseconds.
func used(r *syscall.Rusage) int64 {
	return (r.Utime.Sec+r.Stime.Sec)*1e6 + r.Utime.Usec + r.Stime.Usec
}
