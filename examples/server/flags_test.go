package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

const flagDocument = `{"flags":{"a":{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"on"}}}`

type killed struct {
	Killed  bool   `json:"killed"`
	Variant string `json:"variant,omitempty"`
}

// evaluated is what a process says of flag a, as an answer of OFREP.
func (p *process) evaluated(token string) bool {
	p.t.Helper()
	var out struct{ Value bool }
	ask := map[string]any{"context": map[string]any{"targetingKey": "7"}}
	if status := p.call("POST", "ofrep/v1/evaluate/flags/a", token, ask, &out); status != http.StatusOK {
		return false
	}
	return out.Value
}

// Two processes on one database follow each other; the slowest of some changes
// is in the log of the test.
func TestFlagsReachTheOtherProcess(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	a := launch(t, withAccount(), "-data", data)
	b := launch(t, withAccount(), "-data", data)
	token, other := a.login(), b.login()
	if status := a.call("POST", "api/v1/flags/import", token, rawJSON(flagDocument), nil); status != http.StatusOK {
		t.Fatalf("import: status %d", status)
	}
	var slowest time.Duration
	for i := range 10 {
		off := i%2 == 1
		begun := time.Now()
		if status := a.call("POST", "api/v1/flags/a/kill", token, killed{off, "off"}, nil); status != http.StatusOK {
			t.Fatalf("kill: status %d", status)
		}
		for b.evaluated(other) == off {
			select {
			case <-time.After(5 * time.Millisecond): // or the limit of callers would say no
			case <-t.Context().Done():
				t.Fatal("the other process does not follow")
			}
			if time.Since(begun) > patience {
				t.Fatal("the other process does not follow")
			}
		}
		slowest = max(slowest, time.Since(begun))
	}
	t.Logf("the slowest of 10 changes was seen by the other process after %s, asking included", slowest)
	a.stop()
	b.stop()
}

// A process that is killed while it writes has lost nothing that it answered,
// and left nothing half done.
func TestFlagsSurviveAKill(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	a := launch(t, withAccount(), "-data", data)
	token := a.login()
	if status := a.call("POST", "api/v1/flags/import", token, rawJSON(flagDocument), nil); status != http.StatusOK {
		t.Fatalf("import: status %d", status)
	}
	answered := make(chan int, 1)
	begun := make(chan struct{})
	go func() {
		n := 0
		defer func() { answered <- n }()
		for {
			body := fmt.Sprintf(`{"killed":%t,"variant":%q}`, n%2 == 0, []string{"off", ""}[n%2])
			r, err := http.NewRequestWithContext(t.Context(), "POST", a.base+"api/v1/flags/a/kill", bytes.NewReader([]byte(body)))
			if err != nil {
				return
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+token)
			res, err := a.client.Do(r)
			if err != nil {
				return
			}
			_, err = io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != http.StatusOK {
				return
			}
			if n++; n == 20 {
				close(begun)
			}
		}
	}()
	select {
	case <-begun:
	case n := <-answered:
		t.Fatalf("only %d writes were answered", n)
	}
	if err := a.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	writes := int64(<-answered)
	<-a.ended
	b := launch(t, withAccount(), "-data", data)
	token = b.login()
	var now struct {
		Version int64
		Killed  bool
	}
	if status := b.call("GET", "api/v1/flags/a", token, nil, &now); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	if now.Version < writes+1 || now.Version > writes+2 {
		t.Errorf("got version %d after %d answered writes", now.Version, writes)
	}
	if want := now.Version%2 == 0; now.Killed != want || b.evaluated(token) == want {
		t.Errorf("version %d: killed is %t, and in force is %t", now.Version, now.Killed, b.evaluated(token))
	}
	var history struct{ Items []struct{ Version int64 } }
	if status := b.call("GET", "api/v1/flags/a/history?limit=200", token, nil, &history); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	for i, v := range history.Items {
		if v.Version != now.Version-int64(i) {
			t.Errorf("the history has a gap: %v", history.Items)
			break
		}
	}
	if i := slices.IndexFunc(history.Items, func(v struct{ Version int64 }) bool { return v.Version == now.Version }); i != 0 {
		t.Errorf("what stands is not the newest of the history: %v", history.Items)
	}
	b.stop()
}

// What the configuration names is in force, and what it names wrongly stops the
// start with one line.
func TestFlagsFileOfTheConfiguration(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	config := filepath.Join(folder, "server.yaml")
	definitions, err := filepath.Abs("flags.json")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("modules: [hello]\nflags:\n  file: %q\n  origins: [https://shop.example.com]\n", definitions)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, withAccount(), "-data", filepath.Join(folder, "data"), "-config", config)
	token := p.login()
	var page struct {
		Items []struct{ Key, Source string }
	}
	if status := p.call("GET", "api/v1/flags", token, nil, &page); status != http.StatusOK || len(page.Items) != 2 || page.Items[0].Source != "file" {
		t.Errorf("got %d %+v", status, page)
	}
	if status := p.call("GET", "api/v1/m/hello/panels/guests", token, nil, nil); status != http.StatusOK {
		t.Errorf("the owner does not see the panel: %d", status)
	}
	p.stop()
}

// rawJSON is encoded as it is.
type rawJSON string

// MarshalJSON implements json.Marshaler.
func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }
