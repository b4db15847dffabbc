package ai_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
)

func TestAccess(t *testing.T) {
	access, err := ai.NewAccess(map[string][]string{"staff": {"openai/*", "fast"}, "lab": {"*-preview"}, "none": {}, "boss": {"*"}})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := ai.NewAccess(map[string][]string{"boss": {"*"}, ai.Everyone: {"ollama/*"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct {
		access  *ai.Access
		roles   []string
		name    string
		targets []string
		want    bool
	}{
		{access, []string{"staff"}, "openai/gpt-5", nil, true},
		{access, []string{"staff"}, "anthropic/x", nil, false},
		{access, []string{"staff"}, "fast", []string{"anthropic/x"}, true},
		{access, []string{"staff"}, "cheap", []string{"openai/a", "openai/b"}, true},
		{access, []string{"staff"}, "mixed", []string{"openai/a", "gemini/b"}, false},
		{access, []string{"staff", "lab"}, "gemini/x-preview", nil, true},
		{access, []string{"none"}, "openai/gpt-5", nil, false},
		{access, []string{"none", "boss"}, "openai/gpt-5", nil, true},
		{access, []string{"guest"}, "openai/gpt-5", nil, true},
		{access, []string{"guest", "lab"}, "openai/gpt-5", nil, false},
		{access, nil, "openai/gpt-5", nil, true},
		{ours, []string{"guest"}, "openai/gpt-5", nil, false},
		{ours, []string{"guest"}, "ollama/x", nil, true},
		{ours, []string{"boss"}, "openai/gpt-5", nil, true},
		{nil, []string{"staff"}, "anthropic/x", nil, true},
	} {
		if got := tt.access.Allows(ai.Caller{User: "u", Roles: tt.roles}, tt.name, tt.targets...); got != tt.want {
			t.Errorf("%d: got %v", i, got)
		}
	}
	if !ours.Allows(ai.Caller{Module: "notes"}, "openai/x") {
		t.Error("the program itself was refused")
	}
	for name, roles := range map[string]map[string][]string{"no role": {"": nil}, "bad pattern": {"r": {" x"}}} {
		if _, err := ai.NewAccess(roles); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}

func ExampleWithAccess() {
	access, err := ai.NewAccess(map[string][]string{"intern": {"ollama/*"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	model := ai.WithAccess(func() *ai.Access { return access }, nil)(play(says(nil, "Hi")))
	ctx := ai.WithCaller(context.Background(), ai.Caller{User: "ann", Roles: []string{"intern"}})
	for _, name := range []string{"ollama/llama3", "openai/gpt-5"} {
		_, err := ai.Collect(model.Generate(ctx, &ai.Request{Model: name, Messages: []ai.Message{ai.User("Hi")}}))
		if e, ok := errors.AsType[*ai.Error](err); ok {
			fmt.Println(name, e.Kind)
			continue
		}
		fmt.Println(name, "answered")
	}
	list := access.Filter(ai.CallerOf(ctx), []ai.ModelInfo{{Name: "ollama/llama3"}, {Name: "openai/gpt-5"}}, nil)
	fmt.Println(len(list), list[0].Name)
	// Output:
	// ollama/llama3 answered
	// openai/gpt-5 not_found
	// 1 ollama/llama3
}
