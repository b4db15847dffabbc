package featureflag

// An op is what one instruction of a compiled rule does.
type op uint8

const (
	opConst op = iota // x: *datum
	opList            // an array whose elements are computed
	opFail            // x: *fault
	opTrace           // x: *site; args[0] is what is watched
	opVar             // x: *variable
	opVarOf           // the path is computed

	opIf
	opAnd
	opOr

	// In the order of operations below.
	opNot
	opTruth
	opEqual
	opNotEqual
	opSame
	opNotSame
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opIn
	opCat
	opSubstr
	opMerge
	opMissing
	opMissingSome
	opMax
	opMin
	opAdd
	opSubtract
	opMultiply
	opDivide
	opModulo
	opAbs
	opContainsAll
	opContainsAny
	opContainsNone
	opSet
	opLog
	opFractional
	opSemVer
	opStartsWith
	opEndsWith

	opMap
	opFilter
	opReduce
	opAll
	opNone
	opSome

	// What the compiler makes of common shapes: see shape.go.
	opSplit // x: *split; args: the bucketing value, if one is given
	opAttribute
	opAttributeEqual   // x: *attributeText
	opAttributeIn      // x: *attributeText
	opAttributeCompare // x: *attributeNumber
	opAttributePrefix  // x: *attributeText
	opAttributeSuffix  // x: *attributeText
	opAttributeVersion // x: *attributeVersion
)

// An inst is one instruction: an operator and what it works on.
type inst struct {
	op op
	// whole: the operand was no array, so args[0] may compute the list of
	// operands. Of a loop: a plain value in place of its list is no list at all,
	// because flagd's interpreter fills it in before it looks.
	whole bool
	cost  int32 // of a loop: the nodes of its body
	args  []inst
	x     any
}

// A variable is a path into the data. In the body of filter, none and some the
// data around them come first: each frame is tried before the innermost.
type variable struct {
	path   []string
	frames []uint8
	dflt   *inst // nil when there is none
	null   bool  // {"var": null}: the data, if they are one plain value
}

// A fault is a rule that cannot be evaluated.
type fault struct{ detail string }

// A site is where a watched instruction stands in the definition.
type site struct {
	pointer string
	text    string
	name    string // the operator
}

// operators maps names to what they do; those with one entry here evaluate
// their operands in order, all of them.
func operators(name string) (op, bool) {
	switch name {
	case "!":
		return opNot, true
	case "!!":
		return opTruth, true
	case "==":
		return opEqual, true
	case "!=":
		return opNotEqual, true
	case "===":
		return opSame, true
	case "!==":
		return opNotSame, true
	case "<":
		return opLess, true
	case "<=":
		return opLessEqual, true
	case ">":
		return opGreater, true
	case ">=":
		return opGreaterEqual, true
	case "in":
		return opIn, true
	case "cat":
		return opCat, true
	case "substr":
		return opSubstr, true
	case "merge":
		return opMerge, true
	case "missing":
		return opMissing, true
	case "missing_some":
		return opMissingSome, true
	case "max":
		return opMax, true
	case "min":
		return opMin, true
	case "+":
		return opAdd, true
	case "-":
		return opSubtract, true
	case "*":
		return opMultiply, true
	case "/":
		return opDivide, true
	case "%":
		return opModulo, true
	case "abs":
		return opAbs, true
	case "contains_all":
		return opContainsAll, true
	case "contains_any":
		return opContainsAny, true
	case "contains_none":
		return opContainsNone, true
	case "set":
		return opSet, true
	case "log":
		return opLog, true
	case "fractional":
		return opFractional, true
	case "sem_ver":
		return opSemVer, true
	case "starts_with":
		return opStartsWith, true
	case "ends_with":
		return opEndsWith, true
	}
	return 0, false
}
