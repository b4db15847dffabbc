package events

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Serve answers r with the events of sub until the reader leaves, sub ends or r's context is done, and closes sub. A
// purposeful end, of sub or as the *[EndedError] cause of r's context, is sent as the last event. Serve returns nil then
// and when the reader left, and an error when the stream broke or could not begin (nothing was written then, see
// [NewWriter]).
//
// Every event carries an id that Last-Event-ID brings back to [Subscriber]; idle streams carry a heartbeat.
func Serve(w http.ResponseWriter, r *http.Request, sub *Subscription) error {
	defer sub.Close()
	out, err := NewWriter(w)
	if err != nil {
		return err
	}
	place := sub.place()
	// Without a first id a reader who is cut off before the first event could not say where to continue.
	if err := out.Write(Message{ID: place}); err != nil {
		return err
	}
	for {
		e, err := sub.next(r.Context(), Heartbeat)
		var ended *EndedError
		switch {
		case err == nil:
			place = sub.hub.wireID(e.ID)
			err = out.Write(Message{ID: place, Name: e.Name, Data: e.Data})
		case errors.Is(err, errIdle):
			id := ""
			if now := sub.place(); now != place {
				place, id = now, now
			}
			err = out.Heartbeat(id)
		case errors.As(err, &ended):
			return out.End(ended.Reason)
		default:
			// The reader left; there is nobody to tell.
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errIdle is the cause of a wait that saw no event for one heartbeat.
var errIdle = errors.New("no event for one heartbeat")

// next is Next with a limit, and with the end of the session that the subscriber announced.
func (s *Subscription) next(ctx context.Context, wait time.Duration) (Event, error) {
	limit, cause := time.Now().Add(wait), errIdle
	if until := s.who.Until; !until.IsZero() && !until.After(limit) {
		limit, cause = until, error(&EndedError{Reason: ReasonSessionEnded})
	}
	ctx, cancel := context.WithDeadlineCause(ctx, limit, cause)
	defer cancel()
	return s.Next(ctx)
}
