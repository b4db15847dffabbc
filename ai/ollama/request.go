package ollama

import (
	"strings"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// body writes a request, or says what the API has no place for.
func (m *Model) body(r *ai.Request) ([]byte, error) {
	if r.ToolChoice != ai.ToolAuto && r.ToolChoice != ai.ToolNone {
		return nil, m.endpoint.Unsupported("a tool that has to be called")
	}
	o := wire.NewObject(512+wire.Size(r), r.Extra)
	o.String("model", r.Model)
	if o.Name("messages") {
		o.Buf = append(o.Buf, '[')
		for i := range r.Messages {
			if err := m.message(o, &r.Messages[i]); err != nil {
				return nil, err
			}
		}
		o.Buf = append(o.Buf, ']')
	}
	if r.Whole {
		o.Raw("stream", "false")
	}
	if len(r.Tools) > 0 && r.ToolChoice != ai.ToolNone && o.Name("tools") {
		o.Buf = appendTools(o.Buf, r.Tools)
	}
	if r.Output != nil {
		o.Raw("format", string(r.Output.Schema))
	}
	switch r.Effort {
	case "":
	case "none":
		o.Raw("think", "false")
	default:
		o.String("think", r.Effort)
	}
	if o.Name("options") {
		o.Buf = appendOptions(o.Buf, r)
	}
	return o.End(), nil
}

func appendOptions(b []byte, r *ai.Request) []byte {
	o := &wire.Object{Buf: append(b, '{')}
	if r.MaxTokens > 0 {
		o.Int("num_predict", int64(r.MaxTokens))
	}
	if r.Temperature != nil {
		o.Float("temperature", *r.Temperature)
	}
	if r.TopP != nil {
		o.Float("top_p", *r.TopP)
	}
	if r.Seed != nil {
		o.Int("seed", *r.Seed)
	}
	if len(r.Stop) > 0 && o.Name("stop") {
		o.Buf = wire.AppendStrings(o.Buf, r.Stop)
	}
	return o.End()
}

func appendTools(b []byte, tools []ai.Tool) []byte {
	b = append(b, '[')
	for _, t := range tools {
		b = jsonscan.AppendString(append(wire.Sep(b), `{"type":"function","function":{"name":`...), t.Name)
		b = jsonscan.AppendString(append(b, `,"description":`...), t.Description)
		parameters := string(t.Parameters)
		if parameters == "" {
			parameters = `{"type":"object","properties":{}}`
		}
		b = append(append(append(b, `,"parameters":`...), parameters...), "}}"...)
	}
	return append(b, ']')
}

func (m *Model) message(o *wire.Object, msg *ai.Message) error {
	if msg.Role == ai.RoleTool {
		for _, p := range msg.Parts {
			if r, ok := p.(ai.ToolResult); ok {
				o.Buf = appendResult(wire.Sep(o.Buf), r)
			}
		}
		return nil
	}
	var text, thinking strings.Builder
	var images, calls []byte
	for _, p := range msg.Parts {
		switch p := p.(type) {
		case ai.Text:
			text.WriteString(string(p))
		case ai.Refusal:
			text.WriteString(string(p))
		case ai.Reasoning:
			if p.Format == format {
				thinking.WriteString(p.Text)
			}
		case ai.Image:
			if p.URL != "" {
				return m.endpoint.Unsupported("images by URL")
			}
			images = wire.AppendBase64(separated(images), p.Data)
		case ai.ToolCall:
			calls = appendCall(separated(calls), p)
		default:
			return m.endpoint.Unsupported("files")
		}
	}
	o.Buf = append(append(append(wire.Sep(o.Buf), `{"role":"`...), msg.Role...), `","content":`...)
	o.Buf = jsonscan.AppendString(o.Buf, text.String())
	if thinking.Len() > 0 {
		o.Buf = jsonscan.AppendString(append(o.Buf, `,"thinking":`...), thinking.String())
	}
	if images != nil {
		o.Buf = append(append(append(o.Buf, `,"images":`...), images...), ']')
	}
	if calls != nil {
		o.Buf = append(append(append(o.Buf, `,"tool_calls":`...), calls...), ']')
	}
	o.Buf = append(o.Buf, '}')
	return nil
}

// separated begins an array, or its next member.
func separated(b []byte) []byte {
	if b == nil {
		return []byte{'['}
	}
	return append(b, ',')
}

func appendCall(b []byte, c ai.ToolCall) []byte {
	b = jsonscan.AppendString(append(b, `{"function":{"name":`...), c.Name)
	arguments := string(c.Arguments)
	if arguments == "" {
		arguments = "{}"
	}
	return append(append(append(b, `,"arguments":`...), arguments...), "}}"...)
}

// appendResult writes what a tool answered. The format has no place for whether
// it failed, so the text says so.
func appendResult(b []byte, r ai.ToolResult) []byte {
	content := r.Content
	if r.IsError {
		content = "Error: " + content
	}
	b = jsonscan.AppendString(append(b, `{"role":"tool","content":`...), content)
	if r.Name != "" {
		b = jsonscan.AppendString(append(b, `,"tool_name":`...), r.Name)
	}
	return append(b, '}')
}
