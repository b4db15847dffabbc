package dashboard

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/flags"
	"github.com/modular-dashboard/dashboard/internal/resource"
)

// Segments are rules with a name that flags refer to: the $evaluators of flagd's
// format.
func (d *Dashboard) routeSegments(r *Router) {
	read, manage := Require(permFlagsRead), Require(permFlagsManage)
	Get(r, "/segments", d.listSegments, read, ID("segments"), Summary("The segments that flags refer to"), Answers(400),
		Description("Sorted and filtered by: name, version, updated_at, source. Searched by the beginning of the name."))
	Get(r, "/segments/{name}", d.segment, read, ID("segment"), Summary("One segment"), Answers(404))
	Put(r, "/segments/{name}", d.putSegment, manage, ID("put-segment"), Summary("Make or change a segment"), Also(http.StatusCreated), Answers(404, 409, 412, 428),
		Description("Needs If-Match with the ETag that was read; for a new segment If-None-Match: * instead. All flags that refer to it follow."))
	Delete(r, "/segments/{name}", d.deleteSegment, manage, ID("delete-segment"), Summary("Delete a segment that no flag refers to"), Answers(404, 409, 412, 428))
	Get(r, "/segments/{name}/history", d.segmentHistory, read, ID("segment-history"), Summary("Versions of a segment, newest first"), Answers(400, 404))
	Post(r, "/segments/{name}/rollback", d.rollbackSegment, manage, ID("rollback-segment"), Summary("Go back to an earlier version"), Answers(404, 409, 412, 428))
}

type segmentInfo struct {
	Name       string          `json:"name" resource:"key,sort=default,filter,search"`
	Definition json.RawMessage `json:"definition" doc:"A rule in JsonLogic; its text, a string, where what is stored is damaged."`
	Version    int64           `json:"version" resource:"sort,filter" doc:"0: as a file defines it."`
	UpdatedAt  *time.Time      `json:"updated_at,omitempty" resource:"sort,filter"`
	UpdatedBy  flagActor       `json:"updated_by"`
	UsedBy     []string        `json:"used_by" doc:"The flags that refer to it, those that do so by way of another segment left out."`
	Source     string          `json:"source" validate:"oneof=database file" resource:"filter"`
	created    bool
}

// ETag is the version.
func (s segmentInfo) ETag() string { return generationTag(s.Version) }

// StatusCode is 201 for a new segment.
func (s segmentInfo) StatusCode() int {
	if s.created {
		return http.StatusCreated
	}
	return http.StatusOK
}

var segmentFields = sync.OnceValues(func() (*resource.Fields, error) { return resource.Describe(reflect.TypeFor[segmentInfo]()) })

func (d *Dashboard) segmentInfoOf(it flags.Item, all []flags.Item) segmentInfo {
	out := segmentInfo{Name: it.Key, Definition: storedText(it.Definition), Version: it.Version, UpdatedBy: flagActor(it.By), UsedBy: []string{}, Source: d.sourceOf(it)}
	if !it.At.IsZero() {
		out.UpdatedAt = &it.At
	}
	for _, f := range all {
		if refersTo(f.Definition, it.Key) {
			out.UsedBy = append(out.UsedBy, f.Key)
		}
	}
	return out
}

func (d *Dashboard) listSegments(_ context.Context, in listIn) (Page[segmentInfo], error) {
	fields, err := segmentFields()
	if err != nil || d.flagging.store == nil {
		return Page[segmentInfo]{Items: []segmentInfo{}}, err
	}
	all, items := d.flagging.store.List(flags.Flag), []segmentInfo{}
	for _, it := range d.flagging.store.List(flags.Segment) {
		items = append(items, d.segmentInfoOf(it, all))
	}
	return pageOf(d, "segments", fields, in, items)
}

type segmentNameIn struct {
	Name string `path:"name" validate:"max=200"`
}

func (in segmentNameIn) id() flags.ID { return flags.ID{Kind: flags.Segment, Key: in.Name} }

func (d *Dashboard) segment(_ context.Context, in segmentNameIn) (segmentInfo, error) {
	if d.flagging.store == nil {
		return segmentInfo{}, errNotFound
	}
	it, err := d.flagging.store.Find(in.id())
	if err != nil {
		return segmentInfo{}, flagError(err)
	}
	return d.segmentInfoOf(it, d.flagging.store.List(flags.Flag)), nil
}

type putSegmentIn struct {
	segmentNameIn
	IfMatch     etag.Condition  `header:"If-Match"`
	IfNoneMatch etag.Condition  `header:"If-None-Match"`
	Definition  json.RawMessage `json:"definition" validate:"required"`
	Comment     string          `json:"comment" validate:"max=500"`
}

func (d *Dashboard) putSegment(ctx context.Context, in putSegmentIn) (segmentInfo, error) {
	c := flags.Change{ID: in.id(), Edit: flags.To(definitionText(in.Definition)), Comment: in.Comment}
	if err := d.basedOn(&c, in.IfMatch, in.IfNoneMatch); err != nil {
		return segmentInfo{}, missingIsStale(err)
	}
	created, err := d.change(ctx, c, "segment.put", 0)
	if err != nil {
		return segmentInfo{}, missingIsStale(err)
	}
	out, err := d.segment(ctx, in.segmentNameIn)
	out.created = created
	return out, err
}

type deleteSegmentIn struct {
	segmentNameIn
	ifMatchIn
}

func (d *Dashboard) deleteSegment(ctx context.Context, in deleteSegmentIn) (empty, error) {
	return empty{}, d.deleteItem(ctx, in.id(), in.IfMatch, "segment.delete")
}

type segmentHistoryIn struct {
	segmentNameIn
	pageIn
}

func (d *Dashboard) segmentHistory(ctx context.Context, in segmentHistoryIn) (Page[flagVersion], error) {
	return d.itemHistory(ctx, in.id(), in.pageIn)
}

type rollbackSegmentIn struct {
	segmentNameIn
	IfMatch etag.Condition `header:"If-Match"`
	Version int64          `json:"version" validate:"min=1"`
	Comment string         `json:"comment" validate:"max=500"`
}

func (d *Dashboard) rollbackSegment(ctx context.Context, in rollbackSegmentIn) (segmentInfo, error) {
	if err := d.rollbackItem(ctx, in.id(), in.IfMatch, in.Version, in.Comment, "segment.rollback"); err != nil {
		return segmentInfo{}, err
	}
	return d.segment(ctx, in.segmentNameIn)
}

// storedText is a definition as an answer can hold it: one that is damaged is
// the text that is stored.
func storedText(definition json.RawMessage) json.RawMessage {
	if definition == nil || json.Valid(definition) {
		return definition
	}
	text, err := json.Marshal(string(definition))
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}
