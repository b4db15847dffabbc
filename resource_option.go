package dashboard

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// An Operation is one part of a [Resource].
type Operation string

// The parts of a resource.
const (
	OpList   Operation = "list"   // pages, with the description
	OpRead   Operation = "read"   // one item
	OpCreate Operation = "create" // a new item
	OpUpdate Operation = "update" // changes to one
	OpDelete Operation = "delete" // one item, and as an action many
	OpExport Operation = "export" // all items as CSV or NDJSON
)

// A ResourceOption adjusts a [Resource]; see [ReadWith], [WriteWith], [Allow],
// [Without], [Flag], [Timeout], [Titles], [OrderBy], [Action], [CreateWith], [AuditWith] and [NoAudit].
type ResourceOption interface{ applyResource(*resourceConfig) }

type resourceOption func(*resourceConfig)

func (f resourceOption) applyResource(c *resourceConfig) { f(c) }

type resourceConfig struct {
	singular, plural string
	rules            map[Operation]AccessOption
	read, write      AccessOption
	without          map[Operation]bool
	flags            []string // all must be on
	timeout          *time.Duration
	order            string
	actions          []*resourceAction
	create           *createForm
	audit            any // func(context.Context, *storage.Tx, Change[T]) error; nil: the audit log
	noAudit          bool
	errs             []error
}

func newResourceConfig(name string) resourceConfig {
	plural := strings.ReplaceAll(name, "-", " ")
	return resourceConfig{plural: capital(plural), singular: capital(strings.TrimSuffix(plural, "s")),
		rules: map[Operation]AccessOption{}, without: map[Operation]bool{}}
}

func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func (c *resourceConfig) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// check finds what is missing for the operations that there are.
func (c *resourceConfig) check(can func(Operation) bool) error {
	var errs []error
	for _, op := range []Operation{OpList, OpRead, OpCreate, OpUpdate, OpDelete, OpExport} {
		if can(op) && c.rule(op) == nil {
			errs = append(errs, fmt.Errorf("%s names neither a permission nor Authenticated nor Public", op))
		}
		if !can(op) && c.rules[op] != nil && !c.without[op] {
			errs = append(errs, fmt.Errorf("%s is allowed, but the data cannot", op))
		}
	}
	for _, a := range c.actions {
		if a.rule == nil {
			a.rule = c.write
		}
		if a.rule == nil {
			errs = append(errs, fmt.Errorf("action %s names neither a permission nor Authenticated nor Public", a.name))
		}
	}
	return errors.Join(errs...)
}

// rule is who may do something, nil where nobody said.
func (c *resourceConfig) rule(op Operation) AccessOption {
	if rule := c.rules[op]; rule != nil {
		return rule
	}
	if op == OpCreate || op == OpUpdate || op == OpDelete {
		return c.write
	}
	return c.read
}

// ReadWith lets callers who hold the permission list, read and export.
func ReadWith(p Permission) ResourceOption {
	return resourceOption(func(c *resourceConfig) { c.read = Require(p) })
}

// WriteWith lets callers who hold the permission create, update and delete, and
// call the actions that name no other permission.
func WriteWith(p Permission) ResourceOption {
	return resourceOption(func(c *resourceConfig) { c.write = Require(p) })
}

// Allow says who may do single operations. It wins over [ReadWith] and
// [WriteWith].
func Allow(rule AccessOption, operations ...Operation) ResourceOption {
	return resourceOption(func(c *resourceConfig) {
		for _, op := range operations {
			c.rules[op] = rule
		}
	})
}

// Without leaves operations out. An endpoint of the module's own can then be
// registered in their place.
func Without(operations ...Operation) ResourceOption {
	return resourceOption(func(c *resourceConfig) {
		for _, op := range operations {
			c.without[op] = true
		}
	})
}

// Titles names one item and the list for people, such as "Customer" and
// "Customers". The default is made of the resource's name.
func Titles(singular, plural string) ResourceOption {
	return resourceOption(func(c *resourceConfig) {
		if slug(singular) == "" || plural == "" {
			c.fail("titles %q and %q: both are needed", singular, plural)
			return
		}
		c.singular, c.plural = singular, plural
	})
}

// OrderBy is the order of lists whose callers ask for none, such as
// "-created_at". It wins over the default in the type's tags.
func OrderBy(sort string) ResourceOption {
	return resourceOption(func(c *resourceConfig) { c.order = sort })
}

// CreateWith takes new items by a function and a form of its own, in place of
// the collection's Create. In is as for [Post].
func CreateWith[In, T any](fn func(ctx context.Context, in In) (T, error)) ResourceOption {
	return resourceOption(func(c *resourceConfig) {
		if fn == nil {
			c.fail("CreateWith has no function")
			return
		}
		c.create = &createForm{in: reflect.TypeFor[In](), out: reflect.TypeFor[T](), call: func(ctx context.Context, in any) (any, error) {
			return fn(ctx, *in.(*In))
		}}
	})
}

// createForm is a way to create that is not the collection's.
type createForm struct {
	in, out reflect.Type
	call    func(ctx context.Context, in any) (any, error)
}

// A Change is what was done to an item of a [Resource].
type Change[T any] struct {
	// Action is "create", "update", "delete" or the name of an [Action].
	Action string
	// ID is the item's key.
	ID string
	// Before is nil of a new item and of an action, After of a deleted one.
	Before, After *T
	// Input is what an action was called with.
	Input any
}

// AuditWith records changes by a function instead of in the audit log. It is
// called in the transaction of the change, where the collection makes the change
// in a transaction of the dashboard's database, and an error of it then undoes
// the change. Otherwise it is called in a transaction of its own after the
// change, and its error undoes that transaction alone. T is the type of the
// resource.
func AuditWith[T any](record func(ctx context.Context, tx *storage.Tx, change Change[T]) error) ResourceOption {
	return resourceOption(func(c *resourceConfig) {
		if record == nil {
			c.fail("AuditWith has no function")
			return
		}
		c.audit = record
	})
}

// NoAudit records no changes: for collections that record them themselves.
func NoAudit() ResourceOption {
	return resourceOption(func(c *resourceConfig) { c.noAudit = true })
}

// resourceAction is one of a resource's actions.
type resourceAction struct {
	name, title, confirm string
	danger               bool
	rule                 AccessOption
	in                   reflect.Type
	register             func(r *Router, path string, run actionRunner, opts []EndpointOption)
	call                 func(ctx context.Context, id string, in any) error
}

// An ActionOption adjusts an [Action]; see [Danger], [Confirm] and [ActionWith].
type ActionOption interface{ applyAction(*resourceAction) }

type actionOption func(*resourceAction)

func (f actionOption) applyAction(a *resourceAction) { f(a) }

// Danger marks an action that takes something away.
func Danger() ActionOption {
	return actionOption(func(a *resourceAction) { a.danger = true })
}

// Confirm is a question that the UI asks before the action.
func Confirm(question string) ActionOption {
	return actionOption(func(a *resourceAction) { a.confirm = question })
}

// ActionWith says who may call the action. The default is [WriteWith].
func ActionWith(rule AccessOption) ActionOption {
	return actionOption(func(a *resourceAction) { a.rule = rule })
}

// Action adds something that can be done to one or many items of a resource, at
// POST /{name}/actions/{action} with a body {"ids":[…],"input":{…}}. The function
// is called for each id, one after the other; what it returns is answered for
// each on its own. In holds what the person is asked for; struct{} asks nothing.
func Action[In any](name, title string, fn func(ctx context.Context, id string, in In) error, opts ...ActionOption) ResourceOption {
	return resourceOption(func(c *resourceConfig) {
		a := &resourceAction{name: name, title: title, in: reflect.TypeFor[In](), register: registerAction[In]}
		switch {
		case !isShortSlug(name) || name == string(OpDelete):
			c.fail("action %q: the name is not of the form [a-z][a-z0-9-]{0,39}, or taken", name)
			return
		case fn == nil:
			c.fail("action %s has no function", name)
			return
		case slices.ContainsFunc(c.actions, func(other *resourceAction) bool { return other.name == name }):
			c.fail("action %s is there twice", name)
			return
		}
		a.call = func(ctx context.Context, id string, in any) error { return fn(ctx, id, *in.(*In)) }
		for _, o := range opts {
			o.applyAction(a)
		}
		if a.title == "" {
			a.title = capital(name)
		}
		c.actions = append(c.actions, a)
	})
}
