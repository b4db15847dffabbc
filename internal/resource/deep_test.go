package resource_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/resource"
)

// Every level of a patch is read again by the level above it, so the levels are
// bounded.
func TestADeepPatchIsRefused(t *testing.T) {
	t.Parallel()
	fields, err := resource.Describe(reflect.TypeFor[patched]())
	if err != nil {
		t.Fatal(err)
	}
	writer, err := resource.NewWriter(fields.Change(), bind.New())
	if err != nil {
		t.Fatal(err)
	}
	const deep = 9000
	item := patched{ID: "1", Name: "Ada", Plan: "pro"}
	patch := `{"nested":{"b":` + strings.Repeat(`{"x":`, deep) + "1" + strings.Repeat("}", deep) + "}}"
	err = writer.Apply(reflect.ValueOf(&item).Elem(), []byte(patch))
	bad, ok := errors.AsType[*bind.Error](err)
	if !ok || len(bad.Fields) != 1 || bad.Fields[0].Pointer != "/nested" || bad.Fields[0].Code != "syntax" {
		t.Errorf("got %v, want a refusal of /nested", err)
	}
}
