package ai

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Semantic says how a [Cache] answers requests that mean the same as an older one
// that is worded differently. That can be wrong: nothing but the caller knows what
// makes a difference. So the two have to be the same in everything but their last
// text: caller's tenant, model, instructions, tools, schema, sampling and all
// earlier turns. And of the last text everything has to be the same, in this
// order, that changes an answer without changing much of a vector: numbers and
// words for them, dates, days and months, negations (in English, German, French,
// Spanish, Italian, Portuguese and Dutch), words with an opposite such as "before"
// or "enable", names and other words with a capital inside a sentence, what is
// quoted, and code. A text of more than 4 KiB, with letters that are not Latin, or
// beside an image or file is never answered so.
//
// The index is in this process and bounded; the answers are in the cache's store.
type Semantic struct {
	Embedder Embedder // required; what it costs is not charged to the caller
	Model    string   // of the embedder; required
	// Dimensions of vectors. Zero: the model's own.
	Dimensions int
	// Threshold is how similar two texts have to be: the cosine of the angle between
	// their vectors, in (0, 1]. Zero: 0.95.
	Threshold float64
	// Timeout is how long the embedder may take; then the request goes on without
	// it. Zero: 1 s.
	Timeout time.Duration
	// Entries and Bytes bound the index; what was not used for the longest is
	// forgotten. Zero: 10,000 and 64 MiB.
	Entries, Bytes int
	// Words are more words that have to be the same in both texts, such as those of
	// other languages that deny.
	Words []string
}

const (
	semanticThreshold = 0.95
	semanticTimeout   = time.Second
	semanticEntries   = 10_000
	semanticBytes     = 64 << 20
	semanticAlike     = 256     // texts that are compared for one request
	semanticText      = 4 << 10 // of the longest text
)

// similar is the index of a cache.
type similar struct {
	o     Semantic
	words map[string]bool

	resting atomic.Int64 // until when the embedder is left alone, in nanoseconds since 1970

	mu     sync.Mutex
	alike  map[digest][]*list.Element // by what has to be the same; the newest last
	recent *list.List                 // of *meaning, the last used first
	bytes  int
}

// meaning is one text that was answered.
type meaning struct {
	filter digest
	order  wordOrder
	key    digest // of the answer in the store
	vector []float32
	until  time.Time
}

const meaningSize = 256 // beside the vector, about

func (m *meaning) size() int { return meaningSize + 4*len(m.vector) }

func newSimilar(o Semantic) (*similar, error) {
	if o.Embedder == nil || o.Model == "" {
		return nil, errors.New("new cache: a semantic one needs an embedder and its model")
	}
	if o.Threshold < 0 || o.Threshold > 1 || math.IsNaN(o.Threshold) {
		return nil, errors.New("new cache: the threshold of a semantic one is not in (0, 1]")
	}
	if o.Threshold == 0 {
		o.Threshold = semanticThreshold
	}
	if o.Timeout <= 0 {
		o.Timeout = semanticTimeout
	}
	if o.Entries <= 0 {
		o.Entries = semanticEntries
	}
	if o.Bytes <= 0 {
		o.Bytes = semanticBytes
	}
	return &similar{o: o, words: literalWords(o.Words), alike: map[digest][]*list.Element{}, recent: list.New()}, nil
}

// question is one request of which the meaning counts.
type question struct {
	in     *similar
	filter digest
	text   string
	order  wordOrder
	vector []float32 // of length 1, when it is known
	asked  bool      // the embedder was
}

// begin makes the vector while the model answers. end waits for it, or gives it
// up where the answer is not kept.
func (q *question) begin(ctx context.Context, c *Cache) (end func(kept bool)) {
	if q == nil || q.asked {
		return func(bool) {}
	}
	q.asked = true
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		q.embed(ctx, c)
	}()
	return func(kept bool) {
		if !kept {
			cancel()
		}
		<-done
		cancel()
	}
}

// question returns nil for a request that has to be the same to the letter.
func (s *similar) question(ctx context.Context, c *Cache, req *Request, salt []string) *question {
	n := len(req.Messages) - 1
	if n < 0 || req.Messages[n].Role != RoleUser {
		return nil
	}
	for _, p := range req.Messages[n].Parts {
		if _, ok := p.(Text); !ok {
			return nil
		}
	}
	q := &question{in: s, text: req.Messages[n].Text()}
	q.order = orderOf(q.text)
	literals, ok := literalsOf(q.text, s.words)
	if !ok || len(q.text) > semanticText {
		return nil
	}
	rest := *req
	rest.Messages = append(req.Messages[:n:n], Message{Role: RoleUser})
	q.filter, ok = c.keys.of(ctx, &rest, append(append(append([]string(nil), salt...), "semantic", s.o.Model), literals...)...)
	if !ok {
		return nil
	}
	return q
}

// embed finds the vector of the text. An embedder that failed is left alone for a
// second.
func (q *question) embed(ctx context.Context, c *Cache) (ok bool) {
	s := q.in
	if time.Now().UnixNano() < s.resting.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(withoutTrail(ctx), s.o.Timeout)
	defer cancel()
	var err error
	defer func() {
		if v := recover(); v != nil { // an embedder of somebody else's
			ok, err = false, fmt.Errorf("the embedder panicked: %v", v)
		}
		if err != nil && !errors.Is(context.Cause(ctx), context.Canceled) {
			s.resting.Store(time.Now().Add(cacheRest).UnixNano())
			c.o.Log.WarnContext(ctx, "embedder of a cache of models failed", "error", err)
		}
	}()
	out, err := s.o.Embedder.Embed(ctx, &EmbedRequest{Model: s.o.Model, Inputs: []string{q.text}, Dimensions: s.o.Dimensions})
	if err != nil {
		return false
	}
	if out == nil || len(out.Vectors) != 1 {
		err = errors.New("it returned no vector for one text")
		return false
	}
	q.vector = unit(out.Vectors[0])
	return q.vector != nil
}

// unit returns a vector of length 1, nil where that cannot be.
func unit(v []float32) []float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if length := math.Sqrt(sum); length > 0 && !math.IsInf(length, 0) && !math.IsNaN(length) {
		out := make([]float32, len(v))
		for i, x := range v {
			out[i] = float32(float64(x) / length)
		}
		return out
	}
	return nil
}

// find returns the answer to the most similar text that is similar enough.
func (q *question) find(ctx context.Context, c *Cache) (entryReader, *Start, bool) {
	candidates := q.in.candidates(q.filter)
	if len(candidates) == 0 { // the vector is made while the model answers
		return entryReader{}, nil, false
	}
	q.asked = true
	if !q.embed(ctx, c) {
		return entryReader{}, nil, false
	}
	var best *list.Element
	most := q.in.o.Threshold
	for _, e := range candidates {
		if m, ok := e.Value.(*meaning); ok && len(m.vector) == len(q.vector) && !m.order.turned(q.order) {
			if cosine := dot(m.vector, q.vector); cosine >= most {
				best, most = e, cosine
			}
		}
	}
	if best == nil {
		return entryReader{}, nil, false
	}
	m, _ := best.Value.(*meaning)
	events, start, ok := c.find(ctx, m.key)
	q.in.used(best, ok)
	return events, start, ok
}

func dot(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// candidates returns the texts that may mean the same.
func (s *similar) candidates(filter digest) []*list.Element {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*list.Element
	for _, e := range append([]*list.Element(nil), s.alike[filter]...) {
		if m, ok := e.Value.(*meaning); ok && now.Before(m.until) {
			out = append(out, e)
		} else {
			s.remove(e)
		}
	}
	return out
}

// used keeps what was of use, and removes what was not.
func (s *similar) used(e *list.Element, kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept {
		s.recent.MoveToFront(e) // nothing, where it is gone
		return
	}
	s.remove(e)
}

func (s *similar) remove(e *list.Element) {
	m, ok := e.Value.(*meaning)
	if !ok {
		return
	}
	of := s.alike[m.filter]
	for i := range of {
		if of[i] == e {
			s.recent.Remove(e)
			s.bytes -= m.size()
			of = append(of[:i:i], of[i+1:]...)
			break
		}
	}
	if s.alike[m.filter] = of; len(of) == 0 {
		delete(s.alike, m.filter)
	}
}

// add puts an answer that is in the store into the index.
func (q *question) add(key digest, ttl time.Duration) {
	if q.vector == nil {
		return
	}
	s := q.in
	m := &meaning{filter: q.filter, order: q.order, key: key, vector: q.vector, until: time.Now().Add(ttl)}
	if m.size() > s.o.Bytes {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.alike[q.filter] {
		if o, ok := e.Value.(*meaning); ok && o.key == key {
			s.remove(e)
			break
		}
	}
	s.alike[q.filter] = append(s.alike[q.filter], s.recent.PushFront(m))
	s.bytes += m.size()
	if of := s.alike[q.filter]; len(of) > semanticAlike {
		s.remove(of[0])
	}
	for s.bytes > s.o.Bytes || s.recent.Len() > s.o.Entries {
		s.remove(s.recent.Back())
	}
}
