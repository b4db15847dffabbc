package openai

import (
	"strings"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// body writes a request, or says what the API has no place for.
func (m *Responses) body(r *ai.Request) ([]byte, error) {
	switch {
	case r.Seed != nil:
		return nil, m.endpoint.Unsupported("a seed")
	case len(r.Stop) > 0:
		return nil, m.endpoint.Unsupported("stop texts")
	}
	o := wire.NewObject(512+wire.Size(r), r.Extra)
	o.String("model", r.Model)
	if o.Name("input") {
		o.Buf = append(o.Buf, '[')
		for i := range r.Messages {
			if err := m.message(o, &r.Messages[i]); err != nil {
				return nil, err
			}
		}
		o.Buf = append(o.Buf, ']')
	}
	if !r.Whole {
		o.Raw("stream", "true")
	}
	o.Raw("store", "false")
	if r.Effort != "" || mayReason(r.Model) {
		o.Raw("include", `["reasoning.encrypted_content"]`)
	}
	writeResponsesTools(o, r)
	if s := r.Output; s != nil && o.Name("text") {
		name := s.Name
		if name == "" {
			name = "answer"
		}
		o.Buf = jsonscan.AppendString(append(o.Buf, `{"format":{"type":"json_schema","name":`...), name)
		o.Buf = append(append(o.Buf, `,"schema":`...), s.Schema...)
		o.Buf = append(appendStrict(o.Buf, s.Strict), "}}"...)
	}
	if r.MaxTokens > 0 {
		o.Int("max_output_tokens", int64(r.MaxTokens))
	}
	if r.Temperature != nil {
		o.Float("temperature", *r.Temperature)
	}
	if r.TopP != nil {
		o.Float("top_p", *r.TopP)
	}
	if r.Effort != "" && o.Name("reasoning") {
		o.Buf = append(jsonscan.AppendString(append(o.Buf, `{"effort":`...), r.Effort), '}')
	}
	if r.User != "" {
		o.String("user", r.User)
	}
	return o.End(), nil
}

// mayReason reports whether a model can be asked for its reasoning: those known
// not to have any refuse.
func mayReason(model string) bool {
	for _, prefix := range [...]string{"gpt-3.5", "gpt-4", "gpt-5-chat", "chatgpt-"} {
		if strings.HasPrefix(model, prefix) {
			return false
		}
	}
	return true
}

// appendStrict says it either way, since the API's default is not that of others.
func appendStrict(b []byte, strict bool) []byte {
	if strict {
		return append(b, `,"strict":true`...)
	}
	return append(b, `,"strict":false`...)
}

func writeResponsesTools(o *wire.Object, r *ai.Request) {
	if len(r.Tools) == 0 {
		return
	}
	if o.Name("tools") {
		o.Buf = append(o.Buf, '[')
		for _, t := range r.Tools {
			o.Buf = jsonscan.AppendString(append(wire.Sep(o.Buf), `{"type":"function","name":`...), t.Name)
			if t.Description != "" {
				o.Buf = jsonscan.AppendString(append(o.Buf, `,"description":`...), t.Description)
			}
			o.Buf = append(o.Buf, `,"parameters":`...)
			if t.Parameters != nil {
				o.Buf = append(o.Buf, t.Parameters...)
			} else {
				o.Buf = append(o.Buf, `{"type":"object","properties":{},"additionalProperties":false}`...)
			}
			o.Buf = append(appendStrict(o.Buf, t.Strict), '}')
		}
		o.Buf = append(o.Buf, ']')
	}
	switch r.ToolChoice {
	case ai.ToolAuto:
	case ai.ToolNone, ai.ToolRequired:
		o.String("tool_choice", r.ToolChoice)
	default:
		if o.Name("tool_choice") {
			o.Buf = append(jsonscan.AppendString(append(o.Buf, `{"type":"function","name":`...), r.ToolChoice), '}')
		}
	}
}

// message writes the items that a message is.
func (m *Responses) message(o *wire.Object, msg *ai.Message) error {
	switch msg.Role {
	case ai.RoleAssistant:
		o.Buf = appendTurn(o.Buf, msg)
		return nil
	case ai.RoleTool:
		for _, p := range msg.Parts {
			if result, ok := p.(ai.ToolResult); ok {
				o.Buf = appendOutput(wire.Sep(o.Buf), result)
			}
		}
		return nil
	}
	b := append(append(append(wire.Sep(o.Buf), `{"role":"`...), msg.Role...), `","content":`...)
	if text, ok := msg.Parts[0].(ai.Text); ok && len(msg.Parts) == 1 {
		o.Buf = append(jsonscan.AppendString(b, string(text)), '}')
		return nil
	}
	b = append(b, '[')
	for _, p := range msg.Parts {
		var err error
		if b, err = m.part(wire.Sep(b), p); err != nil {
			return err
		}
	}
	o.Buf = append(b, "]}"...)
	return nil
}

// appendOutput writes what a tool answered.
func appendOutput(b []byte, r ai.ToolResult) []byte {
	b = jsonscan.AppendString(append(b, `{"type":"function_call_output","call_id":`...), r.ID)
	return append(jsonscan.AppendString(append(b, `,"output":`...), resultText(r)), '}')
}

func (m *Responses) part(b []byte, p ai.Part) ([]byte, error) {
	switch p := p.(type) {
	case ai.Text:
		return append(jsonscan.AppendString(append(b, `{"type":"input_text","text":`...), string(p)), '}'), nil
	case ai.Image:
		b = append(b, `{"type":"input_image","image_url":`...)
		if p.URL != "" {
			b = jsonscan.AppendString(b, p.URL)
		} else {
			b = wire.AppendDataURL(b, p.MediaType, p.Data)
		}
		detail := p.Detail
		if detail == "" {
			detail = "auto" // the API wants it
		}
		return append(jsonscan.AppendString(append(b, `,"detail":`...), detail), '}'), nil
	case ai.File:
		return m.file(b, p)
	}
	return nil, m.endpoint.Unsupported("this kind of content")
}

func (m *Responses) file(b []byte, f ai.File) ([]byte, error) {
	if strings.HasPrefix(f.MediaType, "audio/") {
		return nil, m.endpoint.Unsupported("audio")
	}
	b = append(b, `{"type":"input_file",`...)
	switch {
	case f.ID != "":
		b = jsonscan.AppendString(append(b, `"file_id":`...), f.ID)
	case len(f.Data) > 0:
		name := f.Name
		if name == "" {
			name = "file"
		}
		b = jsonscan.AppendString(append(b, `"filename":`...), name)
		b = wire.AppendDataURL(append(b, `,"file_data":`...), f.MediaType, f.Data)
	default:
		b = jsonscan.AppendString(append(b, `"file_url":`...), f.URL)
	}
	return append(b, '}'), nil
}

// appendTurn writes what the model said before, in the order in which it did:
// it wants its reasoning before what followed from it.
func appendTurn(b []byte, msg *ai.Message) []byte {
	for _, p := range msg.Parts {
		switch p := p.(type) {
		case ai.Text:
			b = append(jsonscan.AppendString(append(wire.Sep(b), `{"type":"message","role":"assistant","content":[{"type":"output_text","text":`...), string(p)), "}]}"...)
		case ai.Refusal:
			b = append(jsonscan.AppendString(append(wire.Sep(b), `{"type":"message","role":"assistant","content":[{"type":"refusal","refusal":`...), string(p)), "}]}"...)
		case ai.Reasoning:
			b = appendReasoning(b, p)
		case ai.ToolCall:
			arguments := string(p.Arguments)
			if arguments == "" {
				arguments = "{}"
			}
			b = jsonscan.AppendString(append(wire.Sep(b), `{"type":"function_call","call_id":`...), p.ID)
			b = jsonscan.AppendString(append(b, `,"name":`...), p.Name)
			b = append(jsonscan.AppendString(append(b, `,"arguments":`...), arguments), '}')
		}
	}
	return b
}

// appendReasoning writes reasoning of this API's own. Without what only the
// provider can read it says nothing to it, since the provider keeps nothing.
func appendReasoning(b []byte, r ai.Reasoning) []byte {
	if r.Format != responsesFormat || r.Opaque == "" {
		return b
	}
	b = append(wire.Sep(b), `{"type":"reasoning",`...)
	if r.ID != "" {
		b = append(jsonscan.AppendString(append(b, `"id":`...), r.ID), ',')
	}
	b = append(b, `"summary":[`...)
	if r.Text != "" {
		b = append(jsonscan.AppendString(append(b, `{"type":"summary_text","text":`...), r.Text), '}')
	}
	return append(jsonscan.AppendString(append(b, `],"encrypted_content":`...), r.Opaque), '}')
}
