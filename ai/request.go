package ai

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A Request asks a model for one answer. The zero value of each field but
// Messages leaves the choice to the provider.
type Request struct {
	Model    string    // the provider's name of the model
	Messages []Message // the conversation, the oldest first; at least one
	Tools    []Tool    // what the model may call
	// ToolChoice is ToolAuto, ToolNone, ToolRequired or the name of a tool the
	// model has to call.
	ToolChoice string
	Output     *Schema // the answer has to be JSON of this schema

	MaxTokens   int      // of the answer, reasoning included
	Temperature *float64 // 0 is the least random
	TopP        *float64 // of the probability mass, in (0, 1]
	Seed        *int64
	Stop        []string // texts that end the answer and are not part of it
	// Effort is how much the model reasons: "minimal", "low", "medium", "high",
	// or what else the provider knows.
	Effort string

	// Whole asks the provider for the answer in one piece. The events are the
	// same, with the whole text in one.
	Whole bool
	// User is an opaque id of the person on whose behalf it is asked, for the
	// provider's protection against abuse. Do not send names or addresses.
	User string
	// Extra are fields of the provider's own, put into the request as they are.
	// They win over what the adapter would write.
	Extra map[string]json.RawMessage

	embed *EmbedRequest // asked for by way of a Model; see [DecorateEmbedder]
}

// Values of [Request.ToolChoice] that are no name of a tool.
const (
	ToolAuto     = ""         // the model decides
	ToolNone     = "none"     // no tool is called
	ToolRequired = "required" // any, but one
)

// A Tool is a function that a model may ask to be called.
type Tool struct {
	Name        string // [a-zA-Z0-9_-]{1,64}
	Description string // when and how to use it
	// Parameters is the JSON Schema of the arguments, an object; nil: no arguments.
	Parameters json.RawMessage
	Strict     bool // hold the model to the schema where the provider can
}

// A Schema is what an answer in JSON looks like.
type Schema struct {
	Name   string // [a-zA-Z0-9_-]{1,64}; empty: "answer"
	Schema json.RawMessage
	Strict bool // hold the model to the schema where the provider can
}

// Validate reports what no provider would take: an [*Error] of kind [Invalid].
// Adapters call it before they send anything.
func (r *Request) Validate() error {
	if r != nil && r.embed != nil {
		return &Error{Kind: Unsupported, Model: r.Model, Message: "this model makes no embeddings"}
	}
	return r.valid()
}

// valid is Validate for what passes requests on, of embeddings too.
func (r *Request) valid() error {
	if err := r.check(); err != nil {
		model := ""
		if r != nil {
			model = r.Model
		}
		return &Error{Kind: Invalid, Model: model, Message: err.Error()}
	}
	return nil
}

// clone returns a copy that shares nothing that can be changed.
func (r *Request) clone() *Request {
	c := *r
	c.Messages = slices.Clone(r.Messages)
	for i := range c.Messages {
		c.Messages[i].Parts = slices.Clone(c.Messages[i].Parts)
		for j, p := range c.Messages[i].Parts {
			switch p := p.(type) {
			case Image:
				p.Data = slices.Clone(p.Data)
				c.Messages[i].Parts[j] = p
			case File:
				p.Data = slices.Clone(p.Data)
				c.Messages[i].Parts[j] = p
			case ToolCall:
				p.Arguments = slices.Clone(p.Arguments)
				c.Messages[i].Parts[j] = p
			}
		}
	}
	c.Tools = slices.Clone(r.Tools)
	for i := range c.Tools {
		c.Tools[i].Parameters = slices.Clone(c.Tools[i].Parameters)
	}
	if r.Output != nil {
		o := *r.Output
		o.Schema = slices.Clone(o.Schema)
		c.Output = &o
	}
	c.Temperature, c.TopP, c.Seed = cloned(r.Temperature), cloned(r.TopP), cloned(r.Seed)
	c.Stop = slices.Clone(r.Stop)
	c.Extra = maps.Clone(r.Extra)
	for name, v := range c.Extra {
		c.Extra[name] = slices.Clone(v)
	}
	return &c
}

func cloned[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

func (r *Request) check() error {
	switch {
	case r == nil:
		return errors.New("the request is nil")
	case r.Model == "":
		return errors.New("the request names no model")
	case len(r.Messages) == 0:
		return errors.New("the request has no messages")
	case r.MaxTokens < 0:
		return fmt.Errorf("%d tokens at most are asked for", r.MaxTokens)
	case r.TopP != nil && (*r.TopP <= 0 || *r.TopP > 1):
		return fmt.Errorf("top-p %v is not above 0 and at most 1", *r.TopP)
	case r.Temperature != nil && !(*r.Temperature >= 0 && *r.Temperature <= 100):
		return fmt.Errorf("temperature %v is not between 0 and 100", *r.Temperature)
	}
	for i := range r.Messages {
		if err := r.Messages[i].check(); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return r.checkTools()
}

func (r *Request) checkTools() error {
	for i, t := range r.Tools {
		if !validName(t.Name) {
			return fmt.Errorf("tool %d: the name %q is not 1 to 64 letters, digits, '_' or '-'", i, t.Name)
		}
		if slices.ContainsFunc(r.Tools[:i], func(o Tool) bool { return o.Name == t.Name }) {
			return fmt.Errorf("there are two tools %q", t.Name)
		}
		if t.Parameters != nil && !json.Valid(t.Parameters) {
			return fmt.Errorf("tool %q: the parameters are not JSON", t.Name)
		}
	}
	switch c := r.ToolChoice; c {
	case ToolAuto, ToolNone:
	case ToolRequired:
		if len(r.Tools) == 0 {
			return errors.New("a tool is required and none is there")
		}
	default:
		if !slices.ContainsFunc(r.Tools, func(t Tool) bool { return t.Name == c }) {
			return fmt.Errorf("the tool %q that has to be called is not there", c)
		}
	}
	if o := r.Output; o != nil && (!json.Valid(o.Schema) || o.Name != "" && !validName(o.Name)) {
		return errors.New("the schema of the answer is not JSON, or its name is malformed")
	}
	for name, v := range r.Extra {
		if !json.Valid(v) {
			return fmt.Errorf("the extra field %q is not JSON", name)
		}
	}
	return nil
}

func validName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}
