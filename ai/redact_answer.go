package ai

import (
	"encoding/json"
	"iter"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/scrub"
)

// redactor redacts one answer. Text, refusals and each block of reasoning are one
// text each, until something else comes; the arguments of each call are another,
// whose pieces may come between those of others.
type redactor struct {
	yield  func(Event, error) bool
	set    scrub.Set
	behind *placeholders
	found  scrub.Counts

	kind  EventKind // of the text under way, 0 for none
	id    string    // of its block of reasoning
	text  redactText
	calls []redactCall
}

type redactCall struct {
	index int
	text  redactText
}

// redactText is a text whose pieces go through both: what the model made up is
// taken out, then what stands behind placeholders is put back.
type redactText struct {
	scrub   scrub.Stream
	restore restorer
}

func (f *redactor) newText(isJSON bool) redactText {
	return redactText{scrub.Stream{Set: f.set, JSON: isJSON}, restorer{behind: f.behind, isJSON: isJSON}}
}

func (t *redactText) write(piece string) string { return t.restore.write(t.scrub.Write(piece)) }

func (t *redactText) flush() string {
	return t.restore.write(t.scrub.Flush()) + t.restore.flush()
}

func (f *redactor) run(answer iter.Seq2[Event, error]) {
	for e, err := range answer {
		if !f.pass(&e, err) {
			return
		}
	}
}

// pass returns false where the answer is over.
func (f *redactor) pass(e *Event, err error) bool {
	if err != nil || e.Kind == EventUsage || e.Kind == EventEnd {
		if !f.end() || !f.endCalls() {
			return false
		}
		return f.yield(*e, err) && err == nil
	}
	switch e.Kind {
	case EventText, EventRefusal, EventReasoning:
		return f.piece(e)
	case EventToolCall:
		if !f.end() {
			return false
		}
		f.calls = append(f.calls, redactCall{e.Index, f.newText(true)})
	case EventToolArguments:
		for i := range f.calls {
			if f.calls[i].index == e.Index {
				return f.say(e, f.calls[i].text.write(e.Text))
			}
		}
		f.calls = append(f.calls, redactCall{e.Index, f.newText(true)})
		return f.say(e, f.calls[len(f.calls)-1].text.write(e.Text))
	}
	return f.yield(*e, nil)
}

// say passes a piece on with another text, if there is any.
func (f *redactor) say(e *Event, text string) bool {
	if text == "" {
		return true
	}
	e.Text = text
	return f.yield(*e, nil)
}

func (f *redactor) piece(e *Event) bool {
	if f.kind != e.Kind || e.Kind == EventReasoning && f.id != e.ID {
		if !f.end() {
			return false
		}
		f.kind, f.id, f.text = e.Kind, e.ID, f.newText(false)
	}
	if e.Signature == "" && e.Opaque == "" {
		return f.say(e, f.text.write(e.Text))
	}
	// A signature ends what it signs.
	e.Text = f.text.write(e.Text) + f.text.flush()
	if f.text.scrub.Found != (scrub.Counts{}) {
		e.Signature = ""
	}
	if e.Text == "" && e.Signature == "" && e.Opaque == "" {
		return true
	}
	return f.yield(*e, nil)
}

// end passes on what waits of the text under way.
func (f *redactor) end() bool {
	if f.kind == 0 {
		return true
	}
	e := Event{Kind: f.kind, ID: f.id}
	text := f.text.flush()
	f.add(&f.text)
	f.kind, f.id = 0, ""
	return f.say(&e, text)
}

func (f *redactor) endCalls() bool {
	calls := f.calls
	f.calls = nil
	for i := range calls {
		c := &calls[i]
		text := c.text.flush()
		f.add(&c.text)
		if !f.say(&Event{Kind: EventToolArguments, Index: c.index}, text) {
			return false
		}
	}
	return true
}

func (f *redactor) add(t *redactText) {
	for k, n := range t.scrub.Found {
		f.found[k] += n
	}
}

// restorer puts back what stands behind placeholders.
type restorer struct {
	behind *placeholders
	isJSON bool
	buf    string
}

// longestPlaceholder is "[PRIVATE_KEY_1000]".
const longestPlaceholder = 18

func (r *restorer) write(piece string) string {
	if r.behind.empty() {
		return piece
	}
	r.buf += piece
	return r.run(false)
}

func (r *restorer) flush() string { return r.run(true) }

func (r *restorer) run(final bool) string {
	t := r.buf
	if strings.IndexByte(t, '[') < 0 {
		r.buf = ""
		return t
	}
	var out strings.Builder
	for {
		i := strings.IndexByte(t, '[')
		if i < 0 {
			out.WriteString(t)
			t = ""
			break
		}
		out.WriteString(t[:i])
		t = t[i:]
		n := 1
		for n < len(t) && n < longestPlaceholder && (t[n] >= 'A' && t[n] <= 'Z' || t[n] >= '0' && t[n] <= '9' || t[n] == '_') {
			n++
		}
		if n == len(t) && n < longestPlaceholder && !final {
			break
		}
		if text, ok := r.behind.behind[t[:min(n+1, len(t))]]; ok {
			out.WriteString(r.fit(text))
			t = t[n+1:]
			continue
		}
		out.WriteString(t[:1])
		t = t[1:]
	}
	r.buf = t
	return out.String()
}

// fit writes a text as part of a JSON string, where it is to be one.
func (r *restorer) fit(text string) string {
	if !r.isJSON {
		return text
	}
	b, err := json.Marshal(text)
	if err != nil {
		return text
	}
	return string(b[1 : len(b)-1])
}
