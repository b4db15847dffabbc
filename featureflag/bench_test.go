package featureflag_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

const (
	staticFlag = `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on"}`
	ruleFlag   = `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off","targeting":{"if":[{"and":[
		{"==":[{"var":"plan"},"enterprise"]},
		{"in":[{"var":"country"},["DE","FR","NL","SE"]]},
		{">=":[{"var":"age"},18]},
		{"ends_with":[{"var":"email"},"@example.com"]},
		{"sem_ver":[{"var":"version"},">=","2.1.0"]}]},"on","off"]}}`
	splitFlag = `{"state":"ENABLED","variants":{"a":"red","b":"green","c":"blue"},"defaultVariant":"a","targeting":{"fractional":[["a",50],["b",30],["c",20]]}}`
)

func benchSet(tb testing.TB, n int) *featureflag.Set {
	tb.Helper()
	set, err := featureflag.Parse(benchDefinitions(n))
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// benchDefinitions are n flags, a third each static, with a rule and split.
func benchDefinitions(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"flags":{`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"flag-%05d":%s`, i, [...]string{staticFlag, ruleFlag, splitFlag}[i%3])
	}
	b.WriteString(`}}`)
	return []byte(b.String())
}

func benchContext() featureflag.Context {
	return featureflag.Context{TargetingKey: "user-0190163d-8694-7000", Attributes: map[string]any{
		"plan": "enterprise", "country": "SE", "age": 42, "email": "ada@example.com", "version": "2.4.1", "name": "Ada", "role": "admin",
	}}
}

func benchFlags(tb testing.TB, n int) (*featureflag.Flags, context.Context) {
	tb.Helper()
	flags := featureflag.New()
	flags.Replace(benchSet(tb, n))
	ctx := featureflag.WithFlags(featureflag.WithContext(context.Background(), benchContext()), flags)
	return flags, ctx
}

func BenchmarkTyped(b *testing.B) {
	flags, ctx := benchFlags(b, 1000)
	b.Run("static", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !flags.Bool(ctx, "flag-00300", false) {
				b.Fatal("off")
			}
		}
	})
	b.Run("rule", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !flags.Bool(ctx, "flag-00301", false) {
				b.Fatal("off")
			}
		}
	})
	b.Run("split", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if flags.String(ctx, "flag-00302", "") == "" {
				b.Fatal("none")
			}
		}
	})
	b.Run("package", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !featureflag.Bool(ctx, "flag-00300", false) {
				b.Fatal("off")
			}
		}
	})
}

func BenchmarkBulk(b *testing.B) {
	set := benchSet(b, 1000)
	c := benchContext()
	keys := set.Keys()
	b.ReportAllocs()
	for b.Loop() {
		for _, key := range keys {
			if e := set.Evaluate(key, &c); e.Variant == "" {
				b.Fatal(key)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := benchDefinitions(10_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := featureflag.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	set, _ := featureflag.Parse(text)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB-held")
	runtime.KeepAlive(set)
}
