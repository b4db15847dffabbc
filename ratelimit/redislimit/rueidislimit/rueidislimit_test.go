package rueidislimit_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/ratelimittest"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/internal/luaredis"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/rueidislimit"
)

const patience = time.Minute // for a busy machine

func TestMain(m *testing.M) { leaktest.Main(m) }

func serve(t *testing.T) *luaredis.Server {
	t.Helper()
	s, err := luaredis.Serve(t.Context(), luaredis.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func dial(t *testing.T, url string) *rueidislimit.Client {
	t.Helper()
	c, err := rueidislimit.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func open(t *testing.T, client redislimit.Client) *redislimit.Store {
	t.Helper()
	s, err := redislimit.New(client, redislimit.WithTimeout(patience), redislimit.FailClosed(), redislimit.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func take(t *testing.T, s *redislimit.Store) ratelimit.Decision {
	t.Helper()
	var d [1]ratelimit.Decision
	charge := ratelimit.Charge{Policy: ratelimit.Policy{Limit: 100, Window: time.Hour}, Key: "ann", Cost: 1}
	if _, err := s.Take(t.Context(), []ratelimit.Charge{charge}, d[:]); err != nil {
		t.Fatal(err)
	}
	return d[0]
}

func TestConformance(t *testing.T) {
	ratelimittest.Run(t, func(t *testing.T) ratelimit.Store { return open(t, dial(t, "redis://"+serve(t).Addr)) })
}

// The text of the script is sent when the server does not know it, and then no
// more.
func TestScriptIsCached(t *testing.T) {
	server := serve(t)
	s := open(t, dial(t, "valkey://"+server.Addr))
	for i := range int64(5) {
		if d := take(t, s); d.Remaining != 99-i || d.Source != ratelimit.Exact {
			t.Errorf("decision %+v", d)
		}
	}
	server.FlushScripts()
	if d := take(t, s); d.Remaining != 94 || d.Source != ratelimit.Exact {
		t.Errorf("decision %+v", d)
	}
	if got := server.Evals(); got != 2 {
		t.Errorf("sent the text %d times, want 2", got)
	}
}

func TestFromRueidis(t *testing.T) {
	server := serve(t)
	host, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{server.Addr}, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	client := rueidislimit.FromRueidis(host)
	if client.Sharded() {
		t.Error("one server is no cluster")
	}
	if d := take(t, open(t, client)); d.Source != ratelimit.Exact {
		t.Errorf("decision %+v", d)
	}
	client.Close() // it is the host's
	if err := host.Do(t.Context(), host.B().Ping().Build()).Error(); err != nil {
		t.Error(err)
	}
}

// A server that is down neither keeps a client from being made nor stays unseen
// when it comes.
func TestConnectsWhenAsked(t *testing.T) {
	gone := serve(t)
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	client := dial(t, "redis://"+gone.Addr)
	for range 2 {
		if _, err := client.Eval(t.Context(), redislimit.Script{Text: "return {1}"}, []string{"k"}, nil); err == nil {
			t.Error("no error of a server that is not there")
		}
	}
	client.Close()
	client.Close()
	if _, err := client.Eval(t.Context(), redislimit.Script{Text: "return {1}"}, []string{"k"}, nil); err == nil {
		t.Error("no error after Close")
	}
}

func TestErrors(t *testing.T) {
	client := dial(t, "redis://"+serve(t).Addr)
	for _, text := range []string{"return {", "error('no')", "return 'text'"} {
		if answer, err := client.Eval(t.Context(), redislimit.Script{Text: text, SHA1: "x"}, []string{"k"}, nil); err == nil {
			t.Errorf("%q answers %v", text, answer)
		}
	}
}

func TestURLs(t *testing.T) {
	for _, url := range []string{"redis://localhost", "rediss://u:p@localhost:6380/3", "valkeys://h", "unix:///run/redis.sock", "redis://a:1?addr=b:2", "redis://s:1?master_set=m"} {
		dial(t, url)
	}
	for _, url := range []string{"", "localhost:6379", "http://localhost", "redis://h/x", "redis://user:secret@h:port", "redis://:secret%zz@h"} {
		client, err := rueidislimit.Open(url)
		if err == nil {
			client.Close()
			t.Errorf("%q is accepted", url)
			continue
		}
		if strings.Contains(err.Error(), "secret") || errors.Unwrap(err) == nil {
			t.Errorf("%q: %v", url, err)
		}
	}
}
