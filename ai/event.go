package ai

// An EventKind says what an [Event] is.
type EventKind uint8

// The kinds of events, in the order in which they come: one start; text,
// reasoning and tool calls in any order; usage; one end. Start and usage may be
// missing where the provider says nothing of the kind.
const (
	// EventStart comes before all content, with ID, Model and Provider.
	EventStart EventKind = iota + 1
	// EventText is a piece of the answer, in Text.
	EventText
	// EventReasoning is a piece of the model's reasoning: Text, Signature or
	// Opaque.
	EventReasoning
	// EventRefusal is a piece of why the model does not answer, in Text.
	EventRefusal
	// EventToolCall begins a call: Index, ID and Name.
	EventToolCall
	// EventToolArguments is a piece of the arguments of the call with the same
	// Index, in Text.
	EventToolArguments
	// EventUsage says in Usage what was used so far, in total. The last one
	// counts.
	EventUsage
	// EventEnd is the last event, with Reason.
	EventEnd
)

// An Event is a piece of an answer. Which fields are set depends on Kind.
type Event struct {
	Kind      EventKind
	Reason    Reason // of EventEnd
	Index     int    // of the tool call, from 0
	Text      string
	Signature string // to be sent back with what it signs
	Opaque    string // reasoning that only the provider can read
	ID, Name  string // of a call; of reasoning the ID tells blocks apart
	Start     *Start
	Usage     *Usage
}

// Start says who answers.
type Start struct {
	ID       string // the provider's, of the answer
	Provider string
	Format   string // of the wire, such as "anthropic"
	Model    string // that answers, which may be a dated one of the name asked for
	// Cache is [CacheExact], [CacheSemantic] or [CacheShared] where the answer is
	// another request's: its usage is what that one used, and nothing is owed for it
	// (unless whoever began a shared call leaves; the [Record] says so in the end).
	Cache CacheState

	embeddings *Embeddings // where these were asked for
}

// A Reason says why an answer ended.
type Reason uint8

// The reasons. Content is whole with ReasonStop and ReasonToolCalls.
const (
	ReasonOther     Reason = iota // the provider's own
	ReasonStop                    // the model had said all, or met a stop text
	ReasonLength                  // the limit of tokens was reached
	ReasonToolCalls               // tools are to be called
	ReasonFiltered                // the provider held content back
)

var reasons = [...]string{"other", "stop", "length", "tool_calls", "content_filter"}

// String returns the reason as in OpenTelemetry's gen_ai.response.finish_reasons.
func (r Reason) String() string {
	if int(r) < len(reasons) {
		return reasons[r]
	}
	return reasons[ReasonOther]
}

// Usage is what an answer used, in tokens. Input and Output are totals; the rest
// are parts of them.
type Usage struct {
	Input       int64 // of the request
	Output      int64 // of the answer
	CachedInput int64 // of Input, read from the provider's cache
	CacheWrite  int64 // of Input, written into the provider's cache
	Reasoning   int64 // of Output
	// Estimated is set where the provider did not say and we counted ourselves.
	Estimated bool
}

// Total returns the tokens of request and answer.
func (u Usage) Total() int64 { return u.Input + u.Output }

// Add returns both together.
func (u Usage) Add(v Usage) Usage {
	return Usage{u.Input + v.Input, u.Output + v.Output, u.CachedInput + v.CachedInput, u.CacheWrite + v.CacheWrite,
		u.Reasoning + v.Reasoning, u.Estimated || v.Estimated}
}
