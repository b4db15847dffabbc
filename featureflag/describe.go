package featureflag

import (
	"strings"
	"unicode/utf8"
)

const maxText = 300 // bytes of a rule in words

// describe says a rule in words, shortened.
func describe(n *node) string {
	var w wording
	w.value(n)
	text := w.String()
	if len(text) <= maxText {
		return text
	}
	cut := maxText
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// A wording is a rule being put in words.
type wording struct{ strings.Builder }

func (w *wording) value(n *node) {
	if w.Len() > maxText {
		return
	}
	switch {
	case n.kind == nodeArray:
		w.WriteByte('[')
		w.list(n.kids, ", ")
		w.WriteByte(']')
	case n.kind == nodeObject && len(n.keys) == 1:
		w.operation(n.keys[0].name, &n.kids[0])
	default:
		w.WriteString(canonicalText(n))
	}
}

func (w *wording) list(kids []node, between string) {
	for i := range kids {
		if i > 0 {
			w.WriteString(between)
		}
		w.value(&kids[i])
	}
}

// nested puts a value in words, in parentheses when it is joined of several.
func (w *wording) nested(n *node) {
	joined := n.kind == nodeObject && len(n.keys) == 1
	if joined {
		switch n.keys[0].name {
		case "and", "or", "if", "?:":
		default:
			joined = false
		}
	}
	if joined {
		w.WriteByte('(')
	}
	w.value(n)
	if joined {
		w.WriteByte(')')
	}
}

func (w *wording) operation(name string, n *node) {
	args := []node{*n}
	if n.kind == nodeArray {
		args = n.kids
	}
	switch {
	case name == "var":
		w.variable(args)
	case name == "$ref":
		w.WriteString("segment " + canonicalText(n))
	case name == "and" || name == "or":
		for i := range args {
			if i > 0 {
				w.WriteString(" " + name + " ")
			}
			w.nested(&args[i])
		}
	case name == "!" && len(args) == 1:
		w.WriteString("not ")
		w.nested(&args[0])
	case name == "if" || name == "?:":
		w.choice(args)
	case name == "sem_ver" && len(args) == 3:
		w.value(&args[0])
		w.WriteString(" " + args[1].str + " version ")
		w.value(&args[2])
	case name == "fractional":
		w.split(args)
	case infix(name) != "" && len(args) == 2:
		w.nested(&args[0])
		w.WriteString(" " + infix(name) + " ")
		w.nested(&args[1])
	case strings.HasPrefix(name, "<") && len(args) == 3:
		w.list(args, " "+name+" ")
	default:
		w.WriteString(name + "(")
		w.list(args, ", ")
		w.WriteByte(')')
	}
}

// infix is what stands between two operands, "" for operators that do not.
func infix(name string) string {
	switch name {
	case "==", "===", "!=", "!==", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "in":
		return name
	case "starts_with":
		return "starts with"
	case "ends_with":
		return "ends with"
	}
	return ""
}

func (w *wording) variable(args []node) {
	if len(args) == 0 {
		w.WriteString("the context")
		return
	}
	if args[0].kind == nodeString && args[0].str != "" {
		w.WriteString(args[0].str)
	} else {
		w.WriteString("var(")
		w.value(&args[0])
		w.WriteByte(')')
	}
	if len(args) > 1 {
		w.WriteString(" or else ")
		w.value(&args[1])
	}
}

func (w *wording) choice(args []node) {
	for len(args) > 1 {
		w.WriteString("if ")
		w.value(&args[0])
		w.WriteString(" then ")
		w.nested(&args[1])
		if args = args[2:]; len(args) > 0 {
			w.WriteString(", else ")
		}
	}
	w.list(args, "")
}

func (w *wording) split(args []node) {
	w.WriteString("split")
	if len(args) > 0 && args[0].kind != nodeArray && args[0].kind != nodeNull {
		w.WriteString(" by ")
		w.value(&args[0])
		args = args[1:]
	}
	for i := range args {
		w.WriteString([...]string{", ", ": "}[min(1, max(0, 1-i))])
		if len(args[i].kids) == 0 {
			w.value(&args[i])
			continue
		}
		w.value(&args[i].kids[0])
		if len(args[i].kids) > 1 {
			w.WriteByte(' ')
			w.value(&args[i].kids[1])
		}
	}
}
