package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/modular-dashboard/dashboard/internal/airecord"
	"github.com/modular-dashboard/dashboard/storage"
)

func (d *Dashboard) routeFeedback(r *Router) {
	Post(r, "/ai/feedback", d.giveFeedback, Require(permAIUse), ID("give-ai-feedback"), Summary("Say how good an answer was"), Answers(404),
		Description("Of one's own requests; with dashboard.ai.manage of any. Later feedback of the same person replaces earlier."))
	Get(r, "/ai/feedback", d.listFeedback, Require(permAIRead), ID("ai-feedback"), Summary("What people said of answers, newest first"), Answers(400),
		Description("Sorted by: at, id. Filtered by: id, at, request, user, asked, provider, model, prompt, module, thumb, score."))
	register(r, http.MethodGet, "/ai/feedback/export", reflect.TypeFor[exportFeedbackIn](), reflect.TypeFor[Blob](), d.exportFeedback, []EndpointOption{
		Require(permAIManage), ID("export-ai-feedback"), Summary("Feedback for an evaluation set"), ContentType("application/x-ndjson"), Answers(400),
		Description("A JSON object a line, the oldest first: what is known of the request and what was said of the answer. Neither questions nor answers are kept.")})
}

type feedbackIn struct {
	RequestID  string   `json:"request_id" validate:"required,max=200"`
	Thumb      string   `json:"thumb" validate:"omitempty,oneof=up down"`
	Score      *float64 `json:"score" validate:"omitempty,min=0,max=1" doc:"From 0 to 1; counts more than the thumb."`
	Comment    string   `json:"comment" validate:"max=4000"`
	Correction string   `json:"correction" validate:"max=32000" doc:"What the answer should have been."`
}

type feedbackInfo struct {
	ID         string          `json:"id"`
	RequestID  string          `json:"request_id"`
	User       string          `json:"user"`
	At         time.Time       `json:"at"`
	Thumb      string          `json:"thumb,omitempty" validate:"omitempty,oneof=up down"`
	Score      *float64        `json:"score,omitempty"`
	Comment    string          `json:"comment"`
	Correction string          `json:"correction"`
	Asked      string          `json:"asked" doc:"The model as the caller named it."`
	Provider   string          `json:"provider"`
	Model      string          `json:"model"`
	Prompt     string          `json:"prompt" doc:"The template and its version, such as summary@3."`
	Module     string          `json:"module"`
	TookMS     float64         `json:"took_ms"`
	Input      int64           `json:"input" doc:"Tokens."`
	Output     int64           `json:"output" doc:"Tokens."`
	Cost       costInfo        `json:"cost"`
	Notes      []airecord.Note `json:"notes" doc:"What routers decided."`
}

func feedbackInfoOf(f *airecord.Feedback) feedbackInfo {
	out := feedbackInfo{ID: f.ID, RequestID: f.Request, User: f.User, At: f.At, Thumb: f.Thumb, Score: f.Score, Comment: f.Comment, Correction: f.Correction,
		Asked: f.Asked, Provider: f.Provider, Model: f.Model, Prompt: f.Prompt, Module: f.Module, TookMS: float64(f.Took) / float64(time.Millisecond),
		Input: f.Input, Output: f.Output, Cost: costInfo{Micros: f.Micros, Currency: f.Currency, Unknown: f.Unpriced}, Notes: f.Trail.Notes}
	if out.Notes == nil {
		out.Notes = []airecord.Note{} // also where it is written by hand
	}
	return out
}

func (d *Dashboard) giveFeedback(ctx context.Context, in feedbackIn) (feedbackInfo, error) {
	if in.Thumb == "" && in.Score == nil && in.Comment == "" && in.Correction == "" {
		return feedbackInfo{}, Invalid(FieldError{Pointer: "/thumb", Code: "required", Detail: "say something: a thumb, a score, a comment or a correction"})
	}
	p := stateOf(ctx).principal
	row, err := d.models.records.Find(ctx, in.RequestID)
	if errors.Is(err, airecord.ErrUnknown) || err == nil && row.User != p.ID && !p.Has(coreModule+"."+permAIManage.name) {
		return feedbackInfo{}, errNotFound
	}
	if err != nil {
		return feedbackInfo{}, err
	}
	said := airecord.Feedback{User: p.ID, Thumb: in.Thumb, Score: in.Score, Comment: in.Comment, Correction: in.Correction}
	f, err := d.models.records.Rate(ctx, row, said, func(tx *storage.Tx) error {
		if row.User == p.ID {
			return nil
		}
		return d.audit(ctx, tx, "ai.feedback", row.ID, map[string]string{"thumb": in.Thumb})
	})
	if err != nil {
		return feedbackInfo{}, err
	}
	d.models.rewards.told(ctx)
	return feedbackInfoOf(&f), nil
}

func (d *Dashboard) listFeedback(ctx context.Context, in orderedIn) (Page[feedbackInfo], error) {
	list, next, err := d.models.records.Ratings(ctx, in.list())
	if err != nil {
		return Page[feedbackInfo]{}, err
	}
	out := Page[feedbackInfo]{NextCursor: next}
	for i := range list {
		out.Items = append(out.Items, feedbackInfoOf(&list[i]))
	}
	return out, nil
}

type exportFeedbackIn struct {
	Filter string `query:"filter" validate:"max=2048" doc:"As of the list."`
}

// exportFeedback writes page by page: nothing waits for the whole of it.
func (d *Dashboard) exportFeedback(w http.ResponseWriter, r *http.Request, e *endpoint) error {
	var in exportFeedbackIn
	if err := e.plan.Decode(r, &in, e.config.bodyLimit); err != nil {
		return err
	}
	q := airecord.List{Filter: in.Filter, Sort: "at", Limit: 500}
	list, next, err := d.models.records.Ratings(r.Context(), q)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Content-Disposition", `attachment; filename="feedback.jsonl"`)
	h["Cache-Control"] = noStore
	out := json.NewEncoder(w)
	for {
		for i := range list {
			if err := out.Encode(feedbackInfoOf(&list[i])); err != nil {
				return answered(err)
			}
		}
		if next == "" {
			return nil
		}
		q.Cursor = next
		if list, next, err = d.models.records.Ratings(r.Context(), q); err != nil {
			panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way to cut a connection: half of it must not pass for all
		}
	}
}
