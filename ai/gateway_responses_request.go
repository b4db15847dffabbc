package ai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// responsesRequest is what a client asks for in the Responses format.
type responsesRequest struct {
	Request
	stream bool
	sealed bool // reasoning is wanted in the form that is sent back
	echo   responsesBody
}

// responsesBody is a request in the Responses format.
type responsesBody struct {
	Model                string           `json:"model"`
	Input                json.RawMessage  `json:"input"`
	Instructions         *string          `json:"instructions"`
	Stream               bool             `json:"stream"`
	StreamOptions        *streamOptions   `json:"stream_options"`
	MaxOutputTokens      *int             `json:"max_output_tokens"`
	Temperature          *float64         `json:"temperature"`
	TopP                 *float64         `json:"top_p"`
	Tools                []responsesTool  `json:"tools"`
	ToolChoice           json.RawMessage  `json:"tool_choice"`
	Text                 *responsesText   `json:"text"`
	Reasoning            *responsesEffort `json:"reasoning"`
	Include              []string         `json:"include"`
	User                 string           `json:"user"`
	SafetyIdentifier     string           `json:"safety_identifier"`
	Metadata             json.RawMessage  `json:"metadata"`               // of the client's own
	PromptCacheKey       json.RawMessage  `json:"prompt_cache_key"`       // a hint
	PromptCacheRetention json.RawMessage  `json:"prompt_cache_retention"` // a hint
	MaxToolCalls         *int             `json:"max_tool_calls"`         // of tools that are not here
	Store                *bool            `json:"store"`
	ParallelToolCalls    *bool            `json:"parallel_tool_calls"`
	PreviousResponseID   *string          `json:"previous_response_id"`
	Conversation         json.RawMessage  `json:"conversation"`
	Prompt               json.RawMessage  `json:"prompt"`
	Background           *bool            `json:"background"`
	Truncation           string           `json:"truncation"`
	ServiceTier          string           `json:"service_tier"`
	TopLogprobs          *int             `json:"top_logprobs"`
}

type responsesTool struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      *bool           `json:"strict"`
}

type responsesText struct {
	Format    *responsesFormat `json:"format"`
	Verbosity string           `json:"verbosity,omitempty"`
}

type responsesFormat struct {
	Type        string          `json:"type"`
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

type responsesEffort struct {
	Effort          string          `json:"effort"`
	Summary         json.RawMessage `json:"summary"` // what the model tells of it is passed on
	GenerateSummary json.RawMessage `json:"generate_summary"`
}

const includeReasoning = "reasoning.encrypted_content"

// readResponses reads a request, or says what is wrong with it.
func readResponses(body []byte) (*responsesRequest, *fault) {
	out := &responsesRequest{}
	if bad := decodeStrict(body, &out.echo); bad != nil {
		return nil, bad
	}
	err := out.read(&out.echo)
	if err == nil {
		err = out.check()
	}
	return out, badRequest(err)
}

func (out *responsesRequest) read(in *responsesBody) error {
	if err := in.refuse(); err != nil {
		return err
	}
	out.stream, out.sealed = in.Stream, slices.Contains(in.Include, includeReasoning)
	r := &out.Request
	r.Model, r.Whole, r.Temperature, r.TopP, r.User = in.Model, !in.Stream, in.Temperature, in.TopP, in.User
	if in.SafetyIdentifier != "" {
		r.User = in.SafetyIdentifier
	}
	if in.MaxOutputTokens != nil {
		r.MaxTokens = *in.MaxOutputTokens
	}
	if in.Reasoning != nil {
		r.Effort = in.Reasoning.Effort
	}
	if in.Instructions != nil && *in.Instructions != "" {
		r.Messages = append(r.Messages, System(*in.Instructions))
	}
	if err := out.input(in.Input); err != nil {
		return err
	}
	if err := out.tools(in); err != nil {
		return err
	}
	return out.format(in.Text)
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// refuse finds what would have to be left out.
func (in *responsesBody) refuse() error {
	for param, bad := range map[string]bool{
		"store":                in.Store != nil && *in.Store,
		"previous_response_id": in.PreviousResponseID != nil && *in.PreviousResponseID != "",
		"conversation":         given(in.Conversation),
		"prompt":               given(in.Prompt),
		"background":           in.Background != nil && *in.Background,
		"parallel_tool_calls":  in.ParallelToolCalls != nil && !*in.ParallelToolCalls,
		"truncation":           in.Truncation != "" && in.Truncation != "disabled",
		"service_tier":         in.ServiceTier != "" && in.ServiceTier != "auto" && in.ServiceTier != "default",
		"top_logprobs":         in.TopLogprobs != nil && *in.TopLogprobs != 0,
		"text.verbosity":       in.Text != nil && in.Text.Verbosity != "" && in.Text.Verbosity != "medium",
		"include":              slices.ContainsFunc(in.Include, func(s string) bool { return s != includeReasoning }),
	} {
		if bad {
			return unsupported(param)
		}
	}
	return nil
}

func (out *responsesRequest) tools(in *responsesBody) error {
	for i, t := range in.Tools {
		if t.Type != "function" {
			return unsupported(fmt.Sprintf("tools[%d].type", i))
		}
		tool := Tool{Name: t.Name, Description: t.Description, Strict: t.Strict != nil && *t.Strict}
		if given(t.Parameters) {
			tool.Parameters = t.Parameters
		}
		out.Tools = append(out.Tools, tool)
	}
	choice := bytes.TrimSpace(in.ToolChoice)
	switch {
	case !given(choice) || string(choice) == `"auto"`:
	case string(choice) == `"none"`:
		out.ToolChoice = ToolNone
	case string(choice) == `"required"`:
		out.ToolChoice = ToolRequired
	default:
		var one responsesTool
		if err := json.Unmarshal(choice, &one); err != nil || one.Type != "function" || one.Name == "" {
			return unsupported("tool_choice")
		}
		out.ToolChoice = one.Name
	}
	return nil
}

func (out *responsesRequest) format(t *responsesText) error {
	switch {
	case t == nil || t.Format == nil || t.Format.Type == "text":
	case t.Format.Type == "json_object":
		out.Output = &Schema{Schema: json.RawMessage(`{"type":"object"}`)}
	case t.Format.Type == "json_schema" && given(t.Format.Schema):
		out.Output = &Schema{Name: t.Format.Name, Schema: t.Format.Schema, Strict: t.Format.Strict != nil && *t.Format.Strict}
	default:
		return unsupported("text.format")
	}
	return nil
}

// inputItem is an item of the input: of it what its type has. Clients send back
// what they got with what they added to it, so other fields are no mistake.
type inputItem struct {
	Type      string          `json:"type"`
	ID        string          `json:"id"`
	Role      string          `json:"role"`
	Content   json.RawMessage `json:"content"`
	CallID    string          `json:"call_id"`
	Name      string          `json:"name"`
	Arguments string          `json:"arguments"`
	Output    json.RawMessage `json:"output"`
	Summary   []struct {
		Text string `json:"text"`
	} `json:"summary"`
	EncryptedContent string `json:"encrypted_content"`
}

func (out *responsesRequest) input(raw json.RawMessage) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return wrong("input", "The input cannot be read.")
		}
		out.Messages = append(out.Messages, User(text))
		return nil
	}
	var items []inputItem
	if err := json.Unmarshal(raw, &items); err != nil {
		return wrong("input", "The input is no text and no list of items.")
	}
	if len(items) == 0 {
		return wrong("input", "The input is empty.")
	}
	for i := range items {
		if err := out.item(&items[i], fmt.Sprintf("input[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

func (out *responsesRequest) item(in *inputItem, at string) error {
	switch in.Type {
	case "message", "":
		return out.message(in, at)
	case "function_call":
		addParts(&out.Request, RoleAssistant, ToolCall{ID: in.CallID, Name: in.Name, Arguments: json.RawMessage(in.Arguments), Signature: signatureOfID(in.ID)})
	case "function_call_output":
		parts, err := readParts[inputPart](in.Output, at+".output")
		if err != nil {
			return err
		}
		text, ok := onlyText(parts)
		if !ok {
			return unsupported(at + ".output")
		}
		addParts(&out.Request, RoleTool, ToolResult{ID: in.CallID, Content: text})
	case "reasoning":
		if r, ok := unseal(in); ok {
			addParts(&out.Request, RoleAssistant, r)
		}
	default:
		return unsupported(at + ".type")
	}
	return nil
}

func (out *responsesRequest) message(in *inputItem, at string) error {
	parts, err := readParts[inputPart](in.Content, at+".content")
	if err != nil {
		return err
	}
	switch in.Role {
	case "system", "developer":
		out.Messages = append(out.Messages, Message{Role: RoleSystem, Parts: parts})
	case "user":
		out.Messages = append(out.Messages, Message{Role: RoleUser, Parts: parts})
	case "assistant":
		addParts(&out.Request, RoleAssistant, parts...)
	default:
		return wrong(at+".role", "The role %q is unknown.", in.Role)
	}
	return nil
}

type inputPart struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Refusal  string `json:"refusal"`
	ImageURL string `json:"image_url"`
	Detail   string `json:"detail"`
	FileID   string `json:"file_id"`
	FileURL  string `json:"file_url"`
	FileData string `json:"file_data"`
	Filename string `json:"filename"`
}

func (p inputPart) part(at string) (Part, error) {
	switch {
	case p.Type == "input_text" || p.Type == "output_text" || p.Type == "text":
		return Text(p.Text), nil
	case p.Type == "refusal":
		return Refusal(p.Refusal), nil
	case p.Type == "input_image" && strings.HasPrefix(p.ImageURL, "data:"):
		mediaType, data, err := readDataURL(p.ImageURL)
		if err != nil {
			return nil, wrong(at+".image_url", "%v", err)
		}
		return Image{MediaType: mediaType, Data: data, Detail: p.Detail}, nil
	case p.Type == "input_image" && p.ImageURL != "":
		return Image{URL: p.ImageURL, Detail: p.Detail}, nil
	case p.Type == "input_image":
		return nil, unsupported(at + ".file_id")
	case p.Type == "input_file":
		f := File{Name: p.Filename, ID: p.FileID, URL: p.FileURL}
		if p.FileData != "" {
			var err error
			if f.MediaType, f.Data, err = readDataURL(p.FileData); err != nil {
				return nil, wrong(at+".file_data", "%v", err)
			}
		}
		return f, nil
	}
	return nil, unsupported(at + ".type")
}
