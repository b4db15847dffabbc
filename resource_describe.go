package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/openapi"
)

// hostedResource is a registered resource as the API tells it.
type hostedResource struct {
	info       resourceInfo
	rules      map[Operation]access
	actions    []access // of info.Actions
	flags      []string // all must be on
	permission func(access) auth.Permission
	forms      func() (forms, error) // made once
}

// forms are the JSON Schemas of what can be filled in.
type forms struct {
	create, update json.RawMessage
	actions        []json.RawMessage // of info.Actions; nil where one takes nothing
}

// resourceLine is a resource in the list of all.
type resourceLine struct {
	Module string `json:"module"`
	Name   string `json:"name"`
	Title  string `json:"title"`
	Path   string `json:"path"`
}

// resourceInfo describes a resource to the UI.
type resourceInfo struct {
	Module       string           `json:"module"`
	Name         string           `json:"name"`
	Title        string           `json:"title"`
	Singular     string           `json:"singular"`
	Path         string           `json:"path" doc:"Below the mount."`
	Key          string           `json:"key" doc:"The field that is the id."`
	Label        string           `json:"label" doc:"The field that people call an item by."`
	May          resourceRights   `json:"may"`
	Search       bool             `json:"search"`
	SearchHint   string           `json:"search_hint"`
	DefaultSort  string           `json:"default_sort"`
	Fields       []resourceField  `json:"fields"`
	CreateSchema json.RawMessage  `json:"create_schema,omitempty" doc:"JSON Schema of the form for a new item."`
	UpdateSchema json.RawMessage  `json:"update_schema,omitempty" doc:"JSON Schema of the form for changes."`
	Actions      []resourceAbleTo `json:"actions" doc:"What the caller may do to some items at a time."`
	Export       []string         `json:"export"`
}

// resourceRights is what the caller may do.
type resourceRights struct {
	Create bool `json:"create"`
	Update bool `json:"update"`
	Delete bool `json:"delete"`
	Export bool `json:"export"`
}

type resourceField struct {
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Doc       string   `json:"doc"`
	Type      string   `json:"type" validate:"oneof=text integer number boolean time duration enum list object"`
	Values    []string `json:"values,omitempty"`
	List      bool     `json:"list" doc:"A column of the list from the start."`
	Filter    bool     `json:"filter"`
	Operators []string `json:"operators"`
	Sort      bool     `json:"sort"`
	ReadOnly  bool     `json:"read_only"`
	Unit      string   `json:"unit,omitempty"`
}

type resourceAbleTo struct {
	Name        string          `json:"name"`
	Title       string          `json:"title"`
	Danger      bool            `json:"danger"`
	Confirm     string          `json:"confirm,omitempty"`
	InputSchema json.RawMessage `json:"input_schema,omitempty"`
}

// describe makes the description once, at registration.
func (x *resourceOf[T]) describe() *hostedResource {
	c := &x.config
	out := &hostedResource{rules: map[Operation]access{}, flags: c.flags, permission: func(a access) auth.Permission {
		return x.router.permission(x.router.module + "." + a.permission.name)
	}}
	for _, op := range []Operation{OpList, OpRead, OpCreate, OpUpdate, OpDelete, OpExport} {
		if x.can(op) {
			out.rules[op] = ruleOf(c.rule(op))
		}
	}
	out.info = resourceInfo{Module: x.router.module, Name: x.name, Title: c.plural, Singular: c.singular, Path: x.path(),
		Key: x.fields.Key.Name, Label: x.fields.Label.Name, DefaultSort: x.fields.Order, Actions: []resourceAbleTo{}, Export: []string{}}
	x.describeFields(&out.info)
	if x.can(OpExport) {
		out.info.Export = append(out.info.Export, "csv", "ndjson")
	}
	for _, a := range c.actions {
		out.info.Actions = append(out.info.Actions, resourceAbleTo{Name: a.name, Title: a.title, Danger: a.danger, Confirm: a.confirm})
		out.actions = append(out.actions, ruleOf(a.rule))
	}
	out.forms = sync.OnceValues(x.forms)
	if x.router.module != coreModule { // as with endpoints: a module's mistake stops the start
		if _, err := out.forms(); err != nil {
			x.router.fail("resource %s: %w", x.name, err)
		}
	}
	return out
}

// forms makes the schemas of all that the resource takes.
func (x *resourceOf[T]) forms() (out forms, err error) {
	add := func(to *json.RawMessage, what string, t reflect.Type) {
		schema, e := schemaOf(t)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("schema of %s: %w", what, e))
		}
		*to = schema
	}
	if x.can(OpCreate) {
		in := x.create.Type
		if x.config.create != nil {
			in = x.config.create.in
		}
		add(&out.create, "create", in)
	}
	if x.can(OpUpdate) {
		add(&out.update, "update", x.change.Type)
	}
	out.actions = make([]json.RawMessage, len(x.config.actions))
	for i, a := range x.config.actions {
		if a.in.Kind() == reflect.Struct && a.in.NumField() > 0 {
			add(&out.actions[i], a.name, a.in)
		}
	}
	return out, err
}

func (x *resourceOf[T]) describeFields(info *resourceInfo) {
	var searched []string
	for i := range x.fields.All {
		f := &x.fields.All[i]
		if f.Hidden || f.Secret {
			continue
		}
		one := resourceField{Name: f.Name, Title: f.Title, Doc: f.Doc, Type: f.Type, Values: f.Values, Unit: f.Unit,
			List: !f.Detail && f.Type != "object" && !f.Version, Filter: f.Filter, Operators: []string{}, Sort: f.Sort, ReadOnly: f.ReadOnly || f.CreateOnly}
		if q, ok := x.fields.Schema.Field(f.Name); ok && f.Filter {
			one.Operators = append(one.Operators, q.Operators()...)
		}
		if f.Search {
			searched = append(searched, f.Title)
		}
		info.Fields = append(info.Fields, one)
	}
	info.Search = len(searched) > 0
	info.SearchHint = strings.Join(searched, ", ")
}

// schemaOf is the JSON Schema of a form.
func schemaOf(t reflect.Type) (json.RawMessage, error) {
	form, err := openapi.SchemaFor(reflect.New(t).Interface())
	if err != nil {
		return nil, err
	}
	return json.Marshal(form)
}

// ruleOf is the rule of an option; register reports one that is none of ours.
func ruleOf(o AccessOption) access {
	var c endpointConfig
	o.applyEndpoint(&c)
	if len(c.access) == 0 {
		return access{}
	}
	return c.access[0]
}

// allows reports whether a principal passes a rule.
func (h *hostedResource) allows(rule access, p *auth.Principal) bool {
	switch rule.kind {
	case accessPublic:
		return true
	case accessAuthenticated:
		return p != nil
	case accessPermission:
		return p != nil && p.Can(h.permission(rule))
	}
	return false
}

func (h *hostedResource) may(op Operation, p *auth.Principal) bool {
	rule, ok := h.rules[op]
	return ok && h.allows(rule, p)
}

// of is the description for a principal.
func (h *hostedResource) of(p *auth.Principal) (resourceInfo, error) {
	out := h.info
	forms, err := h.forms()
	if err != nil {
		return out, err
	}
	out.May = resourceRights{Create: h.may(OpCreate, p), Update: h.may(OpUpdate, p), Delete: h.may(OpDelete, p), Export: h.may(OpExport, p)}
	if out.May.Create {
		out.CreateSchema = forms.create
	}
	if out.May.Update {
		out.UpdateSchema = forms.update
	}
	out.Actions = []resourceAbleTo{}
	for i, a := range h.info.Actions {
		if h.allows(h.actions[i], p) {
			a.InputSchema = forms.actions[i]
			out.Actions = append(out.Actions, a)
		}
	}
	return out, nil
}

func (d *Dashboard) routeResources(r *Router) {
	Get(r, "/resources", d.listResources, Authenticated(), ID("resources"), Summary("The resources that the caller may list"))
	Get(r, "/resources/{module}/{name}", d.getResource, Authenticated(), ID("resource"), Summary("What a resource is made of, for the UI"), Answers(404))
}

// resourcesNow are the resources of what is enabled here and exists for who
// asks in ctx.
func (d *Dashboard) resourcesNow(ctx context.Context) []*hostedResource {
	out := d.catalog
	for _, m := range d.order {
		if s := m.live(); s != nil && d.here(ctx, m) {
			for _, h := range s.resources {
				if d.allOn(ctx, h.flags) {
					out = append(slices.Clip(out), h)
				}
			}
		}
	}
	return out
}

func (d *Dashboard) listResources(ctx context.Context, _ empty) (Page[resourceLine], error) {
	out := Page[resourceLine]{Items: []resourceLine{}}
	p := stateOf(ctx).principal
	for _, h := range d.resourcesNow(ctx) {
		if h.may(OpList, p) {
			out.Items = append(out.Items, resourceLine{Module: h.info.Module, Name: h.info.Name, Title: h.info.Title, Path: h.info.Path})
		}
	}
	return out, nil
}

type resourceIn struct {
	Module string `path:"module" validate:"max=40"`
	Name   string `path:"name" validate:"max=40"`
}

func (d *Dashboard) getResource(ctx context.Context, in resourceIn) (resourceInfo, error) {
	p := stateOf(ctx).principal
	for _, h := range d.resourcesNow(ctx) {
		if h.info.Module == in.Module && h.info.Name == in.Name && h.may(OpList, p) {
			return h.of(p)
		}
	}
	return resourceInfo{}, errNotFound
}
