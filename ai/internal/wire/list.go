package wire

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/modular-dashboard/dashboard/ai"
)

// A list is read to its end, but no further than this.
const (
	listPages  = 20
	listModels = 1000
	listBody   = 4 << 20
)

var errNoList = errors.New("the answer is no list of models")

// A Page is some of a provider's models, and the query of the next page; "":
// there is none. Where it is none of the format, Known is false.
type Page struct {
	Known  bool
	Models []ai.ModelInfo
	Next   string
}

// List reads the models at a path below the base URL, page after page: each is
// JSON that is read into a T and turned into a Page.
func List[T any](ctx context.Context, e *Endpoint, path, query string, turn func(*T) Page) ([]ai.ModelInfo, error) {
	at := *e
	at.url = e.base.JoinPath(path)
	at.limits.Frame = listBody
	var infos []ai.ModelInfo
	for range listPages {
		at.url.RawQuery = query
		var page Page
		err := at.get(ctx, func(body []byte) error {
			var v T
			if err := json.Unmarshal(body, &v); err != nil {
				return err
			}
			if page = turn(&v); !page.Known {
				return errNoList
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		infos = append(infos, page.Models...)
		if page.Next == "" || len(infos) >= listModels {
			break
		}
		query = page.Next
	}
	return infos, nil
}

// get lets read have an answer in one piece; its error says that it is none of the
// format.
func (e *Endpoint) get(ctx context.Context, read func([]byte) error) error {
	call, err := e.send(ctx, "", e.request(http.MethodGet, "application/json"))
	if err != nil {
		return err
	}
	err = call.Whole(func(body []byte) error {
		if err := read(body); err != nil {
			return call.Malformed(err)
		}
		return nil
	})
	if err != nil {
		call.abandon()
		return err
	}
	call.Close()
	return nil
}
