package dashboard

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/openapi"
)

// hostedResource is a registered resource as the API tells it.
type hostedResource struct {
	info       resourceInfo
	rules      map[Operation]access
	actions    []access // of info.Actions
	permission func(access) auth.Permission
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
	out := &hostedResource{rules: map[Operation]access{}, permission: func(a access) auth.Permission {
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
	if x.can(OpCreate) {
		in := x.create.Type
		if c.create != nil {
			in = c.create.in
		}
		out.info.CreateSchema = x.schema("create", in)
	}
	if x.can(OpUpdate) {
		out.info.UpdateSchema = x.schema("update", x.change.Type)
	}
	if x.can(OpExport) {
		out.info.Export = append(out.info.Export, "csv", "ndjson")
	}
	for _, a := range c.actions {
		one := resourceAbleTo{Name: a.name, Title: a.title, Danger: a.danger, Confirm: a.confirm}
		if a.in.Kind() == reflect.Struct && a.in.NumField() > 0 {
			one.InputSchema = x.schema(a.name, a.in)
		}
		out.info.Actions = append(out.info.Actions, one)
		out.actions = append(out.actions, ruleOf(a.rule))
	}
	return out
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

// schema is the JSON Schema of a form.
func (x *resourceOf[T]) schema(what string, t reflect.Type) json.RawMessage {
	form, err := openapi.SchemaFor(reflect.New(t).Interface())
	if err == nil {
		var raw []byte
		if raw, err = json.Marshal(form); err == nil {
			return raw
		}
	}
	x.router.fail("resource %s: schema of %s: %w", x.name, what, err)
	return nil
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
func (h *hostedResource) of(p *auth.Principal) resourceInfo {
	out := h.info
	out.May = resourceRights{Create: h.may(OpCreate, p), Update: h.may(OpUpdate, p), Delete: h.may(OpDelete, p), Export: h.may(OpExport, p)}
	if !out.May.Create {
		out.CreateSchema = nil
	}
	if !out.May.Update {
		out.UpdateSchema = nil
	}
	out.Actions = []resourceAbleTo{}
	for i, a := range h.info.Actions {
		if h.allows(h.actions[i], p) {
			out.Actions = append(out.Actions, a)
		}
	}
	return out
}

func (d *Dashboard) routeResources(r *Router) {
	Get(r, "/resources", d.listResources, Authenticated(), ID("resources"), Summary("The resources that the caller may list"))
	Get(r, "/resources/{module}/{name}", d.getResource, Authenticated(), ID("resource"), Summary("What a resource is made of, for the UI"), Answers(404))
}

// resourcesNow are the resources of what is enabled here.
func (d *Dashboard) resourcesNow() []*hostedResource {
	out := d.catalog
	for _, m := range d.order {
		if s := m.live(); s != nil {
			out = append(slices.Clip(out), s.resources...)
		}
	}
	return out
}

func (d *Dashboard) listResources(ctx context.Context, _ empty) (Page[resourceLine], error) {
	out := Page[resourceLine]{Items: []resourceLine{}}
	p := stateOf(ctx).principal
	for _, h := range d.resourcesNow() {
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
	for _, h := range d.resourcesNow() {
		if h.info.Module == in.Module && h.info.Name == in.Name && h.may(OpList, p) {
			return h.of(p), nil
		}
	}
	return resourceInfo{}, errNotFound
}
