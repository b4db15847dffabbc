package featureflag

import (
	"fmt"
	"strconv"
	"strings"
)

// The codes of an [Error].
const (
	InvalidJSON       = "invalid-json"       // the text is no JSON
	DuplicateKey      = "duplicate-key"      // an object or the list of flags names a key twice
	InvalidDocument   = "invalid-document"   // it is JSON, but no flagd definitions
	InvalidExtension  = "invalid-extension"  // an extension in a flag's metadata cannot be used
	LimitExceeded     = "limit-exceeded"     // it is larger or deeper than what is evaluated
	UnknownReference  = "unknown-reference"  // a $ref or prerequisite names what does not exist
	CircularReference = "circular-reference" // a $ref or prerequisite comes back to itself
	InvalidTargeting  = "invalid-targeting"  // a rule that can only fail, or never say what it seems to
)

// An Error is one thing wrong with definitions, and where.
type Error struct {
	// Pointer names the place in the document (RFC 6901), "" the whole of it.
	Pointer string `json:"pointer"`
	// Line and Column of the place, from 1. Columns count bytes.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Code is one of the constants above.
	Code string `json:"code"`
	// Detail says what is wrong, for people.
	Detail string `json:"detail"`
}

// Error says where and what.
func (e *Error) Error() string {
	where := e.Pointer
	if where == "" {
		where = "definitions"
	}
	return fmt.Sprintf("%s (line %d, column %d): %s", where, e.Line, e.Column, e.Detail)
}

// Errors is everything wrong with definitions, in the order of the document.
// At most 100 are kept.
type Errors []*Error

const maxErrors = 100

// Error lists the first few.
func (e Errors) Error() string {
	const shown = 3
	var b strings.Builder
	b.WriteString("parse flag definitions: ")
	for i, one := range e {
		if i == shown {
			b.WriteString("; and " + strconv.Itoa(len(e)-shown) + " more")
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(one.Error())
	}
	return b.String()
}

// Unwrap gives the single errors to errors.As.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, one := range e {
		list[i] = one
	}
	return list
}
