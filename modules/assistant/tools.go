package assistant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
)

// maxTools is how many tools are offered: providers take 128.
const maxTools = 120

// A toolbox is what one person's conversation may call at a moment. A name that is
// not in it calls nothing.
type toolbox struct {
	tools []ai.Tool
	by    map[string]dashboard.EndpointInfo
	left  int // out, because there are too many
}

// toolsFor lists the endpoints that the person of ctx may call, by the settings.
func (m *Module) toolsFor(ctx context.Context, s *Settings) toolbox {
	box := toolbox{by: map[string]dashboard.EndpointInfo{}}
	if !s.Tools {
		return box
	}
	for _, e := range m.host.Endpoints(ctx) {
		if e.Module == m.host.ID() || e.Writes && !s.Writes || len(s.Modules) > 0 && !slices.Contains(s.Modules, e.Module) {
			continue
		}
		if len(box.tools) == maxTools {
			box.left++
			continue
		}
		name := toolName(e)
		if _, taken := box.by[name]; taken {
			name = distinct(name, e)
		}
		box.by[name] = e
		box.tools = append(box.tools, ai.Tool{Name: name, Description: describe(e), Parameters: e.Arguments})
	}
	return box
}

// toolName makes a name that providers take of a module and an operation.
func toolName(e dashboard.EndpointInfo) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, e.Module+"_"+e.ID)
	if len(name) > maxName {
		return distinct(name, e)
	}
	return name
}

const maxName = 64

// distinct ends a name with what no other endpoint has.
func distinct(name string, e dashboard.EndpointInfo) string {
	sum := sha256.Sum256([]byte(e.Module + "\n" + e.Method + "\n" + e.Path))
	return name[:min(len(name), maxName-9)] + "_" + hex.EncodeToString(sum[:4])
}

func describe(e dashboard.EndpointInfo) string {
	text := e.Method + " " + e.Path + " of " + e.Module
	if e.Summary != "" {
		text = e.Summary + " (" + text + ")"
	}
	if e.Details != "" {
		text += ". " + e.Details
	}
	if e.Writes {
		text += ". It changes something: the person is asked first."
	}
	if len(text) > 1000 {
		text = strings.ToValidUTF8(text[:1000], "")
	}
	return text
}

// name is what is kept of an endpoint.
func name(e dashboard.EndpointInfo) endpointName {
	return endpointName{Module: e.Module, Method: e.Method, Path: e.Path, Summary: e.Summary, Writes: e.Writes}
}

// prepare finds out which endpoint a call is of. One that cannot be made is over.
func (b *toolbox) prepare(c *call) {
	e, ok := b.by[c.Tool]
	if !ok {
		c.finish(callFailed, "There is no such tool.")
		return
	}
	c.endpointName = name(e)
	if c.Arguments == "" {
		c.Arguments = "{}"
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(c.Arguments), &object); err != nil || object == nil {
		c.finish(callFailed, "The arguments are not a JSON object.")
	}
}

// callTime is how long an endpoint may take.
const callTime = 30 * time.Second

// run calls the endpoint of a call, for the person of ctx. A call that writes goes
// on when they leave: nobody could tell otherwise whether it was done.
func (m *Module) run(ctx context.Context, b *toolbox, c *call) {
	e, ok := b.by[c.Tool]
	if !ok || name(e) != c.endpointName {
		c.finish(callFailed, "This tool is not there any more.")
		return
	}
	if c.Writes {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	a, err := m.host.Call(ctx, e, json.RawMessage(c.Arguments))
	if err != nil {
		c.fail(err)
		return
	}
	c.Status = a.Status
	text := string(a.Body)
	if a.ETag != "" {
		text = fmt.Sprintf("ETag: %s\n%s", a.ETag, text)
	}
	if text == "" {
		text = http.StatusText(a.Status)
	}
	if a.OK() {
		c.finish(callDone, text)
		return
	}
	c.finish(callFailed, text)
}

// fail says of what is no answer only what people may know.
func (c *call) fail(err error) {
	state := callFailed
	e := dashboard.AsError(err)
	if c.Writes && (errors.Is(err, context.DeadlineExceeded) || e.Status >= 500) {
		state = callUnknown
	}
	c.Status = e.Status
	var text strings.Builder
	text.WriteString(e.Detail)
	for _, f := range e.Fields {
		fmt.Fprintf(&text, " %s %s.", f.Pointer, f.Detail)
	}
	c.finish(state, text.String())
}
