package bind_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/bind"
)

type settings struct {
	Interval time.Duration     `json:"interval" validate:"min=1s,max=1h"`
	Name     string            `json:"name" validate:"required"`
	Hosts    []string          `json:"hosts" validate:"max=2,dive,hostname"`
	Labels   map[string]string `json:"labels"`
	Mail     mail              `json:"mail"`
	Proxy    *mail             `json:"proxy"`
	Limits   [2]int            `json:"limits"`
	*Shared
}

type mail struct {
	Host string `json:"host"`
	Port int    `json:"port" validate:"omitempty,min=1,max=65535"`
}

// Shared is embedded by pointer.
type Shared struct {
	Note string `json:"note"`
}

func defaults() settings {
	return settings{
		Interval: 2 * time.Second, Name: "a", Hosts: []string{"one"}, Labels: map[string]string{"a": "b"},
		Mail: mail{Host: "localhost", Port: 25}, Proxy: &mail{Host: "proxy", Port: 80}, Limits: [2]int{1, 2}, Shared: &Shared{Note: "n"},
	}
}

func compileBody(t *testing.T, typ reflect.Type) *bind.Body {
	t.Helper()
	b, err := bind.New().CompileBody(typ)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMerge(t *testing.T) {
	b := compileBody(t, reflect.TypeFor[settings]())
	original := defaults()
	got := original // a shallow copy, as a caller makes
	err := b.Merge([]byte(`{"interval":"5s","hosts":["two","three"],"labels":{"c":"d"},"mail":{"port":26},"proxy":{"port":81},"note":"m"}`), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Interval, want.Hosts, want.Labels = 5*time.Second, []string{"two", "three"}, map[string]string{"c": "d"}
	want.Mail.Port, want.Proxy.Port, want.Note = 26, 81, "m"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if !reflect.DeepEqual(original, defaults()) {
		t.Errorf("the value merged into was shared and has changed: %+v", original)
	}
	if err := b.Merge([]byte(`{}`), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("merging nothing: got %+v, %v", got, err)
	}
	if err := b.Merge([]byte(`{"proxy":null}`), &got); err != nil || got.Proxy != nil {
		t.Errorf("null: got %+v, %v", got.Proxy, err)
	}
}

func TestMergeErrors(t *testing.T) {
	b := compileBody(t, reflect.TypeFor[settings]())
	for _, c := range []struct {
		name, data string
		status     int
		fields     []string
	}{
		{"rule", `{"interval":"1ms","hosts":["a","b","c"]}`, 422, []string{"/interval min", "/hosts max"}},
		{"type", `{"interval":5,"mail":{"port":"x"}}`, 422, []string{"/interval type", "/mail/port type"}},
		{"unknown", `{"mail":{"Port":1}}`, 422, []string{"/mail/Port unknown"}},
		{"duplicate", `{"name":"a","name":"b"}`, 400, []string{"/name duplicate"}},
		{"syntax", ``, 400, []string{" syntax"}},
		{"emptied", `{"name":""}`, 422, []string{"/name required"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := defaults()
			checkError(t, b.Merge([]byte(c.data), &v), c.status, c.fields)
		})
	}
	var empty settings
	checkError(t, b.Decode([]byte(`{"limits":[1]}`), &empty), 422, []string{"/limits type", "/interval missing", "/name missing"})
	checkError(t, b.Validate(&empty), 422, []string{"/interval min", "/name required"})
	valid := defaults()
	checkError(t, b.Validate(&valid), 200, nil)
	for _, dst := range []any{empty, nil, &mail{}, (*settings)(nil)} {
		for _, err := range []error{b.Validate(dst), b.Merge([]byte("{}"), dst)} {
			if e, _ := errors.AsType[*bind.Error](err); e == nil || e.Status != 500 {
				t.Errorf("%T: got %v, want status 500", dst, err)
			}
		}
	}
	for _, v := range []any{1, []int{}, struct{ C chan int }{}, struct {
		S string `validate:"shiny"`
	}{}} {
		if _, err := bind.New().CompileBody(reflect.TypeOf(v)); err == nil {
			t.Errorf("CompileBody of %T: got no error", v)
		}
	}
}
