package featureflag

import (
	"fmt"
	"math"
)

// check reports operands with which an operator can only fail.
func (c *compiler) check(code op, name string, operand *node, compiled *inst) {
	low, high := arity(code)
	if !compiled.whole && (len(compiled.args) < low || len(compiled.args) > high) {
		c.problem(operand, InvalidTargeting, fmt.Sprintf("%q wants %s, not %d", name, wanted(low, high), len(compiled.args)))
	}
	switch code {
	case opSemVer:
		c.checkVersions(operand)
	case opFractional:
		c.checkFractional(operand)
	case opStartsWith, opEndsWith:
		for i := range operand.kids {
			if k := operand.kids[i].kind; k != nodeString && k != nodeObject {
				c.problem(&operand.kids[i], InvalidTargeting, fmt.Sprintf("%q compares strings, not %s", name, k))
			}
		}
	}
}

const many = math.MaxInt

// arity says how many operands an operator makes use of.
func arity(code op) (low, high int) {
	switch code {
	case opNot, opTruth, opAbs, opLog:
		return 1, 1
	case opEqual, opNotEqual, opSame, opNotSame, opIn, opModulo, opMissingSome, opContainsAll, opContainsAny, opContainsNone,
		opStartsWith, opEndsWith:
		return 2, 2
	case opLess, opLessEqual, opGreater, opGreaterEqual, opSubstr:
		return 2, 3
	case opSemVer, opSet:
		return 3, 3
	case opSubtract, opDivide, opFractional, opMax, opMin:
		return 1, many
	}
	return 0, many
}

func wanted(low, high int) string {
	switch {
	case high == many:
		return "at least one operand"
	case low != high:
		return fmt.Sprintf("%d or %d operands", low, high)
	case low == 1:
		return "one operand"
	}
	return fmt.Sprintf("%d operands", low)
}

func (c *compiler) checkVersions(operand *node) {
	if operand.kind != nodeArray {
		c.problem(operand, InvalidTargeting, `"sem_ver" wants an array of a version, an operator and a version`)
		return
	}
	for i := range operand.kids {
		switch n := &operand.kids[i]; {
		case n.kind == nodeObject:
		case i == 1:
			if _, ok := parseVersionTest(n.str); n.kind != nodeString || !ok {
				c.problem(n, InvalidTargeting, "want one of =, !=, <, <=, >, >=, ^ and ~")
			}
		default:
			if _, ok := datumVersion(fromAny(n.plain())); !ok {
				c.problem(n, InvalidTargeting, "this is no semantic version")
			}
		}
	}
}

// checkFractional reports distributions that always come to nothing.
func (c *compiler) checkFractional(operand *node) {
	if operand.kind != nodeArray {
		if operand.kind != nodeObject {
			c.problem(operand, InvalidTargeting, `"fractional" wants an array of distributions`)
		}
		return
	}
	total := 0.0
	for i := range operand.kids {
		n := &operand.kids[i]
		if n.kind != nodeArray {
			if i > 0 && n.kind != nodeObject {
				c.problem(n, InvalidTargeting, "a distribution is an array of a variant and a weight")
			}
			continue
		}
		if len(n.kids) == 0 || len(n.kids) > 2 {
			c.problem(n, InvalidTargeting, "a distribution is an array of a variant and a weight")
			continue
		}
		weight := 1.0
		if len(n.kids) == 2 {
			switch w := &n.kids[1]; w.kind {
			case nodeNumber:
				if weight = w.num; weight != math.Trunc(weight) || weight < 0 {
					c.problem(w, InvalidTargeting, "a weight is a whole number, not negative")
				}
			case nodeNull, nodeObject:
			default:
				c.problem(w, InvalidTargeting, "a weight is a whole number")
			}
		}
		if total += max(weight, 0); total > maxWeights {
			c.problem(n, InvalidTargeting, "the weights come to more than 2147483647")
			return
		}
	}
}
