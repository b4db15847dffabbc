package ai

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/scrub"
)

// Redaction says what [Redact] takes out. The zero value takes out secrets: private
// keys in PEM, JSON Web Tokens, keys that say by their prefix whose they are (of
// this dashboard, of model providers, GitHub, Slack, Stripe and others), AWS keys,
// what follows Bearer or Basic, and passwords in URLs.
type Redaction struct {
	// Personal takes out e-mail addresses, phone numbers, IBANs and the numbers of
	// payment cards, too. Numbers are checked by their check digits where they have
	// some. Pieces of an answer then wait for the end of their last word.
	Personal bool
	// Addresses takes out IP addresses, too.
	Addresses bool
	// Reversible puts placeholders such as [EMAIL_1] into the request, and where
	// the answer has one, the caller gets what stands behind it. Up to 1,000 things
	// in a request; what is beyond that is taken out for good. Without it marks
	// such as "[redacted email]" are put in.
	Reversible bool
	// RequestsOnly leaves answers as they are, but for placeholders.
	RequestsOnly bool
}

// Redact is a [Guard] that takes secrets and personal data out of requests before
// they leave, and out of answers: text, refusals, reasoning, arguments and results
// of tools. What is split over several pieces of an answer is found as in one; a
// piece waits only as far as it may be the beginning of something, at most 1,100
// bytes, and arguments stay JSON. It looks at text and at files whose media type is
// text, not into images and other files, names and schemas. Reasoning in which
// something is found loses its signature: the provider would not take it back. What
// was found is counted in the [Record], as a [Note]; never what it was.
//
// It finds what looks like such things, which is not all that is secret or
// personal: a key without a prefix of its own, or one that is written in base64,
// with percent signs or with spaces, passes. A text ends where something else comes
// between its pieces, such as a call of a tool.
func Redact(r Redaction) Guard {
	set := scrub.Set(scrub.Secrets)
	if r.Personal {
		set |= scrub.Personal
	}
	if r.Addresses {
		set |= scrub.IPs
	}
	return func(ctx context.Context, req *Request) (*Request, Filter, error) {
		w := redactWork{set: set, t: trailOf(ctx)}
		if r.Reversible {
			w.behind = &placeholders{}
		}
		changed := w.request(req)
		w.note("request")
		answers := set
		if r.RequestsOnly {
			answers = 0
		}
		if answers == 0 && w.behind.empty() {
			return changed, nil, nil
		}
		return changed, func(answer iter.Seq2[Event, error]) iter.Seq2[Event, error] {
			return func(yield func(Event, error) bool) {
				f := redactor{yield: yield, set: answers, behind: w.behind}
				defer func() { noteFound(w.t, "answer", &f.found) }()
				f.run(answer)
			}
		}, nil
	}
}

// redactWork redacts one request.
type redactWork struct {
	set    scrub.Set
	found  scrub.Counts
	behind *placeholders // nil: marks
	t      *trail
}

func (w *redactWork) note(of string) { noteFound(w.t, of, &w.found) }

func noteFound(t *trail, of string, found *scrub.Counts) {
	if *found != (scrub.Counts{}) {
		t.note(Note{Router: "redaction", Choice: of, Why: found.String()})
	}
}

// text also tells whether anything was found.
func (w *redactWork) text(text string, isJSON bool) (string, bool) {
	s := scrub.Stream{Set: w.set, JSON: isJSON}
	if w.behind != nil {
		s.Replace = w.behind.put
	}
	out := s.Text(text)
	for k, n := range s.Found {
		w.found[k] += n
	}
	return out, s.Found != (scrub.Counts{})
}

// request returns req itself where nothing was found.
func (w *redactWork) request(req *Request) *Request {
	out := req
	for i := range req.Messages {
		parts := w.parts(req.Messages[i].Parts)
		if parts == nil {
			continue
		}
		if out == req {
			copied := *req
			copied.Messages = slices.Clone(req.Messages)
			out = &copied
		}
		out.Messages[i].Parts = parts
	}
	return out
}

// parts returns nil where nothing was found.
func (w *redactWork) parts(list []Part) []Part {
	var out []Part
	for i, p := range list {
		changed, found := w.part(p)
		if found && out == nil {
			out = append(make([]Part, 0, len(list)), list[:i]...)
		}
		if out != nil && changed != nil {
			out = append(out, changed)
		}
	}
	if out != nil && len(out) == 0 { // it was all reasoning
		out = append(out, Text("[redacted]"))
	}
	return out
}

func (w *redactWork) part(p Part) (Part, bool) {
	switch p := p.(type) {
	case Text:
		text, found := w.text(string(p), false)
		return Text(text), found
	case Refusal:
		text, found := w.text(string(p), false)
		return Refusal(text), found
	case Reasoning:
		if _, found := w.text(p.Text, false); found {
			return nil, true // what is changed is not taken back
		}
	case ToolCall:
		text, found := w.text(string(p.Arguments), true)
		if found {
			p.Arguments, p.Signature = json.RawMessage(text), ""
		}
		return p, found
	case ToolResult:
		var found bool
		p.Content, found = w.text(p.Content, json.Valid([]byte(p.Content)))
		return p, found
	case File:
		if strings.HasPrefix(p.MediaType, "text/") {
			text, found := w.text(string(p.Data), false)
			if found {
				p.Data = []byte(text)
			}
			return p, found
		}
	}
	return p, false
}

// maxPlaceholders is how many things of a request can be put back.
const maxPlaceholders = 1000

// placeholders are what stands for what, in one request.
type placeholders struct {
	byText map[string]string
	behind map[string]string
	counts scrub.Counts
}

func (p *placeholders) empty() bool { return p == nil || len(p.behind) == 0 }

// put returns the placeholder of something.
func (p *placeholders) put(k scrub.Kind, found string) string {
	if name, ok := p.byText[found]; ok {
		return name
	}
	if len(p.byText) >= maxPlaceholders {
		return scrub.Mark(k)
	}
	if p.byText == nil {
		p.byText, p.behind = map[string]string{}, map[string]string{}
	}
	p.counts[k]++
	name := "[" + strings.ToUpper(k.String()) + "_" + strconv.Itoa(p.counts[k]) + "]"
	p.byText[found], p.behind[name] = name, found
	return name
}
