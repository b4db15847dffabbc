package ai_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/gemini"
	"github.com/modular-dashboard/dashboard/ai/ollama"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

func names(infos []ai.ModelInfo) string {
	var list []string
	for _, m := range infos {
		list = append(list, m.Name)
	}
	return strings.Join(list, " ")
}

// Every adapter lists the models of its provider, over all pages.
func TestAdaptersListModels(t *testing.T) {
	t.Parallel()
	server := aitest.NewServer()
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	at := func(f aitest.Format) ai.Endpoint {
		return ai.Endpoint{BaseURL: server.BaseURL(f), Transport: transport}
	}
	chat, err := openai.New("key", at(aitest.OpenAIChat))
	responses, err2 := openai.NewResponses("key", at(aitest.OpenAIResponses))
	claude, err3 := anthropic.New("key", at(aitest.Anthropic))
	google, err4 := gemini.New("key", at(aitest.Gemini))
	local, err5 := ollama.New("", at(aitest.Ollama))
	if err := errors.Join(err, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	for name, lister := range map[string]ai.Lister{"chat": chat, "responses": responses, "anthropic": claude, "gemini": google, "ollama": local} {
		server.List()
		if _, err := lister.Models(t.Context()); !isKind(err, ai.NotFound) {
			t.Errorf("%s, no list: got %v, want kind not_found", name, err)
		}
		server.List("a", "b", "c", "d", "e")
		infos, err := lister.Models(t.Context())
		if err != nil || names(infos) != "a b c d e" {
			t.Errorf("%s: got %+v, %v", name, infos, err)
		}
		if known := name != "gemini"; known && !infos[0].Created.Equal(time.Unix(1, 0)) {
			t.Errorf("%s: got %v", name, infos[0].Created)
		}
	}
	page, err := openai.New("key", ai.Endpoint{Transport: aitest.Canned("application/json", []byte(`{"object":"page"}`))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := page.Models(t.Context()); !isKind(err, ai.Malformed) {
		t.Errorf("something else: got %v, want kind malformed", err)
	}
}

func isKind(err error, kind ai.ErrorKind) bool {
	failed, ok := errors.AsType[*ai.Error](err)
	return ok && failed.Kind == kind
}

// lister lists what it is told, and counts.
type lister struct {
	asked int
	hang  bool
	err   error
	names []string
}

func (l *lister) Models(ctx context.Context) (infos []ai.ModelInfo, err error) {
	l.asked++
	if l.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for _, n := range l.names {
		infos = append(infos, ai.ModelInfo{Name: n})
	}
	return infos, l.err
}

func TestDirectoryListsModels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		good, bad, slow := &lister{names: []string{"m2", "m1", "m1", "", "with space", strings.Repeat("x", 300)}}, &lister{err: errors.New("down")}, &lister{hang: true}
		d := ai.NewDirectory()
		err := errors.Join(d.Provider("good", play(says(nil))), d.Provider("bad", play(says(nil))), d.Provider("slow", play(says(nil))), d.Provider("silent", play(says(nil))),
			d.ListedBy("good", good), d.ListedBy("bad", bad), d.ListedBy("slow", slow), d.Alias("smart", "good/m1"), d.Alias("good/m2", "good/m1"))
		if err != nil {
			t.Fatal(err)
		}
		want := func(models string, asked ...int) {
			t.Helper()
			infos, err := d.Models(t.Context())
			if got := []int{good.asked, bad.asked, slow.asked}; err != nil || names(infos) != models || fmt.Sprint(got) != fmt.Sprint(asked) {
				t.Errorf("got %s after %v calls, %v, want %s after %v", names(infos), got, err, models, asked)
			}
		}
		began := time.Now()
		want("good/m1 good/m2 smart", 1, 1, 1)
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("took %v, want the 5 s that each provider has", took)
		}
		want("good/m1 good/m2 smart", 1, 1, 1)
		<-time.After(30 * time.Second)
		slow.hang, slow.names = false, []string{"s"}
		want("good/m1 good/m2 slow/s smart", 1, 2, 2)
		<-time.After(5 * time.Minute)
		good.names, slow.err = []string{"m3"}, errors.New("down")
		want("good/m2 good/m3 slow/s smart", 2, 3, 3) // what was known of one that fails now stays
		left, cancel := context.WithCancel(t.Context())
		cancel()
		<-time.After(5 * time.Minute)
		slow.err, slow.hang = nil, true
		if _, err := d.Models(left); err != nil {
			t.Error(err)
		}
		slow.hang = false
		if infos, err := d.Models(t.Context()); err != nil || !strings.Contains(names(infos), "slow/s") {
			t.Errorf("after somebody left: got %s, %v", names(infos), err)
		}
	})
	d := ai.NewDirectory()
	if err := d.ListedBy("p", &lister{}); err == nil {
		t.Error("no such provider: got no error")
	}
}
