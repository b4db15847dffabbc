package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	anthropicsdk "github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	openaisdk "github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"
	"go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

const (
	instructions = "You are a helpful assistant who answers in few words, in the language of the question, and says so where you do not know."
	question     = "What would you tell a person who asks how a library that calls models of many providers should be measured, and against what?"
)

// A contender answers once, or streams and counts the pieces.
type contender struct {
	call   func(context.Context) error
	stream func(context.Context) (int, error)
}

// client measures one contender: mode, name and the upstream's URL.
func client(args []string) error {
	mode, name, url := args[0], args[1], args[2]
	c, err := newContender(name, url)
	if err != nil {
		return err
	}
	ctx := context.Background()
	switch mode {
	case "call":
		return measure(process, func() (int, error) { return 1, c.call(ctx) })
	case "piece":
		return measure(process, func() (int, error) { return whole(c.stream(ctx)) })
	case "64":
		return measure(process, func() (int, error) { return sideBySide(64, func() (int, error) { return whole(c.stream(ctx)) }) })
	case "1000":
		_, err := sideBySide(1000, func() (int, error) {
			n, err := c.stream(ctx)
			if err == nil && n < 300 {
				err = fmt.Errorf("a stream of %d pieces", n)
			}
			return n, err
		})
		return err
	case "hop":
		return latency(func() error { return c.call(ctx) })
	}
	return fmt.Errorf("no mode %q", mode)
}

// whole checks that no piece was missed.
func whole(n int, err error) (int, error) {
	if err == nil && n != pieces {
		err = fmt.Errorf("%d pieces, want %d", n, pieces)
	}
	return n, err
}

// sideBySide does the work in n goroutines at once.
func sideBySide(n int, work func() (int, error)) (units int, err error) {
	var all sync.WaitGroup
	var mu sync.Mutex
	for range n {
		all.Go(func() {
			got, failed := work()
			mu.Lock()
			defer mu.Unlock()
			units, err = units+got, errors.Join(err, failed)
		})
	}
	all.Wait()
	return units, err
}

// latency prints the median time of a call.
func latency(call func() error) error {
	var took []float64
	for began := time.Now(); time.Since(began) < 700*time.Millisecond || len(took) < 50; {
		start := time.Now()
		if err := call(); err != nil {
			return err
		}
		took = append(took, float64(time.Since(start).Nanoseconds())/1e3)
	}
	return printMedian(took)
}

func newContender(name, url string) (contender, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: 1000}
	key, name, _ := strings.Cut(name, "@") // a key goes before the name of who uses it
	if name == "" {
		key, name = "key", key
	}
	switch name {
	case "bare":
		return bare(&http.Client{Transport: transport}, url+"/openai/v1"), nil
	case "openai-go":
		return viaOpenAI(openaisdk.NewClient(openaioption.WithAPIKey("key"), openaioption.WithBaseURL(url+"/openai/v1/"), openaioption.WithHTTPClient(&http.Client{Transport: transport}))), nil
	case "anthropic-sdk-go":
		return viaAnthropic(anthropicsdk.NewClient(anthropicoption.WithAPIKey("key"), anthropicoption.WithBaseURL(url+"/anthropic/"), anthropicoption.WithHTTPClient(&http.Client{Transport: transport}))), nil
	}
	at := ai.Endpoint{BaseURL: url + "/openai/v1", Transport: transport}
	switch name {
	case "anthropic":
		at.BaseURL = url + "/anthropic"
		m, err := anthropic.New(key, at)
		return ours(m), err
	case "slow":
		at.BaseURL = url + "/slow/v1"
	case "gateway":
		at.BaseURL = url + "/ai/v1"
	}
	m, err := openai.New(key, at)
	if err != nil {
		return contender{}, err
	}
	if name != "decorated" {
		return ours(m), nil
	}
	guarded, err := decorated(m)
	return ours(guarded), err
}

// decorated puts around a model what the bar names: retry, breaker, budget, and
// telemetry that goes nowhere.
func decorated(m ai.Model) (ai.Model, error) {
	budgets, err := ai.NewBudgets(ai.Allowance{Name: "all", Scope: ai.ScopeAll, Period: ai.PeriodDay, Tokens: 1 << 60})
	if err != nil {
		return nil, err
	}
	telemetry, err := ai.WithTelemetry(ai.Telemetry{Tracers: tracenoop.NewTracerProvider(), Meters: noop.NewMeterProvider()})
	if err != nil {
		return nil, err
	}
	return ai.Decorate(m, telemetry, ai.WithBudgets(ai.Budgeting{Budgets: func() *ai.Budgets { return budgets }}), ai.WithRetry(ai.Retry{}), ai.WithBreaker(ai.Breaker{})), nil
}

func ours(m ai.Model) contender {
	ask := ai.Request{Model: "openai/gpt-4.1", MaxTokens: 500, Messages: []ai.Message{ai.System(instructions), ai.User(question)}}
	one := ask
	one.Whole = true
	return contender{
		call: func(ctx context.Context) error {
			answer, err := ai.Collect(m.Generate(ctx, &one))
			if err == nil && answer.Text() == "" {
				err = errors.New("no text")
			}
			return err
		},
		stream: func(ctx context.Context) (n int, err error) {
			for e, err := range m.Generate(ctx, &ask) {
				if err != nil {
					return n, err
				}
				if e.Kind == ai.EventText {
					n++
				}
			}
			return n, nil
		},
	}
}

type bareMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type bareRequest struct {
	Model     string        `json:"model"`
	Messages  []bareMessage `json:"messages"`
	MaxTokens int           `json:"max_tokens"`
	Stream    bool          `json:"stream,omitempty"`
}

type bareAnswer struct {
	ID      string `json:"id"`
	Model   string `json:"model"`
	Choices []struct {
		Message      bareMessage `json:"message"`
		Delta        bareMessage `json:"delta"`
		FinishReason *string     `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
	} `json:"usage"`
}

// bare is what one would write by hand.
func bare(c *http.Client, url string) contender {
	post := func(ctx context.Context, stream bool) (*http.Response, error) {
		body, err := json.Marshal(bareRequest{"gpt-4.1", []bareMessage{{"system", instructions}, {"user", question}}, 500, stream})
		if err != nil {
			return nil, err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/chat/completions", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer key")
		answer, err := c.Do(r)
		if err == nil && answer.StatusCode != http.StatusOK {
			_ = answer.Body.Close()
			err = errors.New(answer.Status)
		}
		return answer, err
	}
	return contender{
		call: func(ctx context.Context) error {
			res, err := post(ctx, false)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			var a bareAnswer
			if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
				return err
			}
			if len(a.Choices) == 0 || a.Choices[0].Message.Content == "" {
				return errors.New("no text")
			}
			return nil
		},
		stream: func(ctx context.Context) (n int, err error) {
			res, err := post(ctx, true)
			if err != nil {
				return 0, err
			}
			defer res.Body.Close()
			lines := bufio.NewScanner(res.Body)
			for lines.Scan() {
				data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
				if !ok || string(data) == "[DONE]" {
					continue
				}
				var a bareAnswer
				if err := json.Unmarshal(data, &a); err != nil {
					return n, err
				}
				if len(a.Choices) > 0 && a.Choices[0].Delta.Content != "" {
					n++
				}
			}
			return n, lines.Err()
		},
	}
}

func viaOpenAI(c openaisdk.Client) contender {
	ask := openaisdk.ChatCompletionNewParams{Model: "gpt-4.1", MaxTokens: openaisdk.Int(500),
		Messages: []openaisdk.ChatCompletionMessageParamUnion{openaisdk.SystemMessage(instructions), openaisdk.UserMessage(question)}}
	return contender{
		call: func(ctx context.Context) error {
			_, err := c.Chat.Completions.New(ctx, ask)
			return err
		},
		stream: func(ctx context.Context) (n int, err error) {
			s := c.Chat.Completions.NewStreaming(ctx, ask)
			for s.Next() {
				if e := s.Current(); len(e.Choices) > 0 && e.Choices[0].Delta.Content != "" {
					n++
				}
			}
			return n, errors.Join(s.Err(), s.Close())
		},
	}
}

func viaAnthropic(c anthropicsdk.Client) contender {
	ask := anthropicsdk.MessageNewParams{Model: "claude-sonnet-4-5", MaxTokens: 500, System: []anthropicsdk.TextBlockParam{{Text: instructions}},
		Messages: []anthropicsdk.MessageParam{anthropicsdk.NewUserMessage(anthropicsdk.NewTextBlock(question))}}
	return contender{
		call: func(ctx context.Context) error {
			_, err := c.Messages.New(ctx, ask)
			return err
		},
		stream: func(ctx context.Context) (n int, err error) {
			s := c.Messages.NewStreaming(ctx, ask)
			for s.Next() {
				if e := s.Current(); e.Type == "content_block_delta" && e.Delta.Text != "" {
					n++
				}
			}
			return n, errors.Join(s.Err(), s.Close())
		},
	}
}
