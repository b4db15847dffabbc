package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/audit"
	"github.com/modular-dashboard/dashboard/storage"
)

type auditIn struct {
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string `query:"cursor" validate:"max=500"`
	Action string `query:"action" validate:"max=100"`
	Actor  string `query:"actor" validate:"max=100"`
	Target string `query:"target" validate:"max=200"`
}

type auditInfo struct {
	ID        string          `json:"id"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	ActorName string          `json:"actor_name"`
	Action    string          `json:"action"`
	Target    string          `json:"target"`
	Detail    json.RawMessage `json:"detail"`
	RequestID string          `json:"request_id"`
	Address   string          `json:"address"`
}

func (d *Dashboard) routeAudit(r *Router) {
	Get(r, "/audit", d.listAudit, Require(permAuditRead), ID("audit"), Summary("What was done, newest first"), Answers(400))
}

func (d *Dashboard) listAudit(ctx context.Context, in auditIn) (Page[auditInfo], error) {
	list, next, err := d.auditLog.List(ctx, audit.Query{Limit: in.Limit, Cursor: in.Cursor, Action: in.Action, Actor: in.Actor, Target: in.Target})
	if errors.Is(err, audit.ErrCursor) {
		return Page[auditInfo]{}, errBadCursor
	}
	out := Page[auditInfo]{NextCursor: next}
	for _, e := range list {
		out.Items = append(out.Items, auditInfo{ID: e.ID, At: e.At, Actor: e.Actor, ActorName: e.ActorName, Action: e.Action,
			Target: e.Target, Detail: e.Detail, RequestID: e.RequestID, Address: e.Address})
	}
	return out, err
}

var errBadCursor = &Error{Status: http.StatusBadRequest, Code: "bad-cursor", Detail: "The cursor is not one of this query."}

// audit records an act of the caller of ctx, inside the transaction of the act.
func (d *Dashboard) audit(ctx context.Context, tx *storage.Tx, action, target string, detail any) error {
	return d.auditAs(ctx, tx, "", action, target, detail)
}

// auditAs records an act of a known actor; empty means the caller of ctx, or
// the program itself.
func (d *Dashboard) auditAs(ctx context.Context, tx *storage.Tx, actor, action, target string, detail any) error {
	raw, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	e := audit.Entry{Actor: actor, Action: action, Target: target, Detail: raw}
	if s := stateOf(ctx); s != nil {
		e.RequestID, e.Address = s.id, s.address()
	}
	if p, ok := auth.FromContext(ctx); ok && (actor == "" || actor == p.ID) {
		e.Actor, e.ActorName = p.ID, p.Email
		if p.KeyName != "" {
			e.ActorName += " (API key " + p.KeyName + ")"
		}
	}
	if e.Actor == "" {
		e.Actor = "system"
	}
	return d.auditLog.Append(ctx, tx, e)
}
