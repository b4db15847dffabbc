package luaredis

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

func (e *Engine) compiled(text string) (*lua.FunctionProto, error) {
	if proto := e.scripts[text]; proto != nil {
		return proto, nil
	}
	chunk, err := parse.Parse(strings.NewReader(text), "script")
	if err != nil {
		return nil, err
	}
	proto, err := lua.Compile(chunk, "script")
	if err != nil {
		return nil, err
	}
	e.scripts[text] = proto
	return proto, nil
}

func list(state *lua.LState, of []string) *lua.LTable {
	table := state.NewTable()
	for _, text := range of {
		table.Append(lua.LString(text))
	}
	return table
}

func (e *Engine) now() time.Time {
	now := e.stopped
	if now.IsZero() {
		now = time.Now()
	}
	return now.Add(e.skew)
}

// get returns a key that has not expired.
func (e *Engine) get(key string) (string, bool) {
	v, ok := e.values[key]
	if ok && !e.now().Before(v.expires) {
		delete(e.values, key)
		return "", false
	}
	return v.text, ok
}

// command is redis.call for TIME, GET, DEL, and SET with PX.
func (e *Engine) command(state *lua.LState) int {
	switch name := state.CheckString(1); name {
	case "TIME":
		now := e.now()
		state.Push(list(state, []string{strconv.FormatInt(now.Unix(), 10), strconv.Itoa(now.Nanosecond() / 1000)}))
	case "GET":
		if e.values[state.CheckString(2)].list {
			state.RaiseError("WRONGTYPE Operation against a key holding the wrong kind of value")
		}
		if text, ok := e.get(state.CheckString(2)); ok {
			state.Push(lua.LString(text))
		} else {
			state.Push(lua.LFalse)
		}
	case "DEL":
		delete(e.values, state.CheckString(2))
		state.Push(lua.LNumber(1))
	case "SET":
		ttl := float64(state.CheckNumber(5))
		if state.CheckString(4) != "PX" || ttl != math.Trunc(ttl) || ttl < 1 || ttl > 1<<44 {
			state.RaiseError("bad SET: %v %v", state.CheckString(4), ttl)
		}
		expires := e.now().Truncate(time.Millisecond).Add(time.Duration(min(ttl, 1<<43)) * time.Millisecond)
		e.values[state.CheckString(2)] = value{text: state.CheckString(3), expires: expires}
		state.Push(lua.LString("OK"))
	default:
		state.RaiseError("no command %s", name)
	}
	return 1
}

// protected is redis.pcall for the same: of an error it returns a table.
func (e *Engine) protected(state *lua.LState) int {
	name, key := state.CheckString(1), state.OptString(2, "")
	if name == "GET" && e.values[key].list {
		failure := state.NewTable()
		failure.RawSetString("err", lua.LString("WRONGTYPE"))
		state.Push(failure)
		return 1
	}
	return e.command(state)
}

// pack is struct.pack for little-endian doubles.
func pack(state *lua.LState) int {
	format := doubles(state)
	var b []byte
	for i := range format {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(state.CheckNumber(i+2))))
	}
	state.Push(lua.LString(b))
	return 1
}

// unpack is struct.unpack for them.
func unpack(state *lua.LState) int {
	format := doubles(state)
	b := []byte(state.CheckString(2))[state.OptInt(3, 1)-1:]
	for range format {
		if len(b) < 8 {
			state.RaiseError("data string too short")
		}
		state.Push(lua.LNumber(math.Float64frombits(binary.LittleEndian.Uint64(b))))
		b = b[8:]
	}
	return format
}

func doubles(state *lua.LState) int {
	format := state.CheckString(1)
	if strings.Trim(format, "d") != "<" {
		state.RaiseError("format %s", format)
	}
	return len(format) - 1
}
