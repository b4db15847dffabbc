package openfeaturetest

import (
	"maps"
	"strings"

	"github.com/open-feature/go-sdk/openfeature"
)

// givens are the steps that prepare.
func givens() []stepDefinition {
	return []stepDefinition{
		define(`a _ provider`, func(w *world, args []string, _ [][]string) { w.provider(args[0]) }),
		define(`a not ready provider`, func(w *world, _ []string, _ [][]string) { w.provider("not ready") }),
		define(`a stable provider with retrievable context is registered`, func(w *world, _ []string, _ [][]string) {
			w.passed = &contextRecorder{FeatureProvider: w.target.Stable(w.t)}
			w.register(w.passed, openfeature.ReadyState)
		}),
		define(`a client with added hook`, func(w *world, _ []string, _ [][]string) {
			w.hook = &recorder{}
			w.client.AddHooks(w.hook)
		}),
		define(`a _-flag with key "…" and a fallback value "…"`, func(w *world, args []string, _ [][]string) {
			w.kind, w.key, w.fallback = args[0], args[1], args[2]
		}),
		define(`a context containing a key "…" with null value`, func(w *world, args []string, _ [][]string) {
			w.attributes[args[0]] = nil
		}),
		define(`a context containing a key "…", with type "…" and with value "…"`, func(w *world, args []string, _ [][]string) {
			w.attributes[args[0]] = w.typed(args[1], args[2])
		}),
		define(`context contains keys "…", "…", "…", "…" with values "…", "…", #, "…"`, func(w *world, args []string, _ [][]string) {
			w.attributes = map[string]any{
				args[0]: args[4], args[1]: args[5], args[2]: int64(w.number(args[6])), args[3]: args[7] == "true",
			}
		}),
		define(`evaluation options containing specific hooks`, func(w *world, _ []string, _ [][]string) {
			var called []*recorder
			first, second := &recorder{together: &called}, &recorder{together: &called}
			w.order, w.options = []*recorder{first, second}, []openfeature.Option{openfeature.WithHooks(first, second)}
			w.t.Cleanup(func() {
				if len(called) != 2 || called[0] != first || called[1] != second {
					w.t.Errorf("hooks were called %d times or out of order", len(called))
				}
			})
		}),
		define(`an evaluation context with modifiable data`, func(w *world, _ []string, _ [][]string) {
			w.attributes = modifiable()
		}),
	}
}

// provider registers one that is, or comes to be, as the suites say it.
func (w *world) provider(status string) {
	w.t.Helper()
	states := map[string]openfeature.State{
		"not ready": openfeature.NotReadyState, "error": openfeature.ErrorState, "fatal": openfeature.FatalState, "stale": openfeature.StaleState,
	}
	if state, ok := states[status]; ok {
		w.register(w.target.InState(w.t, state), state)
		return
	}
	if status != "stable" {
		w.t.Fatalf("no such status: %s", status)
	}
	if w.cached {
		w.register(w.target.Cached(w.t), openfeature.ReadyState)
		return
	}
	w.register(w.target.Stable(w.t), openfeature.ReadyState)
}

// typed reads an attribute's value.
func (w *world) typed(kind, text string) any {
	w.t.Helper()
	switch kind {
	case "Boolean":
		return text == "true"
	case "Integer":
		return int64(w.number(text))
	case "Float":
		return w.number(text)
	case "String":
		return text
	}
	w.t.Fatalf("no such type: %s", kind)
	return nil
}

// modifiable is a context whose parts a careless provider could change.
func modifiable() map[string]any {
	return map[string]any{"email": "a@b.c", "list": []any{"a", "b"}, "map": map[string]any{"k": "v"}}
}

// merging are the steps of the suite about contexts from several levels.
func merging() []stepDefinition {
	return []stepDefinition{
		define(`A context entry with key "…" and value "…" is added to the "…" level`, func(w *world, args []string, _ [][]string) {
			w.addAt(args[2], args[0], args[1])
		}),
		define(`A table with levels of increasing precedence`, func(w *world, _ []string, table [][]string) {
			for _, row := range table {
				w.levels = append(w.levels, row[0])
			}
		}),
		define(`Context entries for each level from API level down to the "…" level, with key "…" and value "…"`, func(w *world, args []string, _ [][]string) {
			for _, level := range w.levels {
				w.addAt(level, args[1], level)
				if level == args[0] {
					return
				}
			}
			w.t.Fatalf("no level %s in %s", args[0], strings.Join(w.levels, ", "))
		}),
		define(`Some flag was evaluated`, func(w *world, _ []string, _ [][]string) {
			w.kind, w.key, w.fallback = "Boolean", "boolean-flag", "false"
			w.evaluate()
		}),
		define(`The merged context contains an entry with key "…" and value "…"`, func(w *world, args []string, _ [][]string) {
			if got := w.passed.last[args[0]]; got != args[1] {
				w.t.Errorf("%s is %v, want %s; the context is %v", args[0], got, args[1], w.passed.last)
			}
		}),
	}
}

func (w *world) addAt(level, key, value string) {
	w.t.Helper()
	entry := map[string]any{key: value}
	switch level {
	case "API":
		w.api.SetEvaluationContext(with(nil, entry)) // one entry in every scenario
	case "Transaction":
		w.ctx = openfeature.MergeTransactionContext(w.ctx, with(nil, entry))
	case "Client":
		w.client.SetEvaluationContext(with(w.client.EvaluationContext().Attributes(), entry))
	case "Invocation":
		maps.Copy(w.attributes, entry)
	case "Before Hooks":
		w.client.AddHooks(&recorder{add: entry})
	default:
		w.t.Fatalf("no such level: %s", level)
	}
}

func with(attributes, entry map[string]any) openfeature.EvaluationContext {
	merged := maps.Clone(entry)
	for k, v := range attributes {
		if _, ok := merged[k]; !ok {
			merged[k] = v
		}
	}
	return openfeature.NewTargetlessEvaluationContext(merged)
}
