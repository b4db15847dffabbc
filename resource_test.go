package dashboard_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
)

var (
	readShop  = dashboard.NewPermission("customer.read", "See customers")
	writeShop = dashboard.NewPermission("customer.write", "Change customers")
	blockShop = dashboard.NewPermission("customer.block", "Block customers")
)

// shopper is an item with a field of each kind.
type shopper struct {
	ID        string        `json:"id" resource:"key"`
	Name      string        `json:"name" validate:"required,max=100" resource:"label,sort,filter,search" doc:"As on letters."`
	Email     string        `json:"email" validate:"required,email,max=200" resource:"sort,filter,search,unique"`
	Plan      string        `json:"plan" validate:"oneof=free pro" default:"free" resource:"filter"`
	Orders    int64         `json:"orders" resource:"readonly,sort,filter"`
	Balance   float64       `json:"balance" validate:"min=-1000" resource:"filter"`
	Blocked   bool          `json:"blocked" resource:"readonly,filter"`
	Every     time.Duration `json:"every"`
	Seen      *time.Time    `json:"seen" resource:"filter"`
	Tags      []string      `json:"tags" validate:"max=5,dive,max=20"`
	Address   address       `json:"address" resource:"detail"`
	Referrer  string        `json:"referrer" validate:"max=100" resource:"createonly"`
	CreatedAt time.Time     `json:"created_at" resource:"created,sort=-default,filter"`
	UpdatedAt time.Time     `json:"updated_at" resource:"updated,detail"`
	Version   int64         `json:"-" resource:"version"`
}

type address struct {
	City string `json:"city" validate:"max=50"`
	Zip  string `json:"zip" validate:"max=10"`
}

// shop is a module with a resource in a table.
type shop struct {
	host  *dashboard.Host
	table *dashboard.SQLTable[shopper]
	opts  []dashboard.ResourceOption
}

func (*shop) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "shop", Version: "1.0.0", Title: "Shop", Permissions: []dashboard.Permission{readShop, writeShop, blockShop}}
}

func (s *shop) Provision(h *dashboard.Host) (err error) {
	s.host = h
	s.table, err = dashboard.NewSQLTable[shopper](h, "customers")
	return err
}

func (s *shop) Migrations() []storage.Migration { return s.table.Migrations() }

type blockIn struct {
	Reason string           `json:"reason" validate:"required,max=100" title:"Reason"`
	Pin    dashboard.Secret `json:"pin"`
}

func (s *shop) Routes(r *dashboard.Router) error {
	dashboard.Resource(r, "customers", s.table, append([]dashboard.ResourceOption{
		dashboard.ReadWith(readShop), dashboard.WriteWith(writeShop),
		dashboard.Action("block", "Block", s.block, dashboard.Danger(), dashboard.Confirm("Block them?"), dashboard.ActionWith(dashboard.Require(blockShop))),
	}, s.opts...)...)
	return nil
}

func (s *shop) block(ctx context.Context, id string, in blockIn) error {
	if in.Reason == "crash" {
		return errors.New("the disk is full of secrets")
	}
	_, err := s.table.Update(ctx, id, func(c *shopper) error {
		if c.Blocked {
			return dashboard.Errorf(http.StatusConflict, "blocked-already", "%s is blocked already.", c.Name)
		}
		c.Blocked = true
		return nil
	})
	return err
}

const customers = "/api/v1/m/shop/customers"

func newShop(t *testing.T, opts ...dashboard.ResourceOption) *server {
	t.Helper()
	s := newServer(t, dashboard.WithModules(&shop{opts: opts}))
	s.waitState("shop", "enabled")
	return s
}

// seen is a shopper as a client reads it.
type seen struct {
	ID, Name, Plan, Every, Referrer string
	Tags                            []string
	Address                         address
	Seen                            *time.Time
	CreatedAt                       time.Time `json:"created_at"`
}

func (s *server) customer(name string, more map[string]any) seen {
	s.t.Helper()
	body := map[string]any{"name": name, "email": strings.ToLower(name) + "@example.com"}
	maps.Copy(body, more)
	var out seen
	s.owner().do("POST", customers, body).wantStatus(http.StatusCreated).decode(&out)
	return out
}

type listed struct {
	Items []seen `json:"items"`
	Next  string `json:"next_cursor"`
}

func (s *server) names(query string) []string {
	s.t.Helper()
	var page listed
	s.owner().get(customers + "?" + query).wantStatus(http.StatusOK).decode(&page)
	out := []string{}
	for _, c := range page.Items {
		out = append(out, c.Name)
	}
	return out
}

func TestResourceLife(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	a := s.owner().do("POST", customers, map[string]any{"name": "Ada", "email": "Ada@example.com", "tags": []string{"vip"},
		"every": "1h30m0s", "address": map[string]any{"city": "London", "zip": "W1"}, "referrer": "Bob"})
	a.wantStatus(http.StatusCreated)
	var ada seen
	a.decode(&ada)
	if got, want := a.header.Get("Location"), customers+"/"+ada.ID; got != want {
		t.Errorf("got Location %q, want %q", got, want)
	}
	if ada.Plan != "free" || ada.CreatedAt.IsZero() || ada.Every != "1h30m0s" || ada.Referrer != "Bob" {
		t.Errorf("got %+v", ada)
	}
	read := s.owner().get(customers + "/" + ada.ID).wantStatus(http.StatusOK)
	tag := read.header.Get("ETag")
	if tag == "" || tag != a.header.Get("ETag") {
		t.Errorf("got ETag %q of reading, %q of creating", tag, a.header.Get("ETag"))
	}
	if string(read.body) != string(a.body) {
		t.Errorf("got %s, want %s", read.body, a.body)
	}
	s.owner().get(customers+"/"+ada.ID, "If-None-Match", tag).wantStatus(http.StatusNotModified)

	patch := s.owner().do("PATCH", customers+"/"+ada.ID, map[string]any{"plan": "pro", "address": map[string]any{"zip": nil}, "seen": "2026-01-02T03:04:05Z"},
		"If-Match", tag, "Content-Type", "application/merge-patch+json").wantStatus(http.StatusOK)
	var changed seen
	patch.decode(&changed)
	if changed.Plan != "pro" || changed.Address != (address{City: "London"}) || changed.Seen == nil || changed.Name != "Ada" || len(changed.Tags) != 1 {
		t.Errorf("got %+v", changed)
	}
	if patch.header.Get("ETag") == tag {
		t.Error("the ETag stays although the item changed")
	}
	s.owner().do("PATCH", customers+"/"+ada.ID, map[string]any{"plan": "free"}, "If-Match", tag).wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	s.owner().do("DELETE", customers+"/"+ada.ID, nil, "If-Match", tag).wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	s.owner().do("PATCH", customers+"/"+ada.ID, map[string]any{"seen": nil, "tags": nil}, "If-Match", "*").wantStatus(http.StatusOK).decode(&changed)
	if changed.Seen != nil || len(changed.Tags) != 0 {
		t.Errorf("got %+v after null", changed)
	}
	s.owner().do("DELETE", customers+"/"+ada.ID, nil).wantStatus(http.StatusNoContent)
	for _, method := range []string{"GET", "DELETE"} {
		s.owner().do(method, customers+"/"+ada.ID, nil).wantProblem(http.StatusNotFound, "not-found")
	}
	s.owner().do("PATCH", customers+"/"+ada.ID, map[string]any{}).wantProblem(http.StatusNotFound, "not-found")
	if got := s.names(""); len(got) != 0 {
		t.Errorf("got %v after deleting", got)
	}
}

func TestResourceRefuses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ada := s.customer("Ada", nil)
	s.customer("Bob", nil)
	tests := []struct {
		name, method, path string
		body               any
		status             int
		slug, pointer      string
	}{
		{"missing", "POST", customers, map[string]any{"email": "x@example.com"}, 422, "invalid-input", "/name"},
		{"bad value", "POST", customers, map[string]any{"name": "X", "email": "x"}, 422, "invalid-input", "/email"},
		{"read-only", "POST", customers, map[string]any{"name": "X", "email": "x@example.com", "orders": 3}, 422, "invalid-input", "/orders"},
		{"key", "POST", customers, map[string]any{"name": "X", "email": "x@example.com", "id": "mine"}, 422, "invalid-input", "/id"},
		{"taken", "POST", customers, map[string]any{"name": "X", "email": "ADA@example.com"}, 409, "taken", "/email"},
		{"patched to taken", "PATCH", customers + "/" + ada.ID, map[string]any{"email": "bob@example.com"}, 409, "taken", "/email"},
		{"patched away", "PATCH", customers + "/" + ada.ID, map[string]any{"name": nil}, 422, "invalid-input", "/name"},
		{"create-only", "PATCH", customers + "/" + ada.ID, map[string]any{"referrer": "x"}, 422, "invalid-input", "/referrer"},
		{"unknown", "PATCH", customers + "/" + ada.ID, map[string]any{"title": "x"}, 422, "invalid-input", "/title"},
		{"nested", "PATCH", customers + "/" + ada.ID, map[string]any{"address": map[string]any{"street": "x"}}, 422, "invalid-input", "/address/street"},
		{"no object", "PATCH", customers + "/" + ada.ID, []int{1}, 422, "invalid-input", ""},
		{"filter", "GET", customers + "?filter=" + url.QueryEscape("name ="), nil, 400, "bad-filter", "#/query/filter"},
		{"filter by what cannot", "GET", customers + "?filter=" + url.QueryEscape("every = 3"), nil, 400, "bad-filter", "#/query/filter"},
		{"sort", "GET", customers + "?sort=plan", nil, 400, "bad-sort", "#/query/sort"},
		{"sort by two", "GET", customers + "?sort=name,email", nil, 400, "bad-sort", "#/query/sort"},
		{"cursor", "GET", customers + "?cursor=abc", nil, 400, "bad-cursor", ""},
		{"limit", "GET", customers + "?limit=201", nil, 422, "invalid-input", "#/query/limit"},
		{"unknown parameter", "GET", customers + "?page=2", nil, 400, "malformed-query", "#/query/page"},
		{"no ids", "POST", customers + "/actions/delete", map[string]any{"ids": []string{}}, 422, "invalid-input", "/ids"},
		{"no input", "POST", customers + "/actions/block", map[string]any{"ids": []string{"x"}}, 422, "invalid-input", "/input"},
		{"no action", "POST", customers + "/actions/praise", map[string]any{"ids": []string{"x"}}, 404, "not-found", ""},
	}
	for _, tt := range tests {
		a := s.owner().do(tt.method, tt.path, tt.body)
		var p struct{ Errors []struct{ Pointer string } }
		if a.status != tt.status {
			t.Errorf("%s: got %d %s, want %d", tt.name, a.status, a.body, tt.status)
			continue
		}
		a.wantProblem(tt.status, tt.slug).decode(&p)
		if tt.pointer != "" && (len(p.Errors) == 0 || p.Errors[0].Pointer != tt.pointer) {
			t.Errorf("%s: got %s, want pointer %s", tt.name, a.body, tt.pointer)
		}
	}
}

func TestResourceLists(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for i, name := range []string{"Dora", "ada", "Carl", "Bob", "Abel"} {
		s.customer(name, map[string]any{"plan": []string{"free", "pro"}[i%2], "balance": float64(i) - 2})
	}
	tests := []struct{ query, want string }{
		{"", "[Abel Bob Carl ada Dora]"},
		{"sort=name", "[Abel ada Bob Carl Dora]"},
		{"sort=-name", "[Dora Carl Bob ada Abel]"},
		{"sort=created_at", "[Dora ada Carl Bob Abel]"},
		{"sort=email&filter=plan%3Dfree", "[Abel Carl Dora]"},
		{"filter=plan%3Dpro", "[Bob ada]"},
		{"filter=balance%3C0&sort=name", "[ada Dora]"},
		{"filter=" + url.QueryEscape(`plan = pro OR name:"c*"`) + "&sort=name", "[ada Bob Carl]"},
		{"filter=" + url.QueryEscape(`seen:*`), "[]"},
		{"filter=" + url.QueryEscape(`created_at > 2020-01-01 AND NOT name = ADA`) + "&sort=name", "[Abel Bob Carl Dora]"},
		{"q=a&sort=name", "[Abel ada]"},
		{"q=BOB@", "[Bob]"},
		{"q=" + url.QueryEscape(`"%_\*`), "[]"},
		{"q=a&filter=plan%3Dpro", "[ada]"},
	}
	for _, tt := range tests {
		if got := fmt.Sprint(s.names(tt.query)); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.query, got, tt.want)
		}
	}
	for _, query := range []string{"", "sort=name", "sort=-email", "sort=id", "filter=plan%3Dfree&sort=-name", "q=a&sort=name", "filter=balance%3E-5&sort=-orders"} {
		want := s.names(query)
		var got []string
		cursor := ""
		for range 10 {
			var page listed
			a := s.owner().get(customers + "?limit=2&" + query + "&cursor=" + cursor).wantStatus(http.StatusOK)
			a.decode(&page)
			for _, c := range page.Items {
				got = append(got, c.Name)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q in pages: got %v, want %v", query, got, want)
		}
	}
	var page listed
	s.owner().get(customers + "?limit=2&sort=name").decode(&page)
	for _, query := range []string{"sort=email", "sort=name&q=a", "sort=name&filter=plan%3Dfree", "sort=-name"} {
		s.owner().get(customers+"?limit=2&"+query+"&cursor="+page.Next).wantProblem(http.StatusBadRequest, "bad-cursor")
	}
}

func TestResourceActions(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ada, bob := s.customer("Ada", nil), s.customer("Bob", nil)
	type result struct {
		ID    string
		OK    bool
		Error struct{ Code, Detail string }
	}
	act := func(action string, body map[string]any) []result {
		var out struct{ Results []result }
		s.owner().do("POST", customers+"/actions/"+action, body).wantStatus(http.StatusOK).decode(&out)
		return out.Results
	}
	block := map[string]any{"ids": []string{ada.ID, "ghost"}, "input": map[string]any{"reason": "fraud", "pin": "s3cret"}}
	got := act("block", block)
	if len(got) != 2 || !got[0].OK || got[1].OK || got[1].Error.Code != "not-found" {
		t.Errorf("got %+v", got)
	}
	if got := act("block", block); got[0].OK || got[0].Error.Code != "blocked-already" || got[0].Error.Detail != "Ada is blocked already." {
		t.Errorf("got %+v", got)
	}
	crash := act("block", map[string]any{"ids": []string{bob.ID}, "input": map[string]any{"reason": "crash"}})
	if crash[0].OK || crash[0].Error.Code != "internal" || strings.Contains(crash[0].Error.Detail, "disk") {
		t.Errorf("got %+v", crash)
	}
	if got := act("delete", map[string]any{"ids": []string{ada.ID, bob.ID, "ghost"}}); !got[0].OK || !got[1].OK || got[2].OK {
		t.Errorf("got %+v", got)
	}
	log := s.owner().get("/api/v1/audit?limit=200").wantStatus(http.StatusOK)
	if strings.Contains(string(log.body), "s3cret") {
		t.Errorf("a secret is in the audit log: %s", log.body)
	}
	var entries struct {
		Items []struct {
			Action, Target string
			Detail         struct {
				Before, After, Input map[string]any
			}
		}
	}
	log.decode(&entries)
	counts := map[string]int{}
	for _, e := range entries.Items {
		counts[e.Action]++
		switch e.Action {
		case "shop.customers.block":
			if e.Target != ada.ID || e.Detail.Input["reason"] != "fraud" {
				t.Errorf("got %+v", e)
			}
		case "shop.customers.delete":
			if e.Detail.Before["name"] == nil || e.Detail.After != nil {
				t.Errorf("got %+v", e)
			}
		}
	}
	if counts["shop.customers.create"] != 2 || counts["shop.customers.block"] != 1 || counts["shop.customers.delete"] != 2 {
		t.Errorf("got %v", counts)
	}
}

func TestResourceAudit(t *testing.T) {
	t.Parallel()
	refuse := false
	var changes []dashboard.Change[shopper]
	s := newShop(t, dashboard.AuditWith(func(_ context.Context, _ *storage.Tx, c dashboard.Change[shopper]) error {
		if refuse {
			return errors.New("the log is full")
		}
		changes = append(changes, c)
		return nil
	}))
	ada := s.customer("Ada", nil)
	s.owner().do("PATCH", customers+"/"+ada.ID, map[string]any{"plan": "pro"}).wantStatus(http.StatusOK)
	if len(changes) != 2 || changes[0].ID != ada.ID || changes[0].After.Name != "Ada" || changes[1].Before.Plan != "free" || changes[1].After.Plan != "pro" {
		t.Fatalf("got %+v", changes)
	}
	refuse = true
	s.owner().do("PATCH", customers+"/"+ada.ID, map[string]any{"plan": "free"}).wantProblem(http.StatusInternalServerError, "internal")
	s.owner().do("DELETE", customers+"/"+ada.ID, nil).wantProblem(http.StatusInternalServerError, "internal")
	s.owner().do("POST", customers, map[string]any{"name": "Bob", "email": "bob@example.com"}).wantProblem(http.StatusInternalServerError, "internal")
	var page listed
	s.owner().get(customers).decode(&page)
	if len(page.Items) != 1 || page.Items[0].Plan != "pro" {
		t.Errorf("what could not be recorded was done: %+v", page.Items)
	}
}

func TestResourceExport(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.customer("=cmd|' /C calc'!A0", map[string]any{"email": "eve@example.com", "balance": -3})
	s.customer("Ada", map[string]any{"plan": "pro", "tags": []string{"a", "b"}})
	a := s.owner().get(customers + ".csv?sort=name").wantStatus(http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(string(a.body))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(rows[0]), "[id name email plan orders balance blocked every seen tags address referrer created_at updated_at]"; got != want {
		t.Errorf("got columns %s, want %s", got, want)
	}
	if got, want := rows[1][1:10], []string{"'=cmd|' /C calc'!A0", "eve@example.com", "free", "0", "-3", "false", "0s", "", "[]"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := a.header.Get("Content-Disposition"); got != "attachment; filename=customers.csv" {
		t.Errorf("got Content-Disposition %q", got)
	}
	n := s.owner().get(customers + ".ndjson?filter=plan%3Dpro").wantStatus(http.StatusOK)
	var one seen
	if err := json.Unmarshal(n.body, &one); err != nil || one.Name != "Ada" || strings.Count(string(n.body), "\n") != 1 {
		t.Errorf("got %s: %v", n.body, err)
	}
	s.owner().get(customers+".csv?filter=nonsense").wantProblem(http.StatusBadRequest, "bad-filter")
	s.owner().do("HEAD", customers+".csv", nil).wantStatus(http.StatusOK)
}

func TestResourceRights(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ada := s.customer("Ada", nil)
	reader := s.member("reader", "shop.customer.read")
	stranger := s.member("stranger", "dashboard.audit.read")
	reader.get(customers).wantStatus(http.StatusOK)
	reader.get(customers + ".csv").wantStatus(http.StatusOK)
	reader.do("POST", customers, map[string]any{"name": "X", "email": "x@example.com"}).wantProblem(http.StatusForbidden, "permission-missing")
	reader.do("PATCH", customers+"/"+ada.ID, map[string]any{}).wantProblem(http.StatusForbidden, "permission-missing")
	reader.do("DELETE", customers+"/"+ada.ID, nil).wantProblem(http.StatusForbidden, "permission-missing")
	reader.do("POST", customers+"/actions/delete", map[string]any{"ids": []string{ada.ID}}).wantProblem(http.StatusForbidden, "permission-missing")
	s.member("writer", "shop.customer.write", "shop.customer.read").do("POST", customers+"/actions/block",
		map[string]any{"ids": []string{ada.ID}, "input": map[string]any{"reason": "x"}}).wantProblem(http.StatusForbidden, "permission-missing")
	stranger.get(customers).wantProblem(http.StatusNotFound, "not-found")
	stranger.get("/api/v1/resources/shop/customers").wantProblem(http.StatusNotFound, "not-found")
	s.as("").get("/api/v1/resources").wantProblem(http.StatusUnauthorized, "unauthenticated")

	var all struct {
		Items []struct{ Module, Name, Title, Path string }
	}
	reader.get("/api/v1/resources").wantStatus(http.StatusOK).decode(&all)
	if len(all.Items) != 1 || all.Items[0].Path != "api/v1/m/shop/customers" || all.Items[0].Title != "Customers" {
		t.Errorf("got %+v", all)
	}
	var info struct {
		May          struct{ Create, Update, Delete, Export bool }
		CreateSchema json.RawMessage `json:"create_schema"`
		Actions      []struct{ Name string }
	}
	reader.get("/api/v1/resources/shop/customers").wantStatus(http.StatusOK).decode(&info)
	if info.May.Create || info.May.Update || info.May.Delete || !info.May.Export || info.CreateSchema != nil || len(info.Actions) != 0 {
		t.Errorf("got %+v", info)
	}
}
