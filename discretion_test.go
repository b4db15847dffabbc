package dashboard_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// babblerSettings hold a secret that looks like nothing in particular.
type babblerSettings struct {
	Host string           `json:"host"`
	Word dashboard.Secret `json:"word"`
}

// hoard has its secret where fmt looks and no method hides it.
type hoard struct{ word dashboard.Secret }

// babbler logs everything it gets hold of, in every way there is. Control gets
// the same without redaction.
type babbler struct {
	host     *dashboard.Host
	control  *slog.Logger
	settings atomic.Pointer[babblerSettings]
}

func (*babbler) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "babbler", Version: "1.0.0"}
}

func (m *babbler) Provision(h *dashboard.Host) error { m.host = h; return nil }

func (m *babbler) Settings() dashboard.Settings {
	return dashboard.SettingsOf(babblerSettings{Host: "localhost"}, func(ctx context.Context, s babblerSettings) error {
		m.settings.Store(&s)
		m.say(ctx, nil)
		return nil
	})
}

func (m *babbler) Health(context.Context) error {
	return errors.New("cannot sign in with " + m.settings.Load().Word.Reveal())
}

func (m *babbler) Routes(r *dashboard.Router) error {
	babble := func(w http.ResponseWriter, q *http.Request) {
		m.say(q.Context(), q)
		w.WriteHeader(http.StatusNoContent)
	}
	r.Handle("GET /say", http.HandlerFunc(babble), dashboard.Public())
	r.Handle("POST /say", http.HandlerFunc(babble), dashboard.Public())
	dashboard.Get(r, "/fail", func(context.Context, struct{}) (struct{}, error) {
		return struct{}{}, fmt.Errorf("dial smtp://relay:%[1]s@mail: refused %[1]s", m.settings.Load().Word.Reveal())
	}, dashboard.Public())
	dashboard.Get(r, "/panic", func(context.Context, struct{}) (struct{}, error) {
		panic(hoard{m.settings.Load().Word})
	}, dashboard.Public())
	dashboard.Get(r, "/background", func(context.Context, struct{}) (struct{}, error) {
		return struct{}{}, m.host.Go(func(context.Context) { panic("word: " + m.settings.Load().Word.Reveal()) })
	}, dashboard.Public())
	return nil
}

func (m *babbler) say(ctx context.Context, r *http.Request) {
	s := m.settings.Load()
	word := s.Word.Reveal()
	for _, log := range []*slog.Logger{m.host.Log(), m.control} {
		log.DebugContext(ctx, "settings", "settings", s, "again", *s, "hoard", hoard{s.Word}, "map", map[string]any{"s": s, "word": s.Word})
		log.InfoContext(ctx, "the word is "+word, "in_text", "say "+word+"!", "error", fmt.Errorf("no: %w", errors.New(word)))
		log.WithGroup("g").With("a", word).WarnContext(ctx, "group", slog.Group("b", slog.String("c", word)), slog.Any("list", []string{word}), slog.Any("bytes", []byte(word)))
		if r == nil {
			continue
		}
		log.InfoContext(ctx, "request", "request", r, "header", r.Header, "cookies", r.Cookies(), "text", fmt.Sprint(r.Header))
		for name, values := range r.Header {
			log.ErrorContext(ctx, "header", slog.Any(name, values), slog.String("as_text", name+": "+strings.Join(values, ", ")))
		}
	}
}

// tape is a log that many write to.
type tape struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (t *tape) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out.Write(b)
}

func (t *tape) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out.String()
}

// twice writes each record as text and as JSON.
type twice struct{ text, js slog.Handler }

func everything(to *tape) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug - 4}
	return slog.New(twice{slog.NewTextHandler(to, options), slog.NewJSONHandler(to, options)})
}

func (h twice) Enabled(context.Context, slog.Level) bool { return true }
func (h twice) Handle(ctx context.Context, r slog.Record) error {
	return errors.Join(h.text.Handle(ctx, r), h.js.Handle(ctx, r))
}
func (h twice) WithAttrs(a []slog.Attr) slog.Handler {
	return twice{h.text.WithAttrs(a), h.js.WithAttrs(a)}
}
func (h twice) WithGroup(n string) slog.Handler { return twice{h.text.WithGroup(n), h.js.WithGroup(n)} }

// tour is a walk through the whole API that notes every secret on its way.
type tour struct {
	*server
	log, control tape
	secrets      map[string]string
}

// No secret that the system knows of reaches a record of any level: not by our
// own code, and not by a module that logs whatever it has.
func TestNoSecretReachesTheLog(t *testing.T) {
	t.Parallel()
	o := startTour(t)
	o.accounts()
	o.module()
	o.everyEndpoint()
	o.check()
}

func startTour(t *testing.T) *tour {
	t.Helper()
	o := &tour{secrets: map[string]string{}}
	key := bytes.Repeat([]byte("0123456789abcde\xf7"), 2)
	o.secrets["master key, base64"] = base64.StdEncoding.EncodeToString(key)
	o.secrets["master key, hex"] = hex.EncodeToString(key)
	o.secrets["master key, numbers"] = strings.Trim(fmt.Sprintf("%d", key), "[]")
	link := make(chan string, 1)
	d, err := dashboard.New(memory(t), dashboard.WithFastPasswords(), dashboard.WithLogger(everything(&o.log)),
		dashboard.WithMasterKeys(dashboard.MasterKey{ID: "k1", Key: key}), dashboard.WithSetupLink(func(l string) { link <- l }),
		dashboard.WithModules(&babbler{control: everything(&o.control)}, &talker{}))
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(d)
	o.server = remoteServer(t, web.URL)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		web.CloseClientConnections()
		web.Close()
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, o.secrets["set-up token"], _ = strings.Cut(<-link, "#")
	return o
}

// accounts sets up, signs in in every way, mistypes, refreshes, makes and uses
// keys.
func (o *tour) accounts() {
	o.secrets["password"] = ownerPassword
	o.secrets["wrong password"] = "wrong horse battery staple"
	o.secrets["password of another"] = "another horse battery staple"
	nobody := o.as("")
	nobody.do("POST", "/api/v1/setup", map[string]string{"token": "wrong-" + o.secrets["set-up token"], "email": ownerEmail, "password": ownerPassword})
	nobody.do("POST", "/api/v1/setup", map[string]string{"token": o.secrets["set-up token"], "email": ownerEmail, "password": ownerPassword}).wantStatus(http.StatusCreated)
	nobody.do("POST", "/api/v1/auth/login", map[string]string{"email": ownerEmail, "password": o.secrets["wrong password"]}).wantStatus(http.StatusUnauthorized)
	var grant struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	login := map[string]string{"email": ownerEmail, "password": ownerPassword, "delivery": "token"}
	nobody.do("POST", "/api/v1/auth/login", login).wantStatus(http.StatusOK).decode(&grant)
	o.secrets["access token"], o.secrets["refresh token"] = grant.AccessToken, grant.RefreshToken
	nobody.do("POST", "/api/v1/auth/refresh", map[string]string{"refresh_token": grant.RefreshToken}).wantStatus(http.StatusOK).decode(&grant)
	o.secrets["second access token"], o.secrets["second refresh token"] = grant.AccessToken, grant.RefreshToken
	o.token = grant.AccessToken
	nobody.do("POST", "/api/v1/auth/refresh", map[string]string{"refresh_token": grant.RefreshToken + "x"})
	o.as(o.token + "x").get("/api/v1/auth/me").wantStatus(http.StatusUnauthorized)
	signed := nobody.do("POST", "/api/v1/auth/login", map[string]string{"email": ownerEmail, "password": ownerPassword}, "Sec-Fetch-Site", "same-origin").wantStatus(http.StatusOK)
	for _, c := range (&http.Response{Header: signed.header}).Cookies() {
		o.secrets["cookie "+c.Name] = c.Value
	}
	o.owner().do("POST", "/api/v1/users", map[string]any{"email": "grace@example.com", "password": o.secrets["password of another"]}).wantStatus(http.StatusCreated)
	o.owner().do("POST", "/api/v1/users", map[string]any{"email": "grace@example.com", "password": o.secrets["password of another"]}).wantStatus(http.StatusConflict)
	var made struct{ Key string }
	o.owner().do("POST", "/api/v1/api-keys", map[string]any{"name": "ci", "permissions": []string{"*"}}).wantStatus(http.StatusCreated).decode(&made)
	o.secrets["API key"] = made.Key
}

// credentials are all secrets that a request may carry, in one. Two keys would be
// one too many.
func (o *tour) credentials(header string) []string {
	var cookies []string
	for _, name := range slices.Sorted(maps.Keys(o.secrets)) {
		if cookie, ok := strings.CutPrefix(name, "cookie "); ok {
			cookies = append(cookies, cookie+"="+o.secrets[name])
		}
	}
	key := o.secrets["API key"]
	if header == "Authorization" {
		key = "Bearer " + key
	}
	return []string{header, key, "Cookie", strings.Join(cookies, "; ")}
}

// module gives the babbler its word, changes it, and lets it talk.
func (o *tour) module() {
	const at = "/api/v1/modules/babbler/settings"
	o.secrets["secret setting"] = "mellon, speak friend and enter"
	o.secrets["new secret setting"] = "Swordfish-Swordfish-Swordfish"
	o.owner().do("PUT", at, map[string]any{"values": map[string]any{"host": "a", "word": o.secrets["secret setting"]}}, "If-Match", "*").wantStatus(http.StatusOK)
	o.owner().do("PUT", at, map[string]any{"values": map[string]any{"host": 7, "word": o.secrets["secret setting"]}}, "If-Match", "*")
	for _, path := range []string{"say", "fail", "panic", "background"} {
		for _, header := range []string{"Authorization", "X-Api-Key"} {
			if a := o.as("").get("/api/v1/m/babbler/"+path, o.credentials(header)...); a.status == http.StatusUnauthorized {
				o.t.Fatalf("%s: the key is not taken: %s", header, a.body)
			}
		}
	}
	o.owner().do("PUT", at, map[string]any{"values": map[string]any{"host": "b", "word": o.secrets["new secret setting"]}}, "If-Match", "*").wantStatus(http.StatusOK)
	o.as("").get("/api/v1/m/babbler/say", o.credentials("Authorization")...)
}

// everyEndpoint calls all that the documentation lists, with every credential
// and with secrets in the body under names that fit and names that do not.
func (o *tour) everyEndpoint() {
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	o.owner().get("/api/v1/openapi.json").wantStatus(http.StatusOK).decode(&document)
	body := map[string]any{"values": map[string]string{"word": o.secrets["secret setting"]}, "extra": o.secrets["wrong password"]}
	for name, secret := range o.secrets {
		body[strings.ReplaceAll(name, " ", "_")] = secret
	}
	calls := 0
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for method, operation := range document.Paths[path] {
			if !slices.Contains([]string{"get", "head", "post", "put", "patch", "delete"}, method) || bytes.Contains(operation, []byte("text/event-stream")) {
				continue
			}
			where := parameters.ReplaceAllStringFunc(path, func(p string) string {
				if method == "get" && (p == "{id}" || p == "{module}") {
					return "babbler"
				}
				return "none"
			})
			var sent any
			if method != "get" {
				sent = body
			}
			o.as("").do(strings.ToUpper(method), where, sent, o.credentials("Authorization")...)
			calls++
		}
	}
	if calls < 40 {
		o.t.Fatalf("called %d endpoints, want all", calls)
	}
	o.act("talker", "disable", "installed")
	o.act("talker", "enable", "enabled")
	o.as(o.secrets["API key"]).do("POST", "/api/v1/auth/logout", nil)
}

var parameters = regexp.MustCompile(`\{[^}]*\}`)

// check reads all that was logged, as the host and as the log's own list have it.
func (o *tour) check() {
	shown := ""
	for cursor := ""; ; {
		page := o.owner().get("/api/v1/system/logs?level=debug&limit=200&cursor=" + cursor).wantStatus(http.StatusOK)
		shown += string(page.body)
		var next logPage
		page.decode(&next)
		if cursor = next.NextCursor; cursor == "" {
			break
		}
	}
	logged, control := o.log.String(), o.control.String()
	for _, must := range []string{`msg=request `, `"msg":"request"`, "module panicked", "endpoint failed", "[redacted]", "module=babbler", `"request_id":"`} {
		if !strings.Contains(logged, must) {
			o.t.Errorf("the log does not have %s: is it the log of a tour?", must)
		}
	}
	for name, secret := range o.secrets {
		if len(secret) < 12 {
			o.t.Errorf("%s: %q is no secret", name, secret)
		}
		for where, text := range map[string]string{"log": logged, "list of the log": shown} {
			for _, form := range []string{secret, strings.ReplaceAll(secret, "\"", "\\\""), base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%d", []byte(secret))} {
				if at := strings.Index(text, form); at >= 0 {
					o.t.Errorf("the %s holds the %s: %s", where, name, text[max(0, at-200):min(len(text), at+len(form)+50)])
				}
			}
		}
	}
	for _, name := range []string{"secret setting", "new secret setting", "API key", "cookie " + o.cookieName()} {
		if !strings.Contains(control, o.secrets[name]) {
			o.t.Errorf("without redaction the %s is not logged either: the test shows nothing", name)
		}
	}
}

func (o *tour) cookieName() string {
	for name := range o.secrets {
		if cookie, ok := strings.CutPrefix(name, "cookie "); ok && strings.HasSuffix(cookie, "-refresh") {
			return cookie
		}
	}
	o.t.Error("no refresh cookie")
	return ""
}
