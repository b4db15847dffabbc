package featureflag

// eval runs an instruction.
func (e *env) eval(n *inst) datum {
	switch n.op {
	case opConst:
		d, _ := n.x.(*datum)
		return *d
	case opVar:
		v, _ := n.x.(*variable)
		return e.lookup(v)
	case opIf:
		return e.choose(n)
	case opAnd, opOr:
		return e.connect(n)
	case opSplit:
		return e.split(n)
	}
	if e.steps--; e.steps < 0 {
		e.charge(0)
		return datum{}
	}
	if n.op >= opAttribute {
		return e.test(n).datum()
	}
	switch n.op {
	case opVarOf:
		v, _ := n.x.(*variable)
		return e.lookupOf(n, v)
	case opList:
		return e.list(n)
	case opFail:
		f, _ := n.x.(*fault)
		return e.fail(CodeParse, f.detail)
	case opTrace:
		return e.watch(n)
	case opMap, opFilter, opReduce, opAll, opNone, opSome:
		return e.loop(n)
	}
	return e.operate(n)
}

// choose runs "if": pairs of a condition and a result, and what else.
func (e *env) choose(n *inst) datum {
	args := n.args
	for len(args) > 1 {
		if e.truth(&args[0]) {
			return e.eval(&args[1])
		}
		if e.steps < 0 {
			return datum{}
		}
		args = args[2:]
	}
	if len(args) == 1 {
		return e.eval(&args[0])
	}
	return datum{}
}

// connect runs "and" and "or": the first operand that decides, or the last.
func (e *env) connect(n *inst) datum {
	var last datum
	for i := range n.args {
		last = e.eval(&n.args[i])
		if last.truthy() == (n.op == opOr) || e.steps < 0 {
			return last
		}
	}
	return last
}

// truth runs an instruction for whether it holds.
func (e *env) truth(n *inst) bool {
	switch {
	case n.op >= opAttribute:
		return e.test(n) == yes
	case n.op == opAnd && len(n.args) > 0:
		for i := range n.args {
			if !e.truth(&n.args[i]) || e.steps < 0 {
				return false
			}
		}
		return true
	case n.op == opOr:
		for i := range n.args {
			if e.truth(&n.args[i]) {
				return true
			}
		}
		return false
	case n.op == opNot && !n.whole && len(n.args) == 1:
		return !e.truth(&n.args[0])
	}
	return e.eval(n).truthy()
}

func (e *env) list(n *inst) datum {
	if !e.charge(len(n.args)) {
		return datum{}
	}
	list := make([]any, len(n.args))
	for i := range n.args {
		list[i] = e.plain(e.eval(&n.args[i]))
	}
	return listDatum(list)
}

// spread makes operands of a list that stood in place of an array.
func (e *env) spread(d datum) []datum {
	if !e.charge(d.size()) {
		return nil
	}
	operands := make([]datum, d.size())
	for i := range operands {
		operands[i] = d.at(i)
	}
	return operands
}

// operate evaluates the operands of an operator and applies it.
func (e *env) operate(n *inst) datum {
	if n.whole {
		d := e.eval(&n.args[0])
		if d.kind != dataList {
			one := [1]datum{d}
			return e.applyAll(n, one[:], false)
		}
		return e.applyAll(n, e.spread(d), true)
	}
	if len(n.args) == 2 {
		a, b := e.eval(&n.args[0]), e.eval(&n.args[1])
		if len(a.str) > bytesPerStep && !e.charge(len(a.str)/bytesPerStep) || e.steps < 0 {
			return datum{}
		}
		switch n.op {
		case opEqual:
			return boolDatum(looseEqual(a, b))
		case opNotEqual:
			return boolDatum(!looseEqual(a, b))
		case opSame:
			return boolDatum(strictEqual(a, b))
		case opNotSame:
			return boolDatum(!strictEqual(a, b))
		case opLess:
			return boolDatum(less(a, b))
		case opGreater:
			return boolDatum(less(b, a))
		}
		pair := [2]datum{a, b}
		return e.applyAll(n, pair[:], true)
	}
	var few [4]datum
	list := few[:]
	if len(n.args) > len(few) {
		list = make([]datum, len(n.args))
	}
	list = list[:len(n.args)]
	for i := range list {
		list[i] = e.eval(&n.args[i])
	}
	return e.applyAll(n, list, true)
}

func (e *env) applyAll(n *inst, list []datum, isList bool) datum {
	for i := range list {
		if long := len(list[i].str); long > bytesPerStep {
			e.charge(long / bytesPerStep)
		}
	}
	if e.steps < 0 {
		return datum{}
	}
	switch n.op {
	case opNot, opTruth:
		truth := len(list) > 0 && list[0].truthy()
		return boolDatum(truth == (n.op == opTruth))
	case opSame, opNotSame:
		same := isList && len(list) >= 2 && strictEqual(list[0], list[1])
		return boolDatum(same == (n.op == opSame))
	case opSemVer, opStartsWith, opEndsWith, opFractional:
		if !isList {
			return datum{}
		}
		return e.special(n.op, list)
	case opMissing:
		return e.missing(list, isList)
	case opMerge:
		return e.merge(list, isList)
	case opAdd, opAbs:
		if !isList {
			return e.compute(n.op, list)
		}
	case opCat:
		if !isList && list[0].isString() {
			return list[0]
		}
	case opLog:
		if len(list) == 0 {
			return datum{}
		}
		return list[0]
	case opContainsAll, opContainsAny, opContainsNone:
		return e.contains(n.op, list, isList)
	}
	if !isList {
		return e.fail(CodeParse, "an operator was given one value in place of an array")
	}
	return e.apply(n.op, list)
}

func (e *env) special(code op, list []datum) datum {
	switch code {
	case opFractional:
		return e.fractional(list)
	case opSemVer:
		return compareVersion(list)
	}
	if len(list) != 2 || !list[0].isString() || !list[1].isString() {
		return datum{}
	}
	text, part := list[0].str, list[1].str
	if code == opStartsWith {
		return boolDatum(len(text) >= len(part) && text[:len(part)] == part)
	}
	return boolDatum(len(text) >= len(part) && text[len(text)-len(part):] == part)
}

func (e *env) apply(code op, list []datum) datum {
	switch code {
	case opEqual, opNotEqual:
		equal := len(list) >= 2 && looseEqual(list[0], list[1])
		return boolDatum(equal == (code == opEqual))
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		return boolDatum(ordered(code, list))
	case opIn:
		return e.in(list)
	case opCat:
		if len(list) == 0 {
			return stringDatum("")
		}
		return e.cat(list)
	case opSubstr:
		return e.substr(list)
	case opMissingSome:
		return e.missingSome(list)
	case opSet:
		return e.set(list)
	}
	return e.compute(code, list)
}

// ordered compares two values, or whether one is between two others.
func ordered(code op, list []datum) bool {
	if len(list) < 2 {
		return false
	}
	a, b := list[0], list[1]
	if code == opGreater || code == opGreaterEqual {
		code -= opGreater - opLess
		if len(list) == 3 && !inOrder(code, list[2], b) {
			return false
		}
		return inOrder(code, b, a)
	}
	if len(list) == 3 && !inOrder(code, b, list[2]) {
		return false
	}
	return inOrder(code, a, b)
}

func inOrder(code op, a, b datum) bool {
	return less(a, b) || code == opLessEqual && looseEqual(a, b)
}
