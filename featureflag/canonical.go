package featureflag

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

// canonical appends a value as JSON without space, with the keys of objects
// sorted and numbers as short as they can be: equal values, equal text.
func canonical(b *bytes.Buffer, n *node) {
	switch n.kind {
	case nodeNull:
		b.WriteString("null")
	case nodeBool:
		if n.num != 0 {
			b.WriteString("true")
		} else {
			b.WriteString("false")
		}
	case nodeNumber:
		b.Write(appendNumber(b.AvailableBuffer(), n.num))
	case nodeString:
		b.Write(appendText(b.AvailableBuffer(), n.str))
	case nodeArray:
		b.WriteByte('[')
		for i := range n.kids {
			if i > 0 {
				b.WriteByte(',')
			}
			canonical(b, &n.kids[i])
		}
		b.WriteByte(']')
	case nodeObject:
		b.WriteByte('{')
		var few [8]int
		for at, i := range sortedKeys(n, few[:0]) {
			if at > 0 {
				b.WriteByte(',')
			}
			b.Write(appendText(b.AvailableBuffer(), n.keys[i].name))
			b.WriteByte(':')
			canonical(b, &n.kids[i])
		}
		b.WriteByte('}')
	}
}

// sortedKeys are the places of an object's members by name, appended to order.
func sortedKeys(n *node, order []int) []int {
	for i := range n.keys {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(n.keys[a].name, n.keys[b].name) })
	return order
}

func canonicalText(n *node) string {
	var b bytes.Buffer
	canonical(&b, n)
	return b.String()
}

// appendNumber appends a finite number as encoding/json writes it.
func appendNumber(b []byte, num float64) []byte {
	const exact = 1 << 53
	if num == math.Trunc(num) && math.Abs(num) < exact && (num != 0 || !math.Signbit(num)) {
		return strconv.AppendInt(b, int64(num), 10)
	}
	text, err := json.Marshal(num)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, text...)
}

// appendText appends a string in quotes, escaping no more than it must.
func appendText(b []byte, s string) []byte {
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '"' || s[i] == '\\' || s[i] >= 0x80 {
			plain = false
			break
		}
	}
	if plain {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(s) != nil {
		return append(b, `""`...)
	}
	return append(b, bytes.TrimRight(out.Bytes(), "\n")...)
}

// plain turns a value into what encoding/json would decode it to.
func (n *node) plain() any {
	switch n.kind {
	case nodeBool:
		return n.num != 0
	case nodeNumber:
		return n.num
	case nodeString:
		return n.str
	case nodeArray:
		list := make([]any, len(n.kids))
		for i := range n.kids {
			list[i] = n.kids[i].plain()
		}
		return list
	case nodeObject:
		object := make(map[string]any, len(n.kids))
		for i := range n.kids {
			object[n.keys[i].name] = n.kids[i].plain()
		}
		return object
	}
	return nil
}
