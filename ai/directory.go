package ai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Directory is models by name. Requests name them as "provider/model", such as
// "anthropic/claude-sonnet-4-5", or by an alias. It is a [Model] itself, and safe
// for concurrent use once it is set up.
type Directory struct {
	providers map[string]Model
	aliases   map[string]Model
}

// NewDirectory returns an empty directory.
func NewDirectory() *Directory {
	return &Directory{providers: map[string]Model{}, aliases: map[string]Model{}}
}

// Provider adds a provider, all of whose models can be asked for by name.
func (d *Directory) Provider(name string, model Model) error {
	if name == "" || strings.Contains(name, "/") || model == nil {
		return fmt.Errorf("provider %q: needs a model and a name without a slash", name)
	}
	if d.providers[name] != nil {
		return fmt.Errorf("provider %q is there already", name)
	}
	d.providers[name] = model
	return nil
}

// Alias adds a name for one or several models, each written "provider/model":
// the second is asked where the first fails, as [Fallback] has it.
func (d *Directory) Alias(name string, targets ...string) error {
	if name == "" || d.aliases[name] != nil {
		return fmt.Errorf("alias %q is empty or there already", name)
	}
	var routes []Route
	for _, t := range targets {
		provider, model, ok := strings.Cut(t, "/")
		if !ok || model == "" || d.providers[provider] == nil {
			return fmt.Errorf("alias %q: %q is no model of a provider that is there", name, t)
		}
		routes = append(routes, Route{Model: d.providers[provider], Name: model})
	}
	model, err := Fallback(routes...)
	if err != nil {
		return fmt.Errorf("alias %q: %w", name, err)
	}
	d.aliases[name] = model
	return nil
}

// A ModelInfo is a model that can be asked for.
type ModelInfo struct {
	Name     string // as requests have it
	Provider string // empty for an alias
	Created  time.Time
}

// Models returns what can be asked for, sorted by name: the aliases.
func (d *Directory) Models(context.Context) ([]ModelInfo, error) {
	infos := make([]ModelInfo, 0, len(d.aliases))
	for _, name := range d.Aliases() {
		infos = append(infos, ModelInfo{Name: name})
	}
	return infos, nil
}

// Aliases returns the names of the aliases, sorted.
func (d *Directory) Aliases() []string { return slices.Sorted(maps.Keys(d.aliases)) }

// Providers returns the names of the providers, sorted.
func (d *Directory) Providers() []string { return slices.Sorted(maps.Keys(d.providers)) }

// Generate implements [Model]. A name that is not there is an error of kind
// [NotFound].
func (d *Directory) Generate(ctx context.Context, req *Request) iter.Seq2[Event, error] {
	if req == nil {
		return Fail(&Error{Kind: Invalid, Err: errors.New("the request is nil")})
	}
	if model := d.aliases[req.Model]; model != nil {
		return model.Generate(ctx, req)
	}
	provider, name, ok := strings.Cut(req.Model, "/")
	model := d.providers[provider]
	if !ok || name == "" || model == nil {
		message := "The model does not exist."
		if len(d.providers) == 0 {
			message = "No provider of models is configured."
		}
		return Fail(&Error{Kind: NotFound, Model: req.Model, Message: message})
	}
	asked := *req
	asked.Model = name
	return model.Generate(ctx, &asked)
}

var _ Model = (*Directory)(nil)
