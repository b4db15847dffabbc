package featureflag

import (
	"encoding/json"
	"fmt"
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
	// condition, segment, split or default.
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
	steps []Step
	size  int
}

const maxTrace = 1_000 // steps of an explanation

// Explain evaluates a flag as [Set.Evaluate] does, and says why it came out as
// it did. It costs much more: it is for people.
func (s *Set) Explain(key string, c *Context) Explanation {
	f, ok := s.index[key]
	if !ok {
		answer := s.notFound(key)
		return explanation(&answer, "There is no such flag.", nil)
	}
	return s.explain(f, c)
}

func explanation(answer *Evaluation, why string, steps []Step) Explanation {
	return Explanation{
		Key: answer.Key, Variant: answer.Variant, Value: answer.Value, Reason: answer.Reason,
		Code: answer.Code, Detail: answer.Detail, Why: why, Steps: steps,
	}
}

func (s *Set) explain(f *Flag, c *Context) Explanation {
	if f.disabled {
		answer := f.evaluation(&outcome{variant: -1, reason: ReasonDisabled})
		return explanation(&answer, "The flag is disabled: callers use their own default.",
			[]Step{{Kind: "state", Pointer: "/state", Text: "state", Outcome: "DISABLED", Decided: true}})
	}
	if !f.dynamic {
		out := f.fallback(ReasonStatic)
		answer := f.evaluation(&out)
		return explanation(&answer, "The flag has no rules: it serves its default variant.", nil)
	}
	e := newEnv(c, f.key)
	e.trace = &trace{}
	program := s.traced(f)
	out := f.chosen(&e, e.eval(&program))
	answer := f.evaluation(&out)
	why := "The rules chose the variant."
	switch {
	case out.code != "":
		why = "The rules failed: callers use their own default."
	case out.reason == ReasonDefault && out.variant < 0:
		why = "No rule applied and there is no default variant: callers use their own default."
	case out.reason == ReasonDefault:
		why = "No rule applied: the default variant."
	}
	return explanation(&answer, why, e.trace.steps)
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
	t.steps = nil
	d := e.eval(&n.args[0])
	step := Step{Kind: where.kind(), Pointer: where.pointer, Text: where.text, Outcome: e.outcome(d), Steps: t.steps}
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
	}
	return "condition"
}

func (e *env) outcome(d datum) string {
	if e.code != "" {
		return "failed: " + e.detail
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

func (e *env) bucket(uint32, uint64) {}

// describe says an operation in words.
func describe(n *node) string {
	text := canonicalText(n)
	const most = 200
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
