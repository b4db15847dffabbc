package featureflag

import (
	"maps"
	"math"
	"strings"
	"unicode/utf8"
)

// in is whether a value is in a list, or a text in a text. A list within the
// list is a range of numbers.
func (e *env) in(list []datum) datum {
	if len(list) == 0 {
		return e.fail(CodeParse, `"in" was given nothing`)
	}
	if len(list) == 1 {
		return boolDatum(false)
	}
	wanted, among := list[0], list[1]
	if among.isString() {
		if !wanted.isString() {
			return e.fail(CodeParse, `"in" looks for something in a string that is no string`)
		}
		return boolDatum(e.charge(len(among.str)/bytesPerStep) && strings.Contains(among.str, wanted.str))
	}
	if among.kind != dataList || !e.charge(among.size()) {
		return boolDatum(false)
	}
	for i := range among.size() {
		if e.matches(wanted, among.at(i)) {
			return boolDatum(true)
		}
		if e.steps < 0 {
			break
		}
	}
	return boolDatum(false)
}

func (e *env) matches(wanted, element datum) bool {
	switch {
	case element.kind == dataList:
		if element.size() < 2 {
			e.fail(CodeParse, `a range in "in" wants two numbers`)
			return false
		}
		n := e.number(wanted)
		return n >= e.number(element.at(0)) && e.number(element.at(1)) >= n
	case wanted.kind == dataNumber:
		return e.number(element) == wanted.num
	case wanted.isCollection() && wanted.kind == element.kind:
		e.fail(CodeParse, `"in" cannot compare objects`)
		return false
	}
	return wanted.kind == element.kind && wanted.str == element.str && wanted.num == element.num
}

func (e *env) substr(list []datum) datum {
	if len(list) < 2 {
		return e.fail(CodeParse, `"substr" wants a string and a position`)
	}
	text := e.text(list[0])
	from, length := e.position(list[1]), utf8.RuneCountInString(text)
	if !e.charge(len(text) / bytesPerStep) {
		return datum{}
	}
	runes := length
	if from < 0 {
		from += runes
	}
	if from < 0 || from > runes {
		return stringDatum(text)
	}
	if len(list) == 3 {
		length = e.position(list[2])
	}
	to := from + length
	if length < 0 {
		to = runes + length
	}
	if to = min(to, runes); to < from {
		return e.fail(CodeParse, `"substr" ends before it begins`)
	}
	return stringDatum(cutRunes(text, from, to))
}

// position is a number as an index, far out of any text when it is too large.
func (e *env) position(d datum) int {
	const far = 1 << 30 // fits an int everywhere, as does twice that
	num := e.number(d)
	if math.IsNaN(num) {
		return -far
	}
	return int(max(-far, min(far, num)))
}

func cutRunes(s string, from, to int) string {
	start, end, count := len(s), len(s), 0
	for i := range s {
		if count == from {
			start = i
		}
		if count == to {
			end = i
			break
		}
		count++
	}
	if start > end {
		return ""
	}
	return s[start:end]
}

// missing lists the names that the data have no value for.
func (e *env) missing(list []datum, isList bool) datum {
	if !isList && !list[0].isString() {
		return e.fail(CodeParse, `"missing" wants names`)
	}
	absent, _ := e.absent(list)
	return listDatum(absent)
}

func (e *env) absent(names []datum) (absent []any, found int) {
	absent = []any{}
	for _, name := range names {
		if !e.charge(1) {
			break
		}
		if e.lookupDatum(name).isNull() {
			absent = append(absent, e.plain(name))
		} else {
			found++
		}
	}
	return absent, found
}

func (e *env) missingSome(list []datum) datum {
	if len(list) < 2 || list[1].kind != dataList {
		return e.fail(CodeParse, `"missing_some" wants a number and names`)
	}
	need := e.position(list[0])
	if !e.charge(list[1].size()) {
		return datum{}
	}
	names := make([]datum, list[1].size())
	for i := range names {
		names[i] = list[1].at(i)
	}
	absent, found := e.absent(names)
	if need > found {
		return listDatum(absent)
	}
	return listDatum([]any{})
}

func (e *env) merge(list []datum, isList bool) datum {
	if !isList && !list[0].isPrimitive() {
		return e.fail(CodeParse, `"merge" wants values`)
	}
	merged := []any{}
	for _, d := range list {
		if d.kind != dataList {
			merged = append(merged, e.plain(d))
			continue
		}
		if !e.charge(d.size()) {
			break
		}
		for i := range d.size() {
			merged = append(merged, d.at(i).plain())
		}
	}
	return listDatum(merged)
}

// contains compares two lists as sets.
func (e *env) contains(code op, list []datum, isList bool) datum {
	if !isList || len(list) != 2 || list[0].kind != dataList || list[1].kind != dataList {
		return boolDatum(code == opContainsNone)
	}
	for i := range list[1].size() {
		if !e.charge(1 + list[0].size()) {
			return datum{}
		}
		has := e.has(list[0], list[1].at(i))
		switch {
		case code == opContainsAll && !has:
			return boolDatum(false)
		case code == opContainsAny && has:
			return boolDatum(true)
		case code == opContainsNone && has:
			return boolDatum(false)
		}
	}
	return boolDatum(code != opContainsAny)
}

func (e *env) has(list, wanted datum) bool {
	for i := range list.size() {
		d := list.at(i)
		if d.kind != wanted.kind {
			continue
		}
		if d.isCollection() {
			e.fail(CodeParse, "lists of lists and objects cannot be compared")
			return false
		}
		if d.str == wanted.str && d.num == wanted.num {
			return true
		}
	}
	return false
}

// set gives an object one member more.
func (e *env) set(list []datum) datum {
	if len(list) < 3 {
		if len(list) == 0 {
			return datum{}
		}
		return list[0]
	}
	object, ok := e.plain(list[0]).(map[string]any)
	if !ok {
		return list[0]
	}
	if !list[1].isString() {
		return e.fail(CodeParse, `"set" wants the name of a member`)
	}
	if !e.charge(len(object)) {
		return datum{}
	}
	changed := make(map[string]any, len(object)+1)
	maps.Copy(changed, object)
	changed[list[1].str] = e.plain(list[2])
	return datum{kind: dataMap, ref: changed}
}

// compute runs the operators of numbers.
func (e *env) compute(code op, list []datum) datum {
	if len(list) == 0 {
		switch code {
		case opMax, opMin:
			return datum{}
		case opMultiply:
			return numberDatum(1)
		case opAbs, opModulo:
			return e.fail(CodeParse, "a number was wanted")
		}
		return numberDatum(0)
	}
	num := e.number(list[0])
	switch code {
	case opAbs:
		return numberDatum(math.Abs(num))
	case opModulo:
		if len(list) < 2 {
			return e.fail(CodeParse, `"%" wants two numbers`)
		}
		return numberDatum(math.Mod(num, e.number(list[1])))
	case opSubtract:
		if len(list) == 1 {
			return numberDatum(-num)
		}
	}
	for _, d := range list[1:] {
		n := e.number(d)
		switch code {
		case opAdd:
			num += n
		case opSubtract:
			num -= n
		case opMultiply:
			num *= n
		case opDivide:
			num /= n
		case opMax:
			if n > num {
				num = n
			}
		case opMin:
			if num > n {
				num = n
			}
		}
	}
	return numberDatum(num)
}

func compareVersion(list []datum) datum {
	if len(list) != 3 || !list[1].isString() {
		return datum{}
	}
	test, ok := parseVersionTest(list[1].str)
	a, okA := datumVersion(list[0])
	b, okB := datumVersion(list[2])
	if !ok || !okA || !okB {
		return datum{}
	}
	return boolDatum(test.holds(&a, &b))
}
