package featureflag

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
)

const (
	maxMetrics = 64  // names that are tracked
	maxTracked = 256 // flags whose experiments are tracked for a metric
)

// experiments hold what was tracked, by metric and flag.
type experiments struct {
	mu      sync.Mutex
	metrics map[string]map[string]map[string]*sample // metric, flag, variant
}

// A sample is what was observed of a metric.
type sample struct {
	count     float64
	mean, dev float64 // dev: sum of squared deviations
}

func (s *sample) add(value float64) {
	s.count++
	delta := value - s.mean
	s.mean += delta / s.count
	s.dev += delta * (value - s.mean)
}

// Track notes a value of a metric for the caller that ctx names. It counts for
// the variant that this caller has of each flag that can serve more than its
// default variant and has been served since it was defined. The first 64 metrics
// are kept, for 256 flags each. Values that are not finite numbers are ignored.
// For a mean over everyone, call it at least once, with 0, for those who do not
// convert; rates are of exposures.
func (f *Flags) Track(ctx context.Context, metric string, value float64) {
	if metric == "" || math.IsNaN(value) || math.IsInf(value, 0) {
		return
	}
	if t, ok := f.resolver.(tracker); ok {
		t.track(ctx, metric, value, FromContext(ctx))
		return
	}
	now, c := f.current.Load(), FromContext(ctx)
	var seen []observation
	for i, flag := range now.set.flags {
		if !flag.dynamic || !now.counts[i].seen() {
			continue
		}
		if out := flag.decide(c); out.variant >= 0 {
			seen = append(seen, observation{flag.key, flag.variants[out.variant].Name})
		}
		if len(seen) == maxTracked {
			break
		}
	}
	f.experiments.mu.Lock()
	defer f.experiments.mu.Unlock()
	if flags := f.experiments.metric(metric); flags != nil {
		for _, o := range seen {
			track(flags, o.flag, o.variant, value)
		}
	}
}

// An observation is that a caller has a variant.
type observation struct{ flag, variant string }

func track(flags map[string]map[string]*sample, key, variant string, value float64) {
	variants := flags[key]
	if variants == nil {
		if len(flags) >= maxTracked {
			return
		}
		variants = map[string]*sample{}
		flags[key] = variants
	}
	if variants[variant] == nil {
		variants[variant] = &sample{}
	}
	variants[variant].add(value)
}

func (c *counts) seen() bool {
	for i := range c.served {
		if c.served[i].Load() > 0 {
			return true
		}
	}
	return false
}

func (e *experiments) metric(name string) map[string]map[string]*sample {
	flags := e.metrics[name]
	if flags == nil {
		if len(e.metrics) >= maxMetrics {
			return nil
		}
		if e.metrics == nil {
			e.metrics = map[string]map[string]map[string]*sample{}
		}
		flags = map[string]map[string]*sample{}
		e.metrics[name] = flags
	}
	return flags
}

// Metrics are the names that were tracked, sorted.
func (f *Flags) Metrics() []string {
	f.experiments.mu.Lock()
	defer f.experiments.mu.Unlock()
	return slices.Sorted(maps.Keys(f.experiments.metrics))
}

// A Readout is how the variants of a flag did on a metric, with 95 % confidence.
type Readout struct {
	Flag   string `json:"flag"`
	Metric string `json:"metric"`
	// Control is the variant that the others are compared with: the default
	// variant, or the first.
	Control  string           `json:"control"`
	Variants []VariantReadout `json:"variants"`
}

// A VariantReadout is how one variant did.
type VariantReadout struct {
	Variant string `json:"variant"`
	// Exposures are how often it was served.
	Exposures uint64 `json:"exposures"`
	// Count is how many values were tracked, Mean their mean and Sum their sum.
	Count uint64  `json:"count"`
	Sum   float64 `json:"sum"`
	// Mean is the mean of the values, within Interval (normal approximation).
	Mean     float64  `json:"mean"`
	Interval Interval `json:"interval"`
	// Rate is Count over Exposures, at most 1, within RateInterval (Wilson).
	Rate         float64  `json:"rate"`
	RateInterval Interval `json:"rate_interval"`
	// Difference is the mean less the control's, within its interval (Welch);
	// RateDifference the same for the rates (Newcombe). Nil for the control and
	// where there is too little to say.
	Difference     *Difference `json:"difference,omitempty"`
	RateDifference *Difference `json:"rate_difference,omitempty"`
}

// An Interval is a confidence interval.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// A Difference is how far a variant is from the control.
type Difference struct {
	Value    float64  `json:"value"`
	Interval Interval `json:"interval"`
	// Significant reports whether the interval leaves out zero.
	Significant bool `json:"significant"`
}

// Experiment reads how the variants of a flag did on a metric since the process
// started. Unknown flags and metrics have no numbers.
func (f *Flags) Experiment(key, metric string) Readout {
	out := Readout{Flag: key, Metric: metric}
	flag, ok := f.Snapshot().Flag(key)
	if !ok {
		return out
	}
	exposures := f.Exposures(key)
	f.experiments.mu.Lock()
	defer f.experiments.mu.Unlock()
	samples := f.experiments.metrics[metric][key]
	control := max(flag.dflt, 0)
	out.Control = flag.variants[control].Name
	for i, v := range flag.variants {
		s := samples[v.Name]
		if s == nil {
			s = &sample{}
		}
		out.Variants = append(out.Variants, s.readout(v.Name, exposures[i+1].Count))
	}
	for i := range out.Variants {
		if i != control {
			out.Variants[i].compare(&out.Variants[control], samples[flag.variants[i].Name], samples[flag.variants[control].Name])
		}
	}
	return out
}
