package assistant

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/auth"
)

// Routes declares what the module answers.
func (m *Module) Routes(r *dashboard.Router) error {
	may := dashboard.Require(Chat)
	dashboard.Get(r, "/status", m.status, may, dashboard.Summary("Whether there is a model, and what the assistant may do"))
	dashboard.Get(r, "/tools", m.tools, may, dashboard.Summary("What a model may call for the caller"))
	dashboard.Get(r, "/conversations", m.conversations, may, dashboard.Summary("The caller's conversations, the latest first"))
	dashboard.Get(r, "/conversations/{id}", m.conversation, may, dashboard.Summary("A conversation"), dashboard.Answers(http.StatusNotFound))
	dashboard.Patch(r, "/conversations/{id}", m.renameOne, may, dashboard.Summary("Rename a conversation"), dashboard.Answers(http.StatusNotFound))
	dashboard.Delete(r, "/conversations/{id}", m.deleteOne, may, dashboard.Summary("Delete a conversation"), dashboard.Answers(http.StatusNotFound))
	const events = "Events: start {conversation, title, model, kept}; text, reasoning and refusal {text}; usage, with who answered, its cost, left_out where the model was not told all, and the request that feedback " +
		"refers to; call {id, tool, module, method, path, arguments, writes}; result {id, state, status, result}; confirm {id, tool, arguments, …}; end {reason}; " +
		"error {code, detail}. The last one is confirm, where the person is to answer first, end or error."
	dashboard.Post(r, "/chat", m.chat, may, dashboard.Limit("30/m"), dashboard.Summary("Say something, or have the last answer given again"),
		dashboard.Description(events), dashboard.Answers(http.StatusNotFound, http.StatusConflict))
	dashboard.Post(r, "/conversations/{id}/confirm", m.confirm, may, dashboard.Summary("Say yes or no to a call that writes"),
		dashboard.Description(events), dashboard.Answers(http.StatusForbidden, http.StatusNotFound, http.StatusConflict))
	return nil
}

type statusOut struct {
	Ready    bool     `json:"ready"`
	Problem  string   `json:"problem,omitempty" doc:"Why there is no model."`
	Model    string   `json:"model" doc:"Asked unless another is picked; empty where none is known."`
	Models   []string `json:"models" doc:"What can be picked; others may be there as provider/model."`
	Tools    int      `json:"tools" doc:"How many endpoints a model may call for the caller."`
	LeftOut  int      `json:"left_out" doc:"How many more there are than can be offered."`
	Keep     bool     `json:"keep" doc:"New conversations are stored."`
	Feedback bool     `json:"feedback" doc:"The caller may say at /api/v1/ai/feedback how good an answer was."`
}

func (m *Module) status(ctx context.Context, _ struct{}) (statusOut, error) {
	s := m.settings.Load()
	box := m.toolsFor(ctx, s)
	p, _ := auth.FromContext(ctx)
	out := statusOut{Tools: len(box.tools), LeftOut: box.left, Keep: s.Keep, Models: []string{}, Feedback: p.Has("dashboard.ai.use")}
	models, err := m.models(ctx)
	if err != nil {
		out.Problem = dashboard.AsError(err).Detail
		return out, nil
	}
	out.Ready, out.Model = true, defaultModel(s, models)
	for _, one := range models {
		out.Models = append(out.Models, one.Name)
	}
	return out, nil
}

// listTime is how long the page waits for providers that list their models.
const listTime = 3 * time.Second

func (m *Module) models(ctx context.Context) ([]ai.ModelInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	return m.host.Models(ctx)
}

// defaultModel is what the settings say, or the first alias, or the only model.
func defaultModel(s *Settings, models []ai.ModelInfo) string {
	if s.Model != "" {
		return s.Model
	}
	for _, one := range models {
		if one.Provider == "" || len(models) == 1 {
			return one.Name
		}
	}
	return ""
}

type toolOut struct {
	Tool string `json:"tool"`
	endpointName
}

func (m *Module) tools(ctx context.Context, _ struct{}) (dashboard.Page[toolOut], error) {
	box := m.toolsFor(ctx, m.settings.Load())
	out := dashboard.Page[toolOut]{Items: []toolOut{}}
	for _, t := range box.tools {
		out.Items = append(out.Items, toolOut{t.Name, name(box.by[t.Name])})
	}
	return out, nil
}

// owner is the account of who asks.
func owner(ctx context.Context) string {
	if p, ok := auth.FromContext(ctx); ok {
		return p.ID
	}
	return "" // nobody's: a permission is required
}

type listIn struct {
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string `query:"cursor" validate:"max=100"`
}

type summaryOut struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Model     string    `json:"model"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Kept      bool      `json:"kept"`
}

func (c *conversation) summary() summaryOut {
	return summaryOut{c.id, c.title, c.model, c.created, c.updated, c.kept}
}

func (m *Module) conversations(ctx context.Context, in listIn) (dashboard.Page[summaryOut], error) {
	out := dashboard.Page[summaryOut]{Items: []summaryOut{}}
	list, err := m.list(ctx, owner(ctx), in.Cursor, in.Limit+1)
	if err != nil {
		return out, err
	}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.NextCursor = list[in.Limit-1].id
	}
	for _, c := range list {
		out.Items = append(out.Items, c.summary())
	}
	return out, nil
}

type oneIn struct {
	ID string `path:"id" json:"-" validate:"max=40"`
}

type conversationOut struct {
	summaryOut
	Turns   []turnOut `json:"turns"`
	Confirm *question `json:"confirm,omitempty" doc:"What the person is asked."`
}

type turnOut struct {
	From   string    `json:"from" validate:"oneof=person model"`
	At     time.Time `json:"at"`
	Parts  []partOut `json:"parts"`
	Answer *answer   `json:"answer,omitempty"`
	Broken string    `json:"broken,omitempty" doc:"Why the answer is not whole: stopped, or what failed."`
}

type partOut struct {
	Kind string   `json:"kind" validate:"oneof=text reasoning refusal call"`
	Text string   `json:"text,omitempty"`
	Call *callOut `json:"call,omitempty"`
}

type callOut struct {
	ID        string `json:"id"`
	Tool      string `json:"tool"`
	Arguments string `json:"arguments"`
	endpointName
	State  string `json:"state" validate:"oneof=waiting done failed declined unknown"`
	Status int    `json:"status,omitempty"`
	Result string `json:"result,omitempty"`
	Cut    bool   `json:"cut,omitempty"`
}

// conversation leaves out what only providers can read.
func (m *Module) conversation(ctx context.Context, in oneIn) (conversationOut, error) {
	c, err := m.load(ctx, m.host.DB(), owner(ctx), in.ID)
	if err != nil {
		return conversationOut{}, err
	}
	out := conversationOut{summaryOut: c.summary(), Turns: []turnOut{}}
	for _, t := range c.turns {
		one := turnOut{From: t.From, At: t.At, Parts: []partOut{}, Answer: t.Answer, Broken: t.Broken}
		for _, p := range t.Parts {
			shown := partOut{Kind: p.Kind, Text: p.Text}
			if p.Call != nil {
				shown.Call = &callOut{p.Call.ID, p.Call.Tool, p.Call.Arguments, p.Call.endpointName, cmp.Or(p.Call.State, callWaiting), p.Call.Status, p.Call.Result, p.Call.Cut}
			}
			one.Parts = append(one.Parts, shown)
		}
		out.Turns = append(out.Turns, one)
	}
	out.Confirm, err = m.pending(ctx, c)
	return out, err
}

type renameIn struct {
	ID    string `path:"id" json:"-" validate:"max=40"`
	Title string `json:"title" validate:"required,max=80"`
}

func (m *Module) renameOne(ctx context.Context, in renameIn) (struct{}, error) {
	return struct{}{}, m.rename(ctx, owner(ctx), in.ID, strings.Join(strings.Fields(in.Title), " "))
}

func (m *Module) deleteOne(ctx context.Context, in oneIn) (struct{}, error) {
	return struct{}{}, m.remove(ctx, owner(ctx), in.ID)
}

type chatIn struct {
	Conversation string `json:"conversation" validate:"max=40" doc:"Empty begins a new one."`
	Model        string `json:"model" validate:"max=200" doc:"Empty: as before, or what the settings say."`
	Message      string `json:"message" validate:"max=16000"`
	Retry        bool   `json:"retry" doc:"Have the last answer given again, without a message."`
}

// chat takes a message, or takes the last answer back.
func (m *Module) chat(ctx context.Context, in chatIn) (dashboard.Stream, error) {
	if blank := strings.TrimSpace(in.Message) == ""; blank != in.Retry || in.Retry && in.Conversation == "" {
		return nil, dashboard.Invalid(dashboard.FieldError{Pointer: "/message", Code: "required", Detail: "is required, unless an answer is to be given again"})
	}
	s := m.settings.Load()
	model := cmp.Or(in.Model, s.Model)
	if model == "" || !m.host.HasModels() {
		models, err := m.models(ctx)
		if err != nil {
			return nil, err
		}
		model = defaultModel(s, models)
	}
	c, err := m.conversationFor(ctx, in, model, s)
	if err != nil {
		return nil, err
	}
	c.model = cmp.Or(in.Model, c.model, model)
	if in.Retry {
		c.takeBack()
	} else {
		c.abandon()
		c.turns = append(c.turns, person(in.Message))
	}
	if err := m.ready(c); err != nil {
		return nil, errors.Join(err, m.release(ctx, c.id))
	}
	if err := m.save(ctx, c, claimTime); err != nil {
		return nil, errors.Join(err, m.release(ctx, c.id))
	}
	return m.stream(c, s, nil), nil
}

func (m *Module) conversationFor(ctx context.Context, in chatIn, model string, s *Settings) (*conversation, error) {
	if in.Conversation != "" {
		return m.claim(ctx, owner(ctx), in.Conversation)
	}
	if model == "" {
		return nil, errNoModel
	}
	return m.begin(ctx, owner(ctx), titleOf(in.Message), model, s.Keep)
}

var errNoModel = dashboard.Invalid(dashboard.FieldError{Pointer: "/model", Code: "required", Detail: "is required: the settings name no model"})

// ready reports what stands in the way of an answer.
func (m *Module) ready(c *conversation) error {
	switch {
	case c.model == "":
		return errNoModel
	case c.size() > maxConversation:
		return errTooLong
	case len(c.turns) == 0:
		return dashboard.Errorf(http.StatusConflict, "nothing-to-answer", "There is no message to answer.")
	}
	return nil
}

type confirmIn struct {
	Conversation string `path:"id" json:"-" validate:"max=40"`
	ID           string `json:"id" validate:"required,max=40" doc:"Of the question."`
	Approve      *bool  `json:"approve" validate:"required"`
}

var errNoPerson = dashboard.Errorf(http.StatusForbidden, "person-required", "Only a person who is signed in can say yes or no, not a program with a key.")

// confirm takes a yes or no, and goes on with the answer. A program with a person's
// key is no person: it may be the model's own.
func (m *Module) confirm(ctx context.Context, in confirmIn) (dashboard.Stream, error) {
	if p, ok := auth.FromContext(ctx); !ok || p.Kind != auth.KindUser {
		return nil, errNoPerson
	}
	c, err := m.claim(ctx, owner(ctx), in.Conversation)
	if err != nil {
		return nil, err
	}
	one, err := m.use(ctx, c, in.ID)
	if err != nil {
		return nil, errors.Join(err, m.release(ctx, c.id))
	}
	approved := *in.Approve
	return m.stream(c, m.settings.Load(), func(ctx context.Context, x *exchange) error { return x.resume(ctx, one, approved) }), nil
}

// stream answers with the events of an exchange.
func (m *Module) stream(c *conversation, s *Settings, first func(context.Context, *exchange) error) dashboard.Stream {
	return func(ctx context.Context, send func(string, any) error) error {
		x := &exchange{m: m, c: c, settings: s, box: m.toolsFor(ctx, s), send: send, first: first}
		return x.run(ctx)
	}
}
