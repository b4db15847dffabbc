package featureflag_test

import (
	"context"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// What is asked on every request leaves nothing behind.
func TestAllocations(t *testing.T) {
	flags, ctx := benchFlags(t, 9)
	set, c := flags.Snapshot(), benchContext()
	extended := parse(t, `{"flags":{"base":`+on("")+`,"f":`+on(`,"targeting":{"if":[{"and":[{"==":[{"var":"plan"},"enterprise"]},{"!":{"var":"nobody"}}]},"on"]},
		"metadata":{"prerequisites":"base=off","schedule":"[{\"at\":\"2000-01-01\",\"percent\":50}]"}`)+`}}`)
	ext := featureflag.New()
	ext.Replace(extended)
	for name, do := range map[string]func(){
		"static":   func() { flags.Bool(ctx, "flag-00000", false) },
		"rule":     func() { flags.Bool(ctx, "flag-00001", false) },
		"split":    func() { _ = flags.String(ctx, "flag-00002", "") },
		"package":  func() { featureflag.Bool(ctx, "flag-00001", false) },
		"unknown":  func() { flags.Bool(ctx, "nobody", false) },
		"nobody":   func() { flags.Bool(context.Background(), "flag-00000", false) },
		"extended": func() { ext.Bool(ctx, "f", false) },
		"details":  func() { flags.Evaluate(ctx, "flag-00001") },
		"all": func() {
			for range set.EvaluateAll(&c) {
				continue
			}
		},
	} {
		got := testing.AllocsPerRun(100, do)
		for range 3 { // what ends of earlier tests meanwhile counts, too
			if got > 0 {
				got = min(got, testing.AllocsPerRun(100, do))
			}
		}
		if got > 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}
