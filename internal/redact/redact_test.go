package redact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/redact"
)

// hush is what no output may hold.
const hush = "hunter2-Xyzzy"

// opaque is what the settings of a module use: it prints nothing of itself, but
// fmt looks inside where the field is not exported.
type opaque struct{ text string }

func (opaque) IsSecret() bool { return true }
func (opaque) String() string { return "[secret]" }

type login struct {
	Email    string
	Password string
}

type client struct {
	name string
	key  opaque
}

type tagged struct {
	Name  string `json:"name"`
	Value string `json:"client_secret"`
}

type nested struct {
	Name  string
	Inner map[string]any
}

type node struct {
	Name string
	Next *node
}

type valuer struct{}

func (valuer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", "ada"), slog.String("api_key", hush))
}

type marshaler struct{ secret string }

func (m marshaler) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, `{"name":"ada","token":%q}`, m.secret), nil
}

type stringer struct{ Secret string }

func (s stringer) String() string { return "password=" + s.Secret }

// frank says more in %+v than elsewhere, as errors with a stack do.
type frank struct{ secret string }

func (f frank) Format(s fmt.State, verb rune) {
	if s.Flag('+') && verb == 'v' {
		_, _ = fmt.Fprint(s, "token="+f.secret)
		return
	}
	_, _ = fmt.Fprint(s, "frank")
}

type frankError struct{ frank }

func (frankError) Error() string { return "no entry" }

// reply is an error that JSON shows as what it holds.
type reply struct{ marshaler }

func (reply) Error() string { return "refused" }

type bomb struct{}

func (bomb) String() string { panic("boom") }

// both prints one record as text and as JSON.
func both(t *testing.T, log func(*slog.Logger)) string {
	t.Helper()
	var text, js bytes.Buffer
	r := redact.New("x-house-key")
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	log(slog.New(r.Handler(slog.NewTextHandler(&text, options))))
	log(slog.New(r.Handler(slog.NewJSONHandler(&js, options))))
	return text.String() + js.String()
}

func attr(key string, value any) func(*slog.Logger) {
	return func(l *slog.Logger) { l.Info("m", key, value) }
}

func TestSecretsDoNotPass(t *testing.T) {
	address, err := url.Parse("https://ada:" + hush + "@example.com/x?token=" + hush + "#" + hush)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://example.com/a?api_key="+hush, strings.NewReader(hush))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+hush)
	request.Header.Set("X-Api-Key", hush)
	request.AddCookie(&http.Cookie{Name: "dashboard-8080-refresh", Value: hush})
	ring := &node{Name: "token=" + hush}
	ring.Next = ring
	for name, log := range map[string]func(*slog.Logger){
		"key":                   attr("password", hush),
		"key in another case":   attr("DB_PassWord", hush),
		"key of several words":  attr("clientSecret", hush),
		"key at the end":        attr("set-cookie", hush),
		"plural":                attr("tokens", []string{hush}),
		"number":                func(l *slog.Logger) { l.Info("m", "otp", 8675309) },
		"key of one's own":      attr("X_House_Key", hush),
		"message":               func(l *slog.Logger) { l.Info("dial postgres://ada:" + hush + "@db/ops failed") },
		"text":                  attr("note", "tried with password="+hush+", no luck"),
		"bearer":                attr("sent", "Authorization: Bearer "+hush),
		"group":                 func(l *slog.Logger) { l.Info("m", slog.Group("db", slog.String("password", hush))) },
		"group of secrets":      func(l *slog.Logger) { l.Info("m", slog.Group("credentials", slog.String("a", hush))) },
		"deep group":            func(l *slog.Logger) { l.Info("m", slog.Group("a", slog.Group("b", slog.Any("c", login{"a", hush})))) },
		"with":                  func(l *slog.Logger) { l.With("token", hush).Info("m") },
		"with in a group":       func(l *slog.Logger) { l.WithGroup("g").With("token", hush).Info("m") },
		"group by name":         func(l *slog.Logger) { l.WithGroup("cookies").Info("m", "a", hush) },
		"with in group by name": func(l *slog.Logger) { l.WithGroup("cookies").With("a", hush).Info("m") },
		"secret type":           attr("v", opaque{hush}),
		"secret type, pointer":  attr("v", &opaque{hush}),
		"secret not exported":   attr("v", client{"ada", opaque{hush}}),
		"secret, list":          attr("v", []opaque{{hush}}),
		"secret, map":           attr("v", map[string]opaque{"a": {hush}}),
		"struct":                attr("v", login{"ada@example.com", hush}),
		"struct, pointer":       attr("v", &login{"ada@example.com", hush}),
		"struct, tag":           attr("v", tagged{"ada", hush}),
		"list of structs":       attr("v", []login{{"a", ""}, {"b", hush}}),
		"array":                 attr("v", [1]login{{"b", hush}}),
		"map":                   attr("v", map[string]string{"password": hush}),
		"map, number":           attr("v", map[int]string{1: "token=" + hush}),
		"map in a struct":       attr("v", nested{"a", map[string]any{"b": map[string]any{"api_key": hush}}}),
		"map of anything":       attr("v", map[any]any{"password": hush}),
		"map key":               attr("v", map[string]int{"token=" + hush: 1}),
		"value":                 attr("v", valuer{}),
		"value in a list":       attr("v", []any{valuer{}}),
		"error":                 attr("error", fmt.Errorf("sign in: %w", errors.New("password="+hush))),
		"joined errors":         attr("error", errors.Join(errors.New("x"), errors.New(`{"token":"`+hush+`"}`))),
		"error in a struct":     attr("v", struct{ Err error }{errors.New("token=" + hush)}),
		"formatter":             attr("v", frank{hush}),
		"formatter in a list":   attr("v", []any{frank{hush}}),
		"error in %+v":          attr("error", frankError{frank{hush}}),
		"error in JSON":         attr("error", reply{marshaler{hush}}),
		"marshaler":             attr("v", marshaler{hush}),
		"stringer":              attr("v", stringer{hush}),
		"raw JSON":              attr("v", json.RawMessage(`{"refresh_token": "`+hush+`"}`)),
		"bytes":                 attr("v", []byte("token="+hush)),
		"header":                attr("v", request.Header),
		"request":               attr("v", request),
		"response":              attr("v", &http.Response{Header: http.Header{"Set-Cookie": {"a=" + hush}}}),
		"cookie":                attr("v", &http.Cookie{Name: "theme", Value: hush}),
		"cookies":               attr("v", request.Cookies()),
		"address":               attr("v", address),
		"address, text":         attr("v", address.String()),
		"form":                  attr("v", url.Values{"password": {hush}}),
		"cycle":                 attr("v", ring),
		"panic":                 attr("v", []any{bomb{}, "token=" + hush}),
		"set-up link":           attr("link", "http://localhost:8080/setup#"+hush),
		"%+v of a struct":       attr("v", fmt.Sprintf("%+v", login{"a", hush})),
		"%v of a header":        attr("v", fmt.Sprint(request.Header)),
		"%q of JSON":            attr("v", fmt.Sprintf("%q", `{"token":"`+hush+`"}`)),
		"private key":           attr("v", "-----BEGIN EC PRIVATE KEY-----\n"+hush+"\n-----END EC PRIVATE KEY-----"),
	} {
		out := both(t, log)
		if strings.Contains(out, hush) || strings.Contains(out, "8675309") || strings.Contains(out, fmt.Sprintf("%d", []byte(hush))) {
			t.Errorf("%s: %s", name, out)
		}
		if !strings.Contains(out, "[redacted]") && !strings.Contains(out, "v=map[]") {
			t.Errorf("%s: no mark in %s", name, out)
		}
	}
}

// What is no secret is printed as if nobody had looked.
func TestTheRestPasses(t *testing.T) {
	when := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for name, log := range map[string]func(*slog.Logger){
		"kinds":     func(l *slog.Logger) { l.Info("m", "i", 1, "f", 1.5, "b", true, "d", time.Second, "t", when, "s", "x") },
		"counts":    func(l *slog.Logger) { l.Info("m", "input_tokens", 512, "tokens", uint64(9)) },
		"yes or no": func(l *slog.Logger) { l.Info("m", "has_password", true) },
		"prose": func(l *slog.Logger) {
			l.Info("invalid token: it has expired", "error", errors.New("password: too short"))
		},
		"bearer":       func(l *slog.Logger) { l.Info("Bearer token is missing") },
		"empty secret": func(l *slog.Logger) { l.Info("m", "password", "") },
		"struct":       attr("v", struct{ A, B int }{1, 2}),
		"time":         attr("v", []time.Time{when}),
		"nil":          attr("v", nil),
		"nil pointer":  attr("v", (*login)(nil)),
		"nil request":  attr("v", (*http.Request)(nil)),
		"no password":  attr("v", "https://example.com:8080/a@b?x=1#top"),
		"short":        attr("v", "sk-1 dsh_x eyJ.a.b e A g x :// = : # -"),
		"public key":   attr("v", "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----"),
		"monkey":       attr("v", "monkey=1 keyboard=de"),
	} {
		var plain bytes.Buffer
		drop := func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
		options := &slog.HandlerOptions{ReplaceAttr: drop}
		log(slog.New(slog.NewTextHandler(&plain, options)))
		log(slog.New(slog.NewJSONHandler(&plain, options)))
		var got bytes.Buffer
		r := redact.New()
		log(slog.New(r.Handler(slog.NewTextHandler(&got, options))))
		log(slog.New(r.Handler(slog.NewJSONHandler(&got, options))))
		if got.String() != plain.String() {
			t.Errorf("%s: got\n%swant\n%s", name, &got, &plain)
		}
	}
}

func TestHugeValueIsBounded(t *testing.T) {
	list := make([]any, 100_000)
	for i := range list {
		list[i] = map[string]string{"token": hush}
	}
	out := both(t, attr("v", list))
	if strings.Contains(out, hush) || len(out) > 200_000 {
		t.Errorf("got %d bytes", len(out))
	}
	deep := any("token=" + hush)
	for range 100 {
		deep = []any{deep}
	}
	if out := both(t, attr("v", deep)); strings.Contains(out, hush) {
		t.Error(out)
	}
}

func TestErrorKeepsItsIdentity(t *testing.T) {
	cause := errors.New("no secret in here")
	got := redact.New().Attr(slog.Any("error", cause))
	if got.Value.Any() != cause { //nolint:errorlint // the very same
		t.Errorf("got %v, want the error itself", got.Value)
	}
}

func TestHandlerKeepsTheRules(t *testing.T) {
	var out bytes.Buffer
	h := redact.New().Handler(slog.NewJSONHandler(&out, nil))
	err := slogtest.TestHandler(h, func() []map[string]any {
		var all []map[string]any
		for line := range strings.Lines(out.String()) {
			var m map[string]any
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}
			all = append(all, m)
		}
		return all
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRecordWithoutSecretCostsNothing(t *testing.T) {
	log := slog.New(redact.New().Handler(slog.DiscardHandler))
	r := redact.New()
	text := "the module billing was enabled in 12 ms by ada@example.com: 4 endpoints, 2 panels"
	if n := testing.AllocsPerRun(100, func() { r.Text(text) }); n != 0 {
		t.Errorf("text: got %v allocations, want 0", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		log.LogAttrs(t.Context(), slog.LevelInfo, text, slog.String("module", "billing"), slog.Int("endpoints", 4))
	}); n != 0 {
		t.Errorf("record: got %v allocations, want 0", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	h := redact.New().Handler(slog.DiscardHandler)
	record := slog.NewRecord(time.Now(), slog.LevelInfo, "the module was enabled", 0)
	record.AddAttrs(slog.String("module", "billing"), slog.Int("endpoints", 4), slog.String("request_id", "0123456789abcdef01234567"))
	b.ReportAllocs()
	for b.Loop() {
		if err := h.Handle(b.Context(), record); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzText(f *testing.F) {
	r := redact.New()
	for _, s := range []string{"", "password=x", `{"token":"a\"b"}`, "://a:b@c", "Bearer 0123456789abcdef", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln",
		"Cookie: a=b; c=d\nHost: x", "map[Cookie:[a=b c=d]]", "-----BEGIN PRIVATE KEY-----\nx", "/setup#abc", "token=[redacted]", `"{\"token\":\"x\"}"`} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		once := r.Text(before)
		if twice := r.Text(once); twice != once {
			t.Errorf("not stable: %q, then %q, then %q", before, once, twice)
		}
		text := before + " access_token=" + hush + "\n" + after
		if got := r.Text(text); strings.Contains(got, hush) && !strings.Contains(before, hush) && !strings.Contains(after, hush) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
