package featureflag_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// The hash is MurmurHash3 x86 32 with seed 0.
func TestMurmur(t *testing.T) {
	for _, test := range []struct {
		text string
		want uint32
	}{
		{"", 0},
		{"a", 0x3c2569b2},
		{"hello", 0x248bfa47},
		{"hello, world", 0x149bbb7f},
		{"19 Jan 2038 at 3:14:07 AM", 0xe31e8a70},
		{"The quick brown fox jumps over the lazy dog.", 0xd5c48bfc},
	} {
		for _, rule := range []string{
			`{"fractional":[` + strconv.Quote(test.text) + `,["a",1]]}`,
			`{"fractional":[{"var":"text"},["a",1]]}`,
		} {
			x := ruleSet(t, rule).Explain("f", &featureflag.Context{Attributes: map[string]any{"text": test.text}})
			if b := x.Steps[0].Bucket; b == nil || b.Hash != test.want {
				t.Errorf("%s: got %+v, want the hash %#x", rule, b, test.want)
			}
		}
	}
}

// Pieces hash as the whole does, wherever they are cut.
func TestMurmurInPieces(t *testing.T) {
	const text = "abcdefghijklm"
	whole := ruleSet(t, `{"fractional":[{"var":"whole"},["a",1],["b",1],["c",1],["d",1]]}`)
	pieces := ruleSet(t, `{"fractional":[{"cat":[{"var":"x"},{"var":"y"},{"var":"z"}]},["a",1],["b",1],["c",1],["d",1]]}`)
	for i := 1; i < len(text); i++ {
		for j := i; j < len(text); j++ {
			c := &featureflag.Context{Attributes: map[string]any{"whole": text, "x": text[:i], "y": text[i:j], "z": text[j:]}}
			if got, want := pieces.Evaluate("f", c).Variant, whole.Evaluate("f", c).Variant; got != want {
				t.Errorf("cut at %d and %d: got %s, want %s", i, j, got, want)
			}
		}
	}
}

// A share gets what it says, within four standard deviations.
func TestSplitShares(t *testing.T) {
	set := ruleSet(t, `{"fractional":[["a",50],["b",30],["c",19],["d",1]]}`)
	const people = 100_000
	got := map[string]int{}
	for i := range people {
		got[set.Evaluate("f", &featureflag.Context{TargetingKey: "user-" + strconv.Itoa(i)}).Variant]++
	}
	for variant, share := range map[string]float64{"a": .5, "b": .3, "c": .19, "d": .01} {
		deviation := math.Sqrt(share * (1 - share) / people)
		if is := float64(got[variant]) / people; math.Abs(is-share) > 4*deviation {
			t.Errorf("%s got %.4f, want %.4f", variant, is, share)
		}
	}
}

// Whoever has the first variant keeps it as its share grows, of the same total.
func TestSplitIsStable(t *testing.T) {
	had := map[string]bool{}
	for share := 0; share <= 100; share += 5 {
		set := ruleSet(t, fmt.Sprintf(`{"fractional":[["a",%d],["b",%d]]}`, share, 100-share))
		for i := range 500 {
			key := "user-" + strconv.Itoa(i)
			has := set.Evaluate("f", &featureflag.Context{TargetingKey: key}).Variant == "a"
			if had[key] && !has {
				t.Fatalf("%s lost it at %d", key, share)
			}
			had[key] = has
		}
	}
	for key, has := range had {
		if !has {
			t.Errorf("%s has nothing at 100", key)
		}
	}
}

// Flags split independently of each other.
func TestSplitsAreIndependent(t *testing.T) {
	const flag = `{"state":"ENABLED","variants":{"on":true,"off":false},"targeting":{"fractional":[["on",1],["off",1]]}}`
	set := parse(t, `{"flags":{"one":`+flag+`,"two":`+flag+`}}`)
	both := 0
	const people = 20_000
	for i := range people {
		c := &featureflag.Context{TargetingKey: "user-" + strconv.Itoa(i)}
		if set.Evaluate("one", c).Variant == "on" && set.Evaluate("two", c).Variant == "on" {
			both++
		}
	}
	if share := float64(both) / people; math.Abs(share-.25) > .0125 {
		t.Errorf("%.4f have both, want about a quarter", share)
	}
}

func TestSplitOfWhat(t *testing.T) {
	for _, test := range []struct{ name, rule, want string }{
		{"no weight is one", `{"fractional":[["a"]]}`, `"a"`},
		{"null weight is one", `{"fractional":[["a",null]]}`, `"a"`},
		{"zero weights", `{"fractional":[["a",0],["b",0]]}`, `null`},
		{"negative is zero", `{"fractional":[["a",-5],["b",5]]}`, `"b"`},
		{"weight that is no whole number", `{"fractional":[["a",0.5],["b",1]]}`, `null`},
		{"weight that is text", `{"fractional":[["a","1"]]}`, `null`},
		{"weights too large", `{"fractional":[["a",2147483647],["b",1]]}`, `null`},
		{"largest weights", `{"fractional":[["a",2147483647],["b",0]]}`, `"a"`},
		{"computed weight", `{"fractional":[["a",{"if":[false,1,0]}],["b",1]]}`, `"b"`},
		{"computed variant", `{"fractional":[[{"cat":["a"]},1]]}`, `"a"`},
		{"nested", `{"fractional":[[{"fractional":[["b",1]]},1]]}`, `"b"`},
		{"boolean variant", `{"fractional":[[true,1]]}`, `true`},
		{"variant that is a list", `{"fractional":[[["a"],1]]}`, `null`},
		{"by a number", `{"fractional":[{"var":"age"},["a",1]]}`, `null`},
		{"by nothing falls back to the targeting key", `{"fractional":[{"var":"nobody"},["a",1]]}`, `"a"`},
		{"nothing to distribute", `{"fractional":[{"var":"targetingKey"}]}`, `null`},
		{"no array", `{"fractional":"a"}`, `null`},
		{"in a loop over people", `{"map":[{"var":"people"},{"fractional":[["a",1]]}]}`, `["a",null]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &featureflag.Context{TargetingKey: "user-1", Attributes: attributes(t, `{"age":42,"people":[{"targetingKey":"x"},{"name":"y"}]}`)}
			if got := outcome(t, test.rule, c); got != test.want {
				t.Errorf("%s: got %s, want %s", test.rule, got, test.want)
			}
		})
	}
}
