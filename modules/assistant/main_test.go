package assistant_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/dashboardtest"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/modules/assistant"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// script is a model that says what it was told to, one answer after the other, and
// keeps what it was asked.
type script struct {
	mu      sync.Mutex
	answers []func(ctx context.Context, yield func(ai.Event, error) bool)
	asked   []*ai.Request
}

func (s *script) Generate(ctx context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
	return func(yield func(ai.Event, error) bool) {
		s.mu.Lock()
		s.asked = append(s.asked, req)
		if len(s.answers) == 0 {
			s.mu.Unlock()
			yield(ai.Event{}, &ai.Error{Kind: ai.Server, Message: "the script is at its end"})
			return
		}
		next := s.answers[0]
		s.answers = s.answers[1:]
		s.mu.Unlock()
		if yield(ai.Event{Kind: ai.EventStart, Start: &ai.Start{Provider: "fake", Model: req.Model}}, nil) {
			next(ctx, yield)
		}
	}
}

// says makes the next answer of events that end well.
func (s *script) says(reason ai.Reason, events ...ai.Event) {
	s.does(func(_ context.Context, yield func(ai.Event, error) bool) {
		events = append(events, ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 10, Output: 2}}, ai.Event{Kind: ai.EventEnd, Reason: reason})
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	})
}

func (s *script) does(answer func(ctx context.Context, yield func(ai.Event, error) bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, answer)
}

func (s *script) last() *ai.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[len(s.asked)-1]
}

func text(s string) ai.Event { return ai.Event{Kind: ai.EventText, Text: s} }

// calls are the events of calls: name and arguments in turn.
func calls(pairs ...string) (out []ai.Event) {
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, ai.Event{Kind: ai.EventToolCall, Index: i, ID: fmt.Sprint("call-", i), Name: pairs[i]},
			ai.Event{Kind: ai.EventToolArguments, Index: i, Text: pairs[i+1]})
	}
	return out
}

// Permissions of the module that is called.
var (
	readNotes  = dashboard.NewPermission("note.read", "Read notes")
	writeNotes = dashboard.NewPermission("note.write", "Write notes")
)

// notes is a module that can be called.
type notes struct {
	mu      sync.Mutex
	list    []string
	writing func() // nil, or called while a note is written
}

type note struct {
	Text string `json:"text" validate:"required,max=100"`
}

func (n *notes) module() dashboard.Module {
	return dashboard.Func(dashboard.Manifest{ID: "notes", Version: "1.0.0", Permissions: []dashboard.Permission{readNotes, writeNotes}},
		func(r *dashboard.Router) error {
			dashboard.Get(r, "/notes", func(context.Context, struct{}) ([]string, error) { return n.all(), nil }, dashboard.Require(readNotes),
				dashboard.Summary("All notes"))
			dashboard.Post(r, "/notes", func(_ context.Context, in note) (note, error) {
				n.mu.Lock()
				defer n.mu.Unlock()
				if n.writing != nil {
					n.writing()
				}
				n.list = append(n.list, in.Text)
				return in, nil
			}, dashboard.Require(writeNotes), dashboard.Summary("Write a note"))
			return nil
		})
}

func (n *notes) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string{}, n.list...)
}

// site is a dashboard with the assistant, a module to call and a model.
type site struct {
	*dashboardtest.Server
	t     *testing.T
	model *script
	notes *notes
}

func newSite(t *testing.T, change func(*assistant.Settings), opts ...dashboard.Option) *site {
	t.Helper()
	s := &site{t: t, model: &script{}, notes: &notes{}}
	settings := assistant.Defaults()
	if change != nil {
		change(&settings)
	}
	s.Server = dashboardtest.New(t, append(opts, dashboard.WithModels(directory(t, s.model)),
		dashboard.WithModules(assistant.New(assistant.WithSettings(settings)), s.notes.module()))...)
	return s
}

func directory(t *testing.T, model ai.Model) *ai.Directory {
	t.Helper()
	models := ai.NewDirectory()
	if err := models.Provider("fake", model); err != nil {
		t.Fatal(err)
	}
	if err := models.Alias("quick", "fake/one"); err != nil {
		t.Fatal(err)
	}
	return models
}

const base = "/api/v1/m/assistant"

// events are those of a stream: their names in order, and the data of each.
type events struct {
	t     *testing.T
	names []string
	data  []string
}

func read(t *testing.T, body []byte) events {
	t.Helper()
	out := events{t: t}
	for block := range strings.SplitSeq(string(body), "\n\n") {
		name, data := "", ""
		for line := range strings.SplitSeq(block, "\n") {
			if v, ok := strings.CutPrefix(line, "event: "); ok {
				name = v
			} else if v, ok := strings.CutPrefix(line, "data: "); ok {
				data += v
			}
		}
		if name != "" {
			out.names, out.data = append(out.names, name), append(out.data, data)
		}
	}
	return out
}

// want compares the names, without "usage" events.
func (e events) want(names string) events {
	e.t.Helper()
	var got []string
	for _, n := range e.names {
		if n != "usage" {
			got = append(got, n)
		}
	}
	if strings.Join(got, " ") != names {
		e.t.Fatalf("got events %v, want %s: %s", got, names, strings.Join(e.data, "\n"))
	}
	return e
}

// last decodes the data of the last event with a name.
func (e events) last(name string, v any) {
	e.t.Helper()
	for i, n := range slices.Backward(e.names) {
		if n == name {
			if err := json.Unmarshal([]byte(e.data[i]), v); err != nil {
				e.t.Fatal(err)
			}
			return
		}
	}
	e.t.Fatalf("there is no event %s in %v", name, e.names)
}

func (e events) conversation() string {
	e.t.Helper()
	var start struct{ Conversation string }
	e.last("start", &start)
	return start.Conversation
}

// chat says something and reads the events.
func (s *site) chat(c *dashboardtest.Client, conversation, message string) events {
	s.t.Helper()
	return read(s.t, c.Do("POST", base+"/chat", map[string]any{"conversation": conversation, "message": message}).Want(http.StatusOK).Body)
}

func (s *site) retry(c *dashboardtest.Client, conversation string) events {
	s.t.Helper()
	return read(s.t, c.Do("POST", base+"/chat", map[string]any{"conversation": conversation, "retry": true}).Want(http.StatusOK).Body)
}

func (s *site) confirm(c *dashboardtest.Client, conversation, id string, approve bool) *dashboardtest.Response {
	s.t.Helper()
	return c.Do("POST", base+"/conversations/"+conversation+"/confirm", map[string]any{"id": id, "approve": approve})
}

// stored is a conversation as it is read back.
type stored struct {
	Title string
	Model string
	Turns []struct {
		From, Broken string
		Parts        []struct {
			Kind, Text string
			Call       *struct {
				Tool, Arguments, State, Result string
				Status                         int
				Cut                            bool
			}
		}
		Answer *struct {
			Request, Provider, Model string
			Usage                    struct{ Input, Output int }
		}
	}
	Confirm *struct{ ID, Arguments, Method, Path, Module string }
}

func (s *site) read(c *dashboardtest.Client, conversation string) (out stored) {
	s.t.Helper()
	c.Get(base + "/conversations/" + conversation).Want(http.StatusOK).JSON(&out)
	return out
}

// said is what a conversation has, in short.
func (s stored) said() string {
	var out []string
	for _, t := range s.Turns {
		one := t.From + ":"
		for _, p := range t.Parts {
			one += " " + p.Text
			if p.Call != nil {
				one += p.Call.Tool + "=" + p.Call.State
			}
		}
		if t.Broken != "" {
			one += " (" + t.Broken + ")"
		}
		out = append(out, one)
	}
	return strings.Join(out, "\n")
}

func (s *site) wantSaid(c *dashboardtest.Client, conversation, want string) stored {
	s.t.Helper()
	out := s.read(c, conversation)
	if got := out.said(); got != want {
		s.t.Errorf("got the conversation\n%s\nwant\n%s", got, want)
	}
	return out
}
