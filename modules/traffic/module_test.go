package traffic_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/dashboardtest"
	"github.com/modular-dashboard/dashboard/modules/traffic"
)

func TestConformance(t *testing.T) {
	dashboardtest.Run(t, func() dashboard.Module { return traffic.New() })
}

func near(got, want, relative float64) bool { return math.Abs(got-want) <= relative*want+1e-9 }

// until lets time pass to a moment within the hour or minute.
func until(unit, after time.Duration) {
	now := time.Now()
	<-time.After(now.Truncate(unit).Add(unit + after).Sub(now))
	synctest.Wait()
}

// traffic of one minute: 95 quick requests, 4 slow ones and a very slow one.
func (s *site) minute() {
	for range 95 {
		s.ask("GET", "/take/10ms")
	}
	for range 4 {
		s.ask("GET", "/take/1s")
	}
	s.ask("GET", "/take/5s")
	s.ask("POST", "/fail")
	s.ask("GET", "/panic")
	s.ask("GET", "/missing/1")
	s.ask("GET", "/missing/2")
	s.ask("GET", "/take/nonsense")
}

func (s *site) check(what, over string, times float64) {
	s.t.Helper()
	routes := s.routes(over)
	take := routes["GET /take/{how}"]
	if take.Requests != 101*times || !near(take.P50, 0.01, 0.01) || !near(take.P95, 0.01, 0.01) && !near(take.P95, 1, 0.01) || !near(take.P99, 1, 0.01) ||
		take.ServerErrors != 0 || !near(take.ClientErrors, 100.0/101, 1e-6) {
		s.t.Errorf("%s: got %+v", what, take)
	}
	if r := routes["POST /fail"]; r.Requests != times || r.ServerErrors != 100 || r.Panics != 0 {
		s.t.Errorf("%s: got %+v, want %v failed", what, r, times)
	}
	if r := routes["GET /panic"]; r.Requests != times || r.ServerErrors != 100 || r.Panics != times {
		s.t.Errorf("%s: got %+v, want %v panics", what, r, times)
	}
	if r := routes["GET (no route)"]; r.Requests != 2*times || r.ClientErrors != 100 {
		s.t.Errorf("%s: got %+v, want %v without a route", what, r, 2*times)
	}
	if len(routes) != 4 {
		s.t.Errorf("%s: got %d routes, want 4: %v", what, len(routes), routes)
	}
	var bars struct {
		Bars []struct {
			Label string
			Value float64
		}
	}
	s.get("/api/v1/m/traffic/panels/statuses"+over, &bars)
	if got, want := fmt.Sprint(bars.Bars), fmt.Sprintf("[{200 %v} {404 %v} {400 %v} {500 %v} {502 %v}]", 100*times, 2*times, times, times, times); got != want {
		s.t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

// One instance, from the live panels to the hours of last month.
func TestFromLiveToHours(t *testing.T) {
	inBubble(t, func(t *testing.T, file string) {
		s := open(t, file)
		s.ask("GET", "/take/1ms") // begins to be counted only now
		until(time.Minute, 0)
		<-time.After(11 * time.Minute) // out of the live panels
		s.minute()
		<-time.After(6 * time.Second)
		s.check("live", "", 1)
		var stat struct {
			Value float64
			Note  string
			Spark []float64
		}
		s.get("/api/v1/m/traffic/panels/requests", &stat)
		if !near(stat.Value, 105.0/60, 0.3) || len(stat.Spark) < 100 || !strings.Contains(stat.Note, "in the last minute") {
			t.Errorf("requests: got %+v", stat)
		}
		s.get("/api/v1/m/traffic/panels/errors", &stat)
		if !near(stat.Value, 200.0/105, 1) || stat.Value == 0 {
			t.Errorf("errors: got %+v", stat)
		}
		s.get("/api/v1/m/traffic/panels/latency", &stat)
		if stat.Value == 0 {
			t.Errorf("latency: got %+v", stat)
		}
		if c := s.chart("requests-history", ""); len(c.Times) != 120 {
			t.Errorf("live chart: got %d points, want 120", len(c.Times))
		}
		until(time.Minute, 6*time.Second)
		s.check("live, written", "", 1)
		for _, over := range []string{"?range=15m", "?range=1h", "?range=24h"} {
			if got := s.routes(over)["GET /take/{how}"].Requests; got < 101 || got > 102 {
				t.Errorf("%s: got %v requests, want 101", over, got)
			}
		}
		c := s.chart("latency-history", "?range=15m")
		seen := 0
		for i, v := range c.Series[1].Values {
			if v != nil && *v > 0.005 {
				seen++
				if p99 := *c.Series[2].Values[i]; !near(p99, 1, 0.01) {
					t.Errorf("99 %%: got %v, want 1", p99)
				}
			}
		}
		if seen != 1 || len(c.Times) < 14 || len(c.Times) > 15 {
			t.Errorf("chart of latency: got %d points, %d with traffic, want 15 and 1: %v", len(c.Times), seen, c.Times)
		}
		s.age(time.Hour)
		s.compact()
		s.age(72 * time.Hour)
		s.compact() // drops the minutes
		for _, over := range []string{"?range=7d", "?range=30d"} {
			if got := s.routes(over)["GET /take/{how}"].Requests; got != 102 {
				t.Errorf("%s: got %v requests, want 102", over, got)
			}
			c := s.chart("requests-history", over)
			sum, points := 0.0, 0
			for _, v := range c.Series[0].Values {
				if v != nil {
					sum += *v
					points++
				}
			}
			if want := 106 / (14 * 60.0); points != 1 || !near(sum, want, 0.1) {
				t.Errorf("%s: the chart has %v requests a second at %d points, want %v at one", over, sum, points, want)
			}
		}
		var minutes int
		if err := s.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM traffic__minutes`).Scan(&minutes); err != nil || minutes > 0 {
			t.Errorf("got %d rows of minutes, %v, want none", minutes, err)
		}
		s.close()
	})
}

// Two instances on one database are shown as one, over minutes and hours.
func TestFleet(t *testing.T) {
	inBubble(t, func(t *testing.T, file string) {
		a, b := open(t, file), open(t, file)
		until(time.Minute, 0)
		a.minute()
		b.minute()
		<-time.After(6 * time.Second)
		a.check("live, one instance", "", 1)
		until(time.Minute, 6*time.Second)
		a.check("a quarter", "?range=15m", 2)
		b.check("a quarter, the other", "?range=15m", 2)
		c := a.chart("errors-history", "?range=15m")
		for i := range c.Times {
			if v := c.Series[0].Values[i]; v != nil && *v > 0 && !near(*v, 200.0/105, 0.2) {
				t.Errorf("share of errors: got %v", *v)
			}
		}
		a.age(time.Hour)
		b.compact()
		b.check("a week", "?range=7d", 2)
		b.compact() // the same hours again
		b.check("a week, again", "?range=7d", 2)
		a.close() // what it had counted since is written
		b.close()
	})
}

// What was counted is written when the module ends, what comes while it is
// disabled is left out, and rows of one minute from before and after add up.
func TestDisable(t *testing.T) {
	inBubble(t, func(t *testing.T, file string) {
		s := open(t, file)
		until(time.Minute, 0)
		s.ask("GET", "/take/1ms")
		s.act("disable", "installed")
		for range 5 {
			s.ask("GET", "/take/1ms")
		}
		s.act("enable", "enabled")
		s.ask("GET", "/take/1ms")
		until(time.Minute, 6*time.Second)
		if got := s.routes("?range=15m")["GET /take/{how}"].Requests; got != 2 {
			t.Errorf("got %v requests, want 2", got)
		}
		s.close()
		s = open(t, file)
		if got := s.routes("?range=15m")["GET /take/{how}"].Requests; got != 2 {
			t.Errorf("after a restart: got %v requests, want 2", got)
		}
		s.close()
	})
}

func (s *site) act(op, state string) {
	s.t.Helper()
	if status, body := s.send("POST", "/api/v1/modules/traffic/"+op, "{}"); status != http.StatusAccepted {
		s.t.Fatalf("%s: got status %d: %s", op, status, body)
	}
	for range 100 {
		if _, body := s.send("GET", "/api/v1/modules/traffic", ""); strings.Contains(body, `"state":"`+state+`"`) {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	s.t.Fatalf("not %s", state)
}

// While the database takes nothing, counts wait and health tells; afterwards
// nothing is missing.
func TestDatabaseTrouble(t *testing.T) {
	inBubble(t, func(t *testing.T, file string) {
		s := open(t, file)
		until(time.Minute, 0)
		if _, err := s.db.Exec(t.Context(), `ALTER TABLE traffic__minutes RENAME TO gone`); err != nil {
			t.Fatal(err)
		}
		s.ask("GET", "/take/1ms")
		until(time.Minute, 6*time.Second)
		if err := s.module.Health(context.Background()); err == nil {
			t.Error("healthy without a table")
		}
		if _, err := s.db.Exec(t.Context(), `ALTER TABLE gone RENAME TO traffic__minutes`); err != nil {
			t.Fatal(err)
		}
		s.ask("GET", "/take/1ms")
		until(time.Minute, 6*time.Second)
		if err := s.module.Health(context.Background()); err != nil {
			t.Error(err)
		}
		if got := s.routes("?range=15m")["GET /take/{how}"].Requests; got != 2 {
			t.Errorf("got %v requests, want 2", got)
		}
		s.close()
	})
}

// The job keeps what the settings say.
func TestKeep(t *testing.T) {
	inBubble(t, func(t *testing.T, file string) {
		s := open(t, file)
		until(time.Minute, 0)
		s.ask("GET", "/take/1ms")
		until(time.Minute, 6*time.Second)
		s.age(time.Hour)
		s.compact()
		if got := s.routes("?range=30d")["GET /take/{how}"].Requests; got != 1 {
			t.Errorf("got %v requests, want 1", got)
		}
		for _, keep := range []string{"1h", "1000000h"} {
			if status, _ := s.put(keep); status != http.StatusUnprocessableEntity {
				t.Errorf("keep %s: got status %d, want 422", keep, status)
			}
		}
		if status, body := s.put("48h"); status != http.StatusOK {
			t.Fatalf("got status %d: %s", status, body)
		}
		s.age(50 * time.Hour)
		s.compact()
		if got := len(s.routes("?range=30d")); got != 0 {
			t.Errorf("got %v routes, want none", got)
		}
		s.close()
	})
}

// put changes the setting.
func (s *site) put(keep string) (status int, body string) {
	s.t.Helper()
	return s.send("PUT", "/api/v1/modules/traffic/settings", `{"values":{"keep":"`+keep+`"}}`)
}

// age makes all rows older. It takes the place of hours in the bubble, in which
// everything else of a dashboard would go on.
func (s *site) age(by time.Duration) {
	s.t.Helper()
	for _, table := range []string{"traffic__minutes", "traffic__hours"} {
		if _, err := s.db.Exec(s.t.Context(), `UPDATE `+table+` SET at = at - $1`, int64(by/time.Second)); err != nil {
			s.t.Fatal(err)
		}
	}
}

// compact runs the job by hand, and waits for it.
func (s *site) compact() {
	s.t.Helper()
	status, answer := s.send("POST", "/api/v1/jobs/traffic/compact/run", "")
	if status != http.StatusAccepted {
		s.t.Fatalf("got status %d: %s", status, answer)
	}
	synctest.Wait()
	var list struct {
		Items []struct{ Outcome, Error string }
	}
	s.get("/api/v1/jobs/traffic/compact/runs", &list)
	if got := list.Items[0]; got.Outcome != "ok" {
		s.t.Fatalf("the job: got %+v", got)
	}
}
