package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/flags"
	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/storage"
)

type putFlagIn struct {
	flagKeyIn
	IfMatch     etag.Condition  `header:"If-Match"`
	IfNoneMatch etag.Condition  `header:"If-None-Match"`
	Definition  json.RawMessage `json:"definition" validate:"required" doc:"In flagd's format: an object, or its text as a string, whose lines errors then name."`
	Comment     string          `json:"comment" validate:"max=500" doc:"Why, for people who read the history."`
}

func (d *Dashboard) putFlag(ctx context.Context, in putFlagIn) (flagDetail, error) {
	c := flags.Change{ID: flags.ID{Kind: flags.Flag, Key: in.Key}, Edit: flags.To(definitionText(in.Definition)), Comment: in.Comment}
	if err := d.basedOn(&c, in.IfMatch, in.IfNoneMatch); err != nil {
		return flagDetail{}, missingIsStale(err)
	}
	out, err := d.changeFlag(ctx, c, "flag.put")
	return out, missingIsStale(err)
}

// missingIsStale answers a change of what is not there any more: its condition
// does not hold (RFC 9110, section 13.1.1).
func missingIsStale(err error) error {
	if errors.Is(err, errNotFound) {
		return errStale
	}
	return err
}

// definitionText takes a definition that is sent as a text.
func definitionText(raw json.RawMessage) json.RawMessage {
	var text string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return json.RawMessage(text)
	}
	return raw
}

var errNoCondition = &Error{Status: http.StatusPreconditionRequired, Code: "if-match-required",
	Detail: "Send the ETag that you read as If-Match, or If-None-Match: * for what is not there yet."}

// basedOn reads the condition of a change, which must be there.
func (d *Dashboard) basedOn(c *flags.Change, ifMatch, ifNoneMatch etag.Condition) error {
	switch {
	case ifNoneMatch.Any():
		c.New = true
		return nil
	case !ifMatch.Given():
		return errNoCondition
	case ifMatch.Any():
		c.There = true
		return nil
	}
	var err error
	c.Based, err = expectedVersion(ifMatch, func() (int64, error) {
		it, err := d.findItem(c.ID)
		return it.Version, err
	})
	return err
}

func (d *Dashboard) findItem(id flags.ID) (flags.Item, error) {
	if d.flagging.store == nil {
		return flags.Item{}, errFlagsElsewhere
	}
	it, err := d.flagging.store.Find(id)
	return it, flagError(err)
}

var errFlagsElsewhere = &Error{Status: http.StatusConflict, Code: "flags-elsewhere",
	Detail: "The flags of this dashboard are defined elsewhere and cannot be changed here."}

// changeFlag makes a change of the caller's.
func (d *Dashboard) changeFlag(ctx context.Context, c flags.Change, action string) (flagDetail, error) {
	created, err := d.change(ctx, c, action, 0)
	if err != nil {
		return flagDetail{}, err
	}
	out, err := d.flagDetail(c.Key)
	out.created = created
	return out, err
}

// change makes a change of the caller's to a flag or a segment; a rollback has
// the version that it goes back to.
func (d *Dashboard) change(ctx context.Context, c flags.Change, action string, back int64) (created bool, err error) {
	store := d.flagging.store
	if store == nil {
		return false, errFlagsElsewhere
	}
	c.By = actorOf(ctx)
	c.Also = func(tx *storage.Tx, before, after flags.Item) error {
		created = before.Definition == nil
		return d.auditFlag(ctx, tx, action, before, after)
	}
	if back > 0 {
		_, err = store.Rollback(ctx, c, back)
	} else {
		_, err = store.Apply(ctx, c)
	}
	return created, flagError(err)
}

// auditFlag enters a change in the audit log. What changed is in the history.
func (d *Dashboard) auditFlag(ctx context.Context, tx *storage.Tx, action string, before, after flags.Item) error {
	detail := map[string]any{"version": after.Version}
	if before.Version > 0 {
		detail["before"] = before.Version
	}
	if after.Comment != "" {
		detail["comment"] = after.Comment
	}
	return d.audit(ctx, tx, action, after.Key, detail)
}

func actorOf(ctx context.Context) flags.Actor {
	p, ok := auth.FromContext(ctx)
	if !ok {
		return flags.Actor{ID: "system", Name: "system"}
	}
	a := flags.Actor{ID: p.ID, Name: p.Name}
	if a.Name == "" {
		a.Name = p.Email
	}
	if p.KeyName != "" {
		a.Name += " (API key " + p.KeyName + ")"
	}
	return a
}

// flagError maps the errors of the store.
func flagError(err error) error {
	if e, ok := errors.AsType[*flags.InvalidError](err); ok {
		return invalidFlag(e, "/definition")
	}
	switch {
	case errors.Is(err, flags.ErrUnknown):
		return errNotFound
	case errors.Is(err, flags.ErrChanged), errors.Is(err, flags.ErrExists):
		return errStale
	case errors.Is(err, flags.ErrFile):
		return Errorf(http.StatusConflict, "flag-in-file", "A file defines this. Remove it there.")
	case errors.Is(err, flags.ErrFull):
		return Errorf(http.StatusConflict, "too-many-flags", "There are too many flags, or they are too large together. Delete some first.")
	}
	return err
}

// invalidFlag answers what is wrong with a definition.
func invalidFlag(e *flags.InvalidError, below string) *Error {
	out := Invalid()
	others := 0
	for _, p := range e.Problems {
		f := FieldError{Pointer: below + p.Pointer, Code: p.Code, Detail: p.Detail}
		if p.Other != (flags.ID{}) {
			others++
			f.Pointer = below
			f.Detail = fmt.Sprintf("%s %q would not be valid any more: %s", p.Other.Kind, p.Other.Key, p.Detail)
		} else if p.Line > 0 {
			f.Detail = fmt.Sprintf("line %d: %s", p.Line, p.Detail)
		}
		out.Fields = append(out.Fields, f)
	}
	if others == len(e.Problems) && others > 0 {
		out.Detail = "Others need this as it is: " + strings.TrimSuffix(out.Fields[0].Detail, ".") + "."
	}
	return out
}

type deleteFlagIn struct {
	flagKeyIn
	ifMatchIn
}

func (d *Dashboard) deleteFlag(ctx context.Context, in deleteFlagIn) (empty, error) {
	return empty{}, d.deleteItem(ctx, flags.ID{Kind: flags.Flag, Key: in.Key}, in.IfMatch, "flag.delete")
}

func (d *Dashboard) deleteItem(ctx context.Context, id flags.ID, ifMatch etag.Condition, action string) error {
	c := flags.Change{ID: id, Edit: flags.Away}
	if err := d.basedOn(&c, ifMatch, etag.Condition{}); err != nil {
		return err
	}
	_, err := d.change(ctx, c, action, 0)
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusUnprocessableEntity && len(e.Fields) > 0 {
		return &Error{Status: http.StatusConflict, Code: "flag-in-use", Detail: e.Detail, Fields: e.Fields}
	}
	return err
}

type flagVersion struct {
	Version    int64           `json:"version"`
	At         time.Time       `json:"at"`
	By         flagActor       `json:"by"`
	Comment    string          `json:"comment"`
	Definition json.RawMessage `json:"definition" doc:"null where it was deleted."`
}

type flagHistoryIn struct {
	flagKeyIn
	pageIn
}

func (d *Dashboard) flagHistory(ctx context.Context, in flagHistoryIn) (Page[flagVersion], error) {
	return d.itemHistory(ctx, flags.ID{Kind: flags.Flag, Key: in.Key}, in.pageIn)
}

func (d *Dashboard) itemHistory(ctx context.Context, id flags.ID, in pageIn) (Page[flagVersion], error) {
	out := Page[flagVersion]{Items: []flagVersion{}}
	key, list := d.vault.subkey("cursor of lists"), "history of "+string(id.Kind)+" "+id.Key
	after, err := query.Open(key, list, "", in.Cursor, bySeq())
	if err != nil {
		return out, errBadCursor
	}
	before := int64(0)
	if len(after) > 0 {
		before, _ = after[0].(int64) // Open has checked it
	}
	if d.flagging.store == nil {
		return out, errNotFound
	}
	versions, err := d.flagging.store.History(ctx, id, before, in.Limit+1)
	if err != nil {
		return out, err
	}
	if len(versions) == 0 && before == 0 {
		if _, err := d.findItem(id); err != nil { // one of a file has no history
			return out, err
		}
	}
	for i, v := range versions {
		if i == in.Limit {
			out.NextCursor, err = query.Seal(key, list, "", []any{versions[i-1].Version})
			break
		}
		out.Items = append(out.Items, flagVersion{Version: v.Version, At: v.At, By: flagActor(v.By), Comment: v.Comment, Definition: storedText(v.Definition)})
	}
	return out, err
}

type rollbackFlagIn struct {
	flagKeyIn
	IfMatch etag.Condition `header:"If-Match"`
	Version int64          `json:"version" validate:"min=1"`
	Comment string         `json:"comment" validate:"max=500"`
}

func (d *Dashboard) rollbackFlag(ctx context.Context, in rollbackFlagIn) (flagDetail, error) {
	err := d.rollbackItem(ctx, flags.ID{Kind: flags.Flag, Key: in.Key}, in.IfMatch, in.Version, in.Comment, "flag.rollback")
	if err != nil {
		return flagDetail{}, err
	}
	return d.flagDetail(in.Key)
}

func (d *Dashboard) rollbackItem(ctx context.Context, id flags.ID, ifMatch etag.Condition, version int64, comment, action string) error {
	c := flags.Change{ID: id, Comment: comment}
	if c.Comment == "" {
		c.Comment = fmt.Sprintf("back to version %d", version)
	}
	// What was deleted can come back: its ETag is that of nothing.
	ifNoneMatch := etag.Condition{}
	if _, err := d.findItem(id); errors.Is(err, errNotFound) && !ifMatch.Given() {
		ifNoneMatch = etag.Parse([]string{"*"})
	}
	if err := d.basedOn(&c, ifMatch, ifNoneMatch); err != nil {
		return err
	}
	_, err := d.change(ctx, c, action, version)
	return err
}

type killFlagIn struct {
	flagKeyIn
	Killed  bool   `json:"killed"`
	Variant string `json:"variant" validate:"max=200" doc:"What everybody gets; empty: the default variant."`
	Comment string `json:"comment" validate:"max=500"`
}

func (d *Dashboard) killFlag(ctx context.Context, in killFlagIn) (flagDetail, error) {
	action := "flag.kill"
	if !in.Killed {
		action = "flag.revive"
	}
	return d.changeFlag(ctx, flags.Change{ID: flags.ID{Kind: flags.Flag, Key: in.Key}, Edit: flags.Killed(in.Killed, in.Variant), There: true, Comment: in.Comment}, action)
}
