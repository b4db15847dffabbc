// Package luaredis is enough of Redis to run the scripts of package redislimit in
// a test: an engine with the time of the test, and a server that speaks RESP.
package luaredis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// ErrScript says that a script failed.
var ErrScript = errors.New("ERR running script")

// An Engine runs scripts over keys in memory. Its clock is [time.Now], so that in
// a bubble of testing/synctest it is the bubble's. It is safe for concurrent use:
// scripts run one after another, as in Redis.
type Engine struct {
	mu      sync.Mutex
	state   *lua.LState
	skew    time.Duration
	stopped time.Time // the clock's time, where it stands still
	values  map[string]value
	scripts map[string]*lua.FunctionProto
	calls   int
}

type value struct {
	text    string
	list    bool // no text, but of another type
	expires time.Time
}

// New returns an engine without keys.
func New() *Engine {
	state := lua.NewState()
	e := &Engine{state: state, values: map[string]value{}, scripts: map[string]*lua.FunctionProto{}}
	functions := func(name string, of map[string]lua.LGFunction) {
		state.SetGlobal(name, state.SetFuncs(state.NewTable(), of))
	}
	functions("redis", map[string]lua.LGFunction{"call": e.command, "pcall": e.protected})
	functions("struct", map[string]lua.LGFunction{"pack": pack, "unpack": unpack})
	return e
}

// Skew sets the engine's clock ahead of the test's.
func (e *Engine) Skew(by time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.skew = by
}

// Stop makes the engine's clock stand still, but for what Skew adds.
func (e *Engine) Stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopped = time.Now().Truncate(time.Millisecond)
}

// Flush forgets all keys and scripts, as a restart does.
func (e *Engine) Flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.values)
	clear(e.scripts)
}

// Keys returns how many keys there are and have not expired.
func (e *Engine) Keys() (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for key := range e.values {
		if _, ok := e.get(key); ok {
			n++
		}
	}
	return n
}

// TTL returns how long a key has to live, 0 where it is not there.
func (e *Engine) TTL(key string) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.get(key); !ok {
		return 0
	}
	return e.values[key].expires.Sub(e.now())
}

// Calls returns how many scripts ran.
func (e *Engine) Calls() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls
}

// Run runs a script and returns the numbers it answers.
func (e *Engine) Run(_ context.Context, text string, keys, args []string) ([]int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	proto, err := e.compiled(text)
	if err != nil {
		return nil, err
	}
	state := e.state
	defer state.SetTop(0)
	state.SetGlobal("KEYS", list(state, keys))
	state.SetGlobal("ARGV", list(state, args))
	e.calls++
	state.Push(state.NewFunctionFromProto(proto))
	if err := state.PCall(0, 1, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrScript, err)
	}
	answer, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("%w: the answer is no table", ErrScript)
	}
	numbers := []int64{}
	for i := 1; i <= answer.Len(); i++ {
		n, ok := answer.RawGetInt(i).(lua.LNumber)
		if !ok || float64(n) != math.Trunc(float64(n)) || math.Abs(float64(n)) > 1<<53 {
			return nil, fmt.Errorf("%w: answer %d is %v, no exact whole number", ErrScript, i, answer.RawGetInt(i))
		}
		numbers = append(numbers, int64(n))
	}
	return numbers, nil
}

// Put writes a key.
func (e *Engine) Put(key, text string, ttl time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.values[key] = value{text: text, expires: e.now().Add(ttl)}
}

// PutList makes a key one of another type.
func (e *Engine) PutList(key string, ttl time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.values[key] = value{list: true, expires: e.now().Add(ttl)}
}
