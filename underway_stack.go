package dashboard

import (
	"bytes"
	"fmt"
	"runtime"
)

const (
	// stacksEvery is the least number of sweeps between two looks for stacks: for
	// each the program stands still, 15 us or so for each of its goroutines.
	stacksEvery = 10
	stacksFirst = 1 << 20
	stacksMost  = 8 << 20
	stackMost   = 16 << 10 // of one goroutine
)

// stacks returns where the functions of requests are, nil where that is not known.
func (u *underway) stacks(requests []*request) [][]byte {
	out := make([][]byte, len(requests))
	if now := u.sweeps.Load(); u.dumped == 0 || now-u.dumped >= stacksEvery {
		u.dumped = now
		for size := stacksFirst; size <= stacksMost; size *= 8 {
			all := make([]byte, size)
			all = all[:runtime.Stack(all, true)]
			found := 0
			for i, s := range requests {
				if out[i] = stackOf(all, s); out[i] != nil {
					found++
				}
			}
			if found == len(requests) || len(all) < size {
				break
			}
		}
	}
	return out
}

// calling is how the stack of a goroutine shows that it is inside of
// [Dashboard.callTimed]: what follows is the arguments.
var calling = ourPackage + ".(*Dashboard).callTimed("

// stackOf finds the goroutine that answers a request in a list of all. A goroutine
// has no name that others could know, and giving it one would cost each request
// something: it is known by a frame one of whose arguments is the request.
func stackOf(all []byte, s *request) []byte {
	argument := fmt.Appendf(nil, ", %p", s)
	for stack := range bytes.SplitSeq(all, []byte("\n\n")) {
		_, frame, ok := bytes.Cut(stack, []byte(calling))
		for ok {
			line, rest, _ := bytes.Cut(frame, []byte("\n"))
			// A question mark says that the value may be an old one.
			if _, after, ok := bytes.Cut(line, argument); ok && (bytes.HasPrefix(after, []byte(",")) || bytes.HasPrefix(after, []byte("?"))) {
				return bytes.Clone(stack[:min(len(stack), stackMost)])
			}
			_, frame, ok = bytes.Cut(rest, []byte(calling))
		}
	}
	return nil
}
