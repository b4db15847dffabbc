package featureflag

import (
	"encoding/json"
	"fmt"
	"slices"
)

// An Explanation is an evaluation with its reasons.
type Explanation struct {
	Key     string    `json:"key"`
	Variant string    `json:"variant,omitempty"`
	Value   Value     `json:"value"`
	Reason  Reason    `json:"reason"`
	Code    ErrorCode `json:"error_code,omitempty"`
	Detail  string    `json:"error_detail,omitempty"`
	// Why is the answer in a sentence.
	Why string `json:"why"`
	// Steps are what was looked at, in order, the last that decided included.
	Steps []Step `json:"steps,omitempty"`
}

// A Step is one thing an evaluation looked at.
type Step struct {
	// Kind is what was looked at: state, killed, prerequisite, schedule, rule,
	// condition, segment, value, split or default.
	Kind string `json:"kind"`
	// Pointer is its place in the flag's definition (RFC 6901).
	Pointer string `json:"pointer,omitempty"`
	// Text is what it says, in words.
	Text string `json:"text"`
	// Outcome is what it came to: "true", "false", a variant, a value as JSON.
	Outcome string `json:"outcome"`
	// Decided marks the step that settled the answer.
	Decided bool `json:"decided,omitempty"`
	// Bucket is where a split or rollout put the caller.
	Bucket *Bucket `json:"bucket,omitempty"`
	// Steps are what it looked at itself.
	Steps []Step `json:"steps,omitempty"`
}

// A Bucket is a place in a split: Bucket of Total, counted from 0.
type Bucket struct {
	Hash   uint32 `json:"hash"`
	Bucket uint64 `json:"bucket"`
	Total  uint64 `json:"total"`
}

// A trace records what an evaluation looks at.
type trace struct {
	set    *Set
	steps  []Step
	size   int
	bucket *Bucket // of the split that runs
}

const maxTrace = 1_000 // steps of an explanation

func (t *trace) add(s Step) {
	if t.size++; t.size <= maxTrace {
		t.steps = append(t.steps, s)
	}
}

// Explain evaluates a flag as [Set.Evaluate] does, and says why it came out as
// it did. It costs much more: it is for people.
func (s *Set) Explain(key string, c *Context) Explanation {
	f, ok := s.Flag(key)
	if !ok {
		answer := s.notFound(key)
		return explanation(&answer, "There is no such flag.", nil)
	}
	e := newEnv(c, f)
	e.trace = &trace{set: s}
	var out outcome
	switch {
	case f.disabled:
		out = f.static()
		e.trace.add(Step{Kind: "state", Pointer: "/state", Text: "the flag is disabled", Outcome: f.served(&out), Decided: true})
	case !f.dynamic:
		out = f.static()
	default:
		out = f.run(&e)
	}
	if !slices.ContainsFunc(e.trace.steps, func(s Step) bool { return s.Decided }) {
		e.trace.add(Step{Kind: "default", Pointer: "/defaultVariant", Text: "nothing else applied", Outcome: f.served(&out), Decided: true})
	}
	answer := f.evaluation(&out)
	return explanation(&answer, f.why(&out, e.trace.steps), e.trace.steps)
}

func explanation(answer *Evaluation, why string, steps []Step) Explanation {
	return Explanation{
		Key: answer.Key, Variant: answer.Variant, Value: answer.Value, Reason: answer.Reason,
		Code: answer.Code, Detail: answer.Detail, Why: why, Steps: steps,
	}
}

// why says in a sentence what decided.
func (f *Flag) why(out *outcome, steps []Step) string {
	serves := "callers use their own default."
	if out.variant >= 0 {
		serves = "it serves " + f.variants[out.variant].Name + "."
	}
	var decided Step
	for _, s := range steps {
		if s.Decided {
			decided = s
		}
	}
	switch {
	case out.failure != nil:
		return "The rules failed: " + serves
	case decided.Kind == "state":
		return "The flag is disabled: " + serves
	case decided.Kind == "killed":
		return "The kill switch is on: " + serves
	case decided.Kind == "prerequisite":
		return "A prerequisite is not met (" + decided.Text + "): " + serves
	case decided.Kind == "schedule":
		return "The schedule decides (" + decided.Text + "): " + serves
	case decided.Kind != "default":
		return "The rules chose: " + serves
	case f.rules:
		return "No rule applied: " + serves
	case f.dynamic:
		return "Nothing stands in the way of the default: " + serves
	}
	return "The flag has no rules: " + serves
}

// explained runs a flag's rules under watch.
func (f *Flag) explained(e *env) outcome {
	program := e.trace.set.traced(f)
	before := len(e.trace.steps)
	out := f.chosen(e, e.eval(&program))
	if last := len(e.trace.steps) - 1; last >= before && (out.cause == causeMatch || out.failure != nil) {
		e.trace.steps[last].Decided = true
	}
	return out
}

// traced compiles a flag's rules so that they can be watched.
func (s *Set) traced(f *Flag) inst {
	n, _ := readJSON([]byte(f.definition))
	evaluators := map[string]*node{}
	for i := range s.segments {
		rule, _ := readJSON(s.segments[i].Definition)
		evaluators[s.segments[i].Name] = &rule
	}
	c := compiler{evaluators: evaluators, trace: true, problem: func(*node, string, string) {}, path: []string{"targeting"}}
	program, _ := c.program(n.member("targeting"))
	return program
}

// watch runs an instruction and records what it came to.
func (e *env) watch(n *inst) datum {
	where, _ := n.x.(*site)
	t := e.trace
	if t == nil || t.size >= maxTrace {
		return e.eval(&n.args[0])
	}
	t.size++
	outer := t.steps
	t.steps, t.bucket = nil, nil
	d := e.eval(&n.args[0])
	step := Step{Kind: where.kind(), Pointer: where.pointer, Text: where.text, Outcome: e.outcome(d), Steps: t.steps}
	if step.Kind == "split" {
		step.Bucket, t.bucket = t.bucket, nil
	}
	t.steps = append(outer, step)
	return d
}

func (s *site) kind() string {
	switch s.name {
	case "$ref":
		return "segment"
	case "fractional":
		return "split"
	case "if", "?:":
		return "rule"
	case "var":
		return "value"
	}
	return "condition"
}

func (e *env) outcome(d datum) string {
	if e.failure != nil {
		return "failed: " + e.failure.detail
	}
	text, err := json.Marshal(e.plain(d))
	if err != nil {
		return fmt.Sprint(e.plain(d))
	}
	const most = 200
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// bucket records where a split puts the caller.
func (e *env) bucket(hash uint32, total uint64) {
	if e.trace != nil {
		e.trace.bucket = &Bucket{Hash: hash, Bucket: uint64(hash) * total >> 32, Total: total}
	}
}
