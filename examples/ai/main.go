// Models alone: two providers, of which the second answers where the first cannot,
// a tool with Go types, and an answer in pieces. No database and no dashboard.
//
//	OPENAI_API_KEY=… ANTHROPIC_API_KEY=… go run ./examples/ai "How warm is it in Oslo?"
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/openai"
	"github.com/modular-dashboard/dashboard/ai/typed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv, strings.Join(os.Args[1:], " "), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

func run(ctx context.Context, getenv func(string) string, question string, out io.Writer) error {
	model, err := models(getenv)
	if err != nil {
		return err
	}
	req := &ai.Request{Model: "best", Messages: []ai.Message{ai.User(question)}}
	for event, err := range model.Generate(ctx, req) {
		if err != nil {
			return err // what was printed is not the whole answer
		}
		if event.Kind == ai.EventText {
			if _, err := io.WriteString(out, event.Text); err != nil {
				return err
			}
		}
	}
	_, err = fmt.Fprintln(out)
	return err
}

// models asks those providers in turn whose keys are there.
func models(getenv func(string) string) (ai.Model, error) {
	var routes []ai.Route
	add := func(name string, model ai.Model, err error) error {
		// Inside of the fallback, so that a provider that hangs is given up for the next.
		patient := ai.WithTimeouts(ai.Timeouts{First: 30 * time.Second, Between: 30 * time.Second})
		routes = append(routes, ai.Route{Model: patient(model), Name: name})
		return err
	}
	var failed error
	if key := getenv("OPENAI_API_KEY"); key != "" {
		model, err := openai.New(key, ai.Endpoint{BaseURL: getenv("OPENAI_BASE_URL")})
		failed = errors.Join(failed, add("gpt-5", model, err))
	}
	if key := getenv("ANTHROPIC_API_KEY"); key != "" {
		model, err := anthropic.New(key, ai.Endpoint{BaseURL: getenv("ANTHROPIC_BASE_URL")})
		failed = errors.Join(failed, add("claude-sonnet-4-5", model, err))
	}
	switch {
	case failed != nil:
		return nil, failed
	case len(routes) == 0:
		return nil, errors.New("set OPENAI_API_KEY or ANTHROPIC_API_KEY")
	}
	model, err := ai.Fallback(routes...)
	if err != nil {
		return nil, err
	}
	weather, err := typed.Tool("temperature", "The temperature of a city now, in degrees Celsius.", temperature)
	if err != nil {
		return nil, err
	}
	return ai.Decorate(model, ai.WithFunctions(ai.Functions{List: []ai.Function{weather}}), ai.WithRetry(ai.Retry{})), nil
}

type place struct {
	City string `json:"city"`
}

func temperature(_ context.Context, in place) (float64, error) {
	if !strings.EqualFold(in.City, "Oslo") {
		return 0, fmt.Errorf("no thermometer in %s", in.City)
	}
	return -3.5, nil
}
