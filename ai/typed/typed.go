// Package typed gives package ai Go types: answers that are decoded by a schema
// made of one, and tools that are Go functions.
//
//	type Weather struct {
//		City    string  `json:"city"`
//		Celsius float64 `json:"celsius" jsonschema:"degrees at noon"`
//	}
//	weather, _, err := typed.Generate[Weather](ctx, model, request)
//
// Schemas follow github.com/google/jsonschema-go: names are those of the json
// tags, fields without omitempty are required, and a jsonschema tag describes a
// field to the model.
package typed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/modular-dashboard/dashboard/ai"
)

// shape is a type as the model knows it.
type shape struct {
	schema   json.RawMessage
	resolved *jsonschema.Resolved
}

func shapeOf[T any]() (*shape, error) {
	s, err := jsonschema.For[T](nil)
	if err != nil {
		return nil, fmt.Errorf("make schema: %w", err)
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		return nil, fmt.Errorf("resolve schema: %w", err)
	}
	return &shape{raw, resolved}, nil
}

// decode reads JSON into out, if it is what the schema says.
func (s *shape) decode(data []byte, out any) error {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	if err := s.resolved.Validate(value); err != nil {
		return fmt.Errorf("not what the schema says: %w", err)
	}
	return json.Unmarshal(data, out)
}

// Generate asks for an answer in JSON and decodes it. The request's Output is set
// to the schema of T, strictly, unless it has one. What is not JSON of the schema
// is an error of kind [ai.Malformed], and an answer that was cut short one of kind
// [ai.Truncated]; the answer is there beside the error as [ai.Collect] has it.
func Generate[T any](ctx context.Context, model ai.Model, req *ai.Request) (T, *ai.Answer, error) {
	var out T
	s, err := shapeOf[T]()
	if err != nil {
		return out, &ai.Answer{}, fmt.Errorf("generate %T: %w", out, err)
	}
	if req != nil && req.Output == nil {
		asked := *req
		asked.Output = &ai.Schema{Schema: s.schema, Strict: true}
		req = &asked
	}
	answer, err := ai.Collect(model.Generate(ctx, req))
	if err != nil {
		return out, answer, err
	}
	fail := func(kind ai.ErrorKind, err error) (T, *ai.Answer, error) {
		var zero T
		return zero, answer, &ai.Error{Kind: kind, Provider: answer.Provider, Model: answer.Model, Err: err}
	}
	switch answer.Reason {
	case ai.ReasonLength:
		return fail(ai.Truncated, errors.New("the answer reached its limit of tokens"))
	case ai.ReasonFiltered:
		return fail(ai.Filtered, errors.New("the provider held the answer back"))
	}
	if err := s.decode([]byte(unfenced(answer.Text())), &out); err != nil {
		return fail(ai.Malformed, err)
	}
	return out, answer, nil
}

// unfenced takes the Markdown fence off that some models put around JSON.
func unfenced(text string) string {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "```") || !strings.HasSuffix(text, "```") || len(text) < 6 {
		return text
	}
	_, text, _ = strings.Cut(strings.TrimSuffix(text, "```"), "\n")
	return strings.TrimSpace(text)
}

// Tool makes a function that models can call of a Go function. Arguments that are
// not what the schema of In says are told to the model as an error, and fn is not
// called. Out is told to it as JSON, or as it is where it is a string. An error
// means that In has no schema, or that the name is malformed.
func Tool[In, Out any](name, description string, fn func(context.Context, In) (Out, error)) (ai.Function, error) {
	s, err := shapeOf[In]()
	if err != nil {
		return ai.Function{}, fmt.Errorf("tool %s: %w", name, err)
	}
	f := ai.Function{Tool: ai.Tool{Name: name, Description: description, Parameters: s.schema}}
	f.Call = func(ctx context.Context, arguments json.RawMessage) (string, error) {
		var in In
		if err := s.decode(arguments, &in); err != nil {
			return "", fmt.Errorf("the arguments are %w", err)
		}
		out, err := fn(ctx, in)
		if err != nil {
			return "", err
		}
		if text, ok := any(out).(string); ok {
			return text, nil
		}
		b, err := json.Marshal(out)
		return string(b), err
	}
	probe := ai.Request{Model: "m", Messages: []ai.Message{ai.User("x")}, Tools: []ai.Tool{f.Tool}}
	if err := probe.Validate(); err != nil {
		return ai.Function{}, fmt.Errorf("tool %q: %w", name, err)
	}
	return f, nil
}
