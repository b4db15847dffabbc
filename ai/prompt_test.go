package ai_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
)

func TestPrompt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, want string
		offset     int // of the error, where want is one
		variable   string
	}{
		{text: "Hello", want: "Hello"},
		{text: "{{who}}", want: "Ada"},
		{text: "Hi {{ who }}, {{who}}!", want: "Hi Ada, Ada!"},
		{text: "{{evil}}", want: "{{who}} {{{{ $1"},
		{text: "{{{{who}} and } or }} or {", want: "{{who}} and } or }} or {"},
		{text: "{{{{{{{{", want: "{{{{"},
		{text: "x {{", want: "not closed", offset: 2},
		{text: "x {{who", want: "not closed", offset: 2},
		{text: "{{who}} {{nobody}}", want: "not declared", offset: 8, variable: "nobody"},
		{text: "{{}}", want: "no name"},
		{text: "{{#if who}}", want: "no name", variable: "#if who"},
		{text: "{{1a}}", want: "no name", variable: "1a"},
		{text: "{{" + strings.Repeat("a", 65) + "}}", want: "no name", variable: strings.Repeat("a", 64)},
		{text: "", want: "empty"},
	} {
		p, err := ai.ParsePrompt("p", "1", []string{"who", "evil", "unused"}, ai.PromptText{Role: ai.RoleUser, Text: tt.text})
		if e, ok := errors.AsType[*ai.PromptError](err); ok {
			if !strings.Contains(e.Detail, tt.want) || e.Offset != tt.offset || e.Variable != tt.variable || e.Message != 0 {
				t.Errorf("%q: got %+v, want %q at %d", tt.text, e, tt.want, tt.offset)
			}
			continue
		}
		messages, err2 := p.Render(map[string]string{"who": "Ada", "evil": "{{who}} {{{{ $1", "unused": ""})
		if err := errors.Join(err, err2); err != nil || messages[0].Text() != tt.want || messages[0].Role != ai.RoleUser {
			t.Errorf("%q: got %v, %v, want %q", tt.text, messages, err, tt.want)
		}
	}
}

func TestPromptRefuses(t *testing.T) {
	t.Parallel()
	hi := ai.PromptText{Role: ai.RoleUser, Text: "Hi"}
	many := make([]ai.PromptText, 65)
	for name, err := range map[string]error{
		"no name":       parse("", nil, hi),
		"an @":          parse("a@1", nil, hi),
		"no messages":   parse("p", nil),
		"many messages": parse("p", nil, many...),
		"a role":        parse("p", nil, ai.PromptText{Role: ai.RoleTool, Text: "Hi"}),
		"a variable":    parse("p", []string{"a-b"}, hi),
		"twice":         parse("p", []string{"a", "b", "a"}, hi),
		"many":          parse("p", make([]string, 65), hi),
		"too long":      parse("p", nil, ai.PromptText{Role: ai.RoleUser, Text: strings.Repeat("x", 257<<10)}),
	} {
		if _, ok := errors.AsType[*ai.PromptError](err); !ok {
			t.Errorf("%s: got %v, want a PromptError", name, err)
		}
	}
	p, err := ai.ParsePrompt("p", "7", []string{"a", "b"}, ai.PromptText{Role: ai.RoleUser, Text: "{{a}}{{a}}{{b}}"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Render(map[string]string{"b": "", "d": "", "c": ""})
	if e, ok := errors.AsType[*ai.VariablesError](err); !ok || fmt.Sprint(e.Missing, e.Unknown) != "[a] [c d]" || e.Prompt != "p@7" {
		t.Errorf("got %v", err)
	}
	_, err = p.Render(map[string]string{"a": strings.Repeat("x", 5<<20), "b": ""})
	if e, ok := errors.AsType[*ai.Error](err); !ok || e.Kind != ai.TooLarge {
		t.Errorf("got %v, want kind too_large", err)
	}
}

func parse(name string, variables []string, messages ...ai.PromptText) error {
	_, err := ai.ParsePrompt(name, "1", variables, messages...)
	return err
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	type tester struct{}
	prompts := &ai.Prompts{Select: func(ctx context.Context, _ string) string {
		version, _ := ctx.Value(tester{}).(string)
		return version
	}}
	version := func(v string) *ai.Prompt {
		p, err := ai.ParsePrompt("p", v, nil, ai.PromptText{Role: ai.RoleUser, Text: "version " + v})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if err := prompts.Add(version("1"), version("2"), version("1"), version("3")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ selected, asked, want string }{{"", "", "3"}, {"1", "", "1"}, {"9", "", "3"}, {"1", "2", "2"}, {"1", "9", ""}} {
		ctx, messages, err := prompts.Render(context.WithValue(t.Context(), tester{}, tt.selected), "p", tt.asked, nil)
		if tt.want == "" {
			if !errors.Is(err, ai.ErrNoPrompt) {
				t.Errorf("%+v: got %v, want ErrNoPrompt", tt, err)
			}
			continue
		}
		if err != nil || messages[0].Text() != "version "+tt.want || ai.PromptOf(ctx) != "p@"+tt.want {
			t.Errorf("%+v: got %v, %v", tt, messages, err)
		}
	}
	if _, err := prompts.Find(t.Context(), "q", ""); !errors.Is(err, ai.ErrNoPrompt) {
		t.Errorf("got %v, want ErrNoPrompt", err)
	}
	if err := prompts.Add(nil); err == nil {
		t.Error("nil: got no error")
	}
}

// What parses renders, with each value as often as it is named and not otherwise.
func FuzzPrompt(f *testing.F) {
	for _, text := range []string{"Hi {{who}}", "{{{{", "{{ who }}{{who}}", "{{x", "}}{{who}}{{"} {
		f.Add(text, "Ada")
		f.Add(text, "{{who}}")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		p, err := ai.ParsePrompt("p", "1", []string{"who"}, ai.PromptText{Role: ai.RoleUser, Text: text})
		if err != nil {
			if e, ok := errors.AsType[*ai.PromptError](err); !ok || e.Offset > len(text) {
				t.Errorf("%q: got %v", text, err)
			}
			return
		}
		render := func(value string) string {
			messages, err := p.Render(map[string]string{"who": value})
			if err != nil {
				return ""
			}
			return messages[0].Text()
		}
		bare, marked := render(""), render("\x00")
		if !strings.Contains(text, "\x00") && len(value) < 1<<10 && strings.ReplaceAll(marked, "\x00", value) != render(value) || strings.ReplaceAll(marked, "\x00", "") != strings.ReplaceAll(bare, "\x00", "") {
			t.Errorf("%q: a value is not inserted as it is", text)
		}
	})
}

func ExamplePrompts() {
	summary, err := ai.ParsePrompt("summary", "2", []string{"text", "language"},
		ai.PromptText{Role: ai.RoleSystem, Text: "Summarize what you are given in {{language}}, in one sentence."},
		ai.PromptText{Role: ai.RoleUser, Text: "{{text}}"})
	if err != nil {
		fmt.Println(err)
		return
	}
	var prompts ai.Prompts
	if err := prompts.Add(summary); err != nil {
		fmt.Println(err)
		return
	}
	ctx, messages, err := prompts.Render(context.Background(), "summary", "", map[string]string{"language": "English", "text": "Ignore {{language}}!"})
	fmt.Println(ai.PromptOf(ctx), err)
	for _, m := range messages {
		fmt.Println(m.Role+":", m.Text())
	}
	_, _, err = prompts.Render(context.Background(), "summary", "", map[string]string{"lang": "English"})
	fmt.Println(err)
	// Output:
	// summary@2 <nil>
	// system: Summarize what you are given in English, in one sentence.
	// user: Ignore {{language}}!
	// prompt summary@2: is not given language, text does not know lang
}
