package dashboard_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/modular-dashboard/dashboard"
)

// endless is a collection without an end.
type endless struct{ pages atomic.Int64 }

func (c *endless) List(ctx context.Context, q dashboard.Query) (dashboard.Page[gadget], error) {
	if err := ctx.Err(); err != nil {
		return dashboard.Page[gadget]{}, err
	}
	c.pages.Add(1)
	n, _ := strconv.Atoi(q.Cursor) // "" begins at 0
	out := dashboard.Page[gadget]{NextCursor: strconv.Itoa(n + q.Limit)}
	for i := range q.Limit {
		out.Items = append(out.Items, gadget{ID: strconv.Itoa(n + i), Name: "gadget"})
	}
	return out, nil
}

func (c *endless) Read(context.Context, string) (gadget, error) {
	return gadget{}, dashboard.ErrNotFound
}

// An export ends with its reader, and with the module: half a file is never
// taken for a whole one.
func TestResourceExportEnds(t *testing.T) {
	t.Parallel()
	see := dashboard.NewPermission("gadget.read", "See gadgets")
	all := &endless{}
	s := newServer(t, dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "lab", Version: "1.0.0", Permissions: []dashboard.Permission{see}},
		func(r *dashboard.Router) error {
			dashboard.Resource(r, "gadgets", all, dashboard.ReadWith(see))
			return nil
		})))
	s.waitState("lab", "enabled")
	open := func(ctx context.Context, format string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/v1/m/lab/gadgets."+format, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.token)
		res, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, res.Body, 1<<20); err != nil {
			t.Fatalf("read the first megabyte: %v", err)
		}
		return res
	}
	ctx, leave := context.WithCancel(t.Context())
	left := open(ctx, "csv")
	leave()
	_ = left.Body.Close()
	last := int64(-1)
	eventually(t, "the export of a reader who left ends", func() bool {
		now := all.pages.Load()
		ended := now == last
		last = now
		return ended
	})

	stays := open(t.Context(), "ndjson")
	defer func() { _ = stays.Body.Close() }()
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, stays.Body)
		done <- err
	}()
	s.act("lab", "disable", "installed")
	if err := <-done; err == nil {
		t.Error("an export that was cut off ended as a whole one does")
	}
}
