package telemetry_test

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/modular-dashboard/dashboard/telemetry"
)

func Example() {
	log, err := telemetry.New(telemetry.WithFormat(telemetry.JSON), telemetry.WithOutput(dropTime{os.Stdout}))
	if err != nil {
		panic(err)
	}
	log.Info("connected", "host", "db", "password", "hunter2")
	log.Error("cannot connect", "error", errors.New("dial postgres://ops:hunter2@db: refused"))
	log.Debug("below the level")
	// Output:
	// {"level":"INFO","msg":"connected","host":"db","password":"[redacted]"}
	// {"level":"ERROR","msg":"cannot connect","error":"dial postgres://ops:[redacted]@db: refused"}
}

// Errors apart from the rest, in a handler of their own.
func ExampleReporter() {
	errorsOnly := slog.NewTextHandler(dropTime{os.Stdout}, nil)
	report := telemetry.NewReporter(slog.New(errorsOnly))
	report.Report(context.Background(), errors.New("disk full"), slog.String("module", "reports"))
	// Output:
	// level=ERROR msg=reported error="disk full" error_type=*errors.errorString module=reports
}
