package featureflag

import "iter"

// An outcome is how an evaluation ended.
type outcome struct {
	variant int32 // index of the variant, -1 for the code default
	cause   cause
	failure *mishap // of an error
}

// A cause is a [Reason], small.
type cause uint8

const (
	causeStatic cause = iota
	causeDefault
	causeMatch
	causeSplit
	causeDisabled
	causeError
)

func (c cause) reason() Reason {
	switch c {
	case causeStatic:
		return ReasonStatic
	case causeDefault:
		return ReasonDefault
	case causeMatch:
		return ReasonTargetingMatch
	case causeSplit:
		return ReasonSplit
	case causeDisabled:
		return ReasonDisabled
	}
	return ReasonError
}

// A mishap is what kept a flag from being evaluated.
type mishap struct {
	code   ErrorCode
	detail string
}

func broken(code ErrorCode, detail string) outcome {
	return outcome{variant: -1, cause: causeError, failure: &mishap{code, detail}}
}

// Evaluate evaluates a flag for c, nil for an anonymous caller. It does not count
// as an exposure: see [Flags.Evaluate]. It is safe for concurrent use.
func (s *Set) Evaluate(key string, c *Context) Evaluation {
	f, ok := s.Flag(key)
	if !ok {
		return s.notFound(key)
	}
	out := f.decide(c)
	return f.evaluation(&out)
}

// EvaluateAll evaluates every flag for c, in the order of their keys, as
// [Set.Evaluate] does.
func (s *Set) EvaluateAll(c *Context) iter.Seq[Evaluation] {
	return func(yield func(Evaluation) bool) {
		for _, f := range s.flags {
			out := f.decide(c)
			if !yield(f.evaluation(&out)) {
				return
			}
		}
	}
}

func (s *Set) notFound(key string) Evaluation {
	return Evaluation{
		Key: key, Reason: ReasonError, Code: CodeFlagNotFound, Detail: "there is no flag " + quote(key), Metadata: s.metadata,
	}
}

func (f *Flag) evaluation(out *outcome) Evaluation {
	answer := Evaluation{Key: f.key, Reason: out.cause.reason(), Metadata: f.metadata}
	if out.failure != nil {
		answer.Code, answer.Detail = out.failure.code, out.failure.detail
	}
	if out.variant >= 0 {
		answer.Variant, answer.Value = f.variants[out.variant].Name, f.variants[out.variant].Value
	}
	return answer
}

// decide evaluates a flag.
func (f *Flag) decide(c *Context) outcome {
	if !f.disabled && f.dynamic {
		e := newEnv(c, f)
		return f.run(&e)
	}
	return f.static()
}

// static is the outcome for everyone.
func (f *Flag) static() outcome {
	if f.disabled {
		return outcome{variant: -1, cause: causeDisabled}
	}
	return f.fallback(causeStatic)
}

// run evaluates a flag that has rules or extensions: those first.
func (f *Flag) run(e *env) outcome {
	if f.ext != nil && f.ext.decides() {
		if out, done := f.extended(e); done {
			return out
		}
	}
	if !f.rules {
		return f.fallback(causeStatic)
	}
	if e.trace != nil {
		return f.explained(e)
	}
	return f.chosen(e, e.eval(&f.program))
}

// fallback serves the default variant.
func (f *Flag) fallback(why cause) outcome {
	if f.dflt < 0 {
		return outcome{variant: -1, cause: causeDefault}
	}
	return outcome{variant: int32(f.dflt), cause: why}
}

// chosen turns what the rules came to into a variant.
func (f *Flag) chosen(e *env, d datum) outcome {
	if e.failure != nil {
		return outcome{variant: -1, cause: causeError, failure: e.failure}
	}
	var name string
	switch d.kind {
	case dataNull:
		return f.fallback(causeDefault)
	case dataString:
		name = d.str
	case dataBool:
		name = "false"
		if d.num != 0 {
			name = "true"
		}
	case dataNumber:
		if d.num-d.num != 0 {
			return broken(CodeParse, "the rule came to a number that JSON does not know")
		}
		name = string(appendNumber(nil, d.num))
	default:
		return broken(CodeGeneral, "the rule came to no name of a variant")
	}
	if i := f.find(name); i >= 0 {
		return outcome{variant: int32(i), cause: causeMatch}
	}
	return broken(CodeGeneral, "the rule chose a variant that does not exist: "+quote(name))
}

// quote shortens what it quotes.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most] + "…"
	}
	return string(appendText(nil, s))
}
