package ai

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// chatRequest is what a client asks for.
type chatRequest struct {
	Request
	stream, usage bool
}

// chatBody is a request in OpenAI's format.
type chatBody struct {
	Model               string          `json:"model"`
	Messages            []chatMessage   `json:"messages"`
	Stream              bool            `json:"stream"`
	StreamOptions       *streamOptions  `json:"stream_options"`
	MaxTokens           *int            `json:"max_tokens"`
	MaxCompletionTokens *int            `json:"max_completion_tokens"`
	Temperature         *float64        `json:"temperature"`
	TopP                *float64        `json:"top_p"`
	Seed                *int64          `json:"seed"`
	Stop                oneOrMany       `json:"stop"`
	Tools               []chatTool      `json:"tools"`
	ToolChoice          json.RawMessage `json:"tool_choice"`
	ResponseFormat      *responseFormat `json:"response_format"`
	ReasoningEffort     string          `json:"reasoning_effort"`
	User                string          `json:"user"`
	SafetyIdentifier    string          `json:"safety_identifier"`
	Metadata            json.RawMessage `json:"metadata"`         // of the client's own
	PromptCacheKey      json.RawMessage `json:"prompt_cache_key"` // a hint
	N                   *int            `json:"n"`
	Store               *bool           `json:"store"`
	Logprobs            *bool           `json:"logprobs"`
	ParallelToolCalls   *bool           `json:"parallel_tool_calls"`
	FrequencyPenalty    *float64        `json:"frequency_penalty"`
	PresencePenalty     *float64        `json:"presence_penalty"`
	ServiceTier         string          `json:"service_tier"`
	Modalities          []string        `json:"modalities"`
}

type streamOptions struct {
	IncludeUsage       bool  `json:"include_usage"`
	IncludeObfuscation *bool `json:"include_obfuscation"`
}

type oneOrMany []string

// UnmarshalJSON takes a string for a list of one.
func (o *oneOrMany) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*o = make([]string, 1)
		return json.Unmarshal(b, &(*o)[0])
	}
	return json.Unmarshal(b, (*[]string)(o))
}

type chatMessage struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	Refusal    *string         `json:"refusal"`
	Name       string          `json:"name"`
	ToolCalls  []chatCall      `json:"tool_calls"`
	ToolCallID string          `json:"tool_call_id"`
	// what answers hold, and some clients send back
	Annotations json.RawMessage `json:"annotations"`
	Audio       json.RawMessage `json:"audio"`
	Reasoning   json.RawMessage `json:"reasoning_content"`
}

type chatCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

type chatTool struct {
	Type     string `json:"type"`
	Function struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
		Strict      *bool           `json:"strict"`
	} `json:"function"`
}

type responseFormat struct {
	Type       string `json:"type"`
	JSONSchema *struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Schema      json.RawMessage `json:"schema"`
		Strict      *bool           `json:"strict"`
	} `json:"json_schema"`
}

// fieldError names the field that is wrong.
type fieldError struct{ param, message, code string }

func (e *fieldError) Error() string { return e.message }

func unsupported(param string) error {
	return &fieldError{param, "This gateway has no place for " + param + " with that value.", "unsupported_parameter"}
}

func wrong(param, format string, args ...any) error {
	return &fieldError{param, fmt.Sprintf(format, args...), "invalid_value"}
}

// readChat reads a request, or says what is wrong with it.
func readChat(body []byte) (*chatRequest, *fault) {
	var in chatBody
	if bad := decodeStrict(body, &in); bad != nil {
		return nil, bad
	}
	out, err := in.request()
	if err == nil {
		err = out.check()
	}
	return out, badRequest(err)
}

// decodeStrict reads a body, and refuses fields that nobody knows.
func decodeStrict(body []byte, to any) *fault {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return unreadable(err)
	}
	return nil
}

// badRequest says what is wrong with a request; nil: nothing.
func badRequest(err error) *fault {
	if err == nil {
		return nil
	}
	f := fault{Message: err.Error(), Type: "invalid_request_error", Code: "invalid_value"}
	if one, ok := errors.AsType[*fieldError](err); ok {
		f.Param, f.Code = one.param, one.code
	}
	return &f
}

func (in *chatBody) request() (*chatRequest, error) {
	if err := in.refuse(); err != nil {
		return nil, err
	}
	out := &chatRequest{stream: in.Stream, usage: in.StreamOptions != nil && in.StreamOptions.IncludeUsage}
	r := &out.Request
	r.Model, r.Whole, r.Temperature, r.TopP, r.Seed, r.Stop = in.Model, !in.Stream, in.Temperature, in.TopP, in.Seed, in.Stop
	r.Effort, r.User = in.ReasoningEffort, in.User
	if in.SafetyIdentifier != "" {
		r.User = in.SafetyIdentifier
	}
	for _, n := range []*int{in.MaxTokens, in.MaxCompletionTokens} {
		if n != nil {
			r.MaxTokens = *n
		}
	}
	for i := range in.Messages {
		if err := out.message(&in.Messages[i], fmt.Sprintf("messages[%d]", i)); err != nil {
			return nil, err
		}
	}
	if err := out.tools(in); err != nil {
		return nil, err
	}
	return out, out.format(in.ResponseFormat)
}

// refuse finds what would have to be left out.
func (in *chatBody) refuse() error {
	for param, bad := range map[string]bool{
		"n":                   in.N != nil && *in.N != 1,
		"store":               in.Store != nil && *in.Store,
		"logprobs":            in.Logprobs != nil && *in.Logprobs,
		"parallel_tool_calls": in.ParallelToolCalls != nil && !*in.ParallelToolCalls,
		"frequency_penalty":   in.FrequencyPenalty != nil && *in.FrequencyPenalty != 0,
		"presence_penalty":    in.PresencePenalty != nil && *in.PresencePenalty != 0,
		"service_tier":        in.ServiceTier != "" && in.ServiceTier != "auto" && in.ServiceTier != "default",
		"modalities":          len(in.Modalities) > 1 || len(in.Modalities) == 1 && in.Modalities[0] != "text",
	} {
		if bad {
			return unsupported(param)
		}
	}
	return nil
}

func (out *chatRequest) tools(in *chatBody) error {
	for i, t := range in.Tools {
		if t.Type != "function" {
			return unsupported(fmt.Sprintf("tools[%d].type", i))
		}
		f := t.Function
		out.Tools = append(out.Tools, Tool{Name: f.Name, Description: f.Description, Parameters: f.Parameters, Strict: f.Strict != nil && *f.Strict})
	}
	choice := bytes.TrimSpace(in.ToolChoice)
	switch {
	case len(choice) == 0 || string(choice) == "null" || string(choice) == `"auto"`:
	case string(choice) == `"none"`:
		out.ToolChoice = ToolNone
	case string(choice) == `"required"`:
		out.ToolChoice = ToolRequired
	default:
		var one chatTool
		if err := json.Unmarshal(choice, &one); err != nil || one.Type != "function" || one.Function.Name == "" {
			return unsupported("tool_choice")
		}
		out.ToolChoice = one.Function.Name
	}
	return nil
}

func (out *chatRequest) format(f *responseFormat) error {
	switch {
	case f == nil || f.Type == "text":
	case f.Type == "json_object":
		out.Output = &Schema{Schema: json.RawMessage(`{"type":"object"}`)}
	case f.Type == "json_schema" && f.JSONSchema != nil:
		out.Output = &Schema{Name: f.JSONSchema.Name, Schema: f.JSONSchema.Schema, Strict: f.JSONSchema.Strict != nil && *f.JSONSchema.Strict}
	default:
		return unsupported("response_format")
	}
	return nil
}

func (out *chatRequest) message(in *chatMessage, at string) error {
	parts, err := readParts[contentPart](in.Content, at+".content")
	if err != nil {
		return err
	}
	m := Message{Parts: parts}
	switch in.Role {
	case "system", "developer":
		m.Role = RoleSystem
	case "user":
		m.Role = RoleUser
	case "assistant":
		m.Role = RoleAssistant
		if in.Refusal != nil && *in.Refusal != "" {
			m.Parts = append(m.Parts, Refusal(*in.Refusal))
		}
		for i, c := range in.ToolCalls {
			if c.Type != "function" && c.Type != "" {
				return unsupported(fmt.Sprintf("%s.tool_calls[%d].type", at, i))
			}
			m.Parts = append(m.Parts, ToolCall{ID: c.ID, Name: c.Function.Name, Arguments: json.RawMessage(c.Function.Arguments)})
		}
	case "tool":
		return out.result(in, parts, at)
	default:
		return wrong(at+".role", "The role %q is unknown.", in.Role)
	}
	out.Messages = append(out.Messages, m)
	return nil
}

// result adds what a tool answered to the results before it.
func (out *chatRequest) result(in *chatMessage, parts []Part, at string) error {
	text, ok := onlyText(parts)
	if !ok {
		return unsupported(at + ".content")
	}
	addParts(&out.Request, RoleTool, ToolResult{ID: in.ToolCallID, Name: in.Name, Content: text})
	return nil
}

// onlyText is the text of parts; not ok: there is something else among them.
func onlyText(parts []Part) (text string, ok bool) {
	var b strings.Builder
	for _, p := range parts {
		t, ok := p.(Text)
		if !ok {
			return "", false
		}
		b.WriteString(string(t))
	}
	return b.String(), true
}

// addParts adds parts to the turn before, if it is of the same role.
func addParts(r *Request, role Role, parts ...Part) {
	if n := len(r.Messages); n > 0 && r.Messages[n-1].Role == role {
		r.Messages[n-1].Parts = append(r.Messages[n-1].Parts, parts...)
		return
	}
	r.Messages = append(r.Messages, Message{Role: role, Parts: parts})
}

type contentPart struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Refusal  string `json:"refusal"`
	ImageURL *struct {
		URL    string `json:"url"`
		Detail string `json:"detail"`
	} `json:"image_url"`
	InputAudio *struct {
		Data   []byte `json:"data"`
		Format string `json:"format"`
	} `json:"input_audio"`
	File *struct {
		Data string `json:"file_data"`
		ID   string `json:"file_id"`
		Name string `json:"filename"`
	} `json:"file"`
}

// readParts reads a text, or a list of parts as a format writes them.
func readParts[P interface{ part(at string) (Part, error) }](raw json.RawMessage, at string) ([]Part, error) {
	raw = bytes.TrimSpace(raw)
	if !given(raw) {
		return nil, nil
	}
	if raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, wrong(at, "The content cannot be read.")
		}
		return []Part{Text(text)}, nil
	}
	var list []P
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, wrong(at, "The content is no text and no list of parts.")
	}
	parts := make([]Part, 0, len(list))
	for i := range list {
		p, err := list[i].part(fmt.Sprintf("%s[%d]", at, i))
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func (p contentPart) part(at string) (Part, error) {
	switch {
	case p.Type == "text":
		return Text(p.Text), nil
	case p.Type == "refusal":
		return Refusal(p.Refusal), nil
	case p.Type == "image_url" && p.ImageURL != nil:
		if !strings.HasPrefix(p.ImageURL.URL, "data:") {
			return Image{URL: p.ImageURL.URL, Detail: p.ImageURL.Detail}, nil
		}
		mediaType, data, err := readDataURL(p.ImageURL.URL)
		if err != nil {
			return nil, wrong(at+".image_url.url", "%v", err)
		}
		return Image{MediaType: mediaType, Data: data, Detail: p.ImageURL.Detail}, nil
	case p.Type == "input_audio" && p.InputAudio != nil:
		return File{MediaType: "audio/" + p.InputAudio.Format, Data: p.InputAudio.Data}, nil
	case p.Type == "file" && p.File != nil:
		f := File{Name: p.File.Name, ID: p.File.ID}
		if p.File.Data != "" {
			var err error
			if f.MediaType, f.Data, err = readDataURL(p.File.Data); err != nil {
				return nil, wrong(at+".file.file_data", "%v", err)
			}
		}
		return f, nil
	}
	return nil, unsupported(at + ".type")
}

var errDataURL = errors.New("This is no data URL in base64.") //nolint:revive,staticcheck // a sentence for clients

// readDataURL takes a data URL (RFC 2397) in base64 apart.
func readDataURL(url string) (mediaType string, data []byte, err error) {
	head, body, ok := strings.Cut(strings.TrimPrefix(url, "data:"), ",")
	mediaType, base64ed := strings.CutSuffix(head, ";base64")
	if !ok || !base64ed || !strings.HasPrefix(url, "data:") {
		return "", nil, errDataURL
	}
	mediaType, _, _ = strings.Cut(mediaType, ";")
	if data, err = base64.StdEncoding.DecodeString(body); err != nil {
		return "", nil, errDataURL
	}
	return mediaType, data, nil
}
