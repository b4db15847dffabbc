package main

import (
	"net/http"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/examples/server/internal/broken"
	"github.com/modular-dashboard/dashboard/examples/server/internal/customers"
	"github.com/modular-dashboard/dashboard/examples/server/internal/hello"
	"github.com/modular-dashboard/dashboard/modules/assistant"
	"github.com/modular-dashboard/dashboard/modules/system"
	"github.com/modular-dashboard/dashboard/modules/traffic"
)

// builtIn returns the module with the given id, nil where there is none. The
// last three are examples, left out unless the configuration lists them.
func builtIn(id string) dashboard.Module {
	switch id {
	case "system":
		return system.New()
	case "traffic":
		return traffic.New()
	case "assistant":
		return assistant.New()
	case "customers":
		return customers.New()
	case "hello":
		return hello.New()
	case "broken":
		return broken.New()
	}
	return nil
}

// wear wraps the handler in the middleware of the modules that have one.
func wear(modules []dashboard.Module, handler http.Handler) http.Handler {
	for _, m := range modules {
		if m, ok := m.(interface {
			Middleware(http.Handler) http.Handler
		}); ok {
			handler = m.Middleware(handler)
		}
	}
	return handler
}
