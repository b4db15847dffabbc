package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
)

// redactConfig is what is taken out of questions to models before they leave, and
// out of their answers.
type redactConfig struct {
	Secrets bool `yaml:"secrets"` // keys, tokens and passwords
	// Personal: e-mail addresses, phone numbers, IBANs and numbers of cards, too.
	Personal  bool `yaml:"personal"`
	Addresses bool `yaml:"addresses"` // IP addresses, too
	// Reversible puts placeholders into questions, and back what they stand for
	// into answers.
	Reversible bool `yaml:"reversible"`
}

func (c *redactConfig) check() error {
	if !c.Secrets && *c != (redactConfig{}) {
		return errors.New("model_redaction.secrets has to be on for the rest of model_redaction")
	}
	return nil
}

func (c *redactConfig) options() []dashboard.Option {
	if !c.Secrets {
		return nil
	}
	return []dashboard.Option{dashboard.WithModelGuards(ai.Redact(ai.Redaction{Personal: c.Personal, Addresses: c.Addresses, Reversible: c.Reversible}))}
}

// priceOptions reads a table of prices, as [ai.ParsePrices] does; empty: none.
func priceOptions(file string) ([]dashboard.Option, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file) // whoever runs the server names the file
	if err != nil {
		return nil, fmt.Errorf("model_prices: %w", err)
	}
	prices, err := ai.ParsePrices(text)
	if err != nil {
		return nil, fmt.Errorf("model_prices: %s: %w", file, err)
	}
	return []dashboard.Option{dashboard.WithModelPrices(func() *ai.Prices { return prices })}, nil
}
