package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/modular-dashboard/dashboard/internal/openapi"
)

type secret struct{ text string }

func (secret) IsSecret() bool { return true }

func (s *secret) UnmarshalText(b []byte) error { s.text = string(b); return nil }

type smtp struct {
	Host string `json:"host" title:"Host" validate:"required,hostname"`
	Port uint16 `json:"port" validate:"min=1"`
	User string `json:"user"`
	Pass secret `json:"pass" title:"Password" validate:"required"`
}

type settings struct {
	Interval time.Duration  `json:"interval" title:"Interval" doc:"how often to look" validate:"min=1s,max=1h"`
	Level    string         `json:"level" validate:"oneof=low high"`
	Points   int            `json:"points" validate:"gte=10,lte=1000"`
	Ratio    float64        `json:"ratio" validate:"gt=0,lt=1"`
	Enabled  bool           `json:"enabled"`
	Tags     []string       `json:"tags" validate:"max=5,unique,dive,min=1"`
	Weights  map[string]int `json:"weights" validate:"max=3"`
	SMTP     smtp           `json:"smtp" title:"Mail"`
	Backup   *smtp          `json:"backup"`
	Token    secret         `json:"token"`
	Tokens   []secret       `json:"tokens"`
	After    *time.Time     `json:"after"`
	Windows  []time.Duration
	Hidden   string `json:"-"`
}

func formDefaults() settings {
	return settings{
		Interval: 90 * time.Second, Level: "low", Points: 100, Ratio: 0.5, Tags: []string{"a"},
		SMTP: smtp{Host: "localhost", Port: 25, Pass: secret{"hunter2"}}, Token: secret{"hunter2"}, Tokens: []secret{{"hunter2"}},
	}
}

func TestSchemaFor(t *testing.T) {
	s, err := openapi.SchemaFor(formDefaults())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "hunter2") || strings.Contains(string(data), "$ref") {
		t.Errorf("a secret or a reference: %s", data)
	}
	golden(t, "form.json", indent(t, data))
}

// TestSchemaForHolds: the schema accepts its own defaults and refuses what the rules refuse.
func TestSchemaForHolds(t *testing.T) {
	s, err := openapi.SchemaFor(new(formDefaults()))
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	const base = `"interval":"5s","level":"low","points":10,"ratio":0.5,"smtp":{"host":"a","port":1}`
	for _, c := range []struct {
		values string
		ok     bool
	}{
		{`{` + base + `}`, true},
		{`{` + base + `,"token":"x","backup":null,"after":"2024-01-02T03:04:05Z"}`, true},
		{`{` + base + `,"unknown":1}`, false},
		{`{` + base + `,"tags":["a","a"]}`, false},
		{`{` + base + `,"tags":null}`, false},
		{`{` + base + `,"tags":[""]}`, false},
		{`{` + base + `,"enabled":1}`, false},
		{strings.Replace(`{`+base+`}`, `"low"`, `"middle"`, 1), false},
		{strings.Replace(`{`+base+`}`, `"points":10`, `"points":9`, 1), false},
		{strings.Replace(`{`+base+`}`, `"ratio":0.5`, `"ratio":1`, 1), false},
		{strings.Replace(`{`+base+`}`, `"port":1`, `"port":0`, 1), false},
		{strings.Replace(`{`+base+`}`, `"port":1`, `"port":70000`, 1), false},
		{strings.Replace(`{`+base+`}`, `"host":"a",`, ``, 1), false},
	} {
		var v any
		if err := json.Unmarshal([]byte(c.values), &v); err != nil {
			t.Fatal(err)
		}
		if err := r.Validate(v); (err == nil) != c.ok {
			t.Errorf("%s: got %v, want ok %t", c.values, err, c.ok)
		}
	}
}

func TestSchemaForErrors(t *testing.T) {
	type loop struct {
		Next *loop `json:"next"`
	}
	for _, v := range []any{nil, 1, []int{}, (*settings)(nil), loop{}, struct{ C chan int }{}, time.Now()} {
		if _, err := openapi.SchemaFor(v); err == nil {
			t.Errorf("%T: got no error", v)
		}
	}
}

// A form over nothing yet starts with what the tags say, and never with a value
// that is none of the choices.
func TestSchemaForDefaultsOfTags(t *testing.T) {
	type order struct {
		Plan  string `json:"plan" validate:"oneof=free pro" default:"free"`
		Level string `json:"level" validate:"oneof=low high"`
		Seats int    `json:"seats" default:"3"`
		Note  string `json:"note"`
	}
	s, err := openapi.SchemaFor(order{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"plan": `"free"`, "level": "", "seats": "3", "note": `""`} {
		if got := string(s.Properties[name].Default); got != want {
			t.Errorf("default of %s: got %s, want %s", name, got, want)
		}
	}
	if s, err = openapi.SchemaFor(order{Plan: "pro", Seats: 9}); err != nil {
		t.Fatal(err)
	}
	if got := string(s.Properties["plan"].Default) + string(s.Properties["seats"].Default); got != `"pro"9` {
		t.Errorf("values before tags: got %s", got)
	}
}
