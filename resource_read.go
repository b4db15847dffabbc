package dashboard

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/query"
)

// listIn asks for a page of a resource.
type listIn struct {
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string `query:"cursor" validate:"max=2048" doc:"The next_cursor of the page before, with the same sort, filter and q."`
	chosen
}

// chosen says which items are asked for, and in which order.
type chosen struct {
	Sort   string `query:"sort" validate:"max=260" doc:"Fields to order by, such as -created_at,name."`
	Filter string `query:"filter" validate:"max=2048" doc:"A condition such as plan = pro AND created_at > 2026-01-31."`
	Search string `query:"q" validate:"max=200" doc:"What a searched field begins with."`
}

// itemIn names one item.
type itemIn struct {
	ID string `path:"id" validate:"max=400"`
}

func (x *resourceOf[T]) register() {
	c, r := &x.config, x.router
	if x.can(OpList) {
		Get(r, "/"+x.name, x.listItems, c.rule(OpList), ID(x.name), Summary(c.plural), Description(x.about()), Answers(http.StatusBadRequest))
	}
	if x.can(OpRead) {
		e := register(r, http.MethodGet, "/"+x.name+"/{id}", reflect.TypeFor[itemIn](), reflect.TypeFor[T](), x.serveRead,
			[]EndpointOption{c.rule(OpRead), ID(x.id("")), Summary("One of: " + c.plural), Answers(http.StatusNotFound)})
		tagged(e)
	}
	if x.can(OpExport) {
		x.registerExport("csv", "text/csv")
		x.registerExport("ndjson", "application/x-ndjson")
	}
	x.registerWrites()
	x.registerActions()
	r.resources = append(r.resources, x.describe())
}

// tagged says in the API document that the answers have an ETag.
func tagged(e *endpoint) {
	if e != nil { // else it could not be registered, and that is known
		e.config.tagged = true
	}
}

// about tells in the API document what can be asked for.
func (x *resourceOf[T]) about() string {
	var sorts, filters, searches []string
	for i := range x.fields.All {
		f := &x.fields.All[i]
		if f.Sort {
			sorts = append(sorts, f.Name)
		}
		if f.Filter {
			filters = append(filters, f.Name)
		}
		if f.Search {
			searches = append(searches, f.Name)
		}
	}
	var lines []string
	for _, part := range []struct {
		what  string
		names []string
	}{{"Sorted by: ", sorts}, {"Filtered by: ", filters}, {"Searched by the beginning of: ", searches}} {
		if len(part.names) > 0 {
			lines = append(lines, part.what+strings.Join(part.names, ", ")+".")
		}
	}
	return strings.Join(lines, " ")
}

// query reads what a list was asked for, without its cursor.
func (x *resourceOf[T]) query(in chosen, limit int) (Query, error) {
	parsed, err := x.fields.Parse(in.Filter, in.Sort, in.Search)
	if err != nil {
		return Query{}, queryError(err)
	}
	return Query{Limit: limit, Filter: parsed.Filter.String(), Sort: parsed.Sort.String(), Search: parsed.Search,
		fields: x.fields, parsed: parsed}, nil
}

// cursorOrder is the order that a sealed cursor has: it holds one text.
var cursorOrder = query.Sort{{Field: query.Field{Name: "cursor", Kind: query.Text}}}

func (x *resourceOf[T]) cursorKey() []byte { return x.router.home.vault.subkey("cursor of resources") }

func (x *resourceOf[T]) listItems(ctx context.Context, in listIn) (Page[T], error) {
	q, err := x.query(in.chosen, in.Limit)
	if err != nil {
		return Page[T]{}, err
	}
	bound := q.parsed.Canonical()
	after, err := query.Open(x.cursorKey(), x.list(), bound, in.Cursor, cursorOrder)
	if err != nil {
		return Page[T]{}, errBadCursor
	}
	if after != nil {
		q.Cursor = after[0].(string)
	}
	page, err := x.data.List(ctx, q)
	if err != nil {
		return Page[T]{}, itemError(err)
	}
	if page.NextCursor != "" {
		page.NextCursor, err = query.Seal(x.cursorKey(), x.list(), bound, []any{page.NextCursor})
	}
	return page, err
}

// queryError answers what is wrong with a filter, an order or a search.
func queryError(err error) error {
	e, ok := errors.AsType[*query.Error](err)
	if !ok {
		return err
	}
	out := &Error{Status: http.StatusBadRequest, Code: "bad-" + e.Parameter, Detail: e.Detail,
		Fields: []FieldError{{Pointer: "#/query/" + e.Parameter, Code: "syntax", Detail: e.Detail}}}
	if e.Parameter == "q" {
		out.Code = "bad-search"
		return out
	}
	out.Extra = map[string]any{"offset": e.Offset}
	return out
}

// itemError answers what a collection may return besides an [Error].
func itemError(err error) error {
	switch {
	case errors.Is(err, ErrNotFound):
		return errNotFound
	case errors.Is(err, query.ErrCursor):
		return errBadCursor
	}
	return queryError(err)
}

func (x *resourceOf[T]) serveRead(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	var in itemIn
	if err := e.plan.Decode(r, &in, e.config.bodyLimit); err != nil {
		return err
	}
	item, err := x.data.Read(r.Context(), in.ID)
	if err != nil {
		return itemError(err)
	}
	return x.writeItem(w, r, e, &item)
}

// writeItem answers an item with its entity tag.
func (x *resourceOf[T]) writeItem(w http.ResponseWriter, r *http.Request, e *endpoint, item *T) error {
	tag, err := x.tag(item)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", tag)
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && etag.Parse(r.Header["If-None-Match"]).Has(tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return e.write(w, r, item)
}

// tag is an item's entity tag: its own, its version or a digest.
func (x *resourceOf[T]) tag(item *T) (string, error) {
	if v, ok := any(item).(ETagger); ok {
		return v.ETag(), nil
	}
	tag, err := x.codec.ETag(reflect.ValueOf(item).Elem())
	if err != nil {
		return "", fmt.Errorf("entity tag: %w", err)
	}
	return tag, nil
}

// location is where an item is.
func (x *resourceOf[T]) location(ctx context.Context, item *T) string {
	id := x.fields.ID(reflect.ValueOf(item).Elem())
	base := "/"
	if s := stateOf(ctx); s != nil {
		base = (&url.URL{Path: s.base}).EscapedPath()
	}
	return base + x.path() + "/" + url.PathEscape(id)
}

// exportIn chooses what is exported.
type exportIn struct{ chosen }

// exportPage is how many items an export reads at a time. Between two pages
// nothing is held open in the database, however slow the reader.
const exportPage = 500

// exportPatience is how long a reader may take nothing of an export.
const exportPatience = time.Minute

func (x *resourceOf[T]) registerExport(format, mediaType string) {
	register(x.router, http.MethodGet, "/"+x.name+"."+format, reflect.TypeFor[exportIn](), nil, x.serveExport(format, mediaType),
		[]EndpointOption{x.config.rule(OpExport), ID(x.name + "-" + format), ContentType(mediaType), Answers(http.StatusBadRequest),
			Summary("All of: " + x.config.plural + ", as " + strings.ToUpper(format)), Description(x.about())})
}

func (x *resourceOf[T]) serveExport(format, mediaType string) serveFunc {
	return func(w http.ResponseWriter, r *http.Request, e *endpoint) error {
		var in exportIn
		if err := e.plan.Decode(r, &in, e.config.bodyLimit); err != nil {
			return err
		}
		q, err := x.query(in.chosen, exportPage)
		if err != nil {
			return err
		}
		ctx, _, done, err := openStreamOf(r.Context(), e) // ends with the session, the right and the module
		if err != nil {
			return err
		}
		defer done()
		page, err := x.data.List(ctx, q)
		if err != nil {
			return itemError(err)
		}
		h := w.Header()
		h.Set("Content-Type", mediaType+"; charset=utf-8")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": x.name + "." + format}))
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodHead {
			return nil
		}
		becomeStream(r.Context())
		if err := x.export(ctx, w, format, q, page, e.answerLimit); err != nil {
			x.router.home.log.DebugContext(ctx, "export broke off", "resource", x.list(), "error", err)
			panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to cut a connection: half a file must not look whole
		}
		return nil
	}
}

// export writes pages until the last.
func (x *resourceOf[T]) export(ctx context.Context, w http.ResponseWriter, format string, q Query, page Page[T], limit int64) error {
	out := &patientWriter{w: w, control: http.NewResponseController(w)}
	defer out.restore()
	buffered := bufio.NewWriterSize(out, 32<<10)
	write, flush, err := x.exporter(buffered, format, limit)
	if err != nil {
		return err
	}
	for {
		for i := range page.Items {
			if err := write(reflect.ValueOf(&page.Items[i]).Elem()); err != nil {
				return err
			}
		}
		if page.NextCursor == "" {
			return errors.Join(flush(), buffered.Flush())
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		q.Cursor = page.NextCursor
		if page, err = x.data.List(ctx, q); err != nil {
			return err
		}
		if page.NextCursor == q.Cursor {
			return errors.New("the list does not go on after its cursor")
		}
	}
}

// exporter returns what writes one item in a format.
func (x *resourceOf[T]) exporter(w *bufio.Writer, format string, limit int64) (write func(reflect.Value) error, flush func() error, err error) {
	if format == "csv" {
		table, err := x.codec.CSV(w)
		if err != nil {
			return nil, nil, err
		}
		return func(v reflect.Value) error { return table.Write(v, limit) }, table.Flush, nil
	}
	var line []byte
	return func(v reflect.Value) (err error) {
		if line, err = x.codec.Line(line[:0], v, limit); err != nil {
			return err
		}
		_, err = w.Write(line)
		return err
	}, func() error { return nil }, nil
}

// patientWriter gives each write a deadline of its own.
type patientWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (p *patientWriter) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(exportPatience)) // not every writer can
	return p.w.Write(b)
}

func (p *patientWriter) restore() { _ = p.control.SetWriteDeadline(time.Time{}) }
