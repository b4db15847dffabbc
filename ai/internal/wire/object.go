package wire

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
)

// An Object writes a JSON object. Members of Extra win over what is written
// under their name.
type Object struct {
	Buf   []byte
	extra map[string]json.RawMessage
}

// NewObject begins an object.
func NewObject(size int, extra map[string]json.RawMessage) *Object {
	return &Object{Buf: append(make([]byte, 0, size), '{'), extra: extra}
}

// Name begins a member and reports whether its value is wanted.
func (o *Object) Name(name string) bool {
	if len(o.extra) > 0 {
		if _, ok := o.extra[name]; ok {
			return false
		}
	}
	if o.Buf[len(o.Buf)-1] != '{' {
		o.Buf = append(o.Buf, ',')
	}
	o.Buf = append(append(append(o.Buf, '"'), name...), '"', ':')
	return true
}

// String writes a member that is a string.
func (o *Object) String(name, value string) {
	if o.Name(name) {
		o.Buf = jsonscan.AppendString(o.Buf, value)
	}
}

// Int writes a member that is a whole number.
func (o *Object) Int(name string, value int64) {
	if o.Name(name) {
		o.Buf = strconv.AppendInt(o.Buf, value, 10)
	}
}

// Float writes a member that is a number.
func (o *Object) Float(name string, value float64) {
	if o.Name(name) {
		o.Buf = strconv.AppendFloat(o.Buf, value, 'g', -1, 64)
	}
}

// Raw writes a member that is JSON already.
func (o *Object) Raw(name, value string) {
	if o.Name(name) {
		o.Buf = append(o.Buf, value...)
	}
}

// End writes the members of Extra and returns the object.
func (o *Object) End() []byte {
	if len(o.extra) > 0 {
		names := make([]string, 0, len(o.extra))
		for name := range o.extra {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if o.Buf[len(o.Buf)-1] != '{' {
				o.Buf = append(o.Buf, ',')
			}
			o.Buf = append(append(jsonscan.AppendString(o.Buf, name), ':'), o.extra[name]...)
		}
	}
	return append(o.Buf, '}')
}

// AppendDataURL appends a string that is a data: URL (RFC 2397).
func AppendDataURL(b []byte, mediaType string, data []byte) []byte {
	b = append(b, `"data:`...)
	quoted := jsonscan.AppendString(nil, mediaType)
	b = append(append(b, quoted[1:len(quoted)-1]...), ";base64,"...)
	return append(base64.StdEncoding.AppendEncode(b, data), '"')
}

// AppendBase64 appends a string that is base64.
func AppendBase64(b, data []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), data), '"')
}

// Unsupported says that a provider cannot do what is asked for.
func (e *Endpoint) Unsupported(what string) error {
	return &ai.Error{Kind: ai.Unsupported, Provider: e.Provider, Message: "this API does not take " + what}
}

// Sep appends a comma unless an array or object has just begun.
func Sep(b []byte) []byte {
	if c := b[len(b)-1]; c == '[' || c == '{' {
		return b
	}
	return append(b, ',')
}

// Size guesses how long a request will be.
func Size(r *ai.Request) (n int) {
	for _, m := range r.Messages {
		n += 64
		for _, p := range m.Parts {
			switch p := p.(type) {
			case ai.Text:
				n += len(p) + len(p)/16
			case ai.Image:
				n += base64.StdEncoding.EncodedLen(len(p.Data)) + len(p.URL) + 64
			case ai.File:
				n += base64.StdEncoding.EncodedLen(len(p.Data)) + 128
			case ai.ToolCall:
				n += len(p.Arguments) + 128
			case ai.ToolResult:
				n += len(p.Content) + 128
			}
		}
	}
	for _, t := range r.Tools {
		n += len(t.Parameters) + len(t.Description) + 128
	}
	return n
}

// AppendStrings appends an array of strings.
func AppendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonscan.AppendString(b, s)
	}
	return append(b, ']')
}
