package dashboard_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard"
)

// talker is a module that logs what it is told to.
type talker struct{ host *dashboard.Host }

func (*talker) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "talker", Version: "1.0.0"}
}

func (m *talker) Provision(h *dashboard.Host) error { m.host = h; return nil }

type sayIn struct {
	Text  string `json:"text"`
	Times int    `json:"times"`
}

func (m *talker) Routes(r *dashboard.Router) error {
	dashboard.Post(r, "/say", func(ctx context.Context, in sayIn) (struct{}, error) {
		for i := range max(in.Times, 1) {
			m.host.Log().WithGroup("said").WarnContext(ctx, in.Text, "i", i, "token", "hunter2")
		}
		return struct{}{}, nil
	}, dashboard.Authenticated())
	dashboard.Post(r, "/background", func(_ context.Context, in sayIn) (struct{}, error) {
		return struct{}{}, m.host.Go(func(ctx context.Context) { slog.New(m.host.Log().Handler()).WarnContext(ctx, in.Text) })
	}, dashboard.Authenticated())
	return nil
}

type logRecord struct {
	Seq       uint64
	Level     string
	Message   string
	Module    string
	RequestID string `json:"request_id"`
	TraceID   string `json:"trace_id"`
	Attrs     map[string]any
}

type logPage struct {
	Items      []logRecord
	NextCursor string `json:"next_cursor"`
}

func (s *server) logs(query string) (out logPage) {
	s.t.Helper()
	s.owner().get("/api/v1/system/logs" + query).wantStatus(http.StatusOK).decode(&out)
	return out
}

func TestRecordsOfARequest(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&talker{}))
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	a := s.owner().do("POST", "/api/v1/m/talker/say", sayIn{Text: "hello"}, "Traceparent", "00-"+trace+"-00f067aa0ba902b7-01").wantStatus(http.StatusNoContent)
	id := a.header.Get("X-Request-Id")
	for _, query := range []string{"?module=talker&level=warn", "?request_id=" + id, "?q=HELL&level=warn", "?level=warn&module=talker&request_id=" + id + "&q=i%22%3A0"} {
		list := s.logs(query).Items
		if len(list) != 1 {
			t.Fatalf("%s: got %+v, want one record", query, list)
		}
		got, want := list[0], logRecord{Seq: list[0].Seq, Level: "warn", Message: "hello", Module: "talker", RequestID: id, TraceID: trace}
		said, _ := got.Attrs["said"].(map[string]any)
		got.Attrs = nil
		if fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(said) != "map[i:0 token:[redacted]]" {
			t.Errorf("%s: got %+v %v, want %+v", query, got, said, want)
		}
	}
	for _, query := range []string{"?level=error&module=talker", "?module=nobody", "?q=hallo"} {
		if list := s.logs(query).Items; list == nil || len(list) > 0 {
			t.Errorf("%s: got %+v, want an empty list", query, list)
		}
	}
	s.owner().do("POST", "/api/v1/m/talker/background", sayIn{Text: "later"}).wantStatus(http.StatusNoContent)
	eventually(t, "background work has logged", func() bool {
		list := s.logs("?q=later").Items
		return len(list) == 1 && list[0].Module == "talker" && list[0].RequestID == ""
	})
}

func TestLogPages(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&talker{}))
	s.owner().do("POST", "/api/v1/m/talker/say", sayIn{Text: "n", Times: 5}).wantStatus(http.StatusNoContent)
	var seen []uint64
	cursor := ""
	for range 3 {
		page := s.logs("?module=talker&level=warn&limit=2&cursor=" + cursor)
		for _, r := range page.Items {
			seen = append(seen, r.Seq)
		}
		cursor = page.NextCursor
		s.owner().do("POST", "/api/v1/m/talker/say", sayIn{Text: "between"}).wantStatus(http.StatusNoContent)
	}
	if len(seen) != 5 || cursor != "" || seen[0] != seen[4]+4 {
		t.Errorf("got records %v, next %q", seen, cursor)
	}
	first := s.logs("?module=talker&limit=1")
	s.owner().get("/api/v1/system/logs?module=other&cursor="+first.NextCursor).wantProblem(http.StatusBadRequest, "bad-cursor")
	s.owner().get("/api/v1/system/logs?cursor=AAAA").wantProblem(http.StatusBadRequest, "bad-cursor")
	s.owner().get("/api/v1/system/logs?level=loud").wantStatus(http.StatusUnprocessableEntity)
}

func TestLogsNeedPermission(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	auditor := s.member("auditor", "dashboard.audit.read")
	for _, path := range []string{"/api/v1/system/logs", "/api/v1/system/logs/stream"} {
		s.as("").get(path).wantStatus(http.StatusUnauthorized)
		auditor.get(path).wantStatus(http.StatusForbidden)
	}
	s.member("operator", "dashboard.system.read").get("/api/v1/system/logs").wantStatus(http.StatusOK)
}

// follow opens the stream and returns its events one by one, as "name data".
func (s *server) follow(query string) (next func() string, stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/v1/system/logs/stream"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	res, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("stream: got status %d", res.StatusCode)
	}
	lines := bufio.NewScanner(res.Body)
	next = func() string {
		s.t.Helper()
		name := ""
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = rest
			}
			if rest, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return name + " " + rest
			}
		}
		s.t.Fatalf("the stream ended: %v", lines.Err())
		return ""
	}
	return next, func() { cancel(); _ = res.Body.Close() }
}

func TestLogStream(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&talker{}))
	next, stop := s.follow("?module=talker&level=warn&q=two")
	defer stop()
	for _, text := range []string{"one", "two"} {
		s.owner().do("POST", "/api/v1/m/talker/say", sayIn{Text: text}).wantStatus(http.StatusNoContent)
	}
	var got logRecord
	name, data, _ := strings.Cut(next(), " ")
	if err := json.Unmarshal([]byte(data), &got); err != nil || name != "log" || got.Message != "two" || got.Module != "talker" {
		t.Fatalf("got %s %s, %v", name, data, err)
	}
	// Where a reader left off it continues, and learns what it missed.
	s.owner().do("POST", "/api/v1/m/talker/say", sayIn{Text: "three", Times: 3000}).wantStatus(http.StatusNoContent)
	again, stop := s.follow(fmt.Sprintf("?module=talker&after=%d", got.Seq))
	defer stop()
	name, data, _ = strings.Cut(again(), " ")
	var dropped struct{ Count int }
	if err := json.Unmarshal([]byte(data), &dropped); err != nil || name != "dropped" || dropped.Count < 3000-2048 || dropped.Count > 3000 {
		t.Errorf("got %s %s, %v", name, data, err)
	}
	if name, data, _ = strings.Cut(again(), " "); name != "log" || !strings.Contains(data, `"message":"three"`) {
		t.Errorf("got %s %s", name, data)
	}
	s.owner().do("HEAD", "/api/v1/system/logs/stream", nil).wantStatus(http.StatusOK)
}

func TestLogStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var stops []func()
	for range 32 {
		_, stop := s.follow("")
		stops = append(stops, stop)
	}
	s.owner().get("/api/v1/system/logs/stream").wantProblem(http.StatusTooManyRequests, "too-many-streams")
	for _, stop := range stops {
		stop()
	}
	eventually(t, "a place is free", func() bool {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/v1/system/logs/stream", nil)
		r.Header.Set("Authorization", "Bearer "+s.token)
		res, err := s.Client().Do(r)
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// Who loses the right to the log stops reading it.
func TestLogStreamEndsWithTheRight(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	reader := s.member("operator", "dashboard.system.read")
	watcher := &server{URL: s.URL, t: t, token: reader.token, http: s.http}
	next, stop := watcher.follow("?level=error")
	defer stop()
	s.owner().do("PUT", "/api/v1/roles/operator", map[string]any{"permissions": []string{}}).wantStatus(http.StatusNoContent)
	if got := next(); got != "forbidden {}" {
		t.Errorf("got %q, want the end of the stream", got)
	}
}
