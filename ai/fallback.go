package ai

import (
	"context"
	"errors"
	"iter"
)

// A Route is one of several models that can answer.
type Route struct {
	Model Model
	// Name is what the request's model is called there; empty: the same name. Names
	// are looked up in Names first.
	Name  string
	Names map[string]string
	// Weight is the share of requests it gets, beside the weights of others, where
	// the [Order] heeds it. Zero: 1.
	Weight float64
}

// request is the one that the route's model gets.
func (r *Route) request(req *Request) *Request {
	name := r.Name
	if other, ok := r.Names[req.Model]; ok {
		name = other
	}
	if name == "" || name == req.Model {
		return req
	}
	copied := *req
	copied.Model = name
	return &copied
}

// Fallback asks its routes in order until one answers: the next is asked where an
// answer failed before its first piece of content with an error that may not
// happen elsewhere ([Error.Elsewhere]). Where all fail the error is the last one,
// and errors.Is and errors.As find the others beneath it.
func Fallback(routes ...Route) (Model, error) {
	r, err := newRouter("fallback", InOrder, routes)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Balance shares requests out among its routes, and asks the others where one
// fails as [Fallback] does.
func Balance(order Order, routes ...Route) (Model, error) {
	r, err := newRouter("balance", order, routes)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Generate implements [Model].
func (r *router) Generate(ctx context.Context, req *Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := req.valid(); err != nil {
			yield(Event{}, err)
			return
		}
		r.fallBack(ctx, req, yield)
	}
}

func (r *router) fallBack(ctx context.Context, req *Request, yield func(Event, error) bool) {
	var failed []error
	order := r.pick()
	for n := range r.routes {
		route := r.at(order, n)
		a := attempt{yield: yield}
		err := a.run(route.Model.Generate(ctx, route.request(req)))
		if a.decides(ctx, err) {
			return
		}
		failed = append(failed, err)
	}
	yield(Event{}, together(failed))
}

// together is the error of all routes: one that can be tried again if any can.
func together(failed []error) error {
	last := *typed(failed[len(failed)-1])
	if len(failed) == 1 {
		return &last
	}
	for _, err := range failed[:len(failed)-1] {
		e := typed(err)
		if e.Again() && !last.Again() {
			last.Kind, last.RetryAfter = e.Kind, e.RetryAfter
		}
		if e.Again() {
			last.RetryAfter = min(last.RetryAfter, e.RetryAfter)
		}
	}
	last.Err = errors.Join(append(failed[:len(failed)-1:len(failed)-1], last.Err)...)
	return &last
}

var _ Model = (*router)(nil)
