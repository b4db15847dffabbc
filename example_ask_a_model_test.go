package dashboard_test

import (
	"context"
	"iter"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
)

// summaries is a module that asks a model, with a template that people edit.
type summaries struct{ host *dashboard.Host }

func (m *summaries) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "summaries", Version: "1.0.0"}
}

func (m *summaries) Provision(h *dashboard.Host) error {
	m.host = h
	return nil
}

func (m *summaries) Routes(r *dashboard.Router) error {
	dashboard.Post(r, "/summary", m.summary, dashboard.Authenticated())
	return nil
}

type ticket struct {
	Text string `json:"text"`
}

type text struct {
	Text string `json:"text"`
}

func (m *summaries) summary(ctx context.Context, in ticket) (text, error) {
	ctx, messages, err := m.host.Prompt(ctx, "summary", 0, map[string]string{"ticket": in.Text})
	if err != nil {
		return text{}, err
	}
	answer, err := ai.Collect(m.host.Model().Generate(ctx, &ai.Request{Model: "smart", Messages: messages}))
	if err != nil {
		return text{}, err // 503 where no provider is configured, 429 at the end of a budget, …
	}
	return text{answer.Text()}, nil
}

// A module asks a model on behalf of its caller.
func ExampleHost_Model() {
	shout := ai.ModelFunc(func(_ context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
		return func(yield func(ai.Event, error) bool) {
			_ = yield(ai.Event{Kind: ai.EventText, Text: "I was asked: " + req.Messages[0].Text()}, nil) &&
				yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
		}
	})
	models := ai.NewDirectory()
	if err := models.Provider("demo", shout); err != nil {
		panic(err)
	}
	if err := models.Alias("smart", "demo/any"); err != nil {
		panic(err)
	}
	db := exampleDB()
	defer db.Close()
	d, stop := startDemoWith(db, dashboard.WithModels(models), &summaries{})
	defer stop()
	d.do(d.owner, "PUT", "/api/v1/ai/prompts/summary", `{"variables": ["ticket"],
		"messages": [{"role": "user", "content": "Summarize: {{ticket}}"}]}`, "If-None-Match", "*")
	d.show(d.owner, "POST", "/api/v1/m/summaries/summary", `{"text": "The {{printer}} is on fire."}`)
	// Output:
	// 200 {"text":"I was asked: Summarize: The {{printer}} is on fire."}
}
