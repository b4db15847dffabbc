package ai

import (
	"encoding/json"
	"strings"

	"go.opentelemetry.io/otel/attribute"
)

// mostContent is how much of each text is in a span, in bytes.
const mostContent = 8 << 10

// spoken is a message as the conventions have it.
type spoken struct {
	Role   string       `json:"role"`
	Parts  []spokenPart `json:"parts"`
	Finish string       `json:"finish_reason,omitempty"`
}

type spokenPart struct {
	Type      string          `json:"type"`
	Content   string          `json:"content,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Response  string          `json:"response,omitempty"`
}

// content is what was asked and said, in JSON, without pictures and files.
func content(req *Request, s *observed) []attribute.KeyValue {
	var instructions []spokenPart
	var asked []spoken
	for _, m := range req.Messages {
		if m.Role == RoleSystem {
			instructions = append(instructions, spokenParts(m.Parts)...)
			continue
		}
		asked = append(asked, spoken{Role: string(m.Role), Parts: spokenParts(m.Parts)})
	}
	finish := "error"
	switch {
	case s.err != nil:
	case s.reason == ReasonToolCalls:
		finish = "tool_call" // other than in the attribute of the reasons
	default:
		finish = s.reason.String()
	}
	answer := s.text.answer(s.err == nil)
	said := []spoken{{Role: string(RoleAssistant), Parts: spokenParts(answer.Message.Parts), Finish: finish}}
	a := []attribute.KeyValue{inJSON(attrMessages, asked), inJSON(attrAnswer, said)}
	if len(instructions) > 0 {
		a = append(a, inJSON(attrInstructions, instructions))
	}
	return a
}

func inJSON(key string, v any) attribute.KeyValue {
	b, err := json.Marshal(v)
	if err != nil {
		b = []byte("null") // arguments that are not JSON are left out before
	}
	return attribute.String(key, string(b))
}

func spokenParts(parts []Part) []spokenPart {
	out := make([]spokenPart, 0, len(parts))
	for _, p := range parts {
		switch p := p.(type) {
		case Text:
			out = append(out, spokenPart{Type: "text", Content: cut(string(p))})
		case Refusal:
			out = append(out, spokenPart{Type: "text", Content: cut(string(p))})
		case Reasoning:
			out = append(out, spokenPart{Type: "reasoning", Content: cut(p.Text)})
		case ToolCall:
			call := spokenPart{Type: "tool_call", ID: p.ID, Name: p.Name}
			if len(p.Arguments) <= mostContent && json.Valid(p.Arguments) {
				call.Arguments = p.Arguments
			}
			out = append(out, call)
		case ToolResult:
			out = append(out, spokenPart{Type: "tool_call_response", ID: p.ID, Response: cut(p.Content)})
		}
	}
	return out
}

// cut shortens text that is too long, and says so.
func cut(s string) string {
	if len(s) <= mostContent {
		return s
	}
	return strings.ToValidUTF8(s[:mostContent], "") + "…"
}
