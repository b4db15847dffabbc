package assistant

import (
	"fmt"

	"github.com/modular-dashboard/dashboard/ai"
)

// request is the conversation as models take it, in at most so many tokens, as
// [ai.EstimateInput] estimates them. What does not fit is left out and the model is
// told so: the oldest messages of the person first, each with all that followed it,
// then the oldest rounds of calls since the last one. A call and its result are in
// one turn and stay together. What the person said last and the round after which
// the model goes on are never left out, so they can be more than that. left is how
// many messages, answers and calls were.
func (c *conversation) request(prompt string, tools []ai.Tool, most int) (req *ai.Request, left int) {
	req = &ai.Request{Model: c.model, Tools: tools}
	rest := int64(most) - ai.EstimateInput(&ai.Request{Tools: tools, Messages: []ai.Message{ai.System(prompt)}})
	kept, left := c.fitting(rest)
	if left > 0 {
		kept, left = c.fitting(rest - noteTokens)
		prompt += fmt.Sprintf(leftOut, left)
	}
	if prompt != "" {
		req.Messages = append(req.Messages, ai.System(prompt))
	}
	for _, t := range kept {
		req.Messages = t.appendTo(req.Messages)
	}
	return req, left
}

const (
	leftOut = "\nThis conversation is too long to be told in full: %d earlier messages, answers and calls are left out here. " +
		"If something of them is needed, say so instead of guessing."
	noteTokens = 60 // of leftOut
)

// fitting returns the turns that fit, and how many do not.
func (c *conversation) fitting(tokens int64) (kept []*turn, left int) {
	sizes, sum, last := make([]int64, len(c.turns)), int64(0), 0
	for i := range c.turns {
		sizes[i] = ai.EstimateInput(&ai.Request{Messages: c.turns[i].appendTo(nil)})
		if sum += sizes[i]; c.turns[i].From == fromPerson {
			last = i // the beginning of what is being answered
		}
	}
	first := 0
	for first < last && (sum > tokens || c.turns[first].From != fromPerson) {
		sum -= sizes[first]
		first++
	}
	for i := first; i < len(c.turns); i++ {
		if sum > tokens && i > last && i < len(c.turns)-1 {
			sum -= sizes[i]
			continue
		}
		kept = append(kept, &c.turns[i])
	}
	return kept, len(c.turns) - len(kept)
}
