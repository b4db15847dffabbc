package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/storage"
)

func (x *resourceOf[T]) registerWrites() {
	c, r := &x.config, x.router
	if x.can(OpCreate) {
		in, serve := x.create.Type, x.serveCreate
		if c.create != nil {
			in = c.create.in
			serve = x.serveCreateWith
		}
		tagged(register(r, http.MethodPost, "/"+x.name, in, reflect.TypeFor[T](), serve, []EndpointOption{c.rule(OpCreate), ID(x.id("create")),
			Summary("Create: " + c.singular), Status(http.StatusCreated), Answers(http.StatusConflict)}))
	}
	if x.can(OpUpdate) {
		e := register(r, http.MethodPatch, "/"+x.name+"/{id}", reflect.TypeFor[patchIn](), reflect.TypeFor[T](), x.serveUpdate,
			[]EndpointOption{c.rule(OpUpdate), ID(x.id("update")), Summary("Change: " + c.singular),
				Description("A merge patch (RFC 7396): what is absent stays, null empties. With If-Match only if it is still what was read."),
				Answers(http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)})
		if tagged(e); e != nil {
			e.in = x.change.Patch(
				reflect.StructField{Name: "ItemID", Type: reflect.TypeFor[string](), Tag: `path:"id"`},
				reflect.StructField{Name: "IfMatch", Type: reflect.TypeFor[string](), Tag: `header:"If-Match"`})
		}
	}
	if x.can(OpDelete) {
		Delete(r, "/"+x.name+"/{id}", x.deleteItem, c.rule(OpDelete), ID(x.id("delete")), Summary("Delete: "+c.singular),
			Answers(http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed))
	}
}

// patchIn is a change to one item.
type patchIn struct {
	ID      string          `path:"id" validate:"max=400"`
	IfMatch etag.Condition  `header:"If-Match"`
	Patch   json.RawMessage `body:""`
}

type deleteIn struct {
	ID      string         `path:"id" validate:"max=400"`
	IfMatch etag.Condition `header:"If-Match"`
}

func (x *resourceOf[T]) serveCreate(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	form := reflect.New(x.create.Type)
	if err := e.plan.Decode(r, form.Interface(), e.config.bodyLimit); err != nil {
		return err
	}
	var item T
	x.create.Fill(reflect.ValueOf(&item).Elem(), form.Elem())
	return x.created(w, r, e, func(ctx context.Context) (*T, error) {
		return &item, x.data.(Creator[T]).Create(ctx, &item)
	}, &item)
}

func (x *resourceOf[T]) serveCreateWith(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	in := reflect.New(x.config.create.in)
	if err := e.plan.Decode(r, in.Interface(), e.config.bodyLimit); err != nil {
		return err
	}
	var item T
	return x.created(w, r, e, func(ctx context.Context) (*T, error) {
		out, err := x.config.create.call(ctx, in.Interface())
		if err == nil {
			item = out.(T)
		}
		return &item, err
	}, &item)
}

// created makes an item, records it and answers it.
func (x *resourceOf[T]) created(w http.ResponseWriter, r *http.Request, e *endpoint, create func(context.Context) (*T, error), item *T) error {
	err := x.recorded(r.Context(), func() (Change[T], bool) {
		id := x.fields.ID(reflect.ValueOf(item).Elem())
		after := *item
		return Change[T]{Action: string(OpCreate), ID: id, After: &after}, id != ""
	}, func(ctx context.Context) error {
		_, err := create(ctx)
		return err
	})
	if err != nil {
		return itemError(err)
	}
	w.Header().Set("Location", x.location(r.Context(), item))
	return x.writeItem(w, r, e, item)
}

func (x *resourceOf[T]) serveUpdate(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	var in patchIn
	if err := e.plan.Decode(r, &in, e.config.bodyLimit); err != nil {
		return err
	}
	var change *Change[T]
	var item T
	err := x.recorded(r.Context(), func() (Change[T], bool) {
		if change == nil {
			return Change[T]{}, false
		}
		return *change, true
	}, func(ctx context.Context) (err error) {
		item, err = x.data.(Updater[T]).Update(ctx, in.ID, func(item *T) error {
			before := *item
			if err := x.expected(&before, in.IfMatch); err != nil {
				return err
			}
			if err := x.writer.Apply(reflect.ValueOf(item).Elem(), in.Patch); err != nil {
				return err
			}
			after := *item
			change = &Change[T]{Action: string(OpUpdate), ID: in.ID, Before: &before, After: &after}
			return nil
		})
		return err
	})
	if err != nil {
		return itemError(err)
	}
	return x.writeItem(w, r, e, &item)
}

// expected compares an item with an If-Match (RFC 9110, section 13.1.1): the
// comparison is strong.
func (x *resourceOf[T]) expected(item *T, condition etag.Condition) error {
	if !condition.Given() {
		return nil
	}
	tag, err := x.tag(item)
	if err == nil && !condition.Allows(tag) {
		err = errStale
	}
	return err
}

func (x *resourceOf[T]) deleteItem(ctx context.Context, in deleteIn) (empty, error) {
	return empty{}, itemError(x.remove(ctx, in.ID, in.IfMatch))
}

func (x *resourceOf[T]) remove(ctx context.Context, id string, ifMatch etag.Condition) error {
	var change *Change[T]
	return x.recorded(ctx, func() (Change[T], bool) {
		if change == nil {
			return Change[T]{}, false
		}
		return *change, true
	}, func(ctx context.Context) error {
		return x.data.(Deleter[T]).Delete(ctx, id, func(item T) error {
			if err := x.expected(&item, ifMatch); err != nil {
				return err
			}
			change = &Change[T]{Action: string(OpDelete), ID: id, Before: &item}
			return nil
		})
	})
}

// recorded runs do and records the change it makes: in the transaction of do
// where the dashboard's database has one and the change is known by then, else
// after it.
func (x *resourceOf[T]) recorded(ctx context.Context, change func() (Change[T], bool), do func(context.Context) error) error {
	if x.config.noAudit {
		return do(ctx)
	}
	done := false
	hooked, stop := x.router.home.db.WithCommitHook(ctx, func(ctx context.Context, tx *storage.Tx) error {
		c, ok := change()
		if !ok {
			return nil // the write of something else, or the key is not known yet
		}
		done = true
		return x.record(ctx, tx, c)
	})
	err := do(hooked)
	stop()
	if err != nil || done {
		return err
	}
	c, ok := change()
	if !ok {
		return nil
	}
	return x.router.home.db.Update(ctx, func(tx *storage.Tx) error { return x.record(ctx, tx, c) })
}

// record enters a change in the audit log, or calls the option's function.
func (x *resourceOf[T]) record(ctx context.Context, tx *storage.Tx, c Change[T]) error {
	if x.audit != nil {
		return x.audit(ctx, tx, c)
	}
	action := x.list() + "." + c.Action
	if c.Before == nil && c.After == nil {
		return x.router.home.audit(ctx, tx, action, c.ID, map[string]any{"input": x.safeInput(c.Input)})
	}
	detail, err := x.codec.Record(valueOf(c.Before), valueOf(c.After))
	if err != nil {
		return err
	}
	return x.router.home.audit(ctx, tx, action, c.ID, detail)
}

func valueOf[T any](item *T) *reflect.Value {
	if item == nil {
		return nil
	}
	v := reflect.ValueOf(item).Elem()
	return &v
}

// safeInput is the input of an action without its secrets, as far as it is short.
func (x *resourceOf[T]) safeInput(in any) json.RawMessage {
	enc, err := x.router.binder.CompileOut(reflect.TypeOf(in))
	if err != nil {
		return nil
	}
	raw, err := enc.Append(nil, in, maxActionInput)
	if errors.Is(err, bind.ErrTooLarge) {
		return json.RawMessage(`"too long to keep"`)
	}
	return raw
}

const maxActionInput = 8 << 10
