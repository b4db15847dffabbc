package featureflag

import "math"

// z95 is the 97.5 % quantile of the normal distribution.
const z95 = 1.959963984540054

func (s *sample) variance() float64 {
	if s.count < 2 {
		return 0
	}
	return s.dev / (s.count - 1)
}

func (s *sample) readout(variant string, exposures uint64) VariantReadout {
	r := VariantReadout{Variant: variant, Exposures: exposures, Count: uint64(s.count), Sum: s.mean * s.count, Mean: s.mean}
	r.Interval = Interval{s.mean, s.mean}
	if s.count >= 2 {
		half := z95 * math.Sqrt(s.variance()/s.count)
		r.Interval = Interval{s.mean - half, s.mean + half}
	}
	if exposures > 0 {
		n := float64(exposures)
		r.Rate = min(s.count/n, 1)
		r.RateInterval = wilson(r.Rate, n)
	}
	return r
}

// wilson is Wilson's score interval of a rate seen in n.
func wilson(rate, n float64) Interval {
	z2 := z95 * z95
	center := rate + z2/(2*n)
	half := z95 * math.Sqrt(rate*(1-rate)/n+z2/(4*n*n))
	scale := 1 + z2/n
	return Interval{max(0, (center-half)/scale), min(1, (center+half)/scale)}
}

// compare fills in the differences to the control.
func (r *VariantReadout) compare(control *VariantReadout, own, other *sample) {
	if own != nil && other != nil && own.count >= 2 && other.count >= 2 {
		va, vb := own.variance()/own.count, other.variance()/other.count
		half := 0.0
		if va+vb > 0 {
			freedom := (va + vb) * (va + vb) / (va*va/(own.count-1) + vb*vb/(other.count-1))
			half = studentQuantile(freedom) * math.Sqrt(va+vb)
		}
		r.Difference = difference(r.Mean-control.Mean, Interval{r.Mean - control.Mean - half, r.Mean - control.Mean + half})
	}
	if r.Exposures > 0 && control.Exposures > 0 {
		value := r.Rate - control.Rate
		low := math.Hypot(r.Rate-r.RateInterval.Low, control.RateInterval.High-control.Rate)
		high := math.Hypot(r.RateInterval.High-r.Rate, control.Rate-control.RateInterval.Low)
		r.RateDifference = difference(value, Interval{value - low, value + high})
	}
}

func difference(value float64, in Interval) *Difference {
	return &Difference{Value: value, Interval: in, Significant: in.Low > 0 || in.High < 0}
}

// studentQuantile approximates the 97.5 % quantile of Student's distribution
// by the expansion of Cornish and Fisher in 1/freedom.
func studentQuantile(freedom float64) float64 {
	switch {
	case freedom < 1.5:
		return 12.706204736432095
	case freedom < 2.5:
		return 4.302652729911275
	}
	z := z95
	z3 := z * z * z
	z5 := z3 * z * z
	z7 := z5 * z * z
	return z + (z3+z)/(4*freedom) + (5*z5+16*z3+3*z)/(96*freedom*freedom) +
		(3*z7+19*z5+17*z3-15*z)/(384*freedom*freedom*freedom)
}
