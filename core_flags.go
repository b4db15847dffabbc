package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/etag"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/internal/flags"
	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/internal/resource"
)

func (d *Dashboard) routeFlags(r *Router) {
	read, manage := Require(permFlagsRead), Require(permFlagsManage)
	const whole = "Needs If-Match with the ETag that was read; for a new flag If-None-Match: * instead."
	register(r, http.MethodGet, "/flags", reflect.TypeFor[listFlagsIn](), reflect.TypeFor[Page[flagInfo]](), d.serveFlags,
		[]EndpointOption{read, ID("flags"), Summary("The feature flags"), Answers(http.StatusBadRequest),
			Description("Sorted by: key, kind, owner, version, updated_at, expires_at. Filtered by: key, kind, enabled, killed, owner, stale, source, exposures, version, updated_at, expires_at. Searched by the beginning of: key, description, owner. With format=flagd all of them as one document in flagd's format.")})
	Get(r, "/flags/metrics", d.flagMetrics, read, ID("flag-metrics"), Summary("The metrics that were tracked on this instance"))
	Post(r, "/flags/check", d.checkFlagDefinition, read, ID("check-flag"), Summary("What is wrong with a definition"))
	Post(r, "/flags/explain", d.explainFlag, read, ID("explain-flag"), Summary("What somebody would get, and why"), Answers(404))
	Post(r, "/flags/import", d.importFlags, manage, ID("import-flags"), Summary("Take over a document in flagd's format"), BodyLimit(maxFlagImport),
		Description("All of it or nothing. With mode=replace what the document does not have is deleted; with dry_run nothing is changed. Segments are called $evaluators/name in the answer."))
	Get(r, "/flags/{key}", d.flag, read, ID("flag"), Summary("One flag"), Answers(404))
	Put(r, "/flags/{key}", d.putFlag, manage, ID("put-flag"), Summary("Make or change a flag"), Also(http.StatusCreated), Answers(404, 409, 412, 428), Description(whole+" It is in force on every instance within a second."))
	Delete(r, "/flags/{key}", d.deleteFlag, manage, ID("delete-flag"), Summary("Delete a flag"), Answers(404, 409, 412, 428),
		Description("Needs If-Match. A flag that a file defines too goes back to what the file says."))
	Get(r, "/flags/{key}/history", d.flagHistory, read, ID("flag-history"), Summary("Versions of a flag, newest first"), Description("The last 100 are kept."), Answers(400, 404))
	Post(r, "/flags/{key}/rollback", d.rollbackFlag, manage, ID("rollback-flag"), Summary("Go back to an earlier version"), Answers(404, 409, 412, 428))
	Post(r, "/flags/{key}/kill", d.killFlag, manage, ID("kill-flag"), Summary("The emergency brake: serve one variant to everybody"), Answers(404, 409),
		Description("Needs no If-Match. The variant is the default one unless another is named."))
	Post(r, "/flags/{key}/preview", d.previewFlag, read, ID("preview-flag"), Summary("Whom a change of a flag would affect"))
	Get(r, "/flags/{key}/experiment", d.flagExperiment, read, ID("flag-experiment"), Summary("What the variants of a flag did to a metric"), Answers(404),
		Description("Counted on this instance since it was started."))
}

// maxFlagImport is the largest document that is taken over, in bytes.
const maxFlagImport = 4 << 20

// flagging is what the dashboard has for flags, besides the flags.
type flagging struct {
	store    *flags.Store // nil: they are elsewhere
	file     *featureflag.File
	delegate *featureflag.Delegate
	unwatch  func()
}

func (f *flagging) close(ctx context.Context) error {
	var err error
	if f.unwatch != nil {
		f.unwatch()
	}
	if f.store != nil {
		err = f.store.Shutdown(ctx)
	}
	if f.file != nil {
		err = errors.Join(err, f.file.Close())
	}
	if f.delegate != nil {
		err = errors.Join(err, f.delegate.Shutdown(ctx))
	}
	return err
}

type flagVariant struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

type flagActor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// flagInfo is a flag in lists.
type flagInfo struct {
	Key            string        `json:"key" resource:"key,sort=default,filter,search"`
	Kind           string        `json:"kind" validate:"oneof=boolean string number object" resource:"sort,filter"`
	Enabled        bool          `json:"enabled" resource:"filter"`
	Killed         bool          `json:"killed" resource:"filter" doc:"The emergency brake is on."`
	Description    string        `json:"description,omitempty" resource:"search"`
	Owner          string        `json:"owner,omitempty" resource:"sort,filter,search"`
	ExpiresAt      *time.Time    `json:"expires_at,omitempty" resource:"sort,filter"`
	Stale          bool          `json:"stale" resource:"filter"`
	StaleWhy       string        `json:"stale_why,omitempty"`
	DefaultVariant string        `json:"default_variant,omitempty"`
	Variants       []flagVariant `json:"variants"`
	Version        int64         `json:"version" resource:"sort,filter" doc:"0: as a file defines it."`
	UpdatedAt      *time.Time    `json:"updated_at,omitempty" resource:"sort,filter"`
	UpdatedBy      flagActor     `json:"updated_by"`
	Exposures      int64         `json:"exposures" resource:"sort,filter" doc:"How often it was evaluated on this instance since it was started."`
	Source         string        `json:"source" validate:"oneof=database file provider" resource:"filter"`
	Damaged        string        `json:"damaged,omitempty" doc:"Why what is stored cannot be used; what was in force before stays."`
}

// flagDetail is one flag.
type flagDetail struct {
	flagInfo
	Definition json.RawMessage `json:"definition" doc:"In flagd's format; its text, a string, where what is stored is damaged."`
	Segments   []string        `json:"segments" doc:"The shared rules that it refers to."`
	Needs      []string        `json:"needs" doc:"The flags that are its prerequisites."`
	NeededBy   []string        `json:"needed_by" doc:"The flags that it is a prerequisite of."`
	created    bool
}

// ETag is the version.
func (f flagDetail) ETag() string { return generationTag(f.Version) }

// StatusCode is 201 for a new flag.
func (f flagDetail) StatusCode() int {
	if f.created {
		return http.StatusCreated
	}
	return http.StatusOK
}

type listFlagsIn struct {
	listIn
	Format string `query:"format" validate:"omitempty,oneof=flagd json" doc:"flagd: one document with all of them, as an import takes it."`
}

// flagFields describes what lists of flags are sorted and filtered by.
var flagFields = sync.OnceValues(func() (*resource.Fields, error) { return resource.Describe(reflect.TypeFor[flagInfo]()) })

// serveFlags answers a page of flags, or all of them as a document.
func (d *Dashboard) serveFlags(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	var in listFlagsIn
	if err := e.plan.Decode(r, &in, e.config.bodyLimit); err != nil {
		return err
	}
	if in.Format == "flagd" {
		return d.exportFlags(w, r)
	}
	fields, err := flagFields()
	if err != nil {
		return err
	}
	page, err := pageOf(d, "flags", fields, in.listIn, d.flagInfos())
	if err != nil {
		return err
	}
	return e.write(w, r, &page)
}

// pageOf returns a page of a list that is in memory, filtered and sorted.
func pageOf[T any](d *Dashboard, list string, fields *resource.Fields, in listIn, items []T) (Page[T], error) {
	q, err := fields.Parse(in.Filter, in.Sort, in.Search)
	if err != nil {
		return Page[T]{}, queryError(err)
	}
	secret := d.vault.subkey("cursor of lists")
	after, err := query.Open(secret, list, q.Canonical(), in.Cursor, cursorOrder)
	if err != nil {
		return Page[T]{}, errBadCursor
	}
	from := ""
	if after != nil {
		from = after[0].(string)
	}
	at, next, err := fields.Page(reflect.ValueOf(items), q, from, in.Limit)
	if err != nil {
		return Page[T]{}, errBadCursor
	}
	out := Page[T]{Items: make([]T, 0, len(at))}
	for _, i := range at {
		out.Items = append(out.Items, items[i])
	}
	if next != "" {
		out.NextCursor, err = query.Seal(secret, list, q.Canonical(), []any{next})
	}
	return out, err
}

// exportFlags answers a document of flagd's.
func (d *Dashboard) exportFlags(w http.ResponseWriter, r *http.Request) error {
	set := d.flags.Snapshot()
	document := set.Definitions()
	if d.flagging.store != nil {
		var err error
		if document, err = d.flagging.store.Export(); err != nil {
			return err
		}
	}
	h := w.Header()
	tag := `"` + set.Hash() + `"`
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-store")
	if etag.Parse(r.Header["If-None-Match"]).Has(tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="flags.flagd.json"`)
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(document)
	return answered(err)
}

// flagInfos are all flags as this instance knows them.
func (d *Dashboard) flagInfos() []flagInfo {
	now, set := time.Now(), d.flags.Snapshot()
	out := []flagInfo{}
	if d.flagging.store == nil {
		for f := range set.Flags() {
			out = append(out, d.flagInfoOf(now, f, flags.Item{ID: flags.ID{Kind: flags.Flag, Key: f.Key()}}))
		}
		return out
	}
	damaged := d.flagging.store.Damaged()
	for _, it := range d.flagging.store.List(flags.Flag) {
		f, _ := set.Flag(it.Key)
		one := d.flagInfoOf(now, f, it)
		one.Damaged = damaged[it.ID]
		out = append(out, one)
	}
	return out
}

// flagInfoOf tells of a flag; f is nil where the definition was never good.
func (d *Dashboard) flagInfoOf(now time.Time, f *featureflag.Flag, it flags.Item) flagInfo {
	out := flagInfo{Key: it.Key, Kind: "boolean", Variants: []flagVariant{}, Version: it.Version, Source: d.sourceOf(it),
		UpdatedBy: flagActor(it.By), Exposures: int64(d.flags.Exposed(it.Key))}
	if !it.At.IsZero() {
		out.UpdatedAt = &it.At
	}
	if f == nil {
		return out
	}
	x := f.Extensions()
	out.Kind, out.Enabled = kindName(f.Kind()), f.Enabled()
	out.Killed, out.Owner, out.Description = x.Killed, x.Owner, x.Description
	out.DefaultVariant, _ = f.DefaultVariant()
	if !x.Expires.IsZero() {
		at := x.Expires.UTC()
		out.ExpiresAt = &at
	}
	for _, v := range f.Variants() {
		raw, err := json.Marshal(v.Value)
		if err != nil {
			raw = json.RawMessage("null")
		}
		out.Variants = append(out.Variants, flagVariant{Name: v.Name, Value: raw})
	}
	out.StaleWhy = staleWhy(now, out, it)
	out.Stale = out.StaleWhy != ""
	return out
}

func (d *Dashboard) sourceOf(it flags.Item) string {
	switch {
	case d.config.flagSource.name != "":
		return d.config.flagSource.name
	case it.InFile:
		return "file"
	}
	return "database"
}

func kindName(k featureflag.Kind) string {
	switch k {
	case featureflag.KindString:
		return "string"
	case featureflag.KindNumber:
		return "number"
	case featureflag.KindObject:
		return "object"
	default:
		return "boolean"
	}
}

// staleAfter is how long a flag may decide nothing before it is called stale.
const staleAfter = 90 * 24 * time.Hour

// staleWhy says why a flag could go, "" where nothing speaks for it.
func staleWhy(now time.Time, f flagInfo, it flags.Item) string {
	switch {
	case f.ExpiresAt != nil && f.ExpiresAt.Before(now):
		return "It expired on " + f.ExpiresAt.Format(time.DateOnly) + "."
	case it.At.IsZero() || now.Sub(it.At) < staleAfter:
		return ""
	case !f.Enabled:
		return "It has been disabled for more than 90 days."
	case f.Killed:
		return "Its emergency brake has been on for more than 90 days."
	case !decides(it.Definition):
		return "It has served one variant to everybody for more than 90 days."
	}
	return ""
}

// decides reports whether a definition serves more than one variant.
func decides(definition json.RawMessage) bool {
	var f struct {
		Targeting map[string]json.RawMessage `json:"targeting"`
		Metadata  map[string]any             `json:"metadata"`
	}
	if json.Unmarshal(definition, &f) != nil {
		return true
	}
	return len(f.Targeting) > 0 || f.Metadata["schedule"] != nil || f.Metadata["prerequisites"] != nil
}

type flagKeyIn struct {
	Key string `path:"key" validate:"max=200"`
}

func (d *Dashboard) flag(_ context.Context, in flagKeyIn) (flagDetail, error) {
	return d.flagDetail(in.Key)
}

func (d *Dashboard) flagDetail(key string) (flagDetail, error) {
	set := d.flags.Snapshot()
	f, there := set.Flag(key)
	it := flags.Item{ID: flags.ID{Kind: flags.Flag, Key: key}}
	if d.flagging.store != nil {
		var err error
		if it, err = d.flagging.store.Find(it.ID); err != nil {
			return flagDetail{}, flagError(err)
		}
	} else if !there {
		return flagDetail{}, errNotFound
	} else {
		it.Definition = f.Definition()
	}
	out := flagDetail{flagInfo: d.flagInfoOf(time.Now(), f, it), Definition: storedText(it.Definition), Segments: []string{}, Needs: []string{}, NeededBy: []string{}}
	if d.flagging.store == nil {
		return out, nil
	}
	out.Damaged = d.flagging.store.Damaged()[it.ID]
	for _, s := range d.flagging.store.List(flags.Segment) {
		if refersTo(it.Definition, s.Key) {
			out.Segments = append(out.Segments, s.Key)
		}
	}
	needs, neededBy := d.flagging.store.Needs(key)
	out.Needs, out.NeededBy = append(out.Needs, needs...), append(out.NeededBy, neededBy...)
	return out, nil
}

// refersTo reports whether a definition names a segment.
func refersTo(definition json.RawMessage, segment string) bool {
	name, err := json.Marshal(segment)
	if err != nil || !bytes.Contains(definition, name) {
		return false
	}
	var rules any
	return json.Unmarshal(definition, &rules) == nil && holdsRef(rules, segment)
}

func holdsRef(v any, segment string) bool {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if key == "$ref" && value == segment || holdsRef(value, segment) {
				return true
			}
		}
	case []any:
		for _, value := range v {
			if holdsRef(value, segment) {
				return true
			}
		}
	}
	return false
}

// maxFlagEvents is how many flags are named to browsers one by one when many
// change at a time.
const maxFlagEvents = 20

// flagsChanged tells browsers that show flags to read them again, and ends the
// streams that are hidden now.
func (d *Dashboard) flagsChanged(changed []string) {
	d.streams.gate(d.behindOff)
	if len(changed) > maxFlagEvents {
		changed = []string{"*"}
	}
	for _, key := range changed {
		d.publish("flag.changed", map[string]string{"key": key}, events.Audience{Permission: coreModule + "." + permFlagsRead.name})
	}
}
