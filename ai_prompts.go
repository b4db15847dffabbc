package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/internal/prompts"
	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/storage"
)

func (d *Dashboard) routePrompts(r *Router) {
	read, manage := Require(permAIRead), Require(permAIManage)
	const whole = "Needs If-Match with the ETag that was read; for a new prompt If-None-Match: * instead."
	Get(r, "/ai/prompts", d.listPrompts, read, ID("ai-prompts"), Summary("The templates of prompts, by name"), Answers(400))
	Get(r, "/ai/prompts/{name}", d.prompt, read, ID("ai-prompt"), Summary("One template"), Answers(404))
	Put(r, "/ai/prompts/{name}", d.putPrompt, manage, ID("put-ai-prompt"), Summary("Make or change a template"), Also(http.StatusCreated), Answers(404, 409, 412, 428),
		Description(whole+" In the texts {{name}} stands for a declared variable, and {{{{ for two braces. It is in force on every instance within a second."))
	Delete(r, "/ai/prompts/{name}", d.deletePrompt, manage, ID("delete-ai-prompt"), Summary("Delete a template"), Answers(404, 412, 428), Description("Needs If-Match."))
	Get(r, "/ai/prompts/{name}/versions", d.promptVersions, read, ID("ai-prompt-versions"), Summary("Versions of a template, newest first"), Answers(400, 404),
		Description("The last 100 are kept."))
	Post(r, "/ai/prompts/{name}/rollback", d.rollbackPrompt, manage, ID("rollback-ai-prompt"), Summary("Go back to an earlier version"), Answers(404, 409, 412, 428))
}

type promptDefinition struct {
	Description string       `json:"description" validate:"max=500"`
	Messages    []promptTurn `json:"messages" validate:"required,min=1,max=64,dive"`
	Variables   []string     `json:"variables" validate:"max=64" doc:"The names that texts may have in double braces."`
	Model       string       `json:"model" validate:"max=200" doc:"What is asked where the request names no model."`
	Flag        string       `json:"flag" validate:"max=200" doc:"A feature flag whose value, a string, is the version: where there is none of that version, the present one."`
}

type promptTurn struct {
	Role    string `json:"role" validate:"required,oneof=system user assistant"`
	Content string `json:"content" validate:"required"`
}

type promptInfo struct {
	Name    string `json:"name"`
	Version int64  `json:"version"`
	promptDefinition
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy flagActor `json:"updated_by"`
	Damaged   bool      `json:"damaged,omitempty" doc:"What is stored cannot be used."`
	created   bool
}

// ETag is the version.
func (p promptInfo) ETag() string { return generationTag(p.Version) }

// StatusCode is 201 for a new prompt.
func (p promptInfo) StatusCode() int {
	if p.created {
		return http.StatusCreated
	}
	return http.StatusOK
}

func promptDefinitionOf(in *prompts.Definition) promptDefinition {
	out := promptDefinition{Messages: []promptTurn{}, Variables: []string{}}
	if in == nil {
		return out
	}
	out.Description, out.Model, out.Flag = in.Description, in.Model, in.Flag
	out.Variables = append(out.Variables, in.Variables...)
	for _, m := range in.Messages {
		out.Messages = append(out.Messages, promptTurn(m))
	}
	return out
}

func promptInfoOf(it *prompts.Item) promptInfo {
	return promptInfo{Name: it.Name, Version: it.Version, promptDefinition: promptDefinitionOf(it.Definition), UpdatedAt: it.At, UpdatedBy: flagActor(it.By),
		Damaged: it.Definition != nil && it.Prompt() == nil}
}

func (d *Dashboard) listPrompts(_ context.Context, in pageIn) (Page[promptInfo], error) {
	var all []promptInfo
	for _, it := range d.models.prompts.List() {
		all = append(all, promptInfoOf(&it))
	}
	return pageAfter(d, "ai prompts", in, all, func(p promptInfo) string { return p.Name })
}

type promptNameIn struct {
	Name string `path:"name" validate:"max=100"`
}

func (d *Dashboard) prompt(_ context.Context, in promptNameIn) (promptInfo, error) {
	it, err := d.models.prompts.Find(in.Name)
	return promptInfoOf(&it), promptError(err)
}

type putPromptIn struct {
	promptNameIn
	IfMatch     etag.Condition `header:"If-Match"`
	IfNoneMatch etag.Condition `header:"If-None-Match"`
	promptDefinition
	Comment string `json:"comment" validate:"max=500" doc:"Why, for people who read the history."`
}

func (d *Dashboard) putPrompt(ctx context.Context, in putPromptIn) (promptInfo, error) {
	if !promptName(in.Name) {
		return promptInfo{}, Invalid(FieldError{Pointer: "#/path/name", Code: "name", Detail: "must be of letters, digits, '.', '_' and '-'", Params: map[string]string{}})
	}
	definition := &prompts.Definition{Description: in.Description, Variables: in.Variables, Model: in.Model, Flag: in.Flag}
	for _, m := range in.Messages {
		definition.Messages = append(definition.Messages, prompts.Message(m))
	}
	return d.changePrompt(ctx, prompts.Change{Name: in.Name, Definition: definition, Comment: in.Comment}, in.IfMatch, in.IfNoneMatch, "ai.prompt.put", 0)
}

func promptName(s string) bool {
	for _, r := range s {
		if limitRune(r) != r && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return s != "" && s != "." && s != ".."
}

type deletePromptIn struct {
	promptNameIn
	ifMatchIn
}

func (d *Dashboard) deletePrompt(ctx context.Context, in deletePromptIn) (empty, error) {
	_, err := d.changePrompt(ctx, prompts.Change{Name: in.Name}, in.IfMatch, etag.Condition{}, "ai.prompt.delete", 0)
	return empty{}, err
}

type rollbackPromptIn struct {
	promptNameIn
	IfMatch etag.Condition `header:"If-Match"`
	Version int64          `json:"version" validate:"min=1"`
	Comment string         `json:"comment" validate:"max=500"`
}

func (d *Dashboard) rollbackPrompt(ctx context.Context, in rollbackPromptIn) (promptInfo, error) {
	return d.changePrompt(ctx, prompts.Change{Name: in.Name, Comment: in.Comment}, in.IfMatch, etag.Condition{}, "ai.prompt.rollback", in.Version)
}

// changePrompt makes a change of the caller's; a rollback has the version that it
// goes back to.
func (d *Dashboard) changePrompt(ctx context.Context, c prompts.Change, ifMatch, ifNoneMatch etag.Condition, action string, back int64) (out promptInfo, err error) {
	store := d.models.prompts
	switch {
	case ifNoneMatch.Any():
		c.New = true
	case !ifMatch.Given():
		return out, errNoCondition
	case ifMatch.Any():
		c.There = true
	default:
		if c.Based, err = expectedVersion(ifMatch, func() (int64, error) { it, err := store.Find(c.Name); return it.Version, promptError(err) }); err != nil {
			return out, missingIsStale(err)
		}
	}
	c.By = prompts.Actor(actorOf(ctx))
	created := false
	c.Also = func(tx *storage.Tx, before, after prompts.Item) error {
		created = before.Definition == nil
		return d.audit(ctx, tx, action, c.Name, map[string]any{"version": after.Version, "before": before.Version, "comment": after.Comment})
	}
	var it prompts.Item
	if back > 0 {
		it, err = store.Rollback(ctx, c, back)
	} else {
		it, err = store.Apply(ctx, c)
	}
	if err != nil {
		return out, promptError(err)
	}
	d.publish("prompt", map[string]any{"name": c.Name, "version": it.Version}, events.Audience{Permission: coreModule + "." + permAIRead.name})
	out = promptInfoOf(&it)
	out.created = created
	return out, nil
}

func promptError(err error) error {
	if e, ok := errors.AsType[*ai.PromptError](err); ok {
		pointer := ""
		if e.Message >= 0 {
			pointer = "/messages/" + strconv.Itoa(e.Message) + "/content"
		}
		return Invalid(FieldError{Pointer: pointer, Code: "prompt", Detail: e.Error()})
	}
	if e, ok := errors.AsType[*ai.VariablesError](err); ok {
		return Invalid(FieldError{Pointer: "/prompt/variables", Code: "variables", Detail: e.Error()})
	}
	switch {
	case errors.Is(err, prompts.ErrUnknown):
		return errNotFound
	case errors.Is(err, prompts.ErrExists), errors.Is(err, prompts.ErrChanged):
		return errStale
	case errors.Is(err, prompts.ErrFull):
		return Errorf(http.StatusConflict, "too-many-prompts", "There are too many prompts. Delete some first.")
	}
	return err
}

type promptVersion struct {
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
	By      flagActor `json:"by"`
	Comment string    `json:"comment"`
	Deleted bool      `json:"deleted"`
	promptDefinition
}

type promptVersionsIn struct {
	promptNameIn
	pageIn
}

func (d *Dashboard) promptVersions(ctx context.Context, in promptVersionsIn) (Page[promptVersion], error) {
	out := Page[promptVersion]{Items: []promptVersion{}}
	key, list := d.vault.subkey("cursor of lists"), "versions of prompt "+in.Name
	after, err := query.Open(key, list, "", in.Cursor, bySeq())
	if err != nil {
		return out, errBadCursor
	}
	before := int64(0)
	if len(after) > 0 {
		before, _ = after[0].(int64) // Open has checked it
	}
	versions, err := d.models.prompts.History(ctx, in.Name, before, in.Limit+1)
	if err != nil {
		return out, err
	}
	if len(versions) == 0 && before == 0 {
		return out, errNotFound
	}
	for i, v := range versions {
		if i == in.Limit {
			out.NextCursor, err = query.Seal(key, list, "", []any{versions[i-1].Version})
			break
		}
		out.Items = append(out.Items, promptVersion{Version: v.Version, At: v.At, By: flagActor(v.By), Comment: v.Comment, Deleted: v.Definition == nil,
			promptDefinition: promptDefinitionOf(v.Definition)})
	}
	return out, err
}

// findPrompt returns a version of a template; 0 is the one that its flag chooses for
// who asks, or else the present one.
func (d *Dashboard) findPrompt(ctx context.Context, name string, version int64) (prompts.Item, error) {
	it, err := d.models.prompts.Find(name)
	if err != nil {
		return it, err
	}
	chosen := version
	if chosen == 0 && it.Definition.Flag != "" {
		chosen, _ = strconv.ParseInt(d.flags.String(ctx, it.Definition.Flag, ""), 10, 64) // then it is 0
	}
	if chosen > 0 {
		past, err := d.models.prompts.At(ctx, name, chosen)
		if version == 0 && errors.Is(err, prompts.ErrUnknown) {
			return it, usable(&it)
		}
		it = past
		if err != nil {
			return it, err
		}
	}
	return it, usable(&it)
}

func usable(it *prompts.Item) error {
	if it.Prompt() == nil {
		return fmt.Errorf("prompt %q, version %d, is damaged: %w", it.Name, it.Version, prompts.ErrUnknown)
	}
	return nil
}

// Prompt returns the messages of a template of the dashboard's with its variables,
// and a context to ask a model with, which says so in the records. Version 0 is the
// one that the template's flag chooses for who asks in ctx, or else the present
// one. Errors: [ai.ErrNoPrompt], an [*ai.VariablesError].
func (d *Dashboard) Prompt(ctx context.Context, name string, version int64, variables map[string]string) (context.Context, []ai.Message, error) {
	it, err := d.findPrompt(ctx, name, version)
	if errors.Is(err, prompts.ErrUnknown) {
		return ctx, nil, fmt.Errorf("%w: %w", ai.ErrNoPrompt, err)
	}
	if err != nil {
		return ctx, nil, err
	}
	messages, err := it.Prompt().Render(variables)
	if err != nil {
		return ctx, nil, err
	}
	return ai.WithPrompt(ctx, it.Prompt().String()), messages, nil
}

// Prompt returns the messages of a template, as [Dashboard.Prompt] does.
func (h *Host) Prompt(ctx context.Context, name string, version int64, variables map[string]string) (context.Context, []ai.Message, error) {
	return h.d.Prompt(ctx, name, version, variables)
}
