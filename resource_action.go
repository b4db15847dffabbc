package dashboard

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/problem"
)

// actionIn calls an action for some items.
type actionIn[In any] struct {
	IDs   []string `json:"ids" validate:"min=1,max=200,unique,dive,min=1,max=400" doc:"The items, at most 200."`
	Input In       `json:"input"`
}

type actionOut struct {
	Results []actionResult `json:"results"`
}

// actionResult is what became of one item.
type actionResult struct {
	ID    string       `json:"id"`
	OK    bool         `json:"ok"`
	Error *actionError `json:"error,omitempty"`
}

type actionError struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// An actionRunner calls an action for each id.
type actionRunner func(ctx context.Context, ids []string, in any) (actionOut, error)

func registerAction[In any](r *Router, path string, run actionRunner, opts []EndpointOption) {
	Post(r, path, func(ctx context.Context, in actionIn[In]) (actionOut, error) {
		return run(ctx, in.IDs, &in.Input)
	}, opts...)
}

func (x *resourceOf[T]) registerActions() {
	if x.can(OpDelete) {
		x.config.actions = append(x.config.actions, &resourceAction{name: string(OpDelete), title: "Delete", danger: true, rule: x.config.rule(OpDelete),
			in: reflect.TypeFor[struct{}](), register: registerAction[struct{}],
			call: func(ctx context.Context, id string, _ any) error { return x.remove(ctx, id, etag.Condition{}) }})
	}
	for _, a := range x.config.actions {
		a.register(x.router, "/"+x.name+"/actions/"+a.name, x.runner(a), []EndpointOption{a.rule, ID(x.name + "-action-" + a.name),
			Summary(a.title + ": " + x.config.plural)})
	}
}

// runner calls the action for one item after the other. Each is on its own: an
// item that fails does not undo the others.
func (x *resourceOf[T]) runner(a *resourceAction) actionRunner {
	return func(ctx context.Context, ids []string, in any) (actionOut, error) {
		out := actionOut{Results: make([]actionResult, 0, len(ids))}
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				return out, err // nobody is left to tell
			}
			result := actionResult{ID: id, OK: true}
			if err := x.act(ctx, a, id, in); err != nil {
				result.OK, result.Error = false, x.actionError(ctx, a, id, err)
			}
			out.Results = append(out.Results, result)
		}
		return out, nil
	}
}

func (x *resourceOf[T]) act(ctx context.Context, a *resourceAction, id string, in any) error {
	if a.name == string(OpDelete) {
		return a.call(ctx, id, in) // it is recorded with what was deleted
	}
	return x.recorded(ctx, func() (Change[T], bool) {
		return Change[T]{Action: a.name, ID: id, Input: reflect.ValueOf(in).Elem().Interface()}, true
	}, func(ctx context.Context) error { return a.call(ctx, id, in) })
}

// actionError is what is told of a failure; what went wrong here is logged.
func (x *resourceOf[T]) actionError(ctx context.Context, a *resourceAction, id string, err error) *actionError {
	answer := asError(itemError(err))
	if answer.status() >= http.StatusInternalServerError {
		x.router.home.log.ErrorContext(ctx, "action failed", "request_id", RequestID(ctx), "resource", x.list(), "action", a.name, "id", id, "error", err)
	}
	code := answer.Code
	if code == "" {
		code = problem.Slug(answer.status())
	}
	parts := []string{answer.Detail}
	for _, f := range answer.Fields {
		parts = append(parts, f.Pointer, f.Detail)
	}
	return &actionError{Code: code, Detail: strings.Join(parts, " ")}
}
