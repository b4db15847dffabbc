package featureflag

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The bounds of one flag's targeting, references to evaluators followed.
const (
	maxNodes    = 10_000 // values and operators
	maxRefDepth = 32     // evaluators within evaluators
	maxLoops    = 50     // loops within loops
)

// A compiler turns targeting into instructions. Mistakes that make a rule fail,
// or never match, become problems; the rest of the rule is compiled around
// them.
type compiler struct {
	evaluators map[string]*node
	compiled   map[string]*compiledRef
	texts      map[string]*datum
	problem    func(at *node, code, detail string)
	trace      bool

	loops    uint8   // how many loops are around what is compiled
	frames   []uint8 // those whose data come before the innermost
	path     []string
	nodes    int
	refs     []string
	tooLarge bool
}

type compiledRef struct {
	inst  inst
	nodes int
}

// program compiles one flag's targeting. ok is false when it is too large.
func (c *compiler) program(n *node) (program inst, ok bool) {
	c.nodes, c.tooLarge = 0, false
	program = c.value(n)
	return program, !c.tooLarge
}

func (c *compiler) count(n int) bool {
	c.nodes += n
	if c.nodes > maxNodes {
		c.tooLarge = true
	}
	return !c.tooLarge
}

func constant(d datum) inst { return inst{op: opConst, x: &d} }

func (c *compiler) fail(at *node, code, detail string) inst {
	c.problem(at, code, detail)
	return inst{op: opFail, x: &fault{detail: detail}}
}

// value compiles what stands where a value is computed.
func (c *compiler) value(n *node) inst {
	if !c.count(1) {
		return constant(datum{})
	}
	switch n.kind {
	case nodeArray:
		return c.list(n)
	case nodeObject:
		return c.object(n)
	}
	return c.literal(n)
}

// literal is a plain value; texts share their instruction's datum.
func (c *compiler) literal(n *node) inst {
	switch n.kind {
	case nodeString:
		d := c.texts[n.str]
		if d == nil {
			d = &datum{kind: dataString, str: n.str}
			if c.texts != nil {
				c.texts[n.str] = d
			}
		}
		return inst{op: opConst, x: d}
	case nodeNumber:
		return constant(numberDatum(n.num))
	case nodeBool:
		return constant(datum{kind: dataBool, num: n.num})
	case nodeNull:
		return constant(datum{})
	}
	return constant(fromAny(n.plain()))
}

func (c *compiler) list(n *node) inst {
	args := make([]inst, len(n.kids))
	plain := true
	for i := range n.kids {
		args[i] = c.child(strconv.Itoa(i), &n.kids[i])
		plain = plain && args[i].op == opConst
	}
	if plain {
		return constant(fromAny(n.plain()))
	}
	return inst{op: opList, args: args}
}

// child compiles a value one step further down.
func (c *compiler) child(step string, n *node) inst {
	if !c.trace {
		return c.value(n)
	}
	c.path = append(c.path, step)
	compiled := c.value(n)
	c.path = c.path[:len(c.path)-1]
	return compiled
}

// object compiles an operation. Objects with more keys than one are data.
func (c *compiler) object(n *node) inst {
	if len(n.keys) != 1 {
		if len(n.keys) > 0 && c.count(size(n)) {
			c.problem(n, InvalidTargeting, "an operation is an object with exactly one key; this is taken as data")
		}
		return constant(fromAny(n.plain()))
	}
	name, operand := n.keys[0].name, &n.kids[0]
	depth := len(c.path)
	if c.trace {
		c.path = append(c.path, escapePointer(name))
	}
	compiled := c.operation(name, n, operand)
	if !c.trace {
		return compiled
	}
	c.path = c.path[:depth]
	where := &site{pointer: "/" + strings.Join(c.path, "/"), text: describe(n), name: name}
	if depth == 0 {
		where.pointer = ""
	}
	return inst{op: opTrace, x: where, args: []inst{compiled}}
}

func (c *compiler) operation(name string, n, operand *node) inst {
	switch name {
	case "$ref":
		return c.reference(operand)
	case "var":
		return c.variable(operand)
	case "if", "?:":
		return c.lazy(opIf, name, operand)
	case "and":
		return c.lazy(opAnd, name, operand)
	case "or":
		return c.lazy(opOr, name, operand)
	case "map":
		return c.loop(opMap, name, operand)
	case "filter":
		return c.loop(opFilter, name, operand)
	case "reduce":
		return c.loop(opReduce, name, operand)
	case "all":
		return c.loop(opAll, name, operand)
	case "none":
		return c.loop(opNone, name, operand)
	case "some":
		return c.loop(opSome, name, operand)
	}
	code, ok := operators(name)
	if !ok {
		return c.fail(n, InvalidTargeting, fmt.Sprintf("there is no operator %q", name))
	}
	compiled := c.operands(code, operand)
	c.check(code, name, operand, &compiled)
	return c.shape(compiled)
}

// operands compiles what an operator evaluates before it works.
func (c *compiler) operands(code op, operand *node) inst {
	if operand.kind != nodeArray {
		return inst{op: code, whole: true, args: []inst{c.value(operand)}}
	}
	if !c.count(1) {
		return constant(datum{})
	}
	compiled := inst{op: code, args: make([]inst, len(operand.kids))}
	for i := range operand.kids {
		compiled.args[i] = c.child(strconv.Itoa(i), &operand.kids[i])
	}
	return compiled
}

// lazy compiles operators that evaluate only the operands they need.
func (c *compiler) lazy(code op, name string, operand *node) inst {
	if operand.kind != nodeArray {
		return c.fail(operand, InvalidTargeting, fmt.Sprintf("%q wants an array", name))
	}
	return c.operands(code, operand)
}

// loop compiles operators that run a body over a list.
func (c *compiler) loop(code op, name string, operand *node) inst {
	if operand.kind != nodeArray {
		return c.fail(operand, InvalidTargeting, fmt.Sprintf("%q wants an array", name))
	}
	want := 2
	if code == opReduce {
		want = 3
	}
	if len(operand.kids) < want {
		c.problem(operand, InvalidTargeting, fmt.Sprintf("%q wants %d operands", name, want))
	}
	if !c.count(1) || len(operand.kids) == 0 {
		return c.emptyLoop(code)
	}
	compiled := inst{op: code, args: make([]inst, 0, want)}
	compiled.args = append(compiled.args, c.subject(&operand.kids[0]))
	compiled.whole = len(c.frames) > 0 && isVariable(&operand.kids[0])
	if len(operand.kids) > 1 {
		before := c.nodes
		compiled.args = append(compiled.args, c.body(code, &operand.kids[1]))
		compiled.cost = int32(min(c.nodes-before, maxNodes))
	}
	if code == opReduce && len(operand.kids) > 2 {
		compiled.args = append(compiled.args, c.child("2", &operand.kids[2]))
	}
	return compiled
}

func isVariable(n *node) bool {
	return n.kind == nodeObject && len(n.keys) == 1 && n.keys[0].name == "var"
}

func (c *compiler) emptyLoop(code op) inst {
	switch code {
	case opMap, opFilter:
		return constant(listDatum([]any{}))
	case opReduce:
		return constant(numberDatum(0))
	}
	return inst{op: opFail, x: &fault{detail: "a list and a condition are missing"}}
}

// subject is the list of a loop: an array as it stands, or what an operation
// gives. Anything else is no list.
func (c *compiler) subject(n *node) inst {
	switch n.kind {
	case nodeArray:
		c.count(size(n))
		return constant(fromAny(n.plain()))
	case nodeObject:
		return c.child("0", n)
	}
	return constant(datum{})
}

// body compiles what runs over each element. flagd's interpreter fills in the
// variables of filter, none and some from the data around them first, and those
// of loops within all and some from the element.
func (c *compiler) body(code op, n *node) inst {
	frames, depth := c.frames, c.loops
	if c.loops++; c.loops > maxLoops {
		c.tooLarge, c.loops = true, depth
		return constant(datum{})
	}
	switch code {
	case opFilter, opNone:
		c.frames = append(slices.Clip(frames), depth)
	case opSome:
		c.frames = append(slices.Clip(frames), depth, depth+1)
	case opAll:
		c.frames = append(slices.Clip(frames), depth+1)
	}
	compiled := c.child("1", n)
	c.frames, c.loops = frames, depth
	return compiled
}
