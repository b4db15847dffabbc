package dashboard

import (
	"net/http"
	"reflect"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/events"
)

func (d *Dashboard) routeEvents(r *Router) {
	register(r, http.MethodGet, "/events", reflect.TypeFor[empty](), reflect.TypeFor[Stream](), d.serveEvents, []EndpointOption{
		Authenticated(), ID("events"), Summary("Changes the caller may see"), Answers(429),
		Description("Server-sent events: module, settings, flag and panel changes, session-ended, shutdown. Last-Event-ID continues where a stream broke off; resync says that something was missed.")})
}

const streamRetry = 10 * time.Second

var errTooManyStreams = &Error{Status: http.StatusTooManyRequests, Code: "too-many-streams", RetryAfter: streamRetry,
	Detail: "Too many event streams are open."}

// serveEvents answers the one stream that a page of the UI listens to. What it
// lets through is decided by the rights its reader has at that moment.
func (d *Dashboard) serveEvents(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	if r.Method == http.MethodHead {
		return headOfStream(w)
	}
	p := stateOf(r.Context()).principal
	ctx, stream, done, err := openStreamOf(r.Context(), e)
	if err != nil {
		return err
	}
	defer done()
	seesModules := d.auth.Permission(coreModule + "." + permModulesRead.name)
	sub, err := d.events.Subscribe(events.Subscriber{
		User: p.ID, Session: p.SessionID, LastEventID: r.Header.Get("Last-Event-ID"), Until: p.SessionExpiresAt,
		Filter: func(e events.Event) bool {
			now := stream.principal.Load()
			if m := d.modules[e.Audience.Module]; m != nil && len(m.flags) > 0 && !now.Can(seesModules) &&
				!d.here(featureflag.WithContext(ctx, *flagContextOf(now)), m) {
				return false
			}
			if e.Name == "module" && now.Can(seesModules) {
				return true
			}
			return e.Audience.Admits(now.ID, now.SessionID, now.Has, now.HasAnyUnder)
		},
	})
	if err != nil {
		return errTooManyStreams
	}
	return answered(events.Serve(w, r.WithContext(ctx), sub))
}
