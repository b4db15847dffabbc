package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/settings"
)

func (d *Dashboard) routeSettings(r *Router) {
	read, manage := Require(permSettingsRead), Require(permSettingsManage)
	Get(r, "/modules/{id}/settings", d.getSettings, read, ID("settings"), Summary("A module's settings, without secrets"), Answers(404))
	Put(r, "/modules/{id}/settings", d.putSettings, manage, ID("put-settings"), Summary("Change a module's settings as a whole"),
		Description("Needs If-Match with the ETag that was read. A secret that is absent stays. Refused as a whole when a value is invalid or the module does not take it."),
		Answers(404, 409, 412, 428))
	Get(r, "/modules/{id}/settings/schema", d.settingsSchema, read, ID("settings-schema"), Summary("JSON Schema of a module's settings"), Answers(404))
	Get(r, "/modules/{id}/settings/history", d.settingsHistory, read, ID("settings-history"), Summary("Earlier versions of a module's settings"), Answers(404))
	Post(r, "/modules/{id}/settings/rollback", d.rollbackSettings, manage, ID("rollback-settings"), Summary("Go back to an earlier version"), Answers(404, 409, 412, 428))
}

type settingsInfo struct {
	Values  json.RawMessage `json:"values"`
	Secrets map[string]bool `json:"secrets" doc:"Which secrets are set, by field."`
	Version int64           `json:"version"`
}

// ETag is the version.
func (s settingsInfo) ETag() string { return generationTag(s.Version) }

func (d *Dashboard) getSettings(ctx context.Context, in idIn) (settingsInfo, error) {
	v, err := d.settings.Get(ctx, in.ID)
	return settingsInfo{Values: v.Values, Secrets: v.Secrets, Version: v.Version}, settingsError(err)
}

type putSettingsIn struct {
	ID      string          `path:"id"`
	IfMatch etag.Condition  `header:"If-Match"`
	Values  json.RawMessage `json:"values" validate:"required"`
}

func (d *Dashboard) putSettings(ctx context.Context, in putSettingsIn) (settingsInfo, error) {
	version, err := d.settingsVersionOf(ctx, in.ID, in.IfMatch)
	if err != nil {
		return settingsInfo{}, err
	}
	if _, err := d.settings.Put(ctx, in.ID, in.Values, version, stateOf(ctx).principal.ID); err != nil {
		return settingsInfo{}, settingsError(err)
	}
	return d.getSettings(ctx, idIn{in.ID})
}

// settingsVersionOf reads If-Match, which must be there.
func (d *Dashboard) settingsVersionOf(ctx context.Context, id string, c etag.Condition) (int64, error) {
	if !c.Given() {
		return 0, &Error{Status: http.StatusPreconditionRequired, Code: "if-match-required",
			Detail: "Send the ETag that you read as If-Match."}
	}
	v, err := expectedVersion(c, func() (int64, error) {
		present, err := d.settings.Get(ctx, id)
		return present.Version, settingsError(err)
	})
	if err != nil || v == nil {
		return settings.AnyVersion, err
	}
	return *v, nil
}

func (d *Dashboard) settingsSchema(_ context.Context, in idIn) (json.RawMessage, error) {
	m := d.modules[in.ID]
	if m == nil || m.settings == nil {
		return nil, errNotFound
	}
	return m.schema()
}

type settingsVersion struct {
	Version int64            `json:"version"`
	At      time.Time        `json:"at"`
	Actor   string           `json:"actor"`
	Changes []settingsChange `json:"changes"`
}

type settingsChange struct {
	Field  string          `json:"field"`
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	Secret bool            `json:"secret"`
}

type settingsHistoryIn struct {
	ID     string `path:"id"`
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string `query:"cursor" validate:"max=2048"`
}

func (d *Dashboard) settingsHistory(ctx context.Context, in settingsHistoryIn) (Page[settingsVersion], error) {
	list, err := d.settings.History(ctx, in.ID)
	if err != nil {
		return Page[settingsVersion]{}, settingsError(err)
	}
	out := make([]settingsVersion, 0, len(list))
	for _, v := range list {
		one := settingsVersion{Version: v.Version, At: v.At, Actor: v.Actor}
		for _, c := range v.Changes {
			one.Changes = append(one.Changes, settingsChange(c))
		}
		out = append(out, one)
	}
	return pageAfter(d, "settings of "+in.ID, pageIn{in.Limit, in.Cursor}, out, func(v settingsVersion) string { return downwards(v.Version, "") })
}

type rollbackIn struct {
	ID      string         `path:"id"`
	IfMatch etag.Condition `header:"If-Match"`
	Version int64          `json:"version" validate:"min=0"`
}

func (d *Dashboard) rollbackSettings(ctx context.Context, in rollbackIn) (settingsInfo, error) {
	version, err := d.settingsVersionOf(ctx, in.ID, in.IfMatch)
	if err != nil {
		return settingsInfo{}, err
	}
	if _, err := d.settings.Rollback(ctx, in.ID, in.Version, version, stateOf(ctx).principal.ID); err != nil {
		return settingsInfo{}, settingsError(err)
	}
	return d.getSettings(ctx, idIn{in.ID})
}

// settingsError maps the store's errors.
func settingsError(err error) error {
	if e, ok := errors.AsType[*settings.InvalidError](err); ok {
		out := Invalid()
		for _, f := range e.Fields {
			f.Pointer = "/values" + f.Pointer
			out.Fields = append(out.Fields, FieldError(f))
		}
		return out
	}
	if _, ok := errors.AsType[*settings.ConflictError](err); ok {
		return errStale
	}
	if e, ok := errors.AsType[*settings.ApplyError](err); ok {
		return &Error{Status: http.StatusUnprocessableEntity, Code: "settings-refused",
			Detail: "The module did not take these settings: " + e.Detail}
	}
	if e, ok := errors.AsType[*settings.SecretError](err); ok {
		return &Error{Status: http.StatusServiceUnavailable, Code: "secret-locked", RetryAfter: time.Minute,
			Detail: "The stored secret " + e.Field + " cannot be opened: its master key is missing here.", Err: err}
	}
	switch {
	case errors.Is(err, settings.ErrClosed):
		return errStarting
	case errors.Is(err, settings.ErrUnknownModule), errors.Is(err, settings.ErrUnknownVersion):
		return errNotFound
	case errors.Is(err, settings.ErrBusy):
		return &Error{Status: http.StatusConflict, Code: "settings-busy", RetryAfter: time.Second,
			Detail: "An earlier change is still being applied. Try again."}
	}
	return err
}
