package assistant_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/modules/assistant"
)

// told is what the model was asked last: whose each message is, and how it begins.
func (s *site) told() (out []string) {
	s.t.Helper()
	req := s.model.last()
	if got := ai.EstimateInput(req); got > longest {
		s.t.Errorf("the model was told %d tokens, want at most %d", got, longest)
	}
	open := map[string]bool{}
	for _, m := range req.Messages[1:] {
		one := string(m.Role) + " " + strings.TrimSpace(m.Text()[:min(8, len(m.Text()))])
		for _, p := range m.Parts {
			switch p := p.(type) {
			case ai.ToolCall:
				open[p.ID] = true
				one += "+call"
			case ai.ToolResult:
				if !open[p.ID] {
					s.t.Errorf("the result of %s is told without its call", p.ID)
				}
				delete(open, p.ID)
				one += "+result"
			}
		}
		out = append(out, one)
	}
	if len(open) > 0 {
		s.t.Errorf("calls without a result: %v", open)
	}
	return out
}

const longest = 4000 // tokens

func long(name string) string { return name + " " + strings.Repeat("x", 3000) } // about a thousand tokens

// Of a long conversation the model is told the later part, and that there was more.
func TestLongConversationIsTrimmed(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *assistant.Settings) { c.Tokens, c.Tools = longest, false })
	id, want := "", ""
	for i := range 5 {
		s.model.says(ai.ReasonStop, text(long(fmt.Sprint("answer", i))))
		said := s.chat(s.Owner(), id, long(fmt.Sprint("ask", i))).want("start text end")
		id = said.conversation()
		var usage struct {
			LeftOut int `json:"left_out"`
		}
		if said.last("usage", &usage); usage.LeftOut != max(2*i-2, 0) {
			t.Errorf("message %d: the page is told that %d were left out", i, usage.LeftOut)
		}
		want += fmt.Sprintf("person: %s\nmodel: %s\n", long(fmt.Sprint("ask", i)), long(fmt.Sprint("answer", i)))
		note := s.model.last().Messages[0].Text()
		if trimmed := strings.Contains(note, "left out"); trimmed != (i > 1) || trimmed && !strings.Contains(note, fmt.Sprint(2*i-2, " earlier")) {
			t.Errorf("message %d: the model was told %q", i, note)
		}
	}
	if got := strings.Join(s.told(), ", "); got != "user ask3 xxx, assistant answer3, user ask4 xxx" {
		t.Errorf("the model was told %s", got)
	}
	s.wantSaid(s.Owner(), id, strings.TrimSuffix(want, "\n")) // the person sees all of it
}

// Within one answer the oldest rounds of calls go, each with its results, and never
// what the person asked for.
func TestLongAnswerIsTrimmed(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *assistant.Settings) { c.Tokens, c.Modules = longest, []string{"notes"} })
	s.model.says(ai.ReasonStop, text("Before."))
	id := s.chat(s.Owner(), "", "Hello").want("start text end").conversation()
	for range 5 {
		s.model.says(ai.ReasonToolCalls, append([]ai.Event{text(long("look"))}, calls("notes_get-notes", "{}", "notes_get-notes", "{}")...)...)
	}
	s.model.says(ai.ReasonStop, text("That is all."))
	s.chat(s.Owner(), id, "Look five times").last("end", &struct{}{})
	if got := strings.Join(s.told(), ", "); !strings.HasPrefix(got, "user Look fiv, assistant look xxx+call+call, tool +result+result, ") || strings.Count(got, "+result") >= 10 {
		t.Errorf("the model was told %s", got)
	}
	if note := s.model.last().Messages[0].Text(); !strings.Contains(note, "left out") {
		t.Errorf("the model was told %q", note)
	}
}
