package dashboard

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/resource"
	"github.com/modular-dashboard/dashboard/internal/spelling"
	"github.com/modular-dashboard/dashboard/storage"
)

// A Collection is the data behind a [Resource]: a struct type whose fields are
// described by tags, and the two ways to read it. What else can be done is said
// by implementing [Creator], [Updater] and [Deleter] too. [SQLTable] implements
// all of them for a table. It must be safe for concurrent use.
//
//	type Customer struct {
//		ID        string    `json:"id" resource:"key"`
//		Name      string    `json:"name" validate:"required,max=100" resource:"label,sort,filter,search"`
//		Plan      string    `json:"plan" validate:"oneof=free pro" resource:"filter"`
//		CreatedAt time.Time `json:"created_at" resource:"created,sort=-default"`
//	}
//
// The words of the tag resource: key (the id, a string field; required), label
// (what people call the item by), sort, filter and search (what lists can be
// ordered, filtered and searched by; sort=default or sort=-default makes it the
// order of lists that ask for none), unique, exact (upper and lower case differ),
// readonly, createonly, created and updated (times), version (an int64 that each
// change raises and ETags are made of), detail (not among the columns at first)
// and unit=… (of a number). For an [SQLTable] also column=…, since=… and index=….
type Collection[T any] interface {
	// List returns one page of the items that pass the query's filter and search,
	// in its order. NextCursor is whatever List needs to go on after the page: it
	// comes back as Query.Cursor with the same filter, order and search, and from
	// nobody else.
	List(ctx context.Context, q Query) (Page[T], error)
	// Read returns one item, or [ErrNotFound].
	Read(ctx context.Context, id string) (T, error)
}

// A Creator is a [Collection] that takes new items.
type Creator[T any] interface {
	// Create stores the item, whose fields are validated, and fills in what the
	// store decides: the key, times, the version. It does so before it commits
	// for the entry in the audit log to be part of the transaction.
	Create(ctx context.Context, item *T) error
}

// An Updater is a [Collection] whose items change.
type Updater[T any] interface {
	// Update reads the item, calls change with it and stores what change made
	// of it, all in one transaction. An error of change ends it without effect
	// and is returned as it is. [ErrNotFound] says that there is no such item.
	Update(ctx context.Context, id string, change func(item *T) error) (T, error)
}

// A Deleter is a [Collection] whose items can be deleted.
type Deleter[T any] interface {
	// Delete reads the item, calls check with it and deletes it, all in one
	// transaction. An error of check ends it without effect and is returned as
	// it is. [ErrNotFound] says that there is no such item.
	Delete(ctx context.Context, id string, check func(item T) error) error
}

// ErrNotFound says that a [Collection] has no item with the id. It is answered
// 404.
var ErrNotFound = errors.New("there is no such item")

// A Query is what a [Collection] is asked to list. What callers wrote has been
// checked: filter and order name declared fields only.
type Query struct {
	// Limit is the most items of the page, 1 to 500.
	Limit int
	// Cursor is the NextCursor of the page before, "" for the first.
	Cursor string
	// Filter is a condition in the canonical form of AIP-160, "" for none.
	Filter string
	// Sort is the order, such as "-created_at,-id". It ends in the key, so that
	// no two items are equal.
	Sort string
	// Search is what one of the searched fields must begin with, "" for nothing.
	Search string

	fields *resource.Fields
	parsed resource.Query
}

// Match reports whether an item passes the filter and the search; value returns
// its fields by their names in JSON. It is for collections that are not in SQL.
func (q Query) Match(value func(field string) any) bool {
	return q.parsed.Filter.Match(value) && q.parsed.Found.Match(value)
}

// Compare orders two items as Sort says: negative where a comes first.
func (q Query) Compare(a, b func(field string) any) int {
	return q.parsed.Sort.Compare(a, b)
}

// PageOf answers a query from all items of a collection that is small enough to
// be in memory.
func PageOf[T any](q Query, items []T) (Page[T], error) {
	out := Page[T]{Items: []T{}}
	if q.fields == nil || q.fields.Type != reflect.TypeFor[T]() {
		return out, errors.New("page of a query that no resource of the type made")
	}
	page, next, err := q.fields.Page(reflect.ValueOf(items), q.parsed, q.Cursor, q.Limit)
	for _, i := range page {
		out.Items = append(out.Items, items[i])
	}
	out.NextCursor = next
	return out, err
}

// Resource registers what a collection can do below /{name} of the module's own
// path, and describes it for the UI, which shows a table and forms for it:
//
//	GET    /{name}                    a page: limit, cursor, sort, filter, q
//	GET    /{name}/{id}               one item, with its ETag
//	POST   /{name}                    a new one
//	PATCH  /{name}/{id}               changes by a merge patch; If-Match is heeded
//	DELETE /{name}/{id}               If-Match is heeded
//	POST   /{name}/actions/{action}   acts on up to 200 of them, see [Action]
//	GET    /{name}.csv, /{name}.ndjson  all of them, streamed
//
// It is closed like every endpoint: without [ReadWith], [WriteWith] or [Allow]
// for all it does, it is a registration error. Changes are entered in the audit
// log with the fields that changed, secrets left out; see [AuditWith]. Each part
// can be left out by [Without], for an endpoint of the module's own in its place;
// [CreateWith] gives new items a form of their own.
func Resource[T any](r *Router, name string, data Collection[T], opts ...ResourceOption) {
	what := "resource " + name
	if !isShortSlug(name) || name == "panels" {
		r.fail("resource %q: the name is not of the form [a-z][a-z0-9-]{0,39}, or reserved", name)
		return
	}
	if data == nil {
		r.fail("%s has no data", what)
		return
	}
	x := &resourceOf[T]{router: r, name: name, data: data, config: newResourceConfig(name)}
	for _, o := range opts {
		if o == nil {
			r.fail("%s has a nil option", what)
			return
		}
		o.applyResource(&x.config)
	}
	for _, key := range x.config.flags {
		x.config.errs = append(x.config.errs, checkFlag(key))
	}
	if err := errors.Join(x.config.errs...); err != nil {
		r.fail("%s: %w", what, err)
		return
	}
	if err := x.prepare(); err != nil {
		r.fail("%s: %w", what, err)
		return
	}
	r.gating = x.config.flags
	defer func() { r.gating = nil }()
	defer r.timing(x.config.timeout)()
	x.register()
}

// isShortSlug tells whether a name is a word of at most 40 bytes.
func isShortSlug(name string) bool { return spelling.Slug(name, 1, 40) }

// resourceOf is a resource at work.
type resourceOf[T any] struct {
	router *Router
	name   string
	data   Collection[T]
	config resourceConfig
	fields *resource.Fields
	codec  *resource.Codec
	create resource.Form
	change resource.Form
	writer *resource.Writer
	audit  func(context.Context, *storage.Tx, Change[T]) error // nil: the audit log
}

// prepare does all that can be decided beforehand.
func (x *resourceOf[T]) prepare() (err error) {
	if x.fields, err = resource.Describe(reflect.TypeFor[T]()); err != nil {
		return err
	}
	if x.config.order != "" {
		x.fields.Order = x.config.order
	}
	if _, err := x.fields.Parse("", "", ""); err != nil {
		return err
	}
	if x.codec, err = resource.NewCodec(x.fields, x.router.binder); err != nil {
		return err
	}
	x.create, x.change = x.fields.Creation(), x.fields.Change()
	if x.writer, err = resource.NewWriter(x.change, x.router.binder); err != nil {
		return err
	}
	if x.config.audit != nil {
		record, ok := x.config.audit.(func(context.Context, *storage.Tx, Change[T]) error)
		if !ok {
			return fmt.Errorf("AuditWith has a function of another type: %T", x.config.audit)
		}
		x.audit = record
	}
	if c := x.config.create; c != nil && c.out != reflect.TypeFor[T]() {
		return fmt.Errorf("CreateWith returns %s, want %s", c.out, reflect.TypeFor[T]())
	}
	return x.config.check(x.can)
}

// can reports what the collection is able to do.
func (x *resourceOf[T]) can(op Operation) bool {
	var ok bool
	switch op {
	case OpCreate:
		_, ok = x.data.(Creator[T])
		ok = ok || x.config.create != nil
	case OpUpdate:
		_, ok = x.data.(Updater[T])
		ok = ok && len(x.change.Fields) > 0
	case OpDelete:
		_, ok = x.data.(Deleter[T])
	default:
		ok = true
	}
	return ok && !x.config.without[op]
}

// list is the name that cursors and audit entries know the resource by.
func (x *resourceOf[T]) list() string { return x.router.module + "." + x.name }

// path is where the resource answers, below the mount.
func (x *resourceOf[T]) path() string {
	if x.router.module == coreModule {
		return "api/v1/" + x.name
	}
	return "api/v1/m/" + x.router.module + "/" + x.name
}

// id names an operation in OpenAPI: create-customer.
func (x *resourceOf[T]) id(verb string) string {
	singular := slug(x.config.singular)
	if verb == "" {
		return singular
	}
	return verb + "-" + singular
}

// slug makes an operation id of a title.
func slug(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	return strings.Join(words, "-")
}
