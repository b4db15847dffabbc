package judge_test

import (
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/diegoholiveira/jsonlogic/v3"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// A ruleMaker makes rules and data of a stream of choices.
type ruleMaker struct {
	choice func(n int) int
	left   int // values that may still be made
}

func (m *ruleMaker) pick(of ...any) any { return of[m.choice(len(of))] }

func (m *ruleMaker) plain() any {
	return m.pick(nil, true, false, 0.0, 1.0, -1.0, 2.5, 10.0, 1e21, "", "a", "abc", "10", " 1", "x.y", "ü€😀", "0x1p4", "inf", "true")
}

func (m *ruleMaker) data(depth int) any {
	m.left--
	if depth == 0 || m.left < 0 {
		return m.plain()
	}
	switch m.choice(4) {
	case 0:
		list := make([]any, m.choice(4))
		for i := range list {
			list[i] = m.data(depth - 1)
		}
		return list
	case 1:
		object := map[string]any{}
		for range m.choice(4) {
			object[m.pick("a", "b", "x", "y", "n", "list", "1").(string)] = m.data(depth - 1)
		}
		return object
	}
	return m.plain()
}

func (m *ruleMaker) path() any {
	return m.pick("a", "b", "x.y", "n", "list", "list.0", "list.1.a", "", "missing", "a.b", ".a", "x", "current", "accumulator", 1.0, "list.x", "valueType")
}

var operatorNames = []any{"var", "var", "var", "var", "if", "if", "==", "===", "!=", "!==", "!", "!!", "or", "and", "<", "<=", ">", ">=",
	"max", "min", "+", "-", "*", "/", "%", "map", "reduce", "filter", "all", "none", "some", "merge", "in", "cat", "substr",
	"missing", "missing_some", "abs", "?:", "contains_all", "contains_any", "contains_none", "set"}

func (m *ruleMaker) rule(depth int) any {
	m.left--
	if depth == 0 || m.left < 0 {
		return m.plain()
	}
	if m.choice(4) == 0 {
		if m.choice(5) == 0 {
			return m.data(2)
		}
		return m.plain()
	}
	name, _ := m.pick(operatorNames...).(string)
	return map[string]any{name: m.operand(name, depth-1)}
}

func (m *ruleMaker) operand(name string, depth int) any {
	list := func(low, more int) []any {
		args := make([]any, low+m.choice(more+1))
		for i := range args {
			args[i] = m.rule(depth)
		}
		return args
	}
	subject := func() any {
		if m.choice(3) == 0 {
			return m.data(2)
		}
		return map[string]any{"var": m.pick("list", "list", "x", "a", "", "x.y")}
	}
	body := func() any {
		return map[string]any{m.pick("==", "<", "in", "+", "and", "cat", "merge", "some", "filter").(string): []any{
			m.rule(depth), map[string]any{"var": m.path()}}}
	}
	if m.choice(12) == 0 {
		return m.rule(depth)
	}
	switch name {
	case "var":
		switch m.choice(6) {
		case 0:
			return []any{m.path(), m.rule(depth)}
		case 1:
			return []any{m.path()}
		case 2:
			return m.rule(depth)
		}
		return m.path()
	case "map", "filter", "all", "none", "some":
		if m.choice(4) == 0 {
			return []any{m.rule(depth), body()}
		}
		return []any{subject(), body()}
	case "reduce":
		return []any{subject(), body(), m.rule(depth)}
	case "missing":
		return []any{m.path(), m.path()}
	case "missing_some":
		return []any{float64(m.choice(4)), []any{m.path(), m.path()}}
	case "in":
		if m.choice(2) == 0 {
			return []any{m.rule(depth), []any{m.plain(), m.plain(), m.plain()}}
		}
	}
	return list(1, 3)
}

// oracle asks the interpreter that flagd uses. ok is false when it fails.
func oracle(rule, data any) (answer string, ok bool) {
	defer func() {
		if recover() != nil {
			answer, ok = "", false
		}
	}()
	result, err := jsonlogic.ApplyInterface(rule, data)
	if err != nil {
		return "", false
	}
	text, err := json.Marshal(result)
	return string(text), err == nil
}

// compareRule asks both.
func compareRule(t *testing.T, rule any, data map[string]any) (answered bool) {
	t.Helper()
	text, err := json.Marshal(rule)
	if err != nil {
		t.Fatal(err)
	}
	// both begin with what JSON makes of it
	var again any
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	object := map[string]any{"state": "ENABLED", "variants": map[string]any{"true": true, "false": false}, "targeting": again}
	truth := map[string]any{"state": "ENABLED", "variants": map[string]any{"true": true, "false": false},
		"targeting": map[string]any{"!!": []any{again}}}
	definitions, err := json.Marshal(map[string]any{"flags": map[string]any{"f": object, "truth": truth}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := featureflag.Parse(definitions)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	c := &featureflag.Context{Attributes: data}
	explained, evaluated := set.Explain("f", c), set.Evaluate("f", c)
	if explained.Variant != evaluated.Variant || explained.Reason != evaluated.Reason || explained.Code != evaluated.Code {
		t.Fatalf("%s over %v: explained as %q %s %s, evaluated to %q %s %s", text, data,
			explained.Variant, explained.Reason, explained.Code, evaluated.Variant, evaluated.Reason, evaluated.Code)
	}
	// flagd puts its properties into the data
	full := map[string]any{"$flagd": map[string]any{"flagKey": "f", "timestamp": 1.0}}
	maps.Copy(full, data)
	want, ok := oracle(again, full)
	if !ok || strings.Contains(want, "$flagd") {
		return false
	}
	rules, isRule := again.(map[string]any)
	if !isRule || len(rules) != 1 {
		return false
	}
	got := explained.Steps[0].Outcome
	if !sameJSON(got, want) {
		t.Fatalf("%s over %s\n got %s (%s)\nwant %s", text, asJSON(data), got, explained.Detail, want)
	}
	wantTruth, ok := oracle(map[string]any{"!!": []any{again}}, full)
	if got := set.Evaluate("truth", c).Value.String(); ok && got != wantTruth {
		t.Fatalf("truth of %s over %s: got %s, want %s", text, asJSON(data), got, wantTruth)
	}
	return true
}

func asJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func sameJSON(a, b string) bool {
	if a == b {
		return true
	}
	const cut = "…"
	if start, long := strings.CutSuffix(a, cut); long {
		return strings.HasPrefix(b, start)
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && (x == y || math.Abs(x-y) <= 1e-12*math.Abs(x))
}

// Rules answer what flagd's interpreter answers, wherever it answers at all.
func TestRulesAgainstJsonLogic(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	answered := 0
	const rounds = 6_000
	for range rounds {
		m := &ruleMaker{choice: random.IntN, left: 40}
		data, _ := m.dataMap()
		m.left = 40
		if compareRule(t, m.rule(4), data) {
			answered++
		}
	}
	if answered < rounds/5 {
		t.Errorf("only %d of %d rules were answered", answered, rounds)
	}
}

func (m *ruleMaker) dataMap() (map[string]any, bool) {
	data := map[string]any{}
	for _, key := range []string{"a", "b", "x", "n", "list"} {
		if m.choice(4) > 0 {
			data[key] = m.data(3)
		}
	}
	if m.choice(2) == 0 {
		data["list"] = []any{m.data(2), m.data(2), m.data(2)}
	}
	return data, true
}

func FuzzRulesAgainstJsonLogic(f *testing.F) {
	f.Add([]byte("rules"))
	f.Add([]byte{9, 3, 0, 1, 2, 200, 33, 7, 1, 0, 0, 8, 4, 5, 1, 2, 3})
	f.Fuzz(func(t *testing.T, choices []byte) {
		m := &ruleMaker{left: 40}
		m.choice = func(n int) int {
			if len(choices) == 0 {
				return 0
			}
			c := int(choices[0]) % n
			choices = choices[1:]
			return c
		}
		data, _ := m.dataMap()
		m.left = 40
		compareRule(t, m.rule(5), data)
	})
}
