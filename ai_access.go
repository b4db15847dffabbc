package dashboard

import (
	"context"
	"errors"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/aigovern"
	"github.com/modular-dashboard/dashboard/storage"
)

type accessInfo struct {
	Role    string   `json:"role" doc:"*: everybody none of whose roles has a rule."`
	Models  []string `json:"models" doc:"Names and patterns such as openai/*; none: no model."`
	Version int64    `json:"version"`
	created bool
}

// ETag is the version of the rule that a change would replace.
func (a accessInfo) ETag() string { return generationTag(a.Version) }

// StatusCode is 201 for a new rule.
func (a accessInfo) StatusCode() int { return statusOfPut(a.created) }

func accessInfoOf(r aigovern.Role) accessInfo {
	return accessInfo{Role: r.Name, Models: orEmpty(r.Models), Version: r.Version}
}

func (d *Dashboard) listAccess(context.Context, empty) (Page[accessInfo], error) {
	out := Page[accessInfo]{}
	for _, r := range d.models.rules.ListRoles() {
		out.Items = append(out.Items, accessInfoOf(r))
	}
	return out, nil
}

type accessRoleIn struct {
	Role string `path:"role" validate:"required,max=64"`
}

func (d *Dashboard) access(_ context.Context, in accessRoleIn) (accessInfo, error) {
	r, err := d.models.rules.FindRole(in.Role)
	if err != nil {
		return accessInfo{}, ruleError(err)
	}
	return accessInfoOf(r), nil
}

type putAccessIn struct {
	accessRoleIn
	ruleConditionIn
	Models []string `json:"models" validate:"required,max=100,dive,max=200" doc:"Names and patterns such as openai/*; an alias is allowed too where all its targets are; none: no model."`
}

func (d *Dashboard) putAccess(ctx context.Context, in putAccessIn) (accessInfo, error) {
	if in.Role != ai.Everyone {
		if err := d.knownRole(ctx, in.Role); errors.Is(err, errNotFound) {
			return accessInfo{}, Invalid(FieldError{Pointer: "/role", Code: "role", Detail: "There is no such role.", Params: map[string]string{"of": "role"}})
		} else if err != nil {
			return accessInfo{}, err
		}
	}
	if _, err := ai.NewAccess(map[string][]string{in.Role: in.Models}); err != nil {
		return accessInfo{}, Invalid(FieldError{Pointer: "/models", Code: "models", Detail: err.Error()})
	}
	known, _ := d.models.rules.FindRole(in.Role)
	c, err := d.ruleCondition(in.ruleConditionIn, known.Version)
	if err != nil {
		return accessInfo{}, err
	}
	created := false
	c.Also = func(tx *storage.Tx, before aigovern.Budget) error {
		created = before.Version == 0
		return d.audit(ctx, tx, "ai-access.put", in.Role, map[string]any{"before": before.Models, "after": in.Models})
	}
	made, err := d.models.rules.PutRole(ctx, in.Role, in.Models, c)
	if err != nil {
		return accessInfo{}, ruleError(err)
	}
	out := accessInfoOf(made)
	out.created = created
	return out, nil
}

type deleteAccessIn struct {
	accessRoleIn
	ruleConditionIn
}

func (d *Dashboard) deleteAccess(ctx context.Context, in deleteAccessIn) (empty, error) {
	known, err := d.models.rules.FindRole(in.Role)
	if err != nil {
		return empty{}, ruleError(err)
	}
	c, err := d.ruleCondition(in.ruleConditionIn, known.Version)
	if err != nil {
		return empty{}, err
	}
	c.Also = func(tx *storage.Tx, before aigovern.Budget) error {
		return d.audit(ctx, tx, "ai-access.delete", in.Role, map[string]any{"before": before.Models})
	}
	return empty{}, ruleError(d.models.rules.DeleteRole(ctx, in.Role, c))
}
