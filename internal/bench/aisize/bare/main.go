// Command bare is a server that asks a model by hand, to compare sizes with.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"net/http"
	"time"
)

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// ask is what one would write for one provider.
func ask(r *http.Request, question string) (string, error) {
	body, err := json.Marshal(map[string]any{"model": "m", "messages": []message{{"user", question}}})
	if err != nil {
		return "", err
	}
	asked, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "https://api.openai.com/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	asked.Header.Set("Authorization", "Bearer key")
	client := http.Client{Timeout: time.Minute}
	res, err := client.Do(asked)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var answer struct{ Choices []struct{ Message message } }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || len(answer.Choices) == 0 {
		return "", err
	}
	return answer.Choices[0].Message.Content, nil
}

func main() {
	http.HandleFunc("POST /ask", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Question string `json:"question"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := ask(r, in.Question)
		if err != nil {
			http.Error(w, "no answer", http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"answer": answer})
	})
	log.Fatal((&http.Server{Addr: "127.0.0.1:0", ReadHeaderTimeout: time.Minute}).ListenAndServe())
}
