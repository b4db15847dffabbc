package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/modular-dashboard/dashboard/ai"
)

// aliasConfig is a name for one or several models, in the configuration file.
type aliasConfig struct {
	// Targets are models, each as provider/model. Where one fails another is asked.
	Targets []string `yaml:"targets"`
	// Order is listed, weight, latency or feedback: what people say of answers.
	Order string `yaml:"order"`
	// Weights are those of the targets, in the same order; none: all the same.
	Weights []float64 `yaml:"weights"`
	// Hedge asks a second target too where the first is slower than it is in 19 of
	// 20 requests.
	Hedge bool `yaml:"hedge"`
	// Continue has the next target go on with an answer that breaks off. It goes
	// with the order listed and without hedges.
	Continue bool `yaml:"continue"`
}

// addAliases adds the names of the configuration file to the models.
func addAliases(models *ai.Directory, aliases map[string]aliasConfig) error {
	var failed error
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		a := aliases[name]
		if a.Order == "feedback" {
			if _, err := a.bandit(models, name); err != nil {
				failed = errors.Join(failed, fmt.Errorf("models: %s: %w", name, err))
			}
			continue
		}
		model, err := a.model(models)
		if err == nil {
			err = models.Name(name, model, a.Targets...)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("models: %s: %w", name, err))
		}
	}
	return failed
}

// bandit shifts traffic to the targets whose answers people like.
func (a aliasConfig) bandit(models *ai.Directory, name string) (*ai.Bandit, error) {
	if a.Continue || a.Hedge || len(a.Weights) > 0 {
		return nil, errors.New("the order feedback goes without continue, hedge and weights")
	}
	return models.Bandit(name, ai.BanditOptions{}, a.Targets...)
}

func (a aliasConfig) model(models *ai.Directory) (ai.Model, error) {
	routes, err := models.Routes(a.Targets...)
	if err != nil {
		return nil, err
	}
	if len(a.Weights) > 0 && len(a.Weights) != len(routes) {
		return nil, fmt.Errorf("there are %d weights of %d targets", len(a.Weights), len(routes))
	}
	for i, w := range a.Weights {
		routes[i].Weight = w
	}
	order, ok := map[string]ai.Order{"": ai.InOrder, "listed": ai.InOrder, "weight": ai.ByWeight, "latency": ai.ByLatency}[a.Order]
	switch {
	case !ok:
		return nil, fmt.Errorf("order %q is not listed, weight, latency or feedback", a.Order)
	case a.Continue && (a.Hedge || order != ai.InOrder):
		return nil, errors.New("continue goes with the order listed, and without hedge")
	case a.Continue:
		return ai.Continue(routes...)
	case a.Hedge:
		return ai.Hedge(ai.Hedging{Order: order}, routes...)
	}
	return ai.Balance(order, routes...)
}
