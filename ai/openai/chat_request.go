package openai

import (
	"strings"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// body writes a request, or says what the API has no place for.
func (m *Chat) body(r *ai.Request) ([]byte, error) {
	o := wire.NewObject(512+wire.Size(r), r.Extra)
	o.String("model", r.Model)
	if o.Name("messages") {
		if err := m.messages(o, r.Messages); err != nil {
			return nil, err
		}
	}
	if !r.Whole {
		o.Raw("stream", "true")
		o.Raw("stream_options", `{"include_usage":true}`)
	}
	writeTools(o, r)
	if s := r.Output; s != nil && o.Name("response_format") {
		o.Buf = append(o.Buf, `{"type":"json_schema","json_schema":{"name":`...)
		name := s.Name
		if name == "" {
			name = "answer"
		}
		o.Buf = append(jsonscan.AppendString(o.Buf, name), `,"schema":`...)
		o.Buf = append(o.Buf, s.Schema...)
		if s.Strict {
			o.Buf = append(o.Buf, `,"strict":true`...)
		}
		o.Buf = append(o.Buf, "}}"...)
	}
	if r.MaxTokens > 0 {
		o.Int(m.tokens, int64(r.MaxTokens))
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
	if r.Effort != "" {
		o.String("reasoning_effort", r.Effort)
	}
	if r.User != "" {
		o.String("user", r.User)
	}
	return o.End(), nil
}

func writeTools(o *wire.Object, r *ai.Request) {
	if len(r.Tools) == 0 {
		return
	}
	if o.Name("tools") {
		o.Buf = append(o.Buf, '[')
		for i, t := range r.Tools {
			if i > 0 {
				o.Buf = append(o.Buf, ',')
			}
			o.Buf = append(o.Buf, `{"type":"function","function":{"name":`...)
			o.Buf = jsonscan.AppendString(o.Buf, t.Name)
			if t.Description != "" {
				o.Buf = jsonscan.AppendString(append(o.Buf, `,"description":`...), t.Description)
			}
			if t.Parameters != nil {
				o.Buf = append(append(o.Buf, `,"parameters":`...), t.Parameters...)
			}
			if t.Strict {
				o.Buf = append(o.Buf, `,"strict":true`...)
			}
			o.Buf = append(o.Buf, "}}"...)
		}
		o.Buf = append(o.Buf, ']')
	}
	switch r.ToolChoice {
	case ai.ToolAuto:
	case ai.ToolNone, ai.ToolRequired:
		o.String("tool_choice", r.ToolChoice)
	default:
		if o.Name("tool_choice") {
			o.Buf = append(jsonscan.AppendString(append(o.Buf, `{"type":"function","function":{"name":`...), r.ToolChoice), "}}"...)
		}
	}
}

func (m *Chat) messages(o *wire.Object, list []ai.Message) error {
	o.Buf = append(o.Buf, '[')
	first := true
	next := func() {
		if !first {
			o.Buf = append(o.Buf, ',')
		}
		first = false
	}
	for i := range list {
		msg := &list[i]
		if msg.Role == ai.RoleTool {
			for _, p := range msg.Parts {
				if result, ok := p.(ai.ToolResult); ok {
					next()
					o.Buf = appendResult(o.Buf, result)
				}
			}
			continue
		}
		next()
		var err error
		if o.Buf, err = m.message(o.Buf, msg); err != nil {
			return err
		}
	}
	o.Buf = append(o.Buf, ']')
	return nil
}

// resultText is what a tool answered. The formats have no place for whether it
// failed, so the text says so.
func resultText(r ai.ToolResult) string {
	if r.IsError {
		return "Error: " + r.Content
	}
	return r.Content
}

// appendResult writes what a tool answered.
func appendResult(b []byte, r ai.ToolResult) []byte {
	b = jsonscan.AppendString(append(b, `{"role":"tool","tool_call_id":`...), r.ID)
	return append(jsonscan.AppendString(append(b, `,"content":`...), resultText(r)), '}')
}

func (m *Chat) message(b []byte, msg *ai.Message) ([]byte, error) {
	b = append(append(append(b, `{"role":"`...), msg.Role...), `","content":`...)
	if text, ok := msg.Parts[0].(ai.Text); ok && len(msg.Parts) == 1 {
		return append(jsonscan.AppendString(b, string(text)), '}'), nil
	}
	if msg.Role == ai.RoleAssistant {
		return m.assistant(b, msg), nil
	}
	b = append(b, '[')
	for i, p := range msg.Parts {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = m.part(b, p); err != nil {
			return nil, err
		}
	}
	return append(b, "]}"...), nil
}

func (m *Chat) part(b []byte, p ai.Part) ([]byte, error) {
	switch p := p.(type) {
	case ai.Text:
		return append(jsonscan.AppendString(append(b, `{"type":"text","text":`...), string(p)), '}'), nil
	case ai.Image:
		b = append(b, `{"type":"image_url","image_url":{"url":`...)
		if p.URL != "" {
			b = jsonscan.AppendString(b, p.URL)
		} else {
			b = wire.AppendDataURL(b, p.MediaType, p.Data)
		}
		if p.Detail != "" {
			b = jsonscan.AppendString(append(b, `,"detail":`...), p.Detail)
		}
		return append(b, "}}"...), nil
	case ai.File:
		return m.file(b, p)
	}
	return nil, m.endpoint.Unsupported("this kind of content")
}

func (m *Chat) file(b []byte, f ai.File) ([]byte, error) {
	if format, ok := strings.CutPrefix(f.MediaType, "audio/"); ok && len(f.Data) > 0 {
		switch format {
		case "mpeg":
			format = "mp3"
		case "x-wav", "wave":
			format = "wav"
		}
		b = wire.AppendBase64(append(b, `{"type":"input_audio","input_audio":{"data":`...), f.Data)
		return append(jsonscan.AppendString(append(b, `,"format":`...), format), "}}"...), nil
	}
	b = append(b, `{"type":"file","file":{`...)
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
		return nil, m.endpoint.Unsupported("files by URL")
	}
	return append(b, "}}"...), nil
}

// assistant writes a message of the model's own, behind "content":. Reasoning
// has no place in this API.
func (m *Chat) assistant(b []byte, msg *ai.Message) []byte {
	var text, refusal strings.Builder
	calls := 0
	for _, p := range msg.Parts {
		switch p := p.(type) {
		case ai.Text:
			text.WriteString(string(p))
		case ai.Refusal:
			refusal.WriteString(string(p))
		case ai.ToolCall:
			calls++
		}
	}
	if text.Len() == 0 && (calls > 0 || refusal.Len() > 0) {
		b = append(b, "null"...)
	} else {
		b = jsonscan.AppendString(b, text.String())
	}
	if refusal.Len() > 0 {
		b = jsonscan.AppendString(append(b, `,"refusal":`...), refusal.String())
	}
	if calls == 0 {
		return append(b, '}')
	}
	b = append(b, `,"tool_calls":[`...)
	for _, p := range msg.Parts {
		call, ok := p.(ai.ToolCall)
		if !ok {
			continue
		}
		if b[len(b)-1] != '[' {
			b = append(b, ',')
		}
		arguments := string(call.Arguments)
		if arguments == "" {
			arguments = "{}"
		}
		b = jsonscan.AppendString(append(b, `{"id":`...), call.ID)
		b = jsonscan.AppendString(append(b, `,"type":"function","function":{"name":`...), call.Name)
		b = append(jsonscan.AppendString(append(b, `,"arguments":`...), arguments), "}}"...)
	}
	return append(b, "]}"...)
}
