package settings_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/problem"
	"github.com/modular-dashboard/dashboard/internal/settings"
)

type embedded struct {
	Name  string `json:"name"`
	Inner *inner
}

type inner struct {
	A     int               `json:"a,omitempty"`
	Again *inner            `json:"again,omitempty"`
	Free  map[string]string `json:"free,omitempty"`
}

type typed struct {
	embedded
	At    time.Time         `json:"at"`
	Free  map[string]string `json:"free"`
	List  []inner           `json:"list"`
	Named inner             `json:"named"`
	Any   any               `json:"any,omitempty"`
	Skip  string            `json:"-"`
}

func TestNew(t *testing.T) {
	t.Parallel()
	if _, err := settings.New(nil, settings.Options{}); err == nil {
		t.Error("without a database: got no error")
	}
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	db := open(t)
	withBox, err := settings.New(db, settings.Options{Box: box(t, "k1")})
	if err != nil {
		t.Fatal(err)
	}
	without, err := settings.New(db, settings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defaults := json.RawMessage(`{"a":{"b":"","n":1},"s":""}`)
	for name, tc := range map[string]struct {
		spec settings.Spec
		want string
	}{
		"defaults no JSON":     {settings.Spec{Defaults: json.RawMessage(`{`)}, "defaults"},
		"defaults no object":   {settings.Spec{Defaults: json.RawMessage(`1`)}, "not an object"},
		"type no struct":       {settings.Spec{Type: reflect.TypeFor[map[string]string]()}, "not a struct"},
		"default of no field":  {settings.Spec{Defaults: defaults, Type: reflect.TypeFor[inner]()}, "/s"},
		"pointer":              {settings.Spec{Defaults: defaults, Secrets: []string{"s"}}, "slash"},
		"pointer to all":       {settings.Spec{Defaults: defaults, Secrets: []string{""}}, "slash"},
		"pointer escape":       {settings.Spec{Defaults: defaults, Secrets: []string{"/a~2"}}, "escape"},
		"pointer empty":        {settings.Spec{Defaults: defaults, Secrets: []string{"/a//b"}}, "empty name"},
		"secret object":        {settings.Spec{Defaults: defaults, Secrets: []string{"/a"}}, "not a string"},
		"secret number":        {settings.Spec{Defaults: defaults, Secrets: []string{"/a/n"}}, "not a string"},
		"secret twice":         {settings.Spec{Defaults: defaults, Secrets: []string{"/s", "/s"}}, "overlap"},
		"secret in a secret":   {settings.Spec{Defaults: defaults, Secrets: []string{"/x", "/x/y"}}, "overlap"},
		"defaults are invalid": {settings.Spec{Validate: func(json.RawMessage) ([]problem.Field, error) { return []problem.Field{{Pointer: "/a"}}, nil }}, "defaults"},
	} {
		if err := withBox.Register("m", tc.spec); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), `"m"`) {
			t.Errorf("%s: got %v, want an error about %q", name, err, tc.want)
		}
	}
	if err := without.Register("m", settings.Spec{Defaults: defaults, Secrets: []string{"/s"}}); err == nil || !strings.Contains(err.Error(), "master key") {
		t.Errorf("no box: got %v", err)
	}
	if err := withBox.Register("", settings.Spec{}); err == nil {
		t.Error("no id: got no error")
	}
	if err := withBox.Register("m", settings.Spec{Defaults: defaults, Secrets: []string{"/s", "/a/b", "/new/x~1y"}}); err != nil {
		t.Errorf("good: %v", err)
	}
	if err := withBox.Register("m", settings.Spec{}); err == nil {
		t.Error("twice: got no error")
	}
}

// The type tells structs, whose fields have defaults one by one, from maps, which are taken as a whole.
func TestTypeTellsFieldsFromMaps(t *testing.T) {
	t.Parallel()
	db := open(t)
	s, err := settings.New(db, settings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.MigrateAll(t.Context(), settings.Schema()); err != nil {
		t.Fatal(err)
	}
	defaults, err := json.Marshal(typed{embedded: embedded{Name: "n"}, Free: map[string]string{"a": "1"},
		Named: inner{A: 1, Free: map[string]string{"x": "y"}}, List: []inner{{A: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Register("m", settings.Spec{Defaults: defaults, Type: reflect.TypeFor[typed]()}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "m", json.RawMessage(`{
		"free":{"b":"2"}, "named":{"free":{}, "again":{"anything":1}}, "list":[], "Inner":{"a":5}, "any":{"x":1},
		"at":"2026-01-01T00:00:00Z"}`), 0, ""); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(t.Context(), "m")
	want := `{"Inner":{"a":5},"any":{"x":1},"at":"2026-01-01T00:00:00Z","free":{"b":"2"},"list":[],` +
		`"name":"n","named":{"a":1,"again":{"anything":1},"free":{}}}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	for _, unknown := range []string{`{"Skip":"x"}`, `{"embedded":{}}`, `{"-":"x"}`, `{"named":{"b":1}}`, `{"Inner":{"x":1}}`} {
		var invalid *settings.InvalidError
		if _, err := s.Put(t.Context(), "m", json.RawMessage(unknown), 1, ""); !errors.As(err, &invalid) || invalid.Fields[0].Code != "unknown" {
			t.Errorf("%s: got %v, want an unknown field", unknown, err)
		}
	}
}

// Without a secret a store needs no box, and a module needs neither defaults, validation nor apply.
func TestSmallestSpec(t *testing.T) {
	t.Parallel()
	db := open(t)
	s, err := settings.New(db, settings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.MigrateAll(t.Context(), settings.Schema()); err != nil {
		t.Fatal(err)
	}
	if err := s.Register("m", settings.Spec{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Attach(t.Context(), "m"); err != nil {
		t.Fatal(err)
	}
	v, err := s.Get(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := json.Marshal(v); err != nil || string(raw) != `{"values":{},"secrets":{},"version":0}` {
		t.Errorf("got %s, %v", raw, err)
	}
	if _, err := s.Put(t.Context(), "m", json.RawMessage(`{"a":1}`), 0, ""); err == nil {
		t.Error("a field that nobody knows: got no error")
	}
}
