package dashboard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/featureflag"
)

// flagged has what flags can gate.
func flagged(id string, more ...func(*dashboard.Router)) dashboard.Module {
	return dashboard.Func(dashboard.Manifest{ID: id, Version: "1.0.0", Permissions: []dashboard.Permission{permRead, permWrite}}, func(r *dashboard.Router) error {
		answer := func(ctx context.Context, _ none) (note, error) {
			return note{Text: fmt.Sprint(featureflag.String(ctx, "words", "none"))}, nil
		}
		dashboard.Get(r, "/open", answer, dashboard.Require(permRead))
		dashboard.Get(r, "/both", answer, dashboard.Require(permRead), dashboard.Flag("gate"))
		dashboard.Post(r, "/both", answer, dashboard.Require(permWrite))
		dashboard.Get(r, "/gated", answer, dashboard.Require(permWrite), dashboard.Flag("gate"), dashboard.Flag("second"))
		dashboard.Get(r, "/public", answer, dashboard.Public(), dashboard.Flag("gate"))
		r.Panel(dashboard.Markdown("gated", "Gated", func(context.Context) (dashboard.MarkdownData, error) {
			return dashboard.MarkdownData{Markdown: "here"}, nil
		}, dashboard.Require(permRead), dashboard.Flag("gate")))
		for _, one := range more {
			one(r)
		}
		return nil
	})
}

const onForAll = `{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"on"}`

// onFor is a flag that is on for one address.
func onFor(email string) string {
	return `{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"off","targeting":{"if":[{"==":[{"var":"email"},"` + email + `"]},"on"]}}`
}

// setFlag stores a definition, whatever is there.
func (s *server) setFlag(key, definition string) {
	s.t.Helper()
	body := map[string]any{"definition": json.RawMessage(definition)}
	if a := s.owner().do("PUT", "/api/v1/flags/"+key, body, "If-None-Match", "*"); a.status == http.StatusPreconditionFailed {
		s.owner().do("PUT", "/api/v1/flags/"+key, body, "If-Match", "*").wantStatus(http.StatusOK)
	} else {
		a.wantStatus(http.StatusCreated)
	}
}

// What is behind a flag that is off cannot be told from what does not exist.
func TestFlagsHideWhatTheyGate(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(flagged("shop"), flagged("lab", func(r *dashboard.Router) { r.Flag("lab") })))
	s.waitState("shop", "enabled")
	s.waitState("lab", "enabled")
	bea := s.member("bea", "shop.note.read", "shop.note.write", "lab.note.read", "dashboard.api.read")
	reader := s.member("carl", "shop.note.read")
	same := func(c caller, method, have, want string) {
		t.Helper()
		a, b := c.do(method, have, nil), c.do(method, want, nil)
		a.header.Del("X-Request-Id")
		b.header.Del("X-Request-Id")
		a.header.Del("Date")
		b.header.Del("Date")
		if a.status != b.status || !bytes.Equal(scrub(a), scrub(b)) || fmt.Sprint(a.header) != fmt.Sprint(b.header) {
			t.Errorf("%s %s: got %d %s %v, want %d %s %v", method, have, a.status, scrub(a), a.header, b.status, scrub(b), b.header)
		}
	}
	lists := func(c caller) string {
		t.Helper()
		var text strings.Builder
		for _, path := range []string{"/api/v1/panels", "/api/v1/auth/me/modules", "/api/v1/openapi.json"} {
			text.Write(c.get(path).body)
		}
		return text.String()
	}
	off := func() {
		t.Helper()
		for _, c := range []caller{bea, reader, s.as("")} {
			for _, path := range []string{"/gated", "/public", "/panels/gated"} {
				for _, method := range []string{"GET", "HEAD", "POST"} {
					same(c, method, "/api/v1/m/shop"+path, "/api/v1/m/shop/ghost")
				}
			}
			for _, path := range []string{"/open", "/gated", "/ghost", "/panels/gated", ""} {
				same(c, "GET", "/api/v1/m/lab"+path, "/api/v1/m/ghost"+path)
			}
			same(c, "GET", "/m/lab/assets/index.js", "/m/ghost/assets/index.js")
		}
		if a := bea.get("/api/v1/m/shop/both"); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "POST" {
			t.Errorf("the other method: got %d, Allow %q", a.status, a.header.Get("Allow"))
		}
		if a := bea.do("PUT", "/api/v1/m/shop/both", nil); a.header.Get("Allow") != "POST" {
			t.Errorf("Allow: got %q", a.header.Get("Allow"))
		}
		for _, word := range []string{"/gated", "m/lab/", `"lab"`, `"gated"`} {
			if strings.Contains(lists(bea), word) {
				t.Errorf("the lists hold %s while it is off", word)
			}
		}
	}
	off()
	s.setFlag("gate", onFor("bea@example.com"))
	s.setFlag("second", onForAll)
	s.setFlag("lab", onFor("bea@example.com"))
	bea.get("/api/v1/m/shop/gated").wantStatus(http.StatusOK)
	bea.get("/api/v1/m/shop/both").wantStatus(http.StatusOK)
	bea.get("/api/v1/m/shop/panels/gated").wantStatus(http.StatusOK)
	bea.get("/api/v1/m/lab/open").wantStatus(http.StatusOK)
	for _, word := range []string{"/m/shop/gated", "/m/lab/open", `"lab"`, `"gated"`} {
		if !strings.Contains(lists(bea), word) {
			t.Errorf("the lists do not hold %s while it is on", word)
		}
	}
	same(reader, "GET", "/api/v1/m/shop/gated", "/api/v1/m/shop/ghost")
	same(s.as(""), "GET", "/api/v1/m/shop/public", "/api/v1/m/shop/ghost")
	s.setFlag("gate", onForAll)
	reader.get("/api/v1/m/shop/gated").wantProblem(http.StatusForbidden, "permission-missing")
	s.as("").get("/api/v1/m/shop/public").wantStatus(http.StatusOK)
	for _, key := range []string{"gate", "lab"} {
		s.owner().do("POST", "/api/v1/flags/"+key+"/kill", map[string]any{"killed": true, "variant": "off"}).wantStatus(http.StatusOK)
	}
	off()
}

// A stream ends when its flag is switched off.
func TestFlagsEndStreams(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(flagged("shop", func(r *dashboard.Router) {
		dashboard.Get(r, "/ticks", func(context.Context, none) (dashboard.Stream, error) {
			return func(ctx context.Context, send func(string, any) error) error {
				if err := send("tick", 1); err != nil {
					return err
				}
				<-ctx.Done()
				return nil
			}, nil
		}, dashboard.Authenticated(), dashboard.Flag("ticks"))
	})))
	s.waitState("shop", "enabled")
	s.setFlag("ticks", onForAll)
	read := make(chan answer, 1)
	go func() { read <- s.owner().get("/api/v1/m/shop/ticks") }()
	eventually(t, "the stream is open", func() bool {
		var f struct{ Exposures int }
		s.owner().get("/api/v1/flags/ticks").decode(&f)
		return f.Exposures > 0
	})
	s.owner().do("POST", "/api/v1/flags/ticks/kill", map[string]any{"killed": true, "variant": "off"}).wantStatus(http.StatusOK)
	if a := <-read; a.status == http.StatusOK && !strings.Contains(string(a.body), "event: forbidden") {
		t.Errorf("got %s", a.body)
	}
}

func TestFlagsOfResources(t *testing.T) {
	t.Parallel()
	type thing struct {
		ID string `json:"id" resource:"key"`
	}
	s := newServer(t, dashboard.WithModules(flagged("shop", func(r *dashboard.Router) {
		dashboard.Resource(r, "things", list[thing]{}, dashboard.ReadWith(permRead), dashboard.Flag("things"))
	})))
	s.waitState("shop", "enabled")
	s.owner().get("/api/v1/m/shop/things").wantProblem(http.StatusNotFound, "not-found")
	s.owner().get("/api/v1/resources/shop/things").wantProblem(http.StatusNotFound, "not-found")
	s.setFlag("things", onForAll)
	s.owner().get("/api/v1/m/shop/things").wantStatus(http.StatusOK)
	s.owner().get("/api/v1/resources/shop/things").wantStatus(http.StatusOK)
}

// list is a collection of nothing.
type list[T any] struct{}

func (list[T]) List(_ context.Context, q dashboard.Query) (dashboard.Page[T], error) {
	return dashboard.PageOf(q, []T{})
}

func (list[T]) Read(context.Context, string) (out T, err error) { return out, dashboard.ErrNotFound }

func TestFlagMistakesStopTheStart(t *testing.T) {
	t.Parallel()
	ok := func(context.Context, none) (note, error) { return note{}, nil }
	provider := memprovider.NewInMemoryProvider(nil)
	for _, tt := range []struct {
		name string
		opts []dashboard.Option
		want string
	}{
		{"no key", []dashboard.Option{dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "bad", Version: "1.0.0"}, func(r *dashboard.Router) error {
			dashboard.Get(r, "/x", ok, dashboard.Public(), dashboard.Flag(""))
			return nil
		}))}, "is no key of a flag"},
		{"no key of the module", []dashboard.Option{dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "bad", Version: "1.0.0"}, func(r *dashboard.Router) error {
			r.Flag(" x")
			return nil
		}))}, "is no key of a flag"},
		{"twice", []dashboard.Option{dashboard.WithFlagFile("x"), dashboard.WithFlagProvider(provider)}, "exclude each other"},
		{"nil flags", []dashboard.Option{dashboard.WithFlags(nil)}, "nil flags"},
		{"nil provider", []dashboard.Option{dashboard.WithFlagProvider(nil)}, "nil provider"},
		{"no path", []dashboard.Option{dashboard.WithFlagFile("")}, "no path"},
		{"origin", []dashboard.Option{dashboard.WithFlagOrigins("example.com")}, "origin"},
	} {
		if _, err := dashboard.New(memory(t), tt.opts...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

// Who asks is the request's caller: in handlers, and for OpenFeature clients.
func TestFlagsKnowTheCaller(t *testing.T) {
	t.Parallel()
	type seen struct {
		Key        string         `json:"key"`
		Attributes map[string]any `json:"attributes"`
		Open       string         `json:"open"`
		Host       string         `json:"host"`
	}
	s := newServer(t, dashboard.WithModules(flagged("shop", func(r *dashboard.Router) {
		dashboard.Get(r, "/who", func(ctx context.Context, _ none) (seen, error) {
			who := featureflag.FromContext(ctx)
			return seen{Key: who.TargetingKey, Attributes: who.Attributes, Open: openfeature.TransactionContext(ctx).TargetingKey(),
				Host: featureflag.String(featureflag.WithContext(ctx, featureflag.Context{Attributes: map[string]any{"plan": "pro"}}), "words", "")}, nil
		}, dashboard.Authenticated())
	})))
	s.waitState("shop", "enabled")
	s.setFlag("words", `{"state":"ENABLED","variants":{"none":"","both":"ada and pro"},"defaultVariant":"none",
		"targeting":{"if":[{"and":[{"==":[{"var":"email_domain"},"example.com"]},{"==":[{"var":"plan"},"pro"]}]},"both"]}}`)
	var got, me seen
	s.owner().get("/api/v1/m/shop/who").wantStatus(http.StatusOK).decode(&got)
	var account struct{ ID string }
	s.owner().get("/api/v1/auth/me").decode(&account)
	if got.Key == "" || got.Key != got.Open || got.Key != got.Attributes["id"] || got.Attributes["email_domain"] != "example.com" ||
		got.Attributes["api_key"] != false || fmt.Sprint(got.Attributes["roles"]) != "[owner]" || got.Host != "ada and pro" {
		t.Errorf("got %+v", got)
	}
	_, key := newKey(t, s.owner(), "*")
	s.as(key).get("/api/v1/m/shop/who").wantStatus(http.StatusOK).decode(&me)
	if me.Key != got.Key || me.Attributes["api_key"] != true {
		t.Errorf("with an API key: got %+v", me)
	}
}

// newKey makes an API key.
func newKey(t *testing.T, c caller, permissions ...string) (id, key string) {
	t.Helper()
	var made struct{ ID, Key string }
	c.do("POST", "/api/v1/api-keys", map[string]any{"name": "flags", "permissions": permissions}).wantStatus(http.StatusCreated).decode(&made)
	return made.ID, made.Key
}

func TestFlagsOfAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "flags.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"flags":{"gate":` + onForAll + `}}`)
	s := newServer(t, dashboard.WithModules(flagged("shop")), dashboard.WithFlagFile(path))
	s.waitState("shop", "enabled")
	s.owner().get("/api/v1/m/shop/both").wantStatus(http.StatusOK)
	a := s.owner().get("/api/v1/flags/gate").wantStatus(http.StatusOK)
	if a.header.Get("ETag") != `"0"` || !strings.Contains(string(a.body), `"source":"file"`) {
		t.Errorf("got %s %s", a.header.Get("ETag"), a.body)
	}
	s.owner().do("DELETE", "/api/v1/flags/gate", nil, "If-Match", `"0"`).wantProblem(http.StatusConflict, "flag-in-file")
	s.owner().do("POST", "/api/v1/flags/gate/kill", map[string]any{"killed": true, "variant": "off"}).wantStatus(http.StatusOK)
	s.owner().get("/api/v1/m/shop/both").wantStatus(http.StatusMethodNotAllowed)
	s.owner().do("DELETE", "/api/v1/flags/gate", nil, "If-Match", `"1"`).wantStatus(http.StatusNoContent)
	s.owner().get("/api/v1/m/shop/both").wantStatus(http.StatusOK)
	write(`{"flags":{"gate":` + onFor("nobody@example.com") + `}}`)
	eventually(t, "the file is read again", func() bool { return s.owner().get("/api/v1/m/shop/both").status != http.StatusOK })
	if _, err := dashboard.New(memory(t), dashboard.WithFlagFile(path+"x")); err != nil {
		t.Errorf("New reads the file: %v", err)
	}
	d, err := dashboard.New(memory(t), dashboard.WithFlagFile(path+"x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "flag file") {
		t.Errorf("a file that is not there: got %v", err)
	}
	if err := d.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFlagsFromElsewhere(t *testing.T) {
	t.Parallel()
	own := featureflag.New()
	set, err := featureflag.Parse([]byte(`{"flags":{"gate":` + onForAll + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	own.Replace(set)
	other := memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{"gate": {
		Key: "gate", State: memprovider.Enabled, DefaultVariant: "on", Variants: map[string]any{"on": true, "off": false}}})
	for name, tt := range map[string]struct {
		opt  dashboard.Option
		keys string
	}{
		"flags":    {dashboard.WithFlags(own), `"key":"gate"`},
		"provider": {dashboard.WithFlagProvider(other), `"items":[]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, dashboard.WithModules(flagged("shop")), tt.opt)
			s.waitState("shop", "enabled")
			s.owner().get("/api/v1/m/shop/both").wantStatus(http.StatusOK)
			if a := s.owner().get("/api/v1/flags").wantStatus(http.StatusOK); !strings.Contains(string(a.body), tt.keys) {
				t.Errorf("got %s", a.body)
			}
			s.owner().do("PUT", "/api/v1/flags/x", map[string]any{"definition": json.RawMessage(onForAll)}, "If-None-Match", "*").wantProblem(http.StatusConflict, "flags-elsewhere")
			if a := s.owner().do("POST", "/api/v1/flags/explain", map[string]any{"key": "gate"}).wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"variant":"on"`) {
				t.Errorf("got %s", a.body)
			}
			s.owner().do("POST", "/api/v1/flags/gate/kill", map[string]any{"killed": true}).wantProblem(http.StatusConflict, "flags-elsewhere")
			s.owner().do("POST", "/api/v1/flags/import", json.RawMessage(`{"flags":{}}`)).wantProblem(http.StatusConflict, "flags-elsewhere")
		})
	}
}
