package registry

// Kill ends a registry as a crash of its process would: nothing is disabled,
// recorded or released.
func Kill(r *Registry) {
	r.cancelHard()
	r.workers.Wait()
	r.loops.Wait()
	r.watchers.close()
}
