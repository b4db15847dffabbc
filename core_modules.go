package dashboard

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
)

type moduleInfo struct {
	ID               string            `json:"id"`
	Title            string            `json:"title"`
	Description      string            `json:"description"`
	Version          string            `json:"version" doc:"The version of this program's code."`
	InstalledVersion string            `json:"installed_version"`
	Desired          string            `json:"desired"`
	State            string            `json:"state"`
	Generation       int64             `json:"generation"`
	Since            time.Time         `json:"since"`
	Requires         []requirementInfo `json:"requires"`
	RequiredBy       []string          `json:"required_by"`
	Capabilities     []string          `json:"capabilities"`
	Permissions      []permissionInfo  `json:"permissions"`
	Failure          *failureInfo      `json:"failure,omitempty"`
	Instances        []instanceInfo    `json:"instances"`
}

// ETag is the generation.
func (m moduleInfo) ETag() string { return generationTag(m.Generation) }

func generationTag(g int64) string { return `"` + strconv.FormatInt(g, 10) + `"` }

// expectedVersion is the one version that an If-Match lets pass, nil for
// whatever is there. Of several it is the present one, which the change that
// follows compares again.
func expectedVersion(c etag.Condition, present func() (int64, error)) (*int64, error) {
	tags := c.Tags()
	switch {
	case !c.Given() || c.Any():
		return nil, nil //nolint:nilnil // no condition is no error
	case len(tags) == 1:
		v, err := strconv.ParseInt(strings.Trim(tags[0], `"`), 10, 64)
		if err != nil || v < 0 || tags[0] != generationTag(v) {
			return nil, errStale
		}
		return &v, nil
	}
	v, err := present()
	if err == nil && !c.Allows(generationTag(v)) {
		err = errStale
	}
	return &v, err
}

type requirementInfo struct {
	ID         string `json:"id"`
	Constraint string `json:"constraint"`
	Optional   bool   `json:"optional"`
	Have       string `json:"have"`
	Satisfied  bool   `json:"satisfied"`
}

type failureInfo struct {
	Operation string    `json:"operation"`
	Step      string    `json:"step"`
	Attempt   int       `json:"attempt"`
	Error     string    `json:"error"`
	Since     time.Time `json:"since"`
}

type instanceInfo struct {
	ID         string       `json:"id"`
	Host       string       `json:"host"`
	Version    string       `json:"version"`
	State      string       `json:"state"`
	BlockedBy  []string     `json:"blocked_by"`
	Error      string       `json:"error,omitempty"`
	Generation int64        `json:"generation"`
	Since      time.Time    `json:"since"`
	Live       bool         `json:"live"`
	Current    bool         `json:"current"`
	Health     moduleHealth `json:"health"`
}

type moduleHealth struct {
	Status   string `json:"status" doc:"ok, failing or unknown"`
	Detail   string `json:"detail,omitempty"`
	Panics   int64  `json:"panics"`
	Timeouts int64  `json:"timeouts" doc:"Requests that took too long."`
}

type stepInfo struct {
	Module string `json:"module"`
	Op     string `json:"op"`
	Title  string `json:"title,omitempty"`
}

func (d *Dashboard) routeModules(r *Router) {
	Get(r, "/modules", d.listModules, Require(permModulesRead), ID("modules"), Summary("Every module and its state"))
	Get(r, "/modules/{id}", d.getModule, Require(permModulesRead), ID("module"), Summary("One module"), Answers(404))
	Get(r, "/modules/{id}/plan", d.planModule, Require(permModulesRead), ID("module-plan"),
		Summary("What an action would do"), Answers(404))
	Post(r, "/modules/{id}/{op}", d.actOnModule, Require(permModulesManage), ID("module-act"), Status(http.StatusAccepted),
		Summary("Install, enable, disable, upgrade, uninstall, retry, roll back or force a module"),
		Description("Records what is desired and answers at once: 202 with the generation, or 200 when nothing was to do. Every instance follows within a second."),
		Also(http.StatusOK), Answers(404, 409, 412))
}

func (d *Dashboard) listModules(ctx context.Context, _ empty) (Page[moduleInfo], error) {
	views, err := d.registry.List(ctx)
	out := Page[moduleInfo]{}
	for _, v := range views {
		out.Items = append(out.Items, d.moduleInfo(v))
	}
	return out, err
}

func (d *Dashboard) getModule(ctx context.Context, in idIn) (moduleInfo, error) {
	v, err := d.registry.View(ctx, in.ID)
	return d.moduleInfo(v), moduleError(err)
}

type planIn struct {
	ID      string `path:"id"`
	Op      string `query:"op" validate:"required"`
	Cascade bool   `query:"cascade"`
	Purge   bool   `query:"purge"`
}

type planOut struct {
	Steps        []stepInfo `json:"steps"`
	Refused      string     `json:"refused,omitempty" doc:"Why the action would be refused."`
	NeedsCascade bool       `json:"needs_cascade" doc:"Whether it is allowed together with the modules in its way."`
	RequiredBy   []string   `json:"required_by"`
}

func (d *Dashboard) planModule(ctx context.Context, in planIn) (planOut, error) {
	op, err := lifecycle.ParseOp(in.Op)
	if err != nil {
		return planOut{}, Invalid(FieldError{Pointer: "#/query/op", Code: "oneof", Detail: err.Error()})
	}
	steps, err := d.registry.Preview(ctx, in.ID, op, registry.Request{Cascade: in.Cascade, Purge: in.Purge})
	if refused, ok := errors.AsType[*lifecycle.RefusedError](err); ok {
		out := planOut{Refused: refused.Reason, NeedsCascade: refused.NeedsCascade(), RequiredBy: refused.RequiredBy}
		if out.NeedsCascade {
			steps, _ = d.registry.Preview(ctx, in.ID, op, registry.Request{Cascade: true, Purge: in.Purge})
		}
		out.Steps = d.titled(steps)
		return out, nil
	}
	return planOut{Steps: d.titled(steps)}, moduleError(err)
}

func (d *Dashboard) titled(steps []lifecycle.Step) []stepInfo {
	out := stepInfos(steps)
	for i := range out {
		if m := d.modules[out[i].Module]; m != nil {
			out[i].Title = m.title()
		}
	}
	return out
}

type actIn struct {
	ID      string         `path:"id"`
	Op      string         `path:"op"`
	Cascade bool           `query:"cascade"`
	Purge   bool           `query:"purge"`
	IfMatch etag.Condition `header:"If-Match"`
}

type actOut struct {
	Generation int64      `json:"generation"`
	Steps      []stepInfo `json:"steps"`
	changed    bool
}

func (o actOut) StatusCode() int {
	if o.changed {
		return http.StatusAccepted
	}
	return http.StatusOK
}

func (d *Dashboard) actOnModule(ctx context.Context, in actIn) (actOut, error) {
	op, err := lifecycle.ParseOp(in.Op)
	if err != nil {
		return actOut{}, errNotFound
	}
	req := registry.Request{Cascade: in.Cascade, Purge: in.Purge, Actor: stateOf(ctx).principal.ID}
	req.IfGeneration, err = expectedVersion(in.IfMatch, func() (int64, error) {
		v, err := d.registry.View(ctx, in.ID)
		return v.Generation, moduleError(err)
	})
	if err != nil {
		return actOut{}, err
	}
	res, err := d.registry.Act(ctx, in.ID, op, req)
	if err != nil {
		return actOut{}, moduleError(err)
	}
	return actOut{Generation: res.Generation, Steps: d.titled(res.Steps), changed: res.Changed}, nil
}

var errStale = &Error{Status: http.StatusPreconditionFailed, Code: "changed-meanwhile",
	Detail: "Someone changed this since you read it. Read it again."}

// moduleError maps the registry's errors.
func moduleError(err error) error {
	if refused, ok := errors.AsType[*lifecycle.RefusedError](err); ok {
		code := "module-refused"
		if refused.NeedsCascade() {
			code = "module-required"
		}
		return &Error{Status: http.StatusConflict, Code: code, Detail: refused.Error(),
			Extra: map[string]any{"required_by": nonNil(refused.RequiredBy), "requires": nonNil(refused.Requires)}}
	}
	if _, ok := errors.AsType[*registry.GenerationError](err); ok {
		return errStale
	}
	switch {
	case errors.Is(err, registry.ErrUnknown):
		return errNotFound
	case errors.Is(err, registry.ErrNoCode):
		return &Error{Status: http.StatusConflict, Code: "module-has-no-code", Detail: "This program has no code for the module."}
	}
	return err
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func (d *Dashboard) moduleInfo(v registry.View) moduleInfo {
	out := moduleInfo{ID: v.ID, Title: v.ID, Version: v.Version, InstalledVersion: v.InstalledVersion,
		Desired: string(v.Desired), State: string(v.State), Generation: v.Generation, Since: v.Since,
		RequiredBy: v.RequiredBy, Failure: failureInfoOf(v.Failure)}
	if m := d.modules[v.ID]; m != nil {
		out.Title, out.Description = m.title(), m.manifest.Description
		out.Capabilities, out.Permissions = m.capabilities(), m.permissionInfos()
	}
	for _, q := range v.Requires {
		out.Requires = append(out.Requires, requirementInfo{ID: q.ID, Constraint: q.Constraint, Optional: q.Optional,
			Have: q.Have, Satisfied: q.Satisfied})
	}
	for _, i := range v.Instances {
		out.Instances = append(out.Instances, instanceInfoOf(i))
	}
	return out
}

func failureInfoOf(f *lifecycle.Failure) *failureInfo {
	if f == nil {
		return nil
	}
	return &failureInfo{Operation: string(f.Operation), Step: f.Step, Attempt: f.Attempt, Error: f.Error, Since: f.Since}
}

func instanceInfoOf(i registry.Instance) instanceInfo {
	out := instanceInfo{ID: i.ID, Host: i.Host, Version: i.Version, State: string(i.State), BlockedBy: i.BlockedBy,
		Error: i.Detail, Generation: i.Generation, Since: i.Since, Live: i.Live, Current: i.Current,
		Health: moduleHealth{Status: i.Health.Status, Detail: i.Health.Detail, Panics: i.Health.Panics, Timeouts: i.Health.Timeouts}}
	if out.Health.Status == "" {
		out.Health.Status = "unknown"
	}
	return out
}
