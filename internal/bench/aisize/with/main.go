// Command with is the same server with package ai and all adapters.
package main

import (
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/gemini"
	"github.com/modular-dashboard/dashboard/ai/ollama"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

func main() {
	chat, err1 := openai.New("key", ai.Endpoint{})
	responses, err2 := openai.NewResponses("key", ai.Endpoint{})
	claude, err3 := anthropic.New("key", ai.Endpoint{})
	google, err4 := gemini.New("key", ai.Endpoint{})
	local, err5 := ollama.New("", ai.Endpoint{})
	route, err6 := ai.Fallback(ai.Route{Model: chat}, ai.Route{Model: responses}, ai.Route{Model: claude}, ai.Route{Model: google}, ai.Route{Model: local})
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		log.Fatal(err)
	}
	model := ai.Decorate(route, ai.WithRetry(ai.Retry{}), ai.WithTimeouts(ai.Timeouts{}), ai.WithBreaker(ai.Breaker{}))
	http.HandleFunc("POST /ask", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Question string `json:"question"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := ai.Collect(model.Generate(r.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User(in.Question)}}))
		if err != nil {
			http.Error(w, "no answer", http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"answer": answer.Text()})
	})
	log.Fatal((&http.Server{Addr: "127.0.0.1:0", ReadHeaderTimeout: time.Minute}).ListenAndServe())
}
