package airecord

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/storage"
)

// Bounds of feedback, in bytes.
const (
	MaxComment    = 4_000
	MaxCorrection = 32_000
)

// A Feedback is what somebody said of an answer, with what is known of the
// request. One person has one for a request: the latest.
type Feedback struct {
	ID, Request, User string
	Revision          int64 // grows with every change of any
	At                time.Time
	Thumb             string   // up, down or empty
	Score             *float64 // from 0 to 1
	Comment           string   // at most MaxComment
	Correction        string   // what the answer should have been; at most MaxCorrection

	Asked, Provider, Model, Prompt, Module string
	Took                                   time.Duration
	Input, Output                          int64
	Micros                                 int64
	Currency                               string
	Unpriced                               bool
	Trail                                  Trail
}

// Reward is how good the answer was, from 0 to 1, as far as that was said: the
// score, or else the thumb.
func (f *Feedback) Reward() (reward float64, ok bool) {
	switch {
	case f.Score != nil:
		return min(max(*f.Score, 0), 1), true
	case f.Thumb == "up":
		return 1, true
	case f.Thumb == "down":
		return 0, true
	}
	return 0, false
}

const feedbackColumns = `id, request_id, user_id, revision, at, thumb, score, comment, correction, asked, provider, model, prompt, module,
	took_us, input, output, micros, currency, unpriced, trail`

func feedbackListing() listing {
	text := func(name, column string) query.Field {
		return query.Field{Name: name, Column: column, Kind: query.Text}
	}
	return newListing("ai feedback", "airecord_feedback", feedbackColumns,
		query.Field{Name: "id", Kind: query.Text, Sort: true}, query.Field{Name: "at", Kind: query.Time, Sort: true},
		text("request", "request_id"), text("user", "user_id"), text("asked", ""), text("provider", ""), text("model", ""), text("prompt", ""),
		text("module", ""), query.Field{Name: "thumb", Kind: query.Enum, Values: []string{"up", "down"}},
		query.Field{Name: "score", Kind: query.Number, Nullable: true})
}

// Rate stores what somebody said of a request, in place of what they said before.
// Only what is said is taken from f, and who says it; the rest comes from the
// record. also runs in the transaction.
func (s *Store) Rate(ctx context.Context, r Row, f Feedback, also func(*storage.Tx) error) (Feedback, error) {
	f = Feedback{ID: strings.ToLower(rand.Text()), Request: r.ID, User: f.User, At: time.Now().UTC().Truncate(time.Microsecond),
		Thumb: f.Thumb, Score: f.Score, Comment: bounded(f.Comment, MaxComment), Correction: bounded(f.Correction, MaxCorrection),
		Asked: r.Asked, Provider: r.Provider, Model: r.Model, Prompt: r.Prompt, Module: r.Module, Took: r.Took,
		Input: r.Input, Output: r.Output, Micros: r.Micros, Currency: r.Currency, Unpriced: r.Unpriced, Trail: r.Trail}
	err := s.db.Update(ctx, func(tx *storage.Tx) error {
		err := tx.QueryRow(ctx, `UPDATE airecord_state SET revision = revision + 1 WHERE id = 1 RETURNING revision`).Scan(&f.Revision)
		if err != nil {
			return err
		}
		score := sql.NullFloat64{}
		if f.Score != nil {
			score = sql.NullFloat64{Float64: *f.Score, Valid: true}
		}
		err = tx.QueryRow(ctx, `INSERT INTO airecord_feedback (`+feedbackColumns+`) VALUES (`+places(21)+`)
			ON CONFLICT (request_id, user_id) DO UPDATE SET revision = excluded.revision, at = excluded.at, thumb = excluded.thumb,
			score = excluded.score, comment = excluded.comment, correction = excluded.correction RETURNING id`,
			f.ID, f.Request, clean(f.User), f.Revision, f.At.UnixMicro(), f.Thumb, score, f.Comment, f.Correction, f.Asked, f.Provider, f.Model,
			f.Prompt, f.Module, f.Took.Microseconds(), f.Input, f.Output, f.Micros, f.Currency, flag(f.Unpriced), marshalTrail(f.Trail)).Scan(&f.ID)
		if err == nil && also != nil {
			err = also(tx)
		}
		return err
	})
	if err != nil {
		return Feedback{}, fmt.Errorf("write feedback: %w", err)
	}
	return f, nil
}

// Ratings returns a page of feedback. What is wrong with the query is an error of
// package query.
func (s *Store) Ratings(ctx context.Context, q List) ([]Feedback, string, error) {
	return page(ctx, s, &s.feedback, q, scanFeedback, func(f *Feedback, field string) any {
		if field == "at" {
			return f.At.UnixMicro()
		}
		return f.ID
	})
}

// ChangedSince returns feedback that was given or changed after a revision, in that
// order, at most limit.
func (s *Store) ChangedSince(ctx context.Context, revision int64, limit int) (list []Feedback, err error) {
	rows, err := s.db.Query(ctx, `SELECT `+feedbackColumns+` FROM airecord_feedback WHERE revision > $1 ORDER BY revision LIMIT $2`, revision, limit)
	if err != nil {
		return nil, fmt.Errorf("follow feedback: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	for rows.Next() {
		f, err := scanFeedback(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("follow feedback: %w", err)
		}
		list = append(list, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("follow feedback: %w", err)
	}
	return list, nil
}

// Revision returns that of the latest change of feedback.
func (s *Store) Revision(ctx context.Context) (revision int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT revision FROM airecord_state WHERE id = 1`).Scan(&revision)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read revision of feedback: %w", err)
	}
	return revision, nil
}

func scanFeedback(scan func(...any) error) (Feedback, error) {
	var f Feedback
	var at, took, unpriced int64
	var score sql.NullFloat64
	var trail string
	err := scan(&f.ID, &f.Request, &f.User, &f.Revision, &at, &f.Thumb, &score, &f.Comment, &f.Correction, &f.Asked, &f.Provider, &f.Model,
		&f.Prompt, &f.Module, &took, &f.Input, &f.Output, &f.Micros, &f.Currency, &unpriced, &trail)
	if err != nil {
		return Feedback{}, err
	}
	if score.Valid {
		f.Score = &score.Float64
	}
	f.At, f.Took, f.Unpriced, f.Trail = time.UnixMicro(at).UTC(), time.Duration(took)*time.Microsecond, unpriced != 0, readTrail(trail)
	return f, nil
}
