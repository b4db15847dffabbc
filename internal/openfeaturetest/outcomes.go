package openfeaturetest

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
)

// evaluations are the steps that ask for a flag.
func evaluations() []stepDefinition {
	ask := func(kind string) func(w *world, args []string, table [][]string) {
		return func(w *world, args []string, _ [][]string) {
			w.kind, w.key, w.fallback = kind, args[0], ""
			if len(args) > 1 {
				w.fallback = args[1]
			}
			w.evaluate()
		}
	}
	evaluate := func(w *world, _ []string, _ [][]string) { w.evaluate() }
	return []stepDefinition{
		define(`the flag was evaluated with details`, evaluate),
		define(`the flag was evaluated with details using the evaluation options`, func(w *world, _ []string, _ [][]string) {
			w.evaluate(w.options...)
		}),
		define(`the flag was evaluated with details asynchronously`, func(w *world, _ []string, _ [][]string) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				w.evaluate()
			}()
			select {
			case <-done:
			case <-time.After(patience):
				w.t.Fatal("the evaluation did not end")
			}
		}),
		define(`a boolean flag with key "…" is evaluated with default value "…"`, ask("Boolean")),
		define(`a boolean flag with key "…" is evaluated with details and default value "…"`, ask("Boolean")),
		define(`a string flag with key "…" is evaluated with default value "…"`, ask("String")),
		define(`a string flag with key "…" is evaluated with details and default value "…"`, ask("String")),
		define(`an integer flag with key "…" is evaluated with default value #`, ask("Integer")),
		define(`an integer flag with key "…" is evaluated with details and default value #`, ask("Integer")),
		define(`a float flag with key "…" is evaluated with default value #`, ask("Float")),
		define(`a float flag with key "…" is evaluated with details and default value #`, ask("Float")),
		define(`an object flag with key "…" is evaluated with a null default value`, ask("Object")),
		define(`an object flag with key "…" is evaluated with details and a null default value`, ask("Object")),
		define(`a flag with key "…" is evaluated with default value "…"`, ask("String")),
		define(`a non-existent string flag with key "…" is evaluated with details and a fallback value "…"`, ask("String")),
		define(`a string flag with key "…" is evaluated as an integer, with details and a fallback value #`, ask("Integer")),
	}
}

// outcomes are the steps that look at what came of it.
func outcomes() []stepDefinition {
	values := func(w *world, args []string, _ [][]string) { w.wantValue(args[0]) }
	all := func(w *world, args []string, _ [][]string) {
		w.wantValue(args[0])
		w.want("variant", w.details.Variant, args[1])
		w.want("reason", string(w.details.Reason), args[2])
	}
	object := func(w *world, args []string, _ [][]string) {
		w.want("object", w.details.Value, map[string]any{args[0]: args[3] == "true", args[1]: args[4], args[2]: w.number(args[5])})
	}
	failed := func(w *world, args []string, _ [][]string) {
		w.want("reason", w.details.Reason, openfeature.ErrorReason)
		w.want("error code", string(w.details.ErrorCode), args[0])
	}
	fallback := func(w *world, _ []string, _ [][]string) { w.wantValue(w.fallback) }
	return append(hookOutcomes(),
		define(`the resolved details value should be "…"`, values),
		define(`the resolved _ value should be "…"`, func(w *world, args []string, _ [][]string) { w.wantValue(args[1]) }),
		define(`the resolved _ value should be #`, func(w *world, args []string, _ [][]string) { w.wantValue(args[1]) }),
		define(`the resolved string response should be "…"`, values),
		define(`the resolved _ details value should be "…", the variant should be "…", and the reason should be "…"`, func(w *world, args []string, _ [][]string) { all(w, args[1:], nil) }),
		define(`the resolved _ details value should be #, the variant should be "…", and the reason should be "…"`, func(w *world, args []string, _ [][]string) { all(w, args[1:], nil) }),
		define(`the resolved object value should be contain fields "…", "…", and "…", with values "…", "…" and #, respectively`, object),
		define(`the resolved object details value should be contain fields "…", "…", and "…", with values "…", "…" and #, respectively`, object),
		define(`the resolved flag value is "…" when the context is empty`, func(w *world, args []string, _ [][]string) {
			w.attributes = nil
			w.evaluate()
			w.wantValue(args[0])
		}),
		define(`the default string value should be returned`, fallback),
		define(`the default integer value should be returned`, fallback),
		define(`the reason should indicate an error and the error code should indicate a missing flag with "…"`, failed),
		define(`the reason should indicate an error and the error code should indicate a type mismatch with "…"`, failed),
		define(`the reason should be "…"`, func(w *world, args []string, _ [][]string) { w.want("reason", string(w.details.Reason), args[0]) }),
		define(`the error-code should be "…"`, func(w *world, args []string, _ [][]string) {
			w.want("error code", string(w.details.ErrorCode), args[0])
		}),
		define(`the flag key should be "…"`, func(w *world, args []string, _ [][]string) { w.want("flag key", w.details.FlagKey, args[0]) }),
		define(`the variant should be "…"`, func(w *world, args []string, _ [][]string) { w.want("variant", w.details.Variant, args[0]) }),
		define(`the variant should be "…", and the reason should be "…"`, func(w *world, args []string, _ [][]string) {
			w.want("variant", w.details.Variant, args[0])
			w.want("reason", string(w.details.Reason), args[1])
		}),
		define(`the provider status should be "…"`, func(w *world, args []string, _ [][]string) { w.want("status", string(w.client.State()), args[0]) }),
		define(`the resolved metadata should contain`, func(w *world, _ []string, table [][]string) { w.wantMetadata(table[1:]) }),
		define(`the resolved metadata is empty`, func(w *world, _ []string, _ [][]string) { w.want("metadata entries", len(w.details.FlagMetadata), 0) }),
		define(`the evaluation should complete without blocking`, func(w *world, _ []string, _ [][]string) { w.want("error", w.err, nil) }),
		define(`the original evaluation context should remain unmodified`, func(w *world, _ []string, _ [][]string) {
			w.want("context", w.attributes, modifiable())
		}),
		define(`the evaluation details should be immutable`, func(w *world, _ []string, _ [][]string) {
			w.details.FlagMetadata["intruder"] = true
			w.evaluate()
			w.want("metadata entries", len(w.details.FlagMetadata), 0)
		}),
	)
}

func hookOutcomes() []stepDefinition {
	return []stepDefinition{
		define(`the "…" hook should have been executed`, func(w *world, args []string, _ [][]string) {
			if !slices.Contains(w.hook.stages, args[0]) {
				w.t.Errorf("the %s hook was not called, only %v", args[0], w.hook.stages)
			}
		}),
		define(`the "after, finally" hooks should be called with evaluation details`, func(w *world, _ []string, table [][]string) {
			w.wantDetails("after", w.hook.after, table[1:])
			w.wantDetails("finally", w.hook.finally, table[1:])
		}),
		define(`the "finally" hooks should be called with evaluation details`, func(w *world, _ []string, table [][]string) {
			w.wantDetails("finally", w.hook.finally, table[1:])
		}),
		define(`the specified hooks should execute during evaluation`, func(w *world, _ []string, _ [][]string) {
			for _, hook := range w.order {
				w.want("stages", hook.stages, []string{"before", "after", "finally"})
			}
		}),
		define(`the hook order should be maintained`, func(w *world, _ []string, _ [][]string) {
			w.want("hooks called", len(*w.order[0].together), 2)
		}),
	}
}

func (w *world) want(what string, got, want any) {
	w.t.Helper()
	if !reflect.DeepEqual(got, want) {
		w.t.Errorf("the %s is %v, want %v (details %+v, error %v)", what, got, want, w.details, w.err)
	}
}

// wantValue compares the value with one written in the scenario's type.
func (w *world) wantValue(text string) {
	w.t.Helper()
	switch w.kind {
	case "Boolean", "boolean":
		w.want("value", w.details.Value, text == "true")
	case "Integer", "integer":
		w.want("value", w.details.Value, int64(w.number(text)))
	case "Float", "float":
		w.want("value", w.details.Value, w.number(text))
	case "Object", "object":
		w.want("value", w.details.Value, w.object(text))
	default:
		w.want("value", w.details.Value, text)
	}
}

func (w *world) wantMetadata(rows [][]string) {
	w.t.Helper()
	for _, row := range rows {
		key, kind, text := row[0], row[1], row[2]
		switch kind {
		case "String":
			w.want("metadata "+key, w.details.FlagMetadata[key], text)
		case "Boolean":
			w.want("metadata "+key, w.details.FlagMetadata[key], text == "true")
		case "Integer":
			got, err := w.details.FlagMetadata.GetInt(key)
			if err != nil { // a number off the wire has no other type
				float, err := w.details.FlagMetadata.GetFloat(key)
				if err != nil || float != math.Trunc(float) {
					w.t.Errorf("metadata %s is %v", key, w.details.FlagMetadata[key])
				}
				got = int64(float)
			}
			w.want("metadata "+key, strconv.FormatInt(got, 10), text)
		default:
			w.want("metadata "+key, w.details.FlagMetadata[key], w.number(text))
		}
	}
}

func (w *world) wantDetails(stage string, got openfeature.InterfaceEvaluationDetails, rows [][]string) {
	w.t.Helper()
	for _, row := range rows {
		kind, key, text := row[0], row[1], row[2]
		if text == "null" {
			text = ""
		}
		fields := map[string]any{
			"flag_key": got.FlagKey, "value": got.Value, "variant": got.Variant, "reason": string(got.Reason), "error_code": string(got.ErrorCode),
		}
		var want any = text
		if kind == "boolean" {
			want = text == "true"
		}
		w.want(stage+" hook's "+key, fields[key], want)
	}
}
