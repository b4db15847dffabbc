package dashboard

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/layout"
	"github.com/modular-dashboard/dashboard/storage"
)

func (d *Dashboard) routeLayouts(r *Router) {
	Get(r, "/auth/me/layout", d.myLayout, Authenticated(), ID("my-layout"), Summary("How the caller's overview is arranged"),
		Description("The caller's own layout, else the one of the first of their roles that has one. Panels it does not name follow in their default order; those it names and the caller may not see are to be ignored."))
	Put(r, "/auth/me/layout", d.putMyLayout, Authenticated(), ID("put-my-layout"), Summary("Arrange the caller's overview"), Answers(412))
	Delete(r, "/auth/me/layout", d.deleteMyLayout, Authenticated(), ID("delete-my-layout"), Summary("Go back to the default of the caller's roles"), Answers(412))
	Get(r, "/roles/{name}/layout", d.roleLayout, Require(permUsersRead), ID("role-layout"), Summary("The default layout of a role"), Answers(404))
	Put(r, "/roles/{name}/layout", d.putRoleLayout, Require(permUsersManage), ID("put-role-layout"), Summary("Set the default layout of a role"), Answers(404, 412))
	Delete(r, "/roles/{name}/layout", d.deleteRoleLayout, Require(permUsersManage), ID("delete-role-layout"), Summary("Remove the default layout of a role"), Answers(404, 412))
}

type layoutItem struct {
	Module string `json:"module" validate:"required,max=40"`
	Panel  string `json:"panel" validate:"required,max=40"`
	Width  int    `json:"width" validate:"min=1,max=4" doc:"Columns of four."`
	Height int    `json:"height" validate:"min=1,max=3" doc:"Rows."`
	Hidden bool   `json:"hidden"`
}

type layoutOut struct {
	Source string       `json:"source" doc:"own, role or default"`
	Role   string       `json:"role,omitempty" doc:"The role whose default this is."`
	Items  []layoutItem `json:"items"`
	tag    string
}

// ETag is the version of the layout that a change would replace.
func (l layoutOut) ETag() string { return l.tag }

func layoutOutOf(l layout.Layout) layoutOut {
	out := layoutOut{Source: "default", tag: generationTag(l.Version)}
	switch l.Owner.Kind {
	case layout.Account:
		out.Source = "own"
	case layout.Role:
		out.Source, out.Role = "role", l.Owner.ID
	}
	for _, it := range l.Items {
		out.Items = append(out.Items, layoutItem(it))
	}
	return out
}

func (d *Dashboard) myLayout(ctx context.Context, _ empty) (layoutOut, error) {
	p := stateOf(ctx).principal
	owners := []layout.Owner{{Kind: layout.Account, ID: p.ID}}
	for _, role := range p.Roles {
		owners = append(owners, layout.Owner{Kind: layout.Role, ID: role})
	}
	l, err := d.layouts.First(ctx, owners...)
	out := layoutOutOf(l)
	if out.Source != "own" {
		out.tag = generationTag(0) // a change makes the first of one's own
	}
	return out, err
}

type layoutIn struct {
	IfMatch etag.Condition `header:"If-Match"`
	Items   []layoutItem   `json:"items" validate:"required,max=500,dive"`
}

func (d *Dashboard) putMyLayout(ctx context.Context, in layoutIn) (layoutOut, error) {
	return d.putLayout(ctx, layout.Owner{Kind: layout.Account, ID: stateOf(ctx).principal.ID}, in.IfMatch, in.Items, nil)
}

func (d *Dashboard) putLayout(ctx context.Context, o layout.Owner, ifMatch etag.Condition, in []layoutItem, also func(*storage.Tx) error) (layoutOut, error) {
	based, err := d.layoutVersion(ctx, o, ifMatch)
	if err != nil {
		return layoutOut{}, err
	}
	items := make([]layout.Item, len(in))
	for i, it := range in {
		items[i] = layout.Item(it)
	}
	l, err := d.layouts.Put(ctx, o, items, based, also)
	return layoutOutOf(l), layoutError(err)
}

type ifMatchIn struct {
	IfMatch etag.Condition `header:"If-Match"`
}

func (d *Dashboard) deleteMyLayout(ctx context.Context, in ifMatchIn) (empty, error) {
	o := layout.Owner{Kind: layout.Account, ID: stateOf(ctx).principal.ID}
	based, err := d.layoutVersion(ctx, o, in.IfMatch)
	if err != nil {
		return empty{}, err
	}
	return empty{}, layoutError(d.layouts.Delete(ctx, o, based, nil))
}

func (d *Dashboard) roleLayout(ctx context.Context, in roleNameIn) (layoutOut, error) {
	if err := d.knownRole(ctx, in.Name); err != nil {
		return layoutOut{}, err
	}
	l, err := d.layouts.First(ctx, layout.Owner{Kind: layout.Role, ID: in.Name})
	return layoutOutOf(l), err
}

type roleLayoutIn struct {
	Name string `path:"name" validate:"max=64"`
	layoutIn
}

func (d *Dashboard) putRoleLayout(ctx context.Context, in roleLayoutIn) (layoutOut, error) {
	if err := d.knownRole(ctx, in.Name); err != nil {
		return layoutOut{}, err
	}
	o := layout.Owner{Kind: layout.Role, ID: in.Name}
	return d.putLayout(ctx, o, in.IfMatch, in.Items, func(tx *storage.Tx) error {
		return d.audit(ctx, tx, "role.layout", in.Name, map[string]int{"panels": len(in.Items)})
	})
}

type deleteRoleLayoutIn struct {
	Name string `path:"name" validate:"max=64"`
	ifMatchIn
}

func (d *Dashboard) deleteRoleLayout(ctx context.Context, in deleteRoleLayoutIn) (empty, error) {
	if err := d.knownRole(ctx, in.Name); err != nil {
		return empty{}, err
	}
	o := layout.Owner{Kind: layout.Role, ID: in.Name}
	based, err := d.layoutVersion(ctx, o, in.IfMatch)
	if err != nil {
		return empty{}, err
	}
	return empty{}, layoutError(d.layouts.Delete(ctx, o, based, func(tx *storage.Tx) error {
		return d.audit(ctx, tx, "role.layout", in.Name, map[string]int{"panels": 0})
	}))
}

func (d *Dashboard) knownRole(ctx context.Context, name string) error {
	roles, err := d.auth.Roles(ctx)
	if err == nil && !slices.ContainsFunc(roles, func(r auth.Role) bool { return r.Name == name }) {
		return errNotFound
	}
	return err
}

// layoutVersion reads If-Match; nil means whatever is there.
func (d *Dashboard) layoutVersion(ctx context.Context, o layout.Owner, ifMatch etag.Condition) (*int64, error) {
	return expectedVersion(ifMatch, func() (int64, error) {
		l, err := d.layouts.First(ctx, o)
		return l.Version, err
	})
}

func layoutError(err error) error {
	if errors.Is(err, layout.ErrChanged) {
		return errStale
	}
	if bad, ok := errors.AsType[*layout.InvalidError](err); ok {
		at := fmt.Sprintf("/items/%d", bad.Index)
		if bad.Field != "" {
			at += "/" + bad.Field
		}
		return Invalid(FieldError{Pointer: at, Code: "layout", Detail: bad.Detail})
	}
	return err
}
