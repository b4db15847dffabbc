package featureflag

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
)

const (
	// tolerated is how many questions in a row may time out before the provider
	// is left alone for as long as restTime.
	tolerated = 5
	restTime  = time.Second
	// maxKinds bounds the flags whose kind is remembered.
	maxKinds = 10_000
)

// resolve answers one question; def is what the caller takes if there is no
// answer, nil when it did not say.
func (d *Delegate) resolve(ctx context.Context, key string, kind Kind, def any, c *Context) Evaluation {
	if !d.begin() {
		return failed(key, CodeProviderNotReady, "the provider is not started")
	}
	answer := make(chan Evaluation, 1)
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	if time.Now().UnixNano() < d.rest.Load() {
		d.asking.Done()
		return failed(key, CodeGeneral, "the provider does not answer in time")
	}
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		d.asking.Done()
		return d.late(ctx, key)
	}
	go func() { // it ends with the provider's answer; slots bound how many there are
		defer d.asking.Done()
		defer func() { <-d.slots }()
		defer func() {
			if value := recover(); value != nil {
				answer <- failed(key, CodeGeneral, fmt.Sprintf("the provider panicked: %v", value))
			}
		}()
		answer <- d.ask(ctx, key, kind, def, c)
	}()
	select {
	case e := <-answer:
		if ctx.Err() == nil {
			d.timeouts.Store(0)
		}
		return e
	case <-ctx.Done():
		return d.late(ctx, key)
	}
}

// late answers in the provider's place. A caller who left is no fault of it.
func (d *Delegate) late(ctx context.Context, key string) Evaluation {
	if context.Cause(ctx) == context.DeadlineExceeded && d.timeouts.Add(1) >= tolerated { //nolint:errorlint // the context's own
		d.rest.Store(time.Now().Add(restTime).UnixNano())
	}
	return failed(key, CodeGeneral, "the provider did not answer: "+ctx.Err().Error())
}

func failed(key string, code ErrorCode, detail string) Evaluation {
	return Evaluation{Key: key, Reason: ReasonError, Code: code, Detail: detail}
}

// ask puts a question to the provider, in the type that its flag has.
func (d *Delegate) ask(ctx context.Context, key string, kind Kind, def any, c *Context) Evaluation {
	evalCtx := OpenFeatureContext(c)
	if kind != KindNone {
		e := d.askAs(ctx, key, kind, def, evalCtx)
		if e.Code == "" {
			d.learn(key, kind)
		}
		return e
	}
	kinds := []Kind{KindObject, KindBool, KindString, KindNumber}
	if known, ok := d.kinds.Load(key); ok {
		kinds = slices.Insert(kinds, 0, known.(Kind))
	}
	var e Evaluation
	for _, kind := range kinds {
		if e = d.askAs(ctx, key, kind, nil, evalCtx); e.Code == "" {
			if !e.Value.IsNone() {
				d.learn(key, e.Value.Kind())
			}
			return e
		}
		if e.Code != CodeTypeMismatch {
			return e
		}
	}
	return e
}

func (d *Delegate) learn(key string, kind Kind) {
	if _, known := d.kinds.Load(key); known || d.known.Load() >= maxKinds {
		return
	}
	if _, loaded := d.kinds.LoadOrStore(key, kind); !loaded {
		d.known.Add(1)
	}
}

func (d *Delegate) askAs(ctx context.Context, key string, kind Kind, def any, evalCtx openfeature.EvaluationContext) Evaluation {
	switch kind {
	case KindBool:
		value, _ := def.(bool)
		r, _ := d.client.BooleanValueDetails(ctx, key, value, evalCtx)
		return evaluationOf(r.EvaluationDetails, BoolValue(r.Value), def != nil, !r.Value)
	case KindString:
		value, _ := def.(string)
		r, _ := d.client.StringValueDetails(ctx, key, value, evalCtx)
		return evaluationOf(r.EvaluationDetails, StringValue(r.Value), def != nil, r.Value == "")
	case KindNumber:
		if value, ok := def.(int64); ok {
			r, _ := d.client.IntValueDetails(ctx, key, value, evalCtx)
			return evaluationOf(r.EvaluationDetails, NumberValue(float64(r.Value)), true, r.Value == 0)
		}
		value, _ := def.(float64)
		r, _ := d.client.FloatValueDetails(ctx, key, value, evalCtx)
		return evaluationOf(r.EvaluationDetails, NumberValue(r.Value), def != nil, r.Value == 0)
	}
	if object, ok := def.(map[string]any); ok && object == nil {
		def = nil
	}
	r, _ := d.client.ObjectValueDetails(ctx, key, def, evalCtx)
	value, ok := valueOf(r.Value)
	e := evaluationOf(r.EvaluationDetails, value, def != nil, r.Value == nil)
	if !ok && e.Code == "" {
		return failed(key, CodeTypeMismatch, fmt.Sprintf("the provider answered with a %T", r.Value))
	}
	return e
}

// evaluationOf is an answer as this package has it. A provider that leaves the
// caller to its default answers with it. Where the caller has named none, an empty value
// of no variant is that of the question.
func evaluationOf(r openfeature.EvaluationDetails, value Value, given, empty bool) Evaluation {
	e := Evaluation{
		Key: r.FlagKey, Variant: r.Variant, Value: value, Reason: Reason(r.Reason), Code: ErrorCode(r.ErrorCode), Detail: r.ErrorMessage,
		Metadata: metadataOf(r.FlagMetadata),
	}
	switch {
	case e.Reason == ReasonError && e.Code == "":
		e.Code = CodeGeneral // a hook failed, or the provider did not say
	case e.Reason == "":
		e.Reason = ReasonUnknown
	}
	if e.Code != "" {
		e.Reason, e.Value, e.Variant = ReasonError, Value{}, ""
		return e
	}
	if !given && (e.Reason == ReasonDisabled || empty && e.Variant == "" && e.Reason == ReasonDefault) {
		e.Value = Value{}
	}
	if e.Value.IsNone() {
		e.Variant = ""
	}
	return e
}

// valueOf is what a provider answered to a question for an object: some answer
// with whatever there is. nil is none.
func valueOf(answer any) (Value, bool) {
	switch v := answer.(type) {
	case nil:
		return Value{}, true
	case map[string]any:
		if v == nil {
			return Value{}, true
		}
		value := ObjectValue(v)
		return value, !value.IsNone()
	case bool:
		return BoolValue(v), true
	case string:
		return StringValue(v), true
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return Value{}, false
	}
	var plain any
	if json.Unmarshal(text, &plain) != nil {
		return Value{}, false
	}
	switch v := plain.(type) {
	case float64:
		return NumberValue(v), true
	case string, bool, map[string]any:
		return valueOf(v)
	}
	return Value{}, false
}

// metadataOf keeps what metadata may hold, numbers as float64.
func metadataOf(m openfeature.FlagMetadata) Metadata {
	if len(m) == 0 {
		return nil
	}
	converted := make(Metadata, len(m))
	for key, value := range m {
		if v, ok := valueOf(value); ok && v.Kind() != KindObject && !v.IsNone() {
			converted[key] = v.Any()
		}
	}
	return converted
}

// track hands on what was tracked. A provider that hangs loses it.
func (d *Delegate) track(ctx context.Context, metric string, value float64, c *Context) {
	if !d.begin() {
		return
	}
	select {
	case d.slots <- struct{}{}:
	default:
		d.asking.Done()
		return
	}
	ctx = context.WithoutCancel(ctx)
	go func() { // it ends with the provider's own function; slots bound how many there are
		defer d.asking.Done()
		defer func() { <-d.slots }()
		_ = caught(func() error {
			ctx, cancel := context.WithTimeout(ctx, d.limit)
			defer cancel()
			d.client.Track(ctx, metric, OpenFeatureContext(c), openfeature.NewTrackingEventDetails(value))
			return nil
		})
	}()
}

// changeFeed tells of changed keys in a goroutine of its own, one call at a time:
// what changes during a call is told by the next.
type changeFeed struct {
	tell   func(keys []string)
	signal chan struct{} // holds one
	done   chan struct{}
	ended  sync.WaitGroup

	mu   sync.Mutex
	keys map[string]struct{}
}

func newChangeFeed(tell func([]string)) *changeFeed {
	f := &changeFeed{tell: tell, signal: make(chan struct{}, 1), done: make(chan struct{}), keys: map[string]struct{}{}}
	f.ended.Go(f.run)
	return f
}

// add tells of more keys; none when anything may have changed.
func (f *changeFeed) add(keys []string) {
	f.mu.Lock()
	for _, key := range keys {
		f.keys[key] = struct{}{}
	}
	f.mu.Unlock()
	select {
	case f.signal <- struct{}{}:
	default:
	}
}

func (f *changeFeed) run() {
	for {
		select {
		case <-f.signal:
		case <-f.done:
			return
		}
		f.mu.Lock()
		keys := slices.Sorted(maps.Keys(f.keys))
		clear(f.keys)
		f.mu.Unlock()
		f.tell(keys)
	}
}

func (f *changeFeed) end() {
	close(f.done)
	f.ended.Wait()
}
