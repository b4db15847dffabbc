package featureflag

import (
	"maps"
	"strconv"
	"time"
)

const (
	targetingKey   = "targetingKey"
	flagdMember    = "$flagd"
	flagdKey       = "flagKey"
	flagdTimestamp = "timestamp"

	maxSteps     = 100_000 // of one evaluation
	bytesPerStep = 64      // of text that is searched or built
)

// An env is one evaluation under way. It lives on the stack.
type env struct {
	ctx    *Context
	flag   *Flag
	data   datum // what variables are looked up in: the innermost
	frames []datum
	steps  int
	now    int64 // seconds since the epoch, 0 until somebody asks

	failure *mishap // set when it failed
	trace   *trace  // nil when nobody watches
}

// nobody is who asks without a context.
func nobody() *Context { return &Context{} }

func newEnv(c *Context, f *Flag) env {
	if c == nil {
		c = nobody()
	}
	return env{ctx: c, flag: f, data: datum{kind: dataRoot}, steps: maxSteps}
}

// fail ends the evaluation; the first failure counts.
func (e *env) fail(code ErrorCode, detail string) datum {
	if e.failure == nil {
		e.failure, e.steps = &mishap{code, detail}, -1
	}
	return datum{}
}

// charge takes steps from the budget and reports whether it lasts.
func (e *env) charge(n int) bool {
	if e.steps -= n; e.steps >= 0 {
		return true
	}
	e.fail(CodeGeneral, "the rule takes more than "+strconv.Itoa(maxSteps)+" steps")
	return false
}

// afford charges for reading a text, unless it is short.
func (e *env) afford(text string) bool {
	return len(text) <= bytesPerStep || e.charge(len(text)/bytesPerStep)
}

func (e *env) seconds() int64 {
	if e.now == 0 {
		e.now = time.Now().Unix()
	}
	return e.now
}

// root is an attribute of the evaluation context.
func (e *env) root(name string) datum {
	switch name {
	case flagdMember:
		return datum{kind: dataFlagd}
	case targetingKey:
		if e.ctx.TargetingKey != "" {
			return stringDatum(e.ctx.TargetingKey)
		}
	}
	v, ok := e.ctx.Attributes[name]
	if !ok {
		return datum{}
	}
	return fromAny(v)
}

// child is a member of an object or an element of a list, null if there is
// none.
func (e *env) child(d datum, name string) datum {
	switch d.kind {
	case dataRoot:
		return e.root(name)
	case dataMap:
		object, _ := d.ref.(map[string]any)
		return fromAny(object[name])
	case dataFlagd:
		switch name {
		case flagdKey:
			return stringDatum(e.flag.key)
		case flagdTimestamp:
			return numberDatum(float64(e.seconds()))
		}
	case dataList:
		position, _ := stringDatum(name).arithmetic()
		if position > -1 && position < float64(d.size()) {
			return d.at(int(position))
		}
	}
	return datum{}
}

// walk follows a path.
func (e *env) walk(d datum, path []string) datum {
	for _, part := range path {
		if d.isNull() {
			return d
		}
		d = e.child(d, part)
	}
	return d
}

// plain turns a datum into what encoding/json would decode, the context too.
func (e *env) plain(d datum) any {
	switch d.kind {
	case dataRoot:
		e.charge(len(e.ctx.Attributes))
		all := make(map[string]any, len(e.ctx.Attributes)+2)
		maps.Copy(all, e.ctx.Attributes)
		if e.ctx.TargetingKey != "" {
			all[targetingKey] = e.ctx.TargetingKey
		}
		all[flagdMember] = e.plain(datum{kind: dataFlagd})
		return all
	case dataFlagd:
		return map[string]any{flagdKey: e.flag.key, flagdTimestamp: float64(e.seconds())}
	}
	return d.plain()
}

// lookup reads a variable.
func (e *env) lookup(v *variable) datum {
	if len(v.frames) == 0 {
		return e.resolve(v, v.path)
	}
	inner := e.data
	for _, f := range v.frames {
		e.data = e.frames[f]
		d := e.resolve(v, v.path)
		e.data = inner
		if !d.isNull() {
			return d
		}
	}
	return e.resolve(v, v.path)
}

func (e *env) resolve(v *variable, path []string) datum {
	if v.null {
		if e.data.isPrimitive() {
			return e.data
		}
		return datum{}
	}
	if d := e.walk(e.data, path); !d.isNull() || v.dflt == nil {
		return d
	}
	return e.eval(v.dflt)
}

// lookupOf reads a variable whose path a rule computes.
func (e *env) lookupOf(n *inst, v *variable) datum {
	inner := e.data
	for _, f := range v.frames {
		e.data = e.frames[f]
		d := e.resolveOf(n, v)
		e.data = inner
		if !d.isNull() {
			return d
		}
	}
	return e.resolveOf(n, v)
}

func (e *env) resolveOf(n *inst, v *variable) datum {
	path := e.eval(&n.args[0])
	if n.whole {
		return e.lookupDatum(path)
	}
	if !path.isString() && !path.isNumber() {
		return e.fail(CodeParse, `"var" was given no name`)
	}
	if d := e.lookupDatum(path); !d.isNull() || v.dflt == nil {
		return d
	}
	return e.eval(v.dflt)
}

// lookupDatum reads a variable that a value names: a path, or a list of a path
// and a default.
func (e *env) lookupDatum(path datum) datum {
	var dflt datum
	switch path.kind {
	case dataNull:
		return e.resolve(&variable{null: true}, nil)
	case dataList:
		if path.size() == 0 {
			return e.data
		}
		if path.size() == 2 {
			dflt = path.at(1)
		}
		if path = path.at(0); path.kind != dataString && path.kind != dataNumber {
			return e.fail(CodeParse, `"var" was given no name`)
		}
	case dataString, dataNumber:
	default:
		return e.fail(CodeParse, `"var" was given no name`)
	}
	name, _ := path.text()
	if !e.charge(1 + len(name)/bytesPerStep) {
		return datum{}
	}
	if d := e.walk(e.data, splitPath(name)); !d.isNull() {
		return d
	}
	return dflt
}

// text converts for operators that build strings.
func (e *env) text(d datum) string {
	text, ok := d.text()
	if !ok {
		e.fail(CodeParse, "a string was wanted")
	}
	return text
}

// number converts for operators that compute.
func (e *env) number(d datum) float64 {
	num, ok := d.arithmetic()
	if !ok {
		e.fail(CodeParse, "a number was wanted")
	}
	return num
}
