package ai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// A Directory is models by name. Requests name them as "provider/model", such as
// "anthropic/claude-sonnet-4-5", or by an alias. It is a [Model] itself, and safe
// for concurrent use once it is set up.
type Directory struct {
	// Health is that of the providers, for those who show it; nil: none is kept.
	Health *Health

	around    []Decorator
	providers map[string]Model
	aliases   map[string]Model
	asked     map[string]Model    // providers with what is around them
	targets   map[string][]string // of aliases
	bandits   []*Bandit
	listings  map[string]*listing // of providers
}

// NewDirectory returns an empty directory. Decorators are put around each
// provider and around each alias as a whole, such as [WithRetry]: what fails is
// asked elsewhere before it is asked again.
func NewDirectory(around ...Decorator) *Directory {
	return &Directory{around: around, providers: map[string]Model{}, aliases: map[string]Model{}, asked: map[string]Model{}, targets: map[string][]string{}, listings: map[string]*listing{}}
}

// Provider adds a provider, all of whose models can be asked for by name. One
// that is a [Lister] has them listed, as [Directory.ListedBy] has those of others.
func (d *Directory) Provider(name string, model Model) error {
	if name == "" || strings.Contains(name, "/") || model == nil {
		return fmt.Errorf("provider %q: needs a model and a name without a slash", name)
	}
	if d.providers[name] != nil {
		return fmt.Errorf("provider %q is there already", name)
	}
	d.providers[name] = model
	d.asked[name] = Decorate(model, d.around...)
	if lister, ok := model.(Lister); ok {
		return d.ListedBy(name, lister)
	}
	return nil
}

// Alias adds a name for one or several models, each written "provider/model":
// the second is asked where the first fails, as [Fallback] has it.
func (d *Directory) Alias(name string, targets ...string) error {
	routes, err := d.Routes(targets...)
	if err != nil {
		return fmt.Errorf("alias %q: %w", name, err)
	}
	model, err := Fallback(routes...)
	if err != nil {
		return fmt.Errorf("alias %q: %w", name, err)
	}
	return d.Name(name, model, targets...)
}

// Name adds a name for a model, such as one that chooses among [Directory.Routes].
// targets are the models that it can lead to, each as "provider/model": prices,
// budgets in money and [Access] go by them.
func (d *Directory) Name(name string, model Model, targets ...string) error {
	if name == "" || d.aliases[name] != nil || model == nil {
		return fmt.Errorf("alias %q is empty, there already, or has no model", name)
	}
	d.aliases[name], d.targets[name] = Decorate(model, d.around...), slices.Clone(targets)
	return nil
}

// Bandit adds a name for a [Bandit] among models, each written "provider/model",
// which are the names of its arms.
func (d *Directory) Bandit(name string, o BanditOptions, targets ...string) (*Bandit, error) {
	routes, err := d.Routes(targets...)
	if err != nil {
		return nil, fmt.Errorf("alias %q: %w", name, err)
	}
	arms := make([]Arm, len(routes))
	for i, r := range routes {
		arms[i] = Arm{Name: targets[i], Route: r}
	}
	b, err := NewBandit(name, o, arms...)
	if err != nil {
		return nil, fmt.Errorf("alias %q: %w", name, err)
	}
	if err := d.Name(name, b, targets...); err != nil {
		return nil, err
	}
	d.bandits = append(d.bandits, b)
	return b, nil
}

// Bandits returns those of [Directory.Bandit], for whoever rewards them. The list
// is read only.
func (d *Directory) Bandits() []*Bandit { return d.bandits }

// Routes returns the routes to models, each written "provider/model", for
// [Fallback], [Balance], [Hedge] or [Continue].
func (d *Directory) Routes(targets ...string) ([]Route, error) {
	routes := make([]Route, 0, len(targets))
	for _, t := range targets {
		provider, model, ok := strings.Cut(t, "/")
		if !ok || model == "" || d.providers[provider] == nil {
			return nil, fmt.Errorf("%q is no model of a provider that is there", t)
		}
		routes = append(routes, Route{Model: d.providers[provider], Name: model})
	}
	return routes, nil
}

// Aliases returns the names of the aliases, sorted.
func (d *Directory) Aliases() []string { return slices.Sorted(maps.Keys(d.aliases)) }

// Targets returns what a name can lead to, each as "provider/model": those of an
// alias, none where they are not known, else the name itself. The list is read
// only.
func (d *Directory) Targets(name string) []string {
	if d.aliases[name] != nil {
		return d.targets[name]
	}
	return []string{name}
}

// Providers returns the names of the providers, sorted.
func (d *Directory) Providers() []string { return slices.Sorted(maps.Keys(d.providers)) }

// noProvider is the code of errors of a directory that leads nowhere.
const noProvider = "no_provider"

// Generate implements [Model]. A name that is not there is an error of kind
// [NotFound], with the code "no_provider" where there is neither a provider nor a
// name.
func (d *Directory) Generate(ctx context.Context, req *Request) iter.Seq2[Event, error] {
	if req == nil {
		return Fail(&Error{Kind: Invalid, Err: errors.New("the request is nil")})
	}
	if model := d.aliases[req.Model]; model != nil {
		return model.Generate(ctx, req)
	}
	provider, name, ok := strings.Cut(req.Model, "/")
	model := d.asked[provider]
	if !ok || name == "" || model == nil {
		e := &Error{Kind: NotFound, Model: req.Model, Message: "The model does not exist."}
		if len(d.providers)+len(d.aliases) == 0 {
			e.Code, e.Message = noProvider, "No provider of models is configured."
		}
		return Fail(e)
	}
	asked := *req
	asked.Model = name
	return model.Generate(ctx, &asked)
}

var _ Model = (*Directory)(nil)
