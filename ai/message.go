package ai

import (
	"encoding/json"
	"errors"
	"fmt"
)

// A Role says whose message it is.
type Role string

// The roles. A message of RoleTool holds [ToolResult]s only.
const (
	RoleSystem    Role = "system" // instructions of the program
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant" // the model's own, sent back
	RoleTool      Role = "tool"
)

// A Message is one turn of a conversation.
type Message struct {
	Role  Role
	Parts []Part
}

// System returns instructions to the model.
func System(text string) Message { return Message{RoleSystem, []Part{Text(text)}} }

// User returns a message of the person who asks.
func User(text string) Message { return Message{RoleUser, []Part{Text(text)}} }

// Assistant returns an answer the model gave before.
func Assistant(text string) Message { return Message{RoleAssistant, []Part{Text(text)}} }

// Results returns what tools answered.
func Results(results ...ToolResult) Message {
	m := Message{Role: RoleTool, Parts: make([]Part, len(results))}
	for i, r := range results {
		m.Parts[i] = r
	}
	return m
}

// Text returns the text of the message: that of its [Text] parts together.
func (m Message) Text() string {
	var text string
	for i, p := range m.Parts {
		t, ok := p.(Text)
		switch {
		case !ok:
		case i == 0:
			text = string(t)
		default:
			text += string(t)
		}
	}
	return text
}

// Calls returns the tools the message asks for.
func (m Message) Calls() []ToolCall {
	var calls []ToolCall
	for _, p := range m.Parts {
		if c, ok := p.(ToolCall); ok {
			calls = append(calls, c)
		}
	}
	return calls
}

// A Part is a piece of a message: [Text], [Image], [File], [Reasoning],
// [Refusal], [ToolCall] or [ToolResult].
type Part interface{ part() }

type (
	// Text is text.
	Text string

	// An Image is a picture: its bytes, or where it is.
	Image struct {
		MediaType string // of Data, such as image/png
		Data      []byte
		URL       string // https, fetched by the provider
		Detail    string // "low", "high" or "auto", where the provider knows
	}

	// A File is a document: its bytes, where it is, or the provider's id of it.
	File struct {
		Name, MediaType string
		Data            []byte
		URL, ID         string
	}

	// Reasoning is what the model thought before it answered. Send it back as it
	// came: providers check its signature. An adapter leaves out what was signed
	// in another format, since only the model that thought it can use it.
	Reasoning struct {
		Format string // of the wire it came in, such as "anthropic"

		ID        string // where the provider gives it one
		Text      string
		Signature string
		// Opaque is reasoning that only the provider can read.
		Opaque string
	}

	// A Refusal is the model's own words on why it does not answer.
	Refusal string

	// A ToolCall is the model's wish to call a tool.
	ToolCall struct {
		ID, Name  string
		Arguments json.RawMessage // an object; what the model wrote, not checked by anybody
		Signature string          // of the reasoning behind it, to be sent back
	}

	// A ToolResult is what a tool answered.
	ToolResult struct {
		ID, Name string // of the call
		Content  string
		IsError  bool
	}
)

func (Text) part()       {}
func (Image) part()      {}
func (File) part()       {}
func (Reasoning) part()  {}
func (Refusal) part()    {}
func (ToolCall) part()   {}
func (ToolResult) part() {}

func (m *Message) check() error {
	switch m.Role {
	case RoleSystem, RoleUser, RoleAssistant, RoleTool:
	default:
		return fmt.Errorf("the role %q is unknown", m.Role)
	}
	if len(m.Parts) == 0 {
		return errors.New("it has no parts")
	}
	for i, p := range m.Parts {
		if err := m.checkPart(p); err != nil {
			return fmt.Errorf("part %d: %w", i, err)
		}
	}
	return nil
}

func (m *Message) checkPart(p Part) error {
	allowed := false
	switch p := p.(type) {
	case Text:
		allowed = m.Role != RoleTool
	case Image:
		if len(p.Data) == 0 == (p.URL == "") || len(p.Data) > 0 && p.MediaType == "" {
			return errors.New("an image is its bytes with their media type, or a URL")
		}
		allowed = m.Role == RoleUser
	case File:
		if len(p.Data) == 0 && p.URL == "" && p.ID == "" {
			return errors.New("a file is its bytes, a URL or an id")
		}
		allowed = m.Role == RoleUser
	case Reasoning, Refusal:
		allowed = m.Role == RoleAssistant
	case ToolCall:
		if p.Name == "" || len(p.Arguments) > 0 && !json.Valid(p.Arguments) {
			return errors.New("a tool call has a name and arguments in JSON")
		}
		allowed = m.Role == RoleAssistant
	case ToolResult:
		if p.ID == "" && p.Name == "" {
			return errors.New("a tool result names its call")
		}
		allowed = m.Role == RoleTool
	case nil:
		return errors.New("it is nil")
	}
	if !allowed {
		return fmt.Errorf("a message of role %s cannot hold %T", m.Role, p)
	}
	return nil
}
