package system_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/dashboardtest"
	"github.com/modular-dashboard/dashboard/modules/system"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestConformance(t *testing.T) {
	machine := load(t, "machine")
	dashboardtest.Run(t, func() dashboard.Module { return system.New(system.WithProc(machine.now), system.WithCgroup(nil)) })
}

// A site is one machine of a fleet, in a bubble of time.
type site struct {
	t  *testing.T
	db *storage.DB
	d  *dashboard.Dashboard
}

// inBubble runs a test where clocks stand at the beginning of 2000.
func inBubble(t *testing.T, test func(t *testing.T, file string)) {
	t.Helper()
	t.Parallel()
	file := filepath.Join(t.TempDir(), "site.db")
	synctest.Test(t, func(t *testing.T) { test(t, file) })
}

func open(t *testing.T, file string, module dashboard.Module) *site {
	t.Helper()
	db, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dashboard.New(db, dashboard.WithModules(module), dashboard.WithFirstAccount("ada@example.com", "correct horse battery staple"),
		dashboard.WithArgon2(auth.Argon2{MemoryKiB: 64, Passes: 1, Threads: 1}), dashboard.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, db: db, d: d}
	for !strings.Contains(s.get("/api/v1/modules/system", nil), `"state":"enabled"`) {
		<-time.After(100 * time.Millisecond)
	}
	return s
}

func machine(t *testing.T, name string) *system.Module {
	t.Helper()
	var proc fs.FS = load(t, "machine").now
	m := system.New(system.WithProc(proc), system.WithCgroup(nil))
	m.SetHostForTest(name)
	return m
}

func (s *site) close() {
	s.t.Helper()
	if err := s.d.Shutdown(context.Background()); err != nil {
		s.t.Error(err)
	}
	if err := s.db.Close(); err != nil {
		s.t.Error(err)
	}
}

func (s *site) send(method, path string) *httptest.ResponseRecorder {
	s.t.Helper()
	call := func(token, method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		s.d.ServeHTTP(w, r)
		return w
	}
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	login := call("", "POST", "/api/v1/auth/login", `{"email":"ada@example.com","password":"correct horse battery staple","delivery":"token"}`)
	if err := json.Unmarshal(login.Body.Bytes(), &grant); err != nil {
		s.t.Fatal(err)
	}
	return call(grant.AccessToken, method, path, "")
}

func (s *site) get(path string, out any) string {
	s.t.Helper()
	w := s.send("GET", path)
	if w.Code != http.StatusOK {
		s.t.Fatalf("GET %s: got status %d: %s", path, w.Code, w.Body)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			s.t.Fatalf("GET %s: %v", path, err)
		}
	}
	return w.Body.String()
}

// values are the points of a series that are there.
func (s *site) values(panel, span string) (out []float64) {
	s.t.Helper()
	var c struct {
		Times  []float64
		Series []struct{ Values []*float64 }
	}
	s.get("/api/v1/m/system/panels/"+panel+"?range="+span, &c)
	for i, v := range c.Series[0].Values {
		if v != nil {
			out = append(out, *v)
		}
		if i > 0 && c.Times[i] <= c.Times[i-1] {
			s.t.Fatalf("%s, %s: times do not ascend", panel, span)
		}
	}
	if len(c.Times) > 400 {
		s.t.Errorf("%s, %s: got %d points, want at most 400", panel, span, len(c.Times))
	}
	return out
}

func (s *site) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(s.t.Context(), query, args...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) count(query string) (n int) {
	s.t.Helper()
	if err := s.db.QueryRow(s.t.Context(), query).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// runJob runs a job by hand and waits for it.
func (s *site) runJob(name string) {
	s.t.Helper()
	if w := s.send("POST", "/api/v1/jobs/system/"+name+"/run"); w.Code != http.StatusAccepted {
		s.t.Fatalf("%s: got status %d: %s", name, w.Code, w.Body)
	}
	synctest.Wait()
	var list struct {
		Items []struct{ Outcome, Error string }
	}
	s.get("/api/v1/jobs/system/"+name+"/runs", &list)
	if list.Items[0].Outcome != "ok" {
		s.t.Fatalf("%s: got %+v", name, list.Items[0])
	}
}

// Two machines record, a third instance shares one of them; charts show the mean.
func TestRecord(t *testing.T) {
	inBubble(t, func(t *testing.T, file string) {
		a, b, again := open(t, file, machine(t, "a")), open(t, file, machine(t, "b")), open(t, file, machine(t, "b"))
		<-time.After(16 * time.Minute)
		if got := a.values("memory-history", "1h"); len(got) != 3 || got[0] <= 0 {
			t.Errorf("got %v, want three points", got)
		}
		if got, want := a.count(`SELECT COUNT(*) FROM system__history WHERE metric = 'memory_used'`), 6; got != want {
			t.Errorf("got %d rows, want %d: one of each machine every five minutes", got, want)
		}
		if got := a.count(`SELECT COUNT(*) FROM system__history WHERE metric = 'cpu'`); got != 0 {
			t.Errorf("got %d rows of what was never measured, want none", got)
		}
		a.exec(`UPDATE system__history SET mean = CASE host WHEN 'a' THEN 10 ELSE 30 END, peak = 50`)
		for _, span := range []string{"1h", "24h", "7d", "30d"} {
			for _, got := range b.values("memory-history", span) {
				if got != 20 {
					t.Errorf("%s: got %v, want the mean, 20", span, got)
				}
			}
		}
		var h system.History
		a.get("/api/v1/m/system/history?metric=memory_used&since=1999-12-30T00:00:00Z", &h)
		found := 0
		for i, v := range h.Values {
			if v != nil {
				found++
				if *v != 20 || *h.Peaks[i] != 50 {
					t.Errorf("history: got %v and peak %v, want 20 and 50", *v, *h.Peaks[i])
				}
			}
		}
		if found == 0 || h.RecordedSince == nil || h.RecordedSince.Year() != 2000 || len(h.Times) != len(h.Values) || h.IntervalSeconds < 300 {
			t.Errorf("history: got %d points of %d, %+v", found, len(h.Times), h)
		}
		a.get("/api/v1/m/system/history?metric=memory_used&since=0001-01-01T00:00:01Z", &h)
		if got := h.WindowSeconds; got != (90 * 24 * time.Hour).Seconds() {
			t.Errorf("history since ever reaches %v s back, want what is kept", got)
		}
		a.close()
		b.close()
		again.close()
	})
}

// What cannot be written is in the next rows.
func TestRecordAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, file string) {
		s := open(t, file, machine(t, "a"))
		s.exec(`ALTER TABLE system__history RENAME TO gone`)
		<-time.After(6 * time.Minute)
		s.exec(`ALTER TABLE gone RENAME TO system__history`)
		var list struct{ Items []struct{ Outcome string } }
		s.get("/api/v1/jobs/system/record/runs", &list)
		if len(list.Items) != 1 || list.Items[0].Outcome != "failed" {
			t.Errorf("got %+v, want a run that failed", list.Items)
		}
		s.runJob("record")
		if got := s.count(`SELECT COUNT(*) FROM system__history WHERE metric = 'memory_used'`); got != 1 {
			t.Errorf("got %d rows, want 1", got)
		}
		s.close()
	})
}

// The retention job makes hours of old rows, and drops the oldest.
func TestRetain(t *testing.T) {
	inBubble(t, func(t *testing.T, file string) {
		s := open(t, file, machine(t, "a"))
		now := time.Now().Unix()
		const day = 24 * 60 * 60
		for _, age := range []int64{0, 6 * day, 8 * day, 80 * day, 91 * day} {
			for k := range int64(12) {
				at := (now-age)/3600*3600 + k*300
				s.exec(`INSERT INTO system__history (metric, at, host, grain, mean, peak) VALUES ('cpu', $1, 'a', 300, $2, $3)`, at, float64(k), float64(2*k))
			}
		}
		for range 2 { // the second time there is nothing left to do
			s.runJob("retain")
			if fine, coarse := s.count(`SELECT COUNT(*) FROM system__history WHERE grain = 300`), s.count(`SELECT COUNT(*) FROM system__history WHERE grain = 3600`); fine != 24 || coarse != 2 {
				t.Errorf("got %d fine rows and %d coarse ones, want 24 and 2", fine, coarse)
			}
			var mean, peak float64
			if err := s.db.QueryRow(t.Context(), `SELECT AVG(mean), MAX(peak) FROM system__history WHERE grain = 3600`).Scan(&mean, &peak); err != nil || math.Abs(mean-5.5) > 1e-9 || peak != 22 {
				t.Errorf("got mean %v and peak %v, %v, want 5.5 and 22", mean, peak, err)
			}
		}
		if got := s.values("cpu-history", "30d"); len(got) != 2 {
			t.Errorf("got %v, want points of both grains", got)
		}
		s.close()
	})
}

// A database of version 0.1.0, which had no table, is upgraded in place.
func TestUpgrade(t *testing.T) {
	inBubble(t, func(t *testing.T, file string) {
		old := dashboard.Func(dashboard.Manifest{ID: "system", Version: "0.1.0", Permissions: []dashboard.Permission{system.Read}}, nil)
		open(t, file, old).close()
		<-time.After(time.Hour)
		s := open(t, file, machine(t, "a"))
		for !strings.Contains(s.get("/api/v1/modules/system", nil), `"installed_version":"0.2.0"`) {
			<-time.After(100 * time.Millisecond)
		}
		var h system.History
		long := fmt.Sprintf("/api/v1/m/system/history?metric=cpu&since=%s", time.Now().Add(-48*time.Hour).UTC().Format(time.RFC3339))
		s.get(long, &h)
		if h.RecordedSince == nil || time.Since(*h.RecordedSince) > 2*time.Minute {
			t.Errorf("got %v, want a history that begins with the upgrade", h.RecordedSince)
		}
		began := *h.RecordedSince
		s.close()
		<-time.After(time.Hour) // a start without an upgrade changes nothing
		s = open(t, file, machine(t, "a"))
		if s.get(long, &h); h.RecordedSince == nil || !h.RecordedSince.Equal(began) {
			t.Errorf("after a restart: got %v, want %v", h.RecordedSince, began)
		}
		s.close()
	})
}
