package system

import (
	"math"
	"runtime"
	"runtime/metrics"
	"time"
)

// Names of what is read of the Go runtime; see runtime/metrics.
const (
	goGoroutines = iota
	goHeap
	goHeapGoal
	goTotal
	goReleased
	goAllocated
	goCycles
	goGCTime
	goCPUTime
	goIdleTime
	goLatencies
	goMetrics
)

// runtimeReader reads this process's Go runtime. It keeps the last counters.
type runtimeReader struct {
	samples   []metrics.Sample
	known     bool // the counters below are of a sample before
	allocated uint64
	gcTime    float64
	cpuTime   float64
	latencies []uint64
	between   []uint64
}

func newRuntimeReader() *runtimeReader {
	names := [goMetrics]string{
		goGoroutines: "/sched/goroutines:goroutines",
		goHeap:       "/memory/classes/heap/objects:bytes",
		goHeapGoal:   "/gc/heap/goal:bytes",
		goTotal:      "/memory/classes/total:bytes",
		goReleased:   "/memory/classes/heap/released:bytes",
		goAllocated:  "/gc/heap/allocs:bytes",
		goCycles:     "/gc/cycles/total:gc-cycles",
		goGCTime:     "/cpu/classes/gc/total:cpu-seconds",
		goCPUTime:    "/cpu/classes/total:cpu-seconds",
		goIdleTime:   "/cpu/classes/idle:cpu-seconds",
		goLatencies:  "/sched/latencies:seconds",
	}
	r := &runtimeReader{samples: make([]metrics.Sample, goMetrics)}
	for i, name := range names {
		r.samples[i].Name = name
	}
	return r
}

func (r *runtimeReader) forget() { r.known = false }

// read measures. Rates are zero at the first reading and where no time passed.
func (r *runtimeReader) read(elapsed time.Duration) Runtime {
	metrics.Read(r.samples)
	out := Runtime{
		Version: runtime.Version(), MaxProcs: runtime.GOMAXPROCS(0),
		Goroutines: r.uint(goGoroutines), HeapBytes: r.uint(goHeap), HeapGoal: r.uint(goHeapGoal),
		TotalBytes: since(r.uint(goReleased), r.uint(goTotal)), GCCycles: r.uint(goCycles),
	}
	allocated, gc := r.uint(goAllocated), r.float(goGCTime)
	busy := r.float(goCPUTime) - r.float(goIdleTime)
	if r.known && elapsed > 0 {
		out.AllocRate = rate(r.allocated, allocated, elapsed)
		// The runtime brings these two up to date at each collection only.
		if spent := busy - r.cpuTime; spent > 0 {
			out.GCPercent = min(max(100*(gc-r.gcTime)/spent, 0), 100)
		}
	}
	r.allocated, r.gcTime, r.cpuTime = allocated, gc, busy
	out.LatencyP50, out.LatencyP99 = r.latency()
	r.known = true
	return out
}

// latency is the median and the 99th percentile of how long goroutines that
// could run waited since the sample before.
func (r *runtimeReader) latency() (p50, p99 float64) {
	if r.samples[goLatencies].Value.Kind() != metrics.KindFloat64Histogram {
		return 0, 0
	}
	h := r.samples[goLatencies].Value.Float64Histogram()
	if len(r.latencies) != len(h.Counts) {
		r.latencies = make([]uint64, len(h.Counts))
		r.between = make([]uint64, len(h.Counts))
	}
	for i, n := range h.Counts {
		r.between[i] = since(r.latencies[i], n)
		r.latencies[i] = n
	}
	if !r.known {
		return 0, 0
	}
	return quantile(h.Buckets, r.between, 0.5), quantile(h.Buckets, r.between, 0.99)
}

// quantile is the upper bound of the bucket that the quantile falls into, zero
// where nothing was counted.
func quantile(bounds []float64, counts []uint64, q float64) float64 {
	total := uint64(0)
	for _, n := range counts {
		total += n
	}
	if total == 0 {
		return 0
	}
	rank := uint64(math.Ceil(q * float64(total)))
	for i, n := range counts {
		if n >= rank {
			upper := bounds[i+1]
			if math.IsInf(upper, 1) {
				upper = bounds[i]
			}
			return max(upper, 0)
		}
		rank -= n
	}
	return 0
}

func (r *runtimeReader) uint(i int) uint64 {
	if r.samples[i].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return r.samples[i].Value.Uint64()
}

func (r *runtimeReader) float(i int) float64 {
	if r.samples[i].Value.Kind() != metrics.KindFloat64 {
		return 0
	}
	return r.samples[i].Value.Float64()
}
