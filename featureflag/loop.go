package featureflag

import "strconv"

// datumVersion reads a version; numbers count as they are printed.
func datumVersion(d datum) (version, bool) {
	switch d.kind {
	case dataString:
		return parseVersion(d.str)
	case dataNumber:
		return parseVersion(strconv.FormatFloat(d.num, 'g', -1, 64))
	}
	return version{}, false
}

// loop runs the operators with a body over a list.
func (e *env) loop(n *inst) datum {
	if n.op == opReduce {
		return e.reduce(n)
	}
	if len(n.args) < 2 && (n.op == opMap || n.op == opFilter) {
		return listDatum([]any{})
	}
	subject := e.eval(&n.args[0])
	if e.steps < 0 {
		return datum{}
	}
	if n.whole && subject.isPrimitive() {
		subject = datum{}
	}
	switch n.op {
	case opMap, opFilter:
		if !subject.isCollection() {
			if subject.isNull() {
				return listDatum([]any{})
			}
			return e.noList()
		}
	default:
		if !subject.truthy() {
			return boolDatum(n.op == opNone)
		}
	}
	if subject.kind != dataList {
		return e.noList()
	}
	if len(n.args) < 2 {
		return e.fail(CodeParse, "a loop has no body")
	}
	return e.each(n, subject)
}

func (e *env) noList() datum { return e.fail(CodeParse, "a loop was given what is no list") }

// each runs a body over the elements of a list.
func (e *env) each(n *inst, subject datum) datum {
	around := e.data
	e.frames = append(e.frames, around)
	d := e.over(n, subject)
	e.frames = e.frames[:len(e.frames)-1]
	e.data = around
	return d
}

func (e *env) over(n *inst, subject datum) datum {
	kept := []any{}
	for i := range subject.size() {
		if !e.charge(1 + int(n.cost)) {
			return datum{}
		}
		e.data = subject.at(i)
		element := e.data
		d := e.eval(&n.args[1])
		if e.steps < 0 {
			return datum{}
		}
		switch n.op {
		case opMap:
			kept = append(kept, e.plain(d))
		case opFilter:
			if d.truthy() {
				kept = append(kept, element.plain())
			}
		case opAll:
			if !d.truthy() {
				return boolDatum(false)
			}
		default:
			if d.truthy() {
				return boolDatum(n.op == opSome)
			}
		}
	}
	switch n.op {
	case opMap, opFilter:
		return listDatum(kept)
	}
	return boolDatum(n.op != opSome)
}

// reduce folds a list. The type of the first value decides the type of all.
func (e *env) reduce(n *inst) datum {
	if len(n.args) < 3 {
		return numberDatum(0)
	}
	total := e.eval(&n.args[2])
	if !total.isPrimitive() {
		return e.fail(CodeParse, `"reduce" begins with a boolean, a number or a string`)
	}
	subject := e.eval(&n.args[0])
	if e.steps < 0 {
		return datum{}
	}
	if subject.isNull() || n.whole && subject.isPrimitive() {
		return numberDatum(0)
	}
	if subject.kind != dataList {
		return e.noList()
	}
	around := e.data
	e.frames = append(e.frames, around)
	total = e.fold(n, subject, total)
	e.frames = e.frames[:len(e.frames)-1]
	e.data = around
	return total
}

func (e *env) fold(n *inst, subject, total datum) datum {
	data := map[string]any{"current": 0.0, "valueType": [...]string{"bool", "number", "string"}[total.kind-dataBool]}
	for i := range subject.size() {
		if !e.charge(1 + int(n.cost)) {
			return datum{}
		}
		current := subject.at(i)
		if current.isNull() {
			continue
		}
		data["current"], data["accumulator"] = current.plain(), total.plain()
		e.data = datum{kind: dataMap, ref: data}
		d := e.eval(&n.args[1])
		switch total.kind {
		case dataBool:
			total = boolDatum(d.truthy())
		case dataNumber:
			total = numberDatum(e.number(d))
		default:
			total = stringDatum(e.text(d))
		}
		if e.steps < 0 {
			return datum{}
		}
	}
	return total
}
