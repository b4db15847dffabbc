package ai_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

func bandit(t *testing.T, o ai.BanditOptions, arms ...string) *ai.Bandit {
	t.Helper()
	if o.Source == nil {
		o.Source = rand.NewPCG(1, 2)
	}
	var list []ai.Arm
	for _, name := range arms {
		list = append(list, ai.Arm{Name: name, Route: ai.Route{Model: endless(name)}})
	}
	b, err := ai.NewBandit("b", o, list...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// endless says the same as often as it is asked.
func endless(text string) ai.Model {
	return ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] { return says(nil, text) })
}

// askBandit asks once and returns the record.
func askBandit(t *testing.T, m ai.Model) *ai.Record {
	t.Helper()
	var got *ai.Record
	model := ai.Decorate(m, ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { got = r }))
	if _, err := ai.Collect(model.Generate(t.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}})); err != nil {
		t.Fatal(err)
	}
	return got
}

// shares asks and rewards n times, an arm succeeding as often as good says, and
// returns the share of each arm.
func shares(t *testing.T, b *ai.Bandit, n int, good map[string]float64) map[string]float64 {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	out := map[string]float64{}
	for range n {
		r := askBandit(t, b)
		arm := r.Notes[len(r.Notes)-1].Choice
		out[arm] += 1 / float64(n)
		reward := 0.0
		if random.Float64() < good[arm] {
			reward = 1
		}
		b.Reward(r.ID, arm, reward, time.Time{})
	}
	return out
}

func TestBandit(t *testing.T) {
	t.Parallel()
	b := bandit(t, ai.BanditOptions{}, "a", "b", "c")
	shares(t, b, 500, map[string]float64{"a": 0.3, "b": 0.8, "c": 0.4})
	got := shares(t, b, 2000, map[string]float64{"a": 0.3, "b": 0.8, "c": 0.4})
	if got["b"] < 0.8 || got["a"] < 0.035 || got["c"] < 0.035 {
		t.Errorf("it does not prefer the better arm, with a floor for the others: got %v", got)
	}
	// The arms swap.
	shares(t, b, 3000, map[string]float64{"a": 0.8, "b": 0.3, "c": 0.3})
	if got := shares(t, b, 1000, map[string]float64{"a": 0.8, "b": 0.3, "c": 0.3}); got["a"] < 0.75 {
		t.Errorf("it does not notice that the arms swap: got %v", got)
	}
	if again := bandit(t, ai.BanditOptions{}, "a", "b"); fmt.Sprint(shares(t, again, 100, nil)) != fmt.Sprint(shares(t, bandit(t, ai.BanditOptions{}, "a", "b"), 100, nil)) {
		t.Error("with the same source it does not choose the same")
	}
}

func TestBanditRewards(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := bandit(t, ai.BanditOptions{HalfLife: time.Hour, Memory: 10}, "a", "b")
		state := func() string { a := b.Arms()[0]; return fmt.Sprintf("%.3f of %.2f", a.Mean, a.Weight) }
		b.Reward("1", "a", 1, time.Time{})
		b.Reward("1", "a", 0, time.Time{})                // corrected
		b.Reward("1", "b", 1, time.Time{})                // it was not b's
		b.Reward("2", "nobody", 1, time.Time{})           // there is no such arm
		b.Reward("3", "a", math.NaN(), time.Time{})       // no number
		b.Reward("4", "a", 7, time.Now().Add(-time.Hour)) // counts half, and as 1
		if got := state(); got != "0.429 of 1.50" {
			t.Errorf("got %s", got)
		}
		<-time.After(time.Hour)
		if got := state(); got != "0.455 of 0.75" {
			t.Errorf("after an hour: got %s", got)
		}
		for i := range 10_000 {
			b.Reward(fmt.Sprint("many", i), "a", 1, time.Time{})
		}
		if got := state(); got != "0.917 of 10.00" {
			t.Errorf("after many: got %s", got)
		}
	})
}

func TestBanditFallsBack(t *testing.T) {
	t.Parallel()
	broken := ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
		return ai.Fail(&ai.Error{Kind: ai.Server})
	})
	good := endless("good")
	b, err := ai.NewBandit("b", ai.BanditOptions{Source: rand.NewPCG(1, 2)}, ai.Arm{Name: "broken", Route: ai.Route{Model: broken}}, ai.Arm{Name: "good", Route: ai.Route{Model: good}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		b.Reward(fmt.Sprint(i), "broken", 1, time.Time{})
	}
	for range 2 {
		r := askBandit(t, b)
		if last := r.Notes[len(r.Notes)-1]; last.Choice != "good" || last.Router != "b" || len(r.Notes) == 2 && last.Why != "fallback" {
			t.Errorf("got %+v", r.Notes)
		}
	}
}

func TestNewBanditRefuses(t *testing.T) {
	t.Parallel()
	arm := ai.Arm{Name: "a", Route: ai.Route{Model: play(says(nil))}}
	for name, err := range map[string]error{
		"no name":    second(ai.NewBandit("", ai.BanditOptions{}, arm)),
		"no arms":    second(ai.NewBandit("b", ai.BanditOptions{})),
		"no model":   second(ai.NewBandit("b", ai.BanditOptions{}, ai.Arm{Name: "a"})),
		"one name":   second(ai.NewBandit("b", ai.BanditOptions{}, arm, arm)),
		"high floor": second(ai.NewBandit("b", ai.BanditOptions{Floor: 0.6}, arm, ai.Arm{Name: "b", Route: arm.Route})),
		"no number":  second(ai.NewBandit("b", ai.BanditOptions{Floor: math.NaN()}, arm)),
		"half-life":  second(ai.NewBandit("b", ai.BanditOptions{HalfLife: -1}, arm)),
		"memory":     second(ai.NewBandit("b", ai.BanditOptions{Memory: -1}, arm)),
	} {
		if err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	d := ai.NewDirectory()
	if err := d.Provider("p", arm.Model); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Bandit("x", ai.BanditOptions{}, "nowhere/m"); err == nil {
		t.Error("an unknown target: got no error")
	}
	b, err := d.Bandit("x", ai.BanditOptions{}, "p/m", "p/n")
	_, twice := d.Bandit("x", ai.BanditOptions{}, "p/m")
	if err != nil || twice == nil || len(d.Bandits()) != 1 || d.Bandits()[0] != b || b.Name() != "x" || b.Arms()[1].Name != "p/n" {
		t.Errorf("got %v, %v, %v", b, err, twice)
	}
}

func second[T any](_ T, err error) error { return err }

func TestBanditConcurrently(t *testing.T) {
	t.Parallel()
	b := bandit(t, ai.BanditOptions{}, "a", "b")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 100 {
				_, err := ai.Collect(b.Generate(t.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}}))
				if b.Reward(fmt.Sprint(i, j), "a", 1, time.Time{}); err != nil {
					t.Error(errors.Join(err))
				}
			}
		})
	}
	all.Wait()
	if arms := b.Arms(); arms[0].Asked+arms[1].Asked != 800 {
		t.Errorf("got %+v", arms)
	}
}

// Traffic moves to the model whose answers people like better.
func ExampleBandit() {
	say := func(text string) ai.Model {
		return ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
			return func(yield func(ai.Event, error) bool) {
				_ = yield(ai.Event{Kind: ai.EventText, Text: text}, nil) && yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
			}
		})
	}
	b, err := ai.NewBandit("answers", ai.BanditOptions{Source: rand.NewPCG(1, 2)},
		ai.Arm{Name: "terse", Route: ai.Route{Model: say("42")}}, ai.Arm{Name: "kind", Route: ai.Route{Model: say("It is 42.")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 500 {
		a, err := ai.Collect(b.Generate(context.Background(), &ai.Request{Model: "any", Messages: []ai.Message{ai.User("What is it?")}}))
		if err != nil {
			fmt.Println(err)
			return
		}
		if arm := "terse"; a.Text() == "42" {
			b.Reward(fmt.Sprint(i), arm, 0, time.Time{})
		} else {
			b.Reward(fmt.Sprint(i), "kind", 1, time.Time{})
		}
	}
	fmt.Println(b.Arms()[1].Asked > 400)
	// Output: true
}
