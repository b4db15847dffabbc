package featureflag

import (
	"slices"
	"strings"
)

// Rules are made of few shapes: one attribute of the caller compared with what
// stands in the rule, and splits with fixed weights. Each is one instruction,
// which knows the common case by heart and leaves the others to the operator it
// was made of.

// A verdict is what a test of an attribute comes to.
type verdict uint8

const (
	no verdict = iota
	yes
	neither // null
)

func toVerdict(b bool) verdict {
	if b {
		return yes
	}
	return no
}

func (v verdict) datum() datum {
	if v == neither {
		return datum{}
	}
	return boolDatum(v == yes)
}

// An attributeText compares an attribute with texts.
type attributeText struct {
	name   string
	text   string
	texts  []string // of opAttributeIn
	among  map[string]struct{}
	list   datum // the same as data
	negate bool
}

// An attributeNumber compares an attribute with a number.
type attributeNumber struct {
	name string
	op   op
	num  float64
}

// An attributeVersion compares an attribute with a version.
type attributeVersion struct {
	name    string
	test    versionTest
	version version
}

// A split is a distribution with fixed results and weights.
type split struct {
	total    uint64
	ends     []uint64 // where each share ends
	variants []datum
}

// shape replaces common shapes of rules by one instruction.
func (c *compiler) shape(compiled inst) inst {
	if c.trace || compiled.whole {
		return compiled
	}
	switch compiled.op {
	case opFractional:
		return shapeSplit(compiled)
	case opSemVer:
		if len(compiled.args) == 3 {
			return c.shapeVersion(compiled)
		}
		return compiled
	}
	if len(compiled.args) != 2 {
		return compiled
	}
	name, left := c.attribute(&compiled.args[0])
	value, ok := literal(&compiled.args[1])
	if !left || !ok {
		name, ok = c.attribute(&compiled.args[1])
		if !ok {
			return compiled
		}
		if value, ok = literal(&compiled.args[0]); !ok {
			return compiled
		}
		left = false
	}
	return shapeTest(compiled, name, value, left)
}

// attribute is the name of an attribute of the caller that an instruction
// reads, and nothing else.
func (c *compiler) attribute(n *inst) (string, bool) {
	v, ok := n.x.(*variable)
	if !ok || n.op != opVar || c.loops > 0 || v.dflt != nil || len(v.path) != 1 || v.path[0] == flagdMember || v.path[0] == targetingKey {
		return "", false
	}
	return v.path[0], true
}

func literal(n *inst) (datum, bool) {
	d, ok := n.x.(*datum)
	if !ok || n.op != opConst {
		return datum{}, false
	}
	return *d, true
}

// shapeTest makes a test of an attribute; left tells whether it stands left of
// the value.
func shapeTest(compiled inst, name string, value datum, left bool) inst {
	switch code := compiled.op; {
	case code >= opEqual && code <= opNotSame && value.isString():
		negate := code == opNotEqual || code == opNotSame
		return inst{op: opAttributeEqual, x: &attributeText{name: name, text: value.str, negate: negate, list: boolDatum(code >= opSame)}}
	case code >= opEqual && code <= opGreaterEqual && value.isNumber():
		if !left {
			code = mirrored(code)
		}
		return inst{op: opAttributeCompare, x: &attributeNumber{name: name, op: code, num: value.num}}
	case code == opIn && left && value.kind == dataList:
		return shapeIn(compiled, name, value)
	case code == opStartsWith && left && value.isString():
		return inst{op: opAttributePrefix, x: &attributeText{name: name, text: value.str}}
	case code == opEndsWith && left && value.isString():
		return inst{op: opAttributeSuffix, x: &attributeText{name: name, text: value.str}}
	}
	return compiled
}

func mirrored(code op) op {
	switch code {
	case opLess:
		return opGreater
	case opLessEqual:
		return opGreaterEqual
	case opGreater:
		return opLess
	case opGreaterEqual:
		return opLessEqual
	}
	return code
}

func shapeIn(compiled inst, name string, value datum) inst {
	const few = 8 // compared one by one
	test := &attributeText{name: name, list: value}
	for i := range value.size() {
		d := value.at(i)
		if !d.isString() {
			return compiled
		}
		test.texts = append(test.texts, d.str)
	}
	if len(test.texts) > few {
		test.among = make(map[string]struct{}, len(test.texts))
		for _, text := range test.texts {
			test.among[text] = struct{}{}
		}
	}
	return inst{op: opAttributeIn, x: test}
}

func (c *compiler) shapeVersion(compiled inst) inst {
	name, ok := c.attribute(&compiled.args[0])
	code, okCode := literal(&compiled.args[1])
	wanted, okWanted := literal(&compiled.args[2])
	if !ok || !okCode || !okWanted || !code.isString() {
		return compiled
	}
	test, ok := parseVersionTest(code.str)
	version, okVersion := datumVersion(wanted)
	if !ok || !okVersion {
		return constant(datum{})
	}
	return inst{op: opAttributeVersion, x: &attributeVersion{name: name, test: test, version: version}}
}

// shapeSplit makes a split of a distribution in which nothing is computed but
// what it is by.
func shapeSplit(compiled inst) inst {
	shares := compiled.args
	var by []inst
	if len(shares) > 0 {
		first, isLiteral := literal(&shares[0])
		switch {
		case isLiteral && first.isNull():
			shares = shares[1:]
		case isLiteral && first.isString() || shares[0].op == opVar || shares[0].op == opCat:
			by, shares = shares[:1:1], shares[1:]
		}
	}
	s := &split{}
	for i := range shares {
		d, ok := literal(&shares[i])
		if !ok {
			return compiled
		}
		weight, ok := shareOf(d)
		if !ok {
			return constant(datum{})
		}
		s.total += weight
		s.ends = append(s.ends, s.total)
		s.variants = append(s.variants, d.at(0))
	}
	if s.total == 0 || s.total > maxWeights {
		return constant(datum{})
	}
	return inst{op: opSplit, args: by, x: s}
}

// test runs a test of an attribute.
func (e *env) test(n *inst) verdict {
	switch n.op {
	case opAttributeEqual:
		t, _ := n.x.(*attributeText)
		v := e.ctx.Attributes[t.name]
		if s, ok := v.(string); ok {
			return toVerdict((s == t.text) != t.negate)
		}
		d := fromAny(v)
		equal := d.isString() && d.str == t.text
		if !equal && t.list.num == 0 {
			equal = looseEqual(d, stringDatum(t.text))
		}
		return toVerdict(equal != t.negate)
	case opAttributeIn:
		t, _ := n.x.(*attributeText)
		return t.in(e)
	case opAttributeCompare:
		t, _ := n.x.(*attributeNumber)
		return t.compare(e)
	case opAttributeVersion:
		t, _ := n.x.(*attributeVersion)
		d := fromAny(e.ctx.Attributes[t.name])
		if len(d.str) > bytesPerStep && !e.charge(len(d.str)/bytesPerStep) {
			return neither
		}
		version, ok := datumVersion(d)
		if !ok {
			return neither
		}
		return toVerdict(t.test.holds(&version, &t.version))
	}
	t, _ := n.x.(*attributeText)
	d := fromAny(e.ctx.Attributes[t.name])
	switch {
	case !d.isString():
		return neither
	case n.op == opAttributePrefix:
		return toVerdict(strings.HasPrefix(d.str, t.text))
	}
	return toVerdict(strings.HasSuffix(d.str, t.text))
}

func (t *attributeText) in(e *env) verdict {
	s, ok := e.ctx.Attributes[t.name].(string)
	if !ok {
		d := fromAny(e.ctx.Attributes[t.name])
		if !d.isString() {
			pair := [2]datum{d, t.list}
			return toVerdict(e.in(pair[:]).truthy())
		}
		s = d.str
	}
	if t.among != nil {
		_, ok = t.among[s]
		return toVerdict(ok)
	}
	return toVerdict(slices.Contains(t.texts, s))
}

func (t *attributeNumber) compare(e *env) verdict {
	d := fromAny(e.ctx.Attributes[t.name])
	switch t.op {
	case opEqual:
		return toVerdict(looseEqual(d, numberDatum(t.num)))
	case opNotEqual:
		return toVerdict(!looseEqual(d, numberDatum(t.num)))
	case opSame:
		return toVerdict(strictEqual(d, numberDatum(t.num)))
	case opNotSame:
		return toVerdict(!strictEqual(d, numberDatum(t.num)))
	}
	num := d.num
	if d.kind != dataNumber {
		num = d.number()
	}
	switch t.op {
	case opLess:
		return toVerdict(num < t.num)
	case opGreater:
		return toVerdict(num > t.num)
	case opLessEqual:
		return toVerdict(num < t.num || !d.isNull() && num == t.num)
	}
	return toVerdict(num > t.num || !d.isNull() && num == t.num)
}

// split runs a split.
func (e *env) split(n *inst) datum {
	s, _ := n.x.(*split)
	var m murmur
	if len(n.args) > 0 && !e.hashOf(&m, &n.args[0]) {
		return e.splitOddly(n, s)
	}
	if len(n.args) == 0 && !e.hashTarget(&m) {
		return datum{}
	}
	bucket := uint64(m.sum()) * s.total >> 32
	for i, end := range s.ends {
		if bucket < end {
			return s.variants[i]
		}
	}
	return datum{}
}

// hashTarget hashes the flag's key and the targeting key of the innermost data,
// and reports whether there is one.
func (e *env) hashTarget(m *murmur) bool {
	if e.data.kind == dataRoot && e.ctx.TargetingKey != "" {
		if !e.afford(e.ctx.TargetingKey) {
			return false
		}
		*m = e.flag.hash
		m.write(e.ctx.TargetingKey)
		return true
	}
	if e.data.kind != dataRoot && e.data.kind != dataMap {
		return false
	}
	target := e.child(e.data, targetingKey)
	if target.kind != dataString || target.str == "" || !e.afford(target.str) {
		return false
	}
	m.write(e.child(e.child(e.data, flagdMember), flagdKey).str)
	m.write(target.str)
	return true
}

// hashOf hashes a bucketing value piece by piece, and reports whether that was
// possible.
func (e *env) hashOf(m *murmur, by *inst) bool {
	if e.data.kind != dataRoot && e.data.kind != dataMap {
		return false
	}
	const many = 4
	if by.op != opCat || by.whole || len(by.args) < 2 || len(by.args) > many {
		d := e.eval(by)
		if len(d.str) > bytesPerStep && !e.charge(len(d.str)/bytesPerStep) {
			return false
		}
		m.write(d.str)
		return d.isString()
	}
	var pieces [many]string
	for i := range by.args {
		d := e.eval(&by.args[i])
		if !d.isString() {
			return false
		}
		if len(d.str) > bytesPerStep && !e.charge(len(d.str)/bytesPerStep) {
			return false
		}
		pieces[i] = d.str
	}
	first, last := pieces[0], pieces[len(by.args)-1]
	if first == "" || last == "" || spacious(first[0]) || spacious(last[len(last)-1]) {
		return false
	}
	for _, piece := range pieces[:len(by.args)] {
		m.write(piece)
	}
	return true
}

// spacious reports whether a byte may be part of white space.
func spacious(c byte) bool { return c <= ' ' || c >= 0x80 }

// splitOddly is a split by something that is no plain text.
func (e *env) splitOddly(n *inst, s *split) datum {
	list := make([]datum, 0, len(s.ends)+1)
	list = append(list, e.eval(&n.args[0]))
	var before uint64
	for i, end := range s.ends {
		list = append(list, listDatum([]any{s.variants[i].plain(), float64(end - before)}))
		before = end
	}
	if e.steps < 0 {
		return datum{}
	}
	return e.fractional(list)
}
