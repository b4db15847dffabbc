// Command server is a server that asks no model, to compare sizes with.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"time"
)

func main() {
	http.HandleFunc("POST /ask", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Question string `json:"question"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"answer": in.Question})
	})
	log.Fatal((&http.Server{Addr: "127.0.0.1:0", ReadHeaderTimeout: time.Minute}).ListenAndServe())
}
