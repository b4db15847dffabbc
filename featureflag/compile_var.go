package featureflag

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// variable compiles "var": a path, or a path and a default.
func (c *compiler) variable(operand *node) inst {
	switch operand.kind {
	case nodeString:
		return c.path1(operand, operand.str, nil)
	case nodeNumber:
		return c.path1(operand, strconv.FormatFloat(operand.num, 'f', -1, 64), nil)
	case nodeNull:
		return inst{op: opVar, x: &variable{null: true}}
	case nodeBool:
		return c.fail(operand, InvalidTargeting, `"var" wants the name of an attribute`)
	case nodeObject:
		return inst{op: opVarOf, whole: true, args: []inst{c.value(operand)}, x: &variable{frames: c.visible()}}
	}
	if len(operand.kids) == 0 {
		return inst{op: opVar, x: &variable{}}
	}
	first := &operand.kids[0]
	var dflt *inst
	if len(operand.kids) == 2 {
		compiled := c.child("1", &operand.kids[1])
		if d, ok := compiled.x.(*datum); !ok || !d.isNull() {
			dflt = &compiled
		}
	}
	switch first.kind {
	case nodeString:
		return c.path1(first, first.str, dflt)
	case nodeNumber:
		return c.path1(first, strconv.FormatFloat(first.num, 'f', -1, 64), dflt)
	case nodeObject:
		return inst{op: opVarOf, args: []inst{c.child("0", first)}, x: &variable{frames: c.visible(), dflt: dflt}}
	}
	return c.fail(first, InvalidTargeting, `"var" wants the name of an attribute`)
}

func (c *compiler) path1(at *node, name string, dflt *inst) inst {
	c.count(1)
	v := &variable{path: splitPath(name), dflt: dflt}
	if !strings.HasPrefix(name, ".") && name != "" {
		v.frames = c.visible()
	}
	if len(v.path) > 0 && v.path[0] == flagdMember && len(v.frames) == 0 && c.loops == 0 {
		if len(v.path) != 2 || v.path[1] != flagdKey && v.path[1] != flagdTimestamp {
			c.problem(at, InvalidTargeting, fmt.Sprintf("%q is neither $flagd.flagKey nor $flagd.timestamp", name))
		}
	}
	return inst{op: opVar, x: v}
}

// splitPath cuts a path at its dots; empty parts do not count.
func splitPath(name string) []string {
	return slices.DeleteFunc(strings.Split(name, "."), func(part string) bool { return part == "" })
}

// visible are the frames that come before the innermost data here.
func (c *compiler) visible() []uint8 {
	var frames []uint8
	for _, f := range c.frames {
		if f < c.loops {
			frames = append(frames, f)
		}
	}
	return frames
}

// reference compiles a shared evaluator where it is named. At the top it is
// compiled once for all; within loops, once for each surrounding.
func (c *compiler) reference(operand *node) inst {
	if operand.kind != nodeString {
		return c.fail(operand, InvalidTargeting, `"$ref" wants the name of an evaluator`)
	}
	name := operand.str
	target, ok := c.evaluators[name]
	if !ok {
		return c.fail(operand, UnknownReference, fmt.Sprintf("there is no evaluator %q", name))
	}
	if slices.Contains(c.refs, name) {
		return c.fail(operand, CircularReference, "evaluators refer to each other in a circle: "+strings.Join(append(c.refs, name), " → "))
	}
	if len(c.refs) >= maxRefDepth {
		return c.fail(operand, LimitExceeded, fmt.Sprintf("evaluators refer to each other more than %d deep", maxRefDepth))
	}
	key := string(append([]byte{c.loops, byte(len(c.frames))}, c.frames...)) + name
	if done, ok := c.compiled[key]; ok && !c.trace {
		c.count(done.nodes)
		return done.inst
	}
	before := c.nodes
	c.refs = append(c.refs, name)
	compiled := c.value(target)
	c.refs = c.refs[:len(c.refs)-1]
	if !c.trace && !c.tooLarge {
		c.compiled[key] = &compiledRef{inst: compiled, nodes: c.nodes - before}
	}
	return compiled
}

// size counts a value and what is in it.
func size(n *node) int {
	count := 1
	for i := range n.kids {
		count += size(&n.kids[i])
	}
	return count
}

func escapePointer(step string) string {
	if !strings.ContainsAny(step, "~/") {
		return step
	}
	return strings.ReplaceAll(strings.ReplaceAll(step, "~", "~0"), "/", "~1")
}
