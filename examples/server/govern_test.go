package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPriceFile(t *testing.T) {
	good, bad := filepath.Join(t.TempDir(), "good.json"), filepath.Join(t.TempDir(), "bad.json")
	for file, text := range map[string]string{good: `{"date":"2026-01-01","currency":"EUR","prices":[{"provider":"openai","models":["*"],"input":1,"output":2}]}`, bad: `{"prices":1}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{"": "", good: "", bad: "bad.json", bad + "x": "model_prices"} {
		options, err := priceOptions(file)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || (len(options) == 1) != (file == good) {
			t.Errorf("%s: got %d options, %v", file, len(options), err)
		}
	}
}
