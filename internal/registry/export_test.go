package registry

// Kill ends a registry as a crash of its process would: nothing is disabled,
// recorded or released.
func Kill(r *Registry) {
	r.cancelHard()
	r.workers.Wait()
	r.loops.Wait()
	r.watchers.close()
}

// Die is the moment of the crash: from now on nothing is written. It may be
// called from a hook or at a point; Kill must follow.
func Die(r *Registry) { r.cancelHard() }
