package anthropic

import (
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// body writes a request, or says what the API has no place for.
func (m *Messages) body(r *ai.Request) ([]byte, error) {
	if r.Seed != nil {
		return nil, m.endpoint.Unsupported("a seed")
	}
	o := wire.NewObject(1024+wire.Size(r), r.Extra)
	o.String("model", r.Model)
	o.Int("max_tokens", int64(cmpOr(r.MaxTokens, DefaultMaxTokens)))
	rest := m.system(o, r.Messages)
	if o.Name("messages") {
		o.Buf = append(o.Buf, '[')
		for i := range rest {
			if rest[i].Role == ai.RoleSystem {
				return nil, m.endpoint.Unsupported("instructions in mid-conversation")
			}
			var err error
			if o.Buf, err = m.message(wire.Sep(o.Buf), &rest[i]); err != nil {
				return nil, err
			}
		}
		o.Buf = append(o.Buf, ']')
	}
	if !r.Whole {
		o.Raw("stream", "true")
	}
	m.tools(o, r)
	m.output(o, r)
	if r.Temperature != nil {
		o.Float("temperature", *r.Temperature)
	}
	if r.TopP != nil {
		o.Float("top_p", *r.TopP)
	}
	if len(r.Stop) > 0 && o.Name("stop_sequences") {
		o.Buf = wire.AppendStrings(o.Buf, r.Stop)
	}
	if r.User != "" && o.Name("metadata") {
		o.Buf = append(jsonscan.AppendString(append(o.Buf, `{"user_id":`...), r.User), '}')
	}
	return o.End(), nil
}

func cmpOr(n, other int) int {
	if n > 0 {
		return n
	}
	return other
}

// system writes the instructions that the conversation begins with, and returns
// the rest of it.
func (m *Messages) system(o *wire.Object, list []ai.Message) []ai.Message {
	n := 0
	for n < len(list) && list[n].Role == ai.RoleSystem {
		n++
	}
	if n > 0 && o.Name("system") {
		o.Buf = append(o.Buf, '[')
		for i := range list[:n] {
			o.Buf = appendText(wire.Sep(o.Buf), list[i].Text())
		}
		o.Buf = append(o.Buf, ']')
	}
	return list[n:]
}

func appendText(b []byte, text string) []byte {
	return append(jsonscan.AppendString(append(b, `{"type":"text","text":`...), text), '}')
}

func (m *Messages) tools(o *wire.Object, r *ai.Request) {
	if len(r.Tools) == 0 {
		return
	}
	if o.Name("tools") {
		o.Buf = append(o.Buf, '[')
		for _, t := range r.Tools {
			o.Buf = jsonscan.AppendString(append(wire.Sep(o.Buf), `{"name":`...), t.Name)
			if t.Description != "" {
				o.Buf = jsonscan.AppendString(append(o.Buf, `,"description":`...), t.Description)
			}
			schema := string(t.Parameters)
			if schema == "" {
				schema = `{"type":"object","properties":{}}`
			}
			o.Buf = append(append(o.Buf, `,"input_schema":`...), schema...)
			if t.Strict {
				o.Buf = append(o.Buf, `,"strict":true`...)
			}
			o.Buf = append(o.Buf, '}')
		}
		o.Buf = append(o.Buf, ']')
	}
	switch r.ToolChoice {
	case ai.ToolAuto:
	case ai.ToolNone:
		o.Raw("tool_choice", `{"type":"none"}`)
	case ai.ToolRequired:
		o.Raw("tool_choice", `{"type":"any"}`)
	default:
		if o.Name("tool_choice") {
			o.Buf = append(jsonscan.AppendString(append(o.Buf, `{"type":"tool","name":`...), r.ToolChoice), '}')
		}
	}
}

// output writes the schema of the answer and how much to reason.
func (m *Messages) output(o *wire.Object, r *ai.Request) {
	if r.Output == nil && r.Effort == "" || !o.Name("output_config") {
		return
	}
	o.Buf = append(o.Buf, '{')
	if r.Effort != "" {
		o.Buf = jsonscan.AppendString(append(o.Buf, `"effort":`...), r.Effort)
	}
	if r.Output != nil {
		o.Buf = append(wire.Sep(o.Buf), `"format":{"type":"json_schema","schema":`...)
		o.Buf = append(append(o.Buf, r.Output.Schema...), '}')
	}
	o.Buf = append(o.Buf, '}')
}

func (m *Messages) message(b []byte, msg *ai.Message) ([]byte, error) {
	role := msg.Role
	if role == ai.RoleTool {
		role = ai.RoleUser
	}
	b = append(append(append(b, `{"role":"`...), role...), `","content":[`...)
	for _, p := range msg.Parts {
		var err error
		if b, err = m.part(b, p); err != nil {
			return nil, err
		}
	}
	return append(b, "]}"...), nil
}

func (m *Messages) part(b []byte, p ai.Part) ([]byte, error) {
	switch p := p.(type) {
	case ai.Text:
		return appendText(wire.Sep(b), string(p)), nil
	case ai.Refusal:
		return appendText(wire.Sep(b), string(p)), nil
	case ai.Image:
		return appendSource(append(wire.Sep(b), `{"type":"image"`...), p.MediaType, p.Data, p.URL), nil
	case ai.File:
		return m.file(b, p)
	case ai.Reasoning:
		return appendReasoning(b, p), nil
	case ai.ToolCall:
		b = jsonscan.AppendString(append(wire.Sep(b), `{"type":"tool_use","id":`...), p.ID)
		b = jsonscan.AppendString(append(b, `,"name":`...), p.Name)
		arguments := string(p.Arguments)
		if arguments == "" {
			arguments = "{}"
		}
		return append(append(append(b, `,"input":`...), arguments...), '}'), nil
	case ai.ToolResult:
		b = jsonscan.AppendString(append(wire.Sep(b), `{"type":"tool_result","tool_use_id":`...), p.ID)
		b = jsonscan.AppendString(append(b, `,"content":`...), p.Content)
		if p.IsError {
			b = append(b, `,"is_error":true`...)
		}
		return append(b, '}'), nil
	}
	return nil, m.endpoint.Unsupported("this kind of content")
}

// appendSource ends a part that is bytes or a URL.
func appendSource(b []byte, mediaType string, data []byte, url string) []byte {
	if url != "" {
		return append(jsonscan.AppendString(append(b, `,"source":{"type":"url","url":`...), url), "}}"...)
	}
	b = jsonscan.AppendString(append(b, `,"source":{"type":"base64","media_type":`...), mediaType)
	return append(wire.AppendBase64(append(b, `,"data":`...), data), "}}"...)
}

func (m *Messages) file(b []byte, f ai.File) ([]byte, error) {
	b = append(wire.Sep(b), `{"type":"document"`...)
	if f.Name != "" {
		b = jsonscan.AppendString(append(b, `,"title":`...), f.Name)
	}
	switch {
	case f.ID != "":
		return append(jsonscan.AppendString(append(b, `,"source":{"type":"file","file_id":`...), f.ID), "}}"...), nil
	case f.MediaType == "text/plain" && len(f.Data) > 0:
		b = append(b, `,"source":{"type":"text","media_type":"text/plain","data":`...)
		return append(jsonscan.AppendString(b, string(f.Data)), "}}"...), nil
	case f.MediaType == "application/pdf" || f.URL != "":
		return appendSource(b, f.MediaType, f.Data, f.URL), nil
	}
	return nil, m.endpoint.Unsupported("files of type " + f.MediaType)
}

func appendReasoning(b []byte, r ai.Reasoning) []byte {
	switch {
	case r.Format != format:
	case r.Opaque != "":
		return append(jsonscan.AppendString(append(wire.Sep(b), `{"type":"redacted_thinking","data":`...), r.Opaque), '}')
	case r.Signature != "":
		b = jsonscan.AppendString(append(wire.Sep(b), `{"type":"thinking","thinking":`...), r.Text)
		return append(jsonscan.AppendString(append(b, `,"signature":`...), r.Signature), '}')
	}
	return b
}
