package judge_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	ouropenai "github.com/modular-dashboard/dashboard/ai/openai"
)

// localModels are of one provider, which a fault server stands for.
func localModels(t *testing.T) dashboard.Option {
	t.Helper()
	upstream := aitest.NewServer()
	t.Cleanup(upstream.Close)
	chat, err := ouropenai.New("key", ai.Endpoint{BaseURL: upstream.BaseURL(aitest.OpenAIChat)})
	if err != nil {
		t.Fatal(err)
	}
	models := ai.NewDirectory()
	models.Health = ai.NewHealth(ai.Breaker{})
	if err := models.Provider("openai", models.Health.Watch("openai", "")(chat)); err != nil {
		t.Fatal(err)
	}
	return dashboard.WithModels(models)
}

// callModels calls what the screens of models stand on.
func callModels(l *live, call callFunc) {
	const chat = `{"model":"openai/gpt-5","messages":[{"role":"user","content":"Hi"}]}`
	call(200, "GET", "/ai/models", "")
	_, answer := call(200, "POST", "/ai/chat", chat)
	call(200, "POST", "/ai/chat", chat, "Accept", "text/event-stream")
	call(422, "POST", "/ai/chat", `{"model":"openai/gpt-5","messages":[]}`)
	call(404, "POST", "/ai/chat", `{"model":"nobody/gpt-5","messages":[{"role":"user","content":"Hi"}]}`)
	call(200, "POST", "/ai/feedback", `{"request_id":"`+l.field(answer, "id")+`","thumb":"up","score":0.5,"comment":"Good."}`)
	call(404, "POST", "/ai/feedback", `{"request_id":"nobody","thumb":"up"}`)
	call(200, "GET", "/ai/feedback", "")
	call(200, "GET", "/ai/feedback/export", "")
	call(200, "GET", "/ai/usage?by=model", "")
	call(422, "GET", "/ai/usage?by=weather", "")
	call(200, "GET", "/ai/requests?limit=1", "")
	call(400, "GET", "/ai/requests?cursor=nonsense", "")
	call(200, "GET", "/ai/providers", "")

	const prompt = `{"messages":[{"role":"user","content":"Greet {{who}}."}],"variables":["who"]}`
	call(428, "PUT", "/ai/prompts/greeting", prompt)
	call(201, "PUT", "/ai/prompts/greeting", prompt, "If-None-Match", "*")
	call(200, "PUT", "/ai/prompts/greeting", `{"messages":[{"role":"user","content":"Hello."}],"variables":[]}`, "If-Match", `"1"`)
	call(412, "PUT", "/ai/prompts/greeting", prompt, "If-Match", `"1"`)
	call(200, "GET", "/ai/prompts", "")
	call(200, "GET", "/ai/prompts/greeting", "")
	call(200, "GET", "/ai/prompts/greeting/versions", "")
	call(200, "POST", "/ai/prompts/greeting/rollback", `{"version":1}`, "If-Match", "*")
	call(204, "DELETE", "/ai/prompts/greeting", "", "If-Match", "*")

	call(201, "PUT", "/ai/budgets/all", `{"scope":"all","period":"day","tokens":1000000}`)
	call(200, "PUT", "/ai/budgets/all", `{"scope":"all","period":"day","tokens":2000000}`)
	call(422, "PUT", "/ai/budgets/all", `{"scope":"all","period":"year","tokens":1}`)
	call(200, "GET", "/ai/budgets", "")
	call(200, "GET", "/ai/budgets/all", "")
	call(204, "DELETE", "/ai/budgets/all", "")
	call(404, "GET", "/ai/budgets/all", "")
	call(201, "PUT", "/ai/access/viewer", `{"models":["openai/*"]}`)
	call(200, "PUT", "/ai/access/viewer", `{"models":["*"]}`)
	call(200, "GET", "/ai/access", "")
	call(200, "GET", "/ai/access/viewer", "")
	call(204, "DELETE", "/ai/access/viewer", "")
	call(404, "DELETE", "/ai/access/viewer", "")
}
