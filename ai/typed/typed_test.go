package typed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/openai"
	"github.com/modular-dashboard/dashboard/ai/typed"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

type seq = iter.Seq2[ai.Event, error]

type weather struct {
	City    string  `json:"city"`
	Celsius float64 `json:"celsius" jsonschema:"degrees at noon"`
}

func ExampleGenerate() {
	server := aitest.NewServer()
	defer server.Close()
	server.Push(aitest.Reply{Text: []string{`{"city":"Bern",`, `"celsius":21.5}`}})
	var transport http.Transport
	defer transport.CloseIdleConnections()
	model, err := openai.New("key", ai.Endpoint{BaseURL: server.BaseURL(aitest.OpenAIChat), Transport: &transport})
	if err != nil {
		log.Fatal(err)
	}
	got, _, err := typed.Generate[weather](context.Background(), model, &ai.Request{Model: "m", Messages: []ai.Message{ai.User("How is it in Bern?")}})
	fmt.Println(got.City, got.Celsius, err)
	// Output: Bern 21.5 <nil>
}

func ExampleTool() {
	lookUp, err := typed.Tool("weather", "The weather in a city.", func(_ context.Context, in struct {
		City string `json:"city"`
	}) (weather, error) {
		return weather{in.City, 21.5}, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	server := aitest.NewServer()
	defer server.Close()
	server.Push(aitest.Reply{Calls: []ai.ToolCall{{ID: "1", Name: "weather", Arguments: json.RawMessage(`{"city":"Bern"}`)}}},
		aitest.Reply{Text: []string{"21.5 degrees."}})
	var transport http.Transport
	defer transport.CloseIdleConnections()
	claude, err := anthropic.New("key", ai.Endpoint{BaseURL: server.BaseURL(aitest.Anthropic), Transport: &transport})
	if err != nil {
		log.Fatal(err)
	}
	model := ai.WithFunctions(ai.Functions{List: []ai.Function{lookUp}, OnCall: func(_ context.Context, c ai.ToolCall, r ai.ToolResult, _ []byte) {
		fmt.Println(c.Name, r.Content)
	}})(claude)
	answer, err := ai.Collect(model.Generate(context.Background(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("How is it in Bern?")}}))
	fmt.Println(answer.Text(), answer.Usage.Total(), err)
	// Output:
	// weather {"city":"Bern","celsius":21.5}
	// 21.5 degrees. 42 <nil>
}

// says is a model of one answer.
func says(reason ai.Reason, text string) ai.Model {
	return ai.ModelFunc(func(_ context.Context, req *ai.Request) seq {
		return func(yield func(ai.Event, error) bool) {
			if !strings.Contains(string(req.Output.Schema), "degrees at noon") {
				yield(ai.Event{}, errors.New("no schema came"))
				return
			}
			if yield(ai.Event{Kind: ai.EventText, Text: text}, nil) {
				yield(ai.Event{Kind: ai.EventEnd, Reason: reason}, nil)
			}
		}
	})
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		reason     ai.Reason
		kind       ai.ErrorKind // Unknown: none
	}{
		{"plain", `{"city":"x","celsius":1}`, ai.ReasonStop, ai.Unknown},
		{"fenced", "```json\n{\"city\":\"x\",\"celsius\":1}\n```", ai.ReasonStop, ai.Unknown},
		{"prose", "It is warm.", ai.ReasonStop, ai.Malformed},
		{"a field is missing", `{"city":"x"}`, ai.ReasonStop, ai.Malformed},
		{"a field of another type", `{"city":"x","celsius":"1"}`, ai.ReasonStop, ai.Malformed},
		{"cut short", `{"city":"x"`, ai.ReasonLength, ai.Truncated},
		{"held back", "", ai.ReasonFiltered, ai.Filtered},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, answer, err := typed.Generate[weather](t.Context(), says(tc.reason, tc.text), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("x")}})
			failed, _ := errors.AsType[*ai.Error](err)
			if (err != nil) != (tc.kind != ai.Unknown) || failed != nil && failed.Kind != tc.kind || err == nil && got != (weather{"x", 1}) || answer.Text() != tc.text {
				t.Errorf("got %+v, %v, want kind %v", got, err, tc.kind)
			}
		})
	}
}

func TestTool(t *testing.T) {
	t.Parallel()
	tool, err := typed.Tool("f", "", func(_ context.Context, in weather) (string, error) {
		if in.Celsius > 100 {
			return "", errors.New("too hot")
		}
		return "fine", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for arguments, want := range map[string]string{
		`{"city":"x","celsius":1}`:   "fine",
		`{"city":"x","celsius":101}`: "too hot",
		`{"city":"x"}`:               "the arguments are not what the schema says",
		`{"city":`:                   "the arguments are not JSON",
	} {
		got, err := tool.Call(t.Context(), json.RawMessage(arguments))
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", arguments, got, want)
		}
	}
	if _, err := typed.Tool("a b", "", func(context.Context, weather) (string, error) { return "", nil }); err == nil {
		t.Error("a name with a space: got no error")
	}
	if _, err := typed.Tool("f", "", func(context.Context, chan int) (string, error) { return "", nil }); err == nil {
		t.Error("a type without a schema: got no error")
	}
}
