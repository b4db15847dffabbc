package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/flags"
	"github.com/modular-dashboard/dashboard/storage"
)

type checkFlagIn struct {
	Key        string          `json:"key" validate:"max=200"`
	Definition json.RawMessage `json:"definition" validate:"required" doc:"An object, or its text as a string, whose lines errors then name."`
}

type flagProblem struct {
	Pointer string `json:"pointer" doc:"JSON Pointer into the definition."`
	Line    int    `json:"line" doc:"From 1; 0 is unknown."`
	Column  int    `json:"column"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Other   string `json:"other,omitempty" doc:"The flag or segment that would be wrong because of the change."`
}

type checkFlagOut struct {
	Errors   []flagProblem `json:"errors"`
	Warnings []flagProblem `json:"warnings" doc:"Members that nothing reads, such as one that is misspelled. The definition can be saved with them."`
}

func (d *Dashboard) checkFlagDefinition(_ context.Context, in checkFlagIn) (checkFlagOut, error) {
	if in.Key == "" {
		in.Key = "draft"
	}
	_, err := d.draft(in.Key, in.Definition)
	out, err := problemsOf(err)
	for _, p := range flags.Warnings(in.Key, definitionText(in.Definition)) {
		out.Warnings = append(out.Warnings, flagProblemOf(p))
	}
	return out, err
}

func problemsOf(err error) (checkFlagOut, error) {
	out := checkFlagOut{Errors: []flagProblem{}, Warnings: []flagProblem{}}
	e, ok := errors.AsType[*flags.InvalidError](err)
	if !ok {
		return out, err
	}
	for _, p := range e.Problems {
		out.Errors = append(out.Errors, flagProblemOf(p))
	}
	return out, nil
}

func flagProblemOf(p flags.Problem) flagProblem {
	out := flagProblem{Pointer: p.Pointer, Line: p.Line, Column: p.Column, Code: p.Code, Detail: p.Detail}
	if p.Other != (flags.ID{}) {
		out.Other = itemName(p.Other)
	}
	return out
}

// itemName is what an import calls an item: a flag by its key.
func itemName(id flags.ID) string {
	switch id.Kind {
	case flags.Segment:
		return "$evaluators/" + id.Key
	case flags.Set:
		return "metadata"
	}
	return id.Key
}

// draft compiles a definition in its place among the others.
func (d *Dashboard) draft(key string, definition json.RawMessage) (*featureflag.Set, error) {
	if d.flagging.store == nil {
		return nil, errFlagsElsewhere
	}
	return d.flagging.store.Draft(flags.ID{Kind: flags.Flag, Key: key}, definitionText(definition))
}

// explainIn asks what somebody would get.
type explainIn struct {
	Key        string          `json:"key" validate:"required,max=200"`
	Definition json.RawMessage `json:"definition,omitempty" doc:"A draft to try in place of what is in force."`
	UserID     string          `json:"user_id" validate:"max=100" doc:"An account that asks, for callers who hold dashboard.users.read; its attributes are those the dashboard knows. What context says goes before them."`
	Context    map[string]any  `json:"context" validate:"max=200" doc:"Who asks: targeting_key and any attributes."`
}

func (d *Dashboard) explainFlag(ctx context.Context, in explainIn) (featureflag.Explanation, error) {
	who, err := d.askedFor(ctx, in)
	if err != nil {
		return featureflag.Explanation{}, err
	}
	if len(in.Definition) > 0 && string(in.Definition) != "null" {
		draft, err := d.draft(in.Key, in.Definition)
		if err != nil {
			return featureflag.Explanation{}, flagError(err)
		}
		return draft.Explain(in.Key, who), nil
	}
	if _, ok := d.flags.Snapshot().Flag(in.Key); !ok && d.config.flagSource.provider == nil {
		return featureflag.Explanation{}, errNotFound
	}
	// Under the request's own context would be the caller, not whom they ask for.
	asked, cancel := context.WithTimeout(context.Background(), explainPatience)
	defer cancel()
	return d.flags.ExplainFor(asked, in.Key, who), nil
}

// explainPatience is how long another provider may take to answer.
const explainPatience = 5 * time.Second

// askedFor is who an explanation is for.
func (d *Dashboard) askedFor(ctx context.Context, in explainIn) (*featureflag.Context, error) {
	who := &featureflag.Context{Attributes: map[string]any{}}
	if in.UserID != "" {
		if !d.maySeeAccounts(ctx) { // rules could be used to guess what an account is
			return nil, errForbidden(coreModule + "." + permUsersRead.name)
		}
		u, err := d.auth.User(ctx, in.UserID)
		if errors.Is(err, auth.ErrNotFound) {
			return nil, Invalid(FieldError{Pointer: "/user_id", Code: "exists", Detail: "There is no such account."})
		}
		if err != nil {
			return nil, err
		}
		who = flagContext(u.ID, u.Email, u.Name, u.Roles, false)
	}
	for name, value := range in.Context {
		if name == "targeting_key" || name == "targetingKey" {
			key, ok := value.(string)
			if !ok {
				return nil, Invalid(FieldError{Pointer: "/context/" + name, Code: "type", Detail: "must be a string"})
			}
			who.TargetingKey = key
			continue
		}
		who.Attributes[name] = value
	}
	return who, nil
}

// maySeeAccounts reports whether a caller may be told of accounts.
func (d *Dashboard) maySeeAccounts(ctx context.Context) bool {
	return stateOf(ctx).principal.Can(d.auth.Permission(coreModule + "." + permUsersRead.name))
}

type previewFlagIn struct {
	flagKeyIn
	Definition json.RawMessage `json:"definition" validate:"required"`
	Sample     int             `json:"sample" validate:"min=0,max=100000" doc:"How many made-up people are asked for; 10,000 by default."`
}

type flagShare struct {
	Variant string  `json:"variant" doc:"Empty: the default of the code that asks."`
	Now     int     `json:"now"`
	Draft   int     `json:"draft"`
	NowPart float64 `json:"now_share" doc:"0 to 1."`
	Part    float64 `json:"draft_share" doc:"0 to 1."`
}

// flagPreview is what a change does to a number of people.
type flagPreview struct {
	People  int         `json:"people"`
	Changed int         `json:"changed" doc:"How many would get another variant."`
	Shares  []flagShare `json:"shares"`
}

type previewFlagOut struct {
	Sample   flagPreview `json:"sample" doc:"Made-up people, who have a targeting key and nothing else; fewer than were asked for where a slow definition takes more than a second."`
	Accounts flagPreview `json:"accounts" doc:"The accounts of this dashboard, at most 2,000 and as many as a second is enough for; none for callers who lack dashboard.users.read."`
	All      bool        `json:"all" doc:"Whether accounts are all there are."`
}

const (
	defaultSample = 10_000
	maxPreviewed  = 2_000
)

func (d *Dashboard) previewFlag(ctx context.Context, in previewFlagIn) (previewFlagOut, error) {
	draft, err := d.draft(in.Key, in.Definition)
	if err != nil {
		return previewFlagOut{}, flagError(err)
	}
	if in.Sample == 0 {
		in.Sample = defaultSample
	}
	out := previewFlagOut{}
	made := comparison{key: in.Key, now: d.flags.Snapshot(), draft: draft}
	who := featureflag.Context{}
	over := soon()
	for i := range in.Sample {
		if i%fewPeople == fewPeople-1 && over() {
			break
		}
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		who.TargetingKey = "sample-" + strconv.Itoa(i)
		made.add(&who)
	}
	out.Sample = made.preview()
	accounts := comparison{key: in.Key, now: made.now, draft: draft}
	if !d.maySeeAccounts(ctx) {
		out.Accounts = accounts.preview()
		return out, nil
	}
	over = soon()
	all, err := d.eachAccount(ctx, maxPreviewed, func(u auth.User) bool {
		accounts.add(flagContext(u.ID, u.Email, u.Name, u.Roles, false))
		return !over()
	})
	if err != nil {
		return out, err
	}
	out.All = all
	out.Accounts = accounts.preview()
	return out, nil
}

// A definition may take milliseconds for each of them.
const (
	previewTime = time.Second // for made-up people, and again for accounts
	fewPeople   = 16          // are asked for before somebody looks at the clock
)

// soon returns a function that tells when the time of a preview is over.
func soon() (over func() bool) {
	begun := time.Now()
	return func() bool { return time.Since(begun) > previewTime }
}

// eachAccount calls fn with accounts, at most so many and until it returns
// false, and reports whether those were all.
func (d *Dashboard) eachAccount(ctx context.Context, most int, fn func(auth.User) bool) (all bool, err error) {
	after := ""
	for n := 0; n < most; {
		page, err := d.auth.Users(ctx, after, min(200, most-n))
		if err != nil {
			return false, err
		}
		for _, u := range page {
			if !fn(u) {
				return false, nil
			}
			after = u.ID
		}
		if n += len(page); len(page) < 200 {
			return true, nil
		}
	}
	rest, err := d.auth.Users(ctx, after, 1)
	return len(rest) == 0, err
}

// comparison counts what people get of a flag as it is and as it would be.
type comparison struct {
	key             string
	now, draft      *featureflag.Set
	people, changed int
	shares          map[string]*flagShare
}

func (c *comparison) add(who *featureflag.Context) {
	before, after := variantOf(c.now, c.key, who), variantOf(c.draft, c.key, who)
	c.people++
	if before != after {
		c.changed++
	}
	c.share(before).Now++
	c.share(after).Draft++
}

// variantOf is the variant that somebody is served, "" where it is the code's
// own default.
func variantOf(set *featureflag.Set, key string, who *featureflag.Context) string {
	e := set.Evaluate(key, who)
	if e.Code != "" || e.Reason == featureflag.ReasonDisabled {
		return ""
	}
	return e.Variant
}

func (c *comparison) share(variant string) *flagShare {
	if c.shares == nil {
		c.shares = map[string]*flagShare{}
	}
	s := c.shares[variant]
	if s == nil {
		s = &flagShare{Variant: variant}
		c.shares[variant] = s
	}
	return s
}

func (c *comparison) preview() flagPreview {
	out := flagPreview{People: c.people, Changed: c.changed, Shares: []flagShare{}}
	var names []string
	for name := range c.shares {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s := c.shares[name]
		if c.people > 0 {
			s.NowPart, s.Part = float64(s.Now)/float64(c.people), float64(s.Draft)/float64(c.people)
		}
		out.Shares = append(out.Shares, *s)
	}
	return out
}

func (d *Dashboard) flagMetrics(context.Context, empty) (Page[string], error) {
	return Page[string]{Items: nonNil(d.flags.Metrics())}, nil
}

type experimentIn struct {
	flagKeyIn
	Metric string `query:"metric" validate:"max=200"`
}

func (d *Dashboard) flagExperiment(_ context.Context, in experimentIn) (featureflag.Readout, error) {
	if _, ok := d.flags.Snapshot().Flag(in.Key); !ok && d.config.flagSource.provider == nil {
		return featureflag.Readout{}, errNotFound
	}
	return d.flags.Experiment(in.Key, in.Metric), nil
}

type importFlagsIn struct {
	DryRun   bool            `query:"dry_run"`
	Mode     string          `query:"mode" default:"merge" validate:"oneof=merge replace"`
	Comment  string          `query:"comment" validate:"max=500"`
	Document json.RawMessage `body:""`
}

type importFlagsOut struct {
	Created   []string      `json:"created"`
	Changed   []string      `json:"changed"`
	Deleted   []string      `json:"deleted"`
	Unchanged []string      `json:"unchanged"`
	Errors    []flagProblem `json:"errors" doc:"What stands in the way, told by a dry run."`
}

func (d *Dashboard) importFlags(ctx context.Context, in importFlagsIn) (importFlagsOut, error) {
	if d.flagging.store == nil {
		return importFlagsOut{}, errFlagsElsewhere
	}
	report, err := d.flagging.store.Import(ctx, flags.Import{Document: in.Document, Replace: in.Mode == "replace", DryRun: in.DryRun,
		By: actorOf(ctx), Comment: in.Comment, Also: func(tx *storage.Tx, report flags.Report) error {
			return d.auditImport(ctx, tx, report)
		}})
	out := importFlagsOut{Created: itemNames(report.Created), Changed: itemNames(report.Changed), Deleted: itemNames(report.Deleted),
		Unchanged: itemNames(report.Unchanged), Errors: []flagProblem{}}
	if e, ok := errors.AsType[*flags.InvalidError](err); ok {
		if !in.DryRun {
			answer := invalidFlag(e, "")
			answer.Status = http.StatusUnprocessableEntity
			return out, answer
		}
		problems, err := problemsOf(e)
		out.Errors = problems.Errors
		return out, err
	}
	return out, flagError(err)
}

// maxImportAudited is how many changes of an import are entered in the audit log
// one by one.
const maxImportAudited = 100

func (d *Dashboard) auditImport(ctx context.Context, tx *storage.Tx, r flags.Report) error {
	if len(r.Created)+len(r.Changed)+len(r.Deleted) > maxImportAudited {
		return d.audit(ctx, tx, "flag.import", "*", map[string]int{"created": len(r.Created), "changed": len(r.Changed), "deleted": len(r.Deleted)})
	}
	for what, ids := range map[string][]flags.ID{"created": r.Created, "changed": r.Changed, "deleted": r.Deleted} {
		for _, id := range ids {
			if err := d.audit(ctx, tx, "flag.import", itemName(id), map[string]string{"was": what}); err != nil {
				return err
			}
		}
	}
	return nil
}

func itemNames(ids []flags.ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = itemName(id)
	}
	return out
}
