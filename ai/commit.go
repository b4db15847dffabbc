package ai

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// isContent reports whether an event is part of what was asked for. Until the
// first one nothing is promised to the caller, and the answer may still come from
// elsewhere.
func (e *Event) isContent() bool { return e.Kind > EventStart && e.Kind < EventUsage }

// heldBack is how many events are held back before the first content.
const heldBack = 4

// An attempt passes one answer on, but holds back what comes before its first
// content: so it can be given up without anybody seeing it.
type attempt struct {
	yield     func(Event, error) bool
	claim     func() bool // asked before the caller sees anything; nil: yes
	lost      bool        // claim said no, and the answer was given up
	committed bool        // the caller has seen content, or the end
	left      bool        // the caller has left
	held      []Event
	room      [heldBack]Event
}

// decides reports whether no other model is to be asked after a run that ended
// with err, and tells the caller of an error that then is the end.
func (a *attempt) decides(ctx context.Context, err error) bool {
	if err == nil || a.left {
		return true
	}
	if a.committed || !typed(err).Elsewhere() || ctx.Err() != nil {
		a.yield(Event{}, err)
		return true
	}
	return false
}

// run returns the error that ended the answer, which the caller has not seen.
func (a *attempt) run(events iter.Seq2[Event, error]) error {
	a.held = a.room[:0]
	for e, err := range events {
		switch {
		case err != nil:
			return err
		case !a.committed && !e.isContent() && e.Kind != EventEnd && len(a.held) < len(a.room):
			a.held = append(a.held, e)
			continue
		case !a.committed:
			if a.claim != nil && !a.claim() {
				a.lost = true
				return nil
			}
			a.committed = true
			for i := range a.held {
				if !a.yield(a.held[i], nil) {
					a.left = true
					return nil
				}
			}
		}
		if !a.yield(e, nil) {
			a.left = true
			return nil
		}
	}
	if !a.committed { // a model that breaks the rules
		return errNoEnd()
	}
	return nil
}

func errNoEnd() *Error {
	return &Error{Kind: Malformed, Message: "the answer ended without an end or an error"}
}

// typed returns err as an [*Error]; one that a model of somebody else's made
// otherwise is of kind [Unknown].
func typed(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Unknown, Err: err}
}

// joinCanceled makes errors.Is find context.Canceled.
func joinCanceled(cause error) error {
	if errors.Is(cause, context.Canceled) {
		return cause
	}
	return fmt.Errorf("%w: %w", context.Canceled, cause)
}
