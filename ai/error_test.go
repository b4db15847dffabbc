package ai_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
)

// What a provider says may quote what was asked, and logs must not have that.
func TestErrorsInLogs(t *testing.T) {
	for name, tc := range map[string]struct {
		err  *ai.Error
		want string
	}{
		"quotes":     {&ai.Error{Kind: ai.Server, Provider: "p", Model: "m", Status: 500, Message: "cannot read 'my secret'"}, "p m: server (500)"},
		"an account": {&ai.Error{Kind: ai.Quota, Provider: "p", Message: "no credit left"}, "p: quota: no credit left"},
		"a network":  {&ai.Error{Kind: ai.Network, Provider: "p", Err: errors.New("connection refused")}, "p: network: connection refused"},
		"routes": {&ai.Error{Kind: ai.Overloaded, Message: "busy", Err: errors.Join(&ai.Error{Kind: ai.Network, Provider: "q"}, &ai.Error{Kind: ai.Filtered, Message: "my secret is not allowed"})},
			"overloaded: busy: q: network\\nfiltered"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			slog.New(slog.NewTextHandler(&out, nil)).Error("no answer", "error", tc.err)
			if got := out.String(); !strings.Contains(got, tc.want) || strings.Contains(got, "secret") {
				t.Errorf("got %s, want %q in it", got, tc.want)
			}
		})
	}
}
