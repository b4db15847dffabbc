package judge_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	ouropenai "github.com/modular-dashboard/dashboard/ai/openai"
	"github.com/modular-dashboard/dashboard/dashboardtest"
)

// modelServer is a dashboard in front of a provider of another format than the
// SDKs speak. It answers as told, and where a tool's result was sent with what
// that was.
func modelServer(t *testing.T, limit string) (upstream *aitest.Server, url, key string) {
	t.Helper()
	upstream = aitest.NewServer()
	t.Cleanup(upstream.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	claude, err := anthropic.New("key", ai.Endpoint{BaseURL: upstream.BaseURL(aitest.Anthropic), Transport: transport})
	at := ai.Endpoint{BaseURL: upstream.BaseURL(aitest.OpenAIChat), Transport: transport}
	chat, err2 := ouropenai.New("key", at)
	embedder, err3 := ouropenai.NewEmbedder("key", at)
	models := ai.NewDirectory()
	if err = errors.Join(err, err2, err3, models.Provider("anthropic", claude), models.Provider("openai", ai.WithEmbedder(embedder)(chat)),
		models.ListedBy("openai", chat), models.Alias("smart", "anthropic/claude")); err != nil {
		t.Fatal(err)
	}
	upstream.List("test-model")
	upstream.Decide(func(_ int, r aitest.Request) aitest.Reply { return reply(string(r.Body)) })
	s := dashboardtest.New(t, dashboard.WithModels(models), dashboard.WithRateLimit("ai", limit), dashboard.WithLogger(slog.New(slog.DiscardHandler)))
	var made struct{ Key string }
	s.Owner().Do(http.MethodPost, "/api/v1/api-keys", map[string]any{"name": "sdk", "permissions": []string{"dashboard.ai.use"}}).Want(http.StatusCreated).JSON(&made)
	return upstream, s.URL + "/ai/v1", made.Key
}

// plenty is a limit that no test reaches.
const plenty = "1000/s"

// reply is what the provider says to a request of its format.
func reply(body string) aitest.Reply {
	switch {
	case strings.Contains(body, "please fail busy"):
		return aitest.Reply{Fault: aitest.RateLimited, RetryAfter: 7 * time.Second}
	case strings.Contains(body, "please fail midway"):
		return aitest.Reply{Fault: aitest.ErrorMidway}
	case strings.Contains(body, `"type":"tool_result"`) && strings.Contains(body, "21 degrees"):
		return aitest.Reply{Reasoning: []string{"hm"}, Text: []string{"It is ", "21 degrees."}}
	case strings.Contains(body, `"tools"`):
		return aitest.Reply{Reasoning: []string{"hm"}, Calls: []ai.ToolCall{{ID: "call_1", Name: "weather", Arguments: json.RawMessage(`{"city":"Paris"}`)}, {ID: "call_2", Name: "now", Arguments: json.RawMessage(`{}`)}},
			Usage: ai.Usage{Input: 20, Output: 10, CachedInput: 4}}
	case strings.Contains(body, `"json_schema"`):
		return aitest.Reply{Text: []string{`{"city":`, `"Paris"}`}}
	case strings.Contains(body, `"media_type":"image/png","data":"cG5n"`):
		return aitest.Reply{Text: []string{"A picture."}}
	}
	return aitest.Reply{}
}

func newSDK(url, key string) openai.Client {
	return openai.NewClient(option.WithBaseURL(url), option.WithAPIKey(key), option.WithMaxRetries(0))
}

const greeting = "Hello, wörld 😀"

var weather = shared.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]string{"type": "string"}}}

func TestOpenAISDKChat(t *testing.T) {
	t.Parallel()
	_, url, key := modelServer(t, plenty)
	sdk := newSDK(url, key)
	ask := openai.ChatCompletionNewParams{Model: "smart", Messages: []openai.ChatCompletionMessageParamUnion{openai.SystemMessage("Be brief."), openai.UserMessage("Hi")}}
	answer, err := sdk.Chat.Completions.New(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if c := answer.Choices[0]; c.Message.Content != greeting || c.FinishReason != "stop" || answer.Usage.TotalTokens != 21 || answer.Model != "test-model-1" {
		t.Errorf("whole: got %s", answer.RawJSON())
	}
	ask.StreamOptions.IncludeUsage = openai.Bool(true)
	stream := sdk.Chat.Completions.NewStreaming(t.Context(), ask)
	var all openai.ChatCompletionAccumulator
	pieces := 0
	for stream.Next() {
		if pieces++; !all.AddChunk(stream.Current()) {
			t.Errorf("piece %s does not fit", stream.Current().RawJSON())
		}
	}
	if err := errors.Join(stream.Err(), stream.Close()); err != nil || pieces < 5 || all.Choices[0].Message.Content != greeting || all.Usage.TotalTokens != 21 {
		t.Errorf("stream: got %d pieces, %+v, %v", pieces, all.ChatCompletion, err)
	}
	ask.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "place", Strict: openai.Bool(true), Schema: weather}}
	if answer, err = sdk.Chat.Completions.New(t.Context(), ask); err != nil || answer.Choices[0].Message.Content != `{"city":"Paris"}` {
		t.Errorf("schema: got %+v, %v", answer, err)
	}
	answer, err = sdk.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: "anthropic/claude", Messages: []openai.ChatCompletionMessageParamUnion{
		openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{openai.TextContentPart("What is it?"),
			openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: "data:image/png;base64,cG5n"})})}})
	if err != nil || answer.Choices[0].Message.Content != "A picture." {
		t.Errorf("picture: got %+v, %v", answer, err)
	}
}

func TestOpenAISDKChatTools(t *testing.T) {
	t.Parallel()
	_, url, key := modelServer(t, plenty)
	sdk := newSDK(url, key)
	ask := openai.ChatCompletionNewParams{Model: "smart", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("How warm is it?")}, Tools: []openai.ChatCompletionToolUnionParam{
		openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "weather", Description: openai.String("Tells the weather."), Parameters: weather}),
		openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "now"})}}
	for _, streamed := range []bool{false, true} {
		var message openai.ChatCompletionMessage
		if streamed {
			stream := sdk.Chat.Completions.NewStreaming(t.Context(), ask)
			var all openai.ChatCompletionAccumulator
			for stream.Next() {
				all.AddChunk(stream.Current())
			}
			if err := errors.Join(stream.Err(), stream.Close()); err != nil {
				t.Fatal(err)
			}
			message = all.Choices[0].Message
		} else {
			answer, err := sdk.Chat.Completions.New(t.Context(), ask)
			if err != nil || answer.Choices[0].FinishReason != "tool_calls" || answer.Usage.PromptTokensDetails.CachedTokens != 4 {
				t.Fatalf("got %+v, %v", answer, err)
			}
			message = answer.Choices[0].Message
		}
		if c := message.ToolCalls; len(c) != 2 || c[0].ID != "call_1" || c[0].Function.Name != "weather" || c[0].Function.Arguments != `{"city":"Paris"}` || c[1].Function.Arguments != "{}" {
			t.Fatalf("streamed %v: got %+v", streamed, message.ToolCalls)
		}
		again := ask
		again.Messages = append(again.Messages, message.ToParam(), openai.ToolMessage("21 degrees", "call_1"), openai.ToolMessage("noon", "call_2"))
		answer, err := sdk.Chat.Completions.New(t.Context(), again)
		if err != nil || answer.Choices[0].Message.Content != "It is 21 degrees." {
			t.Errorf("streamed %v: got %+v, %v", streamed, answer, err)
		}
	}
}

func TestOpenAISDKErrors(t *testing.T) {
	t.Parallel()
	_, url, key := modelServer(t, plenty)
	for _, tc := range []struct {
		name, key, model, text string
		status                 int
		code, after            string
	}{
		{"a wrong key", "mdk_wrong", "smart", "Hi", 401, "invalid_api_key", ""},
		{"no such model", key, "dull", "Hi", 404, "model_not_found", ""},
		{"busy", key, "smart", "please fail busy", 429, "rate_limit_exceeded", "7"},
	} {
		sdk := newSDK(url, tc.key)
		_, chatError := sdk.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: tc.model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(tc.text)}})
		_, responseError := sdk.Responses.New(t.Context(), responses.ResponseNewParams{Model: tc.model, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(tc.text)}})
		for _, err := range []error{chatError, responseError} {
			told, ok := errors.AsType[*openai.Error](err)
			if !ok || told.StatusCode != tc.status || told.Code != tc.code || told.Message == "" || told.Response.Header.Get("Retry-After") != tc.after {
				t.Errorf("%s: got %v", tc.name, err)
			}
		}
	}
	sdk := newSDK(url, key)
	stream := sdk.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{Model: "smart", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("please fail midway")}})
	for stream.Next() {
		continue
	}
	if stream.Err() == nil {
		t.Error("a stream that breaks off: got no error")
	}
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
	if _, err := sdk.Responses.Get(t.Context(), "resp_1", responses.ResponseGetParams{}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("an answer that is not stored: got %v", err)
	}
}

// The dashboard's own limits come as the SDKs know them.
func TestOpenAISDKLimit(t *testing.T) {
	t.Parallel()
	_, url, key := modelServer(t, "1/h")
	sdk := newSDK(url, key)
	ask := openai.ChatCompletionNewParams{Model: "smart", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hi")}}
	if _, err := sdk.Chat.Completions.New(t.Context(), ask); err != nil {
		t.Fatal(err)
	}
	_, err := sdk.Chat.Completions.New(t.Context(), ask)
	if told, ok := errors.AsType[*openai.Error](err); !ok || told.StatusCode != http.StatusTooManyRequests || told.Response.Header.Get("Retry-After") == "" {
		t.Errorf("got %v, want 429 with Retry-After", err)
	}
}

func TestOpenAISDKModels(t *testing.T) {
	t.Parallel()
	_, url, key := modelServer(t, plenty)
	sdk := newSDK(url, key)
	var ids []string
	page := sdk.Models.ListAutoPaging(t.Context())
	for page.Next() {
		ids = append(ids, page.Current().ID)
	}
	if got := strings.Join(ids, " "); page.Err() != nil || got != "anthropic/test-model openai/test-model smart" {
		t.Errorf("list: got %s, %v", got, page.Err())
	}
	if one, err := sdk.Models.Get(t.Context(), "smart"); err != nil || one.ID != "smart" || one.Object != "model" {
		t.Errorf("one: got %+v, %v", one, err)
	}
}

func TestOpenAISDKEmbeddings(t *testing.T) {
	t.Parallel()
	_, url, key := modelServer(t, plenty)
	sdk := newSDK(url, key)
	for _, format := range []openai.EmbeddingNewParamsEncodingFormat{"", openai.EmbeddingNewParamsEncodingFormatFloat} {
		answer, err := sdk.Embeddings.New(t.Context(), openai.EmbeddingNewParams{Model: "openai/test-model", Dimensions: openai.Int(8), EncodingFormat: format,
			Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two"}}})
		if err != nil || len(answer.Data) != 2 || len(answer.Data[1].Embedding) != 8 || answer.Data[1].Index != 1 || answer.Usage.TotalTokens == 0 {
			t.Errorf("format %q: got %+v, %v", format, answer, err)
		}
	}
	_, err := sdk.Embeddings.New(t.Context(), openai.EmbeddingNewParams{Model: "smart", Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("one")}})
	if told, ok := errors.AsType[*openai.Error](err); !ok || told.StatusCode != http.StatusBadRequest {
		t.Errorf("a model that makes none: got %v", err)
	}
}

func TestOpenAISDKResponses(t *testing.T) {
	t.Parallel()
	_, url, key := modelServer(t, plenty)
	sdk := newSDK(url, key)
	ask := responses.ResponseNewParams{Model: "smart", Instructions: openai.String("Be brief."), Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Hi")}}
	answer, err := sdk.Responses.New(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if answer.OutputText() != greeting || answer.Status != "completed" || answer.Usage.TotalTokens != 21 || answer.Instructions.OfString != "Be brief." {
		t.Errorf("whole: got %s", answer.RawJSON())
	}
	stream := sdk.Responses.NewStreaming(t.Context(), ask)
	var text strings.Builder
	var last responses.Response
	for n := int64(0); stream.Next(); n++ {
		e := stream.Current()
		if e.SequenceNumber != n {
			t.Errorf("got number %d, want %d", e.SequenceNumber, n)
		}
		switch e := e.AsAny().(type) {
		case responses.ResponseTextDeltaEvent:
			text.WriteString(e.Delta)
		case responses.ResponseCompletedEvent:
			last = e.Response
		}
	}
	if err := errors.Join(stream.Err(), stream.Close()); err != nil || text.String() != greeting || last.OutputText() != greeting || last.Usage.OutputTokens != 12 {
		t.Errorf("stream: got %q, %s, %v", text.String(), last.RawJSON(), err)
	}
	ask.Text.Format.OfJSONSchema = &responses.ResponseFormatTextJSONSchemaConfigParam{Name: "place", Strict: openai.Bool(true), Schema: weather}
	if answer, err = sdk.Responses.New(t.Context(), ask); err != nil || answer.OutputText() != `{"city":"Paris"}` {
		t.Errorf("schema: got %+v, %v", answer, err)
	}
}

// Tools are called, and what the model thought goes back with their results.
func TestOpenAISDKResponsesTools(t *testing.T) {
	t.Parallel()
	upstream, url, key := modelServer(t, plenty)
	sdk := newSDK(url, key)
	for _, streamed := range []bool{false, true} {
		input := responses.ResponseInputParam{responses.ResponseInputItemParamOfMessage("How warm is it?", responses.EasyInputMessageRoleUser)}
		ask := responses.ResponseNewParams{Model: "smart", Store: openai.Bool(false), Include: []responses.ResponseIncludable{responses.ResponseIncludableReasoningEncryptedContent},
			Tools: []responses.ToolUnionParam{responses.ToolParamOfFunction("weather", weather, false), responses.ToolParamOfFunction("now", nil, false)}}
		ask.Input.OfInputItemList = input
		var output []responses.ResponseOutputItemUnion
		if streamed {
			stream := sdk.Responses.NewStreaming(t.Context(), ask)
			for stream.Next() {
				if e, ok := stream.Current().AsAny().(responses.ResponseOutputItemDoneEvent); ok {
					output = append(output, e.Item)
				}
			}
			if err := errors.Join(stream.Err(), stream.Close()); err != nil {
				t.Fatal(err)
			}
		} else {
			answer, err := sdk.Responses.New(t.Context(), ask)
			if err != nil {
				t.Fatal(err)
			}
			output = answer.Output
		}
		results := 0
		for _, item := range output {
			switch item := item.AsAny().(type) {
			case responses.ResponseReasoningItem:
				p := item.ToParam()
				input = append(input, responses.ResponseInputItemUnionParam{OfReasoning: &p})
			case responses.ResponseFunctionToolCall:
				p := item.ToParam()
				result := responses.ResponseInputItemParamOfFunctionCallOutput("21 degrees")
				result.OfFunctionCallOutput.CallID = openai.String(item.CallID)
				input = append(input, responses.ResponseInputItemUnionParam{OfFunctionCall: &p}, result)
				results++
			}
		}
		ask.Input.OfInputItemList = input
		answer, err := sdk.Responses.New(t.Context(), ask)
		if err != nil || results != 2 || answer.OutputText() != "It is 21 degrees." {
			t.Errorf("streamed %v: %d calls, got %+v, %v", streamed, results, answer, err)
		}
		sent := upstream.Requests()
		if body := string(sent[len(sent)-1].Body); !strings.Contains(body, `{"type":"thinking","thinking":"hm","signature":"c2ln"}`) {
			t.Errorf("streamed %v: the provider got %s, want its reasoning", streamed, body)
		}
	}
}
