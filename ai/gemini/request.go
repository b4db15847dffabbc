package gemini

import (
	"encoding/json"
	"strings"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// ownID begins the ids that we give to calls which came without one.
const ownID = "gemini-call-"

// body writes a request, or says what the API has no place for.
func (m *Model) body(r *ai.Request) ([]byte, error) {
	o := wire.NewObject(512+wire.Size(r), r.Extra)
	list := r.Messages
	n := 0
	for n < len(list) && list[n].Role == ai.RoleSystem {
		n++
	}
	if n > 0 && o.Name("systemInstruction") {
		o.Buf = append(o.Buf, `{"parts":[`...)
		for i := range list[:n] {
			o.Buf = append(jsonscan.AppendString(append(wire.Sep(o.Buf), `{"text":`...), list[i].Text()), '}')
		}
		o.Buf = append(o.Buf, "]}"...)
	}
	if o.Name("contents") {
		o.Buf = append(o.Buf, '[')
		for i := n; i < len(list); i++ {
			var err error
			if o.Buf, err = m.content(wire.Sep(o.Buf), list, i); err != nil {
				return nil, err
			}
		}
		o.Buf = append(o.Buf, ']')
	}
	m.tools(o, r)
	if o.Name("generationConfig") {
		o.Buf = appendConfig(o.Buf, r)
	}
	return o.End(), nil
}

func (m *Model) tools(o *wire.Object, r *ai.Request) {
	if len(r.Tools) == 0 {
		return
	}
	if o.Name("tools") {
		o.Buf = append(o.Buf, `[{"functionDeclarations":[`...)
		for _, t := range r.Tools {
			o.Buf = jsonscan.AppendString(append(wire.Sep(o.Buf), `{"name":`...), t.Name)
			o.Buf = jsonscan.AppendString(append(o.Buf, `,"description":`...), t.Description)
			if t.Parameters != nil {
				o.Buf = append(append(o.Buf, `,"parametersJsonSchema":`...), t.Parameters...)
			}
			o.Buf = append(o.Buf, '}')
		}
		o.Buf = append(o.Buf, "]}]"...)
	}
	switch r.ToolChoice {
	case ai.ToolAuto:
	case ai.ToolNone:
		o.Raw("toolConfig", `{"functionCallingConfig":{"mode":"NONE"}}`)
	case ai.ToolRequired:
		o.Raw("toolConfig", `{"functionCallingConfig":{"mode":"ANY"}}`)
	default:
		if o.Name("toolConfig") {
			o.Buf = append(o.Buf, `{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":[`...)
			o.Buf = append(jsonscan.AppendString(o.Buf, r.ToolChoice), "]}}"...)
		}
	}
}

func appendConfig(b []byte, r *ai.Request) []byte {
	c := &wire.Object{Buf: append(b, '{')}
	if r.Temperature != nil {
		c.Float("temperature", *r.Temperature)
	}
	if r.TopP != nil {
		c.Float("topP", *r.TopP)
	}
	if r.MaxTokens > 0 {
		c.Int("maxOutputTokens", int64(r.MaxTokens))
	}
	if len(r.Stop) > 0 && c.Name("stopSequences") {
		c.Buf = wire.AppendStrings(c.Buf, r.Stop)
	}
	if r.Seed != nil {
		c.Int("seed", *r.Seed)
	}
	if r.Output != nil {
		c.String("responseMimeType", "application/json")
		c.Raw("responseJsonSchema", string(r.Output.Schema))
	}
	if r.Effort != "" && c.Name("thinkingConfig") {
		c.Buf = append(jsonscan.AppendString(append(c.Buf, `{"includeThoughts":true,"thinkingLevel":`...), r.Effort), '}')
	}
	return c.End()
}

// content writes the message at i of a conversation, in which results name calls
// that came before.
func (m *Model) content(b []byte, list []ai.Message, i int) ([]byte, error) {
	msg := &list[i]
	role := "user"
	switch msg.Role {
	case ai.RoleSystem:
		return nil, m.endpoint.Unsupported("instructions in mid-conversation")
	case ai.RoleAssistant:
		role = "model"
	}
	b = append(append(append(b, `{"role":"`...), role...), `","parts":[`...)
	for _, p := range msg.Parts {
		var err error
		if b, err = m.part(b, p, list[:i]); err != nil {
			return nil, err
		}
	}
	return append(b, "]}"...), nil
}

func (m *Model) part(b []byte, p ai.Part, before []ai.Message) ([]byte, error) {
	switch p := p.(type) {
	case ai.Text:
		return append(jsonscan.AppendString(append(wire.Sep(b), `{"text":`...), string(p)), '}'), nil
	case ai.Refusal:
		return append(jsonscan.AppendString(append(wire.Sep(b), `{"text":`...), string(p)), '}'), nil
	case ai.Image:
		return appendMedia(b, p.MediaType, p.Data, p.URL), nil
	case ai.File:
		if p.ID != "" {
			return appendMedia(b, p.MediaType, nil, p.ID), nil
		}
		return appendMedia(b, p.MediaType, p.Data, p.URL), nil
	case ai.Reasoning:
		return appendReasoning(b, p), nil
	case ai.ToolCall:
		return appendCall(b, p), nil
	case ai.ToolResult:
		return appendResult(b, p, before), nil
	}
	return nil, m.endpoint.Unsupported("this kind of content")
}

func appendMedia(b []byte, mediaType string, data []byte, uri string) []byte {
	if len(data) > 0 {
		b = jsonscan.AppendString(append(wire.Sep(b), `{"inlineData":{"mimeType":`...), mediaType)
		return append(wire.AppendBase64(append(b, `,"data":`...), data), "}}"...)
	}
	b = append(wire.Sep(b), `{"fileData":{`...)
	if mediaType != "" {
		b = append(jsonscan.AppendString(append(b, `"mimeType":`...), mediaType), ',')
	}
	return append(jsonscan.AppendString(append(b, `"fileUri":`...), uri), "}}"...)
}

// appendReasoning sends signatures back; thoughts alone are of no use.
func appendReasoning(b []byte, r ai.Reasoning) []byte {
	if r.Format != format || r.Signature == "" {
		return b
	}
	b = jsonscan.AppendString(append(wire.Sep(b), `{"text":`...), r.Text)
	if r.Text != "" {
		b = append(b, `,"thought":true`...)
	}
	return append(jsonscan.AppendString(append(b, `,"thoughtSignature":`...), r.Signature), '}')
}

func appendID(b []byte, id string) []byte {
	if id == "" || strings.HasPrefix(id, ownID) {
		return b
	}
	return append(jsonscan.AppendString(append(b, `"id":`...), id), ',')
}

func appendCall(b []byte, c ai.ToolCall) []byte {
	b = appendID(append(wire.Sep(b), `{"functionCall":{`...), c.ID)
	b = jsonscan.AppendString(append(b, `"name":`...), c.Name)
	arguments := string(c.Arguments)
	if arguments == "" {
		arguments = "{}"
	}
	b = append(append(append(b, `,"args":`...), arguments...), '}')
	if c.Signature != "" {
		b = jsonscan.AppendString(append(b, `,"thoughtSignature":`...), c.Signature)
	}
	return append(b, '}')
}

// appendResult writes what a tool answered: an object as it is, anything else in
// one.
func appendResult(b []byte, r ai.ToolResult, before []ai.Message) []byte {
	name := r.Name
	for i := len(before) - 1; i >= 0 && name == ""; i-- {
		for _, c := range before[i].Calls() {
			if c.ID == r.ID {
				name = c.Name
			}
		}
	}
	b = appendID(append(wire.Sep(b), `{"functionResponse":{`...), r.ID)
	b = append(jsonscan.AppendString(append(b, `"name":`...), name), `,"response":`...)
	content := strings.TrimSpace(r.Content)
	switch {
	case r.IsError:
		b = append(jsonscan.AppendString(append(b, `{"error":`...), r.Content), '}')
	case strings.HasPrefix(content, "{") && json.Valid([]byte(content)):
		b = append(b, content...)
	default:
		b = append(jsonscan.AppendString(append(b, `{"output":`...), r.Content), '}')
	}
	return append(b, "}}"...)
}
