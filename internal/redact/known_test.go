package redact_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/redact"
)

func TestKnownSecrets(t *testing.T) {
	const first, second, third = "first horse battery", "second horse battery", "third horse battery"
	r := redact.New()
	r.Know("mail", first, "short", "", strings.Repeat("long", 10_000))
	r.Know("chat", "first horse battery staple")
	for text, want := range map[string]string{
		"it is first horse battery!":                      "it is [redacted]!",
		"first horse battery staple first horse battery":  "[redacted] [redacted]",
		"too short to be known: short":                    "too short to be known: short",
		"password=first horse battery, then " + third:     "password=[redacted], then " + third,
		"nothing of the kind, and longer than the secret": "nothing of the kind, and longer than the secret",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := r.Attr(slog.Any("error", fmt.Errorf("sign in: %w", errors.New(first)))).Value.String(); got != "sign in: [redacted]" {
		t.Errorf("error: got %q", got)
	}
	r.Know("mail", second)
	r.Know("mail", second) // the same again forgets nothing
	if got := r.Text(first + " " + second); got != "[redacted] [redacted]" {
		t.Errorf("after a change: got %q", got)
	}
	r.Know("mail", third)
	if got := r.Text(first + ", " + second + ", " + third); got != first+", [redacted], [redacted]" {
		t.Errorf("after two changes: got %q", got)
	}
}

func TestKnownSecretsAreBounded(t *testing.T) {
	r := redact.New()
	for i := range 2000 {
		r.Know(fmt.Sprint("module", i), fmt.Sprintf("secret number %04d", i))
	}
	if r.Text("secret number 0999") != redact.Mark || r.Text("secret number 1000") == redact.Mark {
		t.Error("want the secrets of 1,000 owners")
	}
	r = redact.New()
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("secret number %04d", i))
	}
	r.Know("one", many...)
	if r.Text(many[63]) != redact.Mark || r.Text(many[64]) == redact.Mark {
		t.Error("want 64 secrets of an owner")
	}
}
