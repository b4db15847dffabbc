// Package events carries what changed to the people who are looking at it.
//
// A [Hub] keeps the latest events of this process in one bounded ring and hands them to subscriptions, each of which only
// remembers how far it has read: a slow reader costs no memory and is dropped once the ring has overtaken it. Through a
// [storage.Bus] the same events reach the other instances, at most once. [Serve] writes a subscription to a browser as
// server-sent events (WHATWG HTML, section 9.2), and [Writer] does the same for any other stream.
package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Limits of one event. As a whole it must fit [storage.MaxMessage].
const (
	// MaxName is the longest event name in bytes.
	MaxName = 64
	// MaxData is the largest payload of a hub event in bytes, after it was compacted.
	MaxData = 2048
	// MaxAudience is the longest value of one field of an Audience in bytes.
	MaxAudience = 256
)

// Reasons why a stream ends. They are the names of the last event that a stream sends.
const (
	ReasonSessionEnded   = "session-ended"   // the reader's session was revoked or has expired
	ReasonModuleDisabled = "module-disabled" // the module that owns the stream was turned off
	ReasonOverflow       = "overflow"        // the reader fell further behind than the ring reaches
	ReasonShutdown       = "shutdown"        // this instance is going away; another may answer
)

// Resync is the name of the event sent first to a reader who asked to continue after an event that this instance no longer
// holds, or never saw: what the reader shows may be stale and must be fetched again.
const Resync = "resync"

var (
	// ErrInvalidEvent reports a name, payload or audience that must not be sent.
	ErrInvalidEvent = errors.New("invalid event")
	// ErrTooManyStreams reports that a person, or the whole hub, has as many subscriptions as allowed.
	ErrTooManyStreams = errors.New("too many event streams")
	// ErrClosed reports a hub that was closed.
	ErrClosed = errors.New("event hub is closed")
)

// Event is one thing that happened. It should name what changed rather than carry it: readers fetch what they may see.
type Event struct {
	// ID grows by one with every event of a hub, whoever may see it. The hub sets it; zero means not yet published.
	ID uint64
	// Name is the SSE event type: 1 to MaxName bytes without control characters or spaces.
	Name string
	// Data is one JSON value; none means {}. It must not hold anything that Audience does not protect.
	Data json.RawMessage
	// Audience says who may see the event. The zero value is everyone who may subscribe.
	Audience Audience
}

// Audience says who may see an event, as data, so that it can cross a bus. Every field that is set must hold.
type Audience struct {
	Permission string `json:"permission,omitempty"` // a permission that the reader must hold
	Module     string `json:"module,omitempty"`     // a module of which the reader must hold any permission
	User       string `json:"user,omitempty"`       // the id of the only person meant
	Session    string `json:"session,omitempty"`    // the id of the only session meant
}

// Admits decides for one reader. user and session are the reader's ids; has and hasAny answer from the rights the reader
// has now. A nil function admits nobody whom it would have to judge.
func (a Audience) Admits(user, session string, has func(permission string) bool, hasAny func(module string) bool) bool {
	if a.User != "" && a.User != user {
		return false
	}
	if a.Session != "" && a.Session != session {
		return false
	}
	if a.Permission != "" && (has == nil || !has(a.Permission)) {
		return false
	}
	return a.Module == "" || (hasAny != nil && hasAny(a.Module))
}

// EndedError says that a stream ended on purpose. Used as the cause of a canceled context it makes [Serve] and a
// [Writer]'s owner send Reason as the last event.
type EndedError struct {
	// Reason is the name of the last event; one of the Reason constants or a name of the owner's own.
	Reason string
}

// Error implements error.
func (e *EndedError) Error() string { return "stream ended: " + e.Reason }

// checked returns e with its data compacted, or ErrInvalidEvent with the reason.
func (e Event) checked() (Event, error) {
	if err := checkName(e.Name); err != nil {
		return Event{}, err
	}
	if e.Name == Resync {
		return Event{}, fmt.Errorf("%w: the name %s is the hub's own", ErrInvalidEvent, Resync)
	}
	for _, v := range [...]string{e.Audience.Permission, e.Audience.Module, e.Audience.User, e.Audience.Session} {
		if len(v) > MaxAudience {
			return Event{}, fmt.Errorf("%w: audience value of %d bytes, at most %d", ErrInvalidEvent, len(v), MaxAudience)
		}
	}
	if len(e.Data) == 0 {
		e.Data = json.RawMessage("{}")
		return e, nil
	}
	var out bytes.Buffer
	if err := json.Compact(&out, e.Data); err != nil {
		return Event{}, fmt.Errorf("%w: data of %s: %w", ErrInvalidEvent, e.Name, err)
	}
	if out.Len() > MaxData {
		return Event{}, fmt.Errorf("%w: data of %s has %d bytes, at most %d", ErrInvalidEvent, e.Name, out.Len(), MaxData)
	}
	// The copy also parts the event from its publisher's buffer.
	e.Data = out.Bytes()
	return e, nil
}

func checkName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("%w: name of %d bytes, want 1 to %d", ErrInvalidEvent, len(name), MaxName)
	}
	return checkLine("name", name)
}

// checkLine refuses what could end a line of a stream early, or be read back as something else.
func checkLine(what, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s is not valid UTF-8", ErrInvalidEvent, what)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return fmt.Errorf("%w: %s %q has a space or control character", ErrInvalidEvent, what, s)
		}
	}
	return nil
}
