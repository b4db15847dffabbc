package dashboard

import (
	"context"
	"errors"
	"os"
	"runtime"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
)

func (d *Dashboard) routeSystem(r *Router) {
	Get(r, "/system", d.system, Require(permSystemRead), ID("system"), Summary("Version, health and the instances of the fleet"))
}

type systemOut struct {
	Version       string       `json:"version" doc:"Of this library."`
	GoVersion     string       `json:"go_version"`
	StartedAt     time.Time    `json:"started_at"`
	UptimeSeconds int64        `json:"uptime_seconds"`
	Instance      string       `json:"instance"`
	Host          string       `json:"host"`
	Database      databaseInfo `json:"database"`
	Checks        []checkInfo  `json:"checks"`
	Instances     []peerInfo   `json:"instances"`
	Modules       moduleCounts `json:"modules"`
}

type databaseInfo struct {
	Kind      string `json:"kind" doc:"sqlite or postgres"`
	SizeBytes int64  `json:"size_bytes,omitempty"`
}

type checkInfo struct {
	Name   string `json:"name"`
	Status string `json:"status" doc:"ok or failing"`
	Detail string `json:"detail,omitempty"`
}

type peerInfo struct {
	ID       string    `json:"id"`
	Host     string    `json:"host"`
	Version  string    `json:"version"`
	Current  bool      `json:"current"`
	Live     bool      `json:"live"`
	Since    time.Time `json:"since"`
	LastSeen time.Time `json:"last_seen"`
}

type moduleCounts struct {
	Enabled  int `json:"enabled"`
	Disabled int `json:"disabled"`
	Failed   int `json:"failed" doc:"Failed, blocked or quarantined on this instance."`
}

// system describes this instance and its peers.
func (d *Dashboard) system(ctx context.Context, _ empty) (systemOut, error) {
	out := systemOut{Version: Version, GoVersion: runtime.Version(), StartedAt: d.since.UTC(),
		UptimeSeconds: int64(time.Since(d.since).Seconds()), Database: d.databaseInfo(ctx), Modules: d.countModules()}
	peers, err := d.registry.Peers(ctx)
	if err != nil {
		return out, err
	}
	for _, p := range peers {
		if p.Current {
			out.Instance, out.Host = p.ID, p.Host
		}
		out.Instances = append(out.Instances, peerInfo{ID: p.ID, Host: p.Host, Version: p.Version, Current: p.Current,
			Live: p.Live, Since: p.Started, LastSeen: p.Seen})
	}
	out.Checks, err = d.checks(ctx)
	return out, err
}

func (d *Dashboard) databaseInfo(ctx context.Context) databaseInfo {
	if d.db.Dialect() == storage.SQLite {
		info := databaseInfo{Kind: "sqlite"}
		if path := d.db.Path(); path != "" {
			for _, part := range []string{"", "-wal"} {
				if f, err := os.Stat(path + part); err == nil {
					info.SizeBytes += f.Size()
				}
			}
		}
		return info
	}
	info := databaseInfo{Kind: "postgres"}
	if err := d.db.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&info.SizeBytes); err != nil {
		d.log.DebugContext(ctx, "cannot read the size of the database", "error", err)
	}
	return info
}

// checks are those of readiness and of every module that is on here.
func (d *Dashboard) checks(ctx context.Context) ([]checkInfo, error) {
	database := checkInfo{Name: "database", Status: "ok"}
	if err := d.db.Ping(ctx); err != nil {
		database.Status, database.Detail = "failing", "The database does not answer."
	}
	out := []checkInfo{database, d.writesCheck()}
	views, err := d.registry.List(ctx)
	for _, v := range views {
		for _, i := range v.Instances {
			if i.Current && (d.modules[v.ID] != nil && d.modules[v.ID].live() != nil || i.State == lifecycle.Failed) {
				out = append(out, moduleCheck(v.ID, i))
			}
		}
	}
	return out, err
}

// writesCheck says in words of our own why the database refuses writes.
func (d *Dashboard) writesCheck() checkInfo {
	c := checkInfo{Name: "writes", Status: "ok"}
	err := d.db.WriteFailure()
	if err == nil {
		return c
	}
	c.Status, c.Detail = "failing", "The database refuses writes. The log says why."
	switch {
	case errors.Is(err, storage.ErrFull):
		c.Detail = "The database is full: free disk space, or raise its limit."
	case errors.Is(err, storage.ErrReadOnly):
		c.Detail = "The database is read-only: let this process write the file and its folder."
	}
	return c
}

func moduleCheck(id string, i registry.Instance) checkInfo {
	c := checkInfo{Name: "module " + id, Status: "ok", Detail: i.Health.Detail}
	if i.Health.Status == "failing" || i.State != lifecycle.Enabled {
		c.Status = "failing"
	}
	if c.Detail == "" && i.State != lifecycle.Enabled {
		c.Detail = i.Detail
	}
	return c
}

func (d *Dashboard) countModules() moduleCounts {
	var out moduleCounts
	for state, n := range d.registry.Count() {
		switch state {
		case lifecycle.Enabled:
			out.Enabled += n
		case lifecycle.Failed, lifecycle.Blocked, lifecycle.Quarantined:
			out.Failed += n
		case lifecycle.Available, lifecycle.Installed:
			out.Disabled += n
		}
	}
	return out
}
