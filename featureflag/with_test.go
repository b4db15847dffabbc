package featureflag_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// Changed step by step, a set is what it would be parsed as a whole.
func TestWith(t *testing.T) {
	const segments = `"$evaluators":{"seg":{"==":[{"var":"plan"},"pro"]}},"metadata":{"team":"x"}`
	pool := []string{
		on(""), on(`,"targeting":{"if":[{"$ref":"seg"},"on"]}`), on(`,"targeting":{"no such":1}`),
		on(`,"metadata":{"prerequisites":"base=on"}`), on(`,"metadata":{"owner":"me"}`), on(`,"targeting":{"fractional":[["on",1],["off",1]]}`),
	}
	base := []string{on(""), on(`,"targeting":{"if":[true,"on"]}`)}
	random := rand.New(rand.NewPCG(3, 4))
	all := map[string]string{"base": base[0]}
	set := parse(t, `{"flags":{"base":`+base[0]+`},`+segments+`}`)
	for range 300 {
		changes := map[string]json.RawMessage{}
		for range 1 + random.IntN(3) {
			key := fmt.Sprint("flag", random.IntN(12))
			if random.IntN(4) == 0 {
				changes[key] = nil
				delete(all, key)
				continue
			}
			all[key] = pool[random.IntN(len(pool))]
			changes[key] = json.RawMessage(all[key])
		}
		if random.IntN(5) == 0 {
			all["base"] = base[random.IntN(2)]
			changes["base"] = json.RawMessage(all["base"])
		}
		next, err := set.With(changes)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(raw(all))
		want := parse(t, `{"flags":`+string(text)+`,`+segments+`}`)
		same(t, next, want)
		set = next
	}
}

func raw(all map[string]string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for key, text := range all {
		out[key] = json.RawMessage(text)
	}
	return out
}

func same(t *testing.T, got, want *featureflag.Set) {
	t.Helper()
	if got.Hash() != want.Hash() || !slices.Equal(got.Keys(), want.Keys()) || len(got.Problems()) != len(want.Problems()) {
		t.Fatalf("got %s\nwant %s", got.Definitions(), want.Definitions())
	}
	if g, w := fmt.Sprint(got.Segments()), fmt.Sprint(want.Segments()); g != w {
		t.Fatalf("got the segments %s, want %s", g, w)
	}
	for _, c := range []*featureflag.Context{nil, {TargetingKey: "u1", Attributes: map[string]any{"plan": "pro"}}} {
		for _, key := range want.Keys() {
			g, w := got.Evaluate(key, c), want.Evaluate(key, c)
			if g.Variant != w.Variant || g.Reason != w.Reason || g.Code != w.Code || fmt.Sprint(g.Metadata) != fmt.Sprint(w.Metadata) {
				t.Fatalf("%s: got %+v, want %+v", key, g, w)
			}
		}
	}
}

func TestWithErrors(t *testing.T) {
	set := parse(t, `{"flags":{"base":`+on("")+`,"top":`+on(`,"metadata":{"prerequisites":"base=on"}`)+`}}`)
	for _, test := range []struct {
		name    string
		changes map[string]json.RawMessage
		code    string
		pointer string
		line    int
	}{
		{"syntax", map[string]json.RawMessage{"a": json.RawMessage("{\n]")}, featureflag.InvalidJSON, "/flags/a", 2},
		{"a flag", map[string]json.RawMessage{"a": json.RawMessage("{\n\"state\":1,\"variants\":{\"a\":1}}")}, featureflag.InvalidDocument, "/flags/a/state", 2},
		{"the prerequisite goes", map[string]json.RawMessage{"base": nil}, featureflag.UnknownReference, "/flags/top/metadata/prerequisites", 1},
		{"a circle", map[string]json.RawMessage{"base": json.RawMessage(on(`,"metadata":{"prerequisites":"top=on"}`))}, featureflag.CircularReference, "/flags/top/metadata/prerequisites", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			next, err := set.With(test.changes)
			if err == nil {
				t.Fatalf("got %s", next.Definitions())
			}
			if e := errorsOf(t, err)[0]; e.Code != test.code || e.Pointer != test.pointer || e.Line != test.line {
				t.Errorf("got %+v", e)
			}
		})
	}
	if got := set.Evaluate("top", nil); got.Variant != "off" {
		t.Errorf("the set changed: %+v", got)
	}
}
