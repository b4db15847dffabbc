package redact_test

import (
	"errors"
	"log/slog"
	"os"

	"github.com/modular-dashboard/dashboard/internal/redact"
)

func Example() {
	untimed := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	out := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: untimed})
	log := slog.New(redact.New().Handler(out))
	log.Info("connected", slog.Group("database", "host", "db", "password", "hunter2"))
	log.Warn("cannot connect", "error", errors.New("dial postgres://ops:hunter2@db: refused"))
	// Output:
	// level=INFO msg=connected database.host=db database.password=[redacted]
	// level=WARN msg="cannot connect" error="dial postgres://ops:[redacted]@db: refused"
}
