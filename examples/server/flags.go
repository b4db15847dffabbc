package main

import "github.com/modular-dashboard/dashboard"

// flagOptions are what the configuration says about feature flags.
func flagOptions(c flagsConfig) []dashboard.Option {
	options := []dashboard.Option{dashboard.WithFlagOrigins(c.Origins...)}
	if c.File != "" {
		options = append(options, dashboard.WithFlagFile(c.File))
	}
	return options
}
