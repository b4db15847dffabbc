package dashboard

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"reflect"

	"github.com/modular-dashboard/dashboard/internal/query"
)

// Page is one page of a list. NextCursor is empty on the last page; else the
// answer to a GET has a Link to the next page (RFC 8288), with the same query
// but for the parameter cursor.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty"`
}

func (p *Page[T]) nextCursor() string { return p.NextCursor }

// A pager is a [*Page], or what embeds a [Page].
type pager interface{ nextCursor() string }

var pagerType = reflect.TypeFor[pager]()

// linkNext links the next page of a list, as the browser sees its address.
func linkNext(h http.Header, r *http.Request, cursor string) {
	s := stateOf(r.Context())
	if cursor == "" || s == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return
	}
	values := r.URL.Query()
	values.Set("cursor", cursor)
	path := (&url.URL{Path: s.base}).EscapedPath() + s.path
	h.Add("Link", "<"+path+"?"+values.Encode()+`>; rel="next"`)
}

// pageIn is what every list takes that comes in pages.
type pageIn struct {
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string `query:"cursor" validate:"max=2048"`
}

// byKey is the order of cursors that hold the text of a key.
func byKey() query.Sort {
	return query.Sort{{Field: query.Field{Name: "key", Column: "key", Kind: query.Text}}}
}

// pageAfter returns a page of a list that is read whole because it is short: what
// follows the key of the cursor. The items are in the order of their keys, so
// what is added or removed between two pages moves nothing.
func pageAfter[T any](d *Dashboard, list string, in pageIn, items []T, key func(T) string) (Page[T], error) {
	secret := d.vault.subkey("cursor of lists")
	after, err := query.Open(secret, list, "", in.Cursor, byKey())
	if err != nil {
		return Page[T]{}, errBadCursor
	}
	if len(after) > 0 {
		for len(items) > 0 && key(items[0]) <= after[0].(string) {
			items = items[1:]
		}
	}
	page := Page[T]{Items: items}
	if len(items) > in.Limit {
		page.Items = items[:in.Limit]
		page.NextCursor, err = query.Seal(secret, list, "", []any{key(items[in.Limit-1])})
	}
	return page, err
}

// downwards is a key of what is ordered by a number, downwards, and then by id.
func downwards(n int64, id string) string { return fmt.Sprintf("%016x%s", uint64(math.MaxInt64-n), id) }

// queryProblem answers what is wrong with a filter, an order or a cursor that a
// handler returned as it is; nil for anything else.
func queryProblem(err error) *Error {
	if errors.Is(err, query.ErrCursor) {
		return errBadCursor
	}
	if _, ok := errors.AsType[*query.Error](err); !ok {
		return nil
	}
	out, _ := errors.AsType[*Error](queryError(err))
	return out
}
