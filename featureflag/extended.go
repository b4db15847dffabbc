package featureflag

import (
	"strconv"
	"time"
)

// extended applies what a flag's extensions say; done is false when the flag is
// evaluated as usual.
func (f *Flag) extended(e *env) (out outcome, done bool) {
	if f.ext.Killed {
		out = f.fallback(causeStatic)
		if f.ext.killed >= 0 {
			out = outcome{variant: int32(f.ext.killed), cause: causeStatic}
		}
		if e.trace != nil {
			e.trace.add(Step{Kind: "killed", Pointer: "/metadata/killed", Text: "the kill switch is on", Outcome: f.served(&out), Decided: true})
		}
		return out, true
	}
	for i := range f.ext.prerequisites {
		if !f.prerequisite(e, i) {
			return f.fallback(causeDefault), true
		}
	}
	return f.scheduled(e)
}

// prerequisite reports whether another flag serves what this one needs.
func (f *Flag) prerequisite(e *env, i int) bool {
	need := &f.ext.prerequisites[i]
	other := newEnv(e.ctx, need.flag)
	other.steps, other.now = e.steps, e.now
	if e.trace != nil {
		other.trace = &trace{set: e.trace.set, size: e.trace.size}
	}
	var out outcome
	if need.flag.disabled || !need.flag.dynamic {
		out = need.flag.static()
	} else {
		out = need.flag.run(&other)
	}
	e.now, e.steps = other.now, max(other.steps, 0)
	met := int(out.variant) == need.variant
	if e.trace != nil {
		want := f.ext.Prerequisites[i]
		e.trace.size = other.trace.size
		e.trace.add(Step{
			Kind: "prerequisite", Pointer: "/metadata/prerequisites", Text: want.Flag + " must serve " + want.Variant,
			Outcome: need.flag.served(&out), Decided: !met, Steps: other.trace.steps,
		})
	}
	return met
}

// scheduled applies the entry of the schedule that holds now.
func (f *Flag) scheduled(e *env) (out outcome, done bool) {
	if len(f.ext.schedule) == 0 {
		return out, false
	}
	now, at := e.seconds(), -1
	for i := range f.ext.schedule {
		if f.ext.schedule[i].at <= now {
			at = i
		}
	}
	if at < 0 {
		if !f.ext.schedule[0].opens {
			e.scheduleStep(f, at, "has not begun", false, nil)
			return out, false
		}
		out = f.fallback(causeDefault)
		e.scheduleStep(f, at, "not yet open: "+f.served(&out), true, nil)
		return out, true
	}
	entry := &f.ext.schedule[at]
	if entry.plain {
		e.scheduleStep(f, at, "on", false, nil)
		return out, false
	}
	in, bucket := f.share(e, entry.share)
	if e.failure != nil {
		return outcome{variant: -1, cause: causeError, failure: e.failure}, true
	}
	switch {
	case entry.variant >= 0 && in:
		out = outcome{variant: int32(entry.variant), cause: causeSplit}
		if entry.share == maxShare {
			out.cause = causeMatch
		}
	case entry.variant >= 0 || in:
		e.scheduleStep(f, at, inOrOut(in), false, bucket)
		return out, false
	case entry.share == 0:
		out = f.fallback(causeDefault)
	default:
		out = f.fallback(causeSplit)
	}
	e.scheduleStep(f, at, inOrOut(in)+": "+f.served(&out), true, bucket)
	return out, true
}

func inOrOut(in bool) string {
	if in {
		return "in"
	}
	return "out"
}

// share reports whether the caller is in a share of maxShare. The place of a
// targeting key depends on the flag, and is another than in its splits.
func (f *Flag) share(e *env, share uint64) (in bool, bucket *Bucket) {
	if share == maxShare || share == 0 {
		return share > 0, nil
	}
	target := e.root(targetingKey)
	if target.kind != dataString || target.str == "" || !e.afford(target.str) {
		return false, nil
	}
	var m murmur
	m.write("schedule/")
	m.write(f.key)
	m.write("/")
	m.write(target.str)
	hash := m.sum()
	place := uint64(hash) * maxShare >> 32
	if e.trace != nil {
		bucket = &Bucket{Hash: hash, Bucket: place, Total: maxShare}
	}
	return place < share, bucket
}

func (e *env) scheduleStep(f *Flag, at int, outcome string, decided bool, bucket *Bucket) {
	if e.trace == nil {
		return
	}
	step := Step{Kind: "schedule", Pointer: "/metadata/schedule", Text: "the schedule", Outcome: outcome, Decided: decided, Bucket: bucket}
	if at >= 0 {
		entry := f.ext.Schedule[at]
		step.Text = "since " + entry.At.UTC().Format(time.RFC3339) + ": "
		switch {
		case entry.State != "":
			step.Text += entry.State
		case entry.HasPercent && entry.Variant != "":
			step.Text += entry.Variant + " for " + percent(entry.Percent)
		case entry.HasPercent:
			step.Text += "open to " + percent(entry.Percent)
		default:
			step.Text += entry.Variant + " for everyone"
		}
	}
	e.trace.add(step)
}

func percent(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) + " %" }

// served names what an outcome serves, for people.
func (f *Flag) served(out *outcome) string {
	if out.variant < 0 {
		return "the code default"
	}
	return f.variants[out.variant].Name
}
