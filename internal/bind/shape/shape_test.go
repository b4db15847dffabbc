package shape_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"

	"github.com/modular-dashboard/dashboard/internal/bind/shape"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

type deep struct {
	A, B, C int
}

type left struct {
	deep
	X int `json:"x"`
	W int
	Y int
}

type right struct {
	W int
	Y int `json:"Y"`
	Z int `json:"z"`
}

// Recursive embeds itself by pointer.
type Recursive struct {
	*Recursive
	N int
}

// TestJSONFieldsMatchEncodingJSON: encoding/json writes exactly the fields that are found.
func TestJSONFieldsMatchEncodingJSON(t *testing.T) {
	for _, v := range []any{
		deep{}, left{}, right{}, Recursive{},
		struct {
			left
			right
		}{},
		struct {
			left
			X string
			B string `json:"C"`
		}{},
		struct {
			left `json:"inner"`
			right
		}{},
		struct {
			Skipped int `json:"-"`
			Bad     int `json:"a\"b"` //nolint:staticcheck // SA5008: a name that is not one is what is tested
			Opts    int `json:",omitzero"`
			hidden  int
		}{Opts: 1},
		struct{ time.Duration }{},
	} {
		t.Run(fmt.Sprintf("%T", v), func(t *testing.T) {
			fields, err := shape.JSONFields(reflect.TypeOf(v))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range fields {
				if !f.ThroughPointer {
					got = append(got, f.Name)
				}
			}
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			var object map[string]any
			if err := json.Unmarshal(text, &object); err != nil {
				t.Fatal(err)
			}
			var want []string
			for name := range object {
				want = append(want, name)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestNeeded(t *testing.T) {
	type inner struct {
		Name string `json:"name" validate:"required"`
	}
	type in struct {
		Plain    string
		Required string        `validate:"required"`
		Least    int           `validate:"min=1"`
		Most     int           `validate:"max=1"`
		Maybe    int           `validate:"omitempty,min=1"`
		Default  int           `validate:"min=1" default:"5"`
		One      string        `validate:"oneof=a b"`
		Ptr      *int          `validate:"omitempty,min=1"`
		MustPtr  *int          `validate:"required"`
		Inner    inner         //
		NoInner  inner         `validate:"-"`
		OptInner inner         `validate:"omitempty"`
		InnerPtr *inner        //
		Time     time.Time     `validate:"required"`
		Every    time.Duration `validate:"min=1s"`
		List     []string      `validate:"dive,min=1"`
		Same     string        `validate:"eqfield=Plain"`
		With     string        `validate:"required_with=Plain"`
		Bad      string        `validate:"shiny"`
	}
	want := []string{"Required", "Least", "One", "MustPtr", "Inner", "Time", "Every"}
	fields, err := shape.JSONFields(reflect.TypeFor[in]())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range fields {
		if f.Needed(validator.New(validator.WithRequiredStructEnabled())) {
			got = append(got, f.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func ExampleOf() {
	type in struct {
		ID    string `path:"id"`
		Limit int    `query:"limit"`
		Name  string `json:"name"`
	}
	input, err := shape.Of(reflect.TypeFor[in]())
	if err != nil {
		panic(err)
	}
	for _, f := range append(input.Params, input.Body...) {
		fmt.Println(f.GoName, f.Name, f.Source)
	}
	// Output:
	// ID id 2
	// Limit limit 3
	// Name name 1
}
