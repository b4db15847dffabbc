package frame

import (
	"bytes"
	"errors"
	"io"
)

// Lines reads newline-delimited JSON: a value a line, empty lines left out.
type Lines struct {
	lines lines
	begun bool
}

// NewLines returns a reader of the lines of a body.
func NewLines(r io.Reader, limits Limits) *Lines {
	return &Lines{lines: lines{source: newSource(r, limits)}}
}

// Next returns the next line, valid until the next call. Errors are as of
// [SSE.Next].
func (l *Lines) Next() ([]byte, error) {
	for {
		line, err := l.lines.next(false)
		if err != nil {
			return nil, err
		}
		if !l.begun {
			l.begun = true
			line = bytes.TrimPrefix(line, bom)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

// Items reads the items of a JSON array as they come. A body that is one object is
// read as an array of it.
type Items struct {
	source
	state itemState
}

type itemState uint8

const (
	beforeArray itemState = iota
	firstItem
	afterItem
	afterArray
)

// NewItems returns a reader of the items of the array that a body is.
func NewItems(r io.Reader, limits Limits) *Items {
	return &Items{source: newSource(r, limits)}
}

var (
	errNoArray  = errors.New("the answer is no JSON array")
	errCutArray = io.ErrUnexpectedEOF
)

// Next returns the next item, valid until the next call; io.EOF after the end of
// the array, io.ErrUnexpectedEOF where the body ends before it. Other errors are
// as of [SSE.Next]. What is inside of an item is not checked.
func (it *Items) Next() ([]byte, error) {
	for {
		c, err := it.peek()
		if err == io.EOF { //nolint:errorlint // as io.Reader returns it
			if it.state == afterArray {
				return nil, io.EOF
			}
			return nil, errCutArray
		}
		if err != nil {
			return nil, err
		}
		switch {
		case it.state == beforeArray && c == '[':
			it.state = firstItem
		case it.state == beforeArray && c == '{':
			it.state = afterArray
			return it.item()
		case (it.state == firstItem || it.state == afterItem) && c == ']':
			it.state = afterArray
		case it.state == firstItem:
			it.state = afterItem
			return it.item()
		case it.state == afterItem && c == ',':
			it.state = firstItem
			it.start++
			if c, err = it.peek(); err == nil && c == ']' {
				return nil, errNoArray
			}
			continue
		default:
			return nil, errNoArray
		}
		it.start++
	}
}

// peek returns the next byte that is no white space.
func (it *Items) peek() (byte, error) {
	for {
		for ; it.start < it.end; it.start++ {
			switch c := it.buf[it.start]; c {
			case ' ', '\n', '\r', '\t':
			default:
				return c, nil
			}
		}
		if !it.fill() {
			return 0, it.err
		}
	}
}

// item returns the value that begins here, which ends where its brackets do or,
// outside of all, before a comma or a bracket.
func (it *Items) item() ([]byte, error) {
	depth, quoted, escaped := 0, false, false
	for i := 0; ; i++ {
		for it.start+i == it.end {
			if !it.fill() {
				if it.err == io.EOF { //nolint:errorlint // as io.Reader returns it
					return nil, errCutArray
				}
				return nil, it.err
			}
		}
		c := it.buf[it.start+i]
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case depth == 0 && (c == ',' || c == ']' || c == '}'):
			if i == 0 {
				return nil, errNoArray
			}
			return it.take(i), nil
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return it.take(i + 1), nil
			}
		}
	}
}

func (it *Items) take(n int) []byte {
	item := it.buf[it.start : it.start+n]
	it.start += n
	return item
}
