package ai

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bounds of prompts.
const (
	maxPromptMessages  = 64
	maxPromptVariables = 64
	maxPromptText      = 256 << 10 // bytes of all messages
	maxRendered        = 8 << 20   // bytes of all messages with their variables
	maxVariableName    = 64
)

// A PromptText is a message of a template. In its text {{name}} stands for a
// variable, and {{{{ for two braces; there is no logic.
type PromptText struct {
	Role Role // RoleSystem, RoleUser or RoleAssistant
	Text string
}

// A Prompt is a template of messages. Make one with [ParsePrompt]; it does not
// change and is safe for concurrent use.
type Prompt struct {
	name, version string
	variables     []string
	messages      []promptMessage
}

type promptMessage struct {
	role   Role
	pieces []promptPiece
}

// A promptPiece is text, or where a variable goes.
type promptPiece struct {
	text     string
	variable string
}

// A PromptError says what is wrong with a template.
type PromptError struct {
	Message  int    // which one, from 0; -1: none of them
	Offset   int    // where in its text, in bytes
	Variable string // that is not declared, or whose name is malformed
	Detail   string // a sentence for people
}

// Error implements error.
func (e *PromptError) Error() string {
	if e.Message < 0 {
		return "prompt: " + e.Detail
	}
	return fmt.Sprintf("prompt: message %d, byte %d: %s", e.Message, e.Offset, e.Detail)
}

// A VariablesError says which variables a template was not given, and which it was
// given and does not know. Both are sorted.
type VariablesError struct {
	Prompt           string // with its version
	Missing, Unknown []string
}

// Error implements error.
func (e *VariablesError) Error() string {
	text := "prompt " + e.Prompt + ":"
	if len(e.Missing) > 0 {
		text += " is not given " + strings.Join(e.Missing, ", ")
	}
	if len(e.Unknown) > 0 {
		text += " does not know " + strings.Join(e.Unknown, ", ")
	}
	return text
}

// ParsePrompt reads a template. Every variable that a text names must be declared;
// a name is 1 to 64 letters, digits and underscores and begins with no digit.
// Errors: a [*PromptError].
func ParsePrompt(name, version string, variables []string, messages ...PromptText) (*Prompt, error) {
	whole := func(format string, args ...any) error {
		return &PromptError{Message: -1, Detail: fmt.Sprintf(format, args...)}
	}
	switch {
	case name == "" || strings.Contains(name, "@"):
		return nil, whole("a prompt has a name without @")
	case len(messages) == 0 || len(messages) > maxPromptMessages:
		return nil, whole("a prompt has 1 to %d messages", maxPromptMessages)
	case len(variables) > maxPromptVariables:
		return nil, whole("a prompt has at most %d variables", maxPromptVariables)
	}
	p := &Prompt{name: name, version: version, variables: slices.Clone(variables)}
	slices.Sort(p.variables)
	for i, v := range p.variables {
		if !validVariable(v) {
			return nil, &PromptError{Message: -1, Variable: v, Detail: fmt.Sprintf("%q is no name of a variable", v)}
		}
		if i > 0 && p.variables[i-1] == v {
			return nil, &PromptError{Message: -1, Variable: v, Detail: "the variable " + v + " is declared twice"}
		}
	}
	size := 0
	for i, m := range messages {
		if size += len(m.Text); size > maxPromptText {
			return nil, whole("the texts have more than %d bytes", maxPromptText)
		}
		one, err := p.message(m)
		if e, ok := errors.AsType[*PromptError](err); ok {
			e.Message = i
			return nil, e
		}
		p.messages = append(p.messages, one)
	}
	return p, nil
}

func (p *Prompt) message(m PromptText) (promptMessage, error) {
	out := promptMessage{role: m.Role}
	switch {
	case m.Role != RoleSystem && m.Role != RoleUser && m.Role != RoleAssistant:
		return out, &PromptError{Detail: fmt.Sprintf("the role %q is none of system, user and assistant", m.Role)}
	case m.Text == "":
		return out, &PromptError{Detail: "the text is empty"}
	}
	text := func(s string) {
		if n := len(out.pieces); n > 0 && out.pieces[n-1].variable == "" {
			out.pieces[n-1].text += s
		} else if s != "" {
			out.pieces = append(out.pieces, promptPiece{text: s})
		}
	}
	for rest, at := m.Text, 0; rest != ""; {
		before, after, found := strings.Cut(rest, "{{")
		text(before)
		if !found {
			break
		}
		at += len(before)
		if strings.HasPrefix(after, "{{") {
			text("{{")
			rest, at = after[2:], at+4
			continue
		}
		inner, behind, closed := strings.Cut(after, "}}")
		name := strings.Trim(inner, " ")
		switch {
		case !closed:
			return out, &PromptError{Offset: at, Detail: "{{ is not closed; write {{{{ for two braces"}
		case !validVariable(name):
			return out, &PromptError{Offset: at, Variable: shown(name), Detail: fmt.Sprintf("%q is no name of a variable; write {{{{ for two braces", shown(name))}
		case !slices.Contains(p.variables, name):
			return out, &PromptError{Offset: at, Variable: name, Detail: "the variable " + name + " is not declared"}
		}
		out.pieces = append(out.pieces, promptPiece{variable: name})
		at += len("{{") + len(inner) + len("}}")
		rest = behind
	}
	return out, nil
}

// shown is what errors repeat of a name.
func shown(name string) string {
	return strings.ToValidUTF8(name[:min(len(name), maxVariableName)], "\uFFFD")
}

func validVariable(s string) bool {
	if s == "" || len(s) > maxVariableName || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_':
		default:
			return false
		}
	}
	return true
}

// Name returns the name of the template.
func (p *Prompt) Name() string { return p.name }

// Version returns its version.
func (p *Prompt) Version() string { return p.version }

// String returns name and version as [WithPrompt] wants them, such as "summary@3".
func (p *Prompt) String() string {
	if p.version == "" {
		return p.name
	}
	return p.name + "@" + p.version
}

// Variables returns the declared variables, sorted.
func (p *Prompt) Variables() []string { return slices.Clone(p.variables) }

// Render returns the messages with variables in their places. A value is data: it is
// inserted once, as it is, and what looks like a variable in it stays what it is.
// Errors: a [*VariablesError] where variables are missing or unknown; an [*Error]
// of kind [TooLarge] above 8 MiB.
func (p *Prompt) Render(variables map[string]string) ([]Message, error) {
	var bad VariablesError
	for _, name := range p.variables {
		if _, ok := variables[name]; !ok {
			bad.Missing = append(bad.Missing, name)
		}
	}
	for name := range variables {
		if !slices.Contains(p.variables, name) {
			bad.Unknown = append(bad.Unknown, shown(name))
		}
	}
	if len(bad.Missing)+len(bad.Unknown) > 0 {
		slices.Sort(bad.Unknown)
		bad.Prompt = p.String()
		return nil, &bad
	}
	size := 0
	for _, m := range p.messages {
		for _, piece := range m.pieces {
			if size += len(piece.text) + len(variables[piece.variable]); size > maxRendered {
				return nil, &Error{Kind: TooLarge, Message: "The prompt is too long with its variables."}
			}
		}
	}
	out := make([]Message, len(p.messages))
	for i, m := range p.messages {
		out[i] = Message{Role: m.role, Parts: []Part{Text(m.text(variables))}}
	}
	return out, nil
}

func (m *promptMessage) text(variables map[string]string) string {
	var text strings.Builder
	for _, piece := range m.pieces {
		if piece.variable != "" {
			text.WriteString(variables[piece.variable])
		} else {
			text.WriteString(piece.text)
		}
	}
	return text.String()
}
