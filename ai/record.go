package ai

import (
	"context"
	"crypto/rand"
	"iter"
	"slices"
	"sync"
	"time"
)

// A Record says what became of one request: who asked, who answered, how long it
// took, what it cost. It holds nothing of the content.
type Record struct {
	ID       string // that [WithRecord] gave the request; feedback refers to it
	Caller   Caller
	Asked    string // the model as the caller named it
	Provider string // that answered; empty where none did
	Model    string // that answered
	Prompt   string // the template and its version, as [WithPrompt] has it
	Began    time.Time
	First    time.Duration // until the first content; 0 without any
	Took     time.Duration
	Usage    Usage
	Cost     Cost
	Cache    CacheState
	Attempts []Attempt // upstream calls, in the order in which they ended
	Notes    []Note    // what routers decided
	Reason   Reason    // where it ended well
	Err      *Error    // where it failed; of kind Canceled where the caller left
}

// Cost is money, in millionths of a unit of Currency. Unknown is set where the
// price of any part is not known.
type Cost struct {
	Micros   int64
	Currency string // ISO 4217; empty where nothing was priced
	Unknown  bool
}

// A CacheState says what a cache had to do with an answer.
type CacheState uint8

// The states.
const (
	CacheNone     CacheState = iota // no cache was asked
	CacheMiss                       // it was asked in vain
	CacheExact                      // it had the answer to the same request
	CacheSemantic                   // it had the answer to a request that means the same
	CacheShared                     // another request that was under way got the same answer
)

var cacheStates = [...]string{"none", "miss", "exact", "semantic", "shared"}

// String returns the state as in records, such as "exact".
func (s CacheState) String() string {
	if int(s) < len(cacheStates) {
		return cacheStates[s]
	}
	return cacheStates[CacheNone]
}

// An Attempt is one call of a provider.
type Attempt struct {
	Provider, Model string
	Key             string // the name of the provider's key, where there are several; never the key
	Took            time.Duration
	Hedge           bool // it was sent because another was slow
	OK              bool
	Kind            ErrorKind // where it failed

	counted bool // its usage is in that of the answer, which went on elsewhere
}

// A Note is a decision, such as the arm that a router chose.
type Note struct{ Router, Choice, Why string }

// recorded is how many attempts and notes a record keeps.
const recorded = 32

// A trail is what is gathered of a request while it runs: by goroutines of
// hedges too.
type trail struct {
	mu         sync.Mutex
	record     Record
	spent      Usage // by an upstream call of which the caller may have seen only a part
	unobserved bool  // it only lets those inside of a budget speak to it
}

type trailKey struct{}

// trailOf returns nil where nobody keeps a record. A nil trail takes everything
// and keeps nothing.
func trailOf(ctx context.Context) *trail {
	t, _ := ctx.Value(trailKey{}).(*trail)
	return t
}

// withoutTrail is for upstream calls that belong to several requests.
func withoutTrail(ctx context.Context) context.Context {
	if trailOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, trailKey{}, (*trail)(nil))
}

func (t *trail) change(f func(*Record)) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.record)
}

func (t *trail) attempt(a Attempt) {
	t.change(func(r *Record) {
		if len(r.Attempts) < recorded {
			r.Attempts = append(r.Attempts, a)
		}
	})
}

func (t *trail) note(n Note) {
	t.change(func(r *Record) {
		if len(r.Notes) < recorded {
			r.Notes = append(r.Notes, n)
		}
	})
}

// RecordID returns the id of the request that ctx belongs to, "" where no record
// is kept.
func RecordID(ctx context.Context) string {
	if t := trailOf(ctx); t != nil {
		return t.record.ID // does not change
	}
	return ""
}

type recordIDKey struct{}

// WithRecordID has the record of a request that is asked with the context have
// an id that the caller knows beforehand. It is for one request.
func WithRecordID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, recordIDKey{}, id)
}

type promptKey struct{}

// WithPrompt says which template the request was made of, such as "summary@3".
func WithPrompt(ctx context.Context, prompt string) context.Context {
	return context.WithValue(ctx, promptKey{}, prompt)
}

// PromptOf returns what WithPrompt said.
func PromptOf(ctx context.Context) string {
	s, _ := ctx.Value(promptKey{}).(string)
	return s
}

func recordID(ctx context.Context, id func() string) string {
	if given, ok := ctx.Value(recordIDKey{}).(string); ok && given != "" {
		return given
	}
	return id()
}

// WithRecord calls observe once for each request that was sent, when its answer
// has ended or the caller has left. id makes the ids of requests; nil: random
// ones. Put it outermost: what is around it is not seen. A record within a record
// is not kept. observe is called in the goroutine of the request and should not
// block; the record is its own. [WithRecordID] wins over id.
func WithRecord(id func() string, observe func(context.Context, *Record)) Decorator {
	if id == nil {
		id = rand.Text
	}
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			if t := trailOf(ctx); t != nil && !t.unobserved || req == nil {
				return next.Generate(ctx, req)
			}
			return func(yield func(Event, error) bool) {
				t := &trail{record: Record{ID: recordID(ctx, id), Caller: CallerOf(ctx), Asked: req.Model, Prompt: PromptOf(ctx), Began: time.Now()}}
				inner := context.WithValue(ctx, trailKey{}, t)
				defer func() {
					t.change(func(r *Record) { r.Took = time.Since(r.Began) })
					observe(inner, t.snapshot())
				}()
				t.pass(next.Generate(inner, req), yield)
			}
		})
	}
}

// snapshot is for the observer: attempts that are given up may still end.
func (t *trail) snapshot() *Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.record
	r.Attempts, r.Notes = slices.Clone(r.Attempts), slices.Clone(r.Notes)
	return &r
}

func (t *trail) pass(events iter.Seq2[Event, error], yield func(Event, error) bool) {
	r := &t.record // only this goroutine touches what is written here
	r.Err = &Error{Kind: Canceled, Message: "the caller left"}
	for e, err := range events {
		switch {
		case err != nil:
			r.Err = typed(err)
		case e.Kind == EventStart && e.Start != nil:
			r.Provider, r.Model = e.Start.Provider, e.Start.Model
		case e.Kind == EventUsage && e.Usage != nil:
			r.Usage = *e.Usage
		case e.Kind == EventEnd:
			r.Reason, r.Err = e.Reason, nil
		case r.First == 0 && e.isContent():
			r.First = time.Since(r.Began)
		}
		if !yield(e, err) {
			return
		}
	}
}
