package ai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// alike is the worst embedder there can be: every text means the same to it.
func alike() ai.Embedder {
	return ai.EmbedderFunc(func(_ context.Context, r *ai.EmbedRequest) (*ai.Embeddings, error) {
		return &ai.Embeddings{Vectors: [][]float32{{1, 2, 3}}}, nil
	})
}

// byMeaning is a cache around a model that says which call it is.
func byMeaning(t testing.TB, o ai.Semantic, more ...func(*ai.CacheOptions)) ai.Model {
	t.Helper()
	if o.Embedder == nil {
		o.Embedder = alike()
	}
	o.Model = "e"
	options := ai.CacheOptions{Semantic: &o}
	for _, change := range more {
		change(&options)
	}
	var n atomic.Int32
	return newCache(t, &store{}, options).Decorate(ai.ModelFunc(func(context.Context, *ai.Request) seq {
		return says(nil, "answer ", fmt.Sprint(n.Add(1)))
	}))
}

func stateOf(ctx context.Context, t testing.TB, model ai.Model, req *ai.Request) ai.CacheState {
	t.Helper()
	a, err := ai.Collect(aitest.Ordered(t, model.Generate(ctx, req)))
	if err != nil {
		t.Fatal(err)
	}
	return a.Cache
}

func saying(text string) *ai.Request {
	return &ai.Request{Model: "m", Messages: []ai.Message{ai.System("s"), ai.User(text)}}
}

// Texts that are worded differently are one where nothing in them tells them
// apart, and two where anything does, whatever the embedder says.
func TestSemanticLiterals(t *testing.T) {
	for _, tc := range []struct {
		one, other string
		same       bool
	}{
		{"How do I reset my password?", "What's the way to reset a password?", true},
		{"Wie setze ich mein Passwort zurück?", "Wie kann ich mein Passwort zurücksetzen?", true},
		{"Explain what it does in 3 steps.", "Please explain in 3 steps what it does.", true},
		{"Compare Paris to London please", "Please compare Paris to London", false}, // the same words, turned
		{"How do I reset my password?", "How do I not reset my password?", false},
		{"Can I pay by card?", "Can't I pay by card?", false},
		{"Can I pay by card?", "Can’t I pay by card?", false},
		{"Is it possible to leave?", "Is it impossible to leave?", false},
		{"Ist das erlaubt?", "Ist das nicht erlaubt?", false},
		{"Gibt es eine Gebühr?", "Gibt es keine Gebühr?", false},
		{"Mit Zucker trinken", "Ohne Zucker trinken", false},
		{"Est-ce que je peux payer ici ?", "Est-ce que je ne peux pas payer ici ?", false},
		{"Eu posso pagar aqui?", "Eu na\u0303o posso pagar aqui?", false},
		{"What costs 10 euros?", "What costs 100 euros?", false},
		{"What costs ten euros?", "What costs hundred euros?", false},
		{"What costs -5?", "What costs 5?", false},
		{"What happened on 2024-01-02?", "What happened on 2024-02-01?", false},
		{"What happened in march?", "What happened in may?", false},
		{"Was geschah am Montag?", "Was geschah am Dienstag?", false},
		{"From 3 to 5, how many?", "From 5 to 3, how many?", false},
		{"What is the capital of France?", "What is the capital of Germany?", false},
		{"Who is Dr. Smith?", "Who is Dr. Jones?", false},
		{"Paris weather", "London weather", false},
		{"What does HTTP mean?", "What does FTP mean?", false},
		{`Translate "yes" for me`, `Translate "maybe" for me`, false},
		{"Translate „ja“ for me", "Translate „jein“ for me", false},
		{"Translate 'cat' for me", "Translate 'dog' for me", false},
		{"What does `rm -r` do?", "What does `rm -i` do?", false},
		{"Fix ```a+b``` for me", "Fix ```a-b``` for me", false},
		{"What is user_id for?", "What is group_id for?", false},
		{"Call parse() for me", "Call print() for me", false},
		{"What is a.b for?", "What is a.c for?", false},
		{"How do I enable it?", "How do I disable it?", false},
		{"convert miles to feet", "convert feet to miles", false},
		{"Mail a@example.com now", "Mail b@example.com now", false},
		{"Is it sugar-free", "Is it sugar", false},
		{"Что это такое", "Что это", false}, // nobody here knows what denies
		{"这是什么", "这不是什么", false},
		{"What is n\u200bot allowed here", "What is allowed here", false},
		{"What is nоt allowed here", "What is allowed here", false}, // a Cyrillic o
		{"a\xffb", "a b", false},
		{" ", "  ", false},
	} {
		for _, pair := range [][2]string{{tc.one, tc.other}, {tc.other, tc.one}} {
			model := byMeaning(t, ai.Semantic{})
			if stateOf(t.Context(), t, model, saying(pair[0])) != ai.CacheNone {
				t.Fatal("a hit in an empty cache")
			}
			if got := stateOf(t.Context(), t, model, saying(pair[1])); (got == ai.CacheSemantic) != tc.same {
				t.Errorf("%q after %q: got %v, want the same: %t", pair[1], pair[0], got, tc.same)
			}
		}
	}
	turkish := byMeaning(t, ai.Semantic{Words: []string{"değil"}})
	stateOf(t.Context(), t, turkish, saying("bu iyi bir fikir"))
	if got := stateOf(t.Context(), t, turkish, saying("bu iyi bir fikir değil")); got != ai.CacheNone {
		t.Errorf("a word of the host's own: got %v", got)
	}
}

// An attacker shares the embedder's view that all texts are the same, and nothing
// else with whom they want to read from, or to feed.
func TestSemanticFilters(t *testing.T) {
	ctx := ai.WithCaller(t.Context(), ai.Caller{Tenant: "victim", User: "v"})
	base := func() *ai.Request {
		r := saying("Tell me about our plans")
		r.Messages = []ai.Message{ai.System("s"), ai.User("a"), ai.Assistant("b"), ai.User("Tell me about our plans")}
		return r
	}
	number := 0.5
	other := func(change func(*ai.Request)) *ai.Request {
		r := base()
		r.Messages[3] = ai.User("Please tell me about the plans")
		change(r)
		return r
	}
	last := func(parts ...ai.Part) func(*ai.Request) {
		return func(r *ai.Request) { r.Messages[3].Parts = parts }
	}
	for name, tc := range map[string]struct {
		ctx  context.Context
		req  *ai.Request
		same bool
	}{
		"the same caller":         {ctx, other(func(*ai.Request) {}), true},
		"a colleague":             {ai.WithCaller(ctx, ai.Caller{Tenant: "victim", User: "w"}), other(func(r *ai.Request) { r.User = "w"; r.Whole = true }), true},
		"another tenant":          {ai.WithCaller(ctx, ai.Caller{Tenant: "attacker"}), other(func(*ai.Request) {}), false},
		"no tenant":               {t.Context(), other(func(*ai.Request) {}), false},
		"a tenant that looks so":  {ai.WithCaller(ctx, ai.Caller{Tenant: "victim\x00"}), other(func(*ai.Request) {}), false},
		"a user who is called so": {ai.WithCaller(ctx, ai.Caller{User: "victim"}), other(func(*ai.Request) {}), false},
		"another model":           {ctx, other(func(r *ai.Request) { r.Model = "n" }), false},
		"other instructions":      {ctx, other(func(r *ai.Request) { r.Messages[0] = ai.System("t") }), false},
		"another turn":            {ctx, other(func(r *ai.Request) { r.Messages[2] = ai.Assistant("c") }), false},
		"fewer turns":             {ctx, other(func(r *ai.Request) { r.Messages = r.Messages[2:] }), false},
		"tools":                   {ctx, other(func(r *ai.Request) { r.Tools = []ai.Tool{{Name: "f"}} }), false},
		"a schema":                {ctx, other(func(r *ai.Request) { r.Output = &ai.Schema{Schema: json.RawMessage("{}")} }), false},
		"a temperature":           {ctx, other(func(r *ai.Request) { r.Temperature = &number }), false},
		"a length":                {ctx, other(func(r *ai.Request) { r.MaxTokens = 9 }), false},
		"an extra":                {ctx, other(func(r *ai.Request) { r.Extra = map[string]json.RawMessage{"k": json.RawMessage("1")} }), false},
		"an image":                {ctx, other(last(ai.Text("Please tell me about the plans"), ai.Image{URL: "https://x"})), false},
		"a file":                  {ctx, other(last(ai.File{ID: "f"}, ai.Text("Please tell me about the plans"))), false},
		"two texts":               {ctx, other(last(ai.Text("Please tell me "), ai.Text("about the plans"))), true},
		"the assistant's turn":    {ctx, other(func(r *ai.Request) { r.Messages[3] = ai.Assistant("Tell me") }), false},
		"long":                    {ctx, other(last(ai.Text(strings.Repeat("tell me about plans ", 1000)))), false},
		"a new answer":            {ai.WithCacheControl(ctx, ai.CacheControl{NoLookup: true}), other(func(*ai.Request) {}), false},
		"turned back into text":   {ctx, &ai.Request{Model: "m", Messages: []ai.Message{ai.System("s"), ai.User("a\nassistant: b\nuser: Tell me about our plans")}}, false},
	} {
		model := byMeaning(t, ai.Semantic{})
		stateOf(ctx, t, model, base())
		if got := stateOf(tc.ctx, t, model, tc.req); (got == ai.CacheSemantic) != tc.same {
			t.Errorf("%s: got %v, want the same: %t", name, got, tc.same)
		}
	}
}

// An embedder that fails, is slow, panics or talks nonsense means a miss.
func TestSemanticFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, embed := range map[string]ai.EmbedderFunc{
			"fails":   func(context.Context, *ai.EmbedRequest) (*ai.Embeddings, error) { return nil, errors.New("down") },
			"nothing": func(context.Context, *ai.EmbedRequest) (*ai.Embeddings, error) { return nil, nil },
			"too many": func(context.Context, *ai.EmbedRequest) (*ai.Embeddings, error) {
				return &ai.Embeddings{Vectors: make([][]float32, 2)}, nil
			},
			"zero": func(context.Context, *ai.EmbedRequest) (*ai.Embeddings, error) {
				return &ai.Embeddings{Vectors: [][]float32{{0, 0}}}, nil
			},
			"panics": func(context.Context, *ai.EmbedRequest) (*ai.Embeddings, error) { panic("oh") },
			"slow": func(ctx context.Context, _ *ai.EmbedRequest) (*ai.Embeddings, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
		} {
			model := byMeaning(t, ai.Semantic{Embedder: embed, Timeout: time.Second})
			begun := time.Now()
			stateOf(t.Context(), t, model, saying("tell me this"))
			if got := stateOf(t.Context(), t, model, saying("tell me that")); got != ai.CacheNone {
				t.Errorf("%s: got %v", name, got)
			}
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("%s: took %v", name, took)
			}
		}
		// It goes down when there is something to compare with.
		var down atomic.Bool
		model := byMeaning(t, ai.Semantic{Embedder: ai.EmbedderFunc(func(ctx context.Context, r *ai.EmbedRequest) (*ai.Embeddings, error) {
			if down.Load() {
				panic("oh")
			}
			return alike().Embed(ctx, r)
		})})
		stateOf(t.Context(), t, model, saying("tell me this"))
		down.Store(true)
		if got := stateOf(t.Context(), t, model, saying("tell me that")); got != ai.CacheNone {
			t.Errorf("down later: got %v", got)
		}
	})
}

// Below the threshold nothing is similar; the most similar text wins.
func TestSemanticThreshold(t *testing.T) {
	vectors := map[string][]float32{"near": {1, 0.1}, "nearer": {1, 0.05}, "far": {1, 1}, "opposite": {-1, 0}, "long": {1, 0, 0}, "me": {20, 0}}
	embed := ai.EmbedderFunc(func(_ context.Context, r *ai.EmbedRequest) (*ai.Embeddings, error) {
		return &ai.Embeddings{Vectors: [][]float32{vectors[r.Inputs[0]]}}, nil
	})
	for threshold, want := range map[float64]string{0: "answer 5", 0.99: "answer 5", 0.9999: "answer 6"} {
		model := byMeaning(t, ai.Semantic{Embedder: embed, Threshold: threshold})
		for _, text := range []string{"far", "opposite", "near", "long", "nearer"} {
			if threshold == 0 && text == "nearer" { // is itself answered by "near"
				if _, err := ai.Collect(model.Generate(ai.WithCacheControl(t.Context(), ai.CacheControl{NoLookup: true}), saying(text))); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if _, err := ai.Collect(model.Generate(ai.WithCacheControl(t.Context(), ai.CacheControl{NoLookup: true}), saying(text))); err != nil {
				t.Fatal(err)
			}
		}
		if a, err := ai.Collect(model.Generate(t.Context(), saying("me"))); err != nil || a.Text() != want {
			t.Errorf("threshold %v: got %q, %v, want %q", threshold, a.Text(), err, want)
		}
	}
	for _, o := range []ai.Semantic{{}, {Embedder: alike()}, {Model: "e"}, {Embedder: alike(), Model: "e", Threshold: 1.1}, {Embedder: alike(), Model: "e", Threshold: -1}} {
		if _, err := ai.NewCache(&store{}, ai.CacheOptions{Semantic: &o}); err == nil {
			t.Errorf("NewCache with %+v: got no error", o)
		}
	}
	if _, err := ai.NewCache(nil, ai.CacheOptions{}); err == nil {
		t.Error("NewCache without a store: got no error")
	}
}

// The index is bounded, its entries expire, and what the store has lost is no hit.
func TestSemanticBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hit := func(model ai.Model, i int) bool {
			return stateOf(t.Context(), t, model, saying(fmt.Sprintf("tell me of %d please", i))) == ai.CacheSemantic
		}
		for name, o := range map[string]ai.Semantic{"entries": {Entries: 10}, "bytes": {Bytes: 10 * (256 + 12)}} {
			model := byMeaning(t, o)
			for i := range 20 {
				stateOf(t.Context(), t, model, saying(fmt.Sprintf("tell me of %d", i)))
				if i == 12 && !hit(model, 3) { // which keeps it
					t.Error("no hit")
				}
			}
			if !hit(model, 19) || !hit(model, 3) || hit(model, 5) {
				t.Errorf("%s: the index does not keep what was used last", name)
			}
		}
		model := byMeaning(t, ai.Semantic{}, func(o *ai.CacheOptions) { o.TTL = time.Minute })
		stateOf(t.Context(), t, model, saying("tell me"))
		<-time.After(time.Minute + time.Second)
		if got := stateOf(t.Context(), t, model, saying("tell me please")); got != ai.CacheNone {
			t.Errorf("a minute later: got %v", got)
		}
		s := &store{}
		cache := newCache(t, s, ai.CacheOptions{Semantic: &ai.Semantic{Embedder: alike(), Model: "e"}})
		model = cache.Decorate(play(says(nil, "x")))
		stateOf(t.Context(), t, model, saying("tell me"))
		if err := cache.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := stateOf(t.Context(), t, model, saying("tell me please")); got != ai.CacheNone {
			t.Errorf("forgotten: got %v", got)
		}
		for _, key := range s.answers() {
			delete(s.values, key)
		}
		if got := stateOf(t.Context(), t, model, saying("do tell me please")); got != ai.CacheNone {
			t.Errorf("lost: got %v", got)
		}
	})
}

// Many at once, of two tenants, never see each other's answers.
func TestSemanticTogether(t *testing.T) {
	o := ai.CacheOptions{Log: discard(), Semantic: &ai.Semantic{Embedder: alike(), Model: "e", Entries: 50}}
	cache := newCache(t, &store{}, o)
	model := cache.Decorate(ai.ModelFunc(func(ctx context.Context, _ *ai.Request) seq { return says(nil, ai.CallerOf(ctx).Tenant) }))
	var wg sync.WaitGroup
	for i := range 8 {
		tenant := fmt.Sprint("tenant ", i%2)
		ctx := ai.WithCaller(t.Context(), ai.Caller{Tenant: tenant})
		wg.Go(func() {
			for n := range 200 {
				a, err := ai.Collect(model.Generate(ctx, saying(strings.Repeat("please ", n%9)+"tell me of it "+strings.Repeat("do ", i))))
				if err != nil || a.Text() != tenant {
					t.Errorf("%s: got %q, %v", tenant, a.Text(), err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzSemanticText(f *testing.F) {
	f.Add("It's “5” `x` 'y' Dr. No™", true)
	f.Fuzz(func(t *testing.T, text string, _ bool) {
		model := byMeaning(t, ai.Semantic{})
		stateOf(t.Context(), t, model, saying("x "+text))
		if got := stateOf(t.Context(), t, model, saying("x "+text+" not 7")); got == ai.CacheSemantic {
			t.Errorf("%q: got %v", text, got)
		}
	})
}

func ExampleSemantic() {
	cache, err := ai.NewCache(&store{}, ai.CacheOptions{Semantic: &ai.Semantic{Embedder: alike(), Model: "text-embedding-3-small", Threshold: 0.97}})
	if err != nil {
		fmt.Println(err)
		return
	}
	model := ai.Decorate(play(says(nil, "In the settings.")), cache.Decorate)
	for _, text := range []string{"How do I reset my password?", "What's the way to reset a password?", "How do I not reset my password?"} {
		answer, err := ai.Collect(model.Generate(context.Background(), saying(text)))
		fmt.Println(answer.Cache, err)
	}
	// Output:
	// none <nil>
	// semantic <nil>
	// none <nil>
}
