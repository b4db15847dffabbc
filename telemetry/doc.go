// Package telemetry sets up the log of a program that hosts a dashboard: where
// records go, in which format, and without the secrets that got into them.
//
//	log, err := telemetry.New(telemetry.WithFormat(telemetry.JSON), telemetry.WithLevel(slog.LevelDebug))
//	…
//	d, err := dashboard.New(store, dashboard.WithLogger(log))
//
// It needs nothing of the dashboard and can be used without it. Traces and
// metrics need no set-up here: the dashboard takes the providers of
// OpenTelemetry that its host already has, by [dashboard.WithTracerProvider] and
// [dashboard.WithMeterProvider].
//
// [dashboard.WithTracerProvider]: https://pkg.go.dev/github.com/modular-dashboard/dashboard#WithTracerProvider
// [dashboard.WithMeterProvider]: https://pkg.go.dev/github.com/modular-dashboard/dashboard#WithMeterProvider
package telemetry
