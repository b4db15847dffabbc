package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"time"

	"github.com/diegoholiveira/jsonlogic/v3"
	"github.com/growthbook/growthbook-golang"
	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"
	"github.com/open-feature/go-sdk/openfeature/memprovider"
	"golang.org/x/mod/semver"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// The same three flags for all: one for everyone, one by five conditions of
// which all hold, one split in three.
const (
	flagStatic = `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on"}`
	flagRule   = `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off","targeting":` + ruleTargeting + `}`
	flagSplit  = `{"state":"ENABLED","variants":{"a":"red","b":"green","c":"blue"},"defaultVariant":"a","targeting":` + splitTargeting + `}`

	ruleTargeting = `{"if":[{"and":[{"==":[{"var":"plan"},"enterprise"]},{"in":[{"var":"country"},["DE","FR","NL","SE"]]},` +
		`{">=":[{"var":"age"},18]},{"ends_with":[{"var":"email"},"@example.com"]},{"sem_ver":[{"var":"version"},">=","2.1.0"]}]},"on","off"]}`
	splitTargeting = `{"fractional":[["a",50],["b",30],["c",20]]}`

	growthStatic = `{"defaultValue":true}`
	growthRule   = `{"defaultValue":false,"rules":[{"force":true,"condition":{"plan":"enterprise","country":{"$in":["DE","FR","NL","SE"]},` +
		`"age":{"$gte":18},"email":{"$regex":"@example\\.com$"},"version":{"$vgte":"2.1.0"}}}]}`
	growthSplit = `{"defaultValue":"red","rules":[{"variations":["red","green","blue"],"weights":[0.5,0.3,0.2],"hashAttribute":"id"}]}`

	bulkFlags = 1_000
	manyFlags = 10_000
)

var (
	ourKinds    = [...]string{flagStatic, flagRule, flagSplit}
	growthKinds = [...]string{growthStatic, growthRule, growthSplit}
)

func mixedKey(i int) string { return fmt.Sprintf("flag-%05d", i) }

// mixed is a JSON object of n flags, a third of each kind.
func mixed(n int, kinds [3]string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		fmt.Fprintf(&b, `%s%q:%s`, strings.Repeat(",", min(i, 1)), mixedKey(i), kinds[i%len(kinds)])
	}
	b.WriteByte('}')
	return b.String()
}

func person() map[string]any {
	return map[string]any{
		"plan": "enterprise", "country": "SE", "age": 42, "email": "ada@example.com", "version": "2.4.1", "name": "Ada", "role": "admin",
	}
}

const personKey = "user-0190163d-8694-7000"

// A flagSystem answers the i-th of the mixed flags, and all of them.
type flagSystem struct {
	name string
	ask  func(i int) bool // whether there is an answer
	all  func() int       // how many have one
	stop func()
}

// featureFlags compares evaluations of flags in this process.
func featureFlags(s settings) (results []result, err error) {
	var systems []flagSystem
	defer func() {
		for _, system := range systems {
			system.stop()
		}
	}()
	for _, set := range []func() (flagSystem, error){ourFlags, growthBook, flagdsWay, throughOpenFeature, memoryProvider} {
		system, err := set()
		if err != nil {
			return nil, err
		}
		systems = append(systems, system)
	}
	for kind, work := range []string{"static", "rule of five", "split"} {
		got, err := askFlags(s, systems, 200_000, func(system *flagSystem, i int) bool { return system.ask(kind + i%100*3) })
		if err != nil {
			return nil, err
		}
		results = append(results, flagLines(work, kind, got)...)
	}
	inBulk := systems[:3]
	got, err := askFlags(s, inBulk, 50, func(system *flagSystem, _ int) bool { return system.all() == bulkFlags })
	if err != nil {
		return nil, err
	}
	results = append(results,
		result{work: "1,000 in bulk", ours: got["ours"].ns / 1e6, theirs: got["growthbook"].ns / 1e6, unit: "ms", peer: "GrowthBook", bar: 0.12, absolute: true},
		result{work: "1,000 in bulk", ours: got["ours"].ns, theirs: got["growthbook"].ns, unit: "ns", peer: "GrowthBook", bar: 1.0 / 10},
		result{work: "1,000 in bulk", ours: got["ours"].ns, theirs: got["jsonlogic"].ns, unit: "ns", peer: "jsonlogic as flagd calls it", bar: 1.0 / 50})
	load, err := loadFlags(s)
	return append(results, load...), err
}

func flagLines(work string, kind int, got map[string]figure) []result {
	bars := [...]float64{25, 250, 100}
	lines := []result{
		{work: work, ours: got["ours"].ns, theirs: got["growthbook"].ns, unit: "ns", peer: "GrowthBook", bar: bars[kind], absolute: true},
		{work: work, ours: got["ours"].allocs, theirs: got["growthbook"].allocs, unit: "allocs", peer: "GrowthBook", bar: 1e-9, absolute: true},
	}
	if kind > 0 {
		lines = append(lines, result{work: work, ours: got["ours"].ns, theirs: got["jsonlogic"].ns, unit: "ns", peer: "jsonlogic as flagd calls it", bar: 1.0 / 50})
	}
	if kind == 1 {
		lines = append(lines, result{work: work, ours: got["ours"].ns, theirs: got["growthbook"].ns, unit: "ns", peer: "GrowthBook", bar: 1.0 / 8})
	}
	floor := [...]float64{1.1, 1.3, 0}
	return append(lines, result{work: work + ", OpenFeature", ours: got["openfeature"].ns, theirs: got["memory"].ns, unit: "ns", peer: "go-sdk's in-memory provider, static", bar: floor[kind]})
}

// askFlags measures the processor time of an answer.
func askFlags(s settings, systems []flagSystem, times int, ask func(system *flagSystem, i int) bool) (map[string]figure, error) {
	all := make([]decider, len(systems))
	for at := range systems {
		all[at] = decider{systems[at].name, func(i int) bool { return ask(&systems[at], i) }}
	}
	return decide(s.rounds, times, 1, all)
}

func ourSet(n int) (*featureflag.Set, error) {
	return featureflag.Parse([]byte(`{"flags":` + mixed(n, ourKinds) + `}`))
}

func mixedKeys() []string {
	keys := make([]string, bulkFlags)
	for i := range keys {
		keys[i] = mixedKey(i)
	}
	return keys
}

func ourFlags() (flagSystem, error) {
	set, err := ourSet(bulkFlags)
	if err != nil {
		return flagSystem{}, err
	}
	flags := featureflag.New()
	flags.Replace(set)
	who := featureflag.Context{TargetingKey: personKey, Attributes: person()}
	ctx, keys := featureflag.WithContext(context.Background(), who), mixedKeys()
	return flagSystem{"ours", func(i int) bool {
		if i%3 == 2 {
			return flags.String(ctx, keys[i], "") != ""
		}
		return flags.Bool(ctx, keys[i], false)
	}, func() (n int) {
		for e := range set.EvaluateAll(&who) {
			if e.Variant != "" {
				n++
			}
		}
		return n
	}, func() {}}, nil
}

func growthBook() (flagSystem, error) {
	ctx := context.Background()
	attributes := growthbook.Attributes(person())
	attributes["id"] = personKey
	client, err := growthbook.NewClient(ctx, growthbook.WithJsonFeatures(mixed(bulkFlags, growthKinds)),
		growthbook.WithAttributes(attributes), growthbook.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return flagSystem{}, err
	}
	keys := mixedKeys()
	ask := func(i int) bool {
		switch v := client.EvalFeature(ctx, keys[i]).Value.(type) {
		case bool:
			return v
		case string:
			return v != ""
		}
		return false
	}
	return flagSystem{"growthbook", ask, everyFlag(ask), func() { _ = client.Close() }}, nil
}

func everyFlag(ask func(i int) bool) func() int {
	return func() (n int) {
		for i := range bulkFlags {
			if ask(i) {
				n++
			}
		}
		return n
	}
}

// flagdsWay evaluates targeting as flagd's core does: the context is written as
// JSON, and the interpreter reads it and the rule and writes what it came to.
// Its fractional here takes a cheaper hash.
func flagdsWay() (flagSystem, error) {
	jsonlogic.AddOperator("ends_with", func(values, _ any) any {
		list, _ := values.([]any)
		return strings.HasSuffix(list[0].(string), list[1].(string))
	})
	jsonlogic.AddOperator("sem_ver", func(values, _ any) any {
		list, _ := values.([]any)
		return semver.Compare("v"+list[0].(string), "v"+list[2].(string)) >= 0
	})
	jsonlogic.AddOperator("fractional", func(values, data any) any {
		list, _ := values.([]any)
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(data.(map[string]any)["targetingKey"].(string))) // a hash
		total, end := 0.0, 0.0
		for _, one := range list {
			total += one.([]any)[1].(float64)
		}
		bucket := float64(uint64(hash.Sum32()) * uint64(total) >> 32)
		for _, one := range list {
			if end += one.([]any)[1].(float64); bucket < end {
				return one.([]any)[0]
			}
		}
		return nil
	})
	ask := func(i int) bool {
		rule := [...]string{"", ruleTargeting, splitTargeting}[i%3]
		if rule == "" {
			return true
		}
		data := person()
		data["targetingKey"] = personKey
		data["$flagd"] = map[string]any{"flagKey": mixedKey(i), "timestamp": time.Now().Unix()}
		text, err := json.Marshal(data)
		var out bytes.Buffer
		if err != nil || jsonlogic.Apply(strings.NewReader(rule), bytes.NewReader(text), &out) != nil {
			return false
		}
		answer := strings.TrimSpace(out.String())
		return answer != "null" && answer != `"off"`
	}
	return flagSystem{"jsonlogic", ask, everyFlag(ask), func() {}}, nil
}

// throughOpenFeature asks our provider by OpenFeature's client.
func throughOpenFeature() (flagSystem, error) {
	set, err := ourSet(bulkFlags)
	if err != nil {
		return flagSystem{}, err
	}
	flags := featureflag.New()
	flags.Replace(set)
	return openFeature("openfeature", featureflag.NewProvider(flags))
}

// memoryProvider is the floor: go-sdk's own, with static flags only.
func memoryProvider() (flagSystem, error) {
	flags := map[string]memprovider.InMemoryFlag{}
	for i, key := range mixedKeys() {
		flag := memprovider.InMemoryFlag{Key: key, State: memprovider.Enabled, DefaultVariant: "on", Variants: map[string]any{"on": true, "off": false}}
		if i%3 == 2 {
			flag.Variants = map[string]any{"on": "red"}
		}
		flags[key] = flag
	}
	return openFeature("memory", memprovider.NewInMemoryProvider(flags))
}

func openFeature(name string, provider openfeature.FeatureProvider) (flagSystem, error) {
	ctx := context.Background()
	api := isolated.NewAPI()
	if err := api.SetProviderAndWait(ctx, provider); err != nil {
		return flagSystem{}, errors.Join(err, api.Shutdown(ctx))
	}
	client, who, keys := api.NewClient(), openfeature.NewEvaluationContext(personKey, person()), mixedKeys()
	ask := func(i int) bool {
		if i%3 == 2 {
			value, err := client.StringValue(ctx, keys[i], "", who)
			return err == nil && value != ""
		}
		value, err := client.BooleanValue(ctx, keys[i], false, who)
		return err == nil && value
	}
	return flagSystem{name, ask, everyFlag(ask), func() { _ = api.Shutdown(ctx) }}, nil
}

// loadFlags measures what 10,000 flags take to read and to keep.
func loadFlags(s settings) ([]result, error) {
	text := []byte(`{"flags":` + mixed(manyFlags, ourKinds) + `}`)
	var took []float64
	for range s.rounds {
		before := cpuTime()
		if _, err := featureflag.Parse(text); err != nil {
			return nil, err
		}
		took = append(took, float64((cpuTime() - before).Milliseconds()))
	}
	flags := featureflag.New()
	var parseErr error
	held := grown(func() {
		var set *featureflag.Set
		set, parseErr = featureflag.Parse(text)
		flags.Replace(set)
	})
	if flags.Snapshot().Len() != manyFlags {
		return nil, errors.Join(parseErr, errors.New("flags are missing"))
	}
	var change []float64
	for i := range 50 * s.rounds {
		before := cpuTime()
		next, err := flags.Snapshot().With(map[string]json.RawMessage{mixedKey(i): json.RawMessage(flagSplit)})
		if err != nil {
			return nil, err
		}
		flags.Replace(next)
		change = append(change, float64((cpuTime()-before).Microseconds())/1e3)
	}
	return []result{
		{work: "load of 10,000", ours: median(took), unit: "ms", peer: "-", bar: 200, absolute: true},
		{work: "memory of 10,000", ours: held / (1 << 20), unit: "MiB", peer: "-", bar: 20, absolute: true},
		{work: "change of one in 10,000", ours: median(change), unit: "ms", peer: "-", bar: 6, absolute: true}, // 10,000 a minute
	}, nil
}
