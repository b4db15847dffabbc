package docs_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	email    = "ada@example.com"
	password = "correct horse battery staple"

	// address is where the guide's programs listen. Here they get a port that is
	// free.
	address = "localhost:8080"
)

// reader follows the guide: a folder, the variables of a shell, the program
// that runs, and what stands in front of it.
type reader struct {
	t         *testing.T
	folder    string
	listen    string
	variables map[string]string
	program   *program
	proxy     *httptest.Server // nil before the guide has one
	client    *http.Client
}

func TestGuide(t *testing.T) {
	r := &reader{t: t, folder: t.TempDir(), listen: freeAddress(t), variables: map[string]string{},
		client: client()}
	for _, b := range blocksOf(t, guide) {
		if b.excerpt() != "" {
			continue // TestEveryBlock
		}
		b.text = strings.ReplaceAll(b.text, address, r.listen)
		var err error
		switch b.language {
		case "go":
			err = r.write(b)
		case "console":
			err = r.console(b)
		case "text":
			err = r.look(b)
		case "nginx":
			err = r.nginx(b)
		default:
			err = errors.New("nothing runs a block of this kind")
		}
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
	}
	// The last program of the guide is one for production.
	if code := r.program.stop(t); code != 0 {
		t.Errorf("the last program ended with code %d\n%s", code, &r.program.output)
	}
}

func client() *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
}

// write edits the file that the sentence above the block names.
func (r *reader) write(b block) error {
	if b.file() == "" {
		return errors.New("the paragraph above names no file")
	}
	name := filepath.Join(r.folder, filepath.FromSlash(b.file()))
	there, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text, err := edit(string(there), b.text)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o600)
}

// console types the commands of a block and compares what they print.
func (r *reader) console(b block) error {
	list, err := steps(b.text)
	if err != nil {
		return err
	}
	for _, s := range list {
		begin := time.Now()
		err := r.do(s)
		r.t.Logf("%6s  $ %s", time.Since(begin).Round(time.Millisecond), s.command)
		if err != nil {
			return fmt.Errorf("%s: %w", s.command, err)
		}
	}
	return nil
}

var assignment = regexp.MustCompile(`^[A-Z_]+=`)

func (r *reader) do(s step) error {
	// Two that a shell would run and Go alone cannot.
	s.command = strings.Replace(s.command, "$(openssl rand -base64 32)", secret(), 1)
	if s.command == "KEY=dsh_…" {
		s.command = "KEY=" + r.apiKey()
	}
	words, err := split(s.command, func(name string) string { return r.variables[name] })
	if err != nil {
		return err
	}
	switch command := strings.Join(words[:min(2, len(words))], " "); {
	case words[0] == "export" || assignment.MatchString(words[0]):
		return r.assign(strings.TrimPrefix(s.command, "export "))
	case words[0] == "mkdir":
		return os.Mkdir(filepath.Join(r.folder, words[1]), 0o755)
	case words[0] == "cd":
		r.folder = filepath.Join(r.folder, words[1])
		return nil
	case words[0] == "curl":
		return r.curl(words[1:], s.want)
	case s.command == "go mod tidy":
		return r.require()
	case s.command == "go run .":
		return r.run()
	case command == "go mod" || command == "go test":
		if got := run(r.t, r.folder, goEnv(), "go", words[1:]...); !shows(s.want, got) {
			return fmt.Errorf("got\n%s", got)
		}
		return nil
	}
	return errors.New("nothing runs this command")
}

func (r *reader) assign(words string) error {
	list, err := split(words, func(name string) string { return r.variables[name] })
	for _, word := range list {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return fmt.Errorf("%q assigns nothing", word)
		}
		r.variables[name] = value
	}
	return err
}

func secret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// goEnv keeps the go command off the network.
func goEnv() []string {
	return []string{"GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local"}
}

// require stands in for go mod tidy, which reads versions that this machine may
// not have: what the library requires is in its own go.mod and go.sum.
func (r *reader) require() error {
	mod := filepath.Join(r.folder, "go.mod")
	begun, err := os.ReadFile(mod)
	if err != nil {
		return err
	}
	if strings.Contains(string(begun), "replace") {
		return nil // the second time
	}
	root, err := filepath.Abs(top)
	if err != nil {
		return err
	}
	const path = "github.com/modular-dashboard/dashboard"
	text := string(begun) + fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %q\n", path, path, root)
	for _, list := range regexp.MustCompile(`(?s)require \(.*?\n\)\n`).FindAllString(read(r.t, "go.mod"), -1) {
		text += "\n" + list
	}
	return errors.Join(os.WriteFile(mod, []byte(text), 0o600),
		os.WriteFile(filepath.Join(r.folder, "go.sum"), []byte(read(r.t, "go.sum")), 0o600))
}

// run is go run: the program before ends, as by Ctrl-C, and the new one is
// waited for.
func (r *reader) run() error {
	if r.program != nil {
		r.program.stop(r.t)
	}
	binary := filepath.Join(r.t.TempDir(), "office")
	build(r.t, r.folder, ".", binary, goEnv())
	var env []string
	for name, value := range r.variables {
		env = append(env, name+"="+value)
	}
	r.program = start(r.t, r.folder, binary, env)
	r.program.until(r.t, "no server at "+r.listen, func() (bool, string) {
		conn, err := (&net.Dialer{}).DialContext(r.t.Context(), "tcp", r.listen)
		if err != nil {
			return false, err.Error()
		}
		return true, fmt.Sprint(conn.Close())
	})
	return nil
}

func (r *reader) curl(words []string, want string) error {
	c, err := curl(words)
	if err != nil {
		return err
	}
	client := r.client
	if strings.HasPrefix(c.target, "https:") {
		client = r.proxy.Client()
	}
	what := "answered not what the guide shows"
	r.program.until(r.t, what, func() (bool, string) {
		body, final, err := c.send(r.t.Context(), client)
		switch ok := err == nil && shows(want, body); {
		case ok:
			return true, ""
		case final:
			r.t.Fatalf("%s %s %s: got %s, %v\nwant %s", c.method, c.target, what, body, err, want)
		}
		return false, body + fmt.Sprint(err)
	})
	return nil
}

// look opens the dashboard in a browser, reads what the program prints then,
// and follows the set-up link in it.
func (r *reader) look(b block) error {
	base, client := "http://"+r.listen, r.client
	if public := r.variables["PUBLIC_URL"]; public != "" {
		base, client = public, r.proxy.Client()
	}
	if _, _, err := (call{method: http.MethodGet, target: base + "/"}).send(r.t.Context(), client); err != nil {
		return err
	}
	var printed string
	r.program.until(r.t, "the program did not print what the guide shows", func() (bool, string) {
		printed = r.program.output.String()
		return says(b.text, printed), b.text
	})
	_, token, ok := strings.Cut(printed, base+"/setup#")
	if !ok {
		return errors.New("there is no set-up link in it")
	}
	token, _, _ = strings.Cut(token, "\n")
	a := r.post(client, base+"/api/v1/setup", map[string]any{"token": token, "email": email, "name": "Ada", "password": password}, nil)
	for _, cookie := range a.Cookies() {
		if strings.HasPrefix(base, "https:") && (!cookie.Secure || !strings.HasPrefix(cookie.Name, "__Host-")) {
			return fmt.Errorf("cookie %s is not bound to this host", cookie.Name)
		}
	}
	if a.StatusCode != http.StatusCreated || len(a.Cookies()) == 0 {
		return fmt.Errorf("set-up answered %s, with cookies %v", a.Status, a.Cookies())
	}
	return nil
}

// apiKey makes a key as the dialog does: with all permissions of two modules.
func (r *reader) apiKey() string {
	base := "http://" + r.listen + "/api/v1/"
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	r.post(r.client, base+"auth/login", map[string]any{"email": email, "password": password, "delivery": "token"}, &grant)
	bearer := http.Header{"Authorization": {"Bearer " + grant.AccessToken}}
	body, _, err := call{method: http.MethodGet, target: base + "permissions", header: bearer}.send(r.t.Context(), r.client)
	if err != nil {
		r.t.Fatal(err)
	}
	var known struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &known); err != nil {
		r.t.Fatalf("permissions: %v in %s", err, body)
	}
	var chosen []string
	for _, p := range known.Items {
		if strings.HasPrefix(p.ID, "dashboard.") || strings.HasPrefix(p.ID, "helpdesk.") {
			chosen = append(chosen, p.ID)
		}
	}
	var made struct{ Key string }
	r.post(r.client, base+"api-keys", map[string]any{"name": "guide", "permissions": chosen}, &made, "Authorization", bearer.Get("Authorization"))
	if !strings.HasPrefix(made.Key, "dsh_") {
		r.t.Fatalf("got key %q of permissions %q", made.Key, chosen)
	}
	return made.Key
}

// post sends JSON as the page does. The answer's body is in out.
func (r *reader) post(client *http.Client, target string, in, out any, headers ...string) *http.Response {
	r.t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		r.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, target, strings.NewReader(string(text)))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	a, err := client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	raw, err := io.ReadAll(a.Body)
	if err := errors.Join(err, a.Body.Close()); err != nil {
		r.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			r.t.Fatalf("POST %s: %v in %s", target, err, raw)
		}
	}
	return a
}

// freeAddress is below the ports that systems give out by themselves, so that it
// is still free when the program starts again.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		n, err := rand.Int(rand.Reader, big.NewInt(12000))
		if err != nil {
			t.Fatal(err)
		}
		addr := fmt.Sprintf("localhost:%d", 20000+n.Int64())
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr)
		if err != nil {
			continue // taken
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return addr
	}
	t.Fatal("no port is free")
	return ""
}
