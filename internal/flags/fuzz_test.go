package flags_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/flags"
)

// What is taken over comes out again as the same set; what is not changes
// nothing. Neither ever panics.
func FuzzImport(f *testing.F) {
	f.Add([]byte(document))
	f.Add([]byte(`{"flags":[{"key":"a","state":"ENABLED","variants":{"x":1},"defaultVariant":"x"}]}`))
	f.Add([]byte(`{"flags":{"a/b":{"state":"DISABLED","variants":{"~1":{"k":[1,null]}}}},"metadata":{"a":true}}`))
	f.Add([]byte(`{"flags":null,"$evaluators":{}}`))
	s := start(f, open(f))
	again := start(f, open(f))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4<<10 {
			return // a larger input finds nothing more
		}
		if _, err := s.Import(t.Context(), flags.Import{Document: text, Replace: true}); err != nil {
			return
		}
		want, err := featureflag.Parse(text)
		if err != nil {
			t.Fatalf("what cannot be parsed is taken over: %v", err)
		}
		out, err := s.Export()
		if err != nil || !json.Valid(out) {
			t.Fatalf("%v in %s", err, out)
		}
		if _, err := again.Import(t.Context(), flags.Import{Document: out, Replace: true}); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if got := again.flags.Snapshot(); !bytes.Equal(keys(got), keys(want)) {
			t.Errorf("got %s, want %s", keys(got), keys(want))
		}
	})
}

func keys(s *featureflag.Set) []byte {
	raw, _ := json.Marshal(s.Keys())
	return raw
}

// The emergency brake leaves all else of a definition as it is, whatever stands
// there.
func FuzzKilled(f *testing.F) {
	f.Add([]byte(`{"state":"ENABLED","variants":{"on":true},"metadata":{"owner":"x","killed":true}}`), "on")
	f.Add([]byte(`{"metadata":null,"a":1}`), "")
	f.Add([]byte(`{"metadata":[1]}`), "x")
	f.Fuzz(func(t *testing.T, definition []byte, variant string) {
		out, err := flags.Killed(true, variant)(definition)
		if err != nil {
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%s is no JSON", out)
		}
		back, err := flags.Killed(false, "")(out)
		if err != nil {
			t.Fatal(err)
		}
		once, err := flags.Killed(false, "")(definition)
		if err != nil || !bytes.Equal(once, back) {
			t.Errorf("got %s, want %s, %v", back, once, err)
		}
	})
}
