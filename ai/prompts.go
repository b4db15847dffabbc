package ai

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrNoPrompt says that there is no prompt of that name, or no such version of it.
var ErrNoPrompt = errors.New("there is no prompt of that name and version")

// maxPrompts bounds the versions in a [Prompts], those of all names together.
const maxPrompts = 10_000

// Prompts are templates by name, each in several versions. The zero value is empty;
// it is safe for concurrent use.
type Prompts struct {
	// Select chooses the version for whoever asks in ctx, such as a feature flag does;
	// "" or a version that is not there: the one that was added last. Nil: always that.
	// It must not be changed once the prompts are used.
	Select func(ctx context.Context, name string) (version string)

	mu     sync.RWMutex
	byName map[string][]*Prompt
	count  int
}

// Add adds templates, each in place of what has the same name and version. The
// last one of a name is what is used from now on.
func (p *Prompts) Add(prompts ...*Prompt) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byName == nil {
		p.byName = map[string][]*Prompt{}
	}
	for _, one := range prompts {
		if one == nil {
			return errors.New("add prompt: it is nil")
		}
		list := p.byName[one.name]
		if i := slices.IndexFunc(list, func(o *Prompt) bool { return o.version == one.version }); i >= 0 {
			list = slices.Concat(list[:i], list[i+1:])
		} else if p.count++; p.count > maxPrompts {
			p.count--
			return fmt.Errorf("add prompt %s: there are %d already", one, maxPrompts)
		}
		p.byName[one.name] = append(slices.Clip(list), one)
	}
	return nil
}

// Find returns a version of a template; "": the one that Select chooses, or else
// the last one. Errors: [ErrNoPrompt].
func (p *Prompts) Find(ctx context.Context, name, version string) (*Prompt, error) {
	selected := version == "" && p.Select != nil
	if selected {
		version = p.Select(ctx, name)
	}
	p.mu.RLock()
	list := p.byName[name]
	p.mu.RUnlock()
	if i := slices.IndexFunc(list, func(o *Prompt) bool { return o.version == version }); i >= 0 {
		return list[i], nil
	}
	if len(list) == 0 || version != "" && !selected {
		return nil, fmt.Errorf("prompt %q, version %q: %w", shown(name), shown(version), ErrNoPrompt)
	}
	return list[len(list)-1], nil
}

// Render returns the messages of the template that Find finds, and a context that
// says so in records and traces ([WithPrompt]), to ask a model with.
func (p *Prompts) Render(ctx context.Context, name, version string, variables map[string]string) (context.Context, []Message, error) {
	one, err := p.Find(ctx, name, version)
	if err != nil {
		return ctx, nil, err
	}
	messages, err := one.Render(variables)
	if err != nil {
		return ctx, nil, err
	}
	return WithPrompt(ctx, one.String()), messages, nil
}
