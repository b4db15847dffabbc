package main

import (
	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/examples/server/internal/broken"
	"github.com/modular-dashboard/dashboard/examples/server/internal/customers"
	"github.com/modular-dashboard/dashboard/examples/server/internal/hello"
	"github.com/modular-dashboard/dashboard/modules/system"
)

// builtIn returns the module with the given id, nil where there is none. The
// last three are examples, left out unless the configuration lists them.
func builtIn(id string) dashboard.Module {
	switch id {
	case "system":
		return system.New()
	case "customers":
		return customers.New()
	case "hello":
		return hello.New()
	case "broken":
		return broken.New()
	}
	return nil
}
