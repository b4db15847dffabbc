package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFirstStart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new", "data")
	p := launch(t, nil, "-data", data)
	link, err := url.Parse(p.setupLink())
	if err != nil || link.Fragment == "" {
		t.Fatalf("set-up link: got %q in %s", p.setupLink(), p.output)
	}
	if got, want := link.Scheme+"://"+link.Host+"/", p.base; got != want {
		t.Errorf("the link leads to %s, want %s", got, want)
	}
	token := strings.TrimPrefix(link.Fragment, "token=")
	account := map[string]string{"token": token, "email": testEmail, "password": testPassword, "name": "Ada"}
	if status := p.call("POST", "api/v1/setup", "", account, nil); status != http.StatusCreated {
		t.Fatalf("set up: status %d, want 201", status)
	}
	var snapshot struct {
		Platform string `json:"platform"`
	}
	if status := p.call("GET", "api/v1/m/system/snapshot", p.login(), nil, &snapshot); status != http.StatusOK || snapshot.Platform == "" {
		t.Errorf("snapshot: status %d, %+v", status, snapshot)
	}
	p.stop()

	again := launch(t, nil, "-data", data)
	if link := again.setupLink(); link != "" {
		t.Errorf("a link was printed though there is an account: %s", link)
	}
	again.login()
	if status := again.call("POST", "api/v1/setup", "", account, nil); status < 400 || status >= 500 {
		t.Errorf("set up again: status %d, want it refused", status)
	}
	again.stop()
}

func TestDataStaysPrivate(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p := launch(t, nil, "-data", data)
	p.stop()
	err := filepath.Walk(data, func(name string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s: others can read it", filepath.Base(name), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDisabledModuleStaysDisabled(t *testing.T) {
	data := t.TempDir()
	p := launch(t, withAccount(), "-data", data)
	if link := p.setupLink(); link != "" {
		t.Errorf("a link was printed though the account is in the environment: %s", link)
	}
	token := p.login()
	if status := p.call("POST", "api/v1/modules/system/disable", token, map[string]any{}, nil); status != http.StatusAccepted {
		t.Fatalf("disable: status %d, want 202", status)
	}
	p.stop()

	again := launch(t, withAccount(), "-data", data)
	if status := again.call("GET", "api/v1/m/system/snapshot", again.login(), nil, nil); status != http.StatusNotFound {
		t.Errorf("snapshot of the disabled module: status %d, want 404", status)
	}
	again.stop()
}

func TestPrefix(t *testing.T) {
	p := launch(t, nil, "-data", t.TempDir(), "-prefix", "/a/b")
	if !strings.HasSuffix(p.base, "/a/b/") || !strings.HasPrefix(p.setupLink(), p.base+"setup#") {
		t.Errorf("address %s, link %s: want both below /a/b/", p.base, p.setupLink())
	}
	if status := p.call("GET", "readyz", "", nil, nil); status != http.StatusOK {
		t.Errorf("readyz: status %d, want 200", status)
	}
	p.stop()
}

func TestMasterKey(t *testing.T) {
	data := t.TempDir()
	key := "DASHBOARD_MASTER_KEY=" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789ABCDEF"))
	p := launch(t, append(withAccount(), key), "-data", data)
	p.login()
	p.stop()
	if found, _ := filepath.Glob(filepath.Join(data, "*.key")); len(found) > 0 {
		t.Errorf("a key file was made beside the key given: %q", found)
	}
	again := launch(t, append(withAccount(), key), "-data", data)
	again.login()
	again.stop()
}

func TestConfigurationFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "server.yaml")
	write(t, file, "title: Ops\nmodules: [system, hello, broken]\nlog_level: debug\n")
	p := launch(t, withAccount(), "-data", t.TempDir(), "-config", file, "-log-format", "json")
	token := p.login()
	var modules struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	p.call("GET", "api/v1/modules", token, nil, &modules)
	if got, want := fmt.Sprint(modules.Items), "[{broken} {hello} {system}]"; got != want {
		t.Errorf("modules: got %s, want %s", got, want)
	}
	if status := p.call("POST", "api/v1/m/hello/entries", token, map[string]string{"name": "Grace"}, nil); status != http.StatusCreated {
		t.Errorf("write into the guest book: status %d, want 201", status)
	}
	if status := p.call("GET", "api/v1/m/broken/panic", token, nil, nil); status != http.StatusInternalServerError {
		t.Errorf("the panicking endpoint: status %d, want 500", status)
	}
	if status := p.call("GET", "api/v1/m/hello/entries", token, nil, nil); status != http.StatusOK {
		t.Errorf("another module after the panic: status %d, want 200", status)
	}
	p.stop()
	for line := range strings.Lines(p.output.String()) {
		if !json.Valid([]byte(line)) && !strings.HasPrefix(line, "Dashboard at ") {
			t.Errorf("log line is not JSON: %s", line)
		}
	}
	if !strings.Contains(p.output.String(), `"level":"DEBUG"`) {
		t.Error("no debug line in the log, though the file asks for it")
	}
}

// TestStopWaitsForRequests stops the server while a request is half sent: it is
// answered, and only then the process ends.
func TestStopWaitsForRequests(t *testing.T) {
	p := launch(t, withAccount(), "-data", t.TempDir())
	u, err := url.Parse(p.base)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialTimeout("tcp", u.Host, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"email":%q,"password":%q,"delivery":"token"}`, testEmail, testPassword)
	fmt.Fprintf(conn, "POST /api/v1/auth/login HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", u.Host, len(body))
	in := bufio.NewReader(conn)
	if line, err := in.ReadString('\n'); !strings.Contains(line, "100 Continue") {
		t.Fatalf("got %q, %v, want 100 Continue: the handler reads the body", line, err)
	}
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	p.signal()
	refused := false
	for deadline := time.Now().Add(patience); !refused && time.Now().Before(deadline); {
		other, err := net.DialTimeout("tcp", u.Host, time.Second)
		if refused = err != nil; !refused {
			other.Close()
		}
	}
	if !refused {
		t.Fatal("new connections are still taken after SIGTERM")
	}
	fmt.Fprint(conn, body)
	answer, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("the request in flight was not answered: %v: %s", err, p.output)
	}
	text, _ := io.ReadAll(answer.Body)
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("the request in flight: status %d, want 200: %s", answer.StatusCode, text)
	}
	p.wait()
}

// TestStopEndsStreams stops the server while a page listens for events.
func TestStopEndsStreams(t *testing.T) {
	p := launch(t, withAccount(), "-data", t.TempDir())
	r, err := http.NewRequestWithContext(t.Context(), "GET", p.base+"api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.login())
	answer, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("events: status %d, want 200", answer.StatusCode)
	}
	p.signal()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Errorf("the stream broke off instead of ending: %v", err)
	}
	p.wait()
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
