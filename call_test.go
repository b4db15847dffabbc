package dashboard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard"
)

var (
	helpUse   = dashboard.NewPermission("help.use", "Ask the helper")
	shopRead  = dashboard.NewPermission("order.read", "Read orders")
	shopWrite = dashboard.NewPermission("order.write", "Write orders")
)

type callIn struct {
	Module    string          `json:"module"`
	Method    string          `json:"method"`
	Path      string          `json:"path"`
	Arguments json.RawMessage `json:"arguments"`
}

type callOut struct {
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
	ETag   string          `json:"etag"`
	Error  string          `json:"error"`
	Detail string          `json:"detail"`
}

// helper calls endpoints of other modules for whoever asks it.
type helper struct{ host *dashboard.Host }

func (m *helper) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "helper", Version: "1.0.0", Permissions: []dashboard.Permission{helpUse}}
}

func (m *helper) Provision(h *dashboard.Host) error { m.host = h; return nil }

func (m *helper) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/endpoints", func(ctx context.Context, _ struct{}) ([]dashboard.EndpointInfo, error) {
		return m.host.Endpoints(ctx), nil
	}, dashboard.Require(helpUse))
	dashboard.Post(r, "/call", m.call, dashboard.Require(helpUse))
	return nil
}

func (m *helper) call(ctx context.Context, in callIn) (callOut, error) {
	a, err := m.host.Call(ctx, dashboard.EndpointInfo{Module: in.Module, Method: in.Method, Path: in.Path}, in.Arguments)
	out := callOut{Status: a.Status, Body: a.Body, ETag: a.ETag}
	if err != nil {
		out.Error = err.Error()
		if e, ok := errors.AsType[*dashboard.Error](err); ok {
			out.Status, out.Detail = e.Status, fmt.Sprint(e.Fields)
		}
	}
	return out, nil
}

type shopOrder struct {
	ID    string    `path:"id" json:"-" doc:"Which order."`
	Tags  []string  `query:"tags" json:"-"`
	Match string    `header:"If-Match" json:"-"`
	Count int       `json:"count" validate:"min=1,max=9"`
	Next  *shopNext `json:"next,omitempty"`
}

type shopNext struct {
	Name string    `json:"name"`
	Next *shopNext `json:"next,omitempty"` // contains itself
}

type shopAnswer struct {
	ID      string `json:"id"`
	Count   int    `json:"count"`
	Tags    string `json:"tags"`
	Match   string `json:"match"`
	Request string `json:"request"`
}

func (shopAnswer) ETag() string { return `"7"` }

func market() dashboard.Module {
	return dashboard.Func(dashboard.Manifest{ID: "shop", Version: "1.0.0", Permissions: []dashboard.Permission{shopRead, shopWrite}},
		func(r *dashboard.Router) error {
			echo := func(ctx context.Context, in shopOrder) (shopAnswer, error) {
				return shopAnswer{in.ID, in.Count, strings.Join(in.Tags, "+"), in.Match, dashboard.RequestID(ctx)}, nil
			}
			dashboard.Put(r, "/orders/{id}", echo, dashboard.Require(shopWrite), dashboard.Summary("Change an order"))
			dashboard.Get(r, "/orders", func(context.Context, struct{}) ([]int, error) { return []int{1}, nil }, dashboard.Require(shopRead),
				dashboard.Limit("3/h"))
			dashboard.Get(r, "/large", func(context.Context, struct{}) (string, error) { return strings.Repeat("x", 2<<20), nil }, dashboard.Require(shopRead))
			dashboard.Get(r, "/panic", func(context.Context, struct{}) (int, error) { panic("boom") }, dashboard.Require(shopRead))
			dashboard.Get(r, "/gated", func(context.Context, struct{}) (int, error) { return 1, nil }, dashboard.Require(shopRead), dashboard.Flag("nobody-defines-it"))
			dashboard.Get(r, "/stream", func(context.Context, struct{}) (dashboard.Stream, error) { return nil, nil }, dashboard.Require(shopRead))
			dashboard.Get(r, "/file", func(context.Context, struct{}) (dashboard.Blob, error) { return dashboard.Blob{}, nil }, dashboard.Require(shopRead))
			r.Handle("GET /plain", http.NotFoundHandler(), dashboard.Require(shopRead))
			return nil
		})
}

// What is listed is what the caller may call, and no more.
func TestEndpointsOfCaller(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&helper{}, market()))
	list := func(c caller) (out []dashboard.EndpointInfo, names string) {
		c.get("/api/v1/m/helper/endpoints").wantStatus(http.StatusOK).decode(&out)
		for _, e := range out {
			names += e.Method + " " + e.Module + e.Path + "\n"
		}
		return out, names
	}
	_, some := list(s.member("reader", "helper.help.use", "shop.order.read"))
	for _, want := range []string{"GET shop/orders\n", "GET shop/large\n", "POST helper/call\n", "GET dashboard/auth/me\n"} {
		if !strings.Contains(some, want) {
			t.Errorf("%q is missing in\n%s", want, some)
		}
	}
	for _, never := range []string{"PUT shop", "/gated", "/stream", "/file", "/plain", "GET dashboard/users", "POST dashboard", "DELETE dashboard"} {
		if strings.Contains(some, never) {
			t.Errorf("%q is listed in\n%s", never, some)
		}
	}
	all, names := list(s.owner())
	for _, never := range []string{"POST dashboard", "PUT dashboard", "DELETE dashboard", "/openapi.json"} {
		if strings.Contains(names, never) {
			t.Errorf("%q is listed in\n%s", never, names)
		}
	}
	for _, e := range all {
		if e.Method != http.MethodGet && !e.Writes || e.Method == http.MethodGet && e.Writes {
			t.Errorf("%s %s: got writes %v", e.Method, e.Path, e.Writes)
		}
		if e.Module == "shop" && e.Method == http.MethodPut {
			const want = `{"type":"object","properties":{"id":{"type":"string","description":"Which order."},"tags":{"type":"array","items":{"type":"string"}},` +
				`"If-Match":{"type":"string"},"body":{"type":"object","properties":{"count":{"type":"integer","minimum":1,"maximum":9},` +
				`"next":{"$ref":"#/$defs/ShopNext"}},"required":["count"],"additionalProperties":false}}`
			if got := string(e.Arguments); !strings.Contains(got, `"$defs":{"ShopNext"`) || !strings.Contains(got, `"required":["id","body"]`) {
				t.Errorf("got arguments\n%s\nwant about\n%s", got, want)
			}
			if e.Permission != "shop.order.write" || e.Summary != "Change an order" {
				t.Errorf("got %+v", e)
			}
		}
	}
	s.act("shop", "disable", "installed")
	if _, names := list(s.owner()); strings.Contains(names, "shop/") {
		t.Errorf("endpoints of a disabled module are listed:\n%s", names)
	}
}

func TestCallOnBehalf(t *testing.T) {
	t.Parallel()
	m := &helper{}
	s := newServer(t, dashboard.WithModules(m, market()))
	reader := s.member("reader", "helper.help.use", "shop.order.read")
	call := func(c caller, module, method, path, arguments string) (out callOut, id string) {
		if arguments == "" {
			arguments = "null"
		}
		a := c.do("POST", "/api/v1/m/helper/call", callIn{module, method, path, json.RawMessage(arguments)}).wantStatus(http.StatusOK)
		a.decode(&out)
		return out, a.header.Get("X-Request-Id")
	}
	put := func(arguments string) callOut {
		out, _ := call(s.owner(), "shop", "PUT", "/orders/{id}", arguments)
		return out
	}

	t.Run("as the person", func(t *testing.T) {
		out, id := call(s.owner(), "shop", "PUT", "/orders/{id}", `{"id":"a/b ü","tags":["x","y"],"If-Match":"\"3\"","body":{"count":2}}`)
		if want := fmt.Sprintf(`{"id":"a/b ü","count":2,"tags":"x+y","match":"\"3\"","request":%q}`, id); string(out.Body) != want || out.Status != 200 || out.ETag != `"7"` {
			t.Errorf("got %+v, want %s", out, want)
		}
		if out, _ := call(reader, "shop", "PUT", "/orders/{id}", `{"id":"1","body":{"count":2}}`); out.Status != http.StatusForbidden {
			t.Errorf("without the permission: got %+v", out)
		}
		var me struct{ Email string }
		out, _ = call(reader, "dashboard", "GET", "/auth/me", "")
		if err := json.Unmarshal(out.Body, &me); err != nil || me.Email != "reader@example.com" {
			t.Errorf("got %s, %v", out.Body, err)
		}
	})
	t.Run("arguments", func(t *testing.T) {
		for name, c := range map[string]struct {
			arguments string
			status    int
			tells     string
		}{
			"invalid body":      {`{"id":"1","body":{"count":20}}`, 422, "/count"},
			"unknown in body":   {`{"id":"1","body":{"count":2,"price":1}}`, 422, "price"},
			"no body":           {`{"id":"1"}`, 422, ""},
			"unknown":           {`{"id":"1","body":{"count":2},"as":"root"}`, 422, "/as"},
			"missing":           {`{"body":{"count":2}}`, 422, "/id"},
			"null":              {`{"id":null,"body":{"count":2}}`, 422, "/id"},
			"empty in path":     {`{"id":"","body":{"count":2}}`, 422, "/id"},
			"dots in path":      {`{"id":"..","body":{"count":2}}`, 422, "/id"},
			"object in path":    {`{"id":{"a":1},"body":{"count":2}}`, 422, "/id"},
			"list in path":      {`{"id":["a","b"],"body":{"count":2}}`, 422, "/id"},
			"line in header":    {`{"id":"1","If-Match":"a\r\nCookie: b","body":{"count":2}}`, 422, "/If-Match"},
			"no object":         {`[1]`, 422, "object"},
			"control character": {`{"id":"a\u0001","body":{"count":2}}`, 422, "/id"},
		} {
			out := put(c.arguments)
			if text := string(out.Body) + out.Detail; out.Status != c.status || !strings.Contains(text, c.tells) {
				t.Errorf("%s: got %+v, want %d and %s", name, out, c.status, c.tells)
			}
		}
	})
	t.Run("what cannot be called", func(t *testing.T) {
		for _, one := range []callIn{
			{"shop", "GET", "/stream", nil}, {"shop", "GET", "/file", nil}, {"shop", "GET", "/plain", nil}, {"shop", "GET", "/nothing", nil},
			{"shop", "GET", "/orders/{id}", nil}, {"nothing", "GET", "/orders", nil}, {"dashboard", "POST", "/api-keys", nil},
			{"dashboard", "POST", "/auth/logout", nil}, {"dashboard", "PUT", "/roles/{name}", nil}, {"dashboard", "DELETE", "/users/{id}", nil},
		} {
			if out, _ := call(s.owner(), one.Module, one.Method, one.Path, `{}`); out.Status != http.StatusNotFound {
				t.Errorf("%s %s%s: got %+v, want 404", one.Method, one.Module, one.Path, out)
			}
		}
		if out, _ := call(s.owner(), "shop", "GET", "/gated", ""); out.Status != http.StatusNotFound {
			t.Errorf("behind a flag that is off: got %+v, want 404", out)
		}
	})
	t.Run("failures", func(t *testing.T) {
		if out, _ := call(s.owner(), "shop", "GET", "/panic", ""); out.Status != 500 {
			t.Errorf("panic: got %+v", out)
		}
		if out, _ := call(s.owner(), "shop", "GET", "/large", ""); out.Status != 500 {
			t.Errorf("large: got %d", out.Status)
		}
		nested := `{"body":{"module":"helper","method":"POST","path":"/call","arguments":`
		deep := strings.Repeat(nested, 6) + "null" + strings.Repeat("}}", 6)
		if out, _ := call(s.owner(), "helper", "POST", "/call", deep); !strings.Contains(string(out.Body), "are nested") {
			t.Errorf("nested: got %s", out.Body)
		}
		for range 3 {
			call(reader, "shop", "GET", "/orders", "")
		}
		if out, _ := call(reader, "shop", "GET", "/orders", ""); out.Status != http.StatusTooManyRequests {
			t.Errorf("over the limit: got %+v", out)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		if _, err := m.host.Call(t.Context(), dashboard.EndpointInfo{Module: "shop", Method: "GET", Path: "/orders"}, nil); err == nil {
			t.Error("called without a person")
		}
		if list := m.host.Endpoints(t.Context()); len(list) > 0 {
			t.Errorf("got %d endpoints without a person", len(list))
		}
	})
}
