package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestModelsOfTheFile(t *testing.T) {
	env := map[string]string{"OPENAI_API_KEY": "sk-secret-1, sk-secret-2", "ANTHROPIC_API_KEY": "sk-secret-3"}
	for _, tc := range []struct{ name, alias, err string }{
		{"one", "targets: [openai/gpt-5]", ""},
		{"two by latency", "targets: [openai/gpt-5, anthropic/claude]\n    order: latency\n    hedge: true", ""},
		{"two by weight", "targets: [openai/gpt-5, anthropic/claude]\n    order: weight\n    weights: [3, 1]", ""},
		{"gone on with", "targets: [openai/gpt-5, anthropic/claude]\n    continue: true", ""},
		{"none", "targets: []", "models: smart: balance: no routes"},
		{"a provider that is not there", "targets: [gemini/flash]", `models: smart: "gemini/flash" is no model of a provider that is there`},
		{"too few weights", "targets: [openai/a, openai/b]\n    weights: [1]", "there are 1 weights of 2 targets"},
		{"a weight that is none", "targets: [openai/a]\n    weights: [-1]", "has a weight of -1"},
		{"an order that is none", "targets: [openai/a]\n    order: best", `order "best" is not listed, weight, latency or feedback`},
		{"by feedback", "targets: [openai/gpt-5, anthropic/claude]\n    order: feedback", ""},
		{"by feedback and hedged", "targets: [openai/a]\n    order: feedback\n    hedge: true", "feedback goes without"},
		{"both", "targets: [openai/a]\n    continue: true\n    hedge: true", "without hedge"},
		{"an unknown key", "targets: [openai/a]\n    retries: 3", "key retries is unknown"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config.yaml")
			if err := os.WriteFile(file, []byte("models:\n  smart:\n    "+tc.alias+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := parse([]string{"-config", file}, func(name string) string { return env[name] })
			if (err != nil) != (tc.err != "") || err != nil && (!strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("got %v, want %q", err, tc.err)
			}
		})
	}
}
