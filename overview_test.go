package dashboard_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
)

type overviewItem struct {
	Module string `json:"module"`
	Panel  string `json:"panel"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Hidden bool   `json:"hidden"`
}

type overview struct {
	Source, Role string
	Items        []overviewItem
}

func (c caller) overview(path string) (overview, string) {
	c.s.t.Helper()
	var out overview
	a := c.get(path).wantStatus(http.StatusOK)
	a.decode(&out)
	return out, a.header.Get("ETag")
}

func TestAnOverviewIsArrangedPerAccountWithADefaultPerRole(t *testing.T) {
	t.Parallel()
	const mine, clerks = "/api/v1/auth/me/layout", "/api/v1/roles/clerk/layout"
	s := newServer(t, dashboard.WithModules(notes()))
	clerk := s.member("clerk", "notes.note.read")
	count := []overviewItem{{Module: "notes", Panel: "count", Width: 4, Height: 2}}
	gone := []overviewItem{{Module: "gone", Panel: "away", Width: 1, Height: 1, Hidden: true}}

	got, tag := clerk.overview(mine)
	if got.Source != "default" || got.Items == nil || len(got.Items) != 0 || tag != `"0"` {
		t.Errorf("at first: got %+v, tag %s, want the default", got, tag)
	}
	s.owner().do("PUT", clerks, map[string]any{"items": count}).wantStatus(http.StatusOK)
	if got, tag = clerk.overview(mine); got.Source != "role" || got.Role != "clerk" || !slices.Equal(got.Items, count) || tag != `"0"` {
		t.Errorf("after the role's: got %+v, tag %s", got, tag)
	}
	clerk.do("PUT", mine, map[string]any{"items": gone}, "If-Match", tag).wantStatus(http.StatusOK)
	clerk.do("PUT", mine, map[string]any{"items": count}, "If-Match", tag).wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	if got, tag = clerk.overview(mine); got.Source != "own" || !slices.Equal(got.Items, gone) || tag != `"1"` {
		t.Errorf("after one's own: got %+v, tag %s", got, tag)
	}
	if got, _ := s.owner().overview(mine); got.Source != "default" {
		t.Errorf("the owner's: got %+v, want the default", got)
	}
	clerk.do("DELETE", mine, nil, "If-Match", `"9"`).wantStatus(http.StatusPreconditionFailed)
	clerk.do("DELETE", mine, nil, "If-Match", tag).wantStatus(http.StatusNoContent)
	if got, _ = clerk.overview(mine); got.Source != "role" {
		t.Errorf("after going back: got %+v, want the role's", got)
	}
	clerk.do("PUT", clerks, map[string]any{"items": gone}).wantStatus(http.StatusForbidden)
	s.owner().do("PUT", "/api/v1/roles/nobody/layout", map[string]any{"items": gone}).wantStatus(http.StatusNotFound)
	s.as("").get(mine).wantStatus(http.StatusUnauthorized)
	s.owner().do("DELETE", clerks, nil).wantStatus(http.StatusNoContent)
	if got, _ = clerk.overview(mine); got.Source != "default" {
		t.Errorf("without the role's: got %+v, want the default", got)
	}
}

func TestALayoutGoesWithItsRole(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	item := map[string]any{"items": []overviewItem{{Module: "m", Panel: "p", Width: 1, Height: 1}}}
	role := map[string]any{"permissions": []string{"dashboard.modules.read"}}
	s.owner().do("PUT", "/api/v1/roles/short", role).wantStatus(http.StatusNoContent)
	s.owner().do("PUT", "/api/v1/roles/short/layout", item).wantStatus(http.StatusOK)
	s.owner().do("DELETE", "/api/v1/roles/short", nil).wantStatus(http.StatusNoContent)
	s.owner().do("PUT", "/api/v1/roles/short", role).wantStatus(http.StatusNoContent)
	if got, tag := s.owner().overview("/api/v1/roles/short/layout"); got.Source != "default" || tag != `"0"` {
		t.Errorf("a role of the same name: got %+v, tag %s, want none", got, tag)
	}
}

func TestLayoutsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, items := range map[string]any{
		"too wide": []overviewItem{{Module: "m", Panel: "p", Width: 5, Height: 1}},
		"too tall": []overviewItem{{Module: "m", Panel: "p", Width: 1, Height: 4}},
		"twice":    []overviewItem{{Module: "m", Panel: "p", Width: 1, Height: 1}, {Module: "m", Panel: "p", Width: 1, Height: 1}},
		"nameless": []overviewItem{{Width: 1, Height: 1}},
		"none":     nil,
	} {
		a := s.owner().do("PUT", "/api/v1/auth/me/layout", map[string]any{"items": items})
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d, want 422: %s", name, a.status, a.body)
		}
	}
}

func TestThePanelsOfARangeOfTime(t *testing.T) {
	t.Parallel()
	read := dashboard.NewPermission("load.read", "Read the load")
	m := dashboard.Func(dashboard.Manifest{ID: "load", Version: "1.0.0", Permissions: []dashboard.Permission{read}}, func(r *dashboard.Router) error {
		r.Panel(dashboard.Stat("cpu", "CPU", func(ctx context.Context) (dashboard.StatData, error) {
			return dashboard.StatData{Value: dashboard.RangeOf(ctx).Minutes()}, nil
		}, dashboard.Require(read), dashboard.Ranges(15*time.Minute, 24*time.Hour, 7*24*time.Hour, time.Second)))
		return nil
	})
	s := newServer(t, dashboard.WithModules(m))
	s.waitState("load", "enabled")
	var list struct {
		Items []struct{ Ranges []string }
	}
	s.owner().get("/api/v1/panels").wantStatus(http.StatusOK).decode(&list)
	if got, want := list.Items[0].Ranges, []string{"15m", "24h", "7d", "1m"}; !slices.Equal(got, want) {
		t.Errorf("ranges: got %v, want %v", got, want)
	}
	for query, want := range map[string]float64{"": 0, "?range=15m": 15, "?range=24h": 24 * 60, "?range=7d": 7 * 24 * 60} {
		var data struct{ Value float64 }
		s.owner().get("/api/v1/m/load/panels/cpu" + query).wantStatus(http.StatusOK).decode(&data)
		if data.Value != want {
			t.Errorf("%q: got %v minutes, want %v", query, data.Value, want)
		}
	}
	s.owner().get("/api/v1/m/load/panels/cpu?range=8d").wantStatus(http.StatusUnprocessableEntity)
}

func TestTheSystem(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(notes()))
	s.waitState("notes", "enabled")
	var out struct {
		Version, Instance string
		Database          struct {
			Kind string
			Size int64 `json:"size_bytes"`
		}
		Checks    []struct{ Name, Status string }
		Instances []struct {
			ID, Version   string
			Current, Live bool
		}
		Modules struct{ Enabled, Disabled, Failed int }
	}
	s.owner().get("/api/v1/system").wantStatus(http.StatusOK).decode(&out)
	if out.Version != dashboard.Version || out.Database.Kind != "sqlite" || out.Database.Size == 0 {
		t.Errorf("got %+v", out)
	}
	if len(out.Instances) != 1 || !out.Instances[0].Current || !out.Instances[0].Live || out.Instances[0].ID != out.Instance ||
		out.Instances[0].Version != dashboard.Version {
		t.Errorf("instances: got %+v, want this one", out.Instances)
	}
	if out.Modules.Enabled != 1 || len(out.Checks) != 3 || out.Checks[0].Name != "database" || out.Checks[1].Name != "writes" || out.Checks[2].Status != "ok" {
		t.Errorf("modules %+v, checks %+v", out.Modules, out.Checks)
	}
	s.act("notes", "disable", "installed")
	s.owner().get("/api/v1/system").wantStatus(http.StatusOK).decode(&out)
	if out.Modules.Disabled != 1 || len(out.Checks) != 2 {
		t.Errorf("after disabling: modules %+v, checks %+v", out.Modules, out.Checks)
	}
	s.member("clerk", "dashboard.modules.read").get("/api/v1/system").wantStatus(http.StatusForbidden)
}
