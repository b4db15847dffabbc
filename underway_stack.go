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
	// stacksGoroutines is how many may run then: 150 ms are all that is given for it.
	stacksGoroutines = 10_000
	stacksAtOnce     = 16 // requests that one look is for: who reads of more learns nothing new
	stacksMost       = 8 << 20
	stackUsual       = 8 << 10 // of one goroutine
	stackMost        = 16 << 10
)

// stacks returns where the functions of requests are, nil where that is not known.
func (u *underway) stacks(requests []*request) [][]byte {
	out := make([][]byte, len(requests))
	now, running := u.sweeps.Load(), runtime.NumGoroutine()
	if u.dumped != 0 && now-u.dumped < stacksEvery || running > stacksGoroutines {
		return out
	}
	u.dumped = now
	all := make([]byte, min(running*stackUsual, stacksMost))
	all = all[:runtime.Stack(all, true)]
	for i, s := range requests[:min(len(requests), stacksAtOnce)] {
		out[i] = stackOf(all, s)
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
