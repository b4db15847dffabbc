package featureflag_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// Any language can ask over OFREP. This server takes one API key and lets the
// scripts of one site ask.
func ExampleNewOFREP() {
	handler, err := featureflag.NewOFREP(shop(),
		featureflag.WithOrigins("https://shop.example.com"),
		featureflag.WithAuthentication(func(r *http.Request) (string, error) {
			if r.Header.Get("X-API-Key") != "secret" {
				return "", &featureflag.Refusal{Status: http.StatusUnauthorized, Detail: "send your API key"}
			}
			return "shop", nil
		}))
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()

	body := `{"context": {"targetingKey": "u1", "email": "ada@example.com"}}`
	request, err := http.NewRequest(http.MethodPost, server.URL+"/ofrep/v1/evaluate/flags/banner", strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-API-Key", "secret")
	response, err := server.Client().Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status, string(answer))
	// Output: 200 OK {"key":"banner","value":"Hello again","reason":"TARGETING_MATCH","variant":"new"}
}
